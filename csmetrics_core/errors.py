"""The error family: each error says what is wrong, where, and how to fix it, and knows its Excel error."""

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from itertools import chain
from typing import ClassVar, NamedTuple

#: What a spreadsheet shows in a cell that failed. A range holding one of these is passed on as that error.
CELL_ERRORS = frozenset(
    ("#N/A", "#DIV/0!", "#NUM!", "#VALUE!", "#REF!", "#NAME?", "#NULL!", "#SPILL!", "#CALC!", "#GETTING_DATA")
)


class Named(NamedTuple):
    """What a fix says of an argument in Python's words, for doors that call it otherwise.

    Args:
        words: as they stand in the fix.
        option, value: the argument and what to give it.
    """

    words: str
    option: str
    value: str


class MetricError(ValueError):
    """Input that gives no trustworthy number.

    Args:
        problem: what is wrong, naming the argument and its position.
        fix: one sentence on how to mend the input.
        argument: the argument at fault, if one is.
        position: place of the offending cell in that argument, counted from 0 as Python does.
    """

    excel: ClassVar[str] = "#VALUE!"
    _is_shown = False

    def __init__(
        self, problem: str, fix: str = "", *, argument: str | None = None, position: int | None = None
    ) -> None:
        super().__init__(problem, fix)
        self.problem = problem
        self.fix = fix
        self.argument = argument
        self.position = position
        self.metric = ""
        self.says: tuple[Named, ...] = ()

    @property
    def code(self) -> str:
        """The Excel error this becomes in a cell."""
        return self.excel

    def _render_traceback_(self) -> list[str]:
        """What IPython and Jupyter show: one line, as the sentence says what to mend; `%tb` then shows the frames."""
        shown, self._is_shown = self._is_shown, True
        if not shown:
            return [f"{type(self).__name__}: {self}"]
        from traceback import format_exception

        return "".join(format_exception(self)).splitlines()

    def saying(self, *says: Named) -> "MetricError":
        """The error, with the arguments that its fix names."""
        self.says = says
        return self

    def fix_as(self, call: Callable[[str, str], str]) -> str:
        """How to mend the input, in a door's own words for options and their values."""
        fix = self.fix
        for words, option, value in self.says:
            fix = fix.replace(words, call(option, value))
        return fix

    def sentence(self, place_name: str = "row", at: int | None = None) -> str:
        """What is wrong and how to mend it, for people who count from 1: "scores, row 4, is 11; expected ...".

        Args:
            place_name: what a place of the argument is called.
            at: the place in the whole range, counted from 0, where a part of it was computed.
        """
        problem = self.problem
        if self.argument and self.position is not None:
            counted = f"{self.argument}, {place_name} {(self.position if at is None else at) + 1},"
            problem = problem.replace(place(self.argument, self.position), counted, 1)
        return f"{problem}.{' ' + self.fix if self.fix else ''}"

    def __str__(self) -> str:
        start = f"{self.metric}: " if self.metric else ""
        return f"{start}{self.problem}.{' ' + self.fix if self.fix else ''}"


class WrongKind(MetricError):
    """A value of another kind than the argument takes: text for a number, an unknown choice."""


class WrongShape(MetricError):
    """Ranges that do not belong together: other lengths, or a block where one column is meant."""


class WrongCall(WrongShape, TypeError):
    """A call with an argument too many, missing or unknown."""


class OutOfScale(MetricError):
    """A value off its scale, or a combination that cannot happen, such as more lost than there were."""

    excel = "#NUM!"


class UndefinedMetric(MetricError):
    """The input is fine, but the metric has no value for it."""


class NoData(UndefinedMetric):
    """Nothing to compute from: empty, or all cells dropped."""

    excel = "#N/A"


class ZeroDenominator(UndefinedMetric):
    """The base the metric is divided by is zero."""

    excel = "#DIV/0!"


class ErrorInCell(MetricError):
    """The range holds a spreadsheet error, which is passed on as it is."""

    def __init__(self, code: str, argument: str, position: int | None) -> None:
        super().__init__(
            f"{place(argument, position)} holds the error {code}",
            "Mend that cell, or leave it out of the range.",
            argument=argument,
            position=position,
        )
        self._code = code

    @property
    def code(self) -> str:
        return self._code


class UnknownMetric(MetricError, LookupError):
    """No metric of that name.

    Args:
        name: what was asked for.
        known: what people may call a metric -> the names of the metrics they may mean.
    """

    excel = "#NAME?"

    def __init__(self, name: object, known: Mapping[str, list[str]]) -> None:
        asked = str(name).strip().lower().replace("_", " ")
        near = dict.fromkeys(chain.from_iterable(known[phrase] for phrase in get_close_matches(asked, known)))
        hint = f"Did you mean {' or '.join([*near][:3])}?" if near else "csm_metrics() lists them all."
        super().__init__(f"there is no metric called {str(name)!r}", hint)
        self.near = tuple(near)


def place(argument: str, position: int | None) -> str:
    """Name a cell of an argument as Python would index it."""
    return argument if position is None else f"{argument}[{position}]"


def off_scale(argument: str, position: int | None, got: object, expected: str, fix: str) -> OutOfScale:
    """The error for a value off its scale."""
    problem = f"{place(argument, position)} is {show(got)}; expected {expected}"
    return OutOfScale(problem, fix, argument=argument, position=position)


def wrong_kind(argument: str, position: int | None, got: object, expected: str, fix: str = "") -> WrongKind:
    """The error for a value of another kind."""
    problem = f"{place(argument, position)} is {show(got)}; expected {expected}"
    return WrongKind(problem, fix, argument=argument, position=position)


def stored_as_text(argument: str, position: int, got: object, count: int) -> WrongKind:
    """The error for numbers stored as text: left out, they would give another number."""
    more = f" (and {count - 1:,} more)" if count > 1 else ""
    problem = f"{place(argument, position)} is {show(got)}, stored as text, not as a number{more}"
    fix = "Turn the texts into numbers; in a spreadsheet select them and take Data, Text to Columns, Finish."
    return WrongKind(problem, fix, argument=argument, position=position)


def too_long(argument: str, position: int | None, got: int) -> OutOfScale:
    """The error for a whole number that no floating-point number can hold."""
    return off_scale(argument, position, got, "a number a spreadsheet can hold", "Correct the cell.")


def show(value: object) -> str:
    """Print a value as its user would type it, never longer than a line."""
    if isinstance(value, str):
        return repr(value if len(value) <= 40 else value[:37] + "...")
    if isinstance(value, bool):
        return str(value).upper()
    try:
        return f"{float(value):.10g}"  # type: ignore[arg-type]
    except OverflowError:
        return f"1e{len(str(value)) - 1}"
    except (TypeError, ValueError):
        return str(value)[:40]
