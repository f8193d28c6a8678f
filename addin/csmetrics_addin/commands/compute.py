"""`csmetrics compute METRIC FILE`: one metric from the columns of a file, its options read from the declaration."""

import inspect
import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from typer.core import TyperGroup
from typer.main import get_command

from csmetrics_addin.files import Book, Cells, typed_value
from csmetrics_addin.terminal import Problem, facts, grid, screen, styled
from csmetrics_core import CATALOG, lookup
from csmetrics_core.documentation import call_text
from csmetrics_core.errors import MetricError
from csmetrics_core.evaluate import evaluate
from csmetrics_core.explain import Explained, explained
from csmetrics_core.kinds import Text
from csmetrics_core.spec import Argument, Category, Metric, Role, Unit

_SHOWN = 20  # rows of a long result on the screen
Given = dict[str, Cells]


class MetricCommands(TyperGroup):
    """One command a metric, made from its declaration when it is asked for."""

    def list_commands(self, ctx: Any) -> list[str]:
        """The metrics that compute something."""
        return [m.name for m in sorted(CATALOG.values(), key=lambda m: m.name) if m.category is not Category.ABOUT]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of one metric, under its Python or its Excel name."""
        metric = lookup(cmd_name)
        if metric.category is Category.ABOUT:
            raise Problem(f"{metric.name} tells about metrics", "See csmetrics list, explain and compute --by.")
        single = typer.Typer(add_completion=False)
        single.command(name=metric.name, help=_help(metric), short_help=metric.title)(_command(metric))
        return get_command(single)


app = typer.Typer(
    cls=MetricCommands,
    no_args_is_help=True,
    add_completion=False,
    subcommand_metavar="METRIC [FILE] [OPTIONS]",
    help='Compute one metric: csmetrics compute NPS answers.xlsx --scores "Responses!Score". '
    "csmetrics compute NPS --help lists its arguments.",
)


@app.callback()
def compute() -> None:
    """The metrics are the commands."""


def flag(argument: Argument) -> str:
    """The option of an argument."""
    return f"--{argument.name.replace('_', '-')}"


def _help(metric: Metric) -> str:
    asked = [f'{flag(a)} "Sheet!Heading"' if a.is_range else f"{flag(a)} 5" for a in metric.arguments if a.required]
    return (
        f"{metric.title}: {metric.summary} {metric.formula}.\n\n"
        'A range is a heading of FILE ("Responses!Score", "Table[Score]", "Score"), cells ("Sheet1!B2:B100"), '
        f"or values with commas between them. In Python: {call_text(metric, metric.examples[0])}. "
        f"Here: csmetrics compute {metric.name} FILE {' '.join(asked)}"
    )


def _command(metric: Metric) -> Callable[..., None]:
    """A function with the metric's arguments as options; Typer reads its signature."""

    def run(file: Path | None = None, **options: Any) -> None:
        asked = {name: options.pop(name) for name in ("by", "json_", "level")}
        if missing := [flag(a) for a in metric.arguments if a.required and options[a.name] is None]:
            raise Problem(f"{missing[0]} is missing", f"csmetrics compute {metric.name} --help tells what it is.")
        book = Book(file) if file else None
        given = {a.name: _cells(a, options[a.name], book) for a in metric.arguments if options[a.name] is not None}
        if asked["by"] is not None:
            if book is None:
                raise Problem("--by needs a file", "Name the file after the metric.")
            show = _by(metric, given, book.cells(asked["by"]))
        else:
            show = _one(metric, given, asked["level"])
        show(asked["json_"])

    def parameter(name: str, hint: Any, default: Any) -> inspect.Parameter:
        return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=hint)

    file_hint = Annotated[Path | None, typer.Argument(help="Workbook (.xlsx) or CSV file.", show_default=False)]
    by_help = 'A value for each group: the heading of the groups, such as "Responses!Segment".'
    level = typer.Option(
        "--level", help="Confidence level of the interval, such as 0.95.", min=0.5, max=0.9999, metavar="LEVEL"
    )
    parameters = [parameter("file", file_hint, None)]
    parameters += [parameter(a.name, Annotated[str | None, _option(a)], None) for a in metric.arguments]
    parameters += [
        parameter("by", Annotated[str | None, typer.Option("--by", help=by_help, show_default=False)], None),
        parameter("level", Annotated[float, level], 0.95),
        parameter("json_", Annotated[bool, typer.Option("--json", help="Print JSON.")], False),
    ]
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {p.name: p.annotation for p in parameters}
    return run


def _option(argument: Argument) -> Any:
    needed = "Required. " if argument.required else ""
    metavar = "CELLS" if argument.is_range else "WORD" if argument.role is Role.CHOICE else "VALUE"
    return typer.Option(flag(argument), help=f"{needed}{argument.help}", metavar=metavar, show_default=False)


def _cells(argument: Argument, text: str, book: Book | None) -> Cells:
    """What was typed for an argument: a word, a value, cells of the file, or values with commas between them."""
    if argument.role is Role.CHOICE:
        return Cells(text)
    value = typed_value(text)
    if value is None or not isinstance(value, str):
        return Cells([value] if argument.is_range else value)
    if book is not None:
        return book.cells(text)
    if argument.is_range and ("!" in text or "[" in text):
        raise Problem(f"{flag(argument)} points into a file, and none is given", "Name the file after the metric.")
    is_text = isinstance(argument.kind, Text)
    return Cells([typed_value(part) for part in text.split(",")] if argument.is_range or not is_text else text)


