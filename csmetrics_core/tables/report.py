"""Every metric that a table's columns allow, with what the reader must know."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import narwhals as nw

from csmetrics_core.declaration.catalog import CATALOG
from csmetrics_core.declaration.spec import MONEY, Unit
from csmetrics_core.errors import MetricError, WrongKind, WrongShape
from csmetrics_core.tables.accounts import usage_by_account
from csmetrics_core.tables.activity import active_users, feature_adoption
from csmetrics_core.tables.contracts import contract_months
from csmetrics_core.tables.customers import cohort_retention, customer_movements
from csmetrics_core.tables.frames import EngineFailed, is_empty, no_rows, schema_of, wrapped
from csmetrics_core.tables.groups import fcr, survey
from csmetrics_core.tables.revenue import mrr_movements, retention
from csmetrics_core.tables.schema import Role, look_for, resolve


@dataclass(frozen=True)
class Asked:
    """What a report is about.

    Args:
        by: columns to group ratios by.
        as_of: the day the data were taken; today, where not given.
        time_zone: the zone whose days count.
        rates: a table of currency, month and rate, for amounts in several currencies.
        options: survey metric -> its other arguments, such as {"ces": {"scale_max": 5}}.
    """

    by: tuple[str, ...] = ()
    as_of: date | None = None
    time_zone: str = "UTC"
    rates: Any = None
    options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class Section:
    """One part of a report: a small table, or why there is none.

    Args:
        title: what it shows.
        columns: the table, as plain values.
        units: unit of each column that has one.
        notes: what the reader must know.
        problem: why it could not be computed.
        error: the same as it was raised, for doors with words of their own.
    """

    title: str
    columns: Mapping[str, list[Any]]
    units: Mapping[str, Unit]
    notes: tuple[str, ...] = ()
    problem: str = ""
    error: MetricError | None = None


@dataclass(frozen=True)
class Recipe:
    """A metric a report holds where the columns are there.

    Args:
        title: what it shows.
        metric: the metric of the catalogue whose columns and units it has.
        needs: the roles it reads.
        compute: frame, what is asked, notes -> the result.
    """

    title: str
    metric: str
    needs: tuple[Role, ...]
    compute: Callable[[Any, Asked, list[str]], Any]


def _days(asked: Asked) -> dict[str, Any]:
    return {"as_of": asked.as_of, "time_zone": asked.time_zone}


def _from_contracts(frame: Any, asked: Asked, notes: list[str]) -> Any:
    rates = asked.rates if _currency(frame) else None
    months = contract_months(frame, notes=notes, rates=rates, **_days(asked))
    return mrr_movements(months, notes=notes, fx=None if rates is None else "fx", **_days(asked))


def _currency(frame: Any) -> str | None:
    """The column of currencies, where there is one."""
    return resolve(schema_of(wrapped(frame)), (Role("currency", "id", needed=False),), {}).get("currency")


def _rates(frame: Any, asked: Asked, notes: list[str]) -> Any:
    """The rates for months of revenue; none where the table names no currencies, and said so."""
    if asked.rates is None:
        return None
    if _currency(frame) is None:
        notes.append("No column tells currencies: the rates were not used.")
        return None
    notes.append("Amounts are at each month's rates; what rates did is fx. Retention is at the later month's rates.")
    return asked.rates


def _movements(frame: Any, asked: Asked, notes: list[str]) -> Any:
    return mrr_movements(frame, rates=_rates(frame, asked, notes), notes=notes, **_days(asked))


def _retention(frame: Any, asked: Asked, notes: list[str]) -> Any:
    return retention(frame, rates=_rates(frame, asked, notes), notes=notes, **_days(asked))


def _cohorts(frame: Any, asked: Asked, notes: list[str]) -> Any:
    return cohort_retention(frame, "month", "mrr", rates=_rates(frame, asked, notes), notes=notes, **_days(asked))


def _survey(metric: str) -> Callable[[Any, Asked, list[str]], Any]:
    options: dict[str, Any] = {"scale_max": 7} if metric == "ces" else {}
    return lambda frame, asked, notes: survey(
        frame, metric, asked.by, notes=notes, **options | dict(asked.options.get(metric, {}))
    )


#: The survey metrics of a report.
SURVEYS = ("nps", "csat", "ces")
_CUSTOMER, _USER = Role("customer", "id"), Role("user", "id")
_MONTHS = (_CUSTOMER, Role("month", "date"), Role("mrr", "number"))
_CONTRACTS = (_CUSTOMER, Role("start", "date"), Role("amount", "number"), Role("interval", "answer"))
_EVENTS = (_USER, Role("timestamp", "date"))
RECIPES = (
    Recipe(
        "MRR movements", "mrr_movements", _MONTHS,
        _movements,
    ),
    Recipe(
        "Retention over 12 months", "retention_by_month", _MONTHS,
        _retention,
    ),
    Recipe(
        "Retention of cohorts, by money", "cohort_retention", _MONTHS,
        _cohorts,
    ),
    Recipe("MRR movements from contracts", "mrr_movements", _CONTRACTS, _from_contracts),
    Recipe(
        "Customer movements", "customer_movements", (_CUSTOMER, Role("start", "date"), Role("end", "date")),
        lambda frame, asked, notes: customer_movements(frame, time_zone=asked.time_zone, notes=notes),
    ),
    Recipe(
        "Active users", "stickiness_by_day", _EVENTS,
        lambda frame, asked, notes: active_users(frame, notes=notes, **_days(asked)),
    ),
    Recipe(
        "Feature adoption", "feature_adoption", (*_EVENTS, Role("feature", "id")),
        lambda frame, asked, notes: feature_adoption(frame, notes=notes),
    ),
    Recipe(
        "Usage by account", "usage_by_account", (*_EVENTS, Role("account", "id")),
        lambda frame, asked, notes: usage_by_account(frame, time_zone=asked.time_zone, notes=notes),
    ),
    *(Recipe(CATALOG[name].title, name, (Role(name, "answer"),), _survey(name)) for name in SURVEYS),
    Recipe(
        "First contact resolution", "fcr_from_contacts", (Role("contacts", "number"), Role("resolved", "flag")),
        lambda frame, asked, notes: fcr(frame, by=asked.by, notes=notes),
    ),
)  # fmt: skip


def fitting(frame: Any) -> list[Recipe]:
    """The recipes whose columns a frame has.

    Raises:
        WrongShape: there is none; the message lists the columns.
        WrongKind: a column of the right name holds something else.
    """
    table = wrapped(frame)
    schema = schema_of(table)
    found = [recipe for recipe in RECIPES if _has(schema, recipe.needs)]
    if not found:
        raise no_rows() if is_empty(table) else _nothing_fits(schema)
    return found


def columns_of(recipe: Recipe, frame: Any) -> frozenset[str]:
    """The columns of a frame that a recipe reads; it must fit."""
    return frozenset(resolve(schema_of(wrapped(frame)), recipe.needs, {}).values())


def _nothing_fits(schema: Mapping[str, Any]) -> MetricError:
    """Why no recipe fits: a column of the right name holds something else, or there are none of these names."""
    for recipe in RECIPES:
        if all(look_for(role.name, schema) for role in recipe.needs):
            try:
                resolve(schema, recipe.needs, {})
            except WrongKind as error:
                error.problem = f"{recipe.title}: {error.problem}"
                return error
    needs = dict.fromkeys(", ".join(role.name for role in recipe.needs) for recipe in RECIPES)
    problem = f"no metric fits the columns {', '.join(map(str, schema))}"
    return WrongShape(problem, f"Name them as a report needs them: {'; '.join(needs)}.")


def _has(schema: Mapping[str, Any], needs: Sequence[Role]) -> bool:
    try:
        found = resolve(schema, needs, {})
    except MetricError:
        return False
    return len(set(found.values())) == len(needs)


def report(frame: Any, asked: Asked | None = None) -> Iterator[Section]:
    """Compute every metric that fits, one section after the other.

    Args:
        frame: a table of any engine.
        asked: what the report is about.

    Yields:
        One section a metric; one that cannot be computed says why and the others go on.

    Raises:
        WrongShape: no metric fits the columns.

    Examples:
        >>> import pandas
        >>> [section.title for section in report(pandas.DataFrame({"nps": [10, 3]}))]
        ['Net Promoter Score']
    """
    for recipe in fitting(frame):
        yield section(recipe, frame, asked or Asked())


def section(recipe: Recipe, frame: Any, asked: Asked) -> Section:
    """Compute one recipe.

    Raises:
        EngineFailed: the engine cannot go on, for this recipe or any other.
    """
    metric = CATALOG[recipe.metric]
    notes: list[str] = []
    units = {"fx": MONEY} | {column.name: column.unit for column in metric.columns}
    ages = next((c.unit for c in metric.columns if c.name == "age_{n}"), None)
    try:
        result = nw.from_native(recipe.compute(frame, asked, notes))
    except EngineFailed:
        raise
    except MetricError as error:
        return Section(recipe.title, {}, {}, tuple(notes), str(error), error)
    columns = (result.collect() if isinstance(result, nw.LazyFrame) else result).to_dict(as_series=False)
    shown = {name: [None if v is None or v != v else v for v in values] for name, values in columns.items()}
    if "n" in shown and not any(shown["n"]):
        left_out = sum(count or 0 for count in shown["dropped"])
        return Section(recipe.title, {}, {}, tuple(notes), f"none of the {left_out:,} cells is an answer that counts.")
    measured = {} if metric.columns else dict.fromkeys(("value", "low", "high"), metric.unit)
    by_age = {name: ages for name in columns if ages and name.startswith("age_")}
    return Section(recipe.title, shown, units | measured | by_age, tuple(dict.fromkeys(notes)))
