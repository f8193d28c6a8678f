"""Contracts coming up: ARR due by quarter, forecast retention, ARR flagged and the ten largest of it."""

import numpy as np

from csmetrics_core.declaration.spec import COUNT, DATE, FRACTION, MONEY, TEXT
from csmetrics_core.palette import MUTED
from csmetrics_workbooks.kit.book import Book
from csmetrics_workbooks.kit.judging import guarded
from csmetrics_workbooks.kit.sheet import Page
from csmetrics_workbooks.kit.tables import Table, as_numbers, countifs, months_of, sumifs
from csmetrics_workbooks.kit.terms import Term, total, when

QUARTERS = 4
TOP = 10
#: Call -> share of the ARR that is expected where the owner gave no figure.
SHARES = {"renew": 1.0, "at risk": 0.5, "churn": 0.0, "(no call)": 0.9}
_RISKY = ("at risk", "churn")


def helpers(book: Book, page: Page) -> None:
    """Computed columns of the renewals table."""
    table = book.tables["Renewals"]
    formula, inside = book.in_segment(table)
    due = table.here("Due")
    place = np.floor((months_of(table, "Due") - book.last_month.value - 1) / 3) + 1
    quarter = np.where(inside & np.isfinite(place) & (place >= 1) & (place <= QUARTERS), np.nan_to_num(place), 0)
    number = f"INT((YEAR({due})*12+MONTH({due})-last_month-1)/3)+1"
    valid = f"(N({due})>=61)*(N({due})<2958466)"
    book_quarter = f"IF({formula},IF({valid},IF(AND({number}>=1,{number}<={QUARTERS}),{number},0),0),0)"
    table.add("Quarter due", book_quarter, quarter, COUNT)
    arr, expected = as_numbers(table.cells["ARR"]), as_numbers(table.cells["Expected ARR"])
    calls = [v.lower() if isinstance(v, str) else "" for v in table.cells["Call"]]
    share = np.array([SHARES.get(call, SHARES["(no call)"]) for call in calls])
    forecast = np.where(np.isnan(expected), np.nan_to_num(arr) * share, expected)
    call, cell = table.here("Call"), {name: f"{page.prefix}$B${6 + i}" for i, name in enumerate(SHARES)}
    shares = (
        f'IF({call}="renew",{cell["renew"]},IF({call}="at risk",{cell["at risk"]},'
        f'IF({call}="churn",{cell["churn"]},{cell["(no call)"]})))'
    )
    own = table.here("Expected ARR")
    table.add("Forecast ARR", f"IF(ISNUMBER({own}),{own},N({table.here('ARR')})*{shares})", forecast, MONEY)
    red = np.array([isinstance(v, str) and v.lower() == "red" for v in table.cells["Health band"]])
    risky = (quarter > 0) & (red | np.isin(calls, _RISKY))
    band = table.here("Health band")
    test = f'AND({table.here("Quarter due")}>0,OR({band}="red",{call}="at risk",{call}="churn"))'
    table.add("ARR flagged", f"IF({test},N({table.here('ARR')}),0)", np.where(risky, np.nan_to_num(arr), 0), MONEY)


def assumptions(page: Page) -> None:
    """The share of ARR expected by call."""
    page.headers(4, ["Call", "Share expected"], right=(1,), height=18)
    for row, (name, share) in enumerate(SHARES.items(), 5):
        page.put(row, 0, name, page.looks.words())
        page.put(row, 1, share, page.looks.input("0%"))


def forecast(book: Book, page: Page) -> None:
    """The page Forecast."""
    page.widths(17, 15, 14, 13, 13, 13, 13, 15, 15, 26)
    page.title(
        "Renewal forecast", "Contracts due in the four quarters after the month shown, for the segment chosen.", 10
    )
    assumptions(page)
    page.put(4, 3, "Used where the owner typed no expected ARR.", page.looks(font_color=MUTED))
    table = book.tables["Renewals"]
    heads = [
        "Quarter ahead",
        "Contracts due",
        "ARR due",
        "called renew",
        "at risk",
        "churn",
        "no call",
        "Forecast ARR",
        "Gross retention",
        "Net retention",
    ]
    page.headers(11, heads, right=range(1, 10), height=18)
    for number in range(1, QUARTERS + 2):
        _quarter(book, page, table, 11 + number, number)
    page.note(
        12 + QUARTERS + 1,
        0,
        "Retention of the ARR due: forecast against what the same contracts pay now; gross leaves out what grows.",
        10,
    )
    top(book, page, table, 21)


