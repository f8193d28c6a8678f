"""Satisfaction, effort and the response rate of a survey."""

from typing import Annotated, Literal

import numpy as np

from csmetrics_core.declaration.catalog import metric
from csmetrics_core.declaration.kinds import Count, Level, Number, Whole
from csmetrics_core.declaration.spec import (
    FRACTION,
    MEAN,
    POINTS,
    Better,
    Category,
    Each,
    Example,
    Sample,
    Total,
    Values,
)
from csmetrics_core.errors import off_scale
from csmetrics_core.maths.intervals import mean_interval, wilson_form
from csmetrics_core.maths.ratios import count, interval_of, part_of, proportion
from csmetrics_core.results import Pair, Ratio

Ratings = Annotated[Values, Whole(1, "scale_max")]
ScaleMax = Annotated[Each, Number(2, 100, whole=True, hint="Give the highest answer the question allows.")]
Cut = Annotated[Each, Number(1, "scale_max", whole=True, hint="Give an answer on the scale.")]
Confidence = Annotated[Each, Level()]

_WILSON_SOURCE = "Wilson (1927) score interval; Brown, Cai and DasGupta (2001)"

_SATISFIED = 'IF({satisfied_from}="",{scale_max}-1,{satisfied_from})'


def _satisfied_from(satisfied_from: float | None, scale_max: float) -> float:
    """The line between satisfied and not: the top two answers, unless it is drawn by hand."""
    if satisfied_from is not None:
        return satisfied_from
    if scale_max < 5:
        fix = "On a scale this short two boxes are most of it: say which answer counts as satisfied."
        raise off_scale("satisfied_from", None, "missing", f"an answer from 1 to {scale_max:g}", fix)
    return scale_max - 1


#: Answers that count as satisfied, and as easy, in functions of Excel 365.
_ANSWERS_SATISFIED = 'SUM(--(ratings>=IF(satisfied_from="",scale_max-1,satisfied_from)))'
_ANSWERS_EASY = """LET(
    line,IF(easy_from<>"",easy_from,IF(easy="high",IF(scale_max=7,5,scale_max-1),IF(scale_max=7,3,2))),
    SUM(--IF(easy="high",ratings>=line,ratings<=line)))"""


@metric(
    title="Customer Satisfaction Score",
    category=Category.SURVEY,
    unit=POINTS,
    bounds=(0, 100),
    better=Better.HIGHER,
    formula="100 × satisfied answers ÷ answers",
    convention="Satisfied is the top two answers of the scale (4-5 of 5) unless satisfied_from draws another line.",
    native=(
        'IF(AND({satisfied_from}="",{scale_max}<5),{NUM},'
        f'100*COUNTIFS({{ratings}},">="&{_SATISFIED}{{where}})/COUNTIFS({{ratings}},">=1"{{where}}))'
    ),
    dynamic='IF((satisfied_from="")*(scale_max<5),{NUM},100*' + _ANSWERS_SATISFIED + "/ROWS(ratings))",
    source="top-two-box CSAT: Delighted help centre, article 240; Intercom, article 9647540",
    example=(
        Example(ratings=[5, 4, 4, 2], result=75.0),
        Example(ratings=[1, 2, 3], scale_max=3, satisfied_from=3, result=100 / 3),
    ),
    headline=6,
    sample=Sample.SHARE,
)
def csat(ratings: Ratings, scale_max: ScaleMax = 5, satisfied_from: Cut = None) -> Ratio:
    """Share of answers that are satisfied, in points from 0 to 100.

    Args:
        ratings: Answers, one a response; 1 is the worst.
        scale_max: The best answer on the scale.
        satisfied_from: The lowest answer that counts as satisfied; required on scales shorter than 5.
    """
    return proportion(count(ratings >= _satisfied_from(satisfied_from, scale_max)), ratings.size, 100)


