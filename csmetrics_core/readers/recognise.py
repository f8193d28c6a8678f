"""Which export a sheet is, by its headings alone."""

from __future__ import annotations

from collections.abc import Iterable

from csmetrics_core.headings import plain
from csmetrics_core.readers import chartmogul, crm, helpdesks, stripe, surveys, wide
from csmetrics_core.readers.exports import Export, draft
from csmetrics_core.readers.own import STANDARD, own_export
from csmetrics_core.readers.report import How, ReadTable, UnreadableFile
from csmetrics_core.readers.sheets import Sheet

#: Every product export that is recognised; where two fit, the first is the more particular one.
PRODUCTS: tuple[Export, ...] = (
    *stripe.EXPORTS,
    *chartmogul.EXPORTS,
    *helpdesks.EXPORTS,
    *(export for export in surveys.EXPORTS if export.product != "Google Forms"),
    *crm.EXPORTS,
)
_GOOGLE_FORMS = next(export for export in surveys.EXPORTS if export.product == "Google Forms")


def recognise(sheet: Sheet, how: How) -> Export | None:
    """The export a sheet is: a product's, then a table with our own column names, then a form with a time stamp.

    Raises:
        UnreadableFile: it could be two of our own tables, or a product's export that lacks a column.
    """
    headings = frozenset(plain(heading) for heading in sheet.headings if heading)
    if how.table is not None:
        return own_export(sheet, how)
    found = next((export for export in PRODUCTS if export.fits(headings)), None)
    if found is None and wide.is_wide(sheet):
        found = wide.STRIPE if wide.STRIPE.fits(headings) else wide.OWN
    if found is not None:
        return found
    own = own_export(sheet, how)
    near = next((export for export in PRODUCTS if _is_near(export, headings)), None)
    if near is not None and (own is None or plain(sheet.name) != plain(own.table)):
        fix = f'Export it too, or if the file is something else, say How(table="{own.table if own else near.table}").'
        raise UnreadableFile(f"{sheet.file} {_looks_like(near, headings)}", fix)
    is_form = _GOOGLE_FORMS.fits(headings) and (own is None or own.table == "responses")
    return _GOOGLE_FORMS if is_form else own


def is_product(headings: Iterable[str]) -> bool:
    """Whether headings are those of a product's export, or all but one of them."""
    names = list(headings)
    known = frozenset(plain(name) for name in names if name)
    has_months = any(wide.month_of(name.strip()) for name in names)
    return any(e.fits(known) or _is_near(e, known) for e in PRODUCTS) or (has_months and wide.STRIPE.fits(known))


def _is_near(export: Export, headings: frozenset[str]) -> bool:
    return len(export.signature) > 3 and len(export.lacks(headings)) == 1


def read_sheet(sheet: Sheet, how: How) -> ReadTable:
    """Read one sheet into a standard table.

    Raises:
        UnreadableFile: it is not recognised, or cannot be read without guessing.
    """
    export = recognise(sheet, how)
    if export is None:
        shown = ", ".join(heading for heading in sheet.headings if heading)[:200]
        raise UnreadableFile(f"{sheet.file}: the headings are not recognised ({shown})", _nearest(sheet))
    pending = draft(export, sheet, how)
    frame = export.shape(pending).reset_index(drop=True)
    report = pending.report
    report.kept = len(frame)
    if frame.empty:
        why = "; ".join(f"{count:,} {reason}" for reason, count in report.left_out.items())
        raise UnreadableFile(f"{report.place}: nothing is left of it ({why})", "Export the rows that count.")
    return ReadTable(export.table, frame, report)


def _nearest(sheet: Sheet) -> str:
    """Which export comes closest, and what it lacks."""
    headings = frozenset(plain(heading) for heading in sheet.headings if heading)
    best = min(PRODUCTS, key=lambda export: len(export.lacks(headings)) / len(export.signature))
    if len(best.lacks(headings)) <= len(best.signature) / 2:
        return f"It {_looks_like(best, headings)}."
    return f"Use a product's own export, or name the columns as in one of our tables: {', '.join(STANDARD)}."


def _looks_like(export: Export, headings: frozenset[str]) -> str:
    names = ", ".join(" or ".join(group) for group in export.lacks(headings))
    return f"looks like {export.product} {export.what}, but lacks {names}"
