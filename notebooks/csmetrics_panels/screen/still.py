"""What a panel or dashboard shows as tables and pictures, for where no widget lives: stored notebooks, marimo, mail."""

from base64 import b64encode
from collections.abc import Sequence
from html import escape
from itertools import groupby
from typing import Any

from csmetrics_panels.screen.notebook import shell_here
from csmetrics_panels.screen.theme import DARK

#: A piece of HTML, or the bytes of a PNG picture.
Part = str | bytes
_MIME = "Shown as it stands: to choose and click, open it in Jupyter, or with csmetrics panel."


class Still:
    """Stands before a box among the bases of a panel or dashboard; `parts` is what it shows."""

    def parts(self) -> Sequence[Part]:
        """Tables as HTML and charts as PNG, in the order they stand on the screen."""
        raise NotImplementedError

    def page(self) -> str:
        """All of it as one page of HTML that loads nothing."""
        pictured = "".join(part if isinstance(part, str) else _inside(part) for part in self.parts())
        return f"<style>{on_dark(f'{DARK} ')}\n{on_dark('.dark ')}</style>{pictured}"

    def _mime_(self) -> tuple[str, str]:
        """How marimo, which has no place for Jupyter's widgets, shows it."""
        return "text/html", f"{self.page()}<p><em>{escape(_MIME)}</em></p>"


def as_stills(shell: Any = None) -> None:
    """Show panels and dashboards as tables and pictures from now on, in a notebook that others read without running it.

    Put it into the first cell, run all, and save: a code-hosting page, a mail and a PDF show what you saw.

    Args:
        shell: of IPython; by default the one that runs.

    Raises:
        RuntimeError: no notebook runs.

    Example:
        >>> as_stills()
        Traceback (most recent call last):
        RuntimeError: no notebook runs here
    """
    shell = shell or shell_here()
    if shell is None:
        raise RuntimeError("no notebook runs here")
    shell.display_formatter.ipython_display_formatter.for_type(Still, _publish)


def _publish(shown: Still) -> None:
    from IPython.display import display

    for _, parts in groupby(shown.parts(), key=lambda part: isinstance(part, str)):
        together = list(parts)
        if texts := [part for part in together if isinstance(part, str)]:
            display({"text/html": "".join(texts), "text/plain": repr(shown)}, raw=True)
        for picture in (part for part in together if isinstance(part, bytes)):
            display({"image/png": b64encode(picture).decode(), "text/plain": "<chart>"}, raw=True)


def heading(title: str, *lines: str) -> str:
    """A title with what stands below it."""
    return f"<h3>{escape(title)}</h3>{''.join(f'<p>{escape(line)}</p>' for line in lines if line)}"


def on_dark(where: str) -> str:
    """What makes pictures dark: drawn on white, they have light and dark turned over and keep their hues."""
    return f"{where}.csm-still {{ filter: invert(0.9) hue-rotate(180deg); }}"


def _inside(picture: bytes) -> str:
    source = f"data:image/png;base64,{b64encode(picture).decode()}"
    return f'<p><img class="csm-still" alt="chart" src="{source}" style="max-width:100%"></p>'
