"""The chance to leave at the first, second, ... renewal, between renewals, and how months differ beyond chance."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from csmetrics_core.models import Floats, shifted_beta_geometric
from csmetrics_core.reductions.standing import Seen

Ints = NDArray[np.int64]
#: A step of the hazard rests on so many due and so many lost.
LEAST_DUE, LEAST_LOST = 30, 5
#: Months that differ more than this are no months of one company.
MOST_SPREAD = 4.0
_HALVINGS = 30


@dataclass(frozen=True)
class Months:
    """Losses of each month beside those expected by chances that were learnt from the same months.

    Args:
        lost, expected: one element a month in which somebody could leave.
        freedom: how many months that is worth, after what the chances have taken from them.
    """

    lost: Floats
    expected: Floats
    freedom: float

    def spreads(self, random: np.random.Generator, paths: int) -> Floats:
        """Variances of the factor of a month as likely as the losses leave them: a few months tell little of it.

        Each solves Σ (lost − expected)² ÷ (expected + spread × expected²) = a draw of chi-square.

        Source: Paule and Mandel (1982), Consensus values and weighting factors; its quantiles as in Viechtbauer (2007).
        """
        squares = ((self.lost - self.expected) ** 2)[:, None]
        mean = self.expected[:, None]
        goal = random.chisquare(self.freedom, paths)
        low, high = np.zeros(paths), np.full(paths, MOST_SPREAD)
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            above = (squares / (mean + middle * mean**2)).sum(axis=0) > goal
            low, high = np.where(above, middle, low), np.where(above, high, middle)
        found: Floats = np.where((squares / mean).sum(axis=0) > goal, low, 0.0)
        return found


@dataclass(frozen=True)
class Hazards:
    """Chances to leave.

    Args:
        lost, due: behind each chance.
        source: which chance holds for each segment (the last is none) at its renewal 1, 2, ...; from the back for
            those of whom only the least number is known.
        scale: by what that chance is multiplied there: 1 except beyond the last renewal seen.
        off: which chance holds between renewals.
        growth: what those who stay pay ÷ what they paid the month before, a month.
        spread: variance of the factor by which losses of one month differ from those of another, as estimated.
        months: what that was learnt from; None where it is given.
    """

    lost: Floats
    due: Floats
    source: Ints
    scale: Floats
    off: int
    growth: Floats
    spread: float
    months: "Months | None" = None

    @property
    def chance(self) -> Floats:
        """The chances; 0 where nobody was due."""
        return np.divide(self.lost, self.due, out=np.zeros_like(self.lost), where=self.due > 0)

    @property
    def mean_growth(self) -> float:
        """The mean factor a month; 1 where nobody stayed."""
        return float(self.growth.mean()) if self.growth.size else 1.0


def fit(counted: Seen, ahead: int) -> Hazards:
    """Learn the chances to leave.

    Args:
        counted: renewals and losses of the months to learn from.
        ahead: how many renewals beyond those seen are to have a chance.
    """
    due, lost = counted.due.sum(axis=0), counted.lost.sum(axis=0)
    all_due, all_lost = [float(counted.off.sum())], [float(counted.off_lost.sum())]
    half = due.shape[1] // 2
    numbers = half + ahead
    together, scale = _steps(due.sum(axis=0), lost.sum(axis=0), numbers, all_due, all_lost)
    tail = _tail(due.sum(axis=0)[:half], lost.sum(axis=0)[:half], numbers)
    if tail is not None:
        beyond, chances = tail
        step = all_lost[together[beyond]] / all_due[together[beyond]] if all_due[together[beyond]] else 0.0
        scale[beyond:numbers] = chances[beyond:] / step if step else 1.0
    source, scales = np.tile(together, (due.shape[0], 1)), np.tile(scale, (due.shape[0], 1))
    for segment in range(due.shape[0] - 1):
        if due[segment].sum() >= LEAST_DUE and lost[segment].sum() >= LEAST_LOST:
            source[segment], scales[segment] = _steps(due[segment], lost[segment], numbers, all_due, all_lost)
    paying = counted.before > 0
    growth = counted.now[paying] / counted.before[paying]
    found = Hazards(np.array(all_lost), np.array(all_due), source, scales, 0, growth, 0.0)
    months = _months(counted, found)
    spread = spread_between_months(months.lost, months.expected)
    return Hazards(found.lost, found.due, source, scales, 0, growth, spread, months)


def _months(counted: Seen, found: Hazards) -> Months:
    """The losses of each month beside those expected, and how many free observations they are.

    Renewals counted from one month, those from the back, have steps that are months, which would hide how months
    differ: their chance is that of all of them.
    """
    months, half = counted.due.shape[0], counted.due.shape[2] // 2
    front, back = counted.due[:, :, :half].reshape(months, -1), counted.due[:, :, half:].reshape(months, -1)
    chances = found.source[:, :half].ravel()
    due = np.zeros((months, found.lost.size + 1))
    for chance_of in np.unique(chances).tolist():
        due[:, chance_of] = front[:, chances == chance_of].sum(axis=1)
    due[:, found.off] += counted.off
    due[:, -1] = back.sum(axis=1)
    lost_back = counted.lost[:, :, half:].sum()
    chance = np.append(found.chance, min(1.0, lost_back / due[:, -1].sum()) if due[:, -1].any() else 0.0)
    each = due * chance
    expected = each.sum(axis=1)
    there = expected > 0
    total = due.sum(axis=0)
    taken = (each * np.divide(due, total, out=np.zeros_like(due), where=total > 0)).sum(axis=1)[there] / expected[there]
    freedom = max(float((1 - taken).sum()), 1.0)
    return Months(counted.all_lost[there], expected[there], freedom)


def _steps(due: Floats, lost: Floats, numbers: int, all_due: list[float], all_lost: list[float]) -> tuple[Ints, Floats]:
    """Chances by renewal, from the front and from the back; they are added to the lists."""
    source = np.zeros(2 * numbers, np.int64)
    if due.any():  # else what was lost between renewals is all that is known
        source[:] = _added(due.sum(), lost.sum(), all_due, all_lost)
        half = due.size // 2
        front, back = slice(1, half), slice(None, half, -1)
        _merge(source[1:numbers], due[front], lost[front], all_due, all_lost)
        _merge(source[:numbers:-1], due[back], lost[back], all_due, all_lost)
    return source, np.ones(2 * numbers)


def _merge(source: Ints, due: Floats, lost: Floats, all_due: list[float], all_lost: list[float]) -> None:
    """Put neighbours together until enough stands behind each; the last chance holds on."""
    begin, closed = 0, 0
    for end in range(1, due.size + 1):
        if due[begin:end].sum() >= LEAST_DUE and lost[begin:end].sum() >= LEAST_LOST:
            closed = _added(due[begin:end].sum(), lost[begin:end].sum(), all_due, all_lost)
            source[begin:] = closed
            begin = end
    if closed:  # what is left over belongs to the last step
        all_due[closed] += due[begin:].sum()
        all_lost[closed] += lost[begin:].sum()


def _added(due: float, lost: float, all_due: list[float], all_lost: list[float]) -> int:
    all_due.append(float(due))
    all_lost.append(float(min(lost, due)))
    return len(all_due) - 1


def _tail(due: Floats, lost: Floats, numbers: int) -> tuple[int, Floats] | None:
    """Chances beyond the last renewal seen by the shifted beta-geometric, where two or more tell of it."""
    seen = np.flatnonzero(due[1:])
    if seen.size < 2 or not lost[1:].any():
        return None
    last = int(seen[-1]) + 1
    model = shifted_beta_geometric.fit_renewals(due[1 : last + 1], np.minimum(lost, due)[1 : last + 1])
    if not model.converged:
        return None
    return last + 1, 1 - shifted_beta_geometric.retention(model, np.arange(-1, numbers - 1))


def spread_between_months(lost: Floats, expected: Floats) -> float:
    """By how much months differ beyond chance: the variance of a factor with mean 1.

    Example:
        >>> spread = spread_between_months(np.array([3, 1, 5, 2, 0, 7.0]), np.array([2.5, 2.5, 3, 3, 3.5, 3.5]))
        >>> round(spread, 6)
        0.254545
    """
    squares = float((expected**2).sum())
    return max(0.0, float(((lost - expected) ** 2 - expected).sum()) / squares) if squares else 0.0