def _one(metric: Metric, given: Given, level: float) -> Callable[[bool], None]:
    """Compute, and give what prints the result."""
    arguments = {name: cells.values for name, cells in given.items()}
    try:
        told = explained(evaluate(metric, (), arguments), level)
    except MetricError as error:
        place = given.get(error.argument or "")
        if place and place.where and error.position is not None:
            at = f"That is row {place.first_row + error.position} of {place.where}."
            error.fix = f"{at} {error.fix}" if not isinstance(place.values[0], list) else error.fix
            error.args = (error.problem, error.fix)
        raise
    return lambda as_json: _print_json(_as_json(told)) if as_json else _print(told, given)


def _by(metric: Metric, given: Given, groups: Cells) -> Callable[[bool], None]:
    positional = [given[name].values if name in given else None for name in metric.names]
    table = evaluate(CATALOG["csm_by"], (metric.name, groups.values, *positional)).value
    if not any(flagged for flagged in table["flag"]):
        del table["flag"]
    units = dict.fromkeys(("value", "low", "high"), metric.unit)
    title = f"{metric.title}, {metric.unit.name}"
    as_data = {"metric": metric.name, "groups": _records(table)}
    return lambda as_json: _print_json(as_data) if as_json else screen().print(_table(table, units, title))


def _print(told: Explained, given: Given) -> None:
    metric, terminal = told.metric, screen()
    if isinstance(told.value, dict):
        units = {c.name: c.unit for c in metric.columns}
        terminal.print(_table(told.value, units, metric.title))
        _print_notes(told)
        return
    rows: list[tuple[str, object]] = []
    left_out = iter(_dropped(told, given))
    for item, value in told.rows():
        if item.startswith(("value", "low (", "high (")) and isinstance(value, float):
            rows.append((item, styled(metric.unit.text(value), "bold" if item == "value" else "")))
        elif isinstance(value, np.ndarray) and value.ndim:
            rows.append((item, f"{np.count_nonzero(value == value)} of {value.size} have one"))
        elif isinstance(value, tuple):
            rows.append((item, " to ".join(metric.unit.text(bound) for bound in value)))
        elif item.startswith("dropped"):
            rows.append(next(left_out))
        elif item not in ("numerator", "denominator"):
            rows.append((item, value if isinstance(value, str | int) else f"{value:,.10g}"))
    terminal.print(facts(rows))
    if isinstance(told.value, np.ndarray):
        terminal.print()
        terminal.print(_table({"row": list(range(1, told.value.size + 1)), "value": told.value.ravel()},
                              {"value": metric.unit}, ""))  # fmt: skip


def _print_notes(told: Explained) -> None:
    for note in told.notes:
        screen().print(styled(f"Note: {note}"))


def _dropped(told: Explained, given: Given) -> list[tuple[str, str]]:
    """What was left out, with the rows of the sheet it stands in."""
    lines = []
    for name, reason, count, first in told.dropped:
        cells = given[name]
        rows = ", ".join(str(cells.first_row + position) for position in first)
        more = ", ..." if count > len(first) else ""
        is_column = isinstance(cells.values, list) and not isinstance(cells.values[0], list)
        lines.append((f"left out of {name}", f"{count} {reason}" + (f" (row {rows}{more})" if is_column else "")))
    return lines


def _table(columns: dict[str, Any], units: dict[str, Unit], title: str) -> Any:
    names = list(columns)
    numeric = [all(isinstance(v, int | float | np.number) or v is None for v in columns[name]) for name in names]
    rows = list(zip(*(_texts(name, columns[name], units) for name in names), strict=True))
    headings = [(name, "right" if number else "left") for name, number in zip(names, numeric, strict=True)]
    table = grid(headings, rows[:_SHOWN], title)
    if len(rows) > _SHOWN:
        table.caption = styled(f"and {len(rows) - _SHOWN:,} more rows; --json gives them all")
        table.caption_justify = "left"
    return table


def _texts(name: str, values: Any, units: dict[str, Unit]) -> list[str]:
    unit = units.get(name) or next((u for known, u in units.items() if "{n}" in known and known[:3] == name[:3]), None)
    if unit:
        return [unit.text(value) for value in values]
    return ["" if value is None or value != value else f"{value:,}" if isinstance(value, int) else str(value)
            for value in values]  # fmt: skip


def _as_json(told: Explained) -> dict[str, Any]:
    metric, value = told.metric, told.value
    answer: dict[str, Any] = {"metric": metric.name, "unit": metric.unit.name if metric.gives != "table" else "table"}
    answer["value"] = _records(value) if isinstance(value, dict) else value
    if told.interval is not None:
        answer["interval"] = {"low": told.interval[0], "high": told.interval[1], "confidence": told.confidence}
    answer["n"] = told.n
    answer["dropped"] = [
        {"argument": name, "reason": reason, "count": count, "first": first}
        for name, reason, count, first in told.dropped
    ]
    return {**answer, "notes": told.notes, "formula": metric.formula, "convention": metric.convention}


def _records(table: dict[str, Any]) -> list[dict[str, Any]]:
    return [dict(zip(table, row, strict=True)) for row in zip(*table.values(), strict=True)]


def _print_json(answer: Any) -> None:
    typer.echo(json.dumps(_plain(answer), ensure_ascii=False, indent=2))


def _plain(value: Any) -> Any:
    """The same in what JSON knows; what has no value is null."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return _plain(value.tolist()) if value.dtype.kind != "M" else value.astype(str).tolist()
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, np.datetime64):
        return str(value)
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and value != value else value
