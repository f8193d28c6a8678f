"""What it takes to reach a goal of recurring revenue: churn, expansion or new business a month."""

from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from csmetrics_core.declaration.catalog import metric
from csmetrics_core.declaration.kinds import Amount, Number, Share
from csmetrics_core.declaration.spec import Category, Each, Example, Unit
from csmetrics_core.maths.verdicts import number
from csmetrics_core.results import Ratio, Refusal

Floats = NDArray[np.float64]
_SOLVED = Unit("a share a month, or money a month", "General", "{:,.6g}")
_HALVINGS = 60
_Positive = Annotated[Each, Number(0, above=True, hint="Give an amount above 0.")]
_LESS = "Ask for less, allow more months, or take more new business."
_MORE = "Ask for more, or fewer months."


@metric(
    title="ARR goal",
    category=Category.REVENUE,
    unit=_SOLVED,
    bounds=(0, float("inf")),
    formula="the one left blank in: ARR after a month = ARR × (1 − churn + expansion) + new ARR",
    convention=(
        "Rates are shares of ARR a month, between 0 and 1; new business begins to churn and expand in the month after "
        "it came. A goal that no churn, expansion or new business of 0 or more meets is refused."
    ),
    no_native="it is solved step by step",
    dynamic="""
        LET(blank,(churn="")+(expansion="")+(new_arr_a_month=""), lost,IF(churn="",0,churn),
            gained,IF(expansion="",0,expansion), added,IF(new_arr_a_month="",0,new_arr_a_month),
            payments,LAMBDA(pace,IF(ABS(pace)<0.00000001,months,((1+pace)^months-1)/pace)),
            reached,LAMBDA(pace,arr*(1+pace)^months+added*payments(pace)),
            lowest,IF(churn="",gained-1,-lost),
            net,REDUCE(lowest,SEQUENCE(60),LAMBDA(low,step,IF(reached(low+0.5^step)<target,low+0.5^step,low))),
            still,target-arr*(1+gained-lost)^months,
            IF(blank<>1,{NA},
                IF(new_arr_a_month="",IF(still<0,{NUM},still/payments(gained-lost)),
                    IF((reached(lowest)>target)+(reached(lowest+1)<target)>0,{NUM},
                        IF(churn="",gained-net,net+lost)))))
    """,
    source="annuity arithmetic: A(1 + r)^n + N((1 + r)^n − 1) ÷ r, solved for r or N; compare RATE and PMT",
    example=(
        Example(arr=1_000_000, target=1_200_000, months=12, expansion=0.01, new_arr_a_month=20_000, result=0.013052),
        Example(arr=1_000_000, target=1_200_000, months=12, churn=0.02, expansion=0.01, result=27603.289546),
    ),
)
def arr_goal(
    arr: _Positive,
    target: _Positive,
    months: Annotated[Each, Number(1, 600, whole=True, hint="Give whole months, such as 12.")],
    churn: Annotated[Each, Share()] = None,
    expansion: Annotated[Each, Share()] = None,
    new_arr_a_month: Annotated[Each, Amount()] = None,
) -> Ratio:
    """What churn may be, or expansion or new business must be, for ARR to reach a target: the one left blank.

    Args:
        arr: Annual recurring revenue now.
        target: What it is to be.
        months: Months until then.
        churn: Share of ARR lost a month, contraction included; blank to ask for it.
        expansion: Share of ARR added a month by customers there; blank to ask for it.
        new_arr_a_month: ARR of new customers a month; blank to ask for it.
    """
    rates = [np.asarray(np.nan if value is None else value, dtype=float) for value in (churn, expansion)]
    new = np.asarray(np.nan if new_arr_a_month is None else new_arr_a_month, dtype=float)
    blanks = sum(np.isnan(value).astype(int) for value in (*rates, new))
    asked_churn, asked_new = np.isnan(rates[0]), np.isnan(new)
    lost, gained, added = (np.nan_to_num(value) for value in (*rates, new))
    lowest = np.where(asked_churn, gained - 1, -lost)
    least, most = _reached(arr, lowest, months, added), _reached(arr, lowest + 1, months, added)
    without = _reached(arr, gained - lost, months, np.float64(0))
    rate = _rate(arr, target, months, added, lowest)
    needed = (target - without) / _payments(gained - lost, months)
    solved = np.where(asked_new, needed, np.where(asked_churn, gained - rate, rate + lost))
    refusals = (
        _blanks(blanks == 0, "hold no blank", "Leave blank what you ask for."),
        _blanks(blanks > 1, "hold several blanks", "Give all but one, 0 where there is none."),
        _beyond(asked_new & (target < without), target, "at least", without, "without new business", _MORE),
        _beyond(~asked_new & (target < least), target, "at least", least, "at the worst", _MORE),
        _beyond(asked_churn & (target > most), target, "at most", most, "without churn", _LESS),
        _beyond(~asked_new & (target > most), target, "at most", most, "with an expansion of 1", _LESS),
    )
    parts = Ratio(solved, refusals=refusals)
    if np.ndim(solved) == 0 and not any(refusal.when for refusal in refusals):
        word = "churn" if asked_churn else "new_arr_a_month" if asked_new else "expansion"
        parts.notes = (_sentence(word, float(solved), (arr, target, months), (lost, gained, added)),)
        parts.numerator = float(solved)
    return parts


