"""Deals of a CRM: Salesforce opportunities, their products and contracts, HubSpot deals -> contracts.

A deal says what was sold and when it closed. From when to when it is paid, and whether its amount is for a month, a
year or the whole term, stands in fields each company makes for itself, or in the contract the deal belongs to.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from csmetrics_core.files.exports import Draft, Export, Field
from csmetrics_core.files.grids import UnreadableFile
from csmetrics_core.files.headings import plain
from csmetrics_core.files.money import one_currency
from csmetrics_core.files.report import ReadTable, Report, TableReport
from csmetrics_core.files.saying import Remedy, Said
from csmetrics_core.files.words import months_in
from csmetrics_core.reductions.terms import months_between

_STANDARD = ("customer", "subscription", "plan", "start", "end", "interval_months", "amount", "currency")
_WAYS = (
    Remedy("billed", "month", "it is MRR"),
    Remedy("billed", "year", "it is ARR"),
    Remedy("billed", "term", "it is for the whole term"),
)
_COUNTED = ("activated", "expired", "terminated")
_NAME_END = "Name the column that holds the end, or the one that holds the term in months."


def _deals(draft: Draft) -> pd.DataFrame:
    """Won deals; their terms and products may still come from other files."""
    draft.keep(_won(draft), "deals that are not won")
    _reach(draft, "closed")
    _amounts(draft, "amount")
    one_currency(draft, "amount")
    if "end" not in draft.data:
        draft.data["end"] = pd.Series(pd.NaT, index=draft.data.index, dtype="datetime64[us]")
    if draft.has("term"):
        for_term = draft.data["end"].isna() & draft.data["term"].notna()
        if draft.has("start"):
            draft.data["end"] = draft.data["end"].where(~for_term, _term_over(draft.data["start"], draft.data["term"]))
    return draft.data


def _reach(draft: Draft, name: str) -> None:
    """How far the file tells: open deals close, and signed contracts begin, on days still to come."""
    days = draft.data[name][draft.data[name] <= pd.Timestamp.now()]
    draft.report.until = None if days.isna().all() else days.max().date()


def _won(draft: Draft) -> pd.Series:
    if draft.has("won"):
        return draft.data["won"].eq(True)
    stage = draft.data["stage"].fillna("").map(plain)
    won = stage.str.contains("closedwon") | stage.eq("won")
    if not won.any():
        shown = ", ".join(draft.data["stage"].dropna().unique()[:8])
        raise draft.refusal(f"no stage is Closed Won; there are {shown}", "Export the column Won (Is Closed Won) too.")
    return won


def _amounts(draft: Draft, name: str) -> None:
    """What a deal brings, and for how many months; 0 of them stand for the whole term."""
    for stated, months in (("arr", 12.0), ("mrr", 1.0)):
        if draft.has(stated):
            draft.data["amount"], draft.data["interval_months"] = draft.data[stated], months
            if name in draft.report.mapped:
                heading = draft.report.mapped[name]
                draft.report.unused[heading] = f"{draft.report.mapped[stated]} says what recurs"
            draft.report.mapped["amount"] = draft.report.mapped.pop(stated)
            break
    else:
        if not draft.has(name):
            raise draft.refusal("no column holds what a deal brings", "Export Amount, or a column of ARR or MRR.")
        draft.data["interval_months"] = _months_said(draft, name)
    draft.keep(draft.data["amount"].notna(), "deals without an amount")


def _months_said(draft: Draft, name: str) -> float:
    place = draft.table.at(draft.report.mapped[name])
    said = draft.said.about("billed", place)
    if said is None:
        problem = f"{place}: amounts may be for a month, for a year or for the whole term"
        raise UnreadableFile(problem, "Compare one with its contract.", _WAYS)
    months = 0.0 if said == "term" else months_in(said)
    if months is None:
        raise draft.refusal(f"{said!r} is no billing interval", "Say month, quarter, year or term.")
    return float(months)


def _hubspot(draft: Draft) -> pd.DataFrame:
    frame = _deals(draft)
    if not draft.has("start"):
        frame = frame.assign(start=frame["closed"])
        draft.report.mapped["start"] = draft.report.mapped["closed"]
        draft.report.guessed.append("A deal was taken to begin on its close date: no column says when it does.")
        if draft.has("term"):
            frame["end"] = frame["end"].fillna(_term_over(frame["start"], frame["term"]))
    draft.data = frame
    return _finished(frame, draft.report, draft.said)


def _lines(draft: Draft) -> pd.DataFrame:
    return draft.data


def _contracts(draft: Draft) -> pd.DataFrame:
    """Contracts that were in force, with the first day no longer paid: Salesforce's End Date is the last one paid."""
    draft.keep(draft.data["status"].map(plain).isin(_COUNTED), "contracts that were never activated")
    _reach(draft, "start")
    end = draft.data["end"] + pd.Timedelta(days=1) if draft.has("end") else pd.Series(pd.NaT, index=draft.data.index)
    draft.report.notes.append("The end date of a contract is the last day paid for.")
    if draft.has("term"):
        end = end.fillna(_term_over(draft.data["start"], draft.data["term"]))
    draft.data["end"] = end
    return draft.data


