"""`csmetrics compute METRIC FILE`: one metric from the columns of a file, its options read from the declaration."""

import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from typer.core import TyperGroup
from typer.main import get_command

from csmetrics_addin.cli import entrance
from csmetrics_addin.cli.entrance import typed_value
from csmetrics_addin.cli.pointing import Asked, Book, Cells, asked
from csmetrics_addin.cli.results import Given, as_data, print_json, records, result_table, show, show_notes
from csmetrics_addin.cli.spans import within
from csmetrics_addin.cli.terminal import BAD_DATA, Problem, plain, screen
from csmetrics_core import CATALOG, lookup
from csmetrics_core.declaration.documentation import call_text
from csmetrics_core.declaration.kinds import Text
from csmetrics_core.declaration.spec import Argument, Category, Metric, Role
from csmetrics_core.errors import MetricError
from csmetrics_core.evaluate import evaluate
from csmetrics_core.explain import explained
from csmetrics_core.intake.spans import LENGTHS, chosen_span


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


_ABOUT_FILES: dict[str, Any] = {
    "dates": entrance.Dates,
    "decimal": entrance.Decimal,
    "encoding": entrance.Encoding,
    "delimiter": entrance.Delimiter,
    "totals": entrance.Totals,
    "rate": entrance.Rates,
}
_SPAN: dict[str, Any] = {
    "span": typer.Option("--span", help="Only the rows of these months.", metavar="|".join(LENGTHS)),
    "end_of_span": typer.Option("--end", help="The last of them; by default the last with rows.", metavar="YYYY-MM"),
    "date_of_rows": typer.Option("--date", help="The heading that says when a row was.", metavar="HEADING"),
}
_BY, _DATE = "--by", "--date"

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
        by, as_json, level = options.pop("by"), options.pop("as_json"), options.pop("level")
        hide_below = options.pop("hide_below")
        span, end = chosen_span(options.pop("span"), options.pop("end_of_span"))
        date = options.pop("date_of_rows")
        if missing := [flag(a) for a in metric.arguments if a.required and options[a.name] is None]:
            raise Problem(f"{missing[0]} is missing", f"csmetrics compute {metric.name} --help tells what it is.")
        about = _about_files(metric)
        said = entrance.said(**{name: options.pop(place) for name, (place, _) in about.items()})
        book = Book(file, said, f"--{about['dates'][0].replace('_', '-')}") if file else None
        if by is not None and book is None:
            raise Problem("--by needs a file", "Name the file after the metric.")
        if hide_below is not None and by is None:
            raise Problem("--hide-below belongs to --by", "Name the heading of the groups with --by too.")
        if span != "all" and book is None:
            raise Problem("--span needs a file", "Name the file after the metric.")
        given = _given(metric, options, {_BY: Asked(by or "", "label"), _DATE: Asked(date or "", "day")}, book)
        notes = book.notes if book else []
        if span != "all":
            given = within(metric, given, span, end, notes)
        given.pop(_DATE, None)
        groups = given.pop(_BY, None)
        if groups is None:
            _one(metric, given, level, as_json, notes)
        else:
            _by(metric, given, groups, hide_below, as_json, notes)

    parameters = [*_parameters(metric)]
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {p.name: p.annotation for p in parameters}
    return run


def _parameters(metric: Metric) -> Iterator[inspect.Parameter]:
    """The file, the metric's arguments, and what every metric has."""

    def parameter(name: str, kind: Any, declared: Any, default: Any = None) -> inspect.Parameter:
        hint = Annotated[kind, declared]
        return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=hint)

    file = typer.Argument(help="Workbook (.xlsx) or CSV file.", show_default=False)
    by_help = 'A value for each group: the heading of the groups, such as "Responses!Segment".'
    level_help = "Confidence level of the interval, such as 0.95."
    level = typer.Option("--level", help=level_help, min=0.5, max=0.9999, metavar="LEVEL")
    yield parameter("file", Path | None, file)
    for argument in metric.arguments:
        yield parameter(argument.name, str | None, _option(argument))
    for name, declared_so in _about_files(metric).values():
        yield inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=declared_so)
    yield parameter("by", str | None, typer.Option("--by", help=by_help, show_default=False))
    for name, declared_so in _SPAN.items():
        yield parameter(name, str | None, declared_so)
    hide = typer.Option("--hide-below", min=0, help="Blank groups with fewer observations.", show_default=False)
    yield parameter("hide_below", float | None, hide)
    yield parameter("level", float, level, 0.95)
    yield parameter("as_json", bool, typer.Option("--json", help="Print JSON."), False)


