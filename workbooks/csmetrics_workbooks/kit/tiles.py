"""Headline tiles: what a page says at a glance, above its charts and tables."""

from collections.abc import Sequence
from dataclasses import dataclass

from csmetrics_core.declaration.spec import Unit
from csmetrics_core.palette import ACCENT, LINE, MUTED, PALE, PAPER
from csmetrics_workbooks.kit.sheet import Page
from csmetrics_workbooks.kit.style import change_format, number_format
from csmetrics_workbooks.kit.terms import Term, both, is_number

#: Rows a tile takes, with the blank one below it.
ROWS = 7
_HEIGHTS = (16, 28, 15, 15, 15, 26, 8)


@dataclass(frozen=True)
class Tile:
    """One figure at a glance.

    Args:
        title: what it is, in a few words.
        unit: how its value and change are shown.
        value, change: the cells of the table below that hold them; a snapshot has words for a change.
        verdict: the cell that says whether it moved; its words colour the change.
        beside: its interval, or what else belongs under it.
        trend: the cells of its history, the latest last, as a reference; empty where there is none.
    """

    title: str
    unit: Unit
    value: Term
    change: Term | str
    verdict: Term | str
    beside: Term | str
    trend: str = ""


def write_tiles(page: Page, row: int, spans: Sequence[tuple[int, int]], tiles: Sequence[Tile]) -> int:
    """Write tiles over the columns given for each; returns the row after them."""
    for offset, height in enumerate(_HEIGHTS):
        page.worksheet.set_row(row + offset, height)
    for (first, last), tile in zip(spans, tiles, strict=True):
        _write(page, row, first, last, tile)
    return row + ROWS


def _write(page: Page, row: int, first: int, last: int, tile: Tile) -> None:
    ground = {"bg_color": PALE, "indent": 1, "align": "left", "left": 5, "left_color": PAPER}
    looks, signs = page.looks, change_format(tile.unit).split(";")
    small = looks(font_size=9, font_color=MUTED, **ground)
    moved = ";".join(f'{sign}" on the prior period"' for sign in signs)
    lines = (
        (tile.title, looks(font_color=MUTED, bold=True, top=5, top_color=ACCENT, **ground)),
        (tile.value, looks(font_size=20, bold=True, font_color=ACCENT, num_format=number_format(tile.unit), **ground)),
        (tile.change, looks(num_format=moved, **ground)),
        (tile.verdict, small),
        (tile.beside, small),
        (None, looks(bottom=1, bottom_color=LINE, **ground)),
    )
    for offset, (thing, look) in enumerate(lines):
        page.across(row + offset, first, last, thing, look)
    page.mark_verdict(row + 2, first, first, verdict_row=row + 3)
    if tile.trend:
        page.bars(row + 5, first, tile.trend, tile.unit)


def interval_words(low: Term, high: Term, unit: Unit) -> Term:
    """An interval as one text; its numbers are rounded, not formatted, so that every country's Excel spells them."""
    times, sign = (100, "%") if unit.is_share else (1, "")
    known = both(is_number(low), is_number(high))
    ends = [f"ROUND({times}*{end.text},1)" for end in (low, high)]
    words = ""
    if known.value:
        words = " to ".join(f"{round(times * end.value, 1):g}" for end in (low, high)) + sign
        words = f"interval {words}"
    return Term(f'IF({known.text},"interval "&{ends[0]}&" to "&{ends[1]}&"{sign}","")', words)
