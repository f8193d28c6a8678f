"""`csmetrics change FILE` and `csmetrics why FILE`: did a metric move between two periods, and why."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from csmetrics_addin.cli import entrance
from csmetrics_addin.cli.entrance import typed_value
from csmetrics_addin.cli.places import Under
from csmetrics_addin.cli.pointing import Asked, Book, asked
from csmetrics_addin.cli.results import print_json, records, result_table, show_notes
from csmetrics_addin.cli.terminal import BAD_DATA, Problem, nearest, plain, screen, styled, working
from csmetrics_core import lookup
from csmetrics_core.company.company import Missing, month_number
from csmetrics_core.company.headline.why_files import why_in
from csmetrics_core.declaration.catalog import headline_metrics
from csmetrics_core.declaration.spec import FRACTION, PROBABILITY, Metric
from csmetrics_core.files.headings import find_heading
from csmetrics_core.tables.questions import answered, columns_of

if TYPE_CHECKING:
    from csmetrics_core.files.columns import Kind
    from csmetrics_core.files.table import Table

app = typer.Typer(add_completion=False)

_File = Annotated[Path, typer.Argument(help="Workbook (.xlsx) or CSV file.", show_default=False)]
_Named = Annotated[str, typer.Option("--metric", help="The metric, such as nps.", show_default=False)]
_From = Annotated[str | None, typer.Option("--from", help="The earlier period, such as 2026-08.", show_default=False)]
_To = Annotated[str | None, typer.Option("--to", help="The later period, such as 2026-09.", show_default=False)]
_Period = Annotated[
    str | None,
    typer.Option("--period", help="The heading of the periods; looked for, if left out.", show_default=False),
]
_Customers = Annotated[
    str | None, typer.Option("--customers", help="Whose row it is, where they come again.", show_default=False)
]
_Set = Annotated[
    list[str] | None,
    typer.Option("--set", help='An argument of the metric: scores="NPS score", scale_max=7.', show_default=False),
]
_HideBelow = Annotated[
    float | None,
    typer.Option("--hide-below", min=0, help="Tell segments with fewer observations together.", show_default=False),
]
_Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def change(
    file: _File,
    metric: _Named,
    before: _From = None,
    after: _To = None,
    period: _Period = None,
    customers: _Customers = None,
    values: _Set = None,
    dates: entrance.Dates = None,
    decimal: entrance.Decimal = None,
    encoding: entrance.Encoding = None,
    delimiter: entrance.Delimiter = None,
    totals: entrance.Totals = None,
    as_json: _Json = False,
) -> None:
    """Tell whether a metric really moved: csmetrics change answers.csv --metric nps --from 2026-08 --to 2026-09."""
    declared = lookup(metric)
    named = _named(declared, values) | {"periods": period, "before": before, "after": after, "customers": customers}
    said = entrance.said(dates=dates, decimal=decimal, encoding=encoding, delimiter=delimiter, totals=totals)
    _tell("csm_change", declared, Book(file, said), named, as_json)


@app.command()
@entrance.reads_files
def why(
    file: _File,
    metric: _Named,
    by: Annotated[
        list[str] | None,
        typer.Option(
            "--by",
            help="The heading of the segments; a second one goes inside. Without it, why a headline of the "
            "scorecard moved, from all tables of the file or folder.",
            show_default=False,
        ),
    ] = None,
    before: _From = None,
    after: _To = None,
    period: _Period = None,
    customers: _Customers = None,
    values: _Set = None,
    hide_below: _HideBelow = None,
    as_json: _Json = False,
    *,
    said: Any = None,
) -> None:
    """Tell why a metric moved: csmetrics why answers.csv --metric nps --by Segment --from 2026-08 --to 2026-09.

    Without --by it is a headline of the scorecard: csmetrics why company.xlsx --metric mrr.
    """
    declared = lookup(metric)
    named = _named(declared, values) | {"periods": period, "before": before, "after": after, "customers": customers}
    if by:
        named |= {"groups": by[0] if len(by) == 1 else by, "hide_below": hide_below}
        _tell("csm_why", declared, Book(file, said), named, as_json)
        return
    rest = {"--period": period, "--customers": customers, "--set": values}
    if wrong := [option for option, given in rest.items() if given]:
        raise Problem(f"{wrong[0]} belongs to --by", "Name the heading of the segments with --by too, or leave it out.")
    _tell_headline(file, said, declared, (before, after), hide_below, as_json)


def _tell_headline(
    file: Path,
    said: Any,
    declared: Metric,
    months: tuple[str | None, str | None],
    hide_below: float | None,
    as_json: bool,
) -> None:
    """Why a headline of the scorecard moved."""
    names = [one.name for one in headline_metrics()]
    if declared.name not in names:
        raise Problem(f"{declared.name} is no headline of a scorecard", "Name the segments with --by.")
    with working("Reading...") as step:
        reading = entrance.read_files([file], said)
        step(f"{declared.title}...")
        before, after = (_month(month) for month in months)
        try:
            why = why_in(reading, declared.name, before, after, hide_below)
        except Missing as lacking:
            fix = entrance.spelt(lacking.remedies)
            raise Problem(f"{declared.title}: {lacking}", fix, code=BAD_DATA) from lacking
    if as_json:
        found = {
            "metric": declared.name,
            "answer": why.sentence,
            "by": why.by,
            "rows": records(why.table),
            "notes": why.notes,
        }
        print_json(found | {"files": entrance.report_data(reading.report)})
        return
    screen().print(styled(why.sentence, "bold"), soft_wrap=True)
    screen().print()
    shown, units = _shown("csm_why", why.metric, why.table, dict.fromkeys(("total", "segment", why.by)))
    kept = {name: cells for name, cells in shown.items() if any(cell == cell and cell != "" for cell in cells)}
    screen().print(result_table(kept, units, f"{declared.title}, {why.metric.unit.name}"))
    show_notes(why.notes)
    entrance.show_report(reading.report)


def _month(text: str | None) -> int | None:
    if text is None:
        return None
    try:
        return month_number(text)
    except ValueError:
        raise Problem(f"{plain(text)} is no month", "Give the year and the month, such as 2026-09.") from None


def _named(declared: Metric, values: list[str] | None) -> dict[str, Any]:
    """The metric's own arguments as typed: a heading, or a value."""
    given: dict[str, Any] = {}
    for text in values or ():
        name, equals, value = text.partition("=")
        if not equals or name not in declared.names:
            raise Problem(f"{plain(text)} names no argument of {declared.name}", nearest(name, list(declared.names)))
        given[name] = typed_value(value)
    return given


