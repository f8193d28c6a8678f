"""`csmetrics change FILE` and `csmetrics why FILE`: did a metric move between two periods, and why."""

from pathlib import Path
from typing import Annotated, Any

import typer

from csmetrics_addin.files import Tables
from csmetrics_addin.opening import typed_value
from csmetrics_addin.results import print_json, records, result_table, show_notes
from csmetrics_addin.terminal import Problem, nearest, plain, screen, styled
from csmetrics_core import lookup
from csmetrics_core.headings import find_heading
from csmetrics_core.spec import FRACTION, PROBABILITY, Metric
from csmetrics_core.tables.questions import answered

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
    as_json: _Json = False,
) -> None:
    """Tell whether a metric really moved: csmetrics change answers.csv --metric nps --from 2026-08 --to 2026-09."""
    declared = lookup(metric)
    named = _named(declared, values) | {"periods": period, "before": before, "after": after, "customers": customers}
    _tell("csm_change", declared, Tables(file), named, as_json)


@app.command()
def why(
    file: _File,
    metric: _Named,
    by: Annotated[
        list[str],
        typer.Option("--by", help="The heading of the segments; a second one goes inside.", show_default=False),
    ],
    before: _From = None,
    after: _To = None,
    period: _Period = None,
    customers: _Customers = None,
    values: _Set = None,
    as_json: _Json = False,
) -> None:
    """Tell why a metric moved: csmetrics why answers.csv --metric nps --by Segment --from 2026-08 --to 2026-09."""
    declared = lookup(metric)
    named = _named(declared, values) | {"periods": period, "before": before, "after": after, "customers": customers}
    _tell("csm_why", declared, Tables(file), named | {"groups": by[0] if len(by) == 1 else by}, as_json)


def _named(declared: Metric, values: list[str] | None) -> dict[str, Any]:
    """The metric's own arguments as typed: a heading, or a value."""
    given: dict[str, Any] = {}
    for text in values or ():
        name, equals, value = text.partition("=")
        if not equals or name not in declared.names:
            raise Problem(f"{plain(text)} names no argument of {declared.name}", nearest(name, list(declared.names)))
        given[name] = typed_value(value)
    return given


def _tell(question: str, declared: Metric, book: Tables, named: dict[str, Any], as_json: bool) -> None:
    from pandas import DataFrame

    given = {name: value for name, value in named.items() if value is not None}
    table = DataFrame(_table(book, declared, given), dtype=object)
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


def _shown(question: str, declared: Metric, columns: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
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
        return columns, units
    rows = [k for k, step in enumerate(columns["step"]) if step in ("total", "segment")]
    names = ("part", "group", "share_before", "share_after", "before", "after", "effect", "low", "high", "note")
    return {name: [columns[name][k] for k in rows] for name in names}, units


def _table(book: Tables, declared: Metric, given: dict[str, Any]) -> dict[str, list[Any]]:
    """The table of a file that has the columns named, and the metric's."""
    tables = book.tables()
    wanted = [one for value in given.values() for one in (value if isinstance(value, list) else [value])]
    wanted = [one for one in wanted if isinstance(one, str)]
    first = declared.names[0]
    ranked = sorted(
        tables.values(),
        key=lambda table: (
            -sum(one in table for one in wanted),
            not any(find_heading(name, list(table)) for name in (first, declared.name)),
        ),
    )
    if not ranked:
        raise book.without_table()
    return dict(ranked[0])
