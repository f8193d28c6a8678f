"""Two files about the same revenue: each difference told by its rule, to the cent."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from csmetrics_addin.cli.app import app
from frames import on_engine, plain
from ledger_cases import CASES, day, lines_table
from typer.testing import CliRunner

import csmetrics_core as core
from csmetrics_core import tables
from csmetrics_core.reductions.compare import matched, plain_name

CASE = CASES["29-compare"]
AT = day("2026-03-31")


def compare(left: list[dict], right: list[dict], engine: str = "PyArrow", **options: Any) -> Any:
    sides = [on_engine(engine, lines_table(rows)) for rows in (left, right)]
    rates, other = (CASE["options"][side]["rates"] for side in ("left", "right"))
    return tables.arr_compare(*sides, AT, end_is="first_unpaid", rates=rates, rates_right=other, **options)


@pytest.mark.parametrize("engine", ["pandas", "Polars", "DuckDB", "PyArrow"])
def test_every_rule_once_two_at_once_and_one_unexplained(engine: str) -> None:
    got = plain(compare(CASE["left"], CASE["right"], engine))
    rows = {row[0]: dict(zip(got, row, strict=True)) for row in zip(*got.values(), strict=True)}
    for wanted in CASE["out"]["customers"]:
        shown = "; ".join(f"{name}: {amount:,.2f}" for name, amount in wanted["rules"])
        assert {name: rows[wanted["customer"]][name] for name in wanted} == {**wanted, "rules": shown}
    steps = plain(compare(CASE["left"], CASE["right"], engine, steps=True))
    assert [list(step) for step in zip(*steps.values(), strict=True)] == CASE["out"]["waterfall"]


def test_a_file_equals_itself_and_swapped_files_negate() -> None:
    same = [on_engine("PyArrow", lines_table(CASE["left"]))] * 2
    own = plain(tables.arr_compare(*same, AT, end_is="first_unpaid", rates={"EUR": 1.2}))
    assert not any((*own["difference"], *own["rules"]))
    there = compare(CASE["left"], CASE["right"])
    sides = [lines_table(rows) for rows in (CASE["right"], CASE["left"])]
    back = tables.arr_compare(*sides, AT, end_is="first_unpaid", rates={"EUR": 1.1}, rates_right={"EUR": 1.2})
    one, other = (dict(zip(plain(f)["customer"], plain(f)["difference"], strict=True)) for f in (there, back))
    assert one == {name: -value for name, value in other.items()}
    # One side reads a discount, an end or a trial otherwise, whichever side it is.
    assert np.abs(plain(back)["unexplained"]).sum() == 30


def test_left_and_rules_and_the_rest_are_right() -> None:
    rng = np.random.default_rng(8)
    rows = [
        {
            "customer": f"C{i}", "start": "2026-01-01", "end": ["2027-01-01", "2026-03-31"][int(rng.integers(2))],
            "amount": round(float(rng.gamma(2, 500)), 2), "interval": ["month", "year"][int(rng.integers(2))],
        }
        for i in range(40)
    ]  # fmt: skip
    other = [{**row, "interval": "year"} if rng.random() < 0.5 else row for row in rows[:35]]
    got = plain(compare(rows, other))
    steps = plain(compare(rows, other, steps=True))["amount"]
    assert round(sum(steps[:-1]), 2) == steps[-1]
    assert [round(b - a, 2) for a, b in zip(got["left"], got["right"], strict=True)] == got["difference"]


def test_names_match_without_case_accents_and_legal_form_where_unique() -> None:
    assert plain_name("Société  Générale, S.A.") == plain_name("SOCIETE GENERALE") == "societe generale"
    assert plain_name("Ltd") == "ltd"
    pairs = matched(["Acme Inc", "7", "Bolt AG", "bolt"], ["ACME", "7", "Bolt GmbH"])
    assert {("Acme Inc", "ACME", "name"), ("7", "7", "id"), ("Bolt AG", None, ""), (None, "Bolt GmbH", "")} < set(pairs)


def test_near_names_are_only_said() -> None:
    explained = core.explain("arr_compare", ["Northwind"], [10], ["Nortwind"], [10])
    assert (
        explained.value["rules"] == ["only in left: -10.00", "only in right: 10.00"]
        or len(explained.value["left"]) == 2
    )
    assert any("spelt nearly alike" in note for note in explained.notes)


def test_ends_read_as_last_days_are_told_the_other_way_round() -> None:
    row = {"customer": "A", "start": "2026-01-01", "amount": 1200, "interval": "year"}
    left, right = ({**row, "end": end} for end in ("2026-03-31", "2026-03-31"))
    sides = [pa.table(lines_table([side])) for side in (left, right)]
    got = plain(tables.arr_compare(sides[0], sides[1], AT, end_is="last_day"))
    assert (got["left"], got["right"], got["rules"]) == ([1200], [1200], [""])


def test_the_command_compares_two_files(tmp_path: Path) -> None:
    header = "Customer,Start Date,End Date,Amount,Interval\n"
    files = []
    for name, rows in (("billing", ("300,month", "500,year")), ("crm", ("300,year", "500,year"))):
        lines = [f"{who},2026-01-01,2027-01-01,{row}\n" for who, row in zip(("Acme Inc", "B"), rows, strict=True)]
        files.append(tmp_path / f"{name}.csv")
        files[-1].write_text(header + "".join(lines))
    runner = CliRunner(env={"COLUMNS": "100", "NO_COLOR": "1", "TERM": "dumb"})
    words = ["compare", *map(str, files), "--as-of", "2026-03-31", "--ends", "first-unpaid"]
    done = runner.invoke(app, words)
    assert done.exit_code == 0, done.output
    assert "interval misread, x 1/12" in done.output
    files[1].write_text(files[1].read_text().replace("B,2026-01-01,2027-01-01,500", "B,2026-01-01,2027-01-01,530"))
    assert runner.invoke(app, words).exit_code == 1
    asked = runner.invoke(app, [*words[:-1], "whenever"])
    assert asked.exit_code not in (0, 1)
