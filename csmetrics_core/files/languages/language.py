"""What a language brings to reading files: data, one file a language."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Language:
    """The words of one language; a language that lacks some is read as far as it goes.

    Args:
        name: what it is called in English.
        headings: column -> what people call it, the closest first; compared without case, accents, blanks and signs.
        months: their twelve names, with blanks between; beginnings that are no other month's count too.
        also_months: names and abbreviations that do not begin so -> the number of the month.
        totals: patterns of what rows are called that sum up others.
        yes, no: words, with blanks between.
        done, undone: what tickets are that are resolved, and that are not; without blanks and hyphens within.
        intervals: billing intervals -> months.
        nothing: what stands in a cell that holds nothing.
        still: what stands among ends where there is none yet.
    """

    name: str
    headings: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    months: str = ""
    also_months: Mapping[str, int] = field(default_factory=dict)
    totals: tuple[str, ...] = ()
    yes: str = ""
    no: str = ""
    done: str = ""
    undone: str = ""
    intervals: Mapping[str, float] = field(default_factory=dict)
    nothing: tuple[str, ...] = ()
    still: tuple[str, ...] = ()


def folded(word: str) -> str:
    """A word without case and accents."""
    apart = unicodedata.normalize("NFKD", word.casefold())
    return "".join(letter for letter in apart if not unicodedata.combining(letter))
