"""The worked examples of the revenue ledger as tables, and results as rows that can be compared."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
from frames import on_engine, plain

from csmetrics_core import tables

CASES = {case["id"]: case for case in json.loads((Path(__file__).parent / "data/ledger_examples.json").read_text())}
_DATES = ("start", "end", "discount_end", "signed", "notice")
_NUMBERS = ("amount", "quantity", "discount")


def day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text if len(text) == 10 else f"{text}-01")


def next_month(text: str) -> date:
    year, month = divmod(int(text[:4]) * 12 + int(text[5:7]), 12)
    return date(year, month + 1, 1)


def months_table(case: dict) -> pa.Table:
    """The month rows of an example: customer, month, arr and what else they say."""
    rows = [(*row, {}) if len(row) == 3 else row for row in case["months"]]
    columns: dict[str, Any] = {
        "customer": [row[0] for row in rows],
        "month": pa.array([day(row[1]) for row in rows], pa.date32()),
        "arr": pa.array([float(row[2]) for row in rows]),
    }
    for name, kind in (("product", pa.string()), ("quantity", pa.float64()), ("correction", pa.float64())):
        if any(name in row[3] for row in rows):
            columns[name] = pa.array([row[3].get(name) for row in rows], kind)
    if any("currency" in row[3] for row in rows):
        columns["currency"] = [row[3]["currency"] for row in rows]
    return pa.table(columns)


def lines_table(rows: list[dict]) -> pa.Table:
    """Contract lines as a table; agreed steps are a table of their own."""
    columns: dict[str, Any] = {"end": pa.array([None] * len(rows), pa.date32())}
    for name in dict.fromkeys(name for row in rows for name in row if name != "steps"):
        values = [row.get(name) for row in rows]
        if name in _DATES:
            columns[name] = pa.array([day(value) for value in values], pa.date32())
        elif name in _NUMBERS:
            columns[name] = pa.array([None if value is None else float(value) for value in values])
        elif name == "free_months":
            columns[name] = pa.array([None if value is None else ", ".join(value) for value in values], pa.string())
        else:
            columns[{"id": "contract"}.get(name, name)] = pa.array(values)
    return pa.table(columns)


def steps_table(rows: list[dict]) -> pa.Table | None:
    steps = [(row["id"], day(at), float(amount), count) for row in rows for at, amount, count in row.get("steps", ())]
    if not steps:
        return None
    contract, start, amount, quantity = zip(*steps, strict=True)
    start, quantity = pa.array(start, pa.date32()), pa.array(quantity, pa.float64())
    return pa.table({"contract": contract, "start": start, "amount": amount, "quantity": quantity})


def rates_table(rates: dict) -> pa.Table:
    cells = [(currency, day(month), float(rate)) for currency, of in rates.items() for month, rate in of.items()]
    currency, month, rate = zip(*cells, strict=True)
    return pa.table({"currency": currency, "month": pa.array(month, pa.date32()), "rate": rate})


def merges(options: dict) -> dict | None:
    return {old: new if isinstance(new, str) else tuple(new) for old, new in options.get("merge", {}).items()} or None


def balances(engine: str, case: dict, options: dict, notes: list[str] | None = None) -> tuple[Any, dict]:
    """The balances of an example on an engine, and what the functions after it take besides."""
    rates = on_engine(engine, rates_table(case["rates"])) if "rates" in case else None
    if "months" in case:
        frame = on_engine(engine, months_table(case))
        as_of = next_month(max(row[1] for row in case["months"]))
        beside = {"merge": merges(options), "as_of": as_of}
        return (frame if rates is None else tables.arr_balances(frame, rates=rates)), beside
    steps = steps_table(case["contracts"])
    taken = {"unit": "month", **options, "as_of": day(case["as_of"]), "notes": notes, "rates": rates}
    taken["steps"] = None if steps is None else on_engine(engine, steps)
    frame = tables.arr_balances(on_engine(engine, lines_table(case["contracts"])), **taken)
    return frame, {"as_of": day(case["as_of"])}


def rows_of(frame: Any) -> list[dict]:
    """A result as rows, months as 2026-01."""
    columns = plain(frame)
    rows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    return [{**row, "month": row["month"][:7]} for row in rows]


def with_detail(row: dict) -> dict:
    """A row of a bridge with its classes as the examples show them."""
    return {**row, "detail": {name[7:]: value for name, value in row.items() if name.startswith("change_") and value}}
