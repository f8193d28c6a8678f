"""A generated company written in a random dialect and read back: the same tables, or the question it deserves."""

import os

import pandas as pd
from dialects import Company, Dialect, companies, dialects, write
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from csmetrics_core.files import Reading, Said, read_company

#: Thousands of dialects with CSMETRICS_DIALECTS=5000.
MANY = int(os.environ.get("CSMETRICS_DIALECTS", "300"))


@st.composite
def written(draw) -> tuple[Company, Dialect]:
    how = draw(dialects())
    return draw(companies(settled=how.settled or not how.as_text)), how


@settings(max_examples=MANY, deadline=None, derandomize=MANY == 300, suppress_health_check=list(HealthCheck))
@given(written())
def test_a_company_comes_back_from_every_dialect(made: tuple[Company, Dialect]) -> None:
    company, how = made
    files = write(company, how)
    reading = read_company(files)
    asked = {remedy.option for waits in reading.report.waits.values() for wait in waits for remedy in wait.remedies}
    expected = {name for name, asks in (("dates", how.asks_dates), ("decimal", how.asks_decimal)) if asks}
    assert asked == expected
    if expected:
        told = {"dates": how.order, "decimal": how.decimal}
        reading = read_company(files, Said(**{name: told[name] for name in expected}))
    assert not reading.report.waits
    same_tables(reading, company)


def same_tables(reading: Reading, company: Company) -> None:
    """Every cell as it was made, whatever the order of rows."""
    months = [pd.Timestamp(at // 12, at % 12 + 1, 1) for at in company.subscriptions["month"]]
    right = zip(company.subscriptions["customer"], months, company.subscriptions["mrr"], strict=True)
    assert rows(reading, "subscriptions", "customer", "month", "mrr") == sorted(right, key=str)
    whole = company.customers
    stays = zip(whole["customer"], map(stamp, whole["start"]), map(stamp, whole["end"]), whole["segment"], strict=True)
    found = rows(reading, "customers", "customer", "start", "end", "segment")
    assert found == sorted(stays, key=str)
    said = company.responses
    answers = zip(map(stamp, said["date"]), map(float, said["nps"]), said["comment"], strict=True)
    assert rows(reading, "responses", "date", "nps", "comment") == sorted(answers, key=str)


def stamp(day) -> pd.Timestamp | None:
    return None if day is None else pd.Timestamp(day)


def rows(reading: Reading, table: str, *columns: str) -> list[tuple]:
    frame = reading.tables[table][list(columns)].astype(object)
    found = [tuple(None if pd.isna(cell) else cell for cell in row) for row in frame.itertuples(index=False)]
    return sorted(found, key=str)
