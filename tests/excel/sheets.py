"""One worksheet: its cells, tables, merged ranges, validations, conditional formats, links, and their order."""

import re
from collections import Counter
from collections.abc import Iterator
from io import BytesIO
from xml.etree import ElementTree

from excel.formulas import Grammar
from excel.limits import (
    CELL,
    CELL_TEXT,
    COLUMN_WIDTH,
    COLUMNS,
    ERRORS,
    HEADER,
    MESSAGE,
    ROW_HEIGHT,
    ROWS,
    TITLE,
    VALIDATION,
    bad_name,
    box,
    column_number,
    overlap,
)
from excel.package import LINK, MAIN, Fault, Package

#: The elements of a worksheet, in the only order Excel takes.
ORDER = (
    "sheetPr dimension sheetViews sheetFormatPr cols sheetData sheetCalcPr sheetProtection protectedRanges scenarios "
    "autoFilter sortState dataConsolidate customSheetViews mergeCells phoneticPr conditionalFormatting "
    "dataValidations hyperlinks printOptions pageMargins pageSetup headerFooter rowBreaks colBreaks customProperties "
    "cellWatches ignoredErrors smartTags drawing legacyDrawing legacyDrawingHF drawingHF picture oleObjects controls "
    "webPublishItems tableParts extLst"
).split()
_TYPES = {None, "n", "s", "str", "inlineStr", "b", "e", "d"}


