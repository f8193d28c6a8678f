"""`@metric` declares a metric, `CATALOG` holds them all; half-declared or clashing metrics are refused."""

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache, wraps
from typing import TYPE_CHECKING, Annotated, Any, Literal, ParamSpec, TypeVar, get_args, get_origin, overload

import numpy as np

from csmetrics_core.declaration import reserved
from csmetrics_core.declaration.documentation import argument_help, docstring
from csmetrics_core.declaration.kinds import Kind, OneOf
from csmetrics_core.declaration.spec import (
    TEXT,
    Adds,
    Argument,
    Better,
    Bounds,
    Category,
    Column,
    Example,
    Group,
    Metric,
    Role,
    Sample,
    Unit,
)
from csmetrics_core.errors import UnknownMetric, WrongCall
from csmetrics_core.evaluate import Evaluation, evaluate
from csmetrics_core.intake.labels import small_frame
from csmetrics_core.results import Pair, Ratio, Table, Words

if TYPE_CHECKING:
    from pandas import DataFrame

P = ParamSpec("P")
T = TypeVar("T")
CATALOG: dict[str, Metric] = {}
_GIVES: dict[Any, Literal["number", "pair", "table", "words"]] = {
    Ratio: "number", Pair: "pair", Table: "table", Words: "words",
}  # fmt: skip


class _Declare:
    """Typed by what the body gives, so that callers and editors see floats, pairs and frames."""

    def __init__(self, **traits: Any) -> None:
        self.traits = traits

    @overload
    def __call__(self, body: Callable[P, Ratio]) -> Callable[P, float]: ...
    @overload
    def __call__(self, body: Callable[P, Pair]) -> Callable[P, tuple[float, float]]: ...
    @overload
    def __call__(self, body: Callable[P, Table]) -> "Callable[P, DataFrame]": ...
    @overload
    def __call__(self, body: Callable[P, Words]) -> Callable[P, str]: ...
    def __call__(self, body: Callable[P, Any]) -> Callable[P, Any]:
        @wraps(body)
        def function(*args: P.args, **kwargs: P.kwargs) -> Any:
            if declared.rest and kwargs:
                return as_python(evaluate(declared, *in_order(declared, args, kwargs)))
            return as_python(evaluate(declared, args, kwargs))

        signature = inspect.signature(body)
        declared = _metric(body, signature, function, **self.traits)
        _enter(declared, signature, function)
        return function


def _enter(declared: Metric, signature: inspect.Signature, function: Any) -> None:
    """Put a metric into the catalogue and its help on its function."""
    function.__doc__ = docstring(declared)
    function.__signature__ = _shown(declared, signature)
    CATALOG[declared.name] = declared


def _shown(declared: Metric, signature: inspect.Signature) -> inspect.Signature:
    """The signature as help shows it: what each argument expects instead of roles and kinds."""
    expected = {a.name: a.kind.expected for a in (*declared.arguments, *declared.keyword_only) if not a.choices}
    parameters = [p.replace(annotation=expected.get(p.name, p.annotation)) for p in signature.parameters.values()]
    gives = {"number": float, "pair": tuple[float, float], "words": str}.get(declared.gives, "pandas.DataFrame")
    return signature.replace(parameters=parameters, return_annotation=gives)


