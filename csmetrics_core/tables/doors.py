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
from csmetrics_core.maths.periods import as_dates, first_day
from csmetrics_core.tables.asking import Key, asked_span, is_column, keys, names_of_table, no_name, refuse_taken
from csmetrics_core.tables.declared import joined
from csmetrics_core.tables.engine import UNKNOWN, like
from csmetrics_core.tables.frames import names_of, no_rows, wrapped
from csmetrics_core.tables.schema import KEYWORDS, exactly, look_for
from csmetrics_core.tables.spans import numbered, undated, within

#: A function written for tables is run once a group: so many are run, more are refused.
MOST_GROUPS = 1000
#: The roles of columns that say when.
_DATES = ("timestamp", "date", "month", "start")
_OPTIONS = """        by: columns to group by: one result below the other.
        each: "day", "week" (from Monday), "sunday week", "month", "quarter" or "year": a result for the rows of each.
"""
_SPAN = """        span: "month", "quarter" or "trailing 12": only the rows of these months.
        end: the last month of the span, such as "2026-09"; by default the last that has rows.
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
        span, end = (None, None) if timed else (kwargs.pop("span", None), kwargs.pop("end", None))
        given = _bound(called, signature, own, args, kwargs)
        by = given.pop("by", by)
        if span is not None or end is not None:
            given["frame"] = _within(given, span, end, dated)
        if not by and each is None:
            return function(**given)
        names = dict.fromkeys(names_of_table(given["frame"]))
        if "by" in signature.parameters and each is None and all(exactly(n, names) for n in names_of("by", by)):
            return function(**given, by=by)  # it groups by itself, in one pass
        return _in_groups(function, given, by, each, timed, dated)

    shown.__name__ = shown.__qualname__ = called
    shown.__module__ = "csmetrics_core.tables"
    shown.__signature__ = _signature(signature, own, timed)  # type: ignore[attr-defined]
    shown.__doc__ = _documented(function.__doc__ or "", function.__name__, called, own, timed)
    return shown


def _within(given: Mapping[str, Any], span: Any, end: Any, dated: str | None) -> Any:
    """The rows of a span of months, of the table of a call."""
    asked = asked_span(given["frame"], span, end, _named_date(given, dated))
    if asked is None:
        return given["frame"]
    notes = given.get("notes")
    return within(given["frame"], asked, given.get("time_zone") or "UTC", [] if notes is None else notes)


def _named_date(given: Mapping[str, Any], dated: str | None) -> str | None:
    """The column of dates that a call names."""
    return dated or next(filter(None, (given.get(role) for role in _DATES)), None)


def _signature(signature: inspect.Signature, own: Mapping[str, str], timed: bool) -> inspect.Signature:
    renamed = {p: shown for shown, p in own.items()}
    parameters = [p.replace(name=renamed[p.name]) for p in signature.parameters.values()]
    has_dates = any(role in signature.parameters for role in _DATES)
    options = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default)
        for name, default in (
            ("by", ()),
            ("each", None),
            *([] if timed else [("span", None), ("end", None)]),
            *([] if has_dates else [("date", None)]),
        )
        if name not in signature.parameters
    ]
    last = parameters.pop() if parameters[-1].kind is inspect.Parameter.VAR_KEYWORD else None
    return signature.replace(parameters=[*parameters, *options, *([last] if last else [])])


def _documented(text: str, old: str, new: str, own: Mapping[str, str], timed: bool) -> str:
    """The docstring with the keywords callers use."""
    renamed = {p: shown for shown, p in own.items() if p != shown}
    lines = []
    for line in text.splitlines(keepends=True):
        if line.startswith("        notes: ") and " by: " not in text:
            lines.append(_OPTIONS)
        if line.startswith("        notes: ") and not timed:
            lines.append(_SPAN)
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
    dated = _named_date(given, dated)
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
    columns = []
    for place, key in enumerate(found):
        if key.period:
            table = numbered(table, key.column, key.period, f"key {place}", time_zone)
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
        part = undated(part, *(f"key {place}" for place, key in enumerate(found) if key.period))
        yield tuple(_label(key, label) for key, label in zip(found, labels, strict=True)), part.to_native()


def _label(key: Key, value: Any) -> Any:
    """What a group is called: a period by its first day, None where nothing is."""
    if value is None or value != value or (key.period and value == UNKNOWN):
        return None
    return as_dates(first_day(np.array([int(value)]), key.period)).tolist()[0] if key.period else value
