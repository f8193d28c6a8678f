"""The result card as HTML. Every word from outside is escaped."""

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from csmetrics_core.declaration.spec import COUNT, Metric, Unit
from csmetrics_core.errors import MetricError
from csmetrics_core.explain import Explained
from csmetrics_core.markup import html_table
from csmetrics_panels.data.frames import short
from csmetrics_panels.data.reading import open_questions, spelt
from csmetrics_panels.metric.compute import Outcome
from csmetrics_panels.screen.draw import with_unit
from csmetrics_panels.screen.theme import ACCENT, BETTER, LINE, PALE, PAPER, QUIET, TEXT, WORSE, WRONG_FILL
from csmetrics_panels.screen.theme import STYLE as THEME

if TYPE_CHECKING:
    from csmetrics_core.files import Reading

_MOST_ROWS = 200
_ON_A_LINE, _LONGEST_TEXT = 24, 200
_STILL_ROWS = 24
STYLE = f"""<style>
.csm {{ font: 13px/1.5 system-ui, "Segoe UI", Helvetica, Arial, sans-serif; color: {TEXT}; }}
.csm .better {{ color: {BETTER} !important; }}
.csm .worse {{ color: {WORSE} !important; }}
.csm h2 {{ font-size: 19px; margin: 0 0 2px; font-weight: 650; }}
.csm h3 {{ font-size: 14px; margin: 10px 0 4px; font-weight: 650; }}
.csm .quiet {{ color: {QUIET}; }}
.csm .card {{ border: 1px solid {LINE}; border-radius: 6px; padding: 12px 16px; background: {PAPER}; }}
.csm .big {{ font-size: 34px; font-weight: 650; line-height: 1.15; font-variant-numeric: tabular-nums; }}
.csm dl {{ display: grid; grid-template-columns: max-content 1fr; gap: 2px 14px; margin: 8px 0 0; }}
.csm dl dt {{ color: {QUIET}; font-weight: 400; white-space: nowrap; width: auto; float: none; }}
.csm dl dd {{ margin: 0; overflow-wrap: anywhere; width: auto; float: none; }}
.csm .wrong {{ background: {WRONG_FILL}; border-left: 4px solid {WORSE}; padding: 8px 12px; border-radius: 4px; }}
.csm .empty {{ background: {PALE}; border: 1px dashed {LINE}; border-radius: 6px; padding: 18px; color: {TEXT}; }}
.csm .scroll {{ max-height: 480px; overflow: auto; border: 1px solid {LINE}; border-radius: 6px; background: {PAPER}; }}
.csm table {{ border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }}
.csm caption {{ text-align: left; font-weight: 650; padding: 6px 10px; }}
.csm th, .csm td {{ padding: 4px 10px; border-bottom: 1px solid {LINE}; text-align: left; vertical-align: top; }}
.csm thead th {{ position: sticky; top: 0; background: {PALE}; }}
.csm .number {{ text-align: right; white-space: nowrap; }}
.csm .short {{ white-space: nowrap; }}
.csm td {{ overflow-wrap: anywhere; min-width: 4em; }}
.csm .kpis {{ display: grid; grid-template-columns: repeat(auto-fill, minmax(190px, 1fr)); gap: 10px; }}
.csm .kpi {{ border: 1px solid {LINE}; border-radius: 6px; padding: 9px 12px; background: {PAPER}; }}
.csm .kpi b {{ display: block; font-size: 22px; font-variant-numeric: tabular-nums; }}
.csm .kpi span {{ display: block; color: {QUIET}; font-size: 12px; }}
.csm .opens {{ cursor: pointer; display: flex; flex-direction: column; align-items: flex-start; }}
.csm .opens:hover {{ border-color: {ACCENT}; }}
.csm .opens button {{ margin-top: auto; border: 0; background: none; color: {ACCENT}; padding: 2px 0; font: inherit;
  font-size: 12px; text-decoration: underline; cursor: pointer; }}
.csm-board .widget-html, .csm-board .widget-html-content {{ min-width: 0; max-width: 100%; }}
.csm-board .widget-html-content {{ flex: 1 1 0; overflow: hidden; }}
.csm-board .lm-TabBar-tab {{ flex: 0 0 auto !important; min-width: max-content !important;
  max-width: none !important; }}
.csm pre {{ white-space: pre-wrap; overflow-wrap: anywhere; font: 12px/1.45 ui-monospace, Menlo, Consolas, monospace;
  max-height: 260px; overflow: auto; margin: 4px 0; }}
.csm summary {{ cursor: pointer; }}
.csm :focus-visible {{ outline: 2px solid {ACCENT}; }}
{THEME}</style>"""


