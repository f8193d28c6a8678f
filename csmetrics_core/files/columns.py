"""One column of cells as people write them -> values, decided once, from the whole column, over distinct cells."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd

from csmetrics_core.files.columnar import Mask
from csmetrics_core.files.dates import read_dates
from csmetrics_core.files.distinct import Distinct, Outcome, State, distinct
from csmetrics_core.files.durations import read_durations
from csmetrics_core.files.identifiers import read_identifiers, read_text
from csmetrics_core.files.numbers import read_numbers
from csmetrics_core.files.saying import Note, Place, Question, Said, Unread
from csmetrics_core.files.words import read_flags, read_intervals, read_ratings, read_scores, read_states

Kind = Literal[
    "identifier",  # text as typed: 007 is not 7
    "label",  # segments, plans, regions: text in which NA is a region
    "comment",  # text in which n/a is none
    "amount",  # money: floats, and the currency each is in
    "cents",  # money in hundredths
    "number",  # counts and other numbers
    "score",  # answers: what is no number is no answer
    "rating",  # answers that may be words of one scale throughout: Satisfied, Very satisfied
    "day",
    "moment",
    "epoch",  # seconds or milliseconds since 1970, where a product documents them
    "month",  # the first day of it
    "interval",  # months
    "duration",  # minutes
    "flag",  # yes or no
    "status",  # of a ticket: whether it is resolved
]
_READERS: dict[Kind, Callable[[Distinct], Outcome]] = {
    "identifier": read_identifiers,
    "label": lambda cells: read_text(cells, nothing_is_text=True),
    "comment": lambda cells: read_text(cells, nothing_is_text=False),
    "amount": read_numbers,
    "cents": read_numbers,
    "number": lambda cells: read_numbers(cells, money=False),
    "score": read_scores,
    "rating": read_ratings,
    "day": lambda cells: read_dates(cells, "day"),
    "moment": lambda cells: read_dates(cells, "moment"),
    "epoch": lambda cells: read_dates(cells, "epoch"),
    "month": lambda cells: read_dates(cells, "month"),
    "interval": read_intervals,
    "duration": read_durations,
    "flag": read_flags,
    "status": read_states,
}
_TEXT = ("identifier", "label", "comment")


@dataclass(frozen=True)
class Column:
    """A column that was read, as long as the cells it came from and with their index.

    Args:
        place: where it stands.
        kind: what it holds.
        values: text (str), floats, datetime64[us] without a zone, or True and False; missing where there is none.
        blank: cells that hold nothing, or a word for nothing.
        unread: cells that hold something that could not be read; those that wait for a question too.
        refused: the unread cells in words; empty where there are none, or where a question explains them.
        words: answers that are words, which are missing answers; none elsewhere.
        currency: of each amount, where any says one: a code such as USD, or a bare $; None where no cell does.
        shows: what the cells themselves decided: {"decimal": ","}, {"dates": "dmy"}.
        notes: what the reader must know.
        questions: what must be answered first.
    """

    place: Place
    kind: Kind
    values: pd.Series
    blank: Mask
    unread: Mask
    words: Mask
    refused: tuple[Unread, ...] = ()
    currency: pd.Series | None = None
    shows: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()
    questions: tuple[Question, ...] = ()


class Asked(NamedTuple):
    """One column to read: its cells, what it holds, where it stands."""

    cells: Any
    kind: Kind
    place: Place


def read_column(cells: Any, kind: Kind, place: Place, said: Said, index: Any = None) -> Column:
    """Read a column as what it holds; never raises for what its cells hold.

    Args:
        cells: as they came: a Series, an array or a list, of text, or with types of their own; or numbered already.
        kind: what it holds.
        place: where it stands.
        said: what the user said.
        index: of the rows; without it that of a Series, or their places.

    Example:
        >>> read_column(["$1,200.50", "(300)", "n/a"], "amount", Place(heading="MRR"), Said()).values.tolist()
        [1200.5, -300.0, nan]
    """
    own = cells.index if index is None and isinstance(cells, pd.Series) else index
    return _column(distinct(cells, place, said), kind, own)


def read_columns(asked: Mapping[str, Asked], said: Said) -> dict[str, Column]:
    """Read the columns of one table: one that does not tell its decimal sign or its order of dates takes that of
    the others, where those that tell agree, and says so.
    """
    read = {name: read_column(cells, kind, place, said) for name, (cells, kind, place) in asked.items()}
    for option in ("decimal", "dates"):
        shown = {column.shows[option] for column in read.values() if option in column.shows}
        if len(shown) != 1:
            continue
        sign = shown.pop()
        as_others = replace(said, **{option: sign})  # type: ignore[arg-type]
        for name, column in read.items():
            if any(sign in (way.value for way in asks.remedies) for asks in column.questions):
                again = read_column(asked[name].cells, column.kind, column.place, as_others)
                note = Note(column.place, f"read as {sign!r}, which other columns of the table show")
                read[name] = replace(again, notes=(*again.notes, note))
    return read


def _column(column: Distinct, kind: Kind, index: Any) -> Column:
    outcome = _READERS[kind](column)
    states = np.append(outcome.states, np.int8(State.BLANK))[column.codes]
    values = _spread(outcome.values, column, kind, index, outcome.shows.get("blank"))
    if kind == "cents":
        values = values / 100
    unread = outcome.states == State.UNREAD
    refused: tuple[Unread, ...] = ()
    if unread.any() and not outcome.questions:
        refused = (Unread(column.place, outcome.expected, column.quote(unread, most=3), column.count(unread)),)
    currency = None
    if outcome.units is not None:
        currency = pd.Series(np.array([*outcome.units, None], dtype=object)[column.codes], index=values.index)
    return Column(
        column.place, kind, values, states == State.BLANK, states == State.UNREAD, states == State.WORD, refused,
        currency, outcome.shows, tuple(outcome.notes), tuple(outcome.questions),
    )  # fmt: skip


def _spread(found: Any, column: Distinct, kind: Kind, index: Any, blank: str | None) -> pd.Series:
    """The values of distinct cells, on every row that holds one of them."""
    if isinstance(found, np.ndarray) and found.dtype.kind == "M":
        return pd.Series(np.append(found, np.datetime64("NaT", "us"))[column.codes], index=index)
    if isinstance(found, np.ndarray) and found.dtype.kind == "f":
        return pd.Series(np.append(found, np.nan)[column.codes], index=index)
    if kind in _TEXT:
        return pd.Series(pd.Series([*found, None], dtype="str").array.take(column.codes), index=index)
    spread = np.array([*found, None], dtype=object)
    if blank == "no":
        spread[np.equal(spread, None)] = False  # type: ignore[call-overload]
    return pd.Series(spread[column.codes], index=index, dtype=object)
