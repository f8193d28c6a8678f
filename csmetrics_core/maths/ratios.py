"""Ratios that many metrics share: counts, and shares with their interval."""

from typing import Any

import numpy as np

from csmetrics_core.maths.intervals import wilson
from csmetrics_core.results import Interval, Ratio, Refusal


def count(mask: np.ndarray) -> int:
    """How many are true."""
    return int(np.count_nonzero(mask))


def proportion(successes: int, trials: int, scale: float = 1.0, base: str = "the number of answers") -> Ratio:
    """A share with its Wilson interval."""

    def interval(confidence: float) -> tuple[float, float]:
        low, high = wilson(successes, trials, confidence)
        return scale * float(low), scale * float(high)

    return Ratio(successes, trials, scale, base, n=int(trials), interval=interval)


def part_of(part: Any, whole: Any, argument: str, base: str, fix: str) -> Ratio:
    """A share that cannot pass 1, with its Wilson interval for single values."""
    ratio = (
        proportion(part, whole, base=base) if np.ndim(part) == np.ndim(whole) == 0 else Ratio(part, whole, base=base)
    )
    ratio.refusals = (Refusal(part > whole, argument, part, f"at most {base}", fix),)
    return ratio


def interval_of(parts: Ratio) -> Interval:
    if parts.interval is None:
        raise TypeError("these parts carry no interval")
    return parts.interval
