"""`csmetrics scorecard FILE`: the sixteen headline metrics of the tables in a file."""

import json
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from csmetrics_addin.cli import entrance
from csmetrics_addin.cli.terminal import BAD_DATA, Problem, facts, grid, plain, screen, styled, working
from csmetrics_core.company.headline import Assumptions
from csmetrics_core.declaration.spec import MONEY, Unit, with_minus
from csmetrics_core.files.headings import PARTS, words_for
from csmetrics_core.maths.verdicts import BETTER, NO_CLEAR_CHANGE, NOT_JUDGED, WORSE
from csmetrics_core.scorecard import Line, Scorecard, scorecard_of

app = typer.Typer()


@app.command("scorecard")
@entrance.reads_files
def scorecard_of_file(
    files: Annotated[
        list[Path],
        typer.Argument(help="A workbook, CSV files, one a table, or a folder of exports.", show_default=False),
    ],
    month: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m"], metavar="YYYY-MM", help="The month to look at; by default the last one that is over."
        ),
    ] = None,
    csat_scale: Annotated[
        int | None,
        typer.Option(
            metavar="N", min=2, help="The best answer of the satisfaction question; 5 unless the export says else."
        ),
    ] = None,
    ces_scale: Annotated[
        int | None,
        typer.Option(
            metavar="N", min=2, help="The highest answer of the effort question; 7 unless the export says else."
        ),
    ] = None,
    ces_easy: Annotated[
        str, typer.Option(metavar="high|low", help="Which end of the effort scale means easy.")
    ] = "high",
    gross_margin: Annotated[
        float | None,
        typer.Option(
            metavar="SHARE", help="Such as 0.8; by default from costs with the purpose delivery.", min=0, max=1
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    *,
    said: Any = None,
) -> None:
    """Compute the sixteen headline metrics from the tables of a file, and say what is missing for the others.

    Tables are recognised by their headings, whatever their case and in the usual synonyms; the report names what was
    taken for what. In a folder, and among the files, exports of Stripe, ChartMogul, Chargebee, Recurly, Paddle,
    HubSpot, Salesforce, Zendesk, Freshdesk, Delighted, SurveyMonkey, Typeform and Google Forms are recognised; what
    cannot be read without guessing is named with the option that settles it.
    """
    if ces_easy not in ("high", "low"):
        raise Problem(f"--ces-easy is {plain(ces_easy)}", "Say high or low.")
    with working("Reading...") as step:
        reading = entrance.read_files(files, said)
        scales = {**reading.report.scales} | {
            name: scale for name, scale in (("csat", csat_scale), ("ces", ces_scale)) if scale is not None
        }
        given = Assumptions(
            csat_scale=scales.get("csat", 5),
            ces_scale=scales.get("ces", 7),
            ces_easy=ces_easy,
            gross_margin=gross_margin,
        )
        at = f"{month:%Y-%m}" if month else None
        card = scorecard_of(reading, month=at, assumptions=given, progress=lambda title: step(f"{title}..."))
    if as_json:
        data = _as_json(card) | {"files": entrance.report_data(reading.report)}
        typer.echo(json.dumps(data, ensure_ascii=False, indent=2))
    else:
        show(card)
        entrance.show_report(reading.report)
    if not any(line.value is not None for line in card.lines):
        needed = "; ".join(words_for(part) for part in PARTS)
        raise Problem("no metric could be computed", f"A scorecard can use {needed}.", code=BAD_DATA)


def show(card: Scorecard) -> None:
    """Print a scorecard: values, then what is missing, what was recognised, and what to know."""
    terminal = screen()
    columns = [(card.month or "All rows", "left"), ("Value", "right"), ("n", "right"), ("95% interval", "right"),
               ("Change", "right")]  # fmt: skip
    rows = [_row(line) for line in card.lines if line.value is not None]
    if rows:
        terminal.print(grid(columns, rows))
        for note in _verdict_notes(card):
            terminal.print(styled(note, "dim"))
        terminal.print()
    _show_missing(card)
    if rows:
        terminal.print(styled("Computed from", "bold"))
        terminal.print(facts([(line.title, _basis(line)) for line in card.lines if line.value is not None]))
        terminal.print()
    if card.matched:
        terminal.print(styled("Recognised", "bold"))
        terminal.print(facts([(part, _recognised(card, part)) for part in card.matched]))
    for note in card.notes:
        terminal.print(styled(f"Note: {note}"))


def _verdict_notes(card: Scorecard) -> list[str]:
    """What the verdicts rest on, and what they leave open."""
    among = max((line.among for line in card.lines), default=0)
    together = f", allowing for {among} metrics judged together" if among > 1 else ""
    rule = f"?: no clear change. Two samples are compared{together}." if among else ""
    notes = [f"{line.title}: {line.verdict_note}." for line in card.lines if line.verdict_note]
    return [*filter(None, [rule]), *notes]


def _show_missing(card: Scorecard) -> None:
    """What each reason keeps from being computed."""
    reasons: dict[str, list[str]] = {}
    for line in card.lines:
        if line.missing:
            reason = " ".join(filter(None, (line.missing, entrance.spelt(line.remedies))))
            reasons.setdefault(reason, []).append(line.title)
    if reasons:
        terminal = screen()
        terminal.print(styled("Missing", "bold"))
        for reason, titles in reasons.items():
            terminal.print(styled(f"{', '.join(titles)}: {reason}"))
        terminal.print()


def _row(line: Line) -> tuple[object, ...]:
    colour = {BETTER: "green", WORSE: "red"}.get(line.verdict, "dim")
    interval = "" if line.interval is None else _between(line.interval, line.unit)
    return (
        line.title,
        Text(_short(line.value, line.unit), "bold"),
        "" if line.n is None else f"{line.n:,}",
        interval,
        Text(_change(line), colour),
    )


def _between(bounds: tuple[float, float], unit: Unit) -> str:
    return " to ".join(_short(bound, unit) for bound in bounds) if unit is MONEY else unit.between(*bounds)


def _short(value: float | None, unit: Unit) -> str:
    """A value for a narrow table: cents only where they matter."""
    large = unit is MONEY and value is not None and abs(value) >= 1000
    return with_minus(f"{value:,.0f}") if large else unit.text(value)


def _change(line: Line) -> str:
    if line.change is None:
        return ""
    words = {NO_CLEAR_CHANGE: " ?", NOT_JUDGED: ""}.get(line.verdict_words, f" {line.verdict_words}")
    large = line.unit is MONEY and abs(line.change) >= 1000
    return f"{with_minus(f'{line.change:+,.0f}') if large else line.change_text}{words}"


def _basis(line: Line) -> str:
    return "; ".join((line.basis, *line.notes))


def _recognised(card: Scorecard, part: str) -> str:
    fit = card.matched[part]
    columns = ", ".join(
        column if plain(heading).lower() == column else f"{column} = {heading!r}"
        for column, heading in fit.columns.items()
    )
    return f"{fit.table}: {columns}" + (f" (without {', '.join(fit.missing)})" if fit.missing else "")


def _judged(line: Line) -> dict[str, Any]:
    """The numbers behind a verdict; what does not exist is null."""
    names = {"change_low": "low", "change_high": "high", "p_value": "p"}
    numbers = {name: getattr(line.tested, part, None) for name, part in names.items()}
    known = {name: None if number is None or number != number else number for name, number in numbers.items()}
    return {**known, "p_adjusted": line.p_adjusted, "sentence": line.sentence}


def _as_json(card: Scorecard) -> dict[str, Any]:
    lines = [
        {
            "metric": line.metric.name, "title": line.title, "value": line.value, "unit": line.unit.name,
            "n": line.n, "interval": line.interval, "previous": line.previous, "change": line.change,
            "verdict": line.verdict or None, "verdict_note": line.verdict_note, **_judged(line),
            "computed_from": line.basis, "notes": line.notes, "missing": line.missing,
            "answers": [{"option": entrance.option(way), "means": way.means} for way in line.remedies],
        }
        for line in card.lines
    ]  # fmt: skip
    recognised = {part: {"table": fit.table, "columns": dict(fit.columns), "missing": fit.missing}
                  for part, fit in card.matched.items()}  # fmt: skip
    return {"month": card.month, "metrics": lines, "recognised": recognised, "notes": card.notes}
