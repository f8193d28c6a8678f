"""Customer health: many signals, one score, and what moved it."""

from typing import Annotated

import numpy as np

from csmetrics_core.declaration.catalog import metric
from csmetrics_core.declaration.kinds import Amount, Number, Text
from csmetrics_core.declaration.spec import (
    POINTS,
    RATIO,
    TEXT,
    Better,
    Block,
    Category,
    Column,
    Each,
    Example,
    PerColumn,
    Sample,
)
from csmetrics_core.errors import NoData, off_scale
from csmetrics_core.results import Ratio, Refusal, Table, Words

Inputs = Annotated[Block, Number()]
Weights = Annotated[PerColumn, Amount()]
Mark = Annotated[PerColumn, Number()]
Score = Annotated[Each, Number(0, 100, hint="Health scores run from 0 to 100.")]

_SOURCE = "Natero help, article 50000000840: weighted mean of factor scores; Gainsight scorecards"
_CONVENTION = (
    "Each input counts 0 at worst and 100 at best, and no more beyond. Missing inputs drop out and the other "
    "weights make up for them, as long as at least half of the weight is there."
)
_X = "(({values}-{worst})/({best}-{worst}))"
_KNOWN = "SUM(IF({values?},{weights},0))"
_NATIVE = (
    "IF(SUM(IF({weights}<0,1,0))>0,{NUM},IF(SUM(IF({values?},{weights},{weights}))=0,{NUM},"
    "IF(SUM(IF({worst}={best},1,0))>0,{NUM},"
    f"IF({_KNOWN}<0.5*SUM(IF({{values?}},{{weights}},{{weights}})),{{NA}},"
    f"100*SUM(IF({{values?}},{{weights}}*IF({_X}>1,1,IF({_X}<0,0,{_X})),0))/{_KNOWN}))))"
)


def _scored(
    values: np.ndarray, weights: np.ndarray, worst: np.ndarray, best: np.ndarray
) -> tuple[np.ndarray, np.ndarray, int]:
    """Each input on 0..1, the weights of those present, and how many lay beyond worst or best."""
    flat = np.flatnonzero(worst == best)
    if flat.size:
        position = int(flat[0])
        fix = "Worst and best must differ, or every value would be both."
        raise off_scale("best", position, best[position], "another value than worst", fix)
    if not weights.sum() > 0:
        raise off_scale("weights", 0, 0, "at least one weight above 0", "Give the inputs that count a weight.")
    score = (values - worst) / (best - worst)
    beyond = int(((score < 0) | (score > 1)).sum())
    return np.clip(score, 0, 1), np.where(np.isnan(values), 0.0, weights), beyond


@metric(
    title="Customer health score",
    category=Category.HEALTH,
    unit=POINTS,
    bounds=(0, 100),
    better=Better.HIGHER,
    formula="100 × Σ weight × (value − worst) ÷ (best − worst) ÷ Σ weight",
    convention=_CONVENTION,
    native=_NATIVE,
    dynamic="""
        LET(block,IF((ROWS(values)=1)+(COLUMNS(values)=1),TOROW(values),values), across,SEQUENCE(1,COLUMNS(block),1,0),
            weight,TOROW(weights)*across, low,TOROW(worst)*across, high,TOROW(best)*across,
            IF(ISERROR(SUM(values)),SUM(values),IF(SUM(--ISNUMBER(values))=0,{NA},
            IF(ISERROR(SUM(weights)+SUM(worst)+SUM(best)),SUM(weights)+SUM(worst)+SUM(best),
            IF(SUM(IF(ISNUMBER(TOCOL(weights)),0,1))+SUM(IF(ISNUMBER(TOCOL(worst)),0,1))+SUM(IF(ISNUMBER(TOCOL(best)),0,1))>0,{VALUE},
            IF(SUM(--(weight<0))+SUM(--(low=high))+(SUM(weight)<=0)>0,{NUM},
            BYROW(block,LAMBDA(v,LET(known,SUM(IF(ISNUMBER(v),weight,0)),
                IF(known<0.5*SUM(weight),{NA},100*SUM(IF(ISNUMBER(v),weight*LET(s,(IF(ISNUMBER(v),v,low)-low)/(high-low),
                    IF(s>1,1,IF(s<0,0,s))),0))/known))))))))))
    """,
    source=_SOURCE,
    example=Example(values=[80, 70.5, 90, 54], weights=[2, 3, 3, 2], result=74.95),
    headline=8,
    sample=Sample.MEAN,
)
def health_score(values: Inputs, weights: Weights = 1, worst: Mark = 0, best: Mark = 100) -> Ratio:
    """Weighted mean of an account's signals, 0 to 100; a block gives one score a row.

    Args:
        values: The inputs of one account in a row or column, or of many, one account a row.
        weights: What each input weighs, one an input.
        worst: The value of each input that scores 0.
        best: The value of each input that scores 100; below worst where less is better.
    """
    scores, present, beyond = _scored(values, weights, worst, best)
    weight = present.sum(axis=1)
    covered = weight >= 0.5 * weights.sum()
    points = np.where(present > 0, present * np.where(np.isnan(scores), 0, scores), 0).sum(axis=1)
    if values.shape[0] == 1:
        weight, points, covered = weight[0], points[0], covered[0]
    fix = "Fill in more inputs, or take the missing ones out of the score."
    thin = Refusal(~covered, "values", "covers too little", "inputs that carry at least half of the weight", fix, True)
    notes = (f"{beyond} inputs lay beyond worst or best and were counted as that.",) if beyond else ()
    return Ratio(
        points, np.where(weight > 0, weight, 1.0), 100, "the weight of the inputs", refusals=(thin,), notes=notes
    )


