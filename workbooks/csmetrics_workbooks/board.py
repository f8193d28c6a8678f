"""The board page: nine quarters, actual against plan, prior quarter and year ago."""

from collections.abc import Mapping

from csmetrics_core import CATALOG
from csmetrics_core.palette import MUTED
from csmetrics_core.spec import Better
from csmetrics_workbooks.book import Book
from csmetrics_workbooks.dates import month_start
from csmetrics_workbooks.headline import METRICS, Metrics, shown_unit, unit_words
from csmetrics_workbooks.judging import moved_words
from csmetrics_workbooks.sheet import Page
from csmetrics_workbooks.style import change_format
from csmetrics_workbooks.terms import Term, change
from csmetrics_workbooks.workings import QUARTERS, View

#: Whose change is judged against its margin of error.
SURVEYED = ("nps", "csat", "ces")


def board(book: Book, metrics: Metrics, plan: Mapping[str, Term]) -> None:
    """Nine trailing quarters, actual against plan, prior quarter and year ago."""
    page, views = book.pages["Board"], metrics.workings.views[2:]
    page.widths(27, *[9.5] * QUARTERS, 10, 10, 10, 10, 15)
    page.title(
        "Board",
        "Quarters are the three months that end with the month shown; the segment is the one chosen on the Scorecard.",
        15,
    )
    heads = ["Metric", *[""] * QUARTERS, "Plan", "against plan", "against prior quarter", "against year ago", "Reading"]
    page.headers(4, heads, right=range(1, 14), height=30)
    for view in views:
        column = QUARTERS - (view.column - 3)
        end = view.end
        month = month_start(end)
        page.put(
            4,
            column,
            month,
            page.looks(bold=True, font_color="#FFFFFF", bg_color="#1F4E79", num_format="mmm yyyy", align="right"),
        )
    for row, name in enumerate(METRICS, 5):
        _board_row(page, metrics, views, row, name, plan)
    footnote = 6 + len(METRICS)
    page.heading(footnote, "Definitions", 15)
    for offset, name in enumerate(METRICS):
        metric = CATALOG[name]
        words = f"{metric.headline}  {metric.title} ({unit_words(name)}): {metric.formula}. {metric.convention}"
        page.note(footnote + 1 + offset, 0, words, 15, 13 if len(words) < 190 else 25)
    page.note(
        footnote + 1 + len(METRICS),
        0,
        "Reading compares the last quarter with the one before: a survey result that moved by less than its margin of "
        "error is marked no real change.",
        15,
        13,
    )


def _board_row(page: Page, metrics: Metrics, views: list[View], row: int, name: str, plan: Mapping[str, Term]) -> None:
    metric, unit = CATALOG[name], shown_unit(name)
    page.put(row, 0, f"{metric.headline}  {metric.title}", page.looks.words(bold=True))
    cells = {
        v.number: page.put(
            row, QUARTERS - v.number + 1, metrics.value(name, v), page.looks.number(unit, bold=v.number == 1)
        )
        for v in views
    }
    target = page.put(row, 10, plan[f"target {name}"], page.looks.number(unit))
    signed = page.looks.number(change_format(unit))
    page.put(row, 11, change(cells[1], target), signed)
    moved = page.put(row, 12, change(cells[1], cells[2]), signed)
    page.put(row, 13, change(cells[1], cells[5]), signed)
    page.put(row, 14, reading(metrics, name, views, moved), page.looks.words(font_color=MUTED))
    for column in (11, 12, 13):
        page.mark_variance(row, column, row, metric.better is Better.HIGHER)
    page.worksheet.set_row(row, 18)


def reading(metrics: Metrics, name: str, views: list[View], moved: Term) -> Term:
    """What the change on the prior quarter means in words."""
    intervals = [metrics.interval(name, view) for view in views[:2]] if name in SURVEYED else [None, None]
    return moved_words(moved, intervals[0], intervals[1], CATALOG[name].better)
