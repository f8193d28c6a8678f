"""Small parts the widget library has none of: code to copy, a file to download, a labelled native slider.

Each is a plain HTML control with a label of its own, so keyboards and screen readers work as everywhere; texts are
set as text, never as markup.
"""

from collections.abc import Callable

import anywidget
import traitlets

from csmetrics_core.errors import MetricError
from csmetrics_panels.screen.notebook import in_notebook
from csmetrics_panels.screen.theme import ACCENT, CHARTS, LINE, PALE, QUIET, TEXT
from csmetrics_panels.screen.work import Worker

_ESM_CODE = """
function render({ model, el }) {
  const id = "csm-" + Math.random().toString(36).slice(2);
  const label = document.createElement("label"), area = document.createElement("textarea");
  const copy = document.createElement("button"), said = document.createElement("span");
  label.htmlFor = id; area.id = id; area.readOnly = true; area.spellcheck = false; copy.type = "button";
  said.setAttribute("role", "status");
  copy.onclick = async () => {
    try { await navigator.clipboard.writeText(area.value); said.textContent = "Copied"; }
    catch { area.focus(); area.select(); said.textContent = "Selected: copy it with the keyboard"; }
    setTimeout(() => { said.textContent = ""; }, 2500);
  };
  const update = () => {
    label.textContent = model.get("label");
    copy.textContent = "Copy"; copy.setAttribute("aria-label", "Copy " + model.get("label"));
    area.value = model.get("text");
    el.classList.toggle("csm-nothing", !area.value);  // the element's own style belongs to the widget's layout
    fit();
  };
  const fit = () => {  // long lines wrap, so their number tells no height
    area.style.height = "auto";
    if (area.scrollHeight) area.style.height = Math.min(190, area.scrollHeight + 2) + "px";
  };
  area.rows = 1;
  model.on("change", update);
  el.classList.add("csm-code"); el.append(label, copy, said, area); update();
  let width = 0;
  const watch = new ResizeObserver(() => { if (area.clientWidth !== width) { width = area.clientWidth; fit(); } });
  watch.observe(area);
  return () => watch.disconnect();
}
export default { render };
"""
_ESM_DOWNLOAD = """
function render({ model, el }) {
  const button = document.createElement("button"), said = document.createElement("span");
  button.type = "button"; said.setAttribute("role", "status");
  const update = () => {
    button.textContent = model.get("busy") ? "Cancel" : model.get("label"); said.textContent = model.get("said");
  };
  button.onclick = () => model.send({ wanted: !model.get("busy") });
  model.on("change", update);
  model.on("msg:custom", (message, buffers) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([buffers[0]], { type: message.type }));
    link.download = message.filename;
    document.body.append(link); link.click(); link.remove();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  });
  update(); el.classList.add("csm-download"); el.append(button, said);
}
export default { render };
"""
_ESM_SLIDER = """
function render({ model, el }) {
  const id = "csm-" + Math.random().toString(36).slice(2);
  const label = document.createElement("label"), input = document.createElement("input");
  const shown = document.createElement("output");
  label.htmlFor = id; input.id = id; input.type = "range"; shown.htmlFor = id;
  const update = () => {
    label.textContent = model.get("label"); input.title = model.get("help");
    input.min = model.get("low"); input.max = model.get("high"); input.step = model.get("step");
    if (Number(input.value) !== model.get("value")) input.value = model.get("value");
    shown.textContent = model.get("shown"); input.setAttribute("aria-valuetext", model.get("shown"));
  };
  input.oninput = () => { model.set("value", Number(input.value)); model.save_changes(); };
  model.on("change", update); update();
  el.classList.add("csm-slider"); el.append(label, input, shown);
}
export default { render };
"""
_ESM_FITTER = """
function render({ el }) {
  const seen = new WeakSet();
  let timer = 0;
  const fit = () => {  // Plotly hears of a new width only if it is the window's
    clearTimeout(timer);
    timer = setTimeout(() => window.dispatchEvent(new Event("resize")), 80);
  };
  let width = 0;
  const wide = new ResizeObserver(([place]) => {
    if (width && Math.abs(place.contentRect.width - width) > 1) fit();
    width = place.contentRect.width;
  });
  const look = () => {
    const root = el.closest(".csm-panel, .csm-board");
    // JupyterLab takes arrow keys and letters for commands of its own, unless the very element says no.
    for (const control of root ? root.querySelectorAll("input, select, button, [role=tab], [tabindex]") : [])
      control.setAttribute("data-lm-suppress-shortcuts", "true");
    const plots = root ? [...root.querySelectorAll(".js-plotly-plot")].filter((plot) => !seen.has(plot)) : [];
    if (root) wide.observe(root);
    plots.forEach((plot) => seen.add(plot));
    if (plots.length) fit();
  };
  const watch = new MutationObserver(look);
  watch.observe(document.body, { subtree: true, childList: true, attributes: true, attributeFilter: ["class"] });
  return () => { watch.disconnect(); wide.disconnect(); };
}
export default { render };
"""
_BUTTON = f"""
border: 1px solid {LINE}; background: {PALE}; color: {TEXT}; border-radius: 4px; padding: 3px 10px; cursor: pointer;
font: inherit;
"""
CSS = f"""
.csm-code {{ width: 100%; box-sizing: border-box; padding: 4px 2px; font-size: 13px; color: {TEXT}; }}
.csm-code label, .csm-slider label {{ font-weight: 600; margin-right: 8px; }}
.csm-code textarea {{ width: 100%; box-sizing: border-box; margin-top: 4px; padding: 6px 8px; resize: vertical;
  font: 12px/1.45 ui-monospace, Menlo, Consolas, monospace; color: {TEXT}; background: {PALE}; border: 1px solid {LINE};
  border-radius: 4px; }}
.csm-nothing {{ display: none; }}
.csm-code button, .csm-download button, .csm-upload button {{ {_BUTTON} white-space: nowrap; }}
.csm-upload button:disabled {{ cursor: progress; color: {QUIET}; }}
.csm-code span, .csm-download span, .csm-upload span {{ color: {QUIET}; margin-left: 8px; }}
.csm-download, .csm-upload {{ padding: 4px 2px; font-size: 13px; }}
.csm-slider {{ display: grid; grid-template-columns: 190px 1fr 90px; gap: 10px; align-items: center; padding: 3px 2px;
  font-size: 13px; color: {TEXT}; }}
.csm-slider input {{ accent-color: {ACCENT}; }}
.csm-slider output {{ text-align: right; font-variant-numeric: tabular-nums; }}
"""