@metric(
    title="Health contributions",
    category=Category.HEALTH,
    columns=(
        Column("input", TEXT, "the label"),
        Column("value", RATIO, "as given"),
        Column("weight", RATIO, "as given"),
        Column("points", POINTS, "what it adds to the score"),
        Column("possible", POINTS, "what it could add at best"),
    ),
    formula="points = 100 × weight × (value − worst) ÷ (best − worst) ÷ Σ weight; they add up to the score",
    convention=_CONVENTION,
    no_native="it gives a table",
    dynamic="""
        LET(cells,TOCOL(values),
            many,ROWS(cells), each,SEQUENCE(many,1,1,0), weight,TOCOL(weights)*each,
            low,TOCOL(worst)*each, high,TOCOL(best)*each,
            known,ISNUMBER(cells), held,SUM(IF(known,weight,0)),
            IF(ISERROR(IF(ISOMITTED(labels),0,SUM(labels))),SUM(labels),
            IF(ISERROR(SUM(values)),SUM(values),IF(ISERROR(SUM(weight)+SUM(low)+SUM(high)),SUM(weight)+SUM(low)+SUM(high),
            IF(SUM(--ISLOGICAL(weights))+SUM(--ISTEXT(weights))>0,{VALUE},IF(SUM(--known)=0,{NA},
            IF(SUM(--(weight<0))+SUM(--(low=high))+(SUM(weight)<=0)>0,{NUM},
            IF(held<0.5*SUM(weight),{NA},
                LET(share,(IF(known,cells,low)-low)/(high-low),
                    table(HSTACK(IF(IF(ISOMITTED(labels),"",TOCOL(labels))="","input "&SEQUENCE(many),TOCOL(labels)),
                        IF(known,cells,""),weight,
                        IF(known,100*weight*IF(share>1,1,IF(share<0,0,share))/held,""),IF(known,100*weight/held,""))))))))))))
    """,
    source=_SOURCE,
    example=Example(
        values=[80, 40],
        weights=[3, 1],
        labels=["usage", "support"],
        result={
            "input": ["usage", "support"],
            "value": [80.0, 40.0],
            "weight": [3.0, 1.0],
            "points": [60.0, 10.0],
            "possible": [75.0, 25.0],
        },
    ),
)
def health_contributions(
    values: Inputs, weights: Weights = 1, worst: Mark = 0, best: Mark = 100, labels: Annotated[PerColumn, Text()] = None
) -> Table:
    """The points each input gives to an account's health score.

    Args:
        values: The inputs of one account, in a row or column.
        weights: What each input weighs, one an input.
        worst: The value of each input that scores 0.
        best: The value of each input that scores 100.
        labels: The names of the inputs.
    """
    if values.shape[0] > 1:
        raise off_scale("values", None, f"{values.shape[0]} rows", "one account", "Select one row of the block.")
    scores, present, _ = _scored(values, weights, worst, best)
    if present.sum() < 0.5 * weights.sum():
        raise NoData("values cover less than half of the weight", "Fill in more inputs.", argument="values")
    share = 100 * present[0] / present.sum()
    return Table(
        {
            "input": labels or [f"input {i + 1}" for i in range(values.shape[1])],
            "value": values[0],
            "weight": weights,
            "points": share * scores[0],
            "possible": np.where(np.isnan(values[0]), np.nan, share),
        }
    )


@metric(
    title="Health band",
    category=Category.HEALTH,
    unit=TEXT,
    formula="red below amber, green from green on, amber between",
    convention="A score on the line belongs to the better band.",
    native='IF({amber}>{green},{NUM},IF({score}>={green},"green",IF({score}>={amber},"amber","red")))',
    source="Gainsight scorecards: red, amber, green",
    example=Example(score=74.95, result="amber"),
)
def health_band(score: Score, amber: Score = 50, green: Score = 75) -> Words:
    """The band a health score falls in: red, amber or green.

    Args:
        score: Health score.
        amber: Lowest score of the amber band.
        green: Lowest score of the green band.
    """
    crossed = Refusal(amber > green, "amber", amber, "at most green", "The amber band lies below the green one.")
    band = np.where(score >= green, "green", np.where(score >= amber, "amber", "red"))
    return Words(band if band.ndim else band.item(), (crossed,))
