"""Amounts that look like slips of the hand, or that a total rests on: named beside it, never dropped."""

from collections.abc import Callable, Sequence
from math import log10

import numpy as np
from numpy.typing import NDArray

from csmetrics_core.maths.verdicts import number
from csmetrics_core.reductions.flows import Balances, month_column

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
_FEWEST = 10  # fewer amounts have no usual size
_MATTERS = 0.05  # of the total
_JUMP = 8.0
_FAR = 5.0  # robust standard deviations, of logarithms
_LEAST_SPREAD = 0.1
_LARGE = 0.2  # of the total
_SHOWN = 3
_NOUGHTS = {1: "one zero", 2: "two zeros", 3: "three zeros", 4: "four zeros", 5: "five zeros", 6: "six zeros"}


def guard(now: Floats, before: Floats | None, name: Callable[[int], str], what: str) -> tuple[str, ...]:
    """What to know about single amounts behind a total: slips, or else the one the total rests on.

    Args:
        now: the amounts.
        before: what the same customers paid the month before, NaN or 0 where that is nothing; None where not known.
        name: what to call the one at a place, at the beginning of a sentence.
        what: the total's name.

    Example:
        >>> guard(np.array([*[150.0] * 9, 1500.0]), None, lambda place: f"Row {place + 1}", "MRR")
        ('Row 10: 1,500 is far from the others (usual: 150). With it MRR is 2,850, without it 1,350.',)
    """
    return slips(now, before, name, what) or _dominating(now, before, name, what)


def slips(now: Floats, before: Floats | None, name: Callable[[int], str], what: str) -> tuple[str, ...]:
    """Amounts that look like slips: by their month before, or where there is none, by the others."""
    paying = np.flatnonzero(now > 0)
    if paying.size < _FEWEST:
        return ()
    total, last = float(now.sum()), _known(before, now.size)
    with np.errstate(invalid="ignore"):
        matter = np.fmax(now, last - now) >= _MATTERS * total
    candidates = paying[matter[paying]]
    fresh = candidates[np.isnan(last[candidates])]
    notes = _far(now, fresh, paying, name, what) if fresh.size else []
    for place in candidates[~np.isnan(last[candidates])].tolist():
        jump = float(now[place] / last[place])
        if jump >= _JUMP or jump <= 1 / _JUMP:
            notes.append(f"{_jumped(name(place), float(now[place]), jump)} {_both(total, float(now[place]), what)}")
    return tuple(notes[:_SHOWN])


def _known(before: Floats | None, size: int) -> Floats:
    """What was paid the month before; NaN where nothing or not known."""
    if before is None:
        return np.full(size, np.nan)
    return np.where(before > 0, before, np.nan)


def _far(now: Floats, fresh: Ints, paying: Ints, name: Callable[[int], str], what: str) -> list[str]:
    """Those without a month before, by their distance from the others."""
    logs = np.sort(np.log(now[paying]))
    middle = float(logs[(logs.size - 1) // 2] + logs[logs.size // 2]) / 2
    away = np.abs(np.log(now[fresh]) - middle)
    if away.max() < _FAR * _LEAST_SPREAD:  # most are, and the rest takes long
        return []
    low, high = np.quantile(logs, [0.25, 0.75])
    spread = max(1.4826 * float(np.median(np.abs(logs - middle))), float(high - low) / 1.349, _LEAST_SPREAD)
    usual, total = number(round(float(np.exp(middle)), 2)), float(now.sum())
    return [
        f"{name(place)}: {number(now[place])} is far from the others (usual: {usual}). {_both(total, now[place], what)}"
        for place in fresh[away / spread >= _FAR].tolist()
    ]


def _jumped(name: str, amount: float, jump: float) -> str:
    power = round(log10(jump))
    slipped = power and abs(jump / 10.0**power - 1) < 0.02
    side = "many" if power > 0 else "few"
    hint = f" ({_NOUGHTS.get(abs(power), 'zeros')} too {side}?)" if slipped else ""
    size = f"{number(jump)} times" if jump >= 1 else f"one {number(round(1 / jump, 1))}th of"
    return f"{name}: {number(amount)} is {size} its last month{hint}."


def _both(total: float, amount: float, what: str) -> str:
    return f"With it {what} is {number(total)}, without it {number(round(total - amount, 2))}."


def _dominating(now: Floats, before: Floats | None, name: Callable[[int], str], what: str) -> tuple[str, ...]:
    """The one a total rests on."""
    if np.count_nonzero(now > 0) < _FEWEST:
        return ()
    largest = int(now.argmax())
    share = now[largest] / now.sum()
    if share <= _LARGE:
        return ()
    seen = not np.isnan(_known(before, now.size)[largest])
    calm = " It did not jump, so it is no typing error by this rule." if seen else ""
    return (f"{name(largest)} is {100 * share:.0f} % of {what}; it dominates.{calm}",)


def guard_months(paid: Balances, labels: Sequence[object]) -> tuple[str, ...]:
    """The same for what customers pay month by month: of the last month all, of those before it the jumps."""
    customer, month = paid.key // paid.span, paid.month
    follows = np.zeros(paid.key.size, dtype=bool)
    follows[1:] = paid.key[1:] == paid.key[:-1] + 1
    before = np.where(follows, np.roll(paid.cents, 1), np.nan)
    last = paid.last - paid.first
    notes: list[str] = []
    order = np.argsort(month, kind="stable")
    starts = np.searchsorted(month[order], np.arange(last + 2))
    for at in range(last, 0, -1):
        here = order[starts[at] : starts[at + 1]]
        text = str(month_column(paid.first + at, 1)[0])[:7]

        def name(place: int, here: Ints = here, text: str = text) -> str:
            return f"{labels[int(customer[here[place]])]} in {text}"

        look = guard if at == last else _jumps
        notes += look(paid.cents[here] / 100, before[here] / 100, name, "MRR")
        if len(notes) >= _SHOWN:
            break
    return tuple(notes[:_SHOWN])


def _jumps(now: Floats, before: Floats, name: Callable[[int], str], what: str) -> tuple[str, ...]:
    """Slips among those who paid the month before; the total is that of all of them."""
    with np.errstate(invalid="ignore"):
        odd = (now >= _JUMP * before) | (now * _JUMP <= before)
    return slips(now, np.where(np.isnan(before), now, before), name, what) if odd.any() else ()
