"""`csmetrics forecast FILE`: annual recurring revenue in the months to come, and what such forecasts were worth."""

from pathlib import Path
from typing import Annotated, Any

import typer

from csmetrics_addin.cli import entrance
from csmetrics_addin.cli.results import print_json, result_table, show_notes
from csmetrics_addin.cli.terminal import BAD_DATA, Problem, screen, working
from csmetrics_core.company.company import Company, Missing
from csmetrics_core.company.headline.ahead import forecast_of
from csmetrics_core.explain import Explained

app = typer.Typer()


@app.command("forecast")
@entrance.reads_files
def forecast(
    files: Annotated[
        list[Path],
        typer.Argument(help="A workbook, CSV files, or a folder with what customers pay a month.", show_default=False),
    ],
    horizon: Annotated[
        int | None, typer.Option(metavar="MONTHS", min=1, max=36, help="Months ahead; 12, or half the history.")
    ] = None,
    new: Annotated[float, typer.Option(metavar="ARR", min=0, help="ARR of new customers a month, your figure.")] = 0,
    terms: Annotated[
        int | None,
        typer.Option(
            metavar="MONTHS", min=1, max=120, help="Months that contracts run; those paid for at a time, or 1."
        ),
    ] = None,
    confidence: Annotated[float, typer.Option(metavar="SHARE", help="Of the band.")] = 0.8,
    seed: Annotated[int, typer.Option(metavar="N", min=0, help="Another number draws other futures.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    *,
    said: Any = None,
) -> None:
    """Forecast annual recurring revenue, with a band and the error of such forecasts on your own past.

    Subscriptions are recognised by their headings: customer, month and MRR, and a segment where there is one. New
    business is not forecast: give your own figure with --new. Every forecast is tried on earlier months and stands
    beside three simple ones.
    """
    options = {"horizon": horizon, "new_arr_a_month": new, "terms": terms, "confidence": confidence, "seed": seed}
    with working("Reading...") as step:
        reading = entrance.read_files(files, said)
        step("Forecasting...")
        told = _told(reading.tables, reading.report, options)
        if (alike := reading.with_names_alike) is not None:
            _refuse_if_names_matter(told, _told(alike, reading.report, options), reading.spellings)
    if as_json:
        print_json({**told.value, "notes": told.notes, "files": entrance.report_data(reading.report)})
        return
    screen().print(result_table(told.value, {c.name: c.unit for c in told.metric.columns}, told.metric.title))
    show_notes(told.notes)
    entrance.show_report(reading.report)


def _told(tables: Any, report: Any, options: dict[str, Any]) -> Explained:
    try:
        return forecast_of(Company(tables, report.waits), **options)
    except Missing as lacking:
        raise Problem(f"a forecast {lacking}", entrance.spelt(lacking.remedies), code=BAD_DATA) from lacking


def _refuse_if_names_matter(apart: Explained, same: Explained, spellings: dict[str, str]) -> None:
    """Names that differ in case or accents alone are asked about where the forecast depends on them."""
    if list(apart.value["arr"]) == list(same.value["arr"]):
        return
    name, first = next(iter(spellings.items()))
    fix = "Say --names same if they are the same, or --names apart if they are two."
    raise Problem(f"the forecast depends on whether {name!r} and {first!r} are the same", fix, code=BAD_DATA)