class SheetReader:
    """Goes through one worksheet once.

    Args:
        package: the file.
        part: the worksheet's.
        name: the worksheet's.
        grammar: what formulas may name.
        texts: the shared texts.
        looks: how many cell formats and conditional formats there are.
    """

    def __init__(
        self, package: Package, part: str, name: str, grammar: Grammar, texts: list[str], looks: tuple[int, int]
    ) -> None:
        self.package, self.part, self.name, self.grammar, self.texts = package, part, name, grammar, texts
        self.formats, self.conditional = looks
        self.tables = [(p, package.tree(p)) for p in package.related(part, "table")]
        heads = [box(t.get("ref", "")) for _, t in self.tables]
        self.wanted = {(row[1], c) for row in heads if row for c in range(row[0], row[2] + 1)}
        self.headers: dict[tuple[int, int], str | None] = {}
        self.shared: set[str] = set()

    def faults(self) -> Iterator[Fault]:
        """Everything Excel would not take."""
        row = 0
        order: list[str] = []
        depth = 0
        for event, element in ElementTree.iterparse(BytesIO(self.package.parts[self.part]), ("start", "end")):
            depth += 1 if event == "start" else -1
            if event == "start" and depth == 2:
                order.append(element.tag.rpartition("}")[2])
            elif event == "end" and element.tag == f"{MAIN}row":
                yield from self._row(element, row)
                row = int(element.get("r", row + 1))
                element.clear()
            elif event == "end" and depth == 1:
                yield from self._element(element)
        yield from self._order(order)
        yield from self._tables()

    def _fault(self, rule: str, where: str, what: str = "") -> Fault:
        return Fault(rule, f"{self.name}!{where}", what)

    def _formula(self, formula: str | None, where: str, *, tables: bool = True) -> Iterator[Fault]:
        for rule, what in self.grammar.faults(formula or "", tables=tables):
            yield self._fault(rule, where, what)

    def _order(self, order: list[str]) -> Iterator[Fault]:
        places = [ORDER.index(tag) if tag in ORDER else -1 for tag in order if tag != "AlternateContent"]
        if places != sorted(places) or -1 in places:
            yield self._fault("elements in the wrong order", "", " ".join(order))
        for tag, count in Counter(order).items():
            if count > 1 and tag != "conditionalFormatting":
                yield self._fault("an element twice", "", tag)

    # Cells

    def _row(self, row: ElementTree.Element, before: int) -> Iterator[Fault]:
        number = int(row.get("r", before + 1))
        if not before < number <= ROWS:
            yield self._fault("rows out of order", str(number))
        if float(row.get("ht", 0)) > ROW_HEIGHT:
            yield self._fault("a row too high", str(number), row.get("ht", ""))
        last = 0
        for cell in row:
            place = CELL.fullmatch(cell.get("r", ""))
            column = column_number(place[1]) if place else 0
            if not place or int(place[2]) != number or not last < column <= COLUMNS:
                yield self._fault("cells out of order", cell.get("r", ""))
            last = column
            yield from self._cell(cell, (number, column))

    def _cell(self, cell: ElementTree.Element, place: tuple[int, int]) -> Iterator[Fault]:
        where, kind = cell.get("r", ""), cell.get("t")
        formula, value = cell.find(f"{MAIN}f"), cell.find(f"{MAIN}v")
        text = value.text if value is not None else None
        if formula is not None:
            yield from self._cell_formula(formula, where)
        if int(cell.get("s", 0)) >= self.formats:
            yield self._fault("a cell format that is not there", where, cell.get("s", ""))
        if kind == "inlineStr":
            text = "".join(t.text or "" for t in cell.iter(f"{MAIN}t"))
        if text is not None or kind == "s":
            yield from self._value(kind, text or "", where)
        if place in self.wanted:
            held = self.texts[int(text)] if kind == "s" and text and int(text) < len(self.texts) else text
            self.headers[place] = held if kind in ("s", "inlineStr") else None

    def _cell_formula(self, formula: ElementTree.Element, where: str) -> Iterator[Fault]:
        kind, reference = formula.get("t"), formula.get("ref", "")
        if formula.text:
            yield from self._formula(formula.text, where)
        elif kind != "shared" or formula.get("si") not in self.shared:
            yield self._fault("a formula without text", where)
        if kind == "shared":
            self.shared.add(formula.get("si", ""))
        if kind == "array":
            area = box(reference)
            if area is None or not overlap(area, box(where) or (0, 0, 0, 0)):
                yield self._fault("an array formula of no cells", where, reference)
            elif area[:2] != area[2:] and any(overlap(area, box(t.get("ref", "")) or area) for _, t in self.tables):
                yield self._fault("an array formula over several cells of a table", where, reference)

    def _value(self, kind: str | None, text: str, where: str) -> Iterator[Fault]:
        if kind not in _TYPES:
            yield self._fault("a kind of cell Excel does not know", where, str(kind))
        elif kind == "s":
            if not text.isdigit() or int(text) >= len(self.texts):
                yield self._fault("a shared text that is not there", where, text)
        elif kind in ("str", "inlineStr"):
            if len(text) > CELL_TEXT:
                yield self._fault("a text is too long for a cell", where, f"{len(text)} characters")
        elif kind == "b":
            if text not in ("0", "1"):
                yield self._fault("a truth that is neither 0 nor 1", where, text)
        elif kind == "e":
            if text not in ERRORS:
                yield self._fault("an error Excel does not know", where, text)
        elif kind != "d" and not _is_number(text):
            yield self._fault("a number Excel cannot hold", where, text)

    # Tables and merged cells

    def _tables(self) -> Iterator[Fault]:
        areas = []
        for part, table in self.tables:
            name, area = table.get("displayName", ""), box(table.get("ref", ""))
            if why := bad_name(name):
                yield self._fault("a table's name", name, why)
            if area is None or area[3] - area[1] < 1:
                yield self._fault("a table without rows", name, table.get("ref", ""))
                continue
            yield from self._columns(part, table, area)
            areas += [(f"table {name}", area)]
        merged = [(f"merged {r}", b) for r in self.merged if (b := box(r)) is not None]
        for place, (what, area) in enumerate(everything := areas + merged):
            for other, second in everything[place + 1 :]:
                if overlap(area, second):
                    yield self._fault("ranges overlap", what, other)

    merged: tuple[str, ...] = ()

    def _columns(self, part: str, table: ElementTree.Element, area: tuple[int, int, int, int]) -> Iterator[Fault]:
        name, columns = table.get("displayName", ""), table.findall(f"{MAIN}tableColumns/{MAIN}tableColumn")
        heads = [c.get("name", "") for c in columns]
        if len(columns) != area[2] - area[0] + 1 or table.find(f"{MAIN}tableColumns").get("count") != str(len(columns)):
            yield self._fault("a table's columns are miscounted", name, f"{len(columns)} in {table.get('ref')}")
        if len({h.casefold() for h in heads}) < len(heads) or len({c.get("id") for c in columns}) < len(columns):
            yield self._fault("two columns of one name", name)
        for column, head in zip(range(area[0], area[2] + 1), heads, strict=False):
            shown = self.headers.get((area[1], column))
            if table.get("headerRowCount") != "0" and shown != head.replace("_x000a_", "\n").replace("_x000A_", "\n"):
                yield self._fault("a heading differs from its cell", f"{name}[{head}]", repr(shown))
        for column in columns:
            for kind in ("calculatedColumnFormula", "totalsRowFormula"):
                for formula in column.iter(f"{MAIN}{kind}"):
                    yield from self._formula(formula.text, f"{name}[{column.get('name')}]")
        for found in table.iter(f"{MAIN}autoFilter"):
            filtered = box(found.get("ref", ""))
            if filtered is None or filtered[:3] != area[:3] or filtered[3] > area[3]:
                yield self._fault("a table's filter lies beside it", name, found.get("ref", ""))

    # Everything else

    def _element(self, element: ElementTree.Element) -> Iterator[Fault]:
        tag = element.tag.rpartition("}")[2]
        reader = {
            "cols": self._cols,
            "mergeCells": self._merged,
            "conditionalFormatting": self._conditional,
            "dataValidations": self._validations,
            "hyperlinks": self._links,
            "headerFooter": self._header,
            "tableParts": self._table_parts,
            "extLst": self._extension,
        }.get(tag)
        if reader is not None:
            yield from reader(element)

    def _cols(self, element: ElementTree.Element) -> Iterator[Fault]:
        last = 0
        for one in element:
            low, high = int(one.get("min", 0)), int(one.get("max", 0))
            if not last < low <= high <= COLUMNS or float(one.get("width", 0)) > COLUMN_WIDTH:
                yield self._fault("columns out of order or too wide", f"{low}:{high}", one.get("width", ""))
            last = high

    def _merged(self, element: ElementTree.Element) -> Iterator[Fault]:
        self.merged = tuple(one.get("ref", "") for one in element)
        for reference in self.merged:
            area = box(reference)
            if area is None or area[:2] == area[2:]:
                yield self._fault("a merged range of fewer than two cells", reference)

    def _conditional(self, element: ElementTree.Element) -> Iterator[Fault]:
        where = element.get("sqref", "")
        if not all(box(one) for one in where.split()) or not where:
            yield self._fault("a conditional format of no cells", where)
        for rule in element.iter(f"{MAIN}cfRule"):
            if int(rule.get("dxfId", 0)) >= max(self.conditional, 1) or not rule.get("priority"):
                yield self._fault("a conditional format without format or rank", where, rule.get("dxfId", ""))
            for formula in rule.iter(f"{MAIN}formula"):
                yield from self._formula(formula.text, f"{where} (conditional format)", tables=False)

    def _validations(self, element: ElementTree.Element) -> Iterator[Fault]:
        for one in element:
            where = one.get("sqref", "")
            if not all(box(part) for part in where.split()) or not where:
                yield self._fault("a validation of no cells", where)
            for kind, most in (("promptTitle", TITLE), ("errorTitle", TITLE), ("prompt", MESSAGE), ("error", MESSAGE)):
                if len(one.get(kind, "")) > most:
                    yield self._fault("a validation's message is too long", where, one.get(kind, ""))
            for formula in one:
                text = formula.text or ""
                if len(text.strip('"')) > VALIDATION:
                    yield self._fault("a validation is too long", where, f"{len(text)} characters")
                yield from self._formula(text, f"{where} (validation)", tables=False)

    def _links(self, element: ElementTree.Element) -> Iterator[Fault]:
        for one in element:
            where, place = one.get("ref", ""), one.get("location")
            if box(where) is None or len(one.get("tooltip", "")) > MESSAGE:
                yield self._fault("a link of no cell, or its tip is too long", where)
            if place:
                yield from self._formula(place.lstrip("#"), f"{where} (link)")
            elif one.get(f"{LINK}id") is None:
                yield self._fault("a link that leads nowhere", where)

    def _header(self, element: ElementTree.Element) -> Iterator[Fault]:
        for one in element:
            if len(one.text or "") > HEADER:
                yield self._fault("a header or footer is too long", one.tag.rpartition("}")[2])

    def _table_parts(self, element: ElementTree.Element) -> Iterator[Fault]:
        if element.get("count", str(len(element))) != str(len(element)) or len(element) != len(self.tables):
            yield self._fault("tables are miscounted", "", f"{len(element)} named, {len(self.tables)} there")

    def _extension(self, element: ElementTree.Element) -> Iterator[Fault]:
        for one in element.iter():
            if re.search(r"excel/2006/main\}f$", one.tag):
                yield from self._formula(one.text, "(sparkline or extended format)", tables=False)


def _is_number(text: str) -> bool:
    try:
        return abs(float(text)) < float("inf") and text.strip().lower() not in ("nan", "inf")
    except ValueError:
        return False
