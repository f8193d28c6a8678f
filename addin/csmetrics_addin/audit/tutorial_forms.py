"""NPS as tutorials write it: right, or wrong in the ways that are common, so that an audit can tell which it is.

Some count promoters from 8, some divide by COUNTA, which counts words and headings too, or by the cells of another
range, such as one with the heading in it: all are meant as NPS, and are held against it.
"""

from collections.abc import Iterator
from itertools import product

_PROMOTERS = (
    'COUNTIF({0},">=9")',
    'COUNTIF({0},">8")',
    'COUNTIF({0},">=8")',
    'COUNTIF({0},">7")',
    "(COUNTIF({0},9)+COUNTIF({0},10))",
    "(COUNTIF({0},10)+COUNTIF({0},9))",
    'COUNTIFS({0},">=9",{0},"<=10")',
)
_DETRACTORS = ('COUNTIF({0},"<=6")', 'COUNTIF({0},"<7")', 'COUNTIFS({0},">=0",{0},"<=6")')
_ANSWERS = ("COUNT({0})", "COUNTA({0})", 'COUNTIF({0},">=0")', "COUNT({1})", "COUNTA({1})", "ROWS({1})")
#: How promoters, detractors and answers are put together, and whether the outcome is in points or a fraction.
_SHAPES = (
    ("({p}-{d})/{n}", False),
    ("{p}/{n}-{d}/{n}", False),
    ("({p}-{d})/{n}*100", True),
    ("100*({p}-{d})/{n}", True),
    ("100*(({p}-{d})/{n})", True),
    ("({p}-{d})*100/{n}", True),
    ("({p}/{n}-{d}/{n})*100", True),
    ("100*({p}/{n}-{d}/{n})", True),
    ("{p}/{n}*100-{d}/{n}*100", True),
    ("100*{p}/{n}-100*{d}/{n}", True),
)


def nps_formulas(scores: str, others: str) -> Iterator[tuple[str, bool]]:
    """Every formula meant as NPS, with its equals sign, and whether it is in points (else a fraction).

    Args:
        scores: the cells, as they stand in a formula.
        others: those that are counted, where they are not the same.
    """
    for p, d, n, (shape, in_points) in product(_PROMOTERS, _DETRACTORS, _ANSWERS, _SHAPES):
        yield "=" + shape.format(p=p, d=d, n=n).format(scores, others), in_points
    for p, d, n in product(("({0}>=9)", "({0}>8)"), ("({0}<=6)", "({0}<7)"), _ANSWERS):
        for shape, in_points in (("SUMPRODUCT({p}-{d})/{n}", False), ("SUMPRODUCT({p}-{d})/{n}*100", True)):
            yield "=" + shape.format(p=p, d=d, n=n).format(scores, others), in_points
