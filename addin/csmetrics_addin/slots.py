"""The arguments of a metric as a spreadsheet offers them: each slot with its name, help and default."""

import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from csmetrics_core.declaration.spec import Argument, Metric, Role

#: Spreadsheet functions with defaults cannot take any number of arguments: this many are offered instead.
MOST_VARIADIC = 12
#: What the function wizard of Excel for Windows shows of a text.
LONGEST_HELP = 255


@dataclass(frozen=True)
class Slot:
    """One argument as a spreadsheet offers it."""

    name: str
    help: str
    required: bool
    default: Any
    choices: tuple[str, ...]
    role: Role
    group: str

    @property
    def shown_help(self) -> str:
        """The help, saying what is taken where the argument is left out."""
        if self.required or self.default is None:
            return self.help
        default = f'"{self.default}"' if isinstance(self.default, str) else f"{self.default:g}"
        with_default = f"{self.help} If left out: {default}."
        return with_default if len(with_default) <= LONGEST_HELP else self.help

    @property
    def parameter(self) -> inspect.Parameter:
        """The slot as a Python parameter."""
        default = inspect.Parameter.empty if self.required else self.default
        hint = Literal[self.choices] if self.choices else inspect.Parameter.empty
        return inspect.Parameter(
            self.name, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=default, annotation=hint
        )  # fmt: skip


def slots(metric: Metric) -> tuple[Slot, ...]:
    """The arguments a spreadsheet offers for a metric."""
    return tuple(slot for argument in metric.arguments for slot in _slots(argument))


def _slots(argument: Argument) -> Iterator[Slot]:
    traits = (argument.help, argument.required)
    if not argument.variadic:
        yield Slot(argument.name, *traits, argument.default, argument.choices, argument.role, argument.group)
        return
    stem = argument.name.removesuffix("s")
    for number in range(1, MOST_VARIADIC + 1):
        yield Slot(f"{stem}{number}", *traits, None, (), argument.role, argument.group)


def description(metric: Metric) -> str:
    """What a function wizard says of a metric: its summary, and its formula where there is room."""
    full = f"{metric.summary} Formula: {metric.formula}."
    return full if len(full) <= LONGEST_HELP else metric.summary[:LONGEST_HELP]
