"""`csmetrics reconcile METRIC REPORTED VALUES`: which documented convention gives a figure from elsewhere."""

from math import isnan
from pathlib import Path
from typing import Annotated, Any

import typer

from csmetrics_addin.cli import entrance
from csmetrics_addin.cli.entrance import typed_value
from csmetrics_addin.cli.pointing import Asked, Book, asked
from csmetrics_addin.cli.results import print_json, show_notes
from csmetrics_addin.cli.terminal import Problem, grid, nearest, screen, styled
from csmetrics_core import Reconciliation, lookup
from csmetrics_core.conventions import CONVENTIONS
from csmetrics_core.conventions.reconcile import CLOSEST, REPRODUCES, Line
from csmetrics_core.conventions.reconcile import reconcile as compare
from csmetrics_core.declaration.spec import Argument, Metric, Role
from csmetrics_core.metrics.about import signature_text

app = typer.Typer(add_completion=False)


@app.command(context_settings={"ignore_unknown_options": True})
def reconcile(
    metric: Annotated[str, typer.Argument(help="The metric, such as churn_rate.", show_default=False)],
    reported: Annotated[str, typer.Argument(help="The figure as reported, such as 2.4% or 0.024.", show_default=False)],
    values: Annotated[
        list[str],
        typer.Argument(
            help="The metric's arguments in their order, or as name=value; a range is a heading of the file, or "
            "values with commas between them.",
            show_default=False,
        ),
    ],
    file: Annotated[
        Path | None, typer.Option("--file", "-f", help="Workbook (.xlsx) or CSV file.", show_default=False)
    ] = None,
    dates: entrance.Dates = None,
    decimal: entrance.Decimal = None,
    encoding: entrance.Encoding = None,
    delimiter: entrance.Delimiter = None,
    totals: entrance.Totals = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Find the convention behind a reported figure: csmetrics reconcile churn_rate 1.5% 18 1126 85."""
    declared = lookup(metric)
    if declared.name not in CONVENTIONS:
        known = ", ".join(sorted(CONVENTIONS))
        raise Problem(f"no conventions are recorded for {declared.name}", f"They are for {known}.")
    said = entrance.said(dates=dates, decimal=decimal, encoding=encoding, delimiter=delimiter, totals=totals)
    book = Book(file, said) if file else None
    found = compare(declared.name, reported, **_arguments(declared, values, book))
    notes = book.notes if book else []
    if as_json:
        print_json(_as_json(found) | {"notes": notes})
    else:
        _print(found)
        show_notes(notes)


def _arguments(declared: Metric, values: list[str], book: Book | None) -> dict[str, Any]:
    """What was typed, by argument."""
    given: dict[str, Any] = {}
    wanted: dict[str, Asked] = {}
    for place, word in enumerate(values):
        name, equals, text = word.partition("=")
        if not (equals and name in declared.names):
            if equals and name.isidentifier():
                raise Problem(f"{declared.name} has no argument {name}", nearest(name, declared.names))
            if place >= len(declared.names):
                problem = f"{declared.name} takes {len(declared.names)} values, {len(values)} were given"
                raise Problem(problem, f"In this order: {signature_text(declared)}.")
            name, text = declared.names[place], word
        given[name] = _typed(declared.argument(name), text, in_file=book is not None)
        if isinstance(given[name], Asked):
            wanted[name] = given[name]
    read = book.read(wanted) if book else {}
    return given | {name: cells.values for name, cells in read.items()}


def _typed(argument: Argument, text: str, *, in_file: bool) -> Any:
    """A word, a value, cells of the file, or values with commas between them."""
    value = typed_value(text)
    if argument.role is Role.CHOICE or not isinstance(value, str):
        return [value] if argument.is_range and value is not None else value
    if in_file:
        return asked(argument, text)
    return [typed_value(part) for part in text.split(",")] if argument.is_range else text


def _print(found: Reconciliation) -> None:
    """The answer, then every convention that has a value; what the others need stands below."""
    terminal = screen()
    valued = [line for line in found.lines if not isnan(line.value)]
    columns = [("Convention", "left"), ("Value", "right"), ("Gap", "right"), ("", "left"), ("Used by", "left")]
    title = f"{found.metric.title}, reported {found.reported}"
    terminal.print(grid(columns, [_row(found, line) for line in valued], title))
    for line in found.lines:
        if isnan(line.value):
            terminal.print(styled(f"{line.convention} ({line.used_by}): {line.verdict}", "dim"), soft_wrap=True)
    terminal.print()
    terminal.print(styled(found.summary, "bold"), soft_wrap=True)


def _row(found: Reconciliation, line: Line) -> tuple[object, ...]:
    style = {REPRODUCES: "bold green", CLOSEST: "yellow"}.get(line.verdict, "")
    gap = found.shown_gap(line.gap).replace("percentage points", "pp")
    return line.convention, found.shown(line.value), gap, styled(line.verdict, style), line.used_by


def _as_json(found: Reconciliation) -> dict[str, Any]:
    lines = [{name: None if value != value else value for name, value in vars(line).items()} for line in found.lines]
    return {
        "metric": found.metric.name,
        "reported": found.reported.value,
        "reproduced_by": list(found.reproduced_by),
        "summary": found.summary,
        "conventions": lines,
    }
