"""What goes wrong with tables: a clear error or a right result, never a silently different one."""

import json
import os
import re
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from datetime import date, datetime, timezone
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from csmetrics_addin.cli.app import main
from frames import plain, spark_session

import csmetrics_core as core
from csmetrics_core import MetricError, tables

AS_OF = date(2026, 1, 1)


def months(rows: list[tuple[Any, Any, Any]]) -> pa.Table:
    customer, month, mrr = zip(*rows, strict=True)
    return pa.table({"customer": list(customer), "month": pa.array(month, pa.date32()), "mrr": list(mrr)})


JANUARY, FEBRUARY = date(2025, 1, 1), date(2025, 2, 1)


@pytest.mark.parametrize("kind", [pa.Table, pd.DataFrame])
def test_a_missing_column_is_named_and_what_is_there_is_listed(kind: type) -> None:
    table = months([("A", JANUARY, 1.0)]).rename_columns(["customer", "month", "sum"])
    with pytest.raises(
        MetricError, match=r"no column for mrr\. Name it: mrr='\.\.\.'\. The columns are customer, month, sum"
    ):
        tables.mrr_movements(table if kind is pa.Table else table.to_pandas())
    assert plain(tables.mrr_movements(table, mrr="SUM"))["closing"] == [1]


def test_a_column_of_another_type_is_refused_with_all_types() -> None:
    table = duckdb.sql("SELECT 'A' AS customer, '2025-01' AS month, 1.0::DOUBLE AS mrr")
    with pytest.raises(
        MetricError, match=r"column 'month', read as month, holds String; expected dates.*mrr \(Float64\)"
    ):
        tables.mrr_movements(table)


@pytest.mark.parametrize("kind", ["pyarrow", "pandas", "objects", "polars"])
@pytest.mark.parametrize(
    "months",
    [["2025-01", "2025-02"], ["Jan 2025", "Feb 2025"], ["31.01.2025", "28.02.2025"], ["01/31/2025", "2/28/2025"]],
)
def test_dates_that_are_text_in_a_frame_are_read_as_those_of_files(kind: str, months: list[str]) -> None:
    columns = {"customer": ["A", "A"], "month": months, "mrr": [1.0, 3.0]}
    objects = pd.DataFrame(columns, dtype=object).astype({"mrr": float})
    made = {"pyarrow": pa.table, "pandas": pd.DataFrame, "polars": pl.DataFrame, "objects": lambda _: objects}
    result = plain(tables.mrr_movements(made[kind](columns), as_of=date(2025, 3, 1)))
    assert [str(month)[:7] for month in result["month"]] == ["2025-01", "2025-02"]
    assert result["closing"] == [1, 3]


@pytest.mark.parametrize(
    ("months", "problem"),
    [
        (["01/02/2025", "02/03/2025"], "column 'month': dates can be read in two ways: row 1 is '01/02/2025'"),
        (["2025-01", "soon"], "column 'month': row 2 is 'soon'; expected a date"),
    ],
)
def test_text_that_is_no_date_or_two_is_refused_with_its_row(months: list[str], problem: str) -> None:
    table = pd.DataFrame({"customer": ["A", "A"], "month": months, "mrr": [1.0, 3.0]})
    with pytest.raises(MetricError, match=re.escape(problem)):
        tables.mrr_movements(table)


def test_names_are_matched_without_case_and_signs_and_the_report_says_how() -> None:
    table = months([("A", JANUARY, 1.0)]).rename_columns(["Account-ID", "Billing Month", "Monthly Recurring Revenue"])
    notes: list[str] = []
    tables.mrr_movements(table, as_of=AS_OF, notes=notes)
    assert notes == ["read 'Account-ID' as customer, 'Billing Month' as month, 'Monthly Recurring Revenue' as mrr"]


def test_a_month_that_is_not_over_is_left_out_and_said_so() -> None:
    table = months([("A", JANUARY, 1.0), ("A", FEBRUARY, 2.0)])
    notes: list[str] = []
    result = tables.mrr_movements(table, as_of=date(2025, 2, 27), notes=notes)
    assert plain(result)["closing"] == [1]
    assert notes == ["months left out because they are not over: 1"]
    today = datetime.now(timezone.utc).date()
    with pytest.raises(MetricError, match="no month of the table is over"):
        tables.mrr_movements(months([("A", today, 1.0)]))


def test_a_credit_beyond_what_is_paid_is_refused_by_name() -> None:
    table = months([("Bo", FEBRUARY, -5.0), ("A", JANUARY, 1.0)])
    with pytest.raises(MetricError, match=r"mrr of customer 'Bo' in 2025-02 adds up to -5\.00"):
        tables.mrr_movements(table)


def test_an_amount_too_large_for_exact_cents_is_refused() -> None:
    for amount in (1e14, float("inf")):
        with pytest.raises(MetricError, match="90 trillion"):
            tables.mrr_movements(months([("A", JANUARY, amount)]))


