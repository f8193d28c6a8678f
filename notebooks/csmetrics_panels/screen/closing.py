"""Closing a panel closes all of it: ipywidgets closes the box alone, and keeps what stood in it while Python runs."""

from collections.abc import Iterator
from typing import Any

import ipywidgets as widgets


class Closing:
    """Stands before a box among the bases of a panel or dashboard."""

    def close(self) -> None:
        """Close it with everything in it."""
        for part in list(_parts(self, set())):
            widgets.Widget.close(part)


def _parts(widget: Any, seen: set[int]) -> Iterator[Any]:
    """A widget, and all that its traits and attributes hold: children, layouts, styles, what is not shown now."""
    if id(widget) in seen:
        return
    seen.add(id(widget))
    for value in (*(getattr(widget, name) for name in widget.keys), *vars(widget).values()):
        several = value.values() if isinstance(value, dict) else value if isinstance(value, tuple | list) else (value,)
        for one in several:
            if isinstance(one, widgets.Widget):
                yield from _parts(one, seen)
    yield widget
