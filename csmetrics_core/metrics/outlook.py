"""Annual recurring revenue in the months to come, with a band, and how far off such forecasts were before."""

import datetime
from typing import Annotated, Any

import numpy as np

from csmetrics_core.declaration.catalog import metric
from csmetrics_core.declaration.kinds import Amount, Day, Id, Level, Month, Number
from csmetrics_core.declaration.spec import (
    DATE,
    FRACTION,
    MONEY,
    TEXT,
    Aligned,
    Category,
    Column,
    Each,
    Example,
    Spelled,
)
from csmetrics_core.errors import NoData, WrongCall, off_scale
from csmetrics_core.intake.prepared import Coded
from csmetrics_core.maths.periods import index_of
from csmetrics_core.maths.verdicts import number
from csmetrics_core.models import Floats
from csmetrics_core.models.arr_ahead import LEAST_MONTHS, Ahead, InstalledBase, contests, installed_base, undated
from csmetrics_core.models.contest import Contest
from csmetrics_core.reductions.flows import month_column
from csmetrics_core.reductions.money import from_cents, to_cents
from csmetrics_core.reductions.outliers import slips
from csmetrics_core.reductions.standing import UNKNOWN, Standing, standing
from csmetrics_core.results import Table

_LONGEST, _USUAL = 36, 12
_LARGE = 0.2
# 36 customers over 13 months, six of whom leave.
_ROWS = [(c, m) for m in range(13) for c in range(36) if c > 5 or m <= 2 * c]
_EACH = "for m in range(13) for c in range(36) if c > 5 or m <= 2 * c]"
_NAN = float("nan")


