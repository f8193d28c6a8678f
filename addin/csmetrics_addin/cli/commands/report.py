"""`csmetrics report FILE|GLOB`: every metric that a file's columns allow, also from files larger than memory."""

from __future__ import annotations

import re
import sys
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from glob import glob
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from csmetrics_addin.cli import entrance
from csmetrics_addin.cli.frames import (
    PARQUET,
    TEXT,
    WORKBOOKS,
    RatesFile,
    Table,
    by_duckdb,
    by_entrance,
    by_spark,
    fit_in_memory,
    rates_of,
    unreadable,
)
from csmetrics_addin.cli.results import print_json, records, result_table
from csmetrics_addin.cli.terminal import BAD_DATA, Problem, plain, screen, styled
from csmetrics_core.declaration.catalog import CATALOG
from csmetrics_core.errors import MetricError
from csmetrics_core.tables.frames import EngineFailed, engine_failed, known_time_zone
from csmetrics_core.tables.report import SURVEYS, Asked, Recipe, Section, columns_of, fitting, section

if TYPE_CHECKING:
    from csmetrics_core.files import Said, Wait

app = typer.Typer(add_completion=False)
_SIZE = re.compile(r"\d+(\.\d+)?\s*(KB|MB|GB|TB|KiB|MiB|GiB|TiB)", re.IGNORECASE)
_LAST = 12  # rows of a table by month or day on the screen