def test_a_time_zone_decides_the_day_and_is_never_guessed() -> None:
    late = [datetime(2025, 1, 31, 23, 30, tzinfo=timezone.utc)]
    table = pa.table({"user": ["A"], "timestamp": pa.array(late, pa.timestamp("us", tz="UTC"))})
    for zone, day in (("UTC", "2025-01-31"), ("Asia/Tokyo", "2025-02-01")):
        assert plain(tables.active_users(table.to_pandas(), time_zone=zone))["date"] == [day]
        assert plain(tables.active_users(table, time_zone=zone))["date"] == [day]
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    with pytest.raises(MetricError, match=r"read in the session's time zone, UTC, but Asia/Tokyo is wanted"):
        tables.active_users(connection.from_arrow(table), time_zone="Asia/Tokyo")


CONTRACT = {"customer": "A", "start": JANUARY, "amount": 10.0, "interval": "month", "currency": "EUR"}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"currency": None}, "different currencies: EUR, blank"),
        ({"currency": "USD"}, "different currencies: EUR, USD"),
        ({"interval": "fortnight"}, "interval is 'fortnight'; expected months or one of"),
        ({"interval": "0"}, "interval is 0 or negative"),
        ({"amount": -1.0}, "amount of customer 'A' is -1; expected 0 or more"),
        ({"end": date(2024, 12, 1)}, "ends on 2024-12-01, before its start on 2025-01-01"),
        ({"kind": "gift"}, "kind is 'gift'; expected one of recurring"),
    ],
)
def test_contracts_that_make_no_sense_are_refused(change: dict, words: str) -> None:
    rows = [CONTRACT | {"end": None, "kind": "recurring"}, CONTRACT | {"end": None, "kind": "recurring"} | change]
    frame = pd.DataFrame(rows)
    frame["start"] = pd.to_datetime(frame["start"])
    frame["end"] = pd.to_datetime(frame["end"])
    with pytest.raises(MetricError, match=words):
        tables.contract_months(frame, as_of=AS_OF)


def test_a_missing_rate_is_refused_with_its_month() -> None:
    frame = pd.DataFrame([CONTRACT]).assign(start=pd.Timestamp(JANUARY))
    rates = pd.DataFrame({"currency": ["EUR"], "month": [pd.Timestamp(JANUARY)], "rate": [1.0]})
    with pytest.raises(MetricError, match="rates has none for EUR in 2025-02"):
        tables.contract_months(frame, rates=rates, as_of=date(2025, 3, 1))


def test_invoice_lines_without_an_interval_take_it_from_their_period() -> None:
    lines = pd.DataFrame(
        {"customer": ["A", "B"], "start": ["2025-01-15"] * 2, "end": ["2026-01-15", "2025-04-15"], "amount": [1200, 30]}
    )
    lines = lines.astype({"start": "datetime64[s]", "end": "datetime64[s]"})
    result = tables.contract_months(lines, as_of=date(2025, 3, 1))
    assert result["mrr"].tolist() == [100, 100, 10, 10]


@pytest.fixture
def many(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "many.parquet"
    duckdb.execute(
        f"COPY (SELECT 'customer ' || (i // 6) AS customer, DATE '2025-01-01' + INTERVAL (i % 6) MONTH AS month, "
        f"(hash(i) % 100000) / 100.0::DOUBLE AS mrr FROM range(1_500_000) t(i)) TO '{path}'"
    )
    return path


def limited(path: Path, spill: Path, room: str) -> duckdb.DuckDBPyRelation:
    connection = duckdb.connect()
    connection.execute("SET memory_limit = '60MB'")
    connection.execute("SET threads = 1")
    connection.execute(f"SET temp_directory = '{spill}'")
    connection.execute(f"SET max_temp_directory_size = '{room}'")
    return connection.read_parquet(str(path))


def test_a_table_larger_than_memory_spills_and_a_full_disk_is_an_error(many: Path, tmp_path: Path) -> None:
    whole = plain(tables.mrr_movements(duckdb.connect().read_parquet(str(many)), as_of=AS_OF))
    assert plain(tables.mrr_movements(limited(many, tmp_path / "spill", "2GB"), as_of=AS_OF)) == whole
    with pytest.raises(MetricError, match=r"the engine failed: .*offload.*a folder with more room"):
        tables.mrr_movements(limited(many, tmp_path / "full", "1MB"), as_of=AS_OF)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 20 MB, which only an administrator of Linux can make."""
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("a small disk can be made by root on Linux only")
    disk = tmp_path / "small"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=20m", "tmpfs", str(disk)], check=True)
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


def test_a_disk_that_is_really_full_is_an_error_and_leaves_nothing_behind(many: Path, small_disk: Path) -> None:
    with pytest.raises(MetricError, match=r"the engine failed: .*a folder with more room"):
        tables.mrr_movements(limited(many, small_disk / "spill", "2GB"), as_of=AS_OF)
    (small_disk / "fits").write_bytes(bytes(15_000_000))


WRITES_TOO_MUCH = """
import resource, signal, sys
from datetime import date
import duckdb
from csmetrics_core import MetricError, tables
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, 2_000_000))
connection = duckdb.connect()
for name, value in (("memory_limit", "60MB"), ("threads", "1"), ("temp_directory", sys.argv[2])):
    connection.execute(f"SET {name} = '{value}'")
