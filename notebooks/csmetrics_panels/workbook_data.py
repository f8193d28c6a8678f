"""A dashboard's tables as the data sheets of its template workbook."""

from collections.abc import Callable
from datetime import date
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np
from csmetrics_workbooks.scoring import INPUTS

from csmetrics_core.company import Company, Missing, last_day
from csmetrics_core.errors import MetricError, NoData
from csmetrics_core.headings import find_heading, plain
from csmetrics_core.headline import CALLS, Assumptions
from csmetrics_panels.dashboards.accounts import DAYS, account_facts, usage_before, who_left
from csmetrics_panels.dashboards.view import View
from csmetrics_panels.frames import Frame

if TYPE_CHECKING:
    import pandas as pd

    from csmetrics_panels.dashboards.dashboard import Dashboard

_MONTHS = 40  # nine quarters and the twelve months each looks back


def workbook(dashboard: "Dashboard") -> tuple[bytes, str]:
    """The template workbook of a dashboard, with its data and its choices.

    Returns:
        The file, and a sentence on what was left empty, if anything.

    Raises:
        NoData: none of its sheets can be filled.
    """
    from csmetrics_workbooks.book import ALL, Choices
    from csmetrics_workbooks.build import build, recipe

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
        frame = make(dashboard, whole) if make else _found(sheet, dashboard, whole)
    except (Missing, MetricError):
        frame = pd.DataFrame()
    if sheet.months_across:
        return frame
    return frame.reindex(columns=[field.header for field in sheet.fields])


def _found(sheet: Any, dashboard: "Dashboard", whole: View) -> "pd.DataFrame":
    """The table that has a sheet's required columns, under its headers."""
    import pandas as pd

    required = {field.header for field in sheet.fields if field.required}
    best: dict[str, str] = {}
    chosen: Frame | None = None
    for frame in sorted(whole.frames.values(), key=lambda f: plain(f.name) != plain(sheet.name)):
        names = {f.header: heading for f in sheet.fields if (heading := _heading(f, frame))}
        if required <= names.keys() and len(names) > len(best):
            best, chosen = names, frame
    if chosen is None:
        raise Missing(f"needs a table with {', '.join(sorted(required))}")
    found = pd.DataFrame({header: chosen.series(heading).to_list() for header, heading in best.items()})
    who = next((header for header in ("Customer", "Account") if header in found), None)
    if "Segment" not in found and who:
        found["Segment"] = found[who].map(dashboard.data.segment_of)
    return found


def _heading(field: Any, frame: Frame) -> str | None:
    return next((heading for name in (field.header, *field.also) if (heading := find_heading(name, frame))), None)


def _responses(dashboard: "Dashboard", whole: View) -> "pd.DataFrame":
    from csmetrics_workbooks import sources

    found = _found(sources.RESPONSES, dashboard, whole)
    return sources.with_sentiment(found) if "Comment" in found else found


def _revenue(dashboard: "Dashboard", whole: View) -> "pd.DataFrame":
    import pandas as pd
    from csmetrics_workbooks.sources import revenue_across

    customers = list(whole.company.cells("subscriptions", "customer"))
    long = pd.DataFrame(
        {
            "Customer": customers,
            "Segment": [dashboard.data.segment_of.get(customer) for customer in customers],
            "Month": whole.company.cells("subscriptions", "month"),
            "MRR": whole.company.paid(),
        }
    )
    return revenue_across(long)


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


def _sessions(dashboard: "Dashboard", whole: View) -> "pd.DataFrame":
    import pandas as pd

    cells = whole.company.cells
    table = whole.table("sessions", users=cells("events", "user"), timestamps=cells("events", "timestamp"))
    account_of = dict(zip(cells("events", "user"), cells("events", "customer"), strict=True))
    accounts = [account_of.get(user) for user in table["user"]]
    return pd.DataFrame(
        {
            "Date": pd.to_datetime(pd.Series(table["start"])).dt.normalize(),
            "Account": accounts,
            "Segment": [dashboard.data.segment_of.get(account) for account in accounts],
            "Minutes": np.asarray(table["seconds"], dtype=float) / 60,
        }
    )


def _operations(dashboard: "Dashboard", _: View) -> "pd.DataFrame":
    """What each month and segment resolved, used and sold; what knows no segment is the whole company's."""
    import pandas as pd

    rows = []
    for month in dashboard.data.months()[:_MONTHS]:
        for segment in dashboard.data.segments or [""]:
            found = _measured(dashboard.data.split(segment)[1], month, _BY_SEGMENT)
            rows.append({"Month": _day(month), "Segment": segment or "Company", **found})
        found = _measured(dashboard.data.whole, month, _OF_ALL)
        rows.append({"Month": _day(month), "Segment": "Company", **found})
    frame = pd.DataFrame(rows)
    known = frame.drop(columns=["Month", "Segment"]).notna().any(axis=1)
    return frame[known].sort_values(["Month", "Segment"], kind="stable").reset_index(drop=True)


def _measured(company: Company, month: int, wanted: dict[str, tuple[str, str]]) -> dict[str, float]:
    """Arguments of headline metrics in a month, under the sheet's headers; sums where they are ranges."""
    found: dict[str, float] = {}
    for header, (metric, argument) in wanted.items():
        try:
            value = CALLS[metric](company, month, Assumptions()).arguments[argument]
        except (Missing, MetricError):
            continue
        found[header] = float(np.mean(value) if header == "Daily users" else np.sum(np.asarray(value, dtype=float)))
    return found


def _day(month: int) -> Any:
    import pandas as pd

    return pd.Timestamp(np.datetime64(last_day(month), "D")).to_period("M").to_timestamp()


_BY_SEGMENT = {
    "Resolved": ("fcr", "contacts"),
    "First contact": ("fcr", "first_contact"),
    "Licensed": ("product_usage_rate", "licensed"),
    "Active users": ("product_usage_rate", "active"),
    "Daily users": ("stickiness", "dau"),
}
_OF_ALL = {
    "Opportunities": ("conversion_rate", "opportunities"),
    "Conversions": ("conversion_rate", "conversions"),
    "Retention cost": ("crc", "retention_costs"),
}
_MADE: dict[str, Callable[["Dashboard", View], "pd.DataFrame"]] = {
    "Responses": _responses,
    "Revenue": _revenue,
    "Operations": _operations,
    "Accounts": _accounts,
    "Past": _past,
    "Sessions": _sessions,
}
