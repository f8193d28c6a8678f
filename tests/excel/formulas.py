"""One formula as a file stores it: its size, its numbers, its functions, what it refers to, and its grammar."""

import re
from collections.abc import Iterator
from functools import cache

import formulon
from openpyxl.formula.tokenizer import Token, Tokenizer, TokenizerError
from openpyxl.utils import FORMULAE
from xlsxwriter.worksheet import Worksheet

from csmetrics_core import CATALOG
from excel.limits import (
    ARGUMENTS,
    CELL,
    FORMULA,
    LARGEST,
    NESTING,
    SMALLEST,
    TEXT_IN_FORMULA,
    is_cell,
)

#: A rule, and what breaks it.
Found = tuple[str, str]
OURS = {metric.excel_name.upper() for metric in CATALOG.values()}
#: How many arguments a function takes, of those that stand in our workbooks.
ARITY = {
    "ABS": (1, 1), "AND": (1, 255), "AVERAGE": (1, 255), "COLUMN": (0, 1), "COLUMNS": (1, 1), "COUNT": (1, 255),
    "COUNTA": (1, 255), "COUNTBLANK": (1, 1), "COUNTIF": (2, 2), "COUNTIFS": (2, 254), "DATE": (3, 3), "DAY": (1, 1),
    "EXACT": (2, 2), "EXP": (1, 1), "FREQUENCY": (2, 2), "IF": (2, 3), "IFERROR": (2, 2), "INDEX": (2, 4),
    "INT": (1, 1), "ISBLANK": (1, 1), "ISERROR": (1, 1), "ISNA": (1, 1), "ISNUMBER": (1, 1), "ISTEXT": (1, 1),
    "LARGE": (2, 2), "LEFT": (1, 2), "LEN": (1, 1), "LN": (1, 1), "LOOKUP": (2, 3), "LOWER": (1, 1), "MATCH": (2, 3),
    "MAX": (1, 255), "MEDIAN": (1, 255), "MIN": (1, 255), "MOD": (2, 2), "MONTH": (1, 1), "N": (1, 1), "NA": (0, 0),
    "NORMSDIST": (1, 1), "NORMSINV": (1, 1), "NOT": (1, 1), "OFFSET": (3, 5), "OR": (1, 255), "POWER": (2, 2),
    "RIGHT": (1, 2), "ROUND": (2, 2), "ROW": (0, 1), "ROWS": (1, 1), "SIGN": (1, 1), "SMALL": (2, 2), "SQRT": (1, 1),
    "SUBSTITUTE": (3, 4), "SUM": (1, 255), "SUMIF": (2, 3), "SUMIFS": (3, 255), "SUMPRODUCT": (1, 255),
    "TEXT": (2, 2), "TRIM": (1, 1), "TYPE": (1, 1), "UPPER": (1, 1), "VLOOKUP": (3, 4), "YEAR": (1, 1),
}  # fmt: skip
_ITEMS = {"#all", "#data", "#headers", "#totals", "#this row"}
_SHEET = re.compile(r"(?:'((?:[^']|'')+)'|([^'!]+))!(.*)", re.DOTALL)
_PLAIN_SHEET = re.compile(r"[^\W\d][\w.]*")
_LINES = re.compile(r"\$?[A-Za-z]{1,3}:\$?[A-Za-z]{1,3}|\$?\d{1,7}:\$?\d{1,7}")
_PREFIX = re.compile(r"_xlfn\.(_xlws\.)?", re.IGNORECASE)


