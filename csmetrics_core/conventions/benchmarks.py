"""Figures others have published, each with who says so and when it was read. They describe; they do not judge.

What is usual hangs on the business, the year and the way of counting, so a figure is never shown without its
source and date, and no value is coloured or called good or bad by it.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Benchmark:
    """One published figure.

    Args:
        metric: name of the metric it is about.
        published: the figure, and what its source calls it.
        source: who published it.
        as_of: when it was published or read.
    """

    metric: str
    published: str
    source: str
    as_of: str

    def __str__(self) -> str:
        return f"{self.published} ({self.source}, {self.as_of})"


_READ = "as read in November 2026"
BENCHMARKS = (
    Benchmark("cac_payback", "under 12 months, a rule of thumb", "David Skok, SaaS metrics 2.0", _READ),
    Benchmark("fcr", '70 % to 79 % is called "good"', "SQM Group, first call resolution benchmark", _READ),
    Benchmark("ltv_cac", "3 or more, a rule of thumb", "David Skok, SaaS metrics 2.0", _READ),
    Benchmark("rule_of_40", "40 % or more meets the rule", "Brad Feld, The rule of 40 % (2015)", _READ),
)


def published_figures(metric: str) -> tuple[Benchmark, ...]:
    """What others have published about a metric; empty for most.

    Example:
        >>> print(published_figures("ltv_cac")[0])
        3 or more, a rule of thumb (David Skok, SaaS metrics 2.0, as read in November 2026)
    """
    return tuple(figure for figure in BENCHMARKS if figure.metric == metric)
