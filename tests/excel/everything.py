"""Every workbook we can build, as content by name: what the gate and Microsoft's validator go through."""

import sys
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from csmetrics_addin.cli.commands.demo import write_company
from csmetrics_addin.hosts import lite
from csmetrics_panels import DASHBOARDS, dashboard
from csmetrics_panels.dashboards.workbook_data import workbook as exported
from csmetrics_workbooks.build import TEMPLATES, build, recipe
from csmetrics_workbooks.checkbook import write_checkbook
from csmetrics_workbooks.function_book import write_function_book
from csmetrics_workbooks.kit.formulas import Host

from csmetrics_core.declaration.dynamic import lambda_names
from csmetrics_core.samples import sample_company


def template(name: str, host: Host = Host.EXCEL, **given: object) -> bytes:
    """A template as it is handed out."""
    held = BytesIO()
    build(name, held, host=host, **given)
    return lite.carrying(held) if host is Host.LITE else held.getvalue()


def empty(name: str) -> bytes:
    """A template before anybody pasted anything."""
    return template(name, data={s.name: make().head(0) for s, make in recipe(name).sheets.items()}, note="none yet")


def sample() -> bytes:
    """The sample company as the demo writes it."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "made.xlsx"
        write_company(path, lambda step: None)
        return path.read_bytes()


def export(name: str) -> bytes:
    """What the dashboard of a notebook hands over."""
    return exported(dashboard(name, sample_company(customers=40, months=16, event_days=40)))[0]


def functions() -> bytes:
    """The workbook of LAMBDA names."""
    write_function_book(held := BytesIO())
    return held.getvalue()


def check(host: str) -> bytes:
    """The workbook that proves itself."""
    write_checkbook(held := BytesIO(), host, lambda_names() if host == "lambda" else None)
    return held.getvalue()


#: Name -> what makes it; each is slow enough to be made only where it is asked for.
EVERYTHING: dict[str, Callable[[], bytes]] = {
    **{name: lambda name=name: template(name) for name in TEMPLATES},
    **{f"{name} lite": lambda name=name: template(name, Host.LITE) for name in TEMPLATES},
    **{f"{name} empty": lambda name=name: empty(name) for name in TEMPLATES},
    "demo company": sample,
    **{f"export {name}": lambda name=name: export(name) for name in DASHBOARDS},
}

EVERYTHING |= {f"{name} lambda": lambda name=name: template(name, Host.LAMBDA) for name in TEMPLATES}
EVERYTHING |= {"functions": functions, "check excel": lambda: check("excel"), "check lambda": lambda: check("lambda")}

if __name__ == "__main__":
    for made, make in EVERYTHING.items():
        (Path(sys.argv[1]) / f"{made.replace(' ', '_')}.xlsx").write_bytes(make())