class Code(anywidget.AnyWidget):
    """Text to copy, with a label and a button; nothing to copy, nothing shown."""

    _esm = _ESM_CODE
    _css = CSS
    label = traitlets.Unicode("").tag(sync=True)
    text = traitlets.Unicode("").tag(sync=True)


class Slider(anywidget.AnyWidget):
    """A number between two others, with the label tied to it and its value beside it."""

    _esm = _ESM_SLIDER
    _css = CSS
    label = traitlets.Unicode("").tag(sync=True)
    help = traitlets.Unicode("").tag(sync=True)
    low = traitlets.Float(0.0).tag(sync=True)
    high = traitlets.Float(1.0).tag(sync=True)
    step = traitlets.Float(0.01).tag(sync=True)
    value = traitlets.Float(0.0).tag(sync=True)
    shown = traitlets.Unicode("").tag(sync=True)


class Fitter(anywidget.AnyWidget):
    """Looks after its panel and shows nothing itself: charts fill their place in the theme's colours, keys work."""

    _esm = _ESM_FITTER
    _css = CHARTS


class Download(anywidget.AnyWidget):
    """A button that makes a file when it is pressed, beside the screen, and hands it to the browser.

    While it works, the same button cancels.

    Args:
        label: the words on it.
        make: gives the file's name, its media type and its bytes; a failure is said beside the button.
    """

    _esm = _ESM_DOWNLOAD
    _css = CSS
    label = traitlets.Unicode("").tag(sync=True)
    said = traitlets.Unicode("").tag(sync=True)
    busy = traitlets.Bool(False).tag(sync=True)

    def __init__(self, label: str, make: Callable[[], tuple[str, str, bytes]]) -> None:
        super().__init__(label=label)
        self._make = make
        self._worker = Worker(in_notebook())
        self.on_msg(self._asked)

    def _asked(self, _: object, message: dict[str, object], __: object) -> None:
        if not message.get("wanted"):
            stopped, self.busy = self._worker.cancel(), False
            self.said = "Cancelled" if stopped else self.said
            return
        self.busy, self.said = True, "Making the file…"
        self._worker.submit(lambda _: self._make(), self._hand_over, self._refuse)

    def _refuse(self, error: Exception) -> None:
        self.busy = False
        self.said = str(error) if isinstance(error, MetricError) else f"{type(error).__name__}: {error}"

    def _hand_over(self, made: tuple[str, str, bytes]) -> None:
        name, kind, content = made
        self.busy, self.said = False, f"{name} is in the browser's downloads"
        self.send({"filename": name, "type": kind}, [content])
