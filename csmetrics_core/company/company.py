"""A company's tables, month by month: the rows of a month, who pays at its end, what was paid and used in it."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timezone
from itertools import compress
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from csmetrics_core.declaration.catalog import lookup
from csmetrics_core.declaration.kinds import Reading
from csmetrics_core.errors import show
from csmetrics_core.evaluate import evaluate
from csmetrics_core.files.headings import PARTS, Matched, find_heading, match_tables, words_for
from csmetrics_core.intake.arguments import bind, prepare
from csmetrics_core.intake.cells import read
from csmetrics_core.intake.column import Read
from csmetrics_core.intake.elements import pad
from csmetrics_core.maths.periods import first_day, index_of

if TYPE_CHECKING:
    from csmetrics_core.files.report import Wait
    from csmetrics_core.files.saying import Remedy

Mask = NDArray[np.bool_]
_NO_MONTH = -(2**40)
#: Parts that say how far the data reach, the most telling first.
_DATED = ("subscriptions", "events", "tickets", "responses", "funnel", "costs")
_DAILY = ("events", "tickets", "responses")


class Missing(Exception):
    """What a metric would need and the tables do not hold.

    Args:
        text: what it is.
        remedies: what a user can say so that there is a figure.
    """

    def __init__(self, text: str, remedies: "Sequence[Remedy]" = ()) -> None:
        super().__init__(text)
        self.remedies = tuple(remedies)


def month_text(month: int) -> str:
    """A month number as 2026-09."""
    return str(np.datetime64(month, "M"))


def month_number(text: str) -> int:
    """2026-09 as a month number.

    Raises:
        ValueError: it is no month.
    """
    return int(np.datetime64(text, "M").astype(np.int64))


def last_day(month: int) -> int:
    """The day number a month ends on."""
    return int(first_day(np.array([month + 1]), "month")[0]) - 1


def _today() -> int:
    return int(np.datetime64(datetime.now(timezone.utc).date(), "D").astype(np.int64))


class Company:
    """Tables recognised by their headings.

    Args:
        tables: name -> a frame, or a mapping of heading -> cells; cells as they came from a file or a frame.
        waits: part -> what keeps figures from being computed, where the tables were read from files.
        as_of: the day the tables reach to, where somebody said it.

    `current` is the month looked at; it starts as the last one that is over, and `note` says what to know about it;
    `asked` tells that somebody asked for it, so that no figure of rows without dates can be meant.
    """

    def __init__(
        self,
        tables: Mapping[str, Any],
        waits: "Mapping[str, Sequence[Wait]] | None" = None,
        as_of: date | None = None,
    ) -> None:
        self._tables = tables
        self._waits = waits
        self._as_of = None if as_of is None else int(np.datetime64(as_of, "D").astype(np.int64))
        self.asked = False
        self.headings = {name: list(map(str, getattr(table, "columns", table))) for name, table in tables.items()}
        self.matched: dict[str, Matched] = match_tables(self.headings)
        self._kept: dict[tuple[Any, ...], Any] = {}
        self.current, self.note = self.last_month()

    def once(self, *key: Any, make: Callable[[], Any]) -> Any:
        """What `make` gives, made once."""
        if key not in self._kept:
            self._kept[key] = make()
        return self._kept[key]

    def table(self, part: str) -> Matched:
        """The table recognised as a part.

        Raises:
            Missing: there is none.
        """
        if part not in self.matched:
            self.check(part)
            raise Missing(f"needs {words_for(part)}")
        return self.matched[part]

    def check(self, part: str, column: str = "", rows: Mask | None = None) -> None:
        """Let nothing rest on cells that were not read.

        Args:
            part, column: what is about to be used; without a column only what holds of the whole part is looked at.
            rows: the rows that are used, where not all are.

        Raises:
            Missing: something among it waits for an answer.
        """
        for wait in (self._waits or {}).get(part, ()):
            if wait.column not in ("", column):
                continue
            if wait.rows is None or rows is None or (wait.rows & rows).any():
                raise Missing(f"{wait.problem}. {wait.fix}".strip(), wait.remedies)

    def has(self, part: str, *columns: str) -> bool:
        """Whether a part is there, with all these columns."""
        return part in self.matched and set(columns) <= self.matched[part].columns.keys()

    def cells(self, part: str, column: str) -> Any:
        """All cells of a column, as they came.

        Raises:
            Missing: no such table or column, or cells of it could not be read.
        """
        self.table(part)
        self.check(part, column)
        return self._cells(part, column)

    def _cells(self, part: str, column: str) -> Any:
        fit = self.table(part)
        if column not in fit.columns:
            raise Missing(f"needs a column {column} in {fit.table}")
        raw = self._tables[fit.table][fit.columns[column]]
        raw = raw.to_numpy() if hasattr(raw, "to_numpy") else raw
        return raw if isinstance(raw, np.ndarray) and raw.dtype.kind in "fiuMb" else list(raw)

    def scale_of_words(self, part: str, column: str) -> int | None:
        """The highest answer of the scale whose words a column held before it was read; None where it held numbers."""
        from csmetrics_core.files.answer_words import IN_WORDS

        held: Mapping[str, int] = getattr(self._tables[self.table(part).table], "attrs", {}).get(IN_WORDS, {})
        return held.get(self.table(part).columns.get(column, column))

    def named_cells(self, part: str, column: str) -> Any:
        """All cells of a column that no metric needs; nothing where the table has none."""
        fit = self.table(part)
        heading = find_heading(column, self.headings[fit.table])
        return None if heading is None else list(self._tables[fit.table][heading])

    def frame(self, table: str) -> Any:
        """A table as a frame, by its name."""
        from pandas import DataFrame

        given = self._tables[table]
        return DataFrame(dict(given)) if isinstance(given, Mapping) else given

    def cells_of(self, needed: Sequence[str], also: Sequence[str] = ()) -> dict[str, list[Any]] | None:
        """The cells of the first table that has all these columns, and of more of its columns where it has them."""
        for table, headings in self.headings.items():
            found = {column: find_heading(column, headings) for column in (*needed, *also)}
            if all(found[column] for column in needed):
                return {column: list(self._tables[table][heading]) for column, heading in found.items() if heading}
        return None

    def segments(self, part: str) -> list[Any] | None:
        """The segment of each row of a part, or its plan: its own, or its customer's; nothing where no table tells it.

        Raises:
            Missing: there is no such part.
        """
        own: list[Any] | None = self.named_cells(part, self.segment_column)
        if own is not None:
            return own
        who = self.named_cells(part, "customer")
        return None if who is None or not self.segment_of else [self.segment_of.get(one) for one in who]

    @property
    def segment_column(self) -> str:
        """What groups customers: the segment, or the plan where no table has segments."""
        known = any(find_heading("segment", headings) for headings in self.headings.values())
        return "segment" if known else "plan"

    @property
    def segment_of(self) -> dict[Any, Any]:
        """Customer -> segment, from the tables that hold both; the customers' own table wins."""
        return self.once("segment of", make=self._segment_of)  # type: ignore[no-any-return]

    def _segment_of(self) -> dict[Any, Any]:
        parts = {fit.table: part for part, fit in self.matched.items()}
        rank = {table: (parts.get(table) == "customers", table in parts) for table in self.headings}
        found: dict[Any, Any] = {}
        for table in sorted(self.headings, key=lambda table: rank[table]):
            who, segment = (find_heading(column, self.headings[table]) for column in ("customer", self.segment_column))
            if who and segment:
                cells = self._tables[table]
                found.update(zip(list(cells[who]), list(cells[segment]), strict=True))
        return found

    def column(self, part: str, column: str, reading: Reading) -> Read:
        """A column read the way a kind asks for, as long as its table.

        Raises:
            Missing: no such table or column, or cells of it could not be read.
        """
        self.table(part)
        self.check(part, column)
        return self._column(part, column, reading)

    def _column(self, part: str, column: str, reading: Reading) -> Read:
        def make() -> Read:
            raw = self._cells(part, column)
            found = read(raw, column, reading)
            pad(found, len(raw))
            return found

        return self.once("column", part, column, reading, make=make)  # type: ignore[no-any-return]

    def months(self, part: str) -> NDArray[np.int64] | None:
        """The month of each row of a dated part; None where it has no dates."""
        dated = PARTS[part].dated
        if not self.has(part, dated):
            return None

        def make() -> NDArray[np.int64]:
            days = self._column(part, dated, "day").values
            known = ~np.isnan(days)
            months = np.full(days.size, _NO_MONTH)
            months[known] = index_of(days[known].astype(np.int64), "month")
            return months

        return self.once("months", part, make=make)  # type: ignore[no-any-return]

    def rows(self, part: str, month: int | None) -> Mask:
        """Which rows of a part belong to a month; one without dates is taken whole, for the current month only.

        Raises:
            Missing: it has no dates to go back by, or no rows of that month.
        """
        fit, months = self.table(part), self.months(part)
        self.check(part, PARTS[part].dated)
        if months is None:
            if self.asked or month != self.current:
                raise Missing(f"needs a column {PARTS[part].dated} in {fit.table} to tell months apart")
            return np.ones(len(self._cells(part, next(iter(fit.columns)))), dtype=bool)
        chosen: Mask = months == month
        if not chosen.any():
            raise Missing(f"{fit.table} has no rows of {month_text(month)}" if month is not None else "needs a month")
        return chosen

    def take(self, part: str, column: str, rows: Mask) -> Any:
        """The cells of some rows of a column.

        Raises:
            Missing: no such table or column, or some of these cells could not be read.
        """
        self.table(part)
        self.check(part, column, rows)
        return select(self._cells(part, column), rows)

    def last_month(self) -> tuple[int | None, str]:
        """The last month that is over, as far as the tables tell, and what to know about it."""
        months_of = {part: self.months(part) for part in _DATED}
        seen = {part: m for part, m in months_of.items() if m is not None and m.max(initial=_NO_MONTH) > _NO_MONTH}
        if not seen:
            return self._last_month_of_stays()
        part, months = next(iter(seen.items()))
        today = _today() if self._as_of is None else self._as_of
        this_month = int(index_of(np.array([today]), "month")[0])
        here = months[(months > _NO_MONTH) & (months <= this_month)]
        if here.size and int(months.max()) > this_month:  # a plan, or renewals to come
            month = int(here.max())
            return month, f"Months after {month_text(this_month)} lie ahead: {month_text(month)} is looked at."
        month = int(months.max())
        if part not in _DAILY:
            return month, ""
        latest = max(int(np.nanmax(self._column(p, PARTS[p].dated, "day").values)) for p in seen if p in _DAILY)
        latest = max(latest, self._as_of or latest)
        if latest >= last_day(month) or not (months < month).any():
            return month, ""
        return month - 1, f"{month_text(month)} is not over on the last date seen and is left out."

    def _last_month_of_stays(self) -> tuple[int | None, str]:
        """The last month that is over, by what was said or by the days on which customers came and left."""
        if self._as_of is not None and "customers" in self.matched:
            return self._last_over(self._as_of), ""
        days = [
            self._column("customers", column, "day").values
            for column in ("start", "end")
            if self.has("customers", column)
        ]
        now = _today()
        past = [day[day <= now].max() for day in days if (day <= now).any()]
        if not past:
            return None, "No table has dates: all rows count, and there is no month to compare with."
        last = int(max(past))
        month = self._last_over(last)
        told = np.datetime64(last, "D")
        return month, f"The last day on which a customer came or left is {told}: {month_text(month)} is looked at."

    @staticmethod
    def _last_over(day: int) -> int:
        """The last month that is over on a day."""
        month = int(index_of(np.array([day]), "month")[0])
        return month - (day != last_day(month))

    @property
    def knows_customers(self) -> bool:
        """Whether the tables tell who pays."""
        return "customers" in self.matched or "subscriptions" in self.matched

    def customers_on(self, month: int) -> frozenset[Any]:
        """Who pays on the last day of a month."""
        return self.once("customers", month, make=lambda: self._customers_on(month))  # type: ignore[no-any-return]

    def _customers_on(self, month: int) -> frozenset[Any]:
        if "customers" in self.matched and self._tells_ends():
            who, starts, ends = self.once("stays", make=self._stays)
            day = last_day(month)
            if not (starts <= day).any():
                raise Missing(f"{self.matched['customers'].table} has no customers in {month_text(month)}")
            codes = np.unique(who.codes[(starts <= day) & (day < ends)])
            return frozenset(who.labels[code] for code in codes.tolist())
        if not self.knows_customers:
            raise Missing(f"needs {words_for('customers')}, or {words_for('subscriptions')}")
        of_month = self.rows("subscriptions", month)
        for column in ("customer", "mrr", "amount"):
            self.check("subscriptions", column, of_month)
        rows = of_month & (self._paid() > 0)
        who = self._column("subscriptions", "customer", "id")
        return frozenset(who.labels[code] for code in np.unique(who.values[rows]).tolist() if code >= 0)

    def _tells_ends(self) -> bool:
        """Whether the list of customers says who left when; revenue tells it too, and without both nobody is lost.

        Raises:
            Missing: nothing tells it.
        """
        if self.has("customers", "end"):
            return True
        self.check("customers", "end")
        if "subscriptions" not in self.matched:
            raise Missing(f"needs an end date: no column of {self.matched['customers'].table} says when customers left")
        return False

    def _stays(self) -> tuple[Any, Any, Any]:
        """The stays of customers, cleaned as customer_movements cleans them."""
        declared = lookup("customer_movements")
        given = {
            "customers": self.cells("customers", "customer"),
            "starts": self.cells("customers", "start"),
            "ends": self.cells("customers", "end"),
        }
        values = prepare(declared, bind(declared, (), given)).values
        return values["customers"], values["starts"], values["ends"]

    def paid(self) -> NDArray[np.float64]:
        """Monthly recurring revenue of each row of subscriptions; NaN where it is unknown.

        Raises:
            Missing: an amount could not be read.
        """
        for column in ("customer", "mrr", "amount", "interval_months"):
            self.check("subscriptions", column)
        return self._paid()

    def _paid(self) -> NDArray[np.float64]:
        if self.has("subscriptions", "mrr"):
            return self._column("subscriptions", "mrr", "number").values  # type: ignore[no-any-return]
        amounts: NDArray[np.float64] = self._column("subscriptions", "amount", "number").values
        if not self.has("subscriptions", "interval_months"):
            return amounts
        return amounts / self._column("subscriptions", "interval_months", "number").values  # type: ignore[no-any-return]

    def evaluated(self, metric: str, **arguments: Any) -> dict[str, Any]:
        """A table metric over whole columns, computed once."""

        def make() -> Any:
            return evaluate(lookup(metric), (), arguments).value

        return self.once("evaluated", metric, make=make)  # type: ignore[no-any-return]

    def not_dates(self) -> tuple[str, ...]:
        """Columns of dates in which some cells are none; what they say is not guessed."""
        notes = []
        for part, fit in self.matched.items():
            for column in dict.fromkeys((PARTS[part].dated, "start", "end")):
                if column not in fit.columns:
                    continue
                drops = self._column(part, column, "day").drops
                if wrong := [at for at, why in zip(drops.where, drops.why, strict=True) if why != "blank"]:
                    first = show(self._cells(part, column)[wrong[0]])
                    what = "1 cell is no date" if len(wrong) == 1 else f"{len(wrong):,} cells are no dates"
                    notes.append(
                        f"{fit.table}, {fit.columns[column]}: {what} and their rows are left out; the first is "
                        f"{first}. Turn them into real dates."
                    )
        return tuple(notes)

    def copies(self) -> tuple[str, ...]:
        """Tables of identified rows in which some are exact copies of others; files say so when they are read."""
        from pandas import DataFrame

        notes: list[str] = []
        if self._waits is not None:
            return ()
        for part in ("customers", "subscriptions", "responses", "tickets"):
            if part in self.matched and _identified(self.headings[self.matched[part].table]):
                name = self.matched[part].table
                columns = {heading: list(self._tables[name][heading]) for heading in self.headings[name]}
                count = int(DataFrame(columns, dtype=object).duplicated().sum())
                words = "row is an exact copy of another" if count == 1 else "rows are exact copies of others"
                notes += [f"{name}: {count} {words}; they count. Were they imported twice?"] if count else []
        return tuple(notes)


def _identified(headings: Sequence[object]) -> bool:
    """Whether rows name somebody or something, so that equal rows are suspicious."""
    return any(find_heading(column, headings) for column in ("customer", "user", "ticket"))


def select(cells: Any, rows: Mask) -> Any:
    """Some of the cells of a column, in the form it has."""
    return cells[rows] if isinstance(cells, np.ndarray) else list(compress(cells, rows.tolist()))
