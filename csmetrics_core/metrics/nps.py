"""Net Promoter Score, its uncertainty, and the answers a survey needs."""

from dataclasses import replace
from math import sqrt
from typing import Annotated

import numpy as np

from csmetrics_core.declaration.catalog import metric
from csmetrics_core.declaration.kinds import Amount, Count, Id, Level, Number, Share, Whole
from csmetrics_core.declaration.spec import (
    COUNT,
    POINTS,
    PROBABILITY,
    Aligned,
    Better,
    Category,
    Column,
    Each,
    Example,
    Sample,
    Total,
    Values,
)
from csmetrics_core.intake.prepared import Coded
from csmetrics_core.maths.intervals import adjusted_votes, critical_value, nps_bounds, two_sided_p
from csmetrics_core.maths.ratios import count, interval_of
from csmetrics_core.maths.sums import exact_sum
from csmetrics_core.results import Pair, Ratio, Refusal, Table

Scores = Annotated[Values, Whole(0, 10)]
Confidence = Annotated[Each, Level()]

_NPS_SOURCE = "Bain & Company, Net Promoter System: measuring your Net Promoter Score"
_INTERVAL_SOURCE = "adjusted Wald interval, MeasuringU (Lewis and Sauro); compare Rocks (2016)"


def votes(scores: np.ndarray) -> np.ndarray:
    """+1 for a promoter (9-10), -1 for a detractor (0-6), 0 for a passive."""
    return (scores >= 9).astype(float) - (scores <= 6)


def nps_ratio(promoters: int, detractors: int, responses: int) -> Ratio:
    """Net Promoter Score from its counts, with the adjusted Wald interval."""

    def interval(confidence: float) -> tuple[float, float]:
        mean, square = (promoters - detractors) / responses, (promoters + detractors) / responses
        return nps_bounds(mean, square, responses, confidence)

    return Ratio(
        promoters - detractors, responses, 100, "the number of responses",
        n=responses, interval=interval, terms=(promoters, -detractors),
    )  # fmt: skip


def _weighted(values: np.ndarray, weights: np.ndarray) -> Ratio:
    """A weighted mean of votes in points; its interval uses Kish's effective number of answers."""
    total = exact_sum(weights)

    def interval(confidence: float) -> tuple[float, float]:
        effective = total**2 / float((weights**2).sum())
        mean, square = float(weights @ values) / total, float(weights @ values**2) / total
        return nps_bounds(mean, square, effective, confidence)

    base = "the sum of the weights"
    return Ratio(exact_sum(weights * values), total, 100, base, n=values.size, interval=interval)


def _by_account(values: np.ndarray, weights: np.ndarray | None, accounts: Coded) -> tuple[np.ndarray, np.ndarray]:
    """One vote an account: the mean of its votes, with the mean of its weights."""
    _, place = np.unique(accounts.codes, return_inverse=True)
    answers = np.bincount(place)
    vote = np.bincount(place, values) / answers
    return vote, np.ones(vote.size) if weights is None else np.bincount(place, weights) / answers


def _differing(weights: np.ndarray, accounts: Coded) -> tuple[str, ...]:
    """That accounts came with several weights, and what they are taken for."""
    _, place = np.unique(accounts.codes, return_inverse=True)
    least, most = np.full(place.max() + 1, np.inf), np.zeros(place.max() + 1)
    np.minimum.at(least, place, weights)
    np.maximum.at(most, place, weights)
    several = int(np.count_nonzero(least < most))
    told = f"Accounts whose answers have different weights: {several}; each weighs their mean."
    return (told,) if several else ()


@metric(
    title="Net Promoter Score",
    category=Category.SURVEY,
    unit=POINTS,
    bounds=(-100, 100),
    better=Better.HIGHER,
    formula="100 × (promoters − detractors) ÷ responses",
    convention="Promoters answer 9-10, detractors 0-6; passives (7-8) stay in the denominator.",
    native='100*(COUNTIFS({scores},">=9"{where})-COUNTIFS({scores},"<=6"{where}))/COUNTIFS({scores},">=0"{where})',
    dynamic="""
        LET(votes,(scores>=9)-(scores<=6),
            weight,IF(ISOMITTED(weights),1,weights)*SEQUENCE(ROWS(scores),1,1,0),
            IF(ISOMITTED(accounts),IF(SUM(weight)=0,{DIV0},100*SUM(votes*weight)/SUM(weight)),
                LET(who,UNIQUE(accounts), owner,XMATCH(accounts,who),
                    each,MAP(SEQUENCE(ROWS(who)),LAMBDA(i,SUM((owner=i)*votes)/SUM(--(owner=i)))),
                    mass,MAP(SEQUENCE(ROWS(who)),LAMBDA(i,IF(ISOMITTED(weights),1,SUM((owner=i)*weight)/SUM(--(owner=i))))),
                    IF(SUM(mass)=0,{DIV0},100*SUM(each*mass)/SUM(mass)))))
    """,
    source=_NPS_SOURCE,
    example=(
        Example(scores=[10, 9, 8, 6], result=25.0),
        Example(scores=[10, 9, 0], weights=[1, 1, 8], result=-60.0),
        Example(scores=[10, 10, 10, 0], accounts=["A", "A", "A", "B"], result=0.0),
    ),
    headline=5,
    sample=Sample.VOTES,
)
def nps(
    scores: Annotated[Aligned, Whole(0, 10)],
    weights: Annotated[Aligned, Amount()] = None,
    accounts: Annotated[Aligned, Id()] = None,
) -> Ratio:
    """Share of promoters minus share of detractors, in points.

    Args:
        scores: Answers to "how likely are you to recommend us?", one a response.
        weights: What each vote weighs, such as the account's ARR.
        accounts: Who answered; each account then has one vote, the mean of its answers' votes, and weighs the mean of
            their weights.
    """
    if weights is None and accounts is None:
        return nps_ratio(count(scores >= 9), count(scores <= 6), scores.size)
    values = votes(scores)
    if accounts is None:
        return _weighted(values, weights)
    notes = () if weights is None else _differing(weights, accounts)
    return replace(_weighted(*_by_account(values, weights, accounts)), notes=notes)