def metric(
    *,
    title: str,
    category: Category,
    formula: str,
    source: str,
    example: Example | tuple[Example, ...],
    unit: Unit | None = None,
    bounds: Bounds | Mapping[str, Bounds] | None = None,
    better: Better = Better.NEITHER,
    convention: str = "",
    native: str = "",
    no_native: str = "",
    dynamic: str = "",
    columns: tuple[Column, ...] = (),
    headline: int | None = None,
    empty_is_zero: bool = False,
    sample: Sample = Sample.NONE,
    ordered: bool = False,
) -> _Declare:
    """Declare a metric.

    Args:
        title: its name in the field.
        category: the subject it belongs to.
        formula: in words and signs, for people.
        source: where the formula comes from.
        example: one or more runnable calls with their results.
        unit, bounds: of the result; bounds may depend on a choice. A table declares `columns` instead.
        better: which direction is good news.
        convention: what was chosen where the field disagrees.
        native: the same metric in plain spreadsheet functions, or `no_native`: why there is none.
        dynamic: the same in functions of Excel 365 and 2024, where the plain form takes no arrays or there is none.
        headline: its place among the sixteen metrics every scorecard shows.
        empty_is_zero: an empty range is 0, as for a sum.
        sample: what chance there is in it, for every verdict, interval by group and account of a change.
        ordered: its rows are in order, such as the steps of a funnel; a table on an engine has none.
    """
    return _Declare(**locals())


def alias(function: Callable[P, T], name: str, **traits: str) -> Callable[P, T]:
    """A metric under another name the field has for it, with its own title, summary and convention."""

    @wraps(function)
    def renamed(*args: P.args, **kwargs: P.kwargs) -> Any:
        return as_python(evaluate(declared, args, kwargs))

    renamed.__name__ = renamed.__qualname__ = name
    declared = replace(lookup(function), name=name, function=renamed, headline=None, **traits)  # type: ignore[arg-type]
    _refuse_half_declared(declared, measured=True, undocumented=[])
    _enter(declared, inspect.signature(declared.body), renamed)
    return renamed


def _metric(
    body: Callable[..., Any],
    signature: inspect.Signature,
    function: Callable[..., Any],
    *,
    unit: Unit | None,
    bounds: Bounds | Mapping[str, Bounds] | None,
    example: Example | tuple[Example, ...],
    **traits: Any,
) -> Metric:
    summary, helps = argument_help(body)
    gives = _GIVES[signature.return_annotation]
    parameters = list(signature.parameters.values())
    named = [p for p in parameters if p.kind is inspect.Parameter.KEYWORD_ONLY]
    declared = Metric(
        name=body.__name__,
        summary=summary,
        unit=unit or TEXT,
        bounds=bounds or (float("-inf"), float("inf")),
        examples=example if isinstance(example, tuple) else (example,),
        arguments=tuple(_argument(p, helps) for p in parameters if p not in named),
        keyword_only=tuple(_argument(p, helps) for p in named),
        gives=gives,
        body=body,
        function=function,
        **traits,
    )
    measured = unit is not None and (bounds is not None or gives == "words")
    every_name = (*declared.names, *(a.name for a in declared.keyword_only))
    _refuse_half_declared(declared, measured, [name for name in every_name if not helps.get(name)])
    return declared


def _argument(parameter: inspect.Parameter, helps: Mapping[str, str]) -> Argument:
    hint = parameter.annotation
    required = parameter.default is inspect.Parameter.empty
    variadic = parameter.kind is inspect.Parameter.VAR_POSITIONAL
    default = () if variadic else None if required else parameter.default
    words: tuple[str, ...] = ()
    role, kind, group, adds = Role.RAW, Kind(), "", False
    if get_origin(hint) is Literal:
        words, role = get_args(hint), Role.CHOICE
        kind = OneOf(words)
    elif get_origin(hint) is Annotated:
        for trait in get_args(hint)[1:]:
            role = trait if isinstance(trait, Role) else role
            kind = trait if isinstance(trait, Kind) else kind
            group = trait.name if isinstance(trait, Group) else group
            adds = adds or isinstance(trait, Adds)
    text = " ".join(filter(None, (helps.get(parameter.name, ""), kind.scale)))
    return Argument(
        parameter.name, role, kind, required and not variadic, default, text, group, words, variadic, adds
    )  # fmt: skip


