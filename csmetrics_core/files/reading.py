"""All files of a folder, or all sheets of a workbook, as one set of standard tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from csmetrics_core.errors import MetricError
from csmetrics_core.readers.combining import Folder, add_table, derive_tables, note_strangers
from csmetrics_core.readers.recognise import is_product, read_sheet
from csmetrics_core.readers.report import How, ReadTable, UnreadableFile
from csmetrics_core.readers.sheets import TEXT_ENDINGS, WORKBOOK_ENDINGS, Sheet, open_sheets
from csmetrics_core.readers.text_files import peek


def read_file(path: str | Path, how: How | None = None) -> ReadTable:
    """Read one export file into a standard table.

    Args:
        path: a text file, or a workbook of which one sheet is recognised.
        how: what the file cannot say about itself, asked for by a refusal.

    Returns:
        The table's name, its rows with the column names of the sample company, and the report.

    Raises:
        UnreadableFile: not recognised, cut short, or not to be read without guessing; it says what to do.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as folder:
        ...     path = Path(folder) / "bills.csv"
        ...     size = path.write_text("Customer;Date;Amount;Kind\\nA;31/08/2026;1.234,50;invoice\\n")
        ...     read = read_file(path)
        >>> read.table, float(read.frame["amount"][0]), read.frame["date"][0].date().isoformat()
        ('payments', 1234.5, '2026-08-31')
    """
    how = how or How()
    sheets = open_sheets(Path(path), how)
    if len(sheets) == 1:
        return read_sheet(sheets[0], how)
    read, refused = _read_all(sheets, how)
    if len(read) == 1:
        return read[0]
    if not read and refused:
        raise next(iter(refused.values()))
    names = ", ".join(found.report.sheet for found in read) or "none"
    fix = 'Say which, such as How(sheet="..."), or take all with read_folder.'
    raise UnreadableFile(f"{Path(path).name} holds several tables ({names})", fix)


def read_folder(
    path: str | Path | Sequence[str | Path], how: How | None = None, each: Mapping[str, How] | None = None
) -> Folder:
    """Read all files of a folder, or all sheets of a workbook, into standard tables.

    Args:
        path: a folder, whose own files are read and not those of folders in it; a file; or several of these.
        how: what the files cannot say about themselves.
        each: the same for single files, by name.

    Returns:
        The tables, the reports, and the files that were refused, each with the reason. Monthly subscriptions and
        the stays of customers are computed from contracts where no file holds them.

    Raises:
        UnreadableFile: there is nothing to read.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as folder:
        ...     path = Path(folder) / "answers.csv"
        ...     size = path.write_text("Timestamp,Would you recommend us?\\n2026-08-31 10:00:00,9\\n")
        ...     read = read_folder(folder)
        >>> read.tables["responses"]["nps"].tolist(), read.reports[0].guessed
        ([9], ["'Would you recommend us?' was taken for nps by its wording."])
    """
    folder = Folder()
    paths = [path] if isinstance(path, str | Path) else path
    for file in [file for root in paths for file in _files(Path(root))]:
        chosen = (each or {}).get(file.name, how or How())
        try:
            read, refused = _read_all(open_sheets(file, chosen), chosen)
        except UnreadableFile as error:
            read, refused = [], {file.name: error}
        folder.refused |= refused
        for found in read:
            add_table(folder, found)
    try:
        derive_tables(folder, how or How())
    except MetricError as error:
        folder.refused["contracts"] = error
    note_strangers(folder)
    return folder


def is_export(path: str | Path, how: How | None = None) -> bool:
    """Whether the headings of a file are those of a product's export; nothing else of it is looked at.

    Raises:
        UnreadableFile: the file cannot be opened, or its headings cannot be told.
    """
    file, how = Path(path), how or How()
    if file.suffix.lower() in TEXT_ENDINGS and file.is_file() and file.stat().st_size:
        return is_product(peek(file, how))
    return any(is_product(sheet.headings) for sheet in open_sheets(file, how))


def _files(root: Path) -> list[Path]:
    if not root.is_dir():
        return [root]
    known = TEXT_ENDINGS | WORKBOOK_ENDINGS
    readable = [file for file in sorted(root.iterdir()) if file.suffix.lower() in known and file.name[0] not in ".~"]
    if not readable:
        fix = f"Endings read: {', '.join(sorted(known))}."
        raise UnreadableFile(f"{root.name} holds no file that can be read", fix)
    return readable


def _read_all(sheets: list[Sheet], how: How) -> tuple[list[ReadTable], dict[str, UnreadableFile]]:
    read: list[ReadTable] = []
    refused: dict[str, UnreadableFile] = {}
    for sheet in sheets:
        try:
            read.append(read_sheet(sheet, how))
        except UnreadableFile as error:
            refused[f"{sheet.file}, sheet {sheet.name}" if sheet.in_workbook else sheet.file] = error
    return read, refused