def _term_over(start: pd.Series, months: pd.Series) -> pd.Series:
    """The first day after a term of whole months."""
    over = [
        day + pd.DateOffset(months=int(many)) if day is not pd.NaT and many == many and many > 0 else pd.NaT
        for day, many in zip(start, months, strict=True)
    ]
    return pd.Series(over, index=start.index, dtype="datetime64[us]")


def join_deals(parts: Sequence[ReadTable], report: Report, said: Said) -> list[ReadTable]:
    """Salesforce's opportunities with their products and contracts as one table of contracts; others as they are."""
    ours = {what: [part for part in parts if _is(part, what)] for what in (OPPORTUNITIES, PRODUCTS, CONTRACTS)}
    rest = [part for part in parts if not any(_is(part, what) for what in ours)]
    made = []
    for deal in ours[OPPORTUNITIES]:
        try:
            made.append(_joined(deal, ours[PRODUCTS], ours[CONTRACTS], said))
        except UnreadableFile as error:
            report.refuse(deal.report, error)
    for part in (*ours[PRODUCTS], *(ours[CONTRACTS] if made or ours[OPPORTUNITIES] else ())):
        if made:
            part.report.table = "contracts, joined to the opportunities"
            report.read.append(part.report)
        elif _is(part, PRODUCTS):
            problem = f"{part.report.place} does not say whose the products are, nor whether they were sold"
            report.refuse(part.report, UnreadableFile(problem, "Give the opportunities too."))
    if not ours[OPPORTUNITIES]:
        for part in ours[CONTRACTS]:
            try:
                made.append(_with_amounts(part, said))
            except UnreadableFile as error:
                report.refuse(part.report, error)
    return [*rest, *made]


def _is(part: ReadTable, what: str) -> bool:
    return (part.report.product, part.report.what) == ("Salesforce", what)


def _with_amounts(part: ReadTable, said: Said) -> ReadTable:
    """Contracts that state their own amounts."""
    frame = part.frame
    for stated, months in (("arr", 12.0), ("mrr", 1.0)):
        if stated in frame:
            frame = frame.assign(amount=frame[stated], interval_months=months)
            part.report.ends_known = True
            return part._replace(frame=_finished(frame, part.report, said))
    problem = f"{part.report.place} holds no amounts: Salesforce keeps them in opportunities"
    raise UnreadableFile(problem, "Give the opportunities too, with Contract ID, or a column of ARR or MRR.")


def _joined(deal: ReadTable, products: list[ReadTable], contracts: list[ReadTable], said: Said) -> ReadTable:
    frame, report = deal.frame, deal.report
    for part in contracts:
        frame = _with_terms(frame, part, report)
    if "start" not in frame or (frame["start"].isna().all() and len(frame)):
        ways = (Remedy("columns", f"start={report.mapped['closed']}", "they begin on the day they closed"),)
        fix = "Name the columns that hold the start and the end, or give the contracts with their Contract ID."
        raise UnreadableFile(f"{report.place} does not say from when to when deals are paid", fix, ways)
    for part in products:
        frame = _with_products(frame, part, report)
    return deal._replace(frame=_finished(frame, report, said), raw=None if products else deal.raw)


def _with_terms(frame: pd.DataFrame, part: ReadTable, report: TableReport) -> pd.DataFrame:
    """Deals with the terms of the contracts they belong to."""
    if "contract" not in frame or "contract" not in part.frame:
        report.notes.append(f"{part.report.place} is not used: no column Contract ID tells which deal each belongs to.")
        return frame
    terms = part.frame.drop_duplicates("contract").set_index("contract")
    found = frame["contract"].isin(terms.index)
    report.notes.append(f"{int(found.sum()):,} of {len(frame):,} deals have the term of their contract.")
    own = {name: frame[name] if name in frame else pd.Series(pd.NaT, index=frame.index) for name in ("start", "end")}
    report.ends_known = report.ends_known or bool(found.all())
    return frame.assign(
        **{name: own[name].where(~found, frame["contract"].map(terms[name])) for name in ("start", "end")}
    )


