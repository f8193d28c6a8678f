"""A request as a spreadsheet formula: the call of our function, and the plain form."""

import re
from typing import Any

from csmetrics_core.declaration import native
from csmetrics_core.declaration.spec import Role
from csmetrics_panels.data.frames import BLANK, Frame
from csmetrics_panels.metric.request import Picked, Request


def excel_formula(request: Request, frame: Frame | None, reported: str = "") -> str:
    """The call as a formula on a table of the data's name, with the add-in; or its reconciliation with a figure."""
    words = _excel_words(request, frame, _excel_conditions(request, frame))
    if reported:
        return f"=CSM_RECONCILE({','.join([_literal(request.metric.excel_name), _literal(reported), *words])})"
    return f"={request.metric.excel_name}({','.join(words)})"


def plain_formula(request: Request, frame: Frame | None) -> str:
    """The same without the add-in, or nothing where plain functions cannot say it or only some rows are wanted."""
    cells = frame.cells(request.segment_by, request.segment) if frame and request.segment else []
    if request.days or request.segment == BLANK or len(cells) > 1:
        return ""
    table = _table_name(frame)
    named = {k: _excel_value(v, table, []) for k, v in request.arguments.items()}
    where = None
    if cells:
        where = native.Where(_reference(table, request.segment_by), _literal(cells[0]))
    formula = native.spell(request.metric, named, where)
    return f"={formula}" if formula else ""


def _excel_conditions(request: Request, frame: Frame | None) -> list[str]:
    table, found = _table_name(frame), []
    if request.segment and frame:
        cells = frame.cells(request.segment_by, request.segment)
        wanted = ["", *(cell for cell in cells if cell != "")] if request.segment == BLANK else cells
        equal = [f"({_reference(table, request.segment_by)}={_literal(cell)})" for cell in wanted]
        found.append(equal[0] if len(equal) == 1 else f"({'+'.join(equal)})")
    if request.days:
        by = _reference(table, request.dated_by)
        first, after = (f"DATE({int(d[:4])},{int(d[5:7])},1)" for d in request.days)
        found += [f"({by}>={first})", f"({by}<{after})"]
    return found


def _excel_words(request: Request, frame: Frame | None, conditions: list[str]) -> list[str]:
    """One word an argument in order; an argument left out in the middle stays empty."""
    table = _table_name(frame)
    given = [a.name for a in request.metric.arguments if a.name in request.arguments]
    last = request.metric.names.index(given[-1]) if given else -1
    words = []
    for argument in request.metric.arguments[: last + 1]:
        value = request.arguments.get(argument.name)
        split = conditions if argument.role is not Role.CHOICE else []
        words.append("" if value is None else _excel_value(value, table, split))
    return words


def _excel_value(value: Any, table: str, conditions: list[str]) -> str:
    if not isinstance(value, Picked):
        return _literal(value)
    references = [_reference(table, column) for column in value.columns]
    if conditions:  # not FILTER, which makes a blank cell 0
        shown = "*".join(conditions)
        references = [f'IF({shown}*({r}<>""),{r},"")' for r in references]
    if len(references) == 1:
        return references[0]
    places = ",".join(str(i + 1) for i in range(len(references)))
    return f"CHOOSE({{{places}}},{','.join(references)})"


def _literal(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, int | float):
        return f"{value:.15g}"
    if isinstance(value, list | tuple):
        return "{" + ",".join(map(_literal, value)) + "}"
    if hasattr(value, "toordinal"):
        return f"DATE({value.year},{value.month},{value.day})"
    return '"' + str(value).replace('"', '""') + '"'


def _table_name(frame: Frame | None) -> str:
    name = re.sub(r"\W+", "_", frame.name if frame else "Data", flags=re.ASCII).strip("_")
    return name if name[:1].isalpha() else f"Data_{name}".rstrip("_")


def _reference(table: str, column: str) -> str:
    """A table's column; signs that mean something in a reference are marked."""
    marked = re.sub(r"(['\[\]#@])", r"'\1", column)
    return f"{table}[{marked}]" if re.fullmatch(r"[\w ]+", column) else f"{table}[[{marked}]]"
