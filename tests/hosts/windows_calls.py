"""Every example by the road Excel takes on Windows: xlwings' library, a Python of its own, and CallUDF over COM.

Run by windows.sh; prints a line for everything that is not as it should be.
"""

import ctypes
import sys
import time
from datetime import datetime
from pathlib import Path

import pythoncom
from csmetrics_addin.hosts import classic, doctor
from examples import CASES, assert_cells, expected, given
from win32com.client import VARIANT, dynamic

_FUNCTIONS = "csmetrics_addin.functions"
_FIRST_DAY = datetime(1899, 12, 30)


class Variant(ctypes.Structure):
    """A VARIANT as the library fills it."""

    _fields_ = (
        ("kind", ctypes.c_ushort), ("r1", ctypes.c_ushort), ("r2", ctypes.c_ushort), ("r3", ctypes.c_ushort),
        ("pointer", ctypes.c_void_p), ("more", ctypes.c_void_p),
    )  # fmt: skip


def python_of_excel(folder: Path):
    """Start Python as the add-in's XLPy function does, and give the object it gives."""
    library = ctypes.WinDLL(str(next((folder / "site").glob("xlwings64-*.dll"))))
    text = ctypes.WinDLL("oleaut32").SysAllocStringByteLen
    text.restype, text.argtypes = ctypes.c_void_p, (ctypes.c_char_p, ctypes.c_uint)
    program = "import xlwings.utils;import xlwings; xlwings.serve('$(CLSID)')"
    command = f'{sys.executable} -B -c "{program}"'.encode("mbcs")
    activate = library.XLPyDLLActivateAuto
    activate.argtypes, activate.restype = (ctypes.POINTER(Variant), ctypes.c_void_p, ctypes.c_long), ctypes.c_long
    result = Variant()
    code = activate(ctypes.byref(result), text(command, len(command)), 1)
    if code or result.kind != pythoncom.VT_DISPATCH:
        raise OSError(f"Python did not start: {code:#x} {ctypes.wstring_at(result.pointer) if result.pointer else ''}")
    return dynamic.Dispatch(pythoncom.ObjectFromAddress(result.pointer, pythoncom.IID_IDispatch))


def as_excel_sends(value):
    if isinstance(value, list):
        return tuple(tuple(map(as_excel_sends, row)) for row in value)
    return float(value) if type(value) is int else value


def shown(answer) -> list[list]:
    rows = answer if isinstance(answer, tuple) else (answer,)
    rows = rows if isinstance(rows[0], tuple) else (rows,)  # xlwings hands a single row over as a list
    return [[_cell(cell) for cell in row] for row in rows]


def _cell(value):
    if isinstance(value, datetime):
        return (value.replace(tzinfo=None) - _FIRST_DAY).total_seconds() / 86_400
    return value


def installed() -> int:
    """Install twice, look with the doctor's eyes, and take everything away again; gives how much was wrong."""
    places = classic.Places.of_this_user()
    said = [*classic.install(places), *classic.install(places)]
    checks = list(doctor.installed_addin(places, Path(sys.prefix)))
    said += [f"{check.what}: {check.found}" for check in checks]
    print(*said, *classic.uninstall(places), sep="\n")
    repeated = sum(sentence.endswith("is up to date.") for sentence in said) == 2
    return sum(check.good is not True for check in checks) + (not repeated) + places.addin.exists()


def main() -> int:
    started = time.perf_counter()
    excel = python_of_excel(Path(sys.argv[1]))
    print(f"Python answers after {time.perf_counter() - started:.1f} s")
    wrong = installed()

    def check(name, wanted, *values):
        nonlocal wrong
        try:
            assert_cells(shown(excel.CallUDF(_FUNCTIONS, name, tuple(map(as_excel_sends, values)))), wanted)
        except (AssertionError, pythoncom.com_error) as error:
            wrong += 1
            print(f"{name}: {str(error)[:600]}")

    for case in CASES:
        metric, example = case.values
        check(metric.name, expected(metric, example), *given(metric, example))
    error, omitted = VARIANT(pythoncom.VT_ERROR, -2146826246), VARIANT(pythoncom.VT_ERROR, -2147352572)
    check("nps", [[25.0]], [[10], [9], [8], [6]], omitted, omitted, False)
    check("nps", [["#N/A"]], error)
    check("nps", [["#NUM!"]], [[10], [11]])
    check("churn_rate", [[0.05], ["#DIV/0!"]], [[5], [1]], [[100], [0]])
    about = excel.Str(excel.Call(excel.Module("csmetrics_addin.hosts.ribbon"), "about", excel.Tuple()))
    assert about.startswith("csmetrics ")
    column = as_excel_sends([[i % 11] for i in range(1_100_000)])
    started = time.perf_counter()
    answer = excel.CallUDF(_FUNCTIONS, "nps", (column,))
    seconds = time.perf_counter() - started
    assert_cells(shown(answer), [[-100 / 11 * 5]])
    print(f"{len(CASES)} examples, {wrong} wrong; 1.1 million cells in {seconds:.1f} s")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
