"""Tables for notebooks: every text is escaped, so that nothing in the data becomes markup."""

from collections.abc import Iterable, Sequence
from html import escape

_CELL = "vertical-align:top;padding:2px 8px"
_LEFT = f'style="text-align:left;white-space:pre-wrap;{_CELL}"'
_SHORT = f'style="text-align:left;white-space:nowrap;{_CELL}"'
_ON_A_LINE = 16  # a month, a code or a short name is not broken at its hyphen
_RIGHT = f'style="text-align:right;white-space:nowrap;{_CELL}"'


def html_table(
    rows: Iterable[Sequence[str]], headings: Sequence[str] = (), caption: str = "", numbers: Iterable[int] = ()
) -> str:
    """Rows of text as an HTML table.

    Args:
        rows: the cells.
        headings: of the columns; none, and the first cell of each row is its heading.
        caption: what the table is of.
        numbers: places of the columns that hold numbers, counted from 0.

    Returns:
        The markup.

    Example:
        >>> html_table([["n", "<4>"]]).count("&lt;4&gt;")
        1
    """
    right = set(numbers)
    places = [_RIGHT if i in right else _LEFT for i in range(len(headings))]
    head = "".join(f'<th scope="col" {style}>{escape(text)}</th>' for text, style in zip(headings, places, strict=True))
    body = (_row(row, places) for row in rows)
    title = f"<caption>{escape(caption)}</caption>" if caption else ""
    top = f"<thead><tr>{head}</tr></thead>" if head else ""
    table = f"<table>{title}{top}<tbody>{''.join(body)}</tbody></table>"
    return f'<div style="overflow-x:auto">{table}</div>'  # a wide one scrolls where it stands


def _row(cells: Sequence[str], places: Sequence[str]) -> str:
    first, *others = cells
    style = places[0] if places else _LEFT
    is_name = style == _LEFT
    style = _SHORT if is_name and len(first) <= _ON_A_LINE else style
    row = f'<th scope="row" {style}>{escape(first)}</th>' if is_name else f"<td {style}>{escape(first)}</td>"
    styles = places[1:] or [_LEFT] * len(others)
    return f"<tr>{row}{''.join(f'<td {s}>{escape(c)}</td>' for c, s in zip(others, styles, strict=True))}</tr>"