def _tell(question: str, declared: Metric, book: Book, named: dict[str, Any], as_json: bool) -> None:
    from pandas import DataFrame

    given = {name: value for name, value in named.items() if value is not None}
    table = DataFrame(_read(book, lookup(question), declared, given), dtype=object)
    columns, notes = answered(lookup(question), table, declared.name, given)
    if as_json:
        print_json(
            {"metric": declared.name, "answer": notes[0], "rows": records(columns), "notes": [*notes[1:], *book.notes]}
        )
        return
    screen().print(styled(notes[0], "bold"), soft_wrap=True)
    screen().print()
    shown, units = _shown(question, declared, columns)
    screen().print(result_table(shown, units, f"{declared.title}, {declared.unit.name}"))
    show_notes([*notes[1:], *book.notes])


def _shown(
    question: str, declared: Metric, columns: Mapping[str, Any], steps: Iterable[str] = ("total", "segment")
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a screen has room for; JSON has all."""
    amounts = dict.fromkeys(("before", "after", "change", "effect", "low", "high"), declared.unit)
    units = {
        **amounts,
        "p_value": PROBABILITY,
        "p_holm": PROBABILITY,
        "share_before": FRACTION,
        "share_after": FRACTION,
    }
    if question == "csm_change":
        return dict(columns), units
    rows = [k for k, step in enumerate(columns["step"]) if step in steps]
    names = ("share_before", "share_after", "before", "after", "effect", "low", "high", "note")
    told = [_named_part(str(columns["part"][k]), str(columns["group"][k])) for k in rows]
    return {"part": told} | {name: [columns[name][k] for k in rows] for name in names}, units


def _named_part(part: str, group: str) -> str:
    """A part with its segment or customer, as the waterfall calls it: a narrow screen parts columns, never these."""
    return part if not group else group if part == "rest" else f"{group}, {part}"


def _read(book: Book, question: Metric, declared: Metric, given: dict[str, Any]) -> dict[str, list[Any]]:
    """The columns that are asked about, from the table of the file that has them, by heading."""
    table, sheet = _table(book, declared, given)
    headings = [heading for heading in dict.fromkeys(table.headings) if heading]
    under: dict[str, Under] = {}
    wanted: dict[str, Asked] = {}
    for argument, named in columns_of(question, declared, given, headings):
        for heading in named if isinstance(named, list) else [named]:
            at = table.headings.index(heading)
            if table.headings.count(heading) > 1:
                book.note(f"{sheet} has several columns called {heading}, of which the first counts.")
            under[heading] = Under(table, at, sheet)
            wanted[heading] = asked(argument, heading)
            if argument.name == "periods":
                wanted[heading] = Asked(heading, _kind_of_periods(book, table, at))
    return {heading: cells.values for heading, cells in book.of_table(under, wanted).items()}


def _kind_of_periods(book: Book, table: "Table", at: int) -> "Kind":
    """Days where all cells are days, or could be; else the names that periods have."""
    from csmetrics_core.files.columns import read_column

    read = read_column(table.column(at), "moment", table.at(table.headings[at]), book.said)
    return "moment" if read.questions or not read.unread.any() else "label"


def _table(book: Book, declared: Metric, given: dict[str, Any]) -> "tuple[Table, str]":
    """The table of a file that has the columns named, and the metric's; and its sheet."""
    found = [(table, sheet) for sheet, tables in book.found.items() for table in tables]
    wanted = [one for value in given.values() for one in (value if isinstance(value, list) else [value])]
    wanted = [one for one in wanted if isinstance(one, str)]
    first = declared.names[0]
    if not found:
        raise book.without_table()
    return min(
        found,
        key=lambda one: (
            -sum(name in one[0].headings for name in wanted),
            not any(find_heading(name, list(filter(None, one[0].headings))) for name in (first, declared.name)),
        ),
    )