def _refuse_half_declared(declared: Metric, measured: bool, undocumented: list[str]) -> None:
    """A metric that does not say everything a door needs never enters the catalogue."""
    missing = [trait for trait in ("title", "summary", "formula", "source", "examples") if not getattr(declared, trait)]
    if declared.gives == "table" and not declared.columns:
        missing.append("columns")
    if declared.gives != "table" and not measured:
        missing.append("unit and bounds")
    if bool(declared.native) == bool(declared.no_native):
        missing.append("either native or no_native")
    missing += [f"help of {name}" for name in undocumented]
    too_long = [a.name for a in declared.arguments if len(a.help) > 255]
    if missing or too_long:
        words = f"lacks {', '.join(missing)}" if missing else f"has help over 255 characters for {too_long}"
        raise TypeError(f"metric {declared.name} {words}")
    if declared.name in CATALOG:
        raise TypeError(f"metric {declared.name} is declared twice")
    reserved.refuse(declared.name, [a.name for a in declared.arguments])
    optional_seen = False
    for argument in (*declared.arguments, *declared.keyword_only):
        if argument.required and optional_seen:
            raise TypeError(f"metric {declared.name}: required {argument.name} comes after an optional argument")
        optional_seen = optional_seen or not argument.required


def as_python(evaluation: Evaluation) -> Any:
    """A Python caller's value: a float, a pair, words, or a column or frame of the kind the caller gave."""
    host, value = evaluation.host, evaluation.value
    if evaluation.metric.gives == "table":
        return small_frame(host.package if host else "pandas", value)
    return host.column(value, evaluation.metric.name) if host and isinstance(value, np.ndarray) else value


def in_order(asking: Metric, args: Sequence[Any], kwargs: Mapping[str, Any]) -> tuple[Sequence[Any], Mapping[str, Any]]:
    """A call with what it names of the metric it asks about put in order, and what is left by name."""
    own = asking.names[:-1]
    if not asking.rest or any(name not in kwargs for name in asking.required[len(args) :]):
        return args, kwargs
    by_name = {a.name: kwargs[a.name] for a in asking.keyword_only if a.name in kwargs}
    given = [*args, *(kwargs.get(name) for name in own[len(args) :])]
    further = {name: value for name, value in kwargs.items() if name not in (*own[len(args) :], *by_name)}
    asked = lookup(given[0])
    bound = asked.names[: len(given) - len(own)]
    for name in further:
        if name in bound or name not in asked.names:
            problem = f"{name} {'is given twice' if name in bound else 'is no argument'}"
            words = ", ".join(a.name if a.required else f"[{a.name}]" for a in asked.arguments)
            raise WrongCall(problem, f"The arguments of {asked.name} are {words}.", argument=name)
    last = max((asked.names.index(name) for name in further), default=-1)
    return [*given, *(further.get(name) for name in asked.names[len(given) - len(own) : last + 1])], by_name


def lookup(name: object) -> Metric:
    """Find a metric by its Python or its spreadsheet name.

    Raises:
        UnknownMetric: with the nearest names.
    """
    found = CATALOG.get(getattr(name, "__name__", re.sub(r"[\s-]+", "_", str(name).strip().lower())))
    if found is None:
        raise UnknownMetric(name, _spoken())
    return found


def _spoken() -> dict[str, list[str]]:
    """Names, titles and the words of names, each with the metrics it may mean, the headline metrics first."""
    phrases: dict[str, list[str]] = {}
    for declared in sorted(CATALOG.values(), key=lambda m: (m.headline or len(CATALOG), len(m.name), m.name)):
        name = declared.name.replace("_", " ")
        for phrase in dict.fromkeys((name, declared.title.lower(), *name.split())):
            phrases.setdefault(phrase, []).append(declared.name)
    return phrases


@lru_cache(maxsize=1)
def headline_metrics() -> tuple[Metric, ...]:
    """The sixteen metrics of a scorecard, in their order."""
    return tuple(sorted((m for m in CATALOG.values() if m.headline), key=lambda m: m.headline or 0))