@metric(
    title="CSAT mean",
    category=Category.SURVEY,
    unit=MEAN,
    bounds=(1, 100),
    better=Better.HIGHER,
    formula="sum of answers ÷ answers",
    native='SUMIFS({ratings},{ratings},">=1"{where})/COUNTIFS({ratings},">=1"{where})',
    dynamic="SUM(ratings)/ROWS(ratings)",
    source="mean rating: QuestionPro, CSAT scoring",
    example=Example(ratings=[5, 4, 4, 2], result=3.75),
    sample=Sample.MEAN,
)
def csat_mean(ratings: Ratings, scale_max: ScaleMax = 5) -> Ratio:
    """Mean satisfaction answer, on the question's own scale.

    Args:
        ratings: Answers, one a response; 1 is the worst.
        scale_max: The best answer on the scale.
    """
    return _mean(ratings)


def _mean(ratings: np.ndarray) -> Ratio:
    answers = ratings.astype(float)
    return Ratio(
        float(answers.sum()), answers.size, n=answers.size, interval=lambda level: mean_interval(answers, level)
    )


@metric(
    title="CSAT confidence interval",
    category=Category.SURVEY,
    unit=POINTS,
    bounds=(0, 100),
    formula="Wilson score interval of the satisfied share, × 100",
    no_native="it gives a pair; each bound takes several steps",
    dynamic='IF((satisfied_from="")*(scale_max<5),{NUM},' + wilson_form(_ANSWERS_SATISFIED, "ROWS(ratings)", 100) + ")",
    source=_WILSON_SOURCE,
    example=Example(ratings=[5, 4, 4, 2], result=(30.064184, 95.441274)),
)
def csat_interval(
    ratings: Ratings, scale_max: ScaleMax = 5, satisfied_from: Cut = None, confidence: Confidence = 0.95
) -> Pair:
    """Low and high of the Customer Satisfaction Score's confidence interval, in points.

    Args:
        ratings: Answers, one a response; 1 is the worst.
        scale_max: The best answer on the scale.
        satisfied_from: The lowest answer that counts as satisfied; required on scales shorter than 5.
        confidence: Confidence level, such as 0.95.
    """
    satisfied = count(ratings >= _satisfied_from(satisfied_from, scale_max))
    return Pair(*interval_of(proportion(satisfied, ratings.size, 100))(confidence))


_SHORTEST = 4  # answers; the top two of fewer are more than the upper half
_EASY_FROM = 'IF({easy_from}="",IF({easy}="high",IF({scale_max}=7,5,{scale_max}-1),IF({scale_max}=7,3,2)),{easy_from})'


def _easy(ratings: np.ndarray, scale_max: float, easy: str, easy_from: float | None) -> int:
    """How many found it easy: 5 and up of 7, else the top two; or the mirror image where low is easy."""
    if easy_from is None and scale_max < _SHORTEST:
        fix = "On a scale this short the top two hold the middle: say which answer counts as easy."
        raise off_scale("easy_from", None, "missing", f"an answer from 1 to {scale_max:g}", fix)
    if easy == "high":
        line = (5 if scale_max == 7 else scale_max - 1) if easy_from is None else easy_from
        return count(ratings >= line)
    line = (3 if scale_max == 7 else 2) if easy_from is None else easy_from
    return count(ratings <= line)