def _about_files(metric: Metric) -> dict[str, tuple[str, Any]]:
    """What a file cannot say about itself: the parameter and its option, which gives way where the metric has dates."""
    about = {name: (name, declared) for name, declared in _ABOUT_FILES.items()}
    if "dates" in metric.names:
        about["dates"] = "date_order", entrance.DateOrder
    return about


def _option(argument: Argument) -> Any:
    needed = "Required. " if argument.required else ""
    metavar = "CELLS" if argument.is_range else "WORD" if argument.role is Role.CHOICE else "VALUE"
    return typer.Option(flag(argument), help=f"{needed}{argument.help}", metavar=metavar, show_default=False)


def _given(metric: Metric, options: dict[str, str | None], beside: dict[str, Asked], book: Book | None) -> Given:
    """What was typed, by argument; what is asked for beside them under its option."""
    given: Given = {}
    wanted: dict[str, Asked] = {}
    for argument in metric.arguments:
        text = options[argument.name]
        if text is None:
            continue
        typed = _typed(argument, text, in_file=book is not None)
        if isinstance(typed, Asked):
            wanted[argument.name] = typed
        else:
            given[argument.name] = typed
    wanted |= {option: cells for option, cells in beside.items() if cells.reference}
    if book is None:
        return given
    given |= book.read(wanted)
    _check_scales(metric, given)
    if book.said.rates and not book.converted:
        fix = "Write it beside each amount, as in 100 EUR; csmetrics scorecard and report read a column of currencies."
        raise Problem("--rate finds no currency in these cells", fix, code=BAD_DATA)
    return given


def _check_scales(metric: Metric, given: Given) -> None:
    """Refuse answers in words of another scale than the metric counts on.

    Raises:
        Problem: they are.
    """
    for argument in metric.arguments:
        top = given[argument.name].top if argument.name in given else None
        high = getattr(argument.kind, "high", None)
        if top is None or not isinstance(high, str):
            continue
        scale = given[high].values if high in given else metric.argument(high).default
        if scale != top:
            problem = f"the answers are words of a scale to {top}, and {high} is {scale:g}"
            raise Problem(problem, f"Say {flag(metric.argument(high))} {top}.", code=BAD_DATA)


def _typed(argument: Argument, text: str, *, in_file: bool) -> Cells | Asked:
    """What was typed for an argument: a word, a value, cells of the file, or values with commas between them."""
    if argument.role is Role.CHOICE:
        return Cells(text)
    value = typed_value(text)
    if value is None or not isinstance(value, str):
        return Cells([value] if argument.is_range else value)
    if in_file:
        return asked(argument, text)
    if argument.is_range and ("!" in text or "[" in text):
        raise Problem(f"{flag(argument)} points into a file, and none is given", "Name the file after the metric.")
    if argument.is_range or ("," in text and not isinstance(argument.kind, Text)):
        return Cells([typed_value(part) for part in text.split(",")])
    return Cells(text)


def _one(metric: Metric, given: Given, level: float, as_json: bool, notes: list[str]) -> None:
    arguments = {name: cells.values for name, cells in given.items()}
    try:
        told = explained(evaluate(metric, (), arguments), level)
    except MetricError as error:
        place = given.get(error.argument or "")
        if place and place.where and place.is_column and error.position is not None:
            error.fix = f"That is row {place.rows[error.position]} of {plain(place.where)}. {error.fix}"
        raise
    if as_json:
        print_json(as_data(told, notes))
    else:
        show(told, given, notes)
    if told.failures and len(told.failures) == np.size(told.value):
        raise typer.Exit(BAD_DATA)


def _by(metric: Metric, given: Given, groups: Cells, hide_below: float | None, as_json: bool, notes: list[str]) -> None:
    positional = [given[name].values if name in given else None for name in metric.names]
    table = evaluate(CATALOG["csm_by"], (metric.name, groups.values, *positional), {"hide_below": hide_below}).value
    if as_json:
        print_json({"metric": metric.name, "groups": records(table), "notes": notes})
        return
    for name in ("flag", "verdict"):
        if not any(table[name]):
            del table[name]
    for name in ("against_rest", "rest_low", "rest_high", "p_holm", "shrunk"):  # a screen is narrow; JSON has them
        del table[name]
    units = dict.fromkeys(("value", "low", "high"), metric.unit)
    screen().print(result_table(table, units, f"{metric.title}, {metric.unit.name}"))
    show_notes(notes)
