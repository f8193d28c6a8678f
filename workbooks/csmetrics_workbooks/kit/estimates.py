"""Intervals of estimates in plain formulas, step by step, beside what the core computes."""

from statistics import NormalDist

from csmetrics_workbooks.kit.terms import Term, apply, largest, smallest, when

_NORMAL = NormalDist()


def z_of(confidence: Term | float) -> Term:
    """Two-sided critical value of the normal distribution."""
    level = confidence if isinstance(confidence, Term) else Term(f"{confidence:g}", confidence)
    return apply("NORMSINV", _NORMAL.inv_cdf, (level + 1) / 2)


def _root(of: Term) -> Term:
    return apply("SQRT", lambda value: value**0.5, of)


def wilson(hits: Term, n: Term, z: Term, scale: float = 1) -> tuple[Term, Term]:
    """Wilson score interval of a share; empty where there is nothing to estimate from."""
    share = hits / n
    shrink = z * z / n + 1
    centre = (share + z * z / (n * 2)) / shrink
    half = z / shrink * _root(share * (Term("1", 1) - share) / n + z * z / (n * n * 4))
    low, high = largest(0, centre - half) * scale, smallest(1, centre + half) * scale
    return when(n.eq(0), "", low), when(n.eq(0), "", high)


def nps_bounds(promoters: Term, detractors: Term, n: Term, z: Term) -> tuple[Term, Term]:
    """Adjusted Wald interval of a Net Promoter Score: ¾ promoter, ¾ detractor and 1½ passives are added."""
    estimate, error = adjusted(promoters, detractors, n)
    low = largest(-100, (estimate - z * error) * 100)
    high = smallest(100, (estimate + z * error) * 100)
    return when(n.eq(0), "", low), when(n.eq(0), "", high)


def adjusted(promoters: Term, detractors: Term, n: Term) -> tuple[Term, Term]:
    """Estimate and standard error of the mean vote after the adjustment."""
    enlarged = n + 3
    estimate = (promoters - detractors) / enlarged
    spread = (promoters + detractors + 1.5) / enlarged - estimate * estimate
    return estimate, _root(spread / enlarged)
