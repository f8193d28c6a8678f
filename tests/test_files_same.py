"""One company through every door: the same figures to the last digit."""

import io
from dataclasses import dataclass

import pandas as pd
import pytest
from csmetrics_panels import dashboard

from csmetrics_core.files import Said, read_company
from csmetrics_core.samples import sample_company
from csmetrics_core.scorecard import scorecard, scorecard_of
from tests.test_panels_dashboards import figures as figures_of

TABLES = ("customers", "subscriptions", "responses", "tickets", "licences", "features", "costs", "funnel", "events")


@dataclass(frozen=True)
class Locale:
    """How a country writes its files."""

    separator: str
    decimal: str
    date: str
    moment: str
    encoding: str = "utf-8"


LOCALES = {
    "US": Locale(",", ".", "%m/%d/%Y", "%m/%d/%Y %I:%M:%S %p"),
    "Germany": Locale(";", ",", "%d.%m.%Y", "%d.%m.%Y %H:%M:%S", "cp1252"),
    "Sweden": Locale("\t", ",", "%Y-%m-%d", "%Y-%m-%d %H:%M:%S", "utf-16"),
}


@pytest.fixture(scope="module")
def company():
    tables = sample_company().tables
    return {name: tables[name] for name in TABLES}


@pytest.fixture(scope="module")
def figures(company):
    """As the frames themselves give them."""
    return {line.metric.name: (line.value, line.n, line.interval) for line in scorecard(company).lines}


def values(card):
    return {line.metric.name: (line.value, line.n, line.interval) for line in card.lines}


def written(frame, locale):
    """A table as a CSV file of a country."""
    made = frame.copy()
    for name in made.columns[[kind.kind == "M" for kind in made.dtypes]]:
        whole = (made[name].dropna() == made[name].dropna().dt.normalize()).all()
        made[name] = made[name].dt.strftime(locale.date if whole else locale.moment)
    made = made.map(
        lambda cell: repr(cell).replace(".", locale.decimal) if isinstance(cell, float) and cell == cell else cell
    )
    return made.to_csv(index=False, sep=locale.separator).encode(locale.encoding, errors="replace")


@pytest.mark.parametrize("country", LOCALES)
def test_csv_files_of_a_country(company, figures, country):
    files = {f"{name}.csv": written(frame, LOCALES[country]) for name, frame in company.items()}
    assert values(scorecard_of(read_company(files))) == figures


@pytest.mark.slow
def test_a_workbook(company, figures, tmp_path):
    with pd.ExcelWriter(tmp_path / "company.xlsx") as book:
        for name, frame in company.items():
            frame.to_excel(book, sheet_name=name, index=False)
    assert values(scorecard_of(read_company(tmp_path / "company.xlsx"))) == figures


def test_parquet_files_and_frames(company, figures):
    files = {}
    for name, frame in company.items():
        held = io.BytesIO()
        mixed = frame.columns[[kind.kind == "O" for kind in frame.dtypes]]
        # From NumPy arrays: astype of pandas before 3 would spell a blank "None".
        texts = {one: pd.Series(frame[one].to_numpy(), frame.index, dtype="str") for one in mixed}
        frame.assign(**texts).to_parquet(held)
        files[f"{name}.parquet"] = held.getvalue()
    assert values(scorecard_of(read_company(files))) == figures
    assert values(scorecard_of(read_company(company))) == figures


def test_a_dashboard_of_a_folder(company, tmp_path):
    for name, frame in company.items():
        (tmp_path / f"{name}.csv").write_bytes(written(frame, LOCALES["Germany"]))
    shown = figures_of(dashboard("scorecard", tmp_path))
    lines = scorecard(company).lines
    assert shown == {line.title: line.unit.text(line.value) for line in lines}


def test_what_was_said_of_a_locale_changes_nothing_that_the_files_tell(company, figures):
    files = {f"{name}.csv": written(frame, LOCALES["Germany"]) for name, frame in company.items()}
    assert values(scorecard_of(read_company(files, Said(decimal=".")))) == figures
