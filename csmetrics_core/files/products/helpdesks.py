"""Help desks: Zendesk and Freshdesk ticket exports -> tickets.

Neither counts the customer's contacts. One public reply of an agent is taken for one contact: "one-touch" resolution,
the common stand-in for first contact resolution, which the report names as a guess.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from csmetrics_core.files.exports import Draft, Export, Field

_SOLVED = {"solved", "resolved", "closed"}
_RATED = {"good": True, "bad": False}
_ONE_TOUCH = "One public agent reply is counted as one contact: one-touch resolution, a stand-in for first contact."
_ORDER = ("ticket", "customer", "opened", "channel", "contacts", "resolved", "reopened", "transferred", "satisfied")


def _zendesk(draft: Draft) -> pd.DataFrame:
    data, missing = draft.data, draft.report.missing
    draft.keep(~data["status"].str.lower().isin(("deleted", "suspended")), "deleted or suspended tickets")
    data = draft.data
    for flag, field, least in (("reopened", "reopens", 1), ("transferred", "groups", 2)):
        if draft.has(field):
            data[flag] = data[field].ge(least).astype(object).where(data[field].notna(), None)
        else:
            missing[flag] = "not in the file; tickets count as if it never happened"
    if draft.has("rating"):
        rated = data["rating"].str.lower().map(_RATED)
        data["satisfied"] = rated.astype(object).where(rated.notna(), None)
        draft.report.notes.append(
            "Ratings are good or bad: they are in tickets as satisfied, and among responses as csat of 5 and 1."
        )
    draft.report.notes.append("Times are in the time zone of the Zendesk account.")
    return _tickets(draft)


def _freshdesk(draft: Draft) -> pd.DataFrame:
    why = "Freshdesk's export does not say; tickets count as if it never happened"
    draft.report.missing |= {"reopened": why, "transferred": why}
    draft.report.notes.append("Times are in the time zone of the Freshdesk account.")
    return _tickets(draft)


def _tickets(draft: Draft) -> pd.DataFrame:
    data, report = draft.data, draft.report
    data["resolved"] = data["status"].str.lower().isin(_SOLVED)
    if draft.has("replies"):
        silent = data["replies"].lt(1) | data["replies"].isna()
        data["contacts"] = data["replies"].where(~silent, np.nan)
        report.mapped["contacts"] = report.mapped["replies"]
        report.guessed.append(_ONE_TOUCH)
        report.leave_out("tickets without a public reply: how many contacts they took is unknown", int(silent.sum()))
    else:
        report.missing["contacts"] = "the file does not count replies, so no first contact resolution"
    if not draft.has("customer"):
        report.missing["customer"] = "no column names the company; requesters' names and addresses are not read"
    report.missing["abandoned"] = report.missing["unresolvable"] = "not in the file"
    repeated = int(data["ticket"].duplicated().sum())
    if repeated:
        raise draft.refusal(f"{repeated:,} ticket numbers stand in more than one row", "Export tickets once each.")
    return data[[name for name in _ORDER if draft.has(name)]].sort_values("opened", kind="stable")


EXPORTS = (
    Export(
        "Zendesk",
        "tickets",
        "tickets",
        (("Id", "Ticket ID"), ("Created at",), ("Status",), ("Reopens", "Replies", "Requester id", "Group stations")),
        (
            Field("ticket", ("Id", "Ticket ID"), "identifier"),
            Field("customer", ("Organization",), "identifier"),
            Field("opened", ("Created at",), "moment"),
            Field("channel", ("Via",)),
            Field("status", ("Status",)),
            Field("replies", ("Replies",), "number"),
            Field("reopens", ("Reopens",), "number"),
            Field("groups", ("Group stations",), "number"),
            Field("rating", ("Satisfaction Score",)),
            Field("updated", ("Updated at",), "moment"),
        ),
        _zendesk,
        "support.zendesk.com, article 4408886165402, Exporting data to a JSON, CSV, or XML file: Full CSV export",
        {"Resolution time": "it is rounded to whole hours; no metric here needs it"},
        clock=("opened", "updated"),
    ),
    Export(
        "Freshdesk",
        "tickets",
        "tickets",
        (
            ("Ticket ID",),
            ("Created time",),
            ("Status",),
            ("Agent interactions", "Due by Time", "Last update time", "Last updated time"),
        ),
        (
            Field("ticket", ("Ticket ID",), "identifier"),
            Field("customer", ("Company Name", "Company", "Company ID"), "identifier"),
            Field("opened", ("Created time",), "moment"),
            Field("channel", ("Source",)),
            Field("status", ("Status",)),
            Field("replies", ("Agent interactions",), "number"),
            Field("updated", ("Last update time", "Last updated time"), "moment"),
        ),
        _freshdesk,
        "headings: public code of many hands that reads this export, all by the same names",
        {"Survey results": "its answers are the account's own words, not 1 to 5"},
        clock=("opened", "updated"),
    ),
)
