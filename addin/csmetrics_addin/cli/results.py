"""A computed metric on the screen and as JSON."""

import json
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import numpy as np
import typer
from rich.cells import cell_len
from rich.console import Group

from csmetrics_addin.cli.pointing import Cells
from csmetrics_addin.cli.terminal import LEAST_NAME, facts, grid, plain_json, screen, styled
from csmetrics_core.declaration.spec import Unit, with_minus
from csmetrics_core.explain import Explained

_SHOWN = 20  # rows of a long result on the screen
Given = dict[str, Cells]


def show(told: Explained, given: Given, notes: Sequence[str] = ()) -> None:
    """Print a result, and what to know about the file it comes from."""
    _show(told, given)
    show_notes(notes)


def show_notes(notes: Sequence[str]) -> None:
    """Print what the reader must know."""
    for note in notes:
        screen().print(styled(f"Note: {note}"))


def _show(told: Explained, given: Given) -> None:
    metric, terminal = told.metric, screen()
    if isinstance(told.value, dict):
        units = {c.name: c.unit for c in metric.columns}
        terminal.print(result_table(told.value, units, metric.title))
        show_notes(told.notes)
        return
    rows: list[tuple[str, object]] = []
    left_out = iter(_dropped(told, given))
    for item, value in told.rows():
        if item.startswith(("value", "low (", "high (")) and isinstance(value, float):
            rows.append((item, styled(metric.unit.text(value), "bold" if item == "value" else "")))
        elif isinstance(value, np.ndarray) and value.ndim:
            rows.append((item, f"{np.count_nonzero(value == value)} of {value.size} have one"))
        elif isinstance(value, tuple):
            rows.append((item, " to ".join(metric.unit.text(bound) for bound in value)))
        elif item.startswith("dropped"):
            rows.append(next(left_out))
        elif item not in ("numerator", "denominator"):
            rows.append((item, value if isinstance(value, str | int) else with_minus(f"{value:,.10g}")))
    terminal.print(facts(rows))
    if isinstance(told.value, np.ndarray):
        terminal.print()
        elements = {"row": list(range(1, told.value.size + 1)), "value": told.value.ravel()}
        terminal.print(result_table(elements, {"value": metric.unit}, ""))


def _dropped(told: Explained, given: Given) -> list[tuple[str, str]]:
    """What was left out, with the rows of the sheet it stands in."""
    lines = []
    for name, reason, count, first in told.dropped:
        cells = given[name]
        rows = ", ".join(str(cells.rows[position]) for position in first)
        more = ", ..." if count > len(first) else ""
        lines.append((f"left out of {name}", f"{count} {reason}" + (f" (row {rows}{more})" if cells.is_column else "")))
    return lines


def result_table(columns: dict[str, Any], units: dict[str, Unit], title: str) -> Group:
    """A result as a table; one too wide for the screen goes on below, its first column repeated."""
    texts = {name: _texts(name, values, units) for name, values in columns.items()}
    numeric = {name for name, values in columns.items() if all(_is_number(value) for value in values)}
    length = len(next(iter(texts.values()), []))
    tables: list[Any] = []
    for names in _parts(texts, numeric, screen().width):
        rows = list(zip(*(texts[name][:_SHOWN] for name in names), strict=True))
        headings = [(name, "right" if name in numeric else "left") for name in names]
        tables += [grid(headings, rows, "" if tables else title), styled("")]
    if length > _SHOWN:
        tables.append(styled(f"and {length - _SHOWN:,} more rows; --json gives them all", "dim"))
    return Group(*tables[:-1] if length <= _SHOWN else tables)


def _is_number(value: Any) -> bool:
    return value is None or isinstance(value, int | float | np.number)


def _parts(texts: dict[str, list[str]], numeric: set[str], width: int) -> list[list[str]]:
    """Which columns stand beside each other: as many as fit; words need little room as they wrap."""
    needs = {name: 3 + max(map(cell_len, [name, *column[:_SHOWN]])) for name, column in texts.items()}
    first, *others = texts
    if first not in numeric:
        numbers = sum(needs[name] for name in others if name in numeric)
        needs[first] = min(needs[first], max(LEAST_NAME + 3, width - numbers))  # a long name is cut
    if sum(needs.values()) > width:
        others.sort(key=lambda name: name not in numeric)  # numbers are what the table is for
    parts, room = [[first]], width - needs[first]
    for name in others:
        need = needs[name] if name in numeric else min(needs[name], 20)
        if need > room and len(parts[-1]) > 1:
            parts.append([first])
            room = width - needs[first]
        parts[-1].append(name)
        room -= need
    return parts


def _texts(name: str, values: Any, units: dict[str, Unit]) -> list[str]:
    unit = units.get(name) or next((u for known, u in units.items() if "{n}" in known and known[:3] == name[:3]), None)
    if unit:
        unit = unit.of(values)
        return [unit.text(value) for value in values]
    return ["" if value is None or value != value else f"{value:,}" if isinstance(value, int) else str(value)
            for value in values]  # fmt: skip


def as_data(told: Explained, notes: Sequence[str] = ()) -> dict[str, Any]:
    metric, value = told.metric, told.value
    answer: dict[str, Any] = {"metric": metric.name, "unit": metric.unit.name if metric.gives != "table" else "table"}
    answer["value"] = records(value) if isinstance(value, dict) else value
    if told.interval is not None:
        answer["interval"] = {"low": told.interval[0], "high": told.interval[1], "confidence": told.confidence}
    answer["n"] = told.n
    answer["dropped"] = [
        {"argument": name, "reason": reason, "count": count, "first": first}
        for name, reason, count, first in told.dropped
    ]
    answer |= {"working": told.working, "notes": [*told.notes, *notes]}
    return {**answer, "formula": metric.formula, "convention": metric.convention, "source": metric.source}


def records(table: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [dict(zip(table, row, strict=True)) for row in zip(*table.values(), strict=True)]


def print_json(answer: Any) -> None:
    typer.echo(plain_json(json.dumps(_plain(answer), ensure_ascii=False, indent=2)))


def _plain(value: Any) -> Any:
    """The same in what JSON knows; what has no value is null."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return _plain(value.tolist()) if value.dtype.kind != "M" else value.astype(str).tolist()
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return _one(value.item() if isinstance(value, np.generic) and value.dtype.kind != "M" else value)


def _one(value: Any) -> Any:
    """One value; days and amounts that JSON has no form for are text."""
    if isinstance(value, date):
        return value.isoformat().removesuffix("T00:00:00")
    if isinstance(value, np.datetime64 | Decimal | UUID):
        return str(value)
    return None if isinstance(value, float) and value != value else value
