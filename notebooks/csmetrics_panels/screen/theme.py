"""The colours of cards, charts and buttons on the screen: those of the page's theme, or our own where it has none."""

from csmetrics_core import palette

TEXT = f"var(--jp-content-font-color1, {palette.INK})"
QUIET = f"var(--jp-content-font-color2, {palette.MUTED})"
LINE = f"var(--jp-border-color1, {palette.LINE})"
PALE = f"var(--jp-layout-color2, {palette.PALE})"
PAPER = f"var(--jp-layout-color1, {palette.PAPER})"
ACCENT = f"var(--jp-content-link-color, {palette.ACCENT})"
BETTER, WORSE, WRONG_FILL = "var(--csm-better)", "var(--csm-worse)", "var(--csm-wrong-fill)"

#: What JupyterLab, Voila and Visual Studio Code call a dark page.
DARK = ":is([data-jp-theme-light='false'], .theme-dark, .vscode-dark)"
_OURS = ":is(.csm, .csm-board, .csm-panel)"
_CHART = ":is(.csm-board, .csm-panel) .js-plotly-plot"
STYLE = f"""
{_OURS} {{ --csm-better: {palette.STATUS["met"][0]}; --csm-worse: {palette.STATUS["missed"][0]};
  --csm-wrong-fill: {palette.STATUS["missed"][1]}; }}
{DARK} {_OURS} {{ --csm-better: #8FD9A8; --csm-worse: #FFA7A0; --csm-wrong-fill: #4A2323; }}
"""
#: The colours of charts that a dark page would swallow -> what they are there.
ON_DARK = {
    palette.ACCENT: "#5B9BD5", "#C05621": "#E07B39", palette.MUTED: "#9AA9B8", palette.GOOD: "#57B27E",
    palette.BAD: "#E06C6C", "#7A4E7E": "#B57FBA", "#4A5568": "#8A99B0",
}  # fmt: skip


def _lit() -> str:
    """The rules by which what Plotly drew in these colours is seen on a dark page."""
    rules = []
    for colour, lit in ON_DARK.items():
        parts = ", ".join(str(int(colour[at : at + 2], 16)) for at in (1, 3, 5))
        rules += [
            f"{DARK} {_CHART} [style*='{what}: rgb({parts})'] {{ {what}: {lit} !important; }}"
            for what in ("fill", "stroke")
        ]
    return "\n".join(rules)


#: Charts are drawn in our colours: what is not data takes those of the theme.
CHARTS = f"""
{_CHART} .main-svg:first-of-type {{ background: {PAPER} !important; }}
{_CHART} .bg {{ fill: {PAPER} !important; }}
{_CHART} :is(.gtitle, .gtitle-subtitle, .xtick text, .ytick text, .legendtext, .annotation-text, .bartext-outside,
  .colorbar text) {{
  fill: {TEXT} !important; }}
{_CHART} :is(.gridlayer path, path.crisp) {{ stroke: {LINE} !important; }}
{_lit()}
"""
