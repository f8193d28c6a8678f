"""xlwings Lite: a workbook that carries its own engine, so that it needs only the free add-in from Excel's store."""

import base64
import hashlib
import io
import json
import re
import textwrap
import zipfile
from pathlib import Path
from uuid import NAMESPACE_DNS, uuid5
from xml.sax.saxutils import escape, quoteattr, unescape

import xlsxwriter

from csmetrics_addin.hosts import wheel
from csmetrics_addin.spelling import OFFICE_JS_PREFIX, for_office_js, functions_in
from csmetrics_addin.writing import write_whole
from csmetrics_core.version import __version__

#: What xlwings Lite itself needs, then what our functions import; Pyodide chooses the versions.
REQUIREMENTS = (
    "xlwings>=0.37.5  # required", "python-dotenv  # required", "pyodide-http  # required", "black  # required",
    *wheel.REQUIREMENTS,
)  # fmt: skip
_STORE_ID = "wa200008175"
#: As a workbook saved by Lite in 2026 says them.
_ADDIN_VERSION, PYODIDE_VERSION = "1.0.0.0-35", "0.27.5"
#: Lite opens its pane, in which it asks whether the workbook is trusted; nothing runs before.
_SETTINGS = {"startupBehavior": "taskpane"}
_OFFICE = "http://schemas.microsoft.com/office"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_DOCUMENT = "http://schemas.openxmlformats.org/officeDocument/2006"
_TYPES, _ROOT_RELATIONS = "[Content_Types].xml", "_rels/.rels"
_BOOK, _BOOK_RELATIONS, _METADATA = "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/metadata.xml"
_EXTENSIONS = "xl/webextensions"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_CELL = re.compile(r'<c ([^>]*)><f( t="array"[^>]*)?>([^<]*)</f>')
_NAMED = re.compile(r"(<(?:definedName|calculatedColumnFormula)\b[^>]*>)([^<]*)(</)")

_MAIN = '''"""csmetrics {version}: type =NPS( in a cell. Nothing has to be installed but xlwings Lite.

Your own functions and scripts can stand below the last line.
"""

import base64
import pathlib
import sys
import tempfile

_PACKAGE = """
{package}
"""
_WHEEL = pathlib.Path(tempfile.gettempdir()) / "{wheel}"
_WHEEL.write_bytes(base64.b64decode(_PACKAGE))
if str(_WHEEL) not in sys.path:
    sys.path.insert(0, str(_WHEEL))

from csmetrics_addin.functions import *
from csmetrics_addin.lite_scripts import *
'''


def main_code() -> str:
    """The code the workbook carries, the package within it."""
    package = "\n".join(textwrap.wrap(base64.b64encode(wheel.build()).decode(), 120))
    return _MAIN.format(version=__version__, package=package, wheel=wheel.file_name())


def requirements() -> str:
    """The packages xlwings Lite is to load."""
    return "\n".join(REQUIREMENTS) + "\n"


def carry(source: Path, target: Path) -> Path:
    """Write a workbook that carries the functions within it.

    Args:
        source: a workbook as it was built, whose formulas call the functions by their plain names.
        target: where the workbook that carries its own engine goes.

    Raises:
        ValueError: where that is no such workbook, or one with code for xlwings Lite in it already.
    """
    write_whole(target, carrying(source))
    return target


