"""How far off a forecast was in the past, beside forecasts that cost nothing."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from csmetrics_core.maths.verdicts import number
from csmetrics_core.models import Floats

#: Fewer origins than this tell nothing.
LEAST_ORIGINS = 6
_NARROW = 0.5

#: Name -> what it expects `month` months ahead, from what is paid today and the net retention of each month so far.
RIVALS: Mapping[str, Callable[[float, Floats, int], float]] = {
    "last value": lambda today, kept, month: today,
    "mean net retention": lambda today, kept, month: today * float(kept[-12:].mean()) ** month,
    "last year's pattern": lambda today, kept, month: today * float(np.prod(np.resize(kept[-12:], month))),
}


@dataclass(frozen=True)
class Contest:
    """A forecast held against what came, at some past months, one element each.

    Args:
        actual, forecast, low, high: what came, and what had been expected.
        rivals: what the rivals had expected, by name.
        scale: mean absolute change of one month, in the past of each origin.
    """

    actual: Floats
    forecast: Floats
    low: Floats
    high: Floats
    rivals: Mapping[str, Floats]
    scale: Floats

    @property
    def origins(self) -> int:
        """How often it was tried."""
        return int(self.actual.size)

    @property
    def held(self) -> int:
        """How often the band held what came."""
        return int(np.count_nonzero((self.low <= self.actual) & (self.actual <= self.high)))

    @property
    def coverage(self) -> float:
        """The share of the origins in which it did."""
        return self.held / self.origins

    def mape(self, name: str = "", half: slice = slice(None)) -> float:
        """Mean absolute error in shares of what came, of the forecast or of a rival.

        Source: Hyndman and Koehler (2006), Another look at measures of forecast accuracy.
        """
        guess = self.rivals[name] if name else self.forecast
        there = self.actual[half] > 0
        if not there.any():
            return float("nan")
        return float((np.abs(guess[half] - self.actual[half])[there] / self.actual[half][there]).mean())

    def mase(self, name: str = "") -> float:
        """Mean absolute error in units of a usual change from one month to the next."""
        guess = self.rivals[name] if name else self.forecast
        moving = self.scale > 0
        if not moving.any():
            return float("nan")
        return float((np.abs(guess - self.actual)[moving] / self.scale[moving]).mean())

    @property
    def rival(self) -> str:
        """The best of the rivals."""
        return min(self.rivals, key=self.mape)

    @property
    def lost(self) -> bool:
        """Whether a rival was closer."""
        return self.mape(self.rival) < self.mape()

    @property
    def lost_twice(self) -> bool:
        """Whether it was so in both halves of the origins too; chance alone does that seldom."""
        middle = self.origins // 2
        halves = (slice(None, middle), slice(middle, None))
        return self.lost and all(self.mape(self.rival, half) < self.mape(half=half) for half in halves)

    def sentence(self, confidence: float) -> str:
        """The outcome in words."""
        mine, theirs = (f"{number(round(100 * error, 1))} %" for error in (self.mape(), self.mape(self.rival)))
        times = f"over {self.origins} origin{'s' * (self.origins > 1)}"
        enough = self.origins >= LEAST_ORIGINS
        band = f"the {100 * confidence:g} % band held in {self.held} of {self.origins}"
        if self.lost:
            rival = self.rival[0].upper() + self.rival[1:]
            prefer = ": prefer it" if enough and self.lost_twice else ""
            text = f"{rival} was closer {times} ({theirs} against {mine}){prefer}; {band}"
        else:
            text = f"O{times[1:]} this forecast was off by {mine}, {self.rival} by {theirs}; {band}"
        if not enough:
            return f"{text}. Too few origins to tell."
        return f"{text}{': too narrow' if self.coverage < _NARROW else ''}."
