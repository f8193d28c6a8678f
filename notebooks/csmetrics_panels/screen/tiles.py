"""Headline tiles, each with a button that opens its page: a mouse takes the whole tile, a keyboard the button."""

from collections.abc import Callable
from typing import Any

import anywidget
import traitlets

from csmetrics_panels.screen.card import STYLE

_ESM = """
function render({ model, el }) {
  const text = (tag, words, kind) => {
    const made = document.createElement(tag);
    made.textContent = words; made.className = kind || ""; return made;
  };
  const box = document.createElement("div");
  box.className = "kpis";
  const draw = () => {
    const at = [...box.children].findIndex((tile) => tile.contains(document.activeElement));
    box.replaceChildren(...model.get("tiles").map((tile, place) => {
      const made = document.createElement("div"), button = text("button", model.get("verb"));
      made.className = "kpi opens"; button.type = "button";
      button.setAttribute("aria-label", tile.title + ": " + model.get("verb"));
      made.append(text("span", tile.title), text("b", tile.value));
      if (tile.change) made.append(text("span", tile.change, tile.tone));
      made.append(...tile.details.map((words) => text("span", words)), button);
      made.onclick = () => { model.send({ opened: place }); follow(button, 20); };
      return made;
    }));
    if (at >= 0) box.children[at]?.querySelector("button").focus();
  };
  // The page with the button goes: the keyboard goes on at the first choice of the page that comes.
  const follow = (button, left) => {
    if (!button.isConnected || !button.offsetParent) {
      const board = el.closest(".csm-board"), there = board ? [...board.querySelectorAll(".widget-tab select")] : [];
      return there.find((one) => one.offsetParent)?.focus();
    }
    if (left) setTimeout(() => follow(button, left - 1), 100);
  };
  model.on("change", draw); draw();
  el.classList.add("csm"); el.append(box);
}
export default { render };
"""


class Tiles(anywidget.AnyWidget):
    """Figures beside each other that open something; texts are set as text, never as markup."""

    _esm = _ESM
    _css = STYLE.removeprefix("<style>").removesuffix("</style>")
    tiles: "traitlets.List[Any]" = traitlets.List().tag(sync=True)
    verb = traitlets.Unicode("").tag(sync=True)

    def __init__(self) -> None:
        super().__init__()
        self.opened: Callable[[int], Any] = lambda _: None
        self.on_msg(lambda _, message, __: self._heard(message))

    def _heard(self, message: dict[str, Any]) -> None:
        place = message.get("opened")
        if isinstance(place, int) and 0 <= place < len(self.tiles):
            self.opened(place)