def carrying(source: "Path | io.BytesIO") -> bytes:
    """A workbook, as a file or as its content, with the functions within it.

    Raises:
        ValueError: as `carry`.
    """
    parts = _parts(source)
    text = {name: data.decode() for name, (_, data) in parts.items() if name.endswith((".xml", ".rels"))}
    used: list[str] = []
    for name in [name for name in text if re.fullmatch(r"xl/worksheets/[^/]+\.xml", name)]:
        text[name] = _sheet(text[name], used)
    for name in [name for name in text if name == _BOOK or name.startswith("xl/tables/")]:
        text[name] = _NAMED.sub(lambda n: n[1] + _formula(n[2], used) + n[3], text[name])
    _add_array_metadata(text)
    _add_web_extension(text, sorted(set(used)), _identity(parts))
    when = next(iter(parts.values()))[0]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as made:
        for name in dict.fromkeys([*parts, *text]):
            data = text[name].encode() if name in text else parts[name][1]
            made.writestr(zipfile.ZipInfo(name, parts.get(name, (when,))[0]), data, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def _parts(workbook: "Path | io.BytesIO") -> dict[str, tuple[tuple[int, int, int, int, int, int], bytes]]:
    """The parts of a workbook, each with its time."""
    try:
        with zipfile.ZipFile(workbook) as book:
            parts = {info.filename: (info.date_time, book.read(info)) for info in book.infolist()}
    except zipfile.BadZipFile:
        parts = {}
    if _BOOK not in parts:
        raise ValueError(f"{workbook} is not an .xlsx workbook")
    if any(name.startswith(f"{_EXTENSIONS}/") for name in parts):
        raise ValueError(f"{workbook} carries an Office add-in already")
    return parts


def _formula(escaped: str, used: list[str]) -> str:
    formula = unescape(escaped, {"&quot;": '"', "&apos;": "'"})
    called = functions_in(formula)
    used += called
    return escape(for_office_js(formula)) if called else escaped


def _sheet(xml: str, used: list[str]) -> str:
    """Excel keeps a cell that calls such a function as a dynamic array."""

    def cell(found: re.Match[str]) -> str:
        attributes, array, before = found[1], found[2], len(used)
        formula = _formula(found[3], used)
        if len(used) == before:
            return found[0]
        address = re.search(r'\br="([A-Z]+[0-9]+)"', attributes)
        assert address is not None
        mark = "" if " cm=" in attributes else ' cm="1"'
        array = array or f' t="array" ref="{address[1]}"'
        return f"<c {attributes}{mark}><f{array}>{formula}</f>"

    return _CELL.sub(cell, xml)


def _add_array_metadata(text: dict[str, str]) -> None:
    """The part that says what `cm="1"` means; taken from a workbook that has it."""
    if _METADATA in text:
        return
    donor = io.BytesIO()
    with xlsxwriter.Workbook(donor) as book:
        book.add_worksheet().write_dynamic_array_formula("A1", "=SORT(B1:B2)")
    with zipfile.ZipFile(donor) as book:
        text[_METADATA] = book.read(_METADATA).decode()
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheetMetadata+xml"
    _declare(text, {_METADATA: kind})
    _relate(text, _BOOK_RELATIONS, f"{_DOCUMENT}/relationships/sheetMetadata", "metadata.xml")


def _identity(parts: dict[str, tuple[tuple[int, int, int, int, int, int], bytes]]) -> str:
    """What Lite knows the workbook by when it is trusted: another for every workbook, the same for the same one."""
    contents = hashlib.sha256()
    for name, (_, data) in parts.items():
        contents.update(name.encode() + b"\0" + hashlib.sha256(data).digest())
    return str(uuid5(NAMESPACE_DNS, f"{wheel.file_name()} {contents.hexdigest()}"))


def _add_web_extension(text: dict[str, str], used: list[str], identity: str) -> None:
    folder = _EXTENSIONS
    pane = (
        f'<wetp:taskpanes xmlns:wetp="{_OFFICE}/webextensions/taskpanes/2010/11">'
        '<wetp:taskpane dockstate="right" visibility="1" width="438" row="3">'
        f'<wetp:webextensionref xmlns:r="{_DOCUMENT}/relationships" r:id="rId1"/></wetp:taskpane></wetp:taskpanes>'
    )
    text[f"{folder}/taskpanes.xml"] = _HEAD + pane
    text[f"{folder}/webextension1.xml"] = _HEAD + _extension(used, identity)
    text[f"{folder}/_rels/taskpanes.xml.rels"] = (
        f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
        f'Type="{_OFFICE}/2011/relationships/webextension" Target="webextension1.xml"/></Relationships>'
    )
    kinds = {"taskpanes": "webextensiontaskpanes", "webextension1": "webextension"}
    _declare(text, {f"{folder}/{name}.xml": f"application/vnd.ms-office.{kind}+xml" for name, kind in kinds.items()})
    _relate(text, _ROOT_RELATIONS, f"{_OFFICE}/2011/relationships/webextensiontaskpanes", f"{folder}/taskpanes.xml")


def _extension(used: list[str], identity: str) -> str:
    """The add-in from the store, and the code, packages and settings it finds in this workbook."""
    properties = {
        "main.py": main_code(),
        "requirements.txt": requirements(),
        "pyodideVersion": PYODIDE_VERSION,
        "addinVersion": _ADDIN_VERSION,
        "xlwingsWorkbookId": identity,
        "xlwingsSettingsWorkbook": _SETTINGS,
    }
    kept = "".join(
        f"<we:property name={quoteattr(name)} value={quoteattr(json.dumps(value))}/>"
        for name, value in properties.items()
    )
    ids = "".join(f"<we:customFunctionIds>{OFFICE_JS_PREFIX}{name}</we:customFunctionIds>" for name in used)
    drawing = 'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
    return (
        f'<we:webextension xmlns:we="{_OFFICE}/webextensions/webextension/2010/11" '
        f'id="{{{identity.upper()}}}">'
        f'<we:reference id="{_STORE_ID}" version="1.0.0.0" store="en-US" storeType="OMEX"/>'
        f'<we:alternateReferences><we:reference id="{_STORE_ID}" version="1.0.0.0" store="{_STORE_ID.upper()}" '
        f'storeType="OMEX"/></we:alternateReferences><we:properties>{kept}</we:properties><we:bindings/>'
        f'<we:snapshot xmlns:r="{_DOCUMENT}/relationships"/><we:extLst>'
        f'<a:ext {drawing} uri="{{D87F86FE-615C-45B5-9D79-34F1136793EB}}"><we:containsCustomFunctions/></a:ext>'
        f'<a:ext {drawing} uri="{{7C84B067-C214-45C3-A712-C9D94CD141B2}}"><we:customFunctionIdList>{ids}'
        "</we:customFunctionIdList></a:ext></we:extLst></we:webextension>"
    )


def _declare(text: dict[str, str], kinds: dict[str, str]) -> None:
    """Name new parts and their types in the list of all parts."""
    new = "".join(f'<Override PartName="/{name}" ContentType="{kind}"/>' for name, kind in kinds.items())
    text[_TYPES] = text[_TYPES].replace("</Types>", new + "</Types>")


def _relate(text: dict[str, str], part: str, kind: str, target: str) -> None:
    """Point from a part to another, under a number not taken yet."""
    taken = [int(number) for number in re.findall(r'Id="rId(\d+)"', text[part])]
    one = f'<Relationship Id="rId{max(taken, default=0) + 1}" Type="{kind}" Target="{target}"/>'
    text[part] = text[part].replace("</Relationships>", one + "</Relationships>")