class Grammar:
    """What the formulas of one workbook may name.

    Args:
        sheets: of the workbook.
        names: defined names.
        tables: columns by table.
    """

    def __init__(self, sheets: set[str], names: set[str], tables: dict[str, list[str]]) -> None:
        self.sheets = {sheet.casefold() for sheet in sheets}
        self.names = {name.casefold() for name in names}
        self.tables = {name.casefold(): {c.casefold() for c in columns} for name, columns in tables.items()}
        self._known: dict[tuple[str, bool], list[Found]] = {}

    def faults(self, formula: str, *, tables: bool = True) -> list[Found]:
        """What Excel would not take in a formula; where tables are forbidden, their names are too."""
        if (formula, tables) not in self._known:
            self._known[formula, tables] = list(self._faults(formula, tables))
        return self._known[formula, tables]

    def _faults(self, formula: str, tables: bool) -> Iterator[Found]:
        if len(formula) > FORMULA:
            yield "a formula is too long", f"{len(formula)} characters"
        if formula.startswith("="):
            yield "a stored formula begins with =", formula[:20]
        try:
            tokens = Tokenizer(f"={formula}").items
        except TokenizerError as error:
            yield "not Excel's grammar", str(error)
            return
        if not parses(formula):
            yield "not Excel's grammar", formula[:120]
        yield from _shape(tokens)
        for token in tokens:
            if token.type == Token.OPERAND:
                yield from self._operand(token, tables)
            elif token.type == Token.FUNC and token.subtype == Token.OPEN:
                *before, name = token.value[:-1].split(":")
                yield from _function(name)
                for part in before:
                    yield from self._reference(part, tables)

    def _operand(self, token: Token, tables: bool) -> Iterator[Found]:
        text = token.value
        if token.subtype == Token.NUMBER:
            size = abs(float(text))
            if size > LARGEST or 0 < size < SMALLEST:
                yield "a number Excel cannot hold", text
        elif token.subtype == Token.TEXT:
            if len(text[1:-1].replace('""', '"')) > TEXT_IN_FORMULA:
                yield "a text in a formula is too long", f"{len(text) - 2} characters"
        elif "#REF!" in text.upper():
            yield "a broken reference", text
        elif token.subtype == Token.RANGE:
            yield from self._reference(text, tables)

    def _reference(self, text: str, tables: bool) -> Iterator[Found]:
        place = _SHEET.fullmatch(text)
        if place:
            yield from self._sheet(place[1], place[2])
            text = place[3]
        if text.endswith("#") or "@" in text:
            yield "a sign of the formula bar in a file", text
        elif "[" in text:
            yield from self._column(text, tables)
        elif not _LINES.fullmatch(text):
            for part in filter(None, text.split(":")):
                yield from self._word(part.replace("$", ""))

    def _word(self, word: str) -> Iterator[Found]:
        if CELL.fullmatch(word):
            if not is_cell(word):
                yield "a cell beyond the sheet", word
        elif not word.startswith(("_xlpm.", "_xlop.")) and word.casefold() not in self.names | set(self.tables):
            yield "a name that is not defined", word

    def _sheet(self, quoted: str | None, plain: str | None) -> Iterator[Found]:
        name = (quoted or "").replace("''", "'") or plain or ""
        if "[" in name:
            yield "a reference to another file", name
        elif name.casefold() not in self.sheets:
            yield "a sheet that is not there", name
        elif plain and (not _PLAIN_SHEET.fullmatch(plain) or is_cell(plain)):
            yield "a sheet's name lacks its quotes", plain

    def _column(self, text: str, tables: bool) -> Iterator[Found]:
        table, _, inner = text.partition("[")
        if not tables:
            yield "a table's column where Excel takes none", text
        if not table:
            yield "a column without its table", text
        elif table.casefold() not in self.tables:
            yield "a table that is not there", table
        else:
            yield from self._columns(table, inner.removesuffix("]"))

    def _columns(self, table: str, inner: str) -> Iterator[Found]:
        parts = re.findall(r"\[((?:'.|[^\[\]'])*)\]", inner) if inner.startswith("[") else [inner]
        for part in parts:
            name = re.sub(r"'(.)", r"\1", part)
            if part.startswith("#"):
                if part.casefold() not in _ITEMS:
                    yield "a part of a table Excel does not know", part
            elif name and name.casefold() not in self.tables[table.casefold()]:
                yield "a column that is not there", f"{table}[{name}]"


def _shape(tokens: list[Token]) -> Iterator[Found]:
    """Nesting and numbers of arguments."""
    opened: list[list] = []
    deepest, before = 0, None
    for token in tokens:
        if token.subtype == Token.OPEN:
            opened.append([token, 0])
            deepest = max(deepest, len(opened))
        elif token.type == Token.SEP and opened:
            opened[-1][1] += 1
            if token.value == ";" and opened[-1][0].type != Token.ARRAY and opened[-1][0].value != "ARRAYROW":
                yield "a semicolon between arguments", opened[-1][0].value
        elif token.subtype == Token.CLOSE and opened:
            begun, commas = opened.pop()
            if begun.type == Token.FUNC:
                empty = before is begun
                yield from _arguments(begun.value[:-1].split(":")[-1].upper(), 0 if empty else commas + 1)
        if token.type != Token.WSPACE:
            before = token
    if deepest > NESTING:
        yield "nested too deep", f"{deepest} levels"


def _arguments(name: str, count: int) -> Iterator[Found]:
    if count > ARGUMENTS:
        yield "too many arguments", f"{name}: {count}"
    low, high = ARITY.get(name, (0, ARGUMENTS))
    if not low <= count <= high and count <= ARGUMENTS:
        yield "a wrong number of arguments", f"{name}: {count}"


def _function(name: str) -> Iterator[Found]:
    upper = name.upper()
    if upper.startswith("_XLDUDF_"):
        if upper.removeprefix("_XLDUDF_") not in OURS:
            yield "a function nobody knows", name
        return
    if name.startswith("_xlpm."):
        return  # a LAMBDA that LET has given a name
    bare = _PREFIX.sub("", upper)
    if bare not in FORMULAE and bare not in OURS and bare not in _of_excel():
        yield "a function nobody knows", name
    elif name.lower().replace(bare.lower(), "") != _prefix(bare):
        yield "a newer function without its prefix", f"{name}: {_prefix(bare) or 'no prefix'}"


@cache
def _prefix(name: str) -> str:
    """What a file writes before a function that is newer than the file format."""
    if name in FORMULAE or name in OURS:
        return ""
    spelled = Worksheet()._prepare_formula(f"{name}(", True).lower().removesuffix(f"{name.lower()}(")
    return spelled or "_xlfn."


@cache
def _of_excel() -> frozenset[str]:
    """The functions of Excel 365."""
    book = _empty()
    return frozenset(book.function_name_at(place) for place in range(book.function_count()))


@cache
def _empty() -> formulon.Workbook:
    return formulon.Workbook.create_default()


@cache
def parses(formula: str) -> bool:
    """Whether a reader of Excel 365's grammar takes a formula."""
    try:
        _empty().set_formula(0, 0, 0, f"={formula}")
    except formulon.FormulonError:
        return False
    return True
