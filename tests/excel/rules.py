"""The gate: what would make Excel repair or refuse a file."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from openpyxl.utils import FORMULAE

from excel.formulas import OURS, Grammar
from excel.limits import CELL_TEXT, STYLES, bad_name, bad_sheet_name
from excel.package import LINK, MAIN, Fault, Package, package_faults, unreadable
from excel.sheets import SheetReader

_COLUMN = f"{MAIN}tableColumn"
_CHART = "{http://schemas.openxmlformats.org/drawingml/2006/chart}f"
_WORKBOOK = (
    "fileVersion fileSharing workbookPr AlternateContent revisionPtr absPath workbookProtection bookViews sheets "
    "functionGroups externalReferences definedNames calcPr oleSize customWorkbookViews pivotCaches smartTagPr "
    "smartTagTypes webPublishing fileRecoveryPr webPublishObjects extLst"
).split()
_STYLES = "numFmts fonts fills borders cellStyleXfs cellXfs cellStyles dxfs tableStyles colors extLst".split()
#: Names Excel gives itself.
_BUILT_IN = "_xlnm."
_AREAS = re.compile(r"(?:'(?:[^']|'')*'|[^,'])+")


def faults(source: Path | str | bytes) -> list[Fault]:
    """What Excel would not take in a file, in the order a person would mend it."""
    package = Package(source)
    found = list(unreadable(package))
    return found or [*package_faults(package), *(_Book(package).faults() if package.book in package.parts else ())]


class _Book:
    def __init__(self, package: Package) -> None:
        self.package = package
        self.tree = package.tree(package.book)
        relations = package.relations(package.book)
        self.sheets = [
            (s.get("name", ""), relations[s.get(f"{LINK}id", "")].target)
            for s in self.tree.iter(f"{MAIN}sheet")
            if s.get(f"{LINK}id", "") in relations
        ]
        self.names = [
            (n.get("name", ""), n.get("localSheetId"), n.text or "") for n in self.tree.iter(f"{MAIN}definedName")
        ]
        parts = [table for _, part in self.sheets for table in package.related(part, "table")]
        self.tables = [package.tree(part) for part in parts]
        columns = {t.get("displayName", ""): [c.get("name", "") for c in t.iter(_COLUMN)] for t in self.tables}
        self.grammar = Grammar({name for name, _ in self.sheets}, {name for name, _, _ in self.names}, columns)

    def faults(self) -> Iterator[Fault]:
        yield from self._sheet_names()
        yield from self._defined_names()
        yield from self._table_names()
        texts = [
            "".join(t.text or "" for t in one.iter(f"{MAIN}t"))
            for part in self.package.related(self.package.book, "sharedStrings")
            for one in self.package.tree(part).iter(f"{MAIN}si")
        ]
        for place, text in enumerate(texts):
            if len(text) > CELL_TEXT:
                yield Fault("a text is too long for a cell", f"shared text {place}", f"{len(text)} characters")
        yield from self._styles()
        for name, part in self.sheets:
            if part in self.package.parts and "worksheet" in part:
                yield from SheetReader(self.package, part, name, self.grammar, texts, self.looks).faults()
        yield from self._drawings()

    looks = (0, 0)

    def _sheet_names(self) -> Iterator[Fault]:
        yield from _ordered(self.tree, _WORKBOOK, "workbook")
        elements = list(self.tree.iter(f"{MAIN}sheet"))
        if len(elements) != len(self.sheets):
            yield Fault("a relationship is missing", self.package.book, "a sheet's")
        for name, _ in self.sheets:
            if why := bad_sheet_name(name):
                yield Fault("a sheet's name", name, why)
        yield from _twice("two sheets of one name", [name.casefold() for name, _ in self.sheets])
        yield from _twice("two sheets of one number", [e.get("sheetId", "") for e in elements])
        if not any(e.get("state", "visible") == "visible" for e in elements):
            yield Fault("no sheet can be seen", self.package.book)
        for view in self.tree.iter(f"{MAIN}workbookView"):
            if int(view.get("activeTab", 0)) >= len(elements) or int(view.get("firstSheet", 0)) >= len(elements):
                yield Fault("the sheet in front is not there", self.package.book, view.get("activeTab", ""))

    def _defined_names(self) -> Iterator[Fault]:
        for name, sheet, formula in self.names:
            if not name.startswith(_BUILT_IN) and (why := bad_name(name)):
                yield Fault("a defined name", name, why)
            if sheet is not None and not (sheet.isdigit() and int(sheet) < len(self.sheets)):
                yield Fault("a name of a sheet that is not there", name, sheet)
            # What is to be printed may be several areas.
            for part in _AREAS.findall(formula) if name.startswith(_BUILT_IN) else [formula]:
                for rule, what in self.grammar.faults(part):
                    yield Fault(rule, f"name {name}", what)
        alike = [f"{name.casefold()} {sheet or ''}" for name, sheet, _ in self.names]
        yield from _twice("two defined names alike", alike)
        tables = {t.get("displayName", "").casefold() for t in self.tables}
        taken = tables | {f.casefold() for f in FORMULAE} | {f.casefold() for f in OURS}
        # Without an engine of xlwings Lite in the file, a name may be a function of ours, as a LAMBDA.
        alone = not any(part.startswith("xl/webextensions/") for part in self.package.parts)
        for name, _, formula in self.names:
            is_function = alone and name in OURS and formula.startswith("_xlfn.LAMBDA(")
            if name.casefold() in tables or (name.casefold() in taken and not is_function):
                yield Fault("a name of two things", name)

    def _table_names(self) -> Iterator[Fault]:
        yield from _twice("two tables of one name", [t.get("displayName", "").casefold() for t in self.tables])
        yield from _twice("two tables of one number", [t.get("id", "") for t in self.tables])
        functions = {f.casefold() for f in FORMULAE} | {f.casefold() for f in OURS}
        for table in self.tables:
            if table.get("displayName", "").casefold() in functions:
                yield Fault("a name of two things", table.get("displayName", ""))

    def _styles(self) -> Iterator[Fault]:
        for part in self.package.related(self.package.book, "styles"):
            tree = self.package.tree(part)
            yield from _ordered(tree, _STYLES, part)
            counts = {tag: len(found) for tag in _STYLES if (found := tree.find(f"{MAIN}{tag}")) is not None}
            self.looks = (counts.get("cellXfs", 0), counts.get("dxfs", 0))
            if self.looks[0] > STYLES:
                yield Fault("too many cell formats", part, str(self.looks[0]))
            for tag, number in (("fonts", "fontId"), ("fills", "fillId"), ("borders", "borderId")):
                for look in tree.iterfind(f"{MAIN}cellXfs/{MAIN}xf"):
                    if int(look.get(number, 0)) >= counts.get(tag, 0):
                        yield Fault("a cell format of a look that is not there", part, f"{number} {look.get(number)}")
            for code in tree.iter(f"{MAIN}numFmt"):
                if len(code.get("formatCode", "")) > 255:
                    yield Fault("a number format is too long", part, code.get("formatCode", ""))

    def _drawings(self) -> Iterator[Fault]:
        for part in self.package.names:
            if re.match(r"xl/charts/chart\d*\.xml", part):
                for formula in self.package.tree(part).iter(_CHART):
                    for rule, what in self.grammar.faults(formula.text or ""):
                        yield Fault(rule, part, what)
            if re.match(r"xl/drawings/drawing\d*\.xml", part):
                numbers = [e.get("id", "") for e in self.package.tree(part).iter() if e.tag.endswith("}cNvPr")]
                yield from _twice("two drawings of one number", numbers)


def _twice(rule: str, things: list[str]) -> Iterator[Fault]:
    for thing, count in Counter(things).items():
        if count > 1:
            yield Fault(rule, thing)


def _ordered(tree: ElementTree.Element, order: list[str], where: str) -> Iterator[Fault]:
    tags = [element.tag.rpartition("}")[2] for element in tree]
    places = [order.index(tag) for tag in tags if tag in order]
    if places != sorted(places):
        yield Fault("elements in the wrong order", where, " ".join(tags))
