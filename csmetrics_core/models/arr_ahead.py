"""The forecast of a company's installed base from its months, and what it was worth in the past."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from csmetrics_core.errors import NoData
from csmetrics_core.maths.periods import first_day
from csmetrics_core.models import Floats
from csmetrics_core.models.base_ahead import Contracts, band, contracts, expected
from csmetrics_core.models.contest import RIVALS, Contest
from csmetrics_core.models.renewal_hazards import Hazards, fit
from csmetrics_core.reductions.standing import Seen, Standing, seen

#: What a forecast is learnt from, and at least needs.
WINDOW, LEAST_MONTHS, LEAST_CUSTOMERS, LEAST_LOSSES = 24, 13, 30, 5
_ORIGINS = 12
_PATHS, _ONE_BY_ONE = 2000, 2000
_PAST_PATHS, _PAST_ONE_BY_ONE = 500, 500  # of each origin of the back-test


@dataclass(frozen=True)
class Ahead:
    """What today's customers will pay, now and after each month.

    Args:
        base, low, high: expected, and the band.
        contracted: what is not yet due.
    """

    base: Floats
    low: Floats
    high: Floats
    contracted: Floats


@dataclass(frozen=True)
class InstalledBase:
    """A history with what happened in it counted, which is asked about today and about earlier months.

    Args:
        history: what each customer pays in each month.
        counted: renewals and losses from month to month.
        segments: how many segments there are.
        horizon: months ahead.
        confidence: of the band.
        seed: same seed, same band.
    """

    history: Standing
    counted: Seen
    segments: int
    horizon: int
    confidence: float
    seed: int

    def today(self, month: int) -> Contracts:
        """The contracts of those who paid in a month."""
        h = self.history
        return contracts(h.paid[:, month], h.segment[:, month], self.segments, h.terms(month), month)

    def learnt(self, month: int) -> Hazards:
        """What was known at the end of a month; what came later plays no part.

        Raises:
            NoData: too little was known.
        """
        window = self.counted.within(max(0, month - WINDOW), month)
        self._refuse_little(month, window)
        return fit(window, self.horizon)

    def ahead(self, month: int, without: int | None = None) -> Ahead:
        """The forecast as of a month.

        Args:
            month: the month it starts from.
            without: a customer to leave out.
        """
        hazards, today = self.learnt(month), self.today(month)
        if without is not None:
            today = today.only(np.flatnonzero(self.history.paid[:, month] > 0) != without)
        last = month == self.history.months - 1
        paths, each = (_PATHS, _ONE_BY_ONE) if last else (_PAST_PATHS, _PAST_ONE_BY_ONE)
        bounds = band(today, hazards, self.horizon, self.confidence, seed=self.seed, paths=paths, one_by_one=each)
        return Ahead(expected(today, hazards, self.horizon), *bounds, today.contracted(self.horizon))

    def _refuse_little(self, month: int, window: Seen) -> None:
        paying = int(np.count_nonzero(self.history.paid[:, month] > 0))
        lost = round(float(window.all_lost.sum()))
        when = str(first_day(np.array([self.history.first + month]), "month").astype("datetime64[D]")[0])[:7]
        if month + 1 < LEAST_MONTHS:
            problem = f"months covers {month + 1} months; a forecast needs {LEAST_MONTHS}"
            raise NoData(problem, "Give a longer history.", argument="months")
        if paying < LEAST_CUSTOMERS:
            customers = "1 customer pays" if paying == 1 else f"{paying} customers pay"
            problem = f"{customers} in {when}; a forecast needs {LEAST_CUSTOMERS}"
            raise NoData(problem, "Look at them one by one: renewal_calendar lists what is due.", argument="customers")
        if lost < LEAST_LOSSES:
            losses = "1 customer was" if lost == 1 else f"{lost} customers were"
            problem = f"{losses} lost in the {WINDOW} months to {when}; a forecast needs {LEAST_LOSSES} to learn from"
            raise NoData(problem, "Give a longer history; so few losses tell no rate.", argument="customers")


def contests(base: InstalledBase) -> list[Contest]:
    """The back-test: the forecast as it would have been made in earlier months, one contest for each month ahead.

    Source: Tashman (2000), Out-of-sample tests of forecasting accuracy: rolling origins, refitted at each.
    """
    history, horizon = base.history, base.horizon
    origins = range(LEAST_MONTHS - 1, history.months - horizon)[-_ORIGINS:]
    kept = _kept(history.paid)
    rows = []
    for origin in origins:
        try:
            told = base.ahead(origin)
        except NoData:
            continue
        there = history.paid[:, origin] > 0
        came = history.paid[there, origin + 1 : origin + horizon + 1].sum(axis=0)
        today, past = float(told.base[0]), kept[:origin]
        rivals = {n: np.array([guess(today, past, h + 1) for h in range(horizon)]) for n, guess in RIVALS.items()}
        scale = float(np.abs(np.diff(history.monthly[: origin + 1])).mean())
        rows.append((came, told, rivals, scale))
    if not rows:
        return []
    scales = np.array([scale for *_, scale in rows])
    return [
        Contest(
            actual=np.array([came[h] for came, *_ in rows]),
            forecast=np.array([told.base[h + 1] for _, told, *_ in rows]),
            low=np.array([told.low[h + 1] for _, told, *_ in rows]),
            high=np.array([told.high[h + 1] for _, told, *_ in rows]),
            rivals={name: np.array([rivals[name][h] for _, _, rivals, _ in rows]) for name in RIVALS},
            scale=scales,
        )
        for h in range(horizon)
    ]


def _kept(paid: Floats) -> Floats:
    """The net retention of each month: what last month's customers pay now ÷ what they paid."""
    before = paid[:, :-1].sum(axis=0)
    now = (paid[:, 1:] * (paid[:, :-1] > 0)).sum(axis=0)
    kept: Floats = np.divide(now, before, out=np.ones_like(before), where=before > 0)
    return kept


def installed_base(history: Standing, horizon: int, confidence: float, seed: int) -> InstalledBase:
    """Count what happened in a history."""
    segments = int(history.segment.max(initial=-1)) + 1
    return InstalledBase(history, seen(history, segments), segments, horizon, confidence, seed)


def undated(history: Standing) -> NDArray[np.bool_]:
    """Who pays today and is under contract, though nothing tells when it comes up for renewal."""
    return ~history.terms(history.months - 1).dated & (history.paid[:, -1] > 0)
