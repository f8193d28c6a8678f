"""Somebody's own files -> the data sheets of a template, with a report of what was matched, guessed or missing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from csmetrics_core.declaration.spec import TEXT
from csmetrics_core.errors import show
from csmetrics_core.files.headings import find_heading, plain
from csmetrics_core.intake.conversions import CONVERT
from csmetrics_workbooks.data.companydata import MADE_OF, sheet_of, with_sentiment, without_unknown_past
from csmetrics_workbooks.data.months_across import month_headers, revenue_across
from csmetrics_workbooks.kit.tables import Field, Sheet
from csmetrics_workbooks.recipes.recipe import Recipe

if TYPE_CHECKING:
    import pandas as pd

    from csmetrics_core.files import Reading

#: Comments rated when a workbook is built; beyond it the add-in rates them.
MOST_COMMENTS = 20_000
LONG = (
    Field("Customer", TEXT, also=("customer",)),
    Field("Segment", TEXT, also=("segment",)),
    Field("Month", TEXT, also=("month",)),
    Field("MRR", TEXT, also=("mrr", "amount")),
)


@dataclass(frozen=True)
class Found:
    """What became of one column of a data sheet.

    Args:
        sheet, header: the column.
        how: matched, guessed or missing.
        heading: what it is called in the file.
        needed: whether the workbook is of no use without it.
    """

    sheet: str
    header: str
    how: str
    heading: str = ""
    needed: bool = False


@dataclass
class Mapped:
    """Frames by data sheet, and the report."""

    frames: "dict[str, pd.DataFrame]"
    columns: list[Found] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def map_company(recipe: Recipe, source: Any, said: Any = None) -> "tuple[Mapped, Reading]":
    """Fill the data sheets of a template from whatever the entrance reads.

    Args:
        recipe: the template.
        source: as `read_company` takes it.
        said: what the files cannot say about themselves.

    Returns:
        The sheets, and what was read. A sheet is made of the company's tables; one that they do not hold is taken from
        a table that has its columns.

    Raises:
        MetricError: a file cannot be read.
    """
    from csmetrics_core.files import read_company
    from csmetrics_core.files.opening import open_sources
    from csmetrics_core.files.plain import plain_tables

    opened = open_sources(source, said)
    reading = read_company(opened, said)
    mapped, used = Mapped({}), set()
    tables = without_unknown_past(reading.tables, reading.report.waits)
    for sheet in recipe.sheets:
        frame = sheet_of(sheet.name, tables)
        if frame is not None and not _holds_more(sheet, frame, opened, said):
            made_of = [table for table in MADE_OF[sheet.name] if table in reading.tables]
            used |= set(made_of)
            if "subscriptions" in made_of and "subscriptions" in reading.report.derived:
                used |= {"contracts", "customers"}  # of one of which the months were made
            mapped.frames[sheet.name] = _finished(sheet, frame, mapped)
            _say_company(sheet, frame, made_of, reading, mapped)
    read = {one.place for one in reading.report.read if one.table in used}
    empty = [sheet for sheet in recipe.sheets if sheet.name not in mapped.frames]
    if empty:
        _map_plain(empty, plain_tables(opened, said, but=read), mapped)
    mapped.notes += [str(one) for one in reading.report.not_understood if not mapped.columns]
    return mapped, reading


def _holds_more(sheet: Sheet, frame: "pd.DataFrame", source: Any, said: Any) -> bool:
    """Whether one table has more columns of a sheet than what was made of several: a sheet somebody filled already."""
    if len(MADE_OF[sheet.name]) < 2:
        return False
    from csmetrics_core.files.plain import plain_tables

    filled = int(frame.notna().any().sum())
    tables = plain_tables(source, said)
    return any(_fit(sheet, name, one) and len(_columns(sheet.fields, list(map(str, one)))) > filled
               for name, one in tables.items())  # fmt: skip


def _finished(sheet: Sheet, frame: "pd.DataFrame", mapped: Mapped) -> "pd.DataFrame":
    columns = {"Comment": True} if "Comment" in frame and frame["Comment"].notna().any() else {}
    return _rated(sheet, frame, columns, mapped)


def _say_company(
    sheet: Sheet, frame: "pd.DataFrame", made_of: Sequence[str], reading: "Reading", mapped: Mapped
) -> None:
    """What each column of a sheet was taken from, and what reading it showed."""
    reports = [report for report in reading.report.read if report.table in made_of]
    headings: dict[str, str] = {}
    for report in reports:
        headings = {column: f"{heading}" for column, heading in report.mapped.items()} | headings
    for one in sheet.fields:
        if one.header == "Sentiment":
            continue
        heading = next((headings[name] for name in one.also if name in headings), "")
        is_there = one.header in frame and frame[one.header].notna().any()
        how = "matched" if heading else "computed" if is_there else "missing"
        mapped.columns.append(Found(sheet.name, one.header, how, heading, one.required and not is_there))
    computed = (f"{table}, computed from {reading.report.derived.get(table, table)}" for table in made_of)
    places = ", ".join(report.place for report in reports) or ", ".join(computed)
    mapped.notes.append(f"{sheet.name}: {len(frame):,} rows from {places}.")
    for report in reports:
        mapped.notes += [f"{report.place}, {item}: {text}" for item, text in report.remarks()]


def _map_plain(wanted: "Sequence[Sheet]", tables: "Mapping[str, pd.DataFrame]", mapped: Mapped) -> None:
    """Give each data sheet the table whose columns fit it best; a sheet without one stays empty."""
    left = dict(tables)
    fits = sorted(
        ((_fit(sheet, name, frame), sheet, name) for sheet in wanted for name, frame in tables.items()),
        key=lambda fit: -fit[0],
    )
    for score, sheet, name in fits:
        if score > 0 and sheet.name not in mapped.frames and name in left:
            mapped.frames[sheet.name] = _fill(sheet, name, left.pop(name), mapped)
    for sheet in wanted:
        if sheet.name not in mapped.frames:
            mapped.notes.append(f"{sheet.name}: no table fits, so the sheet is left empty.")
            mapped.frames[sheet.name] = _empty(sheet)
    mapped.notes += [f"{name}: not used, no data sheet of this template fits it." for name in left]


def _columns(wanted: Sequence[Field], headings: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Header -> the heading found for it, and whether it was matched or guessed."""
    found: dict[str, tuple[str, str]] = {}
    free = list(headings)
    for one in wanted:
        known = {plain(h): h for h in reversed(free)}
        name = known.get(plain(one.header)) or next((h for key in one.also if (h := find_heading(key, free))), None)
        if name is not None:
            found[one.header] = (name, "matched")
            free.remove(name)
    for one in wanted:
        if one.header not in found:
            near = get_close_matches(plain(one.header), [plain(h) for h in free], n=1, cutoff=0.8)
            if near:
                name = next(h for h in free if plain(h) == near[0])
                found[one.header] = (name, "guessed")
                free.remove(name)
    return found


