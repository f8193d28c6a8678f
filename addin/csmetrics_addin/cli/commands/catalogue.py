"""`csmetrics list` and `csmetrics explain`: what there is, and what a metric is."""

from typing import Annotated

import typer
from rich.text import Text

from csmetrics_addin.cli.terminal import Problem, facts, grid, nearest, screen, styled
from csmetrics_core import CATALOG, lookup
from csmetrics_core.declaration.documentation import call_text
from csmetrics_core.declaration.native import spell
from csmetrics_core.declaration.spec import Category, Metric
from csmetrics_core.metrics.about import signature_text

app = typer.Typer()


@app.command("list")
def list_metrics(
    category: Annotated[
        str | None, typer.Option("--category", "-c", help="Only one subject, such as survey or revenue.")
    ] = None,
) -> None:
    """List the metrics by subject; a star marks the sixteen of a scorecard."""
    names = {c.value.lower(): c for c in Category}
    if category is not None and category.lower() not in names:
        raise Problem(f"there is no category {category}", nearest(category, list(names), _all(names)))
    terminal = screen()
    for subject in Category if category is None else [names[category.lower()]]:
        found = sorted((m for m in CATALOG.values() if m.category is subject), key=lambda m: m.name)
        rows = [(m.excel_name, "*" if m.headline else "", m.title, _gives(m)) for m in found]
        if rows:
            columns = [("Function", "left"), ("", "left"), ("Metric", "left"), ("Gives", "left")]
            terminal.print(grid(columns, rows, subject.value))
            terminal.print()
    terminal.print("csmetrics explain NPS tells what one of them is and how to call it.")


def _all(names: dict[str, Category]) -> str:
    return f"Categories: {', '.join(names)}."


def _gives(metric: Metric) -> str:
    if metric.gives == "table":
        return "a table"
    return f"low and high, in {metric.unit.name}" if metric.gives == "pair" else metric.unit.name


@app.command()
def explain(
    metric: Annotated[str, typer.Argument(help="The metric, such as NPS or churn_rate.", show_default=False)],
) -> None:
    """Say what a metric is: formula, convention, arguments, example, plain Excel form and source."""
    declared = lookup(metric)
    terminal = screen()
    terminal.print(styled(f"{declared.excel_name}: {declared.title}", "bold"))
    terminal.print(styled(declared.summary))
    terminal.print()
    rows: list[tuple[str, object]] = [("formula", declared.formula)]
    if declared.convention:
        rows.append(("convention", declared.convention))
    rows += [("gives", _gives(declared)), ("in Excel", f"={declared.excel_name}({signature_text(declared)})")]
    rows += [("example", f"{call_text(declared, e)} = {_result(declared, e.result)}") for e in declared.examples]
    rows += [("without add-in", _native(declared)), ("source", declared.source)]
    terminal.print(facts(rows))
    if declared.arguments:
        terminal.print()
        arguments = [(a.name, Text("optional", "dim") if not a.required else "", a.help) for a in declared.arguments]
        terminal.print(grid([("Argument", "left"), ("", "left"), ("What it is", "left")], arguments))
    if declared.gives == "table":
        terminal.print()
        columns = [(column.name, column.unit.name, column.help) for column in declared.columns]
        terminal.print(grid([("Column", "left"), ("Unit", "left"), ("What it is", "left")], columns))


def _result(metric: Metric, result: object) -> object:
    if isinstance(result, dict):
        return f"a table of {len(next(iter(result.values())))} rows"
    if isinstance(result, tuple):
        return " to ".join(metric.unit.text(bound) for bound in result)
    return metric.unit.text(result)


def _native(metric: Metric) -> str:
    """The formula in plain Excel functions, the required arguments standing for ranges and cells."""
    formula = spell(metric, {a.name: a.name for a in metric.arguments if a.required})
    return f"={formula}" if formula else f"none: {metric.no_native}"