def _payments(rate: Any, months: Any) -> Floats:
    """What 1 a month grows to; the number of months where nothing grows."""
    small = np.abs(rate) < 1e-8
    grown: Floats = np.where(small, months, ((1 + rate) ** months - 1) / np.where(small, 1.0, rate))
    return grown


def _reached(arr: Any, rate: Any, months: Any, added: Any) -> Floats:
    reached: Floats = arr * (1 + rate) ** months + added * _payments(rate, months)
    return reached


def _rate(arr: Any, target: Any, months: Any, added: Any, lowest: Any) -> Floats:
    """The net growth a month that meets the target, within 1 above the lowest there is, by halving."""
    rate: Floats = lowest + np.zeros(np.broadcast_shapes(*(np.shape(v) for v in (arr, target, months, added, lowest))))
    for step in range(1, _HALVINGS + 1):
        tried = rate + 0.5**step
        rate = np.where(_reached(arr, tried, months, added) < target, tried, rate)
    return rate


def _blanks(when: Any, got: str, fix: str) -> Refusal:
    return Refusal(when, "churn, expansion, new_arr_a_month", got, "exactly one blank, the one to solve for", fix, True)


def _beyond(when: Any, target: Any, side: str, reached: Floats, how: str, fix: str) -> Refusal:
    """A target out of reach, with what is reached."""
    amount = f" {number(float(reached))}," if np.ndim(reached) == 0 else ""
    return Refusal(when, "target", target, f"{side}{amount} what ARR comes to {how}", fix)


def _sentence(asked: str, solved: float, goal: tuple[Any, Any, Any], given: tuple[Any, Any, Any]) -> str:
    arr, target, months = goal
    lost, gained, added = given
    percent = {name: f"{number(100 * share)} %" for name, share in (("churn", lost), ("expansion", gained))}
    conditions = [f"{percent[name]} {name}" for name in ("churn", "expansion") if name != asked]
    conditions += [] if asked == "new_arr_a_month" else [f"{number(float(added))} new a month"]
    found = {
        "churn": f"churn may be {number(round(100 * solved, 1))} % a month",
        "expansion": f"expansion must be {number(round(100 * solved, 1))} % a month",
        "new_arr_a_month": f"it takes {number(round(solved))} new a month",
    }[asked]
    text = f"To reach {number(float(target))} in {months:.0f} months with {' and '.join(conditions)}, {found}"
    if asked != "churn":
        return f"{text}."
    return f"{text}; without any, ARR reaches {number(round(float(_reached(arr, gained, months, added))))}."