@metric(
    title="ARR forecast",
    category=Category.REVENUE,
    columns=(
        Column("month", DATE, "first day of the month; the first row is the last month there is"),
        Column("contracted", MONEY, "ARR of today's customers not yet due for renewal"),
        Column("base", MONEY, "ARR expected of today's customers"),
        Column("new", MONEY, "your new business so far"),
        Column("arr", MONEY, "base + new"),
        Column("low", MONEY, "lower bound"),
        Column("high", MONEY, "upper bound"),
        Column("mape", FRACTION, "mean error of this forecast, so many months ahead, when tried on the past"),
        Column("rival", TEXT, "the best of three simple forecasts"),
        Column("rival_mape", FRACTION, "its mean error at the same months"),
        Column("coverage", FRACTION, "how often the band held what came"),
    ),
    formula="base = Σ ARR × Π(1 − chance to leave at each renewal) × (growth of those who stay)^months",
    convention=(
        "Learnt from the last 24 months: chances by renewal and segment where 30 fell due and 5 were lost. Tried on "
        "up to 12 earlier months, each time with what was known then. New business is your figure and not tried."
    ),
    no_native="it draws futures",
    source=(
        "Kaplan-Meier steps; Fader and Hardie (2007) beyond the last renewal seen; rolling origins: Tashman (2000); "
        "MAPE: Hyndman and Koehler (2006)"
    ),
    example=Example(
        customers=Spelled(f"[c {_EACH}", [c for c, _ in _ROWS]),
        months=Spelled(
            f"[datetime.date(2025 + m // 12, m % 12 + 1, 1) {_EACH}",
            [datetime.date(2025 + m // 12, m % 12 + 1, 1) for _, m in _ROWS],
        ),
        mrr=Spelled(f"[100 + c {_EACH}", [100 + c for c, _ in _ROWS]),
        horizon=2,
        result={
            "month": ["2026-01-01", "2026-02-01", "2026-03-01"],
            "contracted": [43380.0, 0.0, 0.0],
            "base": [43380.0, 42722.73, 42075.41],
            "new": [0.0, 0.0, 0.0],
            "arr": [43380.0, 42722.73, 42075.41],
            "low": [43380.0, 41760.0, 40354.8],
            "high": [43380.0, 43380.0, 43380.0],
            "mape": [_NAN] * 3,
            "rival": [None] * 3,
            "rival_mape": [_NAN] * 3,
            "coverage": [_NAN] * 3,
        },
    ),
)
def arr_forecast(
    customers: Annotated[Aligned, Id()],
    months: Annotated[Aligned, Month()],
    mrr: Annotated[Aligned, Amount(signed=True)],
    segments: Annotated[Aligned, Id(blanks=True)] = None,
    terms: Annotated[Aligned, Number(1, 120, whole=True, hint="Give whole months: 1, 12, 36.")] = None,
    renews_on: Annotated[Aligned, Day(open_ended=True)] = None,
    horizon: Annotated[Each, Number(1, _LONGEST, whole=True, hint="Give whole months, such as 12.")] = None,
    new_arr_a_month: Annotated[Each, Amount()] = 0,
    confidence: Annotated[Each, Level()] = 0.8,
    seed: Annotated[Each, Number(0, 2**31, whole=True, hint="Give a whole number.")] = 1,
) -> Table:
    """Annual recurring revenue month by month ahead, with a band, and the error of such forecasts in the past.

    Args:
        customers: Who pays, one a row.
        months: Any day of the month the row is for.
        mrr: Monthly recurring revenue; rows of one customer and month are added up.
        segments: The customer's segment, where chances to leave differ.
        terms: Months a contract runs, such as 12; left out, 1.
        renews_on: The day the contract next comes up for renewal; its month's row is the first one no longer owed.
        horizon: Months ahead; left out, 12, or half the history if that is less.
        new_arr_a_month: ARR of new customers a month, your own figure.
        confidence: Of the band, such as 0.8.
        seed: Another number draws other futures.
    """
    index = index_of(months, "month")
    if renews_on is not None and terms is None:
        fix = "Give terms: the months each contract runs, such as 12."
        raise WrongCall("renews_on needs terms beside it", fix, argument="terms")
    renews = None if renews_on is None else _months_of(renews_on)
    history = standing(customers, index, to_cents(mrr, "mrr"), segments, terms, renews)
    ahead_for = _horizon(history.months, horizon)
    base = installed_base(history, ahead_for, confidence, int(seed))
    told = base.ahead(history.months - 1)
    tried = contests(base)
    new = np.arange(ahead_for + 1) * new_arr_a_month
    columns = _columns(history, told, new, tried)
    return Table(columns, tuple(_notes(base, told, tried, customers, columns)))


def _months_of(days: Any) -> Any:
    """The months of days, UNKNOWN where there is none."""
    from csmetrics_core.intake.cells import OPEN_ENDED

    known = days < OPEN_ENDED
    return np.where(known, index_of(np.where(known, days, 0), "month"), UNKNOWN)


def _horizon(months: int, asked: float | None) -> int:
    """How many months ahead: as asked, if the history bears it."""
    if months < LEAST_MONTHS:
        problem = f"months covers {months} month{'s' * (months > 1)}; a forecast needs {LEAST_MONTHS}"
        raise NoData(problem, "Give a longer history.", argument="months")
    most = months // 2
    if asked is None:
        return min(_USUAL, most)
    if asked > most:
        fix = "Look less far ahead, or give a longer history."
        raise off_scale("horizon", None, int(asked), f"at most {most}, half of the {months} months there are", fix)
    return int(asked)


def _columns(history: Standing, told: Ahead, new: Floats, tried: list[Contest]) -> dict[str, Any]:
    base, low, high, contracted = (_yearly(part) for part in (told.base, told.low, told.high, told.contracted))
    nothing = np.full(new.size, np.nan)
    errors = {name: nothing.copy() for name in ("mape", "rival_mape", "coverage")}
    rivals: list[str | None] = [None] * new.size
    for month, contest in enumerate(tried, start=1):
        errors["mape"][month] = contest.mape()
        errors["rival_mape"][month] = contest.mape(contest.rival)
        errors["coverage"][month] = contest.coverage
        rivals[month] = contest.rival
    return {
        "month": month_column(history.first + history.months - 1, new.size),
        "contracted": contracted, "base": base, "new": new, "arr": base + new, "low": low + new, "high": high + new,
        "mape": errors["mape"], "rival": rivals, "rival_mape": errors["rival_mape"], "coverage": errors["coverage"],
    }  # fmt: skip


def _yearly(cents: Floats) -> Floats:
    """ARR to the cent."""
    return from_cents(np.round(12 * cents))


def _notes(
    base: InstalledBase, told: Ahead, tried: list[Contest], customers: Coded, columns: dict[str, Any]
) -> list[str]:
    """The forecast, its past and its weak points in sentences."""
    history = base.history
    last = str(columns["month"][-1])[:7]
    now, then = _money(columns["arr"][0]), _money(columns["arr"][-1])
    reach = f"{_money(columns['low'][-1])} to {_money(columns['high'][-1])}"
    level = f"{100 * base.confidence:g} %"
    notes = [f"ARR is {now} now and expected to be {then} in {last} ({level}: {reach})."]
    if tried:
        notes.append(tried[-1].sentence(base.confidence))
    else:
        needed = f"{LEAST_MONTHS} months before and {base.horizon} after"
        notes.append(f"Not tried on the past: that takes {needed} a month in it, and {history.months} are given.")
    if columns["new"][-1]:
        notes.append("New business is your figure; it is neither in the band nor tried on the past.")
    paying = np.flatnonzero(history.paid[:, -1] > 0)
    largest = int(paying[history.paid[paying, -1].argmax()])
    share = history.paid[largest, -1] / history.monthly[-1]
    if share > _LARGE:
        rest = base.ahead(history.months - 1, without=largest)
        low, mid, high = (_money(_yearly(part)[-1] + columns["new"][-1]) for part in (rest.low, rest.base, rest.high))
        who = customers.labels[largest]
        notes.append(f"{who} is {100 * share:.0f} % of ARR; without it {mid} in {last} ({level}: {low} to {high}).")
    notes += slips(history.paid[:, -1] / 100, history.paid[:, -2] / 100, lambda who: str(customers.labels[who]), "MRR")
    if (vague := int(undated(history).sum())) > 0:
        notes.append(f"Of {vague} customers nothing tells when they come up for renewal: any month of the term may be.")
    return [*notes, *history.notes]


def _money(amount: float) -> str:
    return number(round(amount) if abs(amount) >= 1000 else round(amount, 2))