try:
    print(tables.mrr_movements(connection.read_parquet(sys.argv[1]), as_of=date(2026, 1, 1)))
except MetricError as error:
    print("refused:", error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on the size of files")
def test_a_write_the_system_refuses_is_an_error(many: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-c", WRITES_TOO_MUCH, str(many), str(tmp_path / "spill")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("refused: the engine failed: "), done.stdout
    assert "a folder with more room" in done.stdout


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """The command, as a person types it; gives its exit code."""

    def typed(*arguments: str) -> int:
        monkeypatch.setattr(sys, "argv", ["csmetrics", *arguments])
        try:
            main()
        except SystemExit as stop:
            return int(stop.code or 0)
        return 0

    return typed


def test_a_parquet_file_cut_short_is_one_sentence(
    many: Path, run: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    cut = many.with_name("cut.parquet")
    cut.write_bytes(many.read_bytes()[:100_000])
    assert run("report", str(cut)) == 3
    assert "No magic bytes found" in capsys.readouterr().err


def test_a_parquet_file_cut_short_or_damaged_gives_no_number(many: Path) -> None:
    whole = many.read_bytes()
    lazy = pl.scan_parquet(many)
    many.write_bytes(whole[:1000] + bytes(len(whole) // 2) + whole[1000 + len(whole) // 2 :])
    for frame in (duckdb.connect().read_parquet(str(many)), pl.scan_parquet(many)):
        with pytest.raises(MetricError, match="the engine failed"):
            tables.mrr_movements(frame, as_of=AS_OF)
    many.write_bytes(whole[:100_000])
    for frame in (lazy, pl.scan_parquet(many)):
        with pytest.raises(MetricError, match="the engine failed"):
            tables.mrr_movements(frame, as_of=AS_OF)


def test_a_report_of_several_files_a_workbook_and_an_unknown_table(
    many: Path, tmp_path: Path, run: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    table = pq.read_table(many).slice(0, 6000)
    for part in (0, 1):
        pq.write_table(table.slice(part * 3000, 3000), tmp_path / f"part{part}.parquet")
    table.to_pandas().to_excel(tmp_path / "book.xlsx", index=False)
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    assert run("report", str(tmp_path / "part*.parquet"), "--as-of", "2025-07-01", "--memory", "1GB") == 0
    parts = capsys.readouterr().out
    assert "MRR movements" in parts
    assert run("report", str(tmp_path / "book.xlsx"), "--as-of", "2025-07-01") == 0
    assert capsys.readouterr().out == parts
    assert run("report", str(tmp_path / "other.csv")) == 3
    assert "no metric fits the columns a, b" in " ".join(capsys.readouterr().out.split())
    assert run("report", str(tmp_path / "nothing*.csv")) == 2


@pytest.mark.host
def test_a_killed_spark_task_is_tried_again_and_a_lost_one_is_an_error(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        table = months([(f"C{i % 50}", date(2025, 1 + i % 9, 1), float(i)) for i in range(2000)])
        frame = spark_session().createDataFrame(table).repartition(2)
        killed = str(tmp_path / "killed")

        def dies_once(batches: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
            for batch in batches:
                if not os.path.exists(killed):
                    open(killed, "w").close()
                    os._exit(9)
                yield batch

        def dies(batches: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
            yield from (os._exit(9) for _ in batches)

        schema = "customer string, month date, mrr double"
        again = tables.mrr_movements(frame.mapInPandas(dies_once, schema), as_of=AS_OF)
        assert os.path.exists(killed)
        assert plain(again) == plain(tables.mrr_movements(table, as_of=AS_OF))
        with pytest.raises(MetricError, match=r"the engine failed: .*(Python worker exited|due to stage failure)"):
            tables.mrr_movements(frame.mapInPandas(dies, schema), as_of=AS_OF)


def test_a_report_takes_the_scale_of_a_survey(
    tmp_path: Path, run: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "answers.csv"
    file.write_text("ces\n1\n2\n4\n5\n")
    values = []
    for more in ((), ("--set", "ces.scale_max=5"), ("--set", "ces.scale_max=5", "--set", "ces.easy=low")):
        assert run("report", str(file), "--json", *more) == 0
        values.append(json.loads(capsys.readouterr().out)[0]["rows"][0]["value"])
    assert values == [core.ces([1, 2, 4, 5], 7), core.ces([1, 2, 4, 5], 5), core.ces([1, 2, 4, 5], 5, "low")]
    assert run("report", str(file), "--set", "ces.scale=5") == 2
    assert "ces.scale_max" in " ".join(capsys.readouterr().err.split())
