"""Arguments of a call -> what the body gets, cleaned by role and kind, with everything dropped counted."""

from collections.abc import Mapping, Sequence
from typing import Any

from csmetrics_core.declaration.spec import Metric
from csmetrics_core.errors import WrongCall
from csmetrics_core.intake.elements import choose, prepare_each
from csmetrics_core.intake.prepared import Prepared
from csmetrics_core.intake.ranges import align_groups, prepare_block, reduce_range


def bind(metric: Metric, args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """Name the arguments given; a blank given to an optional one counts as omitted."""
    names = metric.names
    given = dict(zip(names, args))  # noqa: B905 - saying strict costs as much as the rest
    if metric.rest:
        given[metric.rest] = tuple(args[len(names) - 1 :])
    elif len(args) > len(names):
        raise WrongCall(f"takes {len(names)} arguments, {len(args)} were given", _usage(metric))
    for name, value in kwargs.items():
        if name in given or name not in metric.own_names:
            problem = "is given twice" if name in given else "is no argument"
            raise WrongCall(f"{name} {problem}", _usage(metric), argument=name)
        given[name] = value
    for name in metric.required:
        if name not in given:
            raise WrongCall(f"{name} is missing", _usage(metric), argument=name)
    for name, default in metric.optional:
        value = given.get(name)
        if value is None or is_blank(value):
            given[name] = default
    return given


def _usage(metric: Metric) -> str:
    words = ", ".join(a.name if a.required else f"[{a.name}]" for a in metric.arguments)
    return f"Call it as {metric.name}({words})."


def is_blank(value: Any) -> bool:
    """Whether a single value is an empty cell."""
    return value is None or (isinstance(value, str) and not value.strip())


def prepare(metric: Metric, given: dict[str, Any]) -> Prepared:
    """Clean every argument by its role and kind."""
    ready = Prepared(given)
    roles, values = metric.roles, ready.values
    for argument in roles.each:
        if values[argument.name] is not None or argument.required:
            prepare_each(argument, ready)
    for argument in roles.choice:
        values[argument.name] = choose(argument, values[argument.name])
    for argument in roles.reduced:
        if values[argument.name] is not None or argument.required:
            reduce_range(metric, argument, ready)
    if roles.aligned:
        align_groups(metric, ready)
    if roles.block:
        prepare_block(metric, ready)
    return ready