def _with_products(frame: pd.DataFrame, part: ReadTable, report: TableReport) -> pd.DataFrame:
    """Deals as their products: one row each, of those that were won."""
    if "subscription" not in frame:
        raise UnreadableFile(f"{report.place} has no Opportunity ID to join products by", "Export it too.")
    if "arr" in frame or "mrr" in frame:
        stated = report.mapped["amount"]
        report.notes.append(f"{part.report.place} is not used: what a deal brings is stated in {stated!r}.")
        return frame
    lines = part.frame.rename(columns={"amount": "line", "start": "served", "plan": "product"})
    won = lines[lines["subscription"].isin(frame["subscription"])]
    part.report.leave_out("products of opportunities that are not won", len(lines) - len(won))
    part.report.kept = len(won)
    both = frame.merge(
        won[[n for n in ("subscription", "line", "served", "product") if n in won]], "left", "subscription"
    )
    has = both["line"].notna()
    sums = both[has].groupby("subscription").agg(amount=("amount", "first"), line=("line", "sum"))
    unlike = int((sums["amount"] - sums["line"]).abs().gt(0.005).sum())
    if unlike:
        report.notes.append(f"{unlike:,} deals have another amount than their products, which count.")
    both["amount"] = both["line"].where(has, both["amount"])
    if "product" in both:
        both["plan"] = both["product"].where(has, both.get("plan"))
    if "served" in both:
        both["start"] = both["served"].where(both["served"].notna(), both["start"])
    return both


def _finished(frame: pd.DataFrame, report: TableReport, said: Said) -> pd.DataFrame:
    """Contracts of deals whose terms are known as far as they will be."""
    no_start = frame["start"].isna()
    report.leave_out("deals without a start", int(no_start.sum()))
    frame = frame[~no_start]
    _check_renewed(frame, report)
    whole = frame["interval_months"].eq(0)
    if whole.any():
        ends = frame["end"] if report.ends_known or said.ends != "last-day" else frame["end"] + pd.Timedelta(days=1)
        if frame.loc[whole, "end"].isna().any():
            problem = f"{report.place}: amounts for a whole term need its end"
            raise UnreadableFile(problem, _NAME_END)
        begins, over = (
            one[whole].to_numpy().astype("datetime64[D]").astype(np.int64) for one in (frame["start"], ends)
        )
        months = months_between(begins, over)
        if not report.ends_known and said.ends is None:  # the day of the end may still be paid
            with_day = months_between(begins, over + 1)
            months = np.where(months % 1 == 0, months, with_day)
        frame = frame.assign(interval_months=frame["interval_months"].mask(whole))
        frame.loc[whole, "interval_months"] = months
    report.kept = len(frame)
    if frame["end"].isna().all():
        frame = frame.drop(columns="end")
        report.missing["end"] = "no column says when deals end, so they give no churn"
    return frame[[name for name in _STANDARD if name in frame]]


def _check_renewed(frame: pd.DataFrame, report: TableReport) -> None:
    """A deal without an end would go on beside the one that renews it."""
    keys = [name for name in ("customer", "plan") if name in frame]
    for_ever = frame["end"].isna()
    again = frame.duplicated(keys, keep=False) & for_ever
    if again.any():
        who = frame["customer"][again].iloc[0]
        problem = (
            f"{report.place}: {who} has several deals without an end, and the later may renew or add to the earlier"
        )
        raise UnreadableFile(problem, "Name the column that holds the end, or the one that holds the term in months.")


OPPORTUNITIES, PRODUCTS, CONTRACTS = "opportunities", "opportunity products", "contracts"
_ARR = ("Annual recurring revenue", "Annual recurring revenue (ARR)", "ARR", "ARR__c")
_MRR = ("Monthly recurring revenue", "Monthly recurring revenue (MRR)", "MRR", "MRR__c")
_START = ("Contract Start Date", "Subscription Start Date", "Start Date", "StartDate", "Start_Date__c")
_END = ("Contract End Date", "Subscription End Date", "End Date", "EndDate", "End_Date__c")
_TERM = (
    "Contract Term (months)",
    "Contract Term",
    "Term (months)",
    "Term",
    "ContractTerm",
    "Contract_Term__c",
    "Term__c",
)
_DEAL = ("Record ID", "Record ID - Deal", "Deal ID")
_OF_DEALS = (
    Field("amount", ("Amount",), "amount"),
    Field("arr", _ARR, "amount"),
    Field("mrr", _MRR, "amount"),
    Field("currency", ("Currency", "Amount Currency", "CurrencyIsoCode", "Opportunity Currency")),
    Field("closed", ("Close Date", "CloseDate"), "day"),
    Field("start", (*_START, "Contract_Start_Date__c"), "day"),
    Field("end", (*_END, "Contract_End_Date__c"), "day"),
    Field("term", _TERM, "number"),
)
_FORECAST = {"Expected Revenue": "it is the amount times a probability", "Probability (%)": "only won deals count"}

