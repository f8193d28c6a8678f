"""Our functions under xlwings' decorators for Excel over COM, with the Windows parts stood in for.

Reads one call a line as JSON, name and arguments as COM hands them over, and writes what goes back.
"""

import json
import sys
from types import ModuleType

for _name in ("pythoncom", "pywintypes", "win32com", "win32com.client"):
    sys.modules[_name] = ModuleType(_name)
sys.modules["pythoncom"].CoInitialize = None
sys.modules["pythoncom"].IID_IDispatch = None
sys.modules["pywintypes"].com_error = type("com_error", (Exception,), {})
sys.modules["win32com.client"].Dispatch = None

import xlwings  # noqa: E402
from xlwings import udfs  # noqa: E402

xlwings.func, xlwings.arg, xlwings.ret = udfs.xlfunc, udfs.xlarg, udfs.xlret

from csmetrics_addin import functions  # noqa: E402


def as_tuples(value):
    return tuple(map(as_tuples, value)) if isinstance(value, list) else value


def call(name, given):
    function = getattr(functions, name)
    info = function.__xlfunc__["args"]
    assert all(argument["options"] == {"convert": "raw"} for argument in info)
    missing = [i for i, value in enumerate(given) if value == -2147352572]
    values = [info[i].get("optional") if i in missing else as_tuples(value) for i, value in enumerate(given)]
    return function(*values)


def main():
    for line in sys.stdin:
        job = json.loads(line)
        if "describe" in job:
            answer = getattr(functions, job["describe"]).__xlfunc__
        else:
            answer = call(job["name"], job["given"])
        print(json.dumps(answer, default=str), flush=True)


main()