@metric(
    title="Customer Effort Score",
    category=Category.SURVEY,
    unit=POINTS,
    bounds=(0, 100),
    better=Better.HIGHER,
    formula="100 × answers that found it easy ÷ answers",
    convention="Easy is 5 and up of 7, else the top two; where low means easy, up to 3 of 7, else the bottom two.",
    native=(
        f'IF(AND({{easy_from}}="",{{scale_max}}<{_SHORTEST}),{{NUM}},'
        f'100*COUNTIFS({{ratings}},IF({{easy}}="high",">=","<=")&{_EASY_FROM}{{where}})'
        '/COUNTIFS({ratings},">=1"{where}))'
    ),
    dynamic='IF((easy_from="")*(scale_max<4),{NUM},100*' + _ANSWERS_EASY + "/ROWS(ratings))",
    source="CES 2.0: CEB/Gartner (2013), share answering 5 or more of 7",
    example=(
        Example(ratings=[7, 6, 5, 2], scale_max=7, result=75.0),
        Example(ratings=[1, 2, 5], scale_max=5, easy="low", result=200 / 3),
    ),
    headline=13,
    sample=Sample.SHARE,
)
def ces(ratings: Ratings, scale_max: ScaleMax, easy: Literal["high", "low"] = "high", easy_from: Cut = None) -> Ratio:
    """Share of answers that found it easy, in points from 0 to 100.

    Args:
        ratings: Answers, one a response.
        scale_max: The highest answer on the scale, 7 or 5 for most questions.
        easy: Which end of the scale means easy.
        easy_from: Moves the line: the first answer that counts as easy, coming from the middle; required on scales
            shorter than 4.
    """
    return proportion(_easy(ratings, scale_max, easy, easy_from), ratings.size, 100)


@metric(
    title="CES mean",
    category=Category.SURVEY,
    unit=MEAN,
    bounds=(1, 100),
    formula="sum of answers ÷ answers",
    native='SUMIFS({ratings},{ratings},">=1"{where})/COUNTIFS({ratings},">=1"{where})',
    dynamic="SUM(ratings)/ROWS(ratings)",
    source="mean effort score: CEB (2008-10)",
    example=Example(ratings=[7, 6, 5, 2], scale_max=7, result=5.0),
    sample=Sample.MEAN,
)
def ces_mean(ratings: Ratings, scale_max: ScaleMax) -> Ratio:
    """Mean effort answer, on the question's own scale.

    Args:
        ratings: Answers, one a response.
        scale_max: The highest answer on the scale, 7 or 5 for most questions.
    """
    return _mean(ratings)


@metric(
    title="CES confidence interval",
    category=Category.SURVEY,
    unit=POINTS,
    bounds=(0, 100),
    formula="Wilson score interval of the easy share, × 100",
    no_native="it gives a pair; each bound takes several steps",
    dynamic='IF((easy_from="")*(scale_max<4),{NUM},' + wilson_form(_ANSWERS_EASY, "ROWS(ratings)", 100) + ")",
    source=_WILSON_SOURCE,
    example=Example(ratings=[7, 6, 5, 2], scale_max=7, result=(30.064184, 95.441274)),
)
def ces_interval(
    ratings: Ratings,
    scale_max: ScaleMax,
    easy: Literal["high", "low"] = "high",
    easy_from: Cut = None,
    confidence: Confidence = 0.95,
) -> Pair:
    """Low and high of the Customer Effort Score's confidence interval, in points.

    Args:
        ratings: Answers, one a response.
        scale_max: The highest answer on the scale, 7 or 5 for most questions.
        easy: Which end of the scale means easy.
        easy_from: Moves the line: the first answer that counts as easy, coming from the middle; required on scales
            shorter than 4.
        confidence: Confidence level, such as 0.95.
    """
    return Pair(*interval_of(proportion(_easy(ratings, scale_max, easy, easy_from), ratings.size, 100))(confidence))


@metric(
    title="Response rate",
    category=Category.SURVEY,
    unit=FRACTION,
    bounds=(0, 1),
    better=Better.HIGHER,
    formula="responses ÷ invited",
    native="IF({invited}=0,{DIV0},IF({responses}>{invited},{NUM},{responses}/{invited}))",
    source="AAPOR Standard Definitions, minimum response rate",
    example=Example(responses=120, invited=400, result=0.3),
    sample=Sample.COUNTED,
)
def response_rate(responses: Annotated[Total, Count()], invited: Annotated[Total, Count()]) -> Ratio:
    """Share of those asked who answered, a fraction.

    Args:
        responses: Number of answers received.
        invited: Number of people asked.
    """
    return part_of(responses, invited, "responses", "invited", "Count each answer once.")
