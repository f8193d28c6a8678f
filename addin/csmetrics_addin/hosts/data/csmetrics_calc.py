"""The Calc add-in: hands every call of a cell to csmetrics. Runs in LibreOffice's own Python.

Beside it in the extension lie functions.json (names, help and arguments of all functions, and where this computer
keeps Python packages) and the csmetrics wheel. The help and the list of functions work without any package,
and in any Python LibreOffice brings, so that annotations are not looked at as it runs.
"""

from __future__ import annotations

import json
import os
import struct
import sys
import traceback
from collections.abc import Callable, Mapping
from datetime import date
from types import ModuleType
from typing import Any

import uno
import unohelper
from com.sun.star.lang import Locale, XServiceInfo, XServiceName
from com.sun.star.sheet import LocalizedName, XAddIn, XCompatibilityNames

try:
    XMetrics: Any = uno.getClass("org.csmetrics.XMetrics")
except Exception:  # while the extension is being registered, its own interface is not known yet
    XMetrics = type("XMetrics", (), {})


_HERE = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(_HERE, "functions.json"), encoding="utf-8") as _file:
    _ABOUT: dict[str, Any] = json.load(_file)
_FUNCTIONS: dict[str, dict[str, Any]] = {function["method"]: function for function in _ABOUT["functions"]}
_METHODS: dict[str, str] = {function["name"]: method for method, function in _FUNCTIONS.items()}
_SERVICES = ("org.csmetrics.AddIn", "com.sun.star.sheet.AddIn")
_IMPLEMENTATION = "org.csmetrics.AddInImpl"
_ENGLISH = Locale("en", "US", "")
_USUAL_NULL_DATE = date(1899, 12, 30)


def _error(code: int) -> float:
    """Calc reads an error out of the low half of a number that is none."""
    number: float = struct.unpack("<d", struct.pack("<Q", 0x7FF8000000000000 | code))[0]
    return number


_ERRORS = {
    "#N/A": _error(0x7FFF), "#DIV/0!": _error(532), "#NUM!": _error(503), "#VALUE!": _error(519),
    "#REF!": _error(524), "#NAME?": _error(525), "#NULL!": _error(521),
}  # fmt: skip


class _Engine:
    """csmetrics itself, imported at the first call: the packages it needs may not be there."""

    def __init__(self) -> None:
        self.missing = ""
        self.loaded: tuple[ModuleType, Mapping[str, Any]] | None = None

    def load(self) -> tuple[ModuleType, Mapping[str, Any]] | None:
        if self.loaded is None and not self.missing:
            for folder in reversed(_ABOUT["packages"]):
                if os.path.isdir(folder) and folder not in sys.path:
                    sys.path.insert(0, folder)
            sys.path.insert(0, os.path.join(_HERE, _ABOUT["wheel"]))
            try:
                from csmetrics_addin import cells

                from csmetrics_core import CATALOG
            except ImportError as error:
                self.missing = str(error)
                print("csmetrics:", error, "- run: csmetrics addin doctor", file=sys.stderr)
            else:
                self.loaded = cells, CATALOG
        return self.loaded


_ENGINE = _Engine()


def _null_date(document: Any) -> date:
    """The day a document counts from; a call without a document counts from the usual one."""
    found = document.getPropertyValue("NullDate") if document is not None else None
    return date(found.Year, found.Month, found.Day) if found is not None else _USUAL_NULL_DATE


def _answer(function: dict[str, Any], given: tuple[Any, ...]) -> Any:
    engine = _ENGINE.load()
    if engine is None:
        return ((_ERRORS["#NAME?"],),)
    cells, catalog = engine
    counted_from = _USUAL_NULL_DATE
    if function["has_dates"]:  # such a function is given the document first
        counted_from, given = _null_date(given[0]), given[1:]
    behind = (counted_from - _USUAL_NULL_DATE).days
    rows = cells.answer(catalog[function["metric"]], given, cells.Runtime.CALC, behind)
    return cells.for_calc(rows, counted_from, _ERRORS)


class AddIn(unohelper.Base, XAddIn, XCompatibilityNames, XServiceName, XServiceInfo, XMetrics):  # type: ignore[misc]
    """What Calc asks of an add-in; its interfaces are made by LibreOffice as it runs, so that none has types."""

    def __init__(self, context: Any) -> None:
        self.locale = _ENGLISH

    def getProgrammaticFuntionName(self, name: str) -> str:  # spelled so in the interface
        return _METHODS.get(name, "")

    def getDisplayFunctionName(self, method: str) -> str:
        return _FUNCTIONS[method]["name"] if method in _FUNCTIONS else ""

    def getFunctionDescription(self, method: str) -> str:
        if method not in _FUNCTIONS:
            return ""
        _ENGINE.load()
        warning = f"NOT READY ({_ENGINE.missing}): run csmetrics addin doctor. " if _ENGINE.missing else ""
        return f"{warning}{_FUNCTIONS[method]['help']}"

    def getDisplayArgumentName(self, method: str, position: int) -> str:
        return self._argument(method, position, 0)

    def getArgumentDescription(self, method: str, position: int) -> str:
        return self._argument(method, position, 1)

    def _argument(self, method: str, position: int, part: int) -> str:
        if method not in _FUNCTIONS:
            return ""
        arguments = _FUNCTIONS[method]["arguments"]
        place = position - _FUNCTIONS[method]["has_dates"]  # Calc counts the document, which it does not show
        if not 0 <= place < len(arguments):
            return ""
        text: str = arguments[place][part]
        return text

    def getProgrammaticCategoryName(self, method: str) -> str:
        return "Add-In"

    def getDisplayCategoryName(self, method: str) -> str:
        return "Add-In"

    def setLocale(self, locale: Any) -> None:
        self.locale = locale

    def getLocale(self) -> Any:
        return self.locale

    def getCompatibilityNames(self, method: str) -> tuple[Any, ...]:
        return (LocalizedName(_ENGLISH, _FUNCTIONS[method]["name"]),) if method in _FUNCTIONS else ()

    def getServiceName(self) -> str:
        return _SERVICES[0]

    def getImplementationName(self) -> str:
        return _IMPLEMENTATION

    def supportsService(self, name: str) -> bool:
        return name in _SERVICES

    def getSupportedServiceNames(self) -> tuple[str, ...]:
        return _SERVICES


def _method(name: str) -> Callable[..., Any]:
    function = _FUNCTIONS[name]

    def call(self: AddIn, *given: Any) -> Any:
        try:
            return _answer(function, given)
        except Exception:  # a traceback has no place in a cell
            traceback.print_exc()
            return ((_ERRORS["#VALUE!"],),)

    call.__name__ = name
    return call


for _name in _FUNCTIONS:
    setattr(AddIn, _name, _method(_name))

g_ImplementationHelper = unohelper.ImplementationHelper()
g_ImplementationHelper.addImplementation(AddIn, _IMPLEMENTATION, _SERVICES)
