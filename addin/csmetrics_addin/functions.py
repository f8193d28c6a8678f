"""The functions Excel imports: one fresh wrapper for every metric, under any xlwings runtime or none."""

import inspect
from collections.abc import Callable
from typing import Any

from xlwings import arg, func

from csmetrics_addin.cells import DAYS_1904, Runtime, answer, for_excel
from csmetrics_addin.slots import LONGEST_HELP, description, slots
from csmetrics_core import CATALOG
from csmetrics_core.declaration.spec import Metric

_OVER_COM = func.__module__ == "xlwings.udfs"
_DATE_SYSTEM = inspect.Parameter("date1904", inspect.Parameter.POSITIONAL_OR_KEYWORD, default=False)


def _wrapper(metric: Metric) -> Callable[..., Any]:
    offered = slots(metric)
    parameters = [slot.parameter for slot in offered]
    # Only VBA can tell a workbook's date system; xlwings fills such an argument in, nobody types it.
    signature = inspect.Signature([*parameters, _DATE_SYSTEM] if _OVER_COM else parameters)

    def function(*given: Any, **named: Any) -> Any:
        values = _in_order(signature, given, named) if named else given
        if not _OVER_COM:
            return for_excel(answer(metric, values, Runtime.OFFICE_JS))
        behind = DAYS_1904 if len(values) > len(offered) and values[-1] else 0
        return for_excel(answer(metric, values[: len(offered)], Runtime.COM, behind))

    function.__name__ = function.__qualname__ = metric.name
    function.__doc__ = description(metric)
    function.__signature__ = signature  # type: ignore[attr-defined]
    function.__annotations__ = (
        {} if _OVER_COM else {p.name: p.annotation for p in parameters if p.annotation is not p.empty}
    )
    for slot in offered:
        function = arg(slot.name, "raw", doc=slot.shown_help[:LONGEST_HELP])(function)
    if _OVER_COM:
        function = arg("date1904", "raw", vba="ActiveWorkbook.Date1904")(function)
    return func(category=f"csmetrics {metric.category.value}")(function)


def _in_order(signature: inspect.Signature, given: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, ...]:
    """All arguments by position; a spreadsheet gives no names, a person trying a function out does."""
    bound = signature.bind(*given, **named)
    bound.apply_defaults()
    return bound.args


globals().update({name: _wrapper(metric) for name, metric in CATALOG.items()})

__all__ = sorted(CATALOG)  # noqa: PLE0605  (the functions are made in the loop above)
