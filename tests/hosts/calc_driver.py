"""Drives a headless LibreOffice for the tests: one JSON job a line in, one JSON answer a line out.

Run by the Python LibreOffice uses, not by the one that runs the tests.
"""

import contextlib
import json
import subprocess
import sys
import time

import uno
from com.sun.star.beans import PropertyValue
from com.sun.star.sheet.FormulaResult import STRING
from com.sun.star.util import Date

ERRORS = {32767: "#N/A", 532: "#DIV/0!", 503: "#NUM!", 519: "#VALUE!", 524: "#REF!", 525: "#NAME?", 521: "#NULL!"}


def properties(**values):
    made = []
    for name, value in values.items():
        one = PropertyValue()
        one.Name, one.Value = name, value
        made.append(one)
    return tuple(made)


class Office:
    def __init__(self, profile, pipe):
        where = f"pipe,name={pipe};urp;"
        command = ["soffice", f"-env:UserInstallation=file://{profile}", "--headless", "--norestore", "--nologo",
                   f"--accept={where}"]  # fmt: skip
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        local = uno.getComponentContext()
        resolver = local.ServiceManager.createInstanceWithContext("com.sun.star.bridge.UnoUrlResolver", local)
        for _ in range(300):
            try:
                self.context = resolver.resolve(f"uno:{where}StarOffice.ComponentContext")
                break
            except Exception:  # not up yet
                time.sleep(0.1)
        self.desktop = self.context.ServiceManager.createInstanceWithContext("com.sun.star.frame.Desktop", self.context)
        self.document, self.page = None, 0

    def open(self, url="private:factory/scalc"):
        if self.document is not None:
            self.document.close(True)
        self.document = self.desktop.loadComponentFromURL(url, "_blank", 0, properties(Hidden=True))
        self.page = 0
        return True

    @property
    def sheet(self):
        return self.document.Sheets.getByIndex(self.page)

    def turn_to(self, name):
        self.page = self.document.Sheets.ElementNames.index(name)

    def insert_rows(self, row, count):
        self.sheet.Rows.insertByIndex(row, count)

    def fill_down(self, column, row, width, height):
        """What dragging the corner of the first row's cells does."""
        area = self.sheet.getCellRangeByPosition(column, row, column + width - 1, row + height - 1)
        area.fillAuto(uno.Enum("com.sun.star.sheet.FillDirection", "TO_BOTTOM"), 1)

    def last_row_of(self, table):
        return self.document.DatabaseRanges.getByName(table).DataArea.EndRow

    def last_column_of(self, table):
        return self.document.DatabaseRanges.getByName(table).DataArea.EndColumn

    def recalculate(self):
        self.document.calculateAll()

    def null_date(self, year, month, day):
        self.document.NullDate = Date(day, month, year)

    def put(self, column, row, rows):
        area = self.sheet.getCellRangeByPosition(column, row, column + len(rows[0]) - 1, row + len(rows) - 1)
        area.setDataArray(tuple(tuple(map(self._typed, row)) for row in rows))

    @staticmethod
    def _typed(value):
        return "" if value is None else float(value) if isinstance(value, bool) else value

    def formula(self, cell, text):
        self.sheet.getCellRangeByName(cell).Formula = text
        return self.cell(cell)

    def cell(self, cell):
        return self._shown(self.sheet.getCellRangeByName(cell))

    def array(self, column, row, width, height, text):
        area = self.sheet.getCellRangeByPosition(column, row, column + width - 1, row + height - 1)
        area.ArrayFormula = text
        shown = [[self._shown(area.getCellByPosition(c, r)) for c in range(width)] for r in range(height)]
        area.ArrayFormula = ""
        return shown

    @staticmethod
    def _shown(cell):
        if cell.getError():
            return ERRORS.get(cell.getError(), f"Err:{cell.getError()}")
        if cell.FormulaResultType2 == STRING or cell.Type.value == "TEXT":
            return cell.String
        return cell.Value if cell.Type.value != "EMPTY" else None

    def functions(self):
        described = self.context.ServiceManager.createInstanceWithContext(
            "com.sun.star.sheet.FunctionDescriptions", self.context
        )
        found = {}
        for index in range(described.Count):
            one = {p.Name: p.Value for p in described.getByIndex(index)}
            arguments = [[a.Name, a.Description, a.IsOptional] for a in one["Arguments"] or ()]
            found[one["Name"]] = {"help": one["Description"], "arguments": arguments}
        return found

    def timed(self, formula, calls, cells):
        """Seconds of a formula on many cells, and of many of it on a hundred."""
        one_column = tuple((float(i % 11),) for i in range(cells))
        self.sheet.getCellRangeByName(f"A1:A{cells}").setDataArray(one_column)
        self.formula("C1", formula.format(f"A1:A{cells}"))
        started = time.perf_counter()
        self.formula("C2", formula.format(f"A1:A{cells}"))
        large = time.perf_counter() - started
        self.sheet.getCellRangeByName("C1:C2").clearContents(16)
        self.sheet.getCellRangeByName(f"E1:E{calls}").setFormulaArray(((formula.format("$A$1:$A$100"),),) * calls)
        started = time.perf_counter()
        self.document.calculateAll()
        return {"large": large, "many": time.perf_counter() - started}

    def close(self):
        if self.document is not None:
            self.document.close(True)
        with contextlib.suppress(Exception):  # it closes the line it would answer on
            self.desktop.terminate()
        self.process.wait(30)


def main():
    office = Office(*sys.argv[1:3])
    for line in sys.stdin:
        job = json.loads(line)
        try:
            answer = {"answer": getattr(office, job.pop("do"))(**job)}
        except Exception as error:
            answer = {"failed": repr(error)}
        print(json.dumps(answer), flush=True)


main()
