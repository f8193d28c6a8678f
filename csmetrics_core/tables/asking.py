"""A call of a metric over a table -> which column is which argument, what is fixed, and what it is grouped by."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, get_args

from csmetrics_core.declaration.spec import Argument, Category, Metric, Role
from csmetrics_core.errors import WrongCall, WrongKind, WrongShape
from csmetrics_core.intake.flattening import shape_of
from csmetrics_core.intake.labels import columns_of
from csmetrics_core.intake.spans import Span, chosen_span
from csmetrics_core.maths.intervals import confidence_level
from csmetrics_core.maths.periods import Period
from csmetrics_core.tables.frames import names_of, one_of, schema_of, wrapped
from csmetrics_core.tables.schema import exactly, is_date, look_for

PERIODS: tuple[str, ...] = get_args(Period)
#: What every function over tables takes besides its metric's own arguments, with what stands for it.
OPTIONS: dict[str, Any] = {
    "by": (), "each": None, "span": None, "end": None, "date": None,
    "confidence": 0.95, "time_zone": "UTC", "notes": None,
}  # fmt: skip


class Key(NamedTuple):
    """One column a result is grouped by: its name there, the table's column, and the period, if it is one."""

    name: str
    column: str
    period: Period | None = None


class Within(NamedTuple):
    """The months whose rows count: a span, the month it ends with (None: the last with rows), the column of dates."""

    span: Span
    end: int | None
    column: str


@dataclass
class Asked:
    """A call made ready.

    Args:
        columns: argument -> the table's column; None where it is yet to be refused as missing.
        fixed: argument -> its value for all rows.
        block: the arguments that are columns of one block, in their order.
    """

    metric: Metric
    columns: dict[str, str | None]
    fixed: dict[str, Any]
    block: tuple[str, ...]
    keys: tuple[Key, ...] = ()
    confidence: float = 0.95
    time_zone: str = "UTC"
    notes: list[str] = field(default_factory=list)
    within: Within | None = None


