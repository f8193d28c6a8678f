"""`csmetrics compare LEFT RIGHT --as-of DAY`: two files of contract lines, and what explains the difference."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from csmetrics_addin.cli import entrance
from csmetrics_addin.cli.frames import RatesFile, one_table, rates_of
from csmetrics_addin.cli.results import print_json, records, show_notes
from csmetrics_addin.cli.terminal import Problem, grid, plain, screen
from csmetrics_core.declaration.spec import MONEY
from csmetrics_core.errors import MetricError
from csmetrics_core.tables import arr_compare

app = typer.Typer(add_completion=False)
_UNEXPLAINED = 1
_ENDS = {"auto": "auto", "last-day": "last_day", "first-unpaid": "first_unpaid"}
_LONGEST = 30  # customers on the screen


@app.command()
def compare(
    left: Annotated[Path, typer.Argument(help="Contract lines, such as billing: CSV or Excel.", show_default=False)],
    right: Annotated[Path, typer.Argument(help="The same by another system, such as CRM.", show_default=False)],
    as_of: Annotated[datetime, typer.Option("--as-of", formats=["%Y-%m-%d"], help="Day at whose end both are valued.")],
    ends: Annotated[str, typer.Option("--ends", help="What ends mean: auto, last-day or first-unpaid.")] = "auto",
    rates: RatesFile = None,
    dates: entrance.Dates = None,
    decimal: entrance.Decimal = None,
    encoding: entrance.Encoding = None,
    delimiter: entrance.Delimiter = None,
    column: entrance.Columns = None,
    totals: entrance.Totals = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Compare the annual recurring revenue of two files, customer by customer; exit code 1 if some is unexplained."""
    if ends not in _ENDS:
        raise Problem(f"--ends {plain(ends)} is not known", f"Say one of {', '.join(_ENDS)}.")
    told = entrance.said(
        dates=dates, decimal=decimal, encoding=encoding, delimiter=delimiter, column=column, totals=totals,
        own_currencies=rates is not None,
    )  # fmt: skip
    notes: list[str] = []
    first, second = (one_table(path, told, notes) for path in (left, right))
    options: dict[str, Any] = {"end_is": _ENDS[ends], "rates": rates_of(rates, told, notes)}
    try:
        steps = arr_compare(first, second, as_of.date(), steps=True, **options)
        customers = arr_compare(first, second, as_of.date(), notes=notes, **options)
    except MetricError as error:
        raise Problem(error.problem, error.fix_as(entrance.as_option)) from None
    differing = customers[customers["difference"] != 0]
    if as_json:
        found = {name: records(frame.to_dict("list")) for name, frame in (("steps", steps), ("customers", customers))}
        print_json(found | {"notes": notes})
    else:
        _show(steps, differing)
        show_notes(list(dict.fromkeys(notes)))
    if (customers["unexplained"] != 0).any():
        raise typer.Exit(_UNEXPLAINED)


def _show(steps: Any, differing: Any) -> None:
    """The waterfall, then the customers who differ, the largest first."""
    rows = [(name, MONEY.text(amount)) for name, amount in zip(steps["step"], steps["amount"], strict=True)]
    screen().print(grid((("step", "left"), ("ARR", "right")), rows))
    if len(differing):
        money = ("left", "right", "difference")
        columns = (("customer", "left"), *((name, "right") for name in money), ("rules", "left"))
        shown = differing.head(_LONGEST)
        cells = [
            (plain(str(row["customer"])), *(MONEY.text(row[name]) for name in money), row["rules"] or "unexplained")
            for row in shown.to_dict("records")
        ]
        screen().print(grid(columns, cells))
    if len(differing) > _LONGEST:
        screen().print(f"{len(differing) - _LONGEST} more customers differ; --json lists them all.", soft_wrap=True)