@app.command()
def report(
    files: Annotated[str, typer.Argument(metavar="FILE|GLOB|FOLDER", help="CSV, Parquet or Excel; quote a glob.")],
    by: Annotated[list[str] | None, typer.Option("--by", help="Column to group survey metrics and FCR by.")] = None,
    as_of: Annotated[
        datetime | None,
        typer.Option("--as-of", formats=["%Y-%m-%d"], help="Day the data were taken; later periods are left out."),
    ] = None,
    time_zone: Annotated[str, typer.Option("--time-zone", help="Zone whose days count.")] = "UTC",
    memory: Annotated[str, typer.Option("--memory", help="Memory limit, such as 3GB.")] = "",
    spill: Annotated[Path | None, typer.Option("--spill", help="Folder for what does not fit in memory.")] = None,
    engine: Annotated[str, typer.Option("--engine", help="duckdb or spark.")] = "duckdb",
    master: Annotated[str, typer.Option("--master", help="Spark master URL; local[*] is this machine.")] = "local[*]",
    options: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="METRIC.ARGUMENT=VALUE", help="A survey's scale or line, as ces.scale_max=5."),
    ] = None,
    dates: entrance.Dates = None,
    decimal: entrance.Decimal = None,
    encoding: entrance.Encoding = None,
    delimiter: entrance.Delimiter = None,
    column: entrance.Columns = None,
    table: entrance.Tables = None,
    totals: entrance.Totals = None,
    rate: entrance.Rates = None,
    rates: RatesFile = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Report every metric that the columns of a file, a folder or a glob allow."""
    if memory and not _SIZE.fullmatch(memory.strip()):
        raise Problem(f"--memory {plain(memory)} is no size", "Give one such as 3GB.")
    if rate and rates:
        raise Problem("--rate and --rates are both given", "Give one rate for all months, or a file of rates by month.")
    told = entrance.said(
        dates=dates, decimal=decimal, encoding=encoding, delimiter=delimiter, column=column, table=table, totals=totals,
        rate=rate, own_currencies=rates is not None,
    )  # fmt: skip
    try:
        known_time_zone(time_zone)
    except MetricError:
        raise Problem(f"--time-zone {plain(time_zone)} is no zone", "Give one such as Europe/Berlin.") from None
    notes: list[str] = []
    asked = Asked(
        tuple(by or ()), as_of.date() if as_of else None, time_zone, rates_of(rates, told, notes),
        _options(options or []),
    )  # fmt: skip
    paths = _found(files)
    if engine not in ("duckdb", "spark"):
        raise Problem(f"there is no engine {plain(engine)}", "There are: duckdb, spark.")
    with closing(_tables(paths, told, engine, time_zone, memory, spill, master)) as tables:
        done = [part for one in tables for part in _sections(one, asked)]
    done = [(name, replace(part, notes=(*part.notes, *notes))) for name, part in done]
    if as_json:
        print_json([_as_data(name, part) for name, part in done])
    else:
        for name, part in done:
            _show(name if len({n for n, _ in done}) > 1 else "", part)
    if all(part.problem for _, part in done):
        raise typer.Exit(BAD_DATA)


def _tables(
    paths: list[Path], told: Said, engine: str, time_zone: str, memory: str, spill: Path | None, master: str
) -> Generator[Table, None, None]:
    """The tables of files; those that do not fit in memory one after the other, as long as they are looked at."""
    if told.rates and (engine == "spark" or not fit_in_memory(paths)):
        raise Problem("--rate is for smaller files", "Give --rates FILE, with a rate for each currency and month.")
    if engine == "spark":
        yield from by_spark(paths, time_zone, master)
    elif fit_in_memory(paths):
        yield from by_entrance(paths, told)
    else:
        if told.dates not in (None, "dmy", "mdy"):
            raise Problem("larger files have one order of dates", "Say --dates dmy or --dates mdy.")
        yield from by_duckdb(paths, time_zone, memory, spill, told.dates)


def _options(given: list[str]) -> dict[str, dict[str, Any]]:
    """Arguments of survey metrics, as their declaration names them."""
    found: dict[str, dict[str, Any]] = {}
    for text in given:
        name, _, value = text.partition("=")
        metric, _, argument = name.strip().partition(".")
        known = [a.name for a in CATALOG[metric].arguments[1:]] if metric in SURVEYS else []
        if argument not in known or not value.strip():
            ways = ", ".join(f"{m}.{a.name}" for m in SURVEYS for a in CATALOG[m].arguments[1:])
            raise Problem(f"--set {plain(text)} sets nothing", f"Give one such as ces.scale_max=5; there are {ways}.")
        number = re.fullmatch(r"-?\d+(\.\d+)?", value.strip())
        found.setdefault(metric, {})[argument] = float(value) if number else value.strip()
    return found


def _found(files: str) -> list[Path]:
    """The files meant, all of one kind."""
    folder = Path(files)
    names = (
        sorted(folder.rglob("*"))
        if folder.is_dir()
        else [folder]
        if folder.is_file()
        else map(Path, glob(files, recursive=True))
    )
    paths = sorted(p for p in names if p.is_file() and p.suffix.lower() in (*TEXT, *PARQUET, *WORKBOOKS))
    if not paths:
        raise Problem(f"there is no CSV, Parquet or Excel file {plain(files)}", "Check the name; quote a glob.")
    kinds = {p.suffix.lower() for p in paths}
    if len(kinds) > 1 or (kinds & set(WORKBOOKS) and len(paths) > 1):
        problem = f"{plain(files)} means files of several kinds: {', '.join(sorted(kinds))}"
        raise Problem(problem, "Give files of one kind; workbooks one at a time.")
    return paths


def _sections(table: Table, asked: Asked) -> Iterator[tuple[str, Section]]:
    """Compute what fits, one metric after the other, showing how far it has come; what waits says for what."""
    try:
        recipes = fitting(table.frame)
    except MetricError as error:
        why = next((_waiting(wait) for wait in table.waits), str(error))
        yield table.name, Section("Nothing", {}, {}, table.notes, why)
        return
    for recipe in recipes:
        used = {"", *columns_of(recipe, table.frame), *asked.by}
        wait = next((wait for wait in table.waits if wait.column in used), None)
        if wait is not None:
            yield table.name, Section(recipe.title, {}, {}, table.notes, _waiting(wait))
        else:
            part = _watched(recipe, table.frame, table.connection, asked)
            problem = part.problem
            if part.error is not None:
                part.error.fix = part.error.fix_as(entrance.as_option)
                problem = str(part.error)
            yield table.name, replace(part, notes=(*part.notes, *table.notes), problem=problem)


def _waiting(wait: Wait) -> str:
    return f"{wait.problem.rstrip('.')}. {entrance.fix_of(wait)}".strip()


def _watched(recipe: Recipe, frame: Any, connection: Any, asked: Asked) -> Section:
    bar = Progress(
        TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(),
        console=screen(error=True), transient=True, disable=not sys.stderr.isatty(),
    )  # fmt: skip
    furthest = 0.0
    with ThreadPoolExecutor(1) as pool, bar:
        task = bar.add_task(recipe.title, total=100)
        computing = pool.submit(_computed, recipe, frame, asked)
        while not computing.done():
            if connection is not None:
                furthest = max(furthest, connection.query_progress())
                bar.update(task, completed=furthest)
            try:
                computing.result(timeout=0.1)
            except TimeoutError:
                continue
            except KeyboardInterrupt:
                if connection is not None:
                    connection.interrupt()  # or the query would be waited for
                raise
    return computing.result()


def _computed(recipe: Recipe, frame: Any, asked: Asked) -> Section:
    try:
        return section(recipe, frame, asked)
    except Exception as error:
        # Engines have error families of their own; whatever they could not read or hold becomes a sentence.
        failed = error if isinstance(error, EngineFailed) else engine_failed(error)
        if failed is None:
            raise
        raise unreadable(failed) from None


def _as_data(name: str, part: Section) -> dict[str, Any]:
    return {
        "table": name,
        "title": part.title,
        "rows": records(dict(part.columns)) if part.columns else [],
        "notes": list(part.notes),
        **({"problem": part.problem} if part.problem else {}),
    }


def _show(name: str, part: Section) -> None:
    terminal = screen()
    title = f"{name}: {part.title}" if name else part.title
    if part.problem:
        terminal.print(styled(title, "bold"))
        terminal.print(styled(f"Not computed: {part.problem}"))
    else:
        columns = dict(part.columns)
        rows = len(next(iter(columns.values()), []))
        by_time = next(iter(columns), "") in ("month", "date", "period", "cohort")
        if by_time and rows > _LAST:
            columns = {n: values[-_LAST:] for n, values in columns.items()}
            title += f", the last {_LAST} of {rows}"
        if by_time:
            first = next(iter(columns))
            columns[first] = [v.date() if isinstance(v, datetime) else v for v in columns[first]]
        ages = [n for n in columns if n.startswith("age_")]
        terminal.print(result_table({n: v for n, v in columns.items() if n not in ages[9:]}, dict(part.units), title))
    for note in part.notes:
        terminal.print(styled(f"Note: {note}", "dim"))
    terminal.print()
