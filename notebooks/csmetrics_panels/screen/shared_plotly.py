"""Plotly figures that share one copy of the drawing library.

A FigureWidget carries the whole library, five megabytes, and so does the next one: a dashboard of eleven charts sends
fifty megabytes and compiles them eleven times, which on a slow machine outlasts the two seconds that anywidget gives
a widget to start. Here one hidden widget brings the library to the page, and the figures wait for it.
"""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import anywidget
import plotly
import plotly.graph_objects as go
import traitlets

_SHELF = f"globalThis['csmetrics plotly {plotly.__version__}']"


class _Library(anywidget.AnyWidget):
    """Brings Plotly's own program to the page; shows nothing."""

    _esm = f"""
    export default {{
      initialize({{ model }}) {{
        const address = URL.createObjectURL(new Blob([model.get("program")], {{ type: "text/javascript" }}));
        {_SHELF} ??= import(address);
      }},
      render() {{}},
    }};
    """
    program = traitlets.Unicode().tag(sync=True)


class Figure(go.FigureWidget):  # type: ignore[misc]  # Plotly has no types
    """A FigureWidget whose program is the library's.

    Args:
        drawn: the figure.
        config: Plotly's settings for it.
    """

    # anywidget gives a model two seconds to begin, which a slow machine needs for the library alone: the view waits.
    _esm = f"""
    export default () => {{
      const bring = async () => {{
        while (!{_SHELF}) await new Promise((again) => setTimeout(again, 20));
        return (await {_SHELF}).default();
      }};
      let plotly, begun;
      return {{
        async render(context) {{
          const drawing = await (plotly ??= bring());
          await (begun ??= Promise.resolve(drawing.initialize?.(context)));
          return drawing.render(context);
        }},
      }};
    }};
    """

    _config: dict[str, Any]

    def __init__(self, drawn: go.Figure, config: Mapping[str, Any]) -> None:
        self._complete = False
        super().__init__(drawn)
        self._config = {**self._config, **config}
        self._complete = True
        self.open()

    def keep(self) -> None:
        """Have pages that open from now on show what is drawn by now; Plotly sends changes to open ones alone."""
        self._widget_data, self._widget_layout = deepcopy(self._data), deepcopy(self.layout.to_plotly_json())

    def open(self) -> None:
        """Tell the browser of it once it is complete: Plotly draws what it is told first, not what comes next."""
        if self._complete:
            super().open()


_kept: list[_Library] = []


def library() -> _Library:
    """The one library widget of this kernel; it stands on the page beside every figure."""
    if not _kept or _kept[-1].comm is None:  # none yet, or closed, as Widget.close_all() does
        program = str(go.FigureWidget._esm)
        _kept[:] = [_Library(program=program, layout={"display": "none"})]
    return _kept[-1]