def asked_of(metric: Metric, frame: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Asked:
    """Name the columns of a call.

    Raises:
        WrongCall: an argument too many, missing or unknown.
        WrongKind: a list where a column is to be named.
    """
    given, options = _bound(metric, args, kwargs)
    names = names_of_table(frame)
    asked = Asked(metric, {}, {}, ())
    for argument in metric.arguments:
        _settle(asked, argument, given.get(argument.name), names)
    if not asked.columns:
        raise WrongCall("no argument names a column", usage(metric))
    asked.keys = keys(frame, names, options["by"], options["each"], options["date"] or own_date(asked))
    asked.confidence = confidence_level(options["confidence"])
    asked.time_zone = options["time_zone"]
    asked.notes = [] if options["notes"] is None else options["notes"]
    asked.within = asked_span(frame, options["span"], options["end"], options["date"] or own_date(asked))
    return asked


def asked_span(frame: Any, span: Any, end: Any, dated: str | None) -> "Within | None":
    """The months whose rows count, and the column that says when; None for all rows.

    Raises:
        MetricError: no such span or month, or no such column.
    """
    chosen, last = chosen_span(span, end)
    return None if chosen == "all" else Within(chosen, last, date_column(frame, dated, "month", "span"))


def usage(metric: Metric) -> str:
    """How a metric is called over a table."""
    words = ", ".join(a.name if a.required else f"[{a.name}]" for a in metric.arguments)
    return f"Call it as tables.{metric.name}(frame, {words}, by=[...], each=...)."


def _bound(metric: Metric, args: Sequence[Any], kwargs: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    if len(args) > len(metric.names):
        raise WrongCall(f"takes {len(metric.names)} arguments, {len(args)} were given", usage(metric))
    given, options = dict(zip(metric.names, args, strict=False)), dict(OPTIONS)
    for name, value in kwargs.items():
        if name in metric.names and name not in given:
            given[name] = value
        elif name in options and name not in given:
            options[name] = value
        else:
            problem = "is given twice" if name in given else "is no argument"
            raise WrongCall(f"{name} {problem}", usage(metric), argument=name)
    if given.get("confidence") is not None:
        options["confidence"] = given["confidence"]
    return given, options


def names_of_table(frame: Any) -> list[str]:
    """The names of a table's columns, as text."""
    found = columns_of(frame)
    if found is None:
        wrapped(frame)  # says what is wrong with it
        raise WrongCall(f"{type(frame).__name__} is no table", "Give a table with named columns.")
    return [" ".join(map(str, name)) if isinstance(name, tuple) else str(name) for name in found]


def _settle(asked: Asked, argument: Argument, value: Any, names: Sequence[str]) -> None:
    """One argument: a column, or a value for all rows; one that is needed and not given is looked for by its name."""
    if argument.role in (Role.CHOICE, Role.PER_COLUMN):
        if value is not None:
            asked.fixed[argument.name] = value
    elif argument.role is Role.BLOCK and value is not None:
        asked.block = tuple(f"{argument.name}[{place}]" for place, _ in enumerate(names_of(argument.name, value)))
        asked.columns |= dict(zip(asked.block, names_of(argument.name, value), strict=True))
    elif isinstance(value, str):
        asked.columns[argument.name] = value
    elif value is None:
        if argument.required:
            asked.columns[argument.name] = _looked_for(asked, argument, names)
    elif is_column(value):
        raise no_name(argument.name, value)
    elif argument.role is Role.REDUCED:
        problem = f"{argument.name} is one value; expected the name of a column"
        raise WrongKind(problem, f"Name it: {argument.name}='...'.", argument=argument.name)
    else:
        asked.fixed[argument.name] = value


def is_column(value: Any) -> bool:
    """Whether a value is many, such as a list or another table's column, where a name is meant."""
    return shape_of(value) is not None or isinstance(value, dict | set) or columns_of(value) is not None


def no_name(argument: str, value: Any) -> WrongKind:
    """The error for values where the name of a column is meant: nothing says that they are of the same rows."""
    problem = f"{argument} is a {type(value).__name__}; expected the name of a column"
    return WrongKind(problem, f"Add it to the table as a column, and name that: {argument}='...'.", argument=argument)


def _looked_for(asked: Asked, argument: Argument, names: Sequence[str]) -> str | None:
    """The column of a needed argument by its name alone; never one that another argument has."""
    return likely_column(asked.metric, argument, [name for name in names if name not in asked.columns.values()])


def likely_column(metric: Metric, argument: Argument, names: Sequence[str]) -> str | None:
    """The column that is called as an argument is, by the dictionary of headings; none where none is called so."""
    called = [argument.name, argument.name.removesuffix("s")]
    if metric.category is Category.SURVEY and argument is metric.arguments[0] and argument.is_range:
        called.insert(0, metric.name.split("_")[0])  # a column of answers has the metric's name
    columns = dict.fromkeys(names)
    return next(filter(None, (look_for(name, columns) for name in called)), None)


def own_date(asked: Asked) -> str | None:
    """The column of the metric's own dates, which say when also for periods."""
    dated = (a for a in asked.metric.arguments if a.is_range and a.kind.is_date)
    return next(filter(None, (asked.columns.get(a.name) for a in dated)), None)


def keys(frame: Any, names: Sequence[str], by: Any, each: Any, dated: str | None) -> tuple[Key, ...]:
    """What a result is grouped by: columns by their names, and periods of a column of dates."""
    found = []
    for name in names_of("by", by):
        column = exactly(name, dict.fromkeys(names))
        if column is None and name not in PERIODS:
            problem = f"by names {name!r}, and the table has no such column"
            raise WrongShape(problem, f"The columns are {', '.join(names)}.", argument="by")
        found.append(Key(name, column) if column else _period(frame, name, dated, "by"))
    if each is not None:
        one_of("each", each, PERIODS)
        if each in (key.name for key in found):
            problem = f"by names {each!r}, and each gives a column of that name too"
            raise WrongCall(problem, "Leave one of them out, or rename the column.", argument="each")
        found.append(_period(frame, each, dated, "each"))
    return tuple(found)


def _period(frame: Any, period: Any, dated: str | None, argument: str) -> Key:
    return Key(period, date_column(frame, dated, period, argument), period)


def date_column(frame: Any, dated: str | None, period: str, argument: str) -> str:
    """The column that says when: the one named, the one called so, or the only one of dates.

    Raises:
        WrongShape: there is none.
    """
    schema = schema_of(wrapped(frame))
    column = exactly(dated, schema) if dated is not None else look_for("date", schema)
    dates = [name for name, kind in schema.items() if is_date(kind)]
    if column is None and dated is None and len(dates) == 1:
        column = dates[0]
    if column is None:
        problem = f"the table has no column {dated!r}" if dated else f"no column says which {period} a row is of"
        raise WrongShape(problem, f"Name it: date='...'. The columns are {', '.join(schema)}.", argument=argument)
    return column


def refuse_taken(keys: Sequence[Key], columns: Sequence[str]) -> None:
    """Refuse a grouping column that is called like a column of the result."""
    if taken := sorted(set(columns).intersection(key.name for key in keys)):
        problem = f"by names {taken[0]!r}, which is a column of the result too"
        raise WrongCall(problem, "Rename that column first.", argument="by")
