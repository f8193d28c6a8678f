"""xlwings' engine for Excel on Office.js, for the tests: one JSON job a line in, one JSON answer a line out.

A process of its own, because which engine xlwings is gets decided when it is first imported.
"""

import asyncio
import importlib
import json
import sys
import time

import xlwings.server as engine

FRAME = {
    "client": "Office.js", "version": "", "runtime": "1.4", "caller_address": "[Book1.xlsx]Sheet1!B2",
    "session_id": "test", "culture_info_name": "en-US", "date_format": "m/d/yyyy",
}  # fmt: skip


class Excel:
    def __init__(self, module):
        self.module = importlib.import_module(module)

    def meta(self):
        return engine.custom_functions_meta(self.module)

    def call(self, name, given):
        """As Excel sends it: every argument an array of rows, an omitted one null."""
        call = {**FRAME, "func_name": name, "args": given}
        return asyncio.run(engine.custom_functions_call(call, self.module))

    def scripts(self):
        return engine.custom_scripts_meta(self.module)

    def where(self):
        """The file our package was imported from."""
        return sys.modules["csmetrics_core"].__file__

    def timed(self, cells):
        """Seconds of one call on many cells, without the time it takes to read JSON."""
        column = [[i % 11] for i in range(cells)]
        self.call("nps", [[[10], [9]]])
        started = time.perf_counter()
        self.call("nps", [column])
        return time.perf_counter() - started


def main():
    excel = Excel(sys.argv[1])
    for line in sys.stdin:
        job = json.loads(line)
        try:
            answer = {"answer": getattr(excel, job.pop("do"))(**job)}
        except Exception as error:
            answer = {"failed": repr(error)}
        print(json.dumps(answer, allow_nan=False), flush=True)


main()
