"""What the functions written for tables have in common: keywords named as in the array functions, `by` and `each`."""

import inspect
import re
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import wraps
from typing import Any

import narwhals as nw
import numpy as np

from csmetrics_core.errors import MetricError, WrongCall, WrongShape
from csmetrics_core.periods import as_dates, first_day
from csmetrics_core.tables.asking import Key, is_column, keys, names_of_table, no_name, refuse_taken
from csmetrics_core.tables.declared import joined
from csmetrics_core.tables.engine import UNKNOWN, clean, like, period_of
from csmetrics_core.tables.frames import names_of, no_rows, schema_of, wrapped
from csmetrics_core.tables.schema import KEYWORDS, Role, exactly, look_for

#: A function written for tables is run once a group: so many are run, more are refused.
MOST_GROUPS = 1000
#: The roles of columns that say when.
_DATES = ("timestamp", "date", "month", "start")
_OPTIONS = """        by: columns to group by: one result below the other.
        each: "day", "week", "month", "quarter" or "year": a result for the rows of each.
"""


def door(function: Callable[..., Any], *, name: str = "", timed: bool = False, **further: str) -> Callable[..., Any]:
    """A function over tables as callers see it.

    Args:
        function: what computes it.
        name: its name, where that is another one.
        timed: it gives a row a period already, so that `each` has no meaning.
        further: keyword -> the parameter it stands for, besides those of KEYWORDS.
    """
    signature = inspect.signature(function)
    own = {KEYWORDS.get(p, p): p for p in signature.parameters}
    own = {shown: p for shown, p in own.items() if p not in further.values()} | further
    called = name or function.__name__
    has_dates = any(role in signature.parameters for role in _DATES)

    @wraps(function)
    def shown(*args: Any, each: Any = None, **kwargs: Any) -> Any:
        dated = None if has_dates else kwargs.pop("date", None)
        by = () if "by" in signature.parameters else kwargs.pop("by", ())
        given = _bound(called, signature, own, args, kwargs)
        by = given.pop("by", by)
        if not by and each is None:
            return function(**given)
        names = dict.fromkeys(names_of_table(given["frame"]))
        if "by" in signature.parameters and each is None and all(exactly(n, names) for n in names_of("by", by)):
            return function(**given, by=by)  # it groups by itself, in one pass
        return _in_groups(function, given, by, each, timed, dated)

    shown.__name__ = shown.__qualname__ = called
    shown.__module__ = "csmetrics_core.tables"
    shown.__signature__ = _signature(signature, own)  # type: ignore[attr-defined]
    shown.__doc__ = _documented(function.__doc__ or "", function.__name__, called, own)
    return shown


def _signature(signature: inspect.Signature, own: Mapping[str, str]) -> inspect.Signature:
    renamed = {p: shown for shown, p in own.items()}
    parameters = [p.replace(name=renamed[p.name]) for p in signature.parameters.values()]
    has_dates = any(role in signature.parameters for role in _DATES)
    options = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default)
        for name, default in (("by", ()), ("each", None), *([] if has_dates else [("date", None)]))
        if name not in signature.parameters
    ]
    last = parameters.pop() if parameters[-1].kind is inspect.Parameter.VAR_KEYWORD else None
    return signature.replace(parameters=[*parameters, *options, *([last] if last else [])])


def _documented(text: str, old: str, new: str, own: Mapping[str, str]) -> str:
    """The docstring with the keywords callers use."""
    renamed = {p: shown for shown, p in own.items() if p != shown}
    lines = []
    for line in text.splitlines(keepends=True):
        if line.startswith("        notes: ") and " by: " not in text:
            lines.append(_OPTIONS)
        head, colon, rest = line.partition(": ")
        if colon and re.fullmatch(r"        [a-z_, ]+", head):
            head = re.sub(r"\w+", lambda word: renamed.get(word[0], word[0]), head)
        lines.append(re.sub(rf"(>>> (?:\w+ = )?){old}\(", rf"\1{new}(", f"{head}{colon}{rest}"))
    return "".join(lines)


