"""Who is behind a step of the account of a change: customers with what they pay, or the rows of a segment."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from csmetrics_core.company.company import Company, month_text
from csmetrics_core.company.headline.money import paid_by
from csmetrics_core.intake.grouping import BLANK

if TYPE_CHECKING:
    from csmetrics_core.company.headline.why import Side

#: Which groups to keep, and 0 or 1 for one of the two periods alone -> columns.
Behind = Callable[[Callable[[str], bool], int | None], dict[str, list[Any]]]


def customers_behind(
    company: Company, months: Sequence[int], kept: Callable[[str], bool], period: int | None
) -> dict[str, list[Any]]:
    """What customers pay in some months: those who pay otherwise than before, or all who pay in one period's month."""
    paid = [paid_by(company, month) for month in months]
    known = {str(who): who for one in paid for who in one}
    amounts = {name: [one.get(who, 0.0) for one in paid] for name, who in known.items() if kept(name)}
    half = len(months) // 2
    if period is None:
        chosen = {n: a for n, a in amounts.items() if any(_moved(a[2 * k : 2 * k + 2], half) for k in range(half))}
    else:
        chosen = {n: a for n, a in amounts.items() if a[period if half == 1 else 2 * period] > 0}
    changes = {n: a[-1] - a[0] if half == 1 else (a[3] - a[2]) - (a[1] - a[0]) for n, a in chosen.items()}
    order = sorted(chosen, key=lambda name: (-abs(changes[name]), name))
    columns = {month_text(month): [chosen[name][k] for name in order] for k, month in enumerate(months)}
    return {"customer": order, **columns}


def _moved(pair: Sequence[float], cohorts: int) -> bool:
    """Whether somebody pays otherwise than before; of a cohort only who was in it."""
    return pair[0] != pair[1] and (cohorts == 1 or pair[0] > 0)


def rows_behind(
    sides: "Sequence[Side]",
    names: Sequence[str],
    ranges: Sequence[str],
    kept: Callable[[str], bool],
    period: int | None,
) -> dict[str, list[Any]]:
    """The rows of some segments, with their customers where these are known."""
    found: dict[str, list[Any]] = {"period": [], "customer": [], "segment": [], **{name: [] for name in ranges}}
    for place, (side, name) in enumerate(zip(sides, names, strict=True)):
        groups = [group_name(one) for one in side.segments or ()]
        cells = [side.arguments[argument] for argument in ranges]
        told = [any(column[k] is not None and column[k] == column[k] for column in cells) for k in range(len(groups))]
        chosen = [k for k, group in enumerate(groups) if told[k] and kept(group) and period in (None, place)]
        owners = side.owners
        found["period"] += [name] * len(chosen)
        found["segment"] += [groups[k] for k in chosen]
        found["customer"] += ["" if owners is None else owners[k] for k in chosen]
        for argument in ranges:
            found[argument] += [side.arguments[argument][k] for k in chosen]
    return {name: cells for name, cells in found.items() if name != "customer" or any(map(bool, map(str, cells)))}


def group_name(segment: Any) -> str:
    """A segment as the account calls it."""
    return BLANK if segment is None or segment != segment else str(segment)
