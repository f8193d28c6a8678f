"""Every example by the road Excel takes on Windows: xlwings' library, a Python of its own, and CallUDF over COM.

Run by windows.sh; prints a line for everything that is not as it should be.
"""

import ctypes
import os
import signal
import sys
import threading
import time
import winreg
from datetime import datetime
from pathlib import Path

import pythoncom
from csmetrics_addin.hosts import classic, doctor, server
from examples import CASES, assert_cells, expected, given
from win32com.client import VARIANT, dynamic

_FUNCTIONS = "csmetrics_addin.functions"
_FIRST_DAY = datetime(1899, 12, 30)
_ENDS_AFTER = 20  # seconds a call may take where one is to hang
_START, _END = 1, -1


class ErrorCell(int):
    """An error as Excel's Value2 holds it; it arrives as a whole number, while real numbers arrive with a point."""


class Variant(ctypes.Structure):
    """A VARIANT as the library fills it."""

    _fields_ = (
        ("kind", ctypes.c_ushort), ("r1", ctypes.c_ushort), ("r2", ctypes.c_ushort), ("r3", ctypes.c_ushort),
        ("pointer", ctypes.c_void_p), ("more", ctypes.c_void_p),
    )  # fmt: skip


class Excel:
    """The add-in's Visual Basic, as far as it speaks to Python."""

    def __init__(self, folder: Path, interpreter: str = sys.executable) -> None:
        library = ctypes.WinDLL(str(next(folder.glob("xlwings64-*.dll"))))
        self.interpreter = interpreter
        self.activate = library.XLPyDLLActivateAuto
        self.activate.argtypes = (ctypes.POINTER(Variant), ctypes.c_void_p, ctypes.c_long)
        self.activate.restype = ctypes.c_long
        self.text = ctypes.WinDLL("oleaut32").SysAllocStringByteLen
        self.restarts = 0
        self.text.restype, self.text.argtypes = ctypes.c_void_p, (ctypes.c_char_p, ctypes.c_uint)

    def python(self, mode: int = _START):
        """What XLPy gives, by the very command line the add-in uses; or what KillPy does."""
        command = classic.command(self.interpreter, self.restarts).encode("mbcs")
        result = Variant()
        code = self.activate(ctypes.byref(result), self.text(command, len(command)), mode)
        if mode == _END:
            return None
        if code or result.kind != pythoncom.VT_DISPATCH:
            said = ctypes.wstring_at(result.pointer) if result.pointer else ""
            raise OSError(f"Python did not start: {code:#x} {said}")
        return dynamic.Dispatch(pythoncom.ObjectFromAddress(result.pointer, pythoncom.IID_IDispatch))

    def call(self, name, *values, module=_FUNCTIONS):
        """What a cell asks."""
        return self.python().CallUDF(module, name, tuple(map(as_excel_sends, values)))

    def ask(self, name, *values):
        """What Ask does: a Python that is lost is forgotten, and asked once more."""
        try:
            return self.call(name, *values)
        except (OSError, pythoncom.com_error):
            self.forget()
            return self.call(name, *values)

    def forget(self) -> None:
        """What ForgetPython does."""
        self.python(_END)
        self.restarts += 1

    def process(self) -> int:
        """Which process answers."""
        python = self.python()
        return int(python.Str(python.Eval("__import__('os').getpid()")))


def as_excel_sends(value):
    if isinstance(value, list):
        return tuple(tuple(map(as_excel_sends, row)) for row in value)
    if isinstance(value, ErrorCell):
        return int(value)
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


def sees_policies() -> int:
    """Whether the doctor finds Defender's rule where policies set it; gives how much was wrong."""
    seen = [doctor.may_start_python(doctor._defender_rules()).good]
    places = {
        rf"{doctor._POLICIES}\Windows Defender Exploit Guard\ASR\Rules": (doctor.CHILD_PROCESSES, "1"),
        rf"{doctor._POLICIES}\Policy Manager": ("ASRRules", f"{{{doctor.CHILD_PROCESSES.upper()}}}=1|x=2"),
    }
    for place, (name, value) in places.items():
        with winreg.CreateKey(winreg.HKEY_LOCAL_MACHINE, place) as key:
            winreg.SetValueEx(key, name, 0, winreg.REG_SZ, value)
            seen.append(doctor.may_start_python(doctor._defender_rules()).good)
            winreg.DeleteValue(key, name)
    print(f"Excel may start Python: {seen[0]}; where a policy forbids it: {seen[1:]}")
    return seen != [True, False, False]


