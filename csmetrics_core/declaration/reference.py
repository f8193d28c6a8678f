"""The reference page, the README's table of metrics and the types editors see, written from the catalogue.

Run `python -m csmetrics_core.declaration.reference` to write them, with `--check` to see whether they are fresh.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import csmetrics_core
from csmetrics_core import CATALOG, tables
from csmetrics_core.declaration import stubs
from csmetrics_core.declaration.documentation import call_text
from csmetrics_core.declaration.spec import Category, Metric
from csmetrics_core.metrics.about import signature_text
from csmetrics_core.tables.declared import why_not

_CORE = Path(csmetrics_core.__file__).parent
PAGE = _CORE / "REFERENCE.md"
STUB = _CORE / "__init__.pyi"
README = _CORE.parent / "README.md"
START, END = "<!-- metrics: start -->", "<!-- metrics: end -->"


def _by_category() -> Iterator[tuple[Category, list[Metric]]]:
    for category in Category:
        chosen = [m for m in CATALOG.values() if m.category is category]
        if chosen:
            yield category, sorted(chosen, key=lambda m: (m.headline or 99, m.name))


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _entry(metric: Metric) -> str:
    lines = [f"### {metric.excel_name}", "", f"**{metric.title}.** {metric.summary}", ""]
    lines += [f"`={metric.excel_name}({signature_text(metric)})`", "", f"- Formula: {metric.formula}"]
    lines += [f"- Convention: {metric.convention}"] if metric.convention else []
    if metric.gives == "table":
        columns = "; ".join(f"`{c.name}` ({c.unit.name}){': ' + c.help if c.help else ''}" for c in metric.columns)
        lines.append(f"- Gives a table: {columns}")
    else:
        lines.append(f"- Gives: {metric.unit.name}")
    lines.append(
        "- Without the add-in: " + (f"none, {metric.no_native}" if metric.no_native else "plain spreadsheet functions")
    )
    lines += [f"- Example: `{call_text(metric, metric.examples[0])}`", f"- Source: {metric.source}", ""]
    if metric.arguments:
        lines += ["| argument | what it is |", "|---|---|"]
        lines += [f"| {a.name if a.required else f'[{a.name}]'} | {_cell(a.help)} |" for a in metric.arguments] + [""]
    return "\n".join(lines)


def page() -> str:
    """The whole reference as Markdown."""
    parts = ["# Reference", "", "Every function by its spreadsheet name; in Python the name is in small letters."]
    parts.append("Arguments in brackets are optional. Written from the catalogue: do not edit by hand.\n")
    for category, metrics in _by_category():
        parts += [f"## {category.value}", ""] + [_entry(m) for m in metrics]
    parts += ["## Where each works", "", *_doors()]
    return "\n".join(parts).rstrip() + "\n"


def _doors() -> Iterator[str]:
    """Functions against the ways to call them; what is missing says why."""
    yield "In a cell and over arrays all of them; over tables, `tables.nps(frame, ...)` and `df.csm.nps(...)`:"
    yield ""
    yield "| function | cell | array | `df.csm` | pandas, Polars, PyArrow | DuckDB, Spark, Ibis |"
    yield "|---|---|---|---|---|---|"
    for name in sorted(CATALOG):
        metric = CATALOG[name]
        short = name.removeprefix("csm_")  # what asks about a metric is called so over a table
        none = f"no: {why_not(metric)}" if why_not(metric) else "yes"
        none = f"yes, as `{short}`" if short != name and short in tables.__all__ else none
        lazily = "no: its rows are in order, and there a table has none" if metric.ordered else none
        yield f"| {metric.excel_name} | yes | yes | {none} | {none} | {lazily} |"
    yield ""


def table() -> str:
    """The README's table: one line a subject."""
    lines = ["| subject | functions |", "|---|---|"]
    for category, metrics in _by_category():
        names = " · ".join(f"**{m.excel_name}**" if m.headline else m.excel_name for m in metrics)
        lines.append(f"| {category.value} | {names} |")
    return "\n".join(lines)


def readme() -> str:
    """The README with its table renewed."""
    before, rest = README.read_text(encoding="utf-8").split(START)
    return f"{before}{START}\n{table()}\n{END}{rest.split(END)[1]}"


def main(arguments: list[str]) -> int:
    """Write them, or with --check say which is stale."""
    wanted = {PAGE: page(), README: readme(), STUB: stubs.core()}
    stale = [p for p, text in wanted.items() if not p.exists() or p.read_text(encoding="utf-8") != text]
    if "--check" in arguments:
        for path in stale:
            print(f"{path.name} is stale: run make reference")
        return 1 if stale else 0
    for path in stale:
        path.write_text(wanted[path], encoding="utf-8")
        print(f"wrote {path.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