def _months(frame: "pd.DataFrame") -> "dict[str, pd.Timestamp]":
    import pandas as pd

    from csmetrics_core.files.months import month_headings
    from csmetrics_core.files.saying import Place, Said

    heads = [str(heading) for heading in frame.columns]
    months = month_headings(heads, Place(), Said()).months
    return {heads[at]: pd.Timestamp(month) for at, month in months.items()}


def _fit(sheet: Sheet, name: str, frame: "pd.DataFrame") -> float:
    headings = [str(h) for h in frame.columns]
    found = _columns(sheet.fields, headings)
    needed = [f.header for f in sheet.fields if f.required]
    bonus = 5.0 if plain(name) == plain(sheet.name) else 0.0
    if sheet.months_across:
        long = _columns(LONG, headings)
        shape = len(_months(frame)) >= 2 or {"Customer", "Month", "MRR"} <= long.keys()
        return bonus + 10 if shape and "Customer" in {**found, **long} else 0.0
    if any(header not in found for header in needed):
        return 0.0
    told = any(f.header in found and f.header not in needed and _tells(f) for f in sheet.fields)
    return bonus + len(found) / len(sheet.fields) * 8 if told or bonus or len(needed) > 1 else 0.0


def _tells(one: Field) -> bool:
    """Whether a column tells what a table is of: an amount, a score or a comment, and no name or date."""
    return one.header == "Comment" or not (one.is_date or one.unit is TEXT)


def _fill(sheet: Sheet, name: str, frame: "pd.DataFrame", mapped: Mapped) -> "pd.DataFrame":
    if sheet.months_across:
        return _fill_revenue(sheet, name, frame, mapped)
    import pandas as pd

    frame = frame.rename(columns=str)
    found = _columns(sheet.fields, list(frame.columns))
    made = {}
    for one in sheet.fields:
        heading, how = found.get(one.header, ("", "missing"))
        mapped.columns.append(Found(sheet.name, one.header, how, heading, one.required))
        made[one.header] = (
            frame[heading] if heading else pd.Series([None] * len(frame), index=frame.index, dtype=object)
        )
        if one.unit.name == "flag":
            made[one.header] = made[one.header].map(_truth)
    filled = pd.DataFrame(made)
    mapped.notes.append(f"{sheet.name}: {len(filled):,} rows from {name}.")
    mapped.notes += _text_where_numbers_belong(sheet, filled)
    return _rated(sheet, filled, found, mapped)


def _truth(cell: Any) -> Any:
    """True and False for the words of a text file, which a spreadsheet would not take for them."""
    word = CONVERT["flag"](cell) if isinstance(cell, str) else cell
    return bool(word) if isinstance(cell, str) and word in (0.0, 1.0) else cell


