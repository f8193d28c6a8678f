"""Why a headline moved, of what was read from files."""

from typing import TYPE_CHECKING, Any

from csmetrics_core.company.company import Company, Missing
from csmetrics_core.company.headline import Assumptions
from csmetrics_core.company.headline.why import Why, why_of

if TYPE_CHECKING:
    from csmetrics_core.files.reading import Reading


def why_in(
    reading: "Reading",
    metric: str,
    before: int | None = None,
    after: int | None = None,
    hide_below: float | None = None,
) -> Why:
    """Why a headline moved, of what was read from files; by default from the month before to the last that is over.

    Raises:
        Missing: the files do not hold what the account needs, or names spelt alike are not settled.
        MetricError: one of the months has no value.
    """
    from csmetrics_core.files.saying import Remedy

    company = Company(reading.tables, reading.report.waits, reading.as_of)
    month = company.current if after is None else after
    against = 1 if before is None or month is None else month - before
    if against < 1:
        raise Missing("the earlier month is not before the later one: give --from and --to as 2026-08 and 2026-09")
    scales = reading.report.scales
    given = Assumptions(csat_scale=scales.get("csat", 5), ces_scale=scales.get("ces", 7))
    how: dict[str, Any] = {"against": against, "assumptions": given, "hide_below": hide_below}
    why = why_of(company, metric, month, **how)
    if (alike := reading.with_names_alike) is not None:
        same = Company(alike, reading.report.waits, reading.as_of)
        other = why_of(same, metric, month, **how)
        if other.sentence != why.sentence:
            name, first = next(iter(reading.spellings.items()))
            answers = (Remedy("names", "same", "they are the same"), Remedy("names", "apart", "they are two"))
            raise Missing(f"it depends on whether {name!r} and {first!r} are the same", answers)
    return why