@metric(
    title="NPS counts",
    category=Category.SURVEY,
    columns=(
        Column("promoters", COUNT, "scores 9-10"),
        Column("passives", COUNT, "scores 7-8"),
        Column("detractors", COUNT, "scores 0-6"),
        Column("responses", COUNT, "all usable answers"),
    ),
    formula="promoters = 9-10, passives = 7-8, detractors = 0-6",
    no_native="it gives a table",
    dynamic="""
        LET(promoters,SUM(--(scores>=9)), detractors,SUM(--(scores<=6)),
            table(HSTACK(promoters,ROWS(scores)-promoters-detractors,detractors,ROWS(scores))))
    """,
    source=_NPS_SOURCE,
    example=Example(
        scores=[10, 9, 8, 6], result={"promoters": [2], "passives": [1], "detractors": [1], "responses": [4]}
    ),
)
def nps_counts(scores: Scores) -> Table:
    """How many promoters, passives and detractors answered.

    Args:
        scores: Answers to "how likely are you to recommend us?", one a response.
    """
    promoters, detractors = count(scores >= 9), count(scores <= 6)
    passives = scores.size - promoters - detractors
    columns = {"promoters": promoters, "passives": passives, "detractors": detractors, "responses": scores.size}
    return Table({name: [number] for name, number in columns.items()})


@metric(
    title="NPS from counts",
    category=Category.SURVEY,
    unit=POINTS,
    bounds=(-100, 100),
    better=Better.HIGHER,
    formula="100 × (promoters − detractors) ÷ (promoters + passives + detractors)",
    native="100*({promoters}-{detractors})/({promoters}+{passives}+{detractors})",
    source=_NPS_SOURCE,
    example=Example(promoters=60, passives=25, detractors=15, result=45.0),
)
def nps_from_counts(
    promoters: Annotated[Total, Count()], passives: Annotated[Total, Count()], detractors: Annotated[Total, Count()]
) -> Ratio:
    """Net Promoter Score when only the three counts are known.

    Args:
        promoters: Number of answers 9-10.
        passives: Number of answers 7-8.
        detractors: Number of answers 0-6.
    """
    return nps_ratio(promoters, detractors, promoters + passives + detractors)


@metric(
    title="NPS confidence interval",
    category=Category.SURVEY,
    unit=POINTS,
    bounds=(-100, 100),
    formula="estimate ± z × standard error after adding ¾ promoter, ¾ detractor and 1½ passives, clipped to ±100",
    convention="Adjusted Wald, holding the score; it is not symmetric about it, so show it as low to high, never as ±.",
    no_native="it gives a pair; each bound takes several steps",
    dynamic="""
        LET(votes,(scores>=9)-(scores<=6), size,ROWS(scores), estimate,SUM(votes)/(size+3),
            reach,NORM.S.INV(0.5+confidence/2)*SQRT(((SUM(votes*votes)+1.5)/(size+3)-estimate^2)/(size+3)),
            seen,100*SUM(votes)/size,
            HSTACK(MIN(seen,MAX(-100,100*(estimate-reach))),MAX(seen,MIN(100,100*(estimate+reach)))))
    """,
    source=_INTERVAL_SOURCE,
    example=Example(scores=[10, 9, 8, 6], result=(-44.159769, 72.731197)),
)
def nps_interval(scores: Scores, confidence: Confidence = 0.95) -> Pair:
    """Low and high of the Net Promoter Score's confidence interval, in points.

    Args:
        scores: Answers to "how likely are you to recommend us?", one a response.
        confidence: Confidence level, such as 0.95.
    """
    low, high = interval_of(nps_ratio(count(scores >= 9), count(scores <= 6), scores.size))(confidence)
    return Pair(low, high)


