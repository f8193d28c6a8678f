"""The board page: nine quarters, actual against plan, prior quarter and year ago."""

from collections.abc import Mapping

from csmetrics_core import CATALOG
from csmetrics_core.declaration.spec import Better
from csmetrics_core.palette import MUTED
from csmetrics_workbooks.kit.book import Book
from csmetrics_workbooks.kit.dates import month_start
from csmetrics_workbooks.kit.judging import Measured, moved_words
from csmetrics_workbooks.kit.sheet import Page
from csmetrics_workbooks.kit.style import change_format
from csmetrics_workbooks.kit.terms import Term, change
from csmetrics_workbooks.pages.headline import METRICS, Metrics, planned, shown_unit, title_of, unit_words
from csmetrics_workbooks.pages.workings import QUARTERS, View


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
        words = f"{metric.headline}  {title_of(name)} ({unit_words(name)}): {metric.formula}. {metric.convention}"
        page.note(footnote + 1 + offset, 0, words, 15, 13 if len(words) < 190 else 25)
    page.note(
        footnote + 1 + len(METRICS),
        0,
        "Reading judges the last quarter and the one before as two samples, each metric alone: shares by Newcombe's "
        "interval, NPS by Welch's t, each answer on its own. Money by customer and means: CSM_CHANGE.",
        15,
        13,
    )


def board_range(name: str) -> str:
    """The nine quarters of a metric, the latest last."""
    row = 6 + METRICS.index(name)
    return f"Board!$B${row}:$J${row}"


def _board_row(page: Page, metrics: Metrics, views: list[View], row: int, name: str, plan: Mapping[str, Term]) -> None:
    metric, unit = CATALOG[name], shown_unit(name)
    page.put(row, 0, f"{metric.headline}  {title_of(name)}", page.looks.words(bold=True, text_wrap=True))
    cells = {
        v.number: page.put(
            row, QUARTERS - v.number + 1, metrics.value(name, v), page.looks.number(unit, bold=v.number == 1)
        )
        for v in views
    }
    target = page.put(row, 10, planned(plan, name), page.looks.number(unit))
    signed = page.looks.number(change_format(unit))
    page.put(row, 11, change(cells[1], target, unit), signed)
    page.put(row, 12, change(cells[1], cells[2], unit), signed)
    page.put(row, 13, change(cells[1], cells[5], unit), signed)
    page.put(row, 14, reading(metrics, name, views, cells), page.looks.words(font_color=MUTED))
    page.mark_variance(row, 11, row, metric.better is Better.HIGHER)
    page.mark_verdict(row, 12, 14)
    page.worksheet.set_row(row, 18 if len(title_of(name)) < 28 else 27)


def reading(metrics: Metrics, name: str, views: list[View], cells: Mapping[int, Term]) -> Term:
    """What the change on the prior quarter means in words."""
    now, before = (
        Measured(cells[view.number], metrics.base(name, view), metrics.interval(name, view)) for view in views[:2]
    )
    return moved_words(CATALOG[name], now, before, metrics.plan["z"])
