"""Starts xlwings' Office.js engine and speaks to it."""

import json
import os
import subprocess
import sys
from pathlib import Path


class OfficeJs:
    """Excel's end of the line, with what xlwings' engine answers."""

    def __init__(self, module: str = "csmetrics_addin.functions", command: tuple[str, ...] = (sys.executable,), **env):
        engine = Path(__file__).with_name("officejs_engine.py")
        environment = {**os.environ, "XLWINGS_ON_SERVER": "true", "XLWINGS_LICENSE_KEY": "noncommercial", **env}
        self.process = subprocess.Popen(
            [*command, str(engine), module], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )

    def __getattr__(self, job: str):
        def ask(*given, **arguments):
            if job == "call":
                arguments = {"name": given[0], "given": [None if v is None else _rows(v) for v in given[1:]]}
            self.process.stdin.write(json.dumps({"do": job, **arguments}) + "\n")
            self.process.stdin.flush()
            said = json.loads(self.process.stdout.readline())
            assert "failed" not in said, said
            return said["answer"]

        return ask

    def stop(self) -> None:
        """End the engine."""
        self.process.stdin.close()
        self.process.wait(30)
        self.process.stdout.close()


def _rows(value):
    return value if isinstance(value, list) else [[value]]


def shown(answer) -> list[list]:
    """What Excel shows of an answer: errors as their signs, dates as the serial numbers beneath them."""
    rows = answer if isinstance(answer, list) else [[answer]]
    return [[_cell(cell) for cell in row] for row in rows]


def _cell(cell):
    if not isinstance(cell, dict):
        return cell
    if cell["type"] == "Error":
        signs = {"Div0": "#DIV/0!", "NotAvailable": "#N/A", "Name": "#NAME?", "Null": "#NULL!", "Num": "#NUM!",
                 "Ref": "#REF!", "Value": "#VALUE!"}  # fmt: skip
        return signs[cell["errorType"]]
    assert cell["type"] == "FormattedNumber"
    return cell["basicValue"]