def wrap(content: str) -> str:
    """A piece of HTML with the styles it needs."""
    return f"{STYLE}<div class='csm'>{content}</div>"


def heading(metric: Metric) -> str:
    """A panel's head: the metric's name and what it is."""
    return wrap(f"<h2>{escape(metric.title)}</h2><div class='quiet'>{escape(metric.summary)}</div>")


def result_card(outcome: Outcome) -> str:
    """The value with everything that stands behind it, or why there is none."""
    if outcome.error is not None:
        content = _error(outcome.error)
    elif outcome.told is not None:
        content = _value(outcome.told, outcome) + _facts(outcome.told, outcome.request.words(), outcome.unfinished)
    else:
        content = ""
    return wrap(f"<div class='card' role='status' aria-live='polite'>{content}</div>")


def missing_card(words: str, example: str) -> str:
    """What still has to be done, in place of a result."""
    return wrap(f"<div class='empty' role='status'>{escape(words)}<br>For example {escape(example)}</div>")


def answer(words: str, details: str) -> str:
    """An answer in a sentence, with what stands behind it as HTML."""
    return wrap(f"<div class='card' role='status' aria-live='polite'><h3>{escape(words)}</h3>{details}</div>")


def broken_card(error: Exception) -> str:
    """A failure nobody foresaw: said, and nothing else breaks."""
    words = f"{type(error).__name__}: {error}"
    return wrap(f"<div class='card' role='status'><div class='wrong'>{escape(words)}</div></div>")


def _error(error: MetricError) -> str:
    place = "" if error.position is None else f" (row {error.position + 1})"
    return f"<div class='wrong'><b>No value: {escape(error.code)}</b>{place}<br>{escape(str(error))}</div>"


def _value(told: Explained, outcome: Outcome) -> str:
    metric, value = told.metric, told.value
    if metric.gives == "table":
        units = {c.name: c.unit for c in metric.columns}
        spread = next((c.unit for c in metric.columns if "{n}" in c.name), metric.unit)
        return table(list(value), list(value.values()), [units.get(name, spread) for name in value], metric.title)
    if metric.gives == "pair":
        return f"<div class='big'>{unit_text(metric, value[0])} to {unit_text(metric, value[1])}</div>"
    if np.ndim(value):
        names = outcome.labels or tuple(map(str, outcome.row_numbers))
        unit = metric.unit
        return table(["row", metric.title], [names, list(np.ravel(value))], [None, unit], f"{np.size(value):,} values")
    return f"<div class='big'>{unit_text(metric, value)}</div>{_segments(metric, outcome)}"


def _segments(metric: Metric, outcome: Outcome) -> str:
    """The segments as a table, where the chart shows the periods."""
    if not (outcome.trend and outcome.groups):
        return ""
    columns = [[getattr(p, name) for p in outcome.groups] for name in ("label", "value", "n", "low", "high")]
    names = [outcome.request.segment_by, metric.title, "n", "low", "high"]
    unit = metric.unit
    return table(names, columns, [None, unit, COUNT, unit, unit], f"By {outcome.request.segment_by}")


def unit_text(metric: Metric, value: Any) -> str:
    """A value as its unit prints it, escaped; points say that they are."""
    return escape(with_unit(metric.unit, value))


