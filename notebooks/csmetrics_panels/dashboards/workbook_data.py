"""A dashboard's tables as the data sheets of its template workbook."""

from collections.abc import Callable
from datetime import date
from io import BytesIO
from typing import TYPE_CHECKING, Any

from csmetrics_workbooks.data.companydata import (
    MADE_OF,
    is_without_ends,
    sheet_of,
    with_sentiment,
    without_unknown_past,
)
from csmetrics_workbooks.pages.scoring import INPUTS

from csmetrics_core.company.company import Missing
from csmetrics_core.errors import MetricError, NoData
from csmetrics_panels.dashboards.accounts import DAYS, account_facts, usage_before, who_left
from csmetrics_panels.dashboards.view import View

if TYPE_CHECKING:
    import pandas as pd

    from csmetrics_panels.dashboards.dashboard import Dashboard


def workbook(dashboard: "Dashboard") -> tuple[bytes, str]:
    """The template workbook of a dashboard, with its data and its choices.

    Returns:
        The file, and a sentence on what was left empty, if anything.

    Raises:
        NoData: none of its sheets can be filled.
    """
    from csmetrics_workbooks.build import build, recipe
    from csmetrics_workbooks.kit.book import ALL, Choices

    view, held = dashboard.view, BytesIO()
    plan, whole = recipe(dashboard.name), dashboard.whole_view
    frames, empty = {}, []
    for sheet in plan.sheets:
        frames[sheet.name] = _sheet(sheet, dashboard, whole)
        if not len(frames[sheet.name]):
            empty.append(sheet.name)
    if len(empty) == len(frames):
        raise NoData("none of the workbook's sheets can be filled", f"It has {', '.join(frames)}.")
    if view.end is None:
        raise NoData("the tables have no dates, and the workbook goes by months", "Add a column of dates.")
    year, month = divmod(view.end, 12)
    choices = Choices(date(1970 + year, month + 1, 1), view.segment or ALL, view.span, dashboard.typed)
    note = "Sample data, made up." if dashboard.data.is_sample else "Your tables, as the dashboard showed them."
    if "Past" in frames:
        note += f" The page Past holds the inputs of {DAYS} days before."
    build(dashboard.name, held, data=frames, note=note, choices=choices)
    said = f"Left empty, for want of data: {', '.join(empty)}." if empty else ""
    return held.getvalue(), said


def _sheet(sheet: Any, dashboard: "Dashboard", whole: View) -> "pd.DataFrame":
    """The rows of one data sheet; none where the tables do not hold them."""
    import pandas as pd

    make = _MADE.get(sheet.name)
    try:
        frame = make(dashboard, whole) if make else _of_company(sheet.name, dashboard)
    except (Missing, MetricError):
        frame = pd.DataFrame()
    if sheet.months_across:
        return frame
    return frame.reindex(columns=[field.header for field in sheet.fields])


def _of_company(name: str, dashboard: "Dashboard") -> "pd.DataFrame":
    """A data sheet as `csmetrics workbook new` makes it of the same tables.

    Raises:
        Missing: they do not hold it, or something of it waits for an answer.
    """
    reading = dashboard.data.reading("")
    waits = {} if reading is None else reading.report.waits
    for wait in (wait for table in MADE_OF[name] for wait in waits.get(table, ())):
        if not is_without_ends(wait):
            raise Missing(wait.problem)
    tables = {table: frame.native for table, frame in dashboard.data.split("")[0].items()}
    frame = sheet_of(name, without_unknown_past(tables, waits))
    if frame is None:
        raise Missing(f"no table holds the sheet {name}")
    return with_sentiment(frame) if "Comment" in frame else frame


def _accounts(dashboard: "Dashboard", whole: View) -> "pd.DataFrame":
    import pandas as pd

    usage = usage_before(whole, 0)
    facts = account_facts(whole, list(usage["account"]))
    segments = [dashboard.data.segment_of.get(account) for account in usage["account"]]
    columns = {"Account": usage["account"], "Segment": segments, "Owner": facts["owner"], "ARR": facts["arr"]}
    return pd.DataFrame({**columns, **{name: usage[name.lower()] for name in INPUTS}})


def _past(_: "Dashboard", whole: View) -> "pd.DataFrame":
    import pandas as pd

    usage = usage_before(whole, DAYS)
    left = who_left(whole, list(usage["account"]))
    inputs = {name: usage[name.lower()] for name in INPUTS}
    return pd.DataFrame({"Account": usage["account"], **inputs, "Left": left})


_MADE: dict[str, Callable[["Dashboard", View], "pd.DataFrame"]] = {"Accounts": _accounts, "Past": _past}