def _bound(
    called: str, signature: inspect.Signature, own: Mapping[str, str], args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> dict[str, Any]:
    """A call by the names of the function behind; a keyword of before is taken with a warning."""
    parameters = signature.parameters
    positional = [p for p in parameters.values() if p.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD]
    usage = f"Call it as tables.{called}({', '.join(n for n, p in own.items() if p != 'options')})."
    if len(args) > len(positional):
        raise WrongCall(f"tables.{called} takes {len(positional)} values by place, {len(args)} were given", usage)
    given = {p.name: value for p, value in zip(positional, args, strict=False)}
    rest = any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters.values())
    for name, value in kwargs.items():
        behind = own.get(name)
        if behind is None and name in own.values():
            behind = name
            shown = next(s for s, p in own.items() if p == name)
            words = f"tables.{called}: {name}= is now called {shown}=; the old name goes with the next release"
            warnings.warn(words, DeprecationWarning, stacklevel=3)
        if (behind is None and not rest) or (behind or name) in given:
            problem = f"{name} {'is no argument' if behind is None else 'is given twice'}"
            raise WrongCall(f"tables.{called}: {problem}", usage, argument=name)
        given[behind or name] = value
    missing = [p.name for p in positional if p.default is inspect.Parameter.empty and p.name not in given]
    if missing:
        raise WrongCall(f"tables.{called}: {missing[0]} is missing", usage, argument=missing[0])
    _refuse_values(own, parameters, given)
    return given


def _refuse_values(
    own: Mapping[str, str], parameters: Mapping[str, inspect.Parameter], given: Mapping[str, Any]
) -> None:
    """Refuse values where the name of a column is meant."""
    shown = {p: keyword for keyword, p in own.items()}
    further = next((p for p in parameters.values() if p.kind is inspect.Parameter.VAR_KEYWORD), None)
    for name, value in given.items():
        parameter = parameters.get(name, further)
        if parameter is not None and parameter.annotation == (str | None) and is_column(value):
            raise no_name(shown.get(name, name), value)


def _in_groups(
    function: Callable[..., Any], given: Mapping[str, Any], by: Any, each: Any, timed: bool, dated: str | None
) -> Any:
    """One result a group, below one another."""
    frame = given["frame"]
    names = names_of_table(frame)
    roles = [role for role in _DATES if role in inspect.signature(function).parameters]
    dated = dated or next(filter(None, (given.get(role) for role in roles)), None)
    dated = dated or next(filter(None, (look_for(role, dict.fromkeys(names)) for role in roles)), None)
    found = keys(frame, names, by, each, dated)
    if timed and any(key.period for key in found):
        problem = f"{function.__name__} gives a row a period already, so a period has nothing to add"
        raise WrongCall(problem, "Leave each out.", argument="each")
    results = []
    for labels, part in _parts(frame, found, given.get("time_zone") or "UTC"):
        try:
            result = nw.from_native(function(**{**given, "frame": part}))
        except MetricError as error:
            words = ", ".join(f"{key.name} {label}" for key, label in zip(found, labels, strict=True))
            error.problem += f" in the group of {words}"
            raise
        done = result.collect() if isinstance(result, nw.LazyFrame) else result
        results.append((labels, done.to_dict(as_series=False)))
    refuse_taken(found, list(results[0][1]))
    return like(frame, joined(found, results))


def _parts(frame: Any, found: Sequence[Key], time_zone: str) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """The rows of each group, in the order of the groups, as a table of the caller's own kind."""
    table: Any = wrapped(frame)
    schema, columns = schema_of(table), []
    for place, key in enumerate(found):
        if key.period:
            day = clean(Role("date", "date"), key.column, schema[key.column], table.lazy(), time_zone)
            table = table.with_columns(day.alias(f"day {place}")).with_columns(
                period_of(f"day {place}", key.period).alias(f"key {place}")
            )
        columns.append(f"key {place}" if key.period else key.column)
    groups = table.lazy().select(*columns).unique().sort(*columns, nulls_last=True).head(MOST_GROUPS + 1).collect()
    if not len(groups):
        raise no_rows()
    if len(groups) > MOST_GROUPS:
        problem = f"there are more than {MOST_GROUPS:,} groups, and each is computed on its own"
        raise WrongShape(problem, "Group by something coarser.", argument="by")
    for labels in groups.rows():
        part = table
        for column, label in zip(columns, labels, strict=True):
            known = label is not None and label == label
            part = part.filter(nw.col(column) == label if known else nw.col(column).is_null())
        part = part.drop(
            *(f"{word} {place}" for place, key in enumerate(found) if key.period for word in ("key", "day"))
        )
        yield tuple(_label(key, label) for key, label in zip(found, labels, strict=True)), part.to_native()


def _label(key: Key, value: Any) -> Any:
    """What a group is called: a period by its first day, None where nothing is."""
    if value is None or value != value or (key.period and value == UNKNOWN):
        return None
    return as_dates(first_day(np.array([int(value)]), key.period)).tolist()[0] if key.period else value