def _facts(told: Explained, rows: str, unfinished: str) -> str:
    metric = told.metric
    facts: list[tuple[str, str]] = [("rows", rows), ("unfinished", unfinished)]
    if told.interval is not None:
        low, high = (metric.unit.text(bound) for bound in told.interval)
        facts.append((f"{told.confidence:.0%} interval", f"{low} to {high}"))
    if told.n is not None:
        facts.append(("n used", f"{told.n:,}"))
    for argument, reason, count, first in told.dropped:
        where = ", ".join(str(p + 1) for p in first)
        facts.append(
            (f"dropped from {argument}", f"{count:,} {reason} (row {where}{', …' if count > len(first) else ''})")
        )
    facts += [("working", told.working), *((name, metric.unit.text(v)) for name, v in told.beside.items())]
    facts += [("note", note) for note in told.notes]
    facts += [(f"row {p + 1} has no value", str(e)) for p, e in sorted(told.failures.items())[:5]]
    facts += [("formula", metric.formula), ("convention", metric.convention), ("source", metric.source)]
    lines = (f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>" for name, text in facts if text)
    return f"<dl>{''.join(lines)}</dl>"


def table(
    names: Sequence[str], columns: Sequence[Sequence[Any]], units: Sequence[Unit | None], caption: str = ""
) -> str:
    """Columns as an HTML table that scrolls; at most some hundred rows are shown, and that is said."""
    length, units = len(columns[0]) if columns else 0, _shown_in(units, columns)
    head = "".join(f"<th scope='col'{_class(u)}>{escape(_words(n))}</th>" for n, u in zip(names, units, strict=True))
    body = "".join(_row(columns, units, i) for i in range(min(length, _MOST_ROWS)))
    more = f" (the first {_MOST_ROWS} of {length:,} rows)" if length > _MOST_ROWS else ""
    title = f"<caption>{escape(caption)}{more}</caption>" if caption else ""
    content = f"<table>{title}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    named = escape(caption or "table")
    return f"<div class='scroll' tabindex='0' role='region' aria-label='{named}'>{content}</div>"


def still_table(
    names: Sequence[str], columns: Sequence[Sequence[Any]], units: Sequence[Unit | None], caption: str = ""
) -> str:
    """Columns as an HTML table that stands still: its first rows, and how many there are."""
    length, units = len(columns[0]) if columns else 0, _shown_in(units, columns)
    rows = ([_cell(c[i], u) for c, u in zip(columns, units, strict=True)] for i in range(min(length, _STILL_ROWS)))
    more = f" (the first {_STILL_ROWS} of {length:,} rows)" if length > _STILL_ROWS else ""
    numbers = [place for place, unit in enumerate(units) if _class(unit)]
    return html_table(rows, list(map(_words, names)), caption + more, numbers)


def _shown_in(units: Sequence[Unit | None], columns: Sequence[Sequence[Any]]) -> list[Unit | None]:
    return [unit and unit.of(column) for unit, column in zip(units, columns, strict=True)]


def _row(columns: Sequence[Sequence[Any]], units: Sequence[Unit | None], row: int) -> str:
    return f"<tr>{''.join(_td(_cell(c[row], u), u) for c, u in zip(columns, units, strict=True))}</tr>"


def _td(text: str, unit: Unit | None) -> str:
    """A cell: what is short stays on a line, what is very long is cut and whole when it is pointed at."""
    kept = escape(short(text, _LONGEST_TEXT))
    whole = f" title='{escape(text)}'" if len(text) > _LONGEST_TEXT else ""
    kind = _class(unit) or (" class='short'" if len(text) <= _ON_A_LINE else "")
    return f"<td{kind}{whole}>{kept}</td>"


def _class(unit: Unit | None) -> str:
    return "" if unit is None or unit.name in ("text", "date", "month", "date and time") else " class='number'"


def _cell(value: Any, unit: Unit | None) -> str:
    if value is None or value != value:
        return ""
    if unit is None or isinstance(value, str):
        return str(value)
    return unit.text(value)


def _words(name: str) -> str:
    return name.replace("_", " ")


def refusal(error: Exception) -> str:
    """What was refused, beside what was asked for."""
    return wrap(f"<div class='wrong' role='alert'>{escape(str(error))}</div>")


def reading(made: "Reading", *, with_form: bool = False) -> str:
    """What was recognised in files and what waits for an answer; what was left out and guessed unfolds below.

    Args:
        made: what was read.
        with_form: whether what can be answered is asked beside it.
    """
    report = made.report
    read = "; ".join(f"{one.place}: {one.recognised}, {one.kept:,} of {one.rows:,} rows" for one in report.read)
    asked = open_questions(made) if with_form else {}
    waits = [
        f"{wait.problem}. {wait.fix} {spelt(wait.remedies)}"
        for each in report.waits.values()
        for wait in each
        if wait.problem not in asked
    ]
    lost = [f'{one} In a notebook say it with columns={{"end": "Gone"}}.' for one in report.not_understood]
    refused = [str(error) for error in report.refused.values() if error.problem not in asked]
    wrong = [*refused, *(() if with_form else lost), *dict.fromkeys(waits)]
    told = (f"<div class='wrong' role='alert'>{escape(' '.join(text.split()))}</div>" for text in wrong)
    return wrap(
        f"<div class='quiet' role='status'>{escape(read)}</div>{''.join(told)}"
        f"<details><summary>What was read, left out and guessed</summary><pre>{escape(str(report))}</pre></details>"
    )


def question(words: str) -> str:
    """What waits for an answer."""
    return wrap(f"<div class='wrong' role='alert'>{escape(words)}</div>")


def note(words: str) -> str:
    """A quiet sentence."""
    return wrap(f"<div class='quiet' role='status'>{escape(words)}</div>")