def _quarter(book: Book, page: Page, table: Table, row: int, number: int) -> None:
    whole = number > QUARTERS
    column = table.column("Quarter due")
    due = (column, ">=", 1) if whole else (column, "=", number)
    arr, bold = table.column("ARR"), {"bold": whole}
    page.put(row, 0, "all four" if whole else f"quarter {number}", page.looks.words(**bold))
    page.put(row, 1, countifs(due), page.looks.number(COUNT, **bold))
    opening = page.put(row, 2, sumifs(arr, due), page.looks.number(MONEY, **bold))
    called = [sumifs(arr, due, (table.column("Call"), "=", name)) for name in ("renew", "at risk", "churn")]
    cells = [page.put(row, 3 + i, value, page.looks.number(MONEY, **bold)) for i, value in enumerate(called)]
    page.put(row, 6, opening - cells[0] - cells[1] - cells[2], page.looks.number(MONEY, **bold))
    page.put(row, 7, sumifs(table.column("Forecast ARR"), due), page.looks.number(MONEY, **bold))
    place = Term(column.text, column.value.astype(float), True)
    now, then = table.numbers("ARR"), table.numbers("Forecast ARR")
    inside = place.gt(0) if whole else place.eq(number)
    grown = total(inside * then.gt(now) * (then - now))
    shrunk = total(inside * then.gt(0) * then.lt(now) * (now - then))
    gone = total(inside * then.eq(0) * now)
    losses = {"opening": opening, "contraction": shrunk, "churned": gone}
    look = page.looks.number(FRACTION, bold=True)
    page.put(row, 8, guarded(opening, book.call("grr", losses)), look)
    page.put(row, 9, guarded(opening, book.call("ndr", {**losses, "expansion": grown})), look)


def top(book: Book, page: Page, table: Table, row: int) -> None:
    """The ten contracts with the most ARR flagged."""
    page.heading(row - 1, "Ten largest flagged: red, or called at risk or churn", 10)
    heads = ["Account", "Owner", "Segment", "ARR", "Due", "Health", "Call", "Reason", "", "Next step"]
    page.headers(row, heads, right=(3, 4), height=18)
    names = ("Account", "Owner", "Segment", "ARR", "Due", "Health band", "Call", "Reason", None, "Next step")
    risk = table.column("ARR flagged")
    values = as_numbers(risk.value)
    key = np.where(values > 0, values + np.arange(1, values.size + 1) / 1e6, 0)
    order = np.argsort(-key, kind="stable")
    place = f"ROW({risk.text})-ROW({table.called}[[#Headers],[ARR flagged]])"
    keys = f"({risk.text}+({place})/1000000)*({risk.text}>0)"
    for number in range(1, TOP + 1):
        known = number <= values.size and key[order[number - 1]] > 0
        at = int(order[number - 1]) + 1 if known else ""
        found = f'IF(SUM(({risk.text}>0)*1)<{number},"",MATCH(LARGE({keys},{number}),{keys},0))'
        cell = page.put(row + number, 10, Term(found, at, True), page.looks(font_color="#FFFFFF", font_size=8))
        for column, header in enumerate(names):
            if header is None:
                page.put(row + number, column, None, page.looks.words())
                continue
            source = table.column(header)
            value = source.value[order[number - 1]] if known else ""
            text = table.sheet.field(header).unit is TEXT
            as_text = '&""' if text else ""
            inner = Term(f"INDEX({source.text},{cell.text}){as_text}", _text(value) if text else value)
            look = page.looks.words(text_wrap=False) if text else page.looks.number(DATE if header == "Due" else MONEY)
            page.put(row + number, column, when(cell.eq(""), "", inner), look)
    flagged = sumifs(risk, (risk, ">", 0))
    page.put(row + TOP + 1, 0, "ARR flagged", page.looks.words(bold=True))
    page.put(row + TOP + 1, 3, flagged, page.looks.number(MONEY, bold=True))


def _text(value: object) -> str:
    return "" if value is None else str(value)