def _text_where_numbers_belong(sheet: Sheet, frame: "pd.DataFrame") -> list[str]:
    notes = []
    for one in sheet.fields:
        if one.unit is TEXT or frame[one.header].dtype.kind in "iufbM":
            continue
        texts = sum(isinstance(v, str) and bool(v.strip()) for v in frame[one.header])
        if texts:
            what = "dates" if one.is_date else "yes or no" if one.unit.name == "flag" else "numbers"
            notes.append(
                f"{sheet.name}, {one.header}: {texts:,} cells are text, not {what}; they are kept and left out."
            )
    return notes


def _rated(sheet: Sheet, frame: "pd.DataFrame", found: Mapping[str, object], mapped: Mapped) -> "pd.DataFrame":
    """Rate comments where the file did not."""
    if "Sentiment" not in frame or "Sentiment" in found or "Comment" not in found:
        return frame
    comments = sum(isinstance(c, str) and bool(c.strip()) for c in frame["Comment"])
    if comments > MOST_COMMENTS:
        mapped.notes.append(
            f"{sheet.name}: {comments:,} comments are too many to rate now; SENTIMENT rates them in a cell."
        )
        return frame
    return with_sentiment(frame)


def _fill_revenue(sheet: Sheet, name: str, frame: "pd.DataFrame", mapped: Mapped) -> "pd.DataFrame":
    """One row a customer, months across, from either shape."""
    import pandas as pd

    frame = frame.rename(columns=str)
    months = _months(frame)
    is_wide = len(months) >= 2
    wanted = sheet.fields if is_wide else LONG
    found = _columns(wanted, [h for h in frame.columns if not is_wide or h not in months])
    for one in wanted:
        heading, how = found.get(one.header, ("", "missing"))
        mapped.columns.append(Found(sheet.name, one.header, how, heading, one.header != "Segment"))
    blank = pd.Series([None] * len(frame), index=frame.index, dtype=object)
    picked = {one.header: frame[found[one.header][0]] if one.header in found else blank for one in wanted}
    if not is_wide:
        mapped.notes.append(
            f"{sheet.name}: long form recognised in {name}, {len(frame):,} rows of one customer and month."
        )
        return _from_long(pd.DataFrame(picked), mapped, sheet.name)
    mapped.notes.append(f"{sheet.name}: {len(months)} months across recognised in {name}, {len(frame):,} customers.")
    wide = pd.DataFrame({"Customer": picked["Customer"], "Segment": picked["Segment"]})
    by_month = {m.strftime("%Y-%m"): heading for heading, m in months.items()}
    columns = {
        header: frame[by_month[header]] if header in by_month else blank
        for header in month_headers(pd.DatetimeIndex(list(months.values())))
    }
    return pd.concat([wide, pd.DataFrame(columns)], axis=1)


def _from_long(frame: "pd.DataFrame", mapped: Mapped, sheet: str) -> "pd.DataFrame":
    import pandas as pd

    month = _read_months(frame["Month"])
    unread = frame["Month"][month.isna() & frame["Month"].notna()]
    if len(unread):
        mapped.notes.append(
            f"{sheet}: {len(unread):,} cells under Month are no dates, the first is {show(unread.iloc[0])}; their rows "
            "are left out. Give real dates, or write them as 2026-03-01."
        )
    amount = pd.to_numeric(frame["MRR"], errors="coerce")
    usable = month.notna() & amount.notna() & frame["Customer"].notna()
    if (dropped := int((~usable).sum())) > 0:
        mapped.notes.append(f"{sheet}: {dropped:,} rows without customer, month or amount are left out.")
    frame = frame[usable].assign(Month=month[usable], MRR=amount[usable])
    repeats = int(frame.duplicated(["Customer", "Month"]).sum())
    if repeats:
        mapped.notes.append(f"{sheet}: {repeats:,} rows repeat a customer and month; they are added up.")
    return revenue_across(frame) if len(frame) else _revenue_template()


def _read_months(cells: "pd.Series") -> "pd.Series":
    """Months, as the whole column tells; 01/02/2026 alone can be read in two ways, and is not."""
    from csmetrics_core.files.columns import read_column
    from csmetrics_core.files.saying import Place, Said

    return read_column(cells, "month", Place(), Said()).values


def _empty(sheet: Sheet) -> "pd.DataFrame":
    import pandas as pd

    return (
        _revenue_template() if sheet.months_across else pd.DataFrame({f.header: [] for f in sheet.fields}, dtype=object)
    )


def _revenue_template() -> "pd.DataFrame":
    """No customers yet: the last three years and the months to come as columns."""
    import pandas as pd

    months = pd.date_range("2023-10-01", "2026-09-01", freq="MS")
    return pd.DataFrame({h: [] for h in ("Customer", "Segment", *month_headers(months))}, dtype=object)
