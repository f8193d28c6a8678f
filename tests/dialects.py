"""A generated company, written as people and programs of many countries write one."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from xml.sax.saxutils import escape

import pandas as pd
import xlsxwriter
from hypothesis import strategies as st

HEADINGS = {
    "customer": ("customer", "Customer ID", "Account", "Client", "Company name", "account_id", "CUSTOMER"),
    "month": ("month", "Period", "Billing month", "Month start"),
    "mrr": ("mrr", "MRR", "Monthly recurring revenue", "MRR amount"),
    "start": ("start", "Start date", "Customer since", "join_date", "Started", "Signed up"),
    "end": ("end", "End date", "Cancelled on", "Churn date", "cancel_date", "Terminated"),
    "segment": ("segment", "Segment"),
    "date": ("date", "Date", "Submitted at", "Response date"),
    "nps": ("nps", "NPS score", "Score", "How likely are you to recommend us?", "Likelihood to recommend"),
    "comment": ("comment", "Comments", "Feedback", "Reason for score"),
}
_NAMES = ("007", "7", "0042", "1e3", "12345678901234567890", "Acme", "Müller GmbH", "Beta, Inc.", "NA", "O'Brien",
          'The "Best"', "Åre AB", "C-17", "Ñandú SA", "2 Fast", "true", "Semi; Colon", "=1+1", "100")  # fmt: skip
_MONTH_NAMES = "January February March April May June July August September October November December".split()
_NOTHING = ("", "n/a", "-", "NULL", "none")


@dataclass(frozen=True)
class Company:
    """What is true: the cells of each table by column, in plain Python values.

    Args:
        subscriptions, customers, responses: column -> values, None where there is none.
    """

    subscriptions: dict[str, list[Any]]
    customers: dict[str, list[Any]]
    responses: dict[str, list[Any]]


@dataclass(frozen=True)
class Dialect:
    """How the company is written.

    Args:
        kind: csv, xlsx, ods or parquet.
        delimiter, encoding: of text files.
        decimal, group: signs of numbers; currency stands at them, before or after.
        order, sign: of days; short: whether their years have two digits.
        months: the style of months; across: whether revenue has a column a month.
        headings: column -> heading; shuffled: a seed for the order of columns.
        titles: lines above the headings; totals: whether sums stand below.
        split: whether revenue comes in two files or sheets; one_book: sheets of one workbook instead of files.
        typed: whether numbers and dates of a workbook have their own type.
        settled: whether cells tell the order of dates and the decimal sign; else both must be asked.
        labelled: whether ends of the scale carry labels.
        nothing: what is written where there is no comment and no end.
    """

    kind: str = "csv"
    delimiter: str = ","
    encoding: str = "utf-8"
    decimal: str = "."
    group: str = ""
    currency: tuple[str, str] = ("", "")
    order: str = "ymd"
    sign: str = "-"
    short: bool = False
    months: str = "iso"
    across: bool = False
    headings: dict[str, str] = field(default_factory=dict)
    shuffled: int = 0
    titles: int = 0
    totals: bool = False
    split: bool = False
    one_book: bool = False
    typed: bool = True
    settled: bool = True
    labelled: bool = False
    nothing: str = ""

    @property
    def as_text(self) -> bool:
        """Whether numbers and dates are written as text."""
        return self.kind == "csv" or not self.typed

    @property
    def asks_dates(self) -> bool:
        """Whether no day tells its order."""
        return not self.settled and self.as_text and self.order in ("dmy", "mdy") and self.sign != "."

    @property
    def asks_decimal(self) -> bool:
        """Whether no amount tells its decimal sign."""
        settled = self.group == "," and self.currency != ("", "")  # $1,001 is a thousand
        return not (self.settled or settled) and self.as_text and self.group in (",", ".")


@st.composite
def dialects(draw: Any) -> Dialect:
    """Any dialect that somebody writes."""
    decimal = draw(st.sampled_from(".,"))
    kind = draw(st.sampled_from(["csv", "csv", "csv", "xlsx", "xlsx", "ods", "parquet"]))
    order, sign = draw(st.sampled_from([("ymd", "-"), ("ymd", "/"), ("dmy", "/"), ("mdy", "/"), ("dmy", "."),
                                        ("dmy", "-"), ("mdy", "-"), ("named", " ")]))  # fmt: skip
    money = [("", ""), ("$", ""), ("€ ", ""), ("", " €"), ("", " USD"), ("CHF ", ""), ("£", "")]
    across = draw(st.booleans())
    return Dialect(
        kind=kind,
        delimiter=draw(st.sampled_from(";\t|" if decimal == "," else ",;\t|")),
        encoding=draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"])),
        decimal=decimal,
        group=draw(st.sampled_from(["", "." if decimal == "," else ",", " ", "\u00a0", "'"])),
        currency=draw(st.sampled_from(money)),
        order=order,
        sign=sign,
        short=order in ("dmy", "mdy") and sign != "-" and draw(st.booleans()),  # 25-03-04 is a year first to many
        months=draw(st.sampled_from(["iso", "slash", "us", "name", "short", "dash", "M", "digits", "end"])),
        across=across,
        headings={column: draw(st.sampled_from(words)) for column, words in HEADINGS.items()},
        shuffled=draw(st.integers(0, 10**6)),
        titles=0 if kind == "parquet" else draw(st.integers(0, 3)),
        totals=draw(st.booleans()),
        split=draw(st.booleans()),
        one_book=kind in ("xlsx", "ods") and draw(st.booleans()),
        typed=draw(st.booleans()),
        settled=draw(st.sampled_from([True, True, True, False])),
        labelled=draw(st.booleans()),
        nothing=draw(st.sampled_from(_NOTHING)),
    )


def _a_year_later(day: date) -> date:
    """The same day of the next year; the 28th after a 29 February."""
    return (day - timedelta(day.month == 2 and day.day == 29)).replace(year=day.year + 1)


@st.composite
def companies(draw: Any, settled: bool = True) -> Company:
    """A company of a few customers and months; where settled, one day and one amount tell how they are written."""
    names = draw(st.lists(st.sampled_from(_NAMES), min_size=4, max_size=8, unique=True))
    first = draw(st.integers(2021 * 12, 2024 * 12))
    months = [first + step for step in range(draw(st.integers(3, 6)))]
    cents = st.integers(100, 9_999_999).map(lambda whole: whole / 100)
    amounts = cents if settled else st.integers(1001, 999_999).filter(lambda whole: whole % 1000).map(float)
    rows = [
        (name, month, draw(amounts))
        for month in months
        for name in names
        if name == names[0] or draw(st.integers(0, 9))
    ]
    if settled:
        rows[0] = (*rows[0][:2], 1234.56)
    days = st.integers(0, 1400).map(lambda count: date(2021, 1, 1) + timedelta(count))
    if not settled:
        days = st.tuples(st.integers(2021, 2024), st.integers(1, 12), st.integers(1, 12)).map(lambda d: date(*d))
        days = days.filter(lambda day: day.day != day.month)
    starts = [draw(days) for _ in names]
    ends = [_a_year_later(start) if draw(st.booleans()) else None for start in starts]
    asked = draw(st.lists(st.integers(0, 10), min_size=4, max_size=12))
    when = [draw(days) for _ in asked]
    if settled:
        starts[0], ends[0], when[0] = date(2021, 5, 25), date(2022, 5, 26), date(2022, 3, 31)
    else:
        starts[0], ends[0], when[0] = date(2021, 5, 2), date(2022, 5, 3), date(2022, 3, 7)
    segments = [draw(st.sampled_from(["NA", "EMEA", "none", "SMB"])) for _ in names]
    comments = [
        draw(st.sampled_from([None, "Great, really", "Líbí se mi", 'a "quote"', "slow; but ok"])) for _ in asked
    ]
    return Company(
        {"customer": [r[0] for r in rows], "month": [r[1] for r in rows], "mrr": [r[2] for r in rows]},
        {"customer": names, "start": starts, "end": ends, "segment": segments},
        {"date": when, "nps": asked, "comment": comments},
    )


def write(company: Company, how: Dialect) -> dict[str, bytes]:
    """The files of a company, by name."""
    sheets = _sheets(company, how)
    if how.one_book:
        return {f"company.{how.kind}": _BOOKS[how.kind](sheets)}
    if how.kind == "csv":
        return {f"{name}.csv": _csv(rows, how) for name, rows in sheets.items()}
    if how.kind == "parquet":
        return {f"{name}.parquet": _parquet(rows) for name, rows in sheets.items()}
    return {f"{name}.{how.kind}": _BOOKS[how.kind]({"Sheet1": rows}) for name, rows in sheets.items()}


def _sheets(company: Company, how: Dialect) -> dict[str, list[list[Any]]]:
    sheets: dict[str, list[list[Any]]] = {}
    parts = {"revenue": company.subscriptions}
    if how.split:
        north = set(sorted(set(company.subscriptions["customer"]))[::2])
        parts = {
            name: {
                column: [value for value, who in zip(values, company.subscriptions["customer"], strict=True)
                         if (who in north) == inside]
                for column, values in company.subscriptions.items()
            }
            for name, inside in (("revenue north", True), ("revenue south", False))
        }  # fmt: skip
    for name, part in parts.items():
        sheets[name] = _across(part, how) if how.across else _long(part, how)
    sheets["customers"] = _table(company.customers, how)
    sheets["responses"] = _table(company.responses, how)
    above = [[f"Line {number} of a report"] for number in range(how.titles)]
    return {name: [*above, *([] if not above else [[]]), *rows] for name, rows in sheets.items()}


def _long(part: dict[str, list[Any]], how: Dialect) -> list[list[Any]]:
    rows = _table(part, how)
    if how.totals:
        last = part["month"][-1]
        paid = sum(mrr for mrr, at in zip(part["mrr"], part["month"], strict=True) if at == last)
        total = {"customer": "Total", "month": month(last, how), "mrr": amount(paid, how)}
        rows.append([total[column] for column in _order(list(part), how)])
    return rows


def _across(part: dict[str, list[Any]], how: Dialect) -> list[list[Any]]:
    months = sorted(set(part["month"]))
    cells = {(who, at): value for who, at, value in zip(*part.values(), strict=True)}
    names = list(dict.fromkeys(part["customer"]))
    rows = [[how.headings["customer"], *(month(at, how, heading=True) for at in months)]]
    rows += [[name, *(amount(cells.get((name, at)), how) for at in months)] for name in names]
    if how.totals:
        sums = [sum(cells.get((name, at), 0) for name in names) for at in months]
        rows.append(["Total", *(amount(each, how) for each in sums)])
    return rows


def _order(columns: list[str], how: Dialect) -> list[str]:
    turn = how.shuffled % len(columns)
    return columns[turn:] + columns[:turn]


def _table(columns: dict[str, list[Any]], how: Dialect) -> list[list[Any]]:
    order = _order(list(columns), how)
    cells = [[_cell(column, value, how) for value in columns[column]] for column in order]
    return [[how.headings[column] for column in order], *map(list, zip(*cells, strict=True))]


def _cell(column: str, value: Any, how: Dialect) -> Any:
    if column == "month":
        return month(value, how)
    if column == "mrr":
        return amount(value, how)
    if column == "nps":
        return f"{value} - {'Very likely' if value else 'Not at all'}" if how.labelled and value in (0, 10) else (
            str(value) if how.as_text else value
        )  # fmt: skip
    if value is None:
        return how.nothing if column in ("comment", "end") else None
    return day(value, how) if isinstance(value, date) else value


def amount(value: float | None, how: Dialect) -> Any:
    """An amount in the dialect."""
    if value is None:
        return None
    value = round(value, 2)
    if not how.as_text:
        return value
    digits = f"{value:,.2f}" if how.settled else f"{value:,.0f}"
    digits = digits.replace(",", "\0").replace(".", how.decimal).replace("\0", how.group)
    return f"{how.currency[0]}{digits}{how.currency[1]}"


def day(value: date, how: Dialect) -> Any:
    """A day in the dialect."""
    if not how.as_text:
        return value
    if how.order == "named":
        return f"{value.day} {_MONTH_NAMES[value.month - 1][:3]} {value.year}"
    year = f"{value.year % 100:02d}" if how.short else str(value.year)
    parts = {"d": f"{value.day:02d}", "m": f"{value.month:02d}", "y": year}
    return how.sign.join(parts[letter] for letter in how.order)


def month(number: int, how: Dialect, heading: bool = False) -> Any:
    """A month in the dialect; a number counts months from the year 0."""
    year, at = divmod(number, 12)
    first, name = date(year, at + 1, 1), _MONTH_NAMES[at]
    end = date(year + (at == 11), (at + 1) % 12 + 1, 1) - timedelta(1)
    if how.months == "end":
        return end.isoformat() if how.as_text or heading else end
    return {
        "iso": f"{year}-{at + 1:02d}", "slash": f"{year}/{at + 1:02d}", "us": f"{at + 1:02d}/{year}",
        "name": f"{name} {year}", "short": f"{name[:3]} {year}", "dash": f"{name[:3]}-{year % 100:02d}",
        "M": f"{year}M{at + 1:02d}", "digits": f"{year}{at + 1:02d}",
    }.get(how.months, first.isoformat())  # fmt: skip


def _csv(rows: list[list[Any]], how: Dialect) -> bytes:
    def quoted(cell: Any) -> str:
        text = "" if cell is None else str(cell)
        special = how.delimiter in text or '"' in text or "\n" in text
        return '"' + text.replace('"', '""') + '"' if special else text

    text = "\r\n".join(how.delimiter.join(map(quoted, row)) for row in rows) + "\r\n"
    return text.encode(how.encoding)


def _parquet(rows: list[list[Any]]) -> bytes:
    held = io.BytesIO()
    columns = {heading: [row[at] for row in rows[1:]] for at, heading in enumerate(rows[0])}
    mixed = {name for name, cells in columns.items() if len({type(c) for c in cells if c is not None}) > 1}
    columns = {name: [None if c is None else str(c) for c in cells] if name in mixed else cells
               for name, cells in columns.items()}  # fmt: skip
    pd.DataFrame(columns).to_parquet(held)
    return held.getvalue()


def _xlsx(sheets: dict[str, list[list[Any]]]) -> bytes:
    held = io.BytesIO()
    book = xlsxwriter.Workbook(held, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    dated = book.add_format({"num_format": "yyyy-mm-dd"})
    for name, rows in sheets.items():
        sheet = book.add_worksheet(name)
        for at, row in enumerate(rows):
            for column, cell in enumerate(row):
                if isinstance(cell, date):
                    sheet.write_datetime(at, column, cell, dated)
                elif isinstance(cell, str):
                    sheet.write_string(at, column, cell)
                elif cell is not None:
                    sheet.write_number(at, column, cell)
    book.close()
    return held.getvalue()


def _ods(sheets: dict[str, list[list[Any]]]) -> bytes:
    """The least that a reader of OpenDocument takes for a spreadsheet."""
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    names = "office table text".split()
    spaces = " ".join(f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in names)
    tables = "".join(
        f'<table:table table:name="{escape(name)}">' + "".join(map(_ods_row, rows)) + "</table:table>"
        for name, rows in sheets.items()
    )
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {spaces} office:version="1.3"><office:body>'
        f"<office:spreadsheet>{tables}</office:spreadsheet></office:body></office:document-content>"
    )
    listed = (
        '<?xml version="1.0" encoding="UTF-8"?><manifest:manifest xmlns:manifest='
        '"urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
        f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{kind}"/>'
        '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/></manifest:manifest>'
    )
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("mimetype", kind)
        archive.writestr("content.xml", content)
        archive.writestr("META-INF/manifest.xml", listed)
    return held.getvalue()


def _ods_row(row: list[Any]) -> str:
    cells = []
    for cell in row:
        if cell is None:
            cells.append("<table:table-cell/>")
        elif isinstance(cell, date):
            cells.append(f'<table:table-cell office:value-type="date" office:date-value="{cell.isoformat()}"/>')
        elif isinstance(cell, str):
            cells.append(
                f'<table:table-cell office:value-type="string"><text:p>{escape(cell)}</text:p></table:table-cell>'
            )
        else:
            cells.append(f'<table:table-cell office:value-type="float" office:value="{cell!r}"/>')
    return f"<table:table-row>{''.join(cells)}</table:table-row>"


_BOOKS = {"xlsx": _xlsx, "ods": _ods}
