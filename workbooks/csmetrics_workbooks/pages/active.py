"""Active users in plain formulas: each user has a number, and FREQUENCY counts the numbers seen; six weeks by day."""

import numpy as np

from csmetrics_core import lookup
from csmetrics_core.declaration.spec import COUNT, FRACTION, Unit
from csmetrics_core.palette import MUTED
from csmetrics_workbooks.kit.book import Book
from csmetrics_workbooks.kit.formulas import NO_DATA, Scope
from csmetrics_workbooks.kit.lines import Line, line_chart
from csmetrics_workbooks.kit.names import add_numbers
from csmetrics_workbooks.kit.sheet import Page
from csmetrics_workbooks.kit.tables import Table, as_numbers, countifs
from csmetrics_workbooks.kit.terms import Term, is_number, when

_DAY = Unit("day", "yyyy-mm-dd;;", "{}")
WINDOWS = {"dau": 1, "wau": 7, "mau": 30}


def helpers(book: Book) -> None:
    """Computed columns of the events table: day, user number, and whether the user is new on that day."""
    table = book.tables["Events"]
    inside = book.add_in_segment(table)
    days = as_numbers(table.cells["Date"])
    whole = np.where(np.isfinite(days) & (days >= 1), np.floor(np.nan_to_num(days)), 0)
    table.add("Day", f"IF(N({table.here('Date')})>=1,INT({table.here('Date')}),0)", whole, _DAY)
    numbers = as_numbers(add_numbers(book, table, "User").value)
    known = (numbers > 0) & (whole > 0) & (np.array(inside.value) == 1)
    key = np.where(known, numbers * 100_000 + whole, 0)
    formula = (
        f"IF({table.here('User no')}*{table.here('Day')}*{table.here('In segment')}=0,0,"
        f"{table.here('User no')}*100000+{table.here('Day')})"
    )
    table.add("User and day", formula, key, COUNT)
    first = np.zeros(key.size)
    first[np.unique(key, return_index=True)[1]] = 1
    place = f"ROW()-ROW({table.called}[[#Headers],[User]])"
    here = table.here("User and day")
    table.add(
        "First today",
        f"IF({here}=0,0,IF(MATCH({here},{table.called}[User and day],0)={place},1,0))",
        np.where(key > 0, first, 0),
        COUNT,
    )


def distinct(test: str, number: str) -> str:
    """How many different numbers stand in the rows of a test; FREQUENCY of nothing is an error in some programs."""
    return f"IF(SUM(IF({test},1,0))=0,0,SUM(IF(FREQUENCY(IF({test},{number}),{number})>0,1,0)))"


class ActiveUsers:
    """Daily, weekly and monthly active users of any day, in the segment chosen."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self.table: Table = book.tables["Events"]
        self.inside = Scope(self.table.column("In segment"), 1)
        self._known: dict[int, dict[int, int]] = {}

    def value(self, name: str, day: Term) -> Term:
        """The metric on a day, or no data where nothing happened in the window."""
        window = WINDOWS[name]
        table, days = self.table, self.table.column("Day")
        events = countifs((days, ">", day - window), (days, "<", day + 1), (table.column("In segment"), "=", 1))
        plainly = (
            countifs((days, "=", day), (table.column("First today"), "=", 1))
            if window == 1
            else self._distinct(day, window)
        )
        given = {"users": table.column("User"), "dates": table.column("Date"), "day": day}
        known = self._count(window).get(int(day.value), plainly.value)
        return when(events.eq(0), NO_DATA, self.book.call(name, given, self.inside, plainly, known))

    def _distinct(self, day: Term, window: int) -> Term:
        days, number = self.table.column("Day").text, self.table.column("User no").text
        test = f"({self.inside.column.text}=1)*({days}>{day.text}-{window})*({days}<={day.text})*({number}>0)"
        return Term(distinct(test, number), self._count(window).get(int(day.value), 0), True)

    def _count(self, window: int) -> dict[int, int]:
        """The core's active users by serial day; early windows that are not full yet are counted too."""
        if window not in self._known:
            rows = self.inside.rows & (as_numbers(self.table.column("User no").value) > 0)
            rows &= as_numbers(self.table.column("Day").value) > 0
            users, days = (as_numbers(self.table.column(h).value)[rows] for h in ("User no", "Day"))
            self._known[window] = _active(users, days, window)
        return self._known[window]


def _active(users: np.ndarray, days: np.ndarray, window: int) -> dict[int, int]:
    if not users.size:
        return {}
    found = lookup("active_users").function(users.tolist(), days.tolist(), window=window)
    whole = {int(d) + 25569: n for d, n in zip(_days(found["date"]), found["active"], strict=True) if n == n}
    first, last = int(days.min()), int(days.max())
    for day in [*range(first, first + window - 1), *range(last + 1, last + window)]:
        inside = (days > day - window) & (days <= day)
        whole[day] = len(set(users[inside].tolist()))
    return {day: int(n) for day, n in whole.items()}


def _days(dates: object) -> np.ndarray:
    return np.asarray(dates).astype("datetime64[D]").astype(np.int64)


DAYS = 42
#: Measure -> the cells of its history on the page Daily.
TRENDS = {"mau": f"Daily!$D$5:$D${4 + DAYS}"}


def daily(book: Book, users: ActiveUsers, last: Term) -> dict[str, Term]:
    """The page Daily: six weeks of active users; returns its columns as ranges."""
    page = book.pages["Daily"]
    page.widths(14, 12, 12, 12, 12)
    page.title("Daily", "Distinct users on the day, in the 7 days and in the 30 days that end on it.", 12)
    page.headers(3, ["Day", "Daily", "Weekly", "Monthly", "Daily ÷ monthly"], right=range(5), height=30)
    kept: dict[str, list[object]] = {"day": [], "dau": []}
    for offset in range(DAYS):
        row = 4 + offset
        day = page.put(row, 0, last - (DAYS - 1 - offset), page.looks.number("ddd yyyy-mm-dd"))
        cells = [
            page.put(row, 1 + i, users.value(n, day), page.looks.number(COUNT))
            for i, n in enumerate(("dau", "wau", "mau"))
        ]
        ratio = when(is_number(cells[2]), when(is_number(cells[0]), cells[0] / cells[2], NO_DATA), "")
        page.put(row, 4, ratio, page.looks.number(FRACTION, font_color=MUTED))
        kept["day"].append(day.value)
        kept["dau"].append(cells[0].value)
    active_chart(book, page, 3, 6, (620, 340))
    ranges = {}
    for number, name in enumerate(("day", "dau")):
        letter = "AB"[number]
        ranges[name] = Term(f"{page.prefix}${letter}$5:${letter}${4 + DAYS}", np.array(kept[name], dtype=object), True)
    return ranges


def active_chart(book: Book, page: Page, row: int, column: int, size: tuple[int, int]) -> None:
    """Daily, weekly and monthly active users of six weeks, as the page Daily has them."""
    days = ["Daily", 4, 0, 3 + DAYS, 0]
    names = enumerate(("Daily", "Weekly", "Monthly"), 1)
    lines = [Line(name, days, ["Daily", 4, place, 3 + DAYS, place]) for place, name in names]
    chart = line_chart(book, lines, "d mmm", "0", across={"interval_unit": 7}, up={"min": 0}, width=2)
    words = "Line chart: daily, weekly and monthly active users of six weeks"
    page.chart(row, column, chart, "Active users", words, size)
