"""Did the health score see it coming? Past scores against who then left."""

from typing import TYPE_CHECKING, Annotated

import numpy as np

from csmetrics_core.declaration.catalog import metric
from csmetrics_core.declaration.kinds import Flag, Level, Number
from csmetrics_core.declaration.spec import (
    COUNT,
    FRACTION,
    POINTS,
    PROBABILITY,
    RATIO,
    TEXT,
    Aligned,
    Category,
    Column,
    Each,
    Example,
)
from csmetrics_core.errors import off_scale
from csmetrics_core.maths.intervals import wilson
from csmetrics_core.results import Table

if TYPE_CHECKING:
    from csmetrics_core.models.ranking import Auc

_POINTS = Number(0, 100, hint="Health scores run from 0 to 100.")
Scores = Annotated[Aligned, _POINTS]
Churned = Annotated[Aligned, Flag()]
Edge = Annotated[Each, _POINTS]
Confidence = Annotated[Each, Level()]

_BEFORE = "The scores must date from before the time in which churn is counted: a score known later sees the outcome."
_NAN = float("nan")
_BY_BAND = ("customers", "churned", "churn_rate", "low", "high", "lift", "lift_low", "lift_high")


@metric(
    title="Health score back-test",
    category=Category.HEALTH,
    columns=(
        Column("band", TEXT, "red, amber, green, and all customers"),
        Column("customers", COUNT, "in the band"),
        Column("churned", COUNT, "those of them who left afterwards"),
        Column("churn_rate", FRACTION, "churned ÷ customers"),
        Column("low", FRACTION, "lower bound of the churn rate"),
        Column("high", FRACTION, "upper bound of the churn rate"),
        Column("lift", RATIO, "churn rate of the band ÷ churn rate of all"),
        Column("lift_low", RATIO, "lower bound of the lift"),
        Column("lift_high", RATIO, "upper bound of the lift"),
        Column("auc", PROBABILITY, "of all: chance that one who left had a lower score than one who stayed"),
        Column("auc_low", PROBABILITY, "lower bound of the AUC"),
        Column("auc_high", PROBABILITY, "upper bound of the AUC"),
    ),
    formula="AUC = share of pairs (one left, one stayed) whose lower score left, ties half; lift = rate ÷ rate of all",
    convention=(
        f"{_BEFORE} An AUC of 0.5 tells nothing, 1 ranks all right. Its interval takes the customers for a sample and "
        "holds every area that the one seen does not contradict: with 0.5 in it, the score may tell nothing. A score "
        "on a line is in the better band. "
        "For the calibration chart, churn from the lowest scores to the highest: HEALTH_CALIBRATION."
    ),
    no_native="it gives a table",
    source=(
        "AUC: Hanley and McNeil (1982), Radiology 143, DeLong et al. (1988), Biometrics 44, Newcombe (2006), "
        "Statistics in Medicine 25; rates: Wilson (1927); lift: Donner and Zou (2012), Statistical Methods in "
        "Medical Research 21"
    ),
    example=Example(
        scores=[20, 35, 45, 55, 60, 70, 80, 85, 90, 95],
        churned=[True, True, False, True, False, False, False, False, False, False],
        result={
            "band": ["red", "amber", "green", "all"],
            "customers": [3, 3, 4, 10],
            "churned": [2, 1, 0, 3],
            "churn_rate": [0.666667, 0.333333, 0.0, 0.3],
            "low": [0.20766, 0.061492, 0.0, 0.107791],
            "high": [0.938508, 0.79234, 0.489891, 0.603222],
            "lift": [2.222222, 1.111111, 0.0, 1.0],
            "lift_low": [0.789529, 0.247336, 0.0, _NAN],
            "lift_high": [3.736838, 2.303866, 1.203258, _NAN],
            "auc": [_NAN, _NAN, _NAN, 0.952381],
            "auc_low": [_NAN, _NAN, _NAN, 0.565241],
            "auc_high": [_NAN, _NAN, _NAN, 0.996168],
        },
    ),
)
def health_backtest(
    scores: Scores, churned: Churned, amber: Edge = 50, green: Edge = 75, confidence: Confidence = 0.95
) -> Table:
    """Whether a health score told beforehand who would leave: how well it ranks, and churn and lift by band.

    Args:
        scores: Health score of each customer, dated before anybody left.
        churned: Whether each left afterwards.
        amber: Lowest score of the amber band.
        green: Lowest score of the green band.
        confidence: Confidence level, such as 0.95.
    """
    from csmetrics_core.models.ranking import area_under_curve, churn_by_band

    if amber > green:
        raise off_scale("amber", None, amber, "at most green", "The amber band lies below the green one.")
    scores = scores.astype(float)
    bands = churn_by_band(scores, churned, (amber, green), confidence)
    lost, customers = int(churned.sum()), churned.size
    low, high = wilson(lost, customers, confidence)
    everybody = (customers, lost, lost / customers, low, high, 1.0 if lost else _NAN, _NAN, _NAN)
    by_band = [
        bands.customers, bands.churned, bands.rate, bands.rate_low, bands.rate_high,
        bands.lift, bands.lift_low, bands.lift_high,
    ]  # fmt: skip
    columns = dict(zip(_BY_BAND, map(np.append, by_band, everybody), strict=True))
    auc = area_under_curve(scores, churned)
    area = (auc.value, *auc.interval(confidence))
    of_all = {n: np.array([_NAN, _NAN, _NAN, v]) for n, v in zip(("auc", "auc_low", "auc_high"), area, strict=True)}
    counts = {name: columns.pop(name).astype(np.int64) for name in ("customers", "churned")}
    return Table({"band": ["red", "amber", "green", "all"], **counts, **columns, **of_all}, _notes(auc, confidence))