def comes_back(excel: Excel) -> int:
    """Python killed, hung, updated and restarted: each time the next call finds a new one; gives how much was wrong."""

    def killed():
        os.kill(excel.process(), signal.SIGTERM)  # on Windows that ends it at once
        excel.call("nps", [[10], [9]])

    def hung():
        excel.call("hang", module="hanging")

    def updated():
        when = Path(server._INSTALLED).stat()
        os.utime(server._INSTALLED, ns=(when.st_atime_ns, when.st_mtime_ns + 1_000_000_000))
        try:
            excel.call("nps", [[10], [9]])
        finally:
            os.utime(server._INSTALLED, ns=(when.st_atime_ns, when.st_mtime_ns))

    def restarted():
        excel.forget()

    wrong = 0
    os.environ[server.LIMIT_VARIABLE] = str(_ENDS_AFTER)
    excel.forget()  # the next one inherits it
    for ended in (killed, hung, updated, restarted):
        before, started, said = excel.process(), time.perf_counter(), "no error"
        try:
            ended()
        except (OSError, pythoncom.com_error) as error:  # upon which the add-in forgets this Python
            said = str(error)
        if ended is not restarted:
            excel.forget()
        lost = time.perf_counter() - started
        try:
            answer, after = excel.ask("nps", [[10], [9], [8], [6]]), excel.process()
            good = answer == 25.0 and after != before
        except (OSError, pythoncom.com_error) as error:
            answer, good = error, False
        wrong += not good or (said == "no error") != (ended is restarted)
        back = time.perf_counter() - started - lost
        print(f"{ended.__name__}: {said} after {lost:.1f} s; then {answer} from a new Python after {back:.1f} s")
    return wrong


def two_at_once(excel: Excel) -> int:
    """Two callers at the same time each get their own answer; gives how much was wrong."""
    answers = {}

    def ask(seconds, stream):
        pythoncom.CoInitialize()
        python = dynamic.Dispatch(pythoncom.CoGetInterfaceAndReleaseStream(stream, pythoncom.IID_IDispatch))
        answers[seconds] = python.CallUDF("hanging", "slow", (seconds,))
        pythoncom.CoUninitialize()

    waits = (1.0, 1.25)
    streams = [
        pythoncom.CoMarshalInterThreadInterfaceInStream(pythoncom.IID_IDispatch, excel.python()._oleobj_) for _ in waits
    ]
    threads = [threading.Thread(target=ask, args=pair) for pair in zip(waits, streams, strict=True)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        pythoncom.PumpWaitingMessages()
        time.sleep(0.01)
    print(f"two calls at once: {answers}")
    return answers != {seconds: seconds for seconds in waits}


def every_example(excel: Excel) -> int:
    """The catalogue's examples, and what cells may hold besides; gives how many came out wrong."""
    wrong = 0

    def check(name, wanted, *values):
        nonlocal wrong
        try:
            assert_cells(shown(excel.call(name, *values)), wanted)
        except (AssertionError, pythoncom.com_error) as error:
            wrong += 1
            print(f"{name}: {str(error)[:600]}")

    for case in CASES:
        metric, example = case.values
        check(metric.name, expected(metric, example), *given(metric, example))
    omitted = VARIANT(pythoncom.VT_ERROR, -2147352572)
    check("nps", [[25.0]], [[10], [9], [8], [6]], omitted, omitted, False)
    check("nps", [["#N/A"]], ErrorCell(-2146826246))
    check("nps", [["#REF!"]], [[10], [ErrorCell(-2146826265)]])
    check("mrr", [[-2146826246.0 * -1]], [[2146826246]])
    check("nps", [["#NUM!"]], [[10], [11]])
    check("churn_rate", [[0.05], ["#DIV/0!"]], [[5], [1]], [[100], [0]])
    return wrong


def main() -> int:
    started = time.perf_counter()
    excel = Excel(Path(sys.argv[1]) / "site")
    python = excel.python()
    print(f"Python answers after {time.perf_counter() - started:.1f} s")
    wrong = installed() + sees_policies() + every_example(excel)
    reason = dict(shown(excel.call("csm_explain", "NPS", [[10], [11]])))["why"]
    wrong += not reason.startswith("scores, row 2, is 11")
    about = python.Str(python.Call(python.Module("csmetrics_addin.hosts.ribbon"), "about", python.Tuple()))
    assert about.startswith("csmetrics ")
    wrong += two_at_once(excel) + comes_back(excel)
    column = as_excel_sends([[i % 11] for i in range(1_100_000)])
    started = time.perf_counter()
    answer = excel.python().CallUDF(_FUNCTIONS, "nps", (column,))
    seconds = time.perf_counter() - started
    assert_cells(shown(answer), [[-100 / 11 * 5]])
    print(f"{len(CASES)} examples, {wrong} wrong; 1.1 million cells in {seconds:.1f} s")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