@metric(
    title="Change in NPS",
    category=Category.SURVEY,
    columns=(
        Column("change", POINTS, "observed, after minus before"),
        Column("low", POINTS, "lower bound"),
        Column("high", POINTS, "upper bound"),
        Column("p_value", PROBABILITY, "chance of so large a difference where nothing changed"),
    ),
    formula="D ± z × √(SE² before + SE² after) from both adjusted samples; p = 2 × (1 − Φ(|D| ÷ SE))",
    convention="For independent samples: not for the same people asked twice. The interval holds the change seen.",
    no_native="it gives a table",
    dynamic="""
        LET(adjusted,LAMBDA(v,SUM(v)/(ROWS(v)+3)),
            wobble,LAMBDA(v,SQRT(((SUM(v*v)+1.5)/(ROWS(v)+3)-adjusted(v)^2)/(ROWS(v)+3))),
            was,(before>=9)-(before<=6), current,(after>=9)-(after<=6), change,adjusted(current)-adjusted(was),
            spread,SQRT(wobble(was)^2+wobble(current)^2), seen,100*(SUM(current)/ROWS(current)-SUM(was)/ROWS(was)),
            reach,NORM.S.INV(0.5+confidence/2)*spread,
            table(HSTACK(seen,MAX(-200,MIN(seen,100*(change-reach))),MIN(200,MAX(seen,100*(change+reach))),
                2*NORM.S.DIST(-ABS(change/spread),TRUE))))
    """,
    source=_INTERVAL_SOURCE,
    example=Example(
        before=[0, 5, 7, 9],
        after=[9, 10, 10, 8],
        result={"change": [100.0], "low": [-19.901168], "high": [134.186883], "p_value": [0.146033]},
    ),
)
def nps_change(
    before: Annotated[Values, Whole(0, 10)], after: Annotated[Values, Whole(0, 10)], confidence: Confidence = 0.95
) -> Table:
    """Whether the Net Promoter Score really moved between two surveys, in points.

    Args:
        before: Scores of the earlier survey.
        after: Scores of the later survey.
        confidence: Confidence level, such as 0.95.
    """
    samples = [votes(np.asarray(scores)) for scores in (before, after)]
    (was, error_was), (now, error_now) = (adjusted_votes(v.mean(), (v**2).mean(), v.size) for v in samples)
    change, error = now - was, sqrt(error_was**2 + error_now**2)
    reach, seen = critical_value(confidence) * error, 100 * float(samples[1].mean() - samples[0].mean())
    # The adjusted samples lie nearer the middle: of a handful, all promoters, the interval would miss what was seen.
    return Table(
        {
            "change": [seen],
            "low": [max(-200.0, min(seen, 100 * (change - reach)))],
            "high": [min(200.0, max(seen, 100 * (change + reach)))],
            "p_value": [two_sided_p(change / error)],
        }
    )


_NEEDED = (
    "MAX(1,(NORMSINV(0.5+{confidence}/2)*100/{margin})^2"
    "*({promoter_share}+{detractor_share}-({promoter_share}-{detractor_share})^2))"
)


@metric(
    title="NPS responses needed",
    category=Category.SURVEY,
    unit=COUNT,
    bounds=(1, float("inf")),
    formula="n = z² × (p + d − (p − d)²) ÷ margin², with m = n ÷ (1 + (n − 1) ÷ N) for a population of N, rounded up",
    native=(
        "IF({promoter_share}+{detractor_share}>1,{NUM},"
        f'ROUNDUP(IF({{population}}="",{_NEEDED},{_NEEDED}/(1+({_NEEDED}-1)/{{population}}))-0.000000001,0))'
    ),
    source="normal approximation to the variance of a Net Promoter Score, CYBAEA (2016)",
    example=Example(margin=5, result=1537.0),
)
def nps_responses_needed(
    margin: Annotated[Each, Number(0, 100, above=True, hint="Give points, such as 5.")],
    confidence: Annotated[Each, Level()] = 0.95,
    promoter_share: Annotated[Each, Share()] = 0.5,
    detractor_share: Annotated[Each, Share()] = 0.5,
    population: Annotated[Each, Number(1, whole=True, hint="Give the number of customers, or leave it out.")] = None,
) -> Ratio:
    """How many responses a survey needs for a margin of error, a whole number.

    Args:
        margin: Half the width of the interval wanted, in points.
        confidence: Confidence level, such as 0.95.
        promoter_share: Expected share of promoters; one half each is the most cautious.
        detractor_share: Expected share of detractors.
        population: How many could answer at all; blank for very many.
    """
    spread = promoter_share + detractor_share - (promoter_share - detractor_share) ** 2
    z = np.vectorize(critical_value, otypes=[float])(confidence)
    needed = np.maximum(1, (z * 100 / margin) ** 2 * spread)
    if population is not None:
        limited = needed / (1 + (needed - 1) / population)
        needed = np.where(np.isnan(np.asarray(population, dtype=float)), needed, limited)
    impossible = Refusal(
        promoter_share + detractor_share > 1,
        "promoter_share",
        promoter_share + detractor_share,
        "at most 1 together with detractor_share",
        "The two shares are parts of the same answers.",
    )
    # A hair is taken off so that 400.0000000001 is still 400 responses.
    return Ratio(np.ceil(needed - 1e-9), refusals=(impossible,))