def _notes(auc: "Auc", confidence: float) -> tuple[str, ...]:
    if not (auc.churned and auc.stayed):
        return ("An AUC needs both: customers who left and customers who stayed.",)
    low, high = auc.interval(confidence)
    if high < 0.5:
        return ("High scores left more often than low ones: does the score run the other way?",)
    return ("The AUC's interval holds 0.5: the score may tell nothing.",) if low <= 0.5 else ()


@metric(
    title="Health score calibration",
    category=Category.HEALTH,
    columns=(
        Column("mean_score", POINTS, "of the group, for the axis of a chart"),
        Column("churn_rate", FRACTION, "churned ÷ customers"),
        Column("low", FRACTION, "lower bound of the churn rate"),
        Column("high", FRACTION, "upper bound of the churn rate"),
        Column("customers", COUNT, "in the group"),
        Column("churned", COUNT, "those of them who left afterwards"),
        Column("from_score", POINTS, "lowest score of the group"),
        Column("to_score", POINTS, "highest score of the group"),
    ),
    formula="customers in order of score, cut into groups of about equal size; churned ÷ customers of each",
    convention=f"{_BEFORE} Equal scores stay together. A score that works falls from the first group to the last.",
    no_native="it gives a table",
    source="calibration by quantile groups, as in Hosmer and Lemeshow (1980); Wilson (1927) interval",
    example=Example(
        scores=[20, 35, 45, 55, 60, 70, 80, 85, 90, 95],
        churned=[True, True, False, True, False, False, False, False, False, False],
        groups=2,
        result={
            "mean_score": [43.0, 84.0],
            "churn_rate": [0.6, 0.0],
            "low": [0.230724, 0.0],
            "high": [0.882379, 0.434482],
            "customers": [5, 5],
            "churned": [3, 0],
            "from_score": [20.0, 70.0],
            "to_score": [60.0, 95.0],
        },
    ),
)
def health_calibration(
    scores: Scores,
    churned: Churned,
    groups: Annotated[Each, Number(1, 100, whole=True, hint="Give a whole number of groups.")] = 10,
    confidence: Confidence = 0.95,
) -> Table:
    """Churn rate from the lowest health scores to the highest, in groups of about equal size, for a chart.

    Args:
        scores: Health score of each customer, dated before anybody left.
        churned: Whether each left afterwards.
        groups: How many groups; fewer where scores are equal.
        confidence: Confidence level, such as 0.95.
    """
    distinct, place, customers = np.unique(scores.astype(float), return_inverse=True, return_counts=True)
    lost = np.bincount(place, churned)
    middle = (np.cumsum(customers) - customers / 2) / scores.size  # share of customers below the middle of each score
    _, starts = np.unique(np.minimum((middle * groups).astype(np.int64), int(groups) - 1), return_index=True)
    in_group, lost_of = np.add.reduceat(customers, starts), np.add.reduceat(lost, starts)
    low, high = wilson(lost_of, in_group, confidence)
    return Table(
        {
            "mean_score": np.add.reduceat(distinct * customers, starts) / in_group,
            "churn_rate": lost_of / in_group,
            "low": low,
            "high": high,
            "customers": in_group,
            "churned": lost_of.astype(np.int64),
            "from_score": distinct[starts],
            "to_score": distinct[np.append(starts[1:], distinct.size) - 1],
        }
    )
