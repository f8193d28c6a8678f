"""Column headings people use -> the columns a scorecard needs, with a report of what was found and what was not."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from csmetrics_core.files.currencies import UNIT
from csmetrics_core.files.languages import LANGUAGES, folded

#: Column -> what else it is called, in every language. Compared without case, accents, spaces and signs.
SYNONYMS: dict[str, tuple[str, ...]] = {
    column: tuple(word for language in LANGUAGES for word in language.headings.get(column, ()))
    for column in dict.fromkeys(column for language in LANGUAGES for column in language.headings)
}
_SCALE = re.compile(
    r"[(\[]\s*(?:scale\s*)?(?P<low>\d{1,2})\s*(?:-|–|—|to|bis|/)\s*(?P<high>\d{1,2})\b[^)\]]*[)\]]", re.IGNORECASE
)


@dataclass(frozen=True)
class Part:
    """What one of the tables of a company holds.

    Args:
        needs: groups of columns; of each group one must be there.
        also: columns that are used where they are there.
        dated: the column that says when, if any.
        tells: without such a column only the table's name can tell what it is.
    """

    needs: tuple[tuple[str, ...], ...]
    also: tuple[str, ...] = ()
    dated: str = ""
    tells: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        """All its columns."""
        return tuple(dict.fromkeys([*(name for group in self.needs for name in group), *self.also]))


#: The tables of a company, by the name they have in the sample company.
PARTS: dict[str, Part] = {
    "customers": Part((("customer",), ("start",)), ("end",)),
    "subscriptions": Part((("customer",), ("month",), ("mrr", "amount")), ("interval_months",), "month"),
    "responses": Part((("nps", "csat", "ces", "comment"),), ("date",), "date"),
    "tickets": Part((("contacts",),), ("opened", "resolved", "reopened", "transferred", "abandoned"), "opened"),
    "events": Part((("user",), ("timestamp",)), ("customer", "feature"), "timestamp"),
    "sessions": Part((("user",), ("session_start",), ("session_minutes",)), ("customer",), "session_start"),
    "licences": Part((("licensed",),), ("customer",)),
    "features": Part((("feature",), ("key",))),
    "costs": Part((("amount",),), ("month", "purpose"), "month", tells="purpose"),
    "funnel": Part((("conversions",), ("opportunities",)), ("month",), "month"),
}
#: Part -> what else its table is called.
TABLE_NAMES: dict[str, tuple[str, ...]] = {
    "customers": ("accounts", "clients"),
    "subscriptions": ("mrr", "revenue", "recurring revenue"),
    "responses": ("surveys", "survey responses", "nps", "csat", "ces", "feedback"),
    "tickets": ("cases", "support", "conversations"),
    "events": ("usage", "activity", "logins"),
    "sessions": ("visits", "logins and logouts", "session list"),
    "licences": ("licenses", "seats"),
    "features": (),
    "costs": ("retention costs", "spend"),
    "funnel": ("pipeline", "conversion"),
}


@dataclass(frozen=True)
class Matched:
    """A table recognised as one part of a company.

    Args:
        part: a key of PARTS.
        table: the name of the table as given.
        columns: the part's column -> the heading found for it.
        missing: the part's columns that were not found.
    """

    part: str
    table: str
    columns: Mapping[str, str]
    missing: tuple[str, ...] = field(default=())


def plain(heading: object) -> str:
    """A heading without case, accents, spaces and signs: `Customer-ID ` and `customer_id` are the same."""
    return _plain(str(heading))


@lru_cache(maxsize=8192)
def _plain(heading: str) -> str:
    return re.sub(r"[\W_]+", "", folded(heading))


def is_known(heading: object) -> bool:
    """Whether a heading stands for a column, in any language."""
    return bool(plain(heading)) and not _KNOWN.isdisjoint((plain(heading), bare(heading)))


def bare(heading: object) -> str:
    """A heading without the unit or scale at its end, as plain text: `MRR (EUR)` and `MRR in EUR` are mrr."""
    text = str(heading)
    return plain(UNIT.sub("", text)) or plain(text)


_KNOWN = frozenset(plain(word) for column, words in SYNONYMS.items() for word in (column, *words))


def scale_of(heading: object) -> tuple[int, int] | None:
    """The scale a heading tells, lowest and highest answer.

    Example:
        >>> scale_of("Overall satisfaction (1-7)"), scale_of("Satisfaction")
        ((1, 7), None)
    """
    found = _SCALE.search(str(heading))
    return (int(found["low"]), int(found["high"])) if found and int(found["low"]) < int(found["high"]) else None


def find_heading(column: str, headings: Iterable[object]) -> str | None:
    """The heading that stands for a column: its own name first, then its synonyms in their order.

    Example:
        >>> find_heading("nps", ["Account", "NPS Score"])
        'NPS Score'
    """
    there = list(headings)[::-1]
    known = {bare(heading): str(heading) for heading in there} | {plain(heading): str(heading) for heading in there}
    names = (plain(name) for name in (column, *SYNONYMS.get(column, ())))
    return next((known[name] for name in names if name in known), None)


def match_tables(tables: Mapping[str, Sequence[object]]) -> dict[str, Matched]:
    """Recognise the tables of a company by their names and headings.

    Args:
        tables: name of each table -> its headings.

    Returns:
        Part -> the table that fits it best: one called so, else the one with most of its columns.

    Example:
        >>> match_tables({"Export": ["Score", "Date"]})["responses"].columns
        {'nps': 'Score', 'date': 'Date'}
    """
    found = {}
    for name, part in PARTS.items():
        fits = [fit for table, headings in tables.items() if (fit := _fit(name, part, table, headings))]
        if fits:
            found[name] = max(fits, key=lambda fit: (_is_called(name, fit.table), len(fit.columns)))
    return found


def _is_called(part: str, table: str) -> bool:
    return plain(table) in {plain(name) for name in (part, *TABLE_NAMES[part])}


def _fit(name: str, part: Part, table: str, headings: Sequence[object]) -> Matched | None:
    columns = {column: heading for column in part.columns if (heading := find_heading(column, headings))}
    if any(not set(group) & columns.keys() for group in part.needs):
        return None
    if part.tells and part.tells not in columns and not _is_called(name, table):
        return None
    return Matched(name, table, columns, tuple(column for column in part.columns if column not in columns))


def words_for(part: str) -> str:
    """What a table needs to be recognised, for a person."""
    groups = (" or ".join(group) for group in PARTS[part].needs)
    return f"a table of {part} with {', '.join(groups)}"