EXPORTS = (
    Export(
        "Salesforce",
        PRODUCTS,
        "contracts",
        (
            ("OpportunityId", "Opportunity ID"),
            ("Product2Id", "Product ID", "Product Name", "Product: Product Name", "Product Code"),
            ("Quantity",),
            ("TotalPrice", "Total Price"),
        ),
        (
            Field("subscription", ("OpportunityId", "Opportunity ID"), "identifier"),
            Field("plan", ("Product Name", "Product: Product Name", "Product Code", "Product2Id", "Product ID")),
            Field("amount", ("TotalPrice", "Total Price"), "amount"),
            Field("start", ("ServiceDate", "Service Date", "Date"), "day"),
        ),
        _lines,
        "developer.salesforce.com, Object Reference, OpportunityLineItem (TotalPrice: less discount)",
        {"UnitPrice": "the total price holds it", "ListPrice": "it is before discounts"},
    ),
    Export(
        "Salesforce",
        OPPORTUNITIES,
        "contracts",
        (
            ("AccountId", "Account ID", "Account Name"),
            ("Amount", *_ARR, *_MRR),
            ("CloseDate", "Close Date"),
            ("IsWon", "Won", "StageName", "Stage"),
        ),
        (
            Field("customer", ("AccountId", "Account ID", "Account Name"), "identifier"),
            Field("subscription", ("Id", "Opportunity ID"), "identifier"),
            Field("contract", ("ContractId", "Contract ID"), "identifier"),
            Field("won", ("IsWon", "Won"), "flag"),
            Field("stage", ("StageName", "Stage")),
            *_OF_DEALS,
        ),
        _deals,
        "developer.salesforce.com, Object Reference, Opportunity; its fields of terms are each company's own",
        _FORECAST,
        ends_known=False,
    ),
    Export(
        "Salesforce",
        CONTRACTS,
        "contracts",
        (
            ("AccountId", "Account ID", "Account Name"),
            ("StartDate", "Contract Start Date"),
            ("EndDate", "Contract End Date", "ContractTerm", "Contract Term (months)"),
            ("Status",),
            (
                "ContractTerm",
                "Contract Term (months)",
                "ContractNumber",
                "Contract Number",
                "Contract ID",
                "Activated Date",
            ),
        ),
        (
            Field("customer", ("AccountId", "Account ID", "Account Name"), "identifier"),
            Field("contract", ("Id", "Contract ID"), "identifier"),
            Field("status", ("Status",)),
            Field("start", ("StartDate", "Contract Start Date"), "day"),
            Field("end", ("EndDate", "Contract End Date"), "day"),
            Field("term", ("ContractTerm", "Contract Term (months)"), "number"),
            Field("arr", _ARR, "amount"),
            Field("mrr", _MRR, "amount"),
            Field("currency", ("CurrencyIsoCode", "Contract Currency")),
        ),
        _contracts,
        "developer.salesforce.com, Object Reference, Contract; help 000384288 (End Date is the last day)",
    ),
    Export(
        "HubSpot",
        "deals",
        "contracts",
        (
            ("Deal Stage",),
            ("Close Date",),
            ("Amount", *_ARR, *_MRR),
            ("Deal Name", "Record ID", "Record ID - Deal", "Deal ID"),
        ),
        (
            Field(
                "customer",
                ("Associated Company IDs", "Associated Company ID", "Associated Company", "Company name", "Company"),
                "identifier",
            ),
            Field("subscription", _DEAL, "identifier"),
            Field("won", ("Is Closed Won", "Is closed won"), "flag"),
            Field("stage", ("Deal Stage",)),
            *_OF_DEALS,
        ),
        _hubspot,
        "knowledge.hubspot.com, default deal properties (Annual recurring revenue does not look at Amount)",
        {
            "Annual contract value": "it holds what does not recur",
            "Total contract value": "it holds what does not recur",
        }
        | _FORECAST,
        ends_known=False,
    ),
)
