"""A form made from a metric's arguments: one field an argument, its widget decided by role and kind."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import ipywidgets as widgets

from csmetrics_core.declaration.catalog import CATALOG, lookup
from csmetrics_core.declaration.kinds import Day
from csmetrics_core.declaration.spec import Argument, Metric, Role
from csmetrics_core.errors import wrong_kind
from csmetrics_core.files.headings import is_known, plain
from csmetrics_core.tables.asking import likely_column
from csmetrics_panels.data.frames import Frame, short
from csmetrics_panels.metric.request import Picked

#: Stands for an argument that was not given.
OMITTED: Any = type("Omitted", (), {"__repr__": lambda _: "omitted"})()
#: Typing counts once it has rested so long, in seconds.
TYPING = 0.25
_WIDE = {"width": "auto"}
_STYLE = {"description_width": "130px"}
_TYPED = " "  # no column of a frame is called so in the list: a column's own entry begins with a sign

Changed = Callable[[float], None]


def label(name: str) -> str:
    """An argument's name as a label."""
    return name.replace("_", " ")


def dropdown(description: str, options: Sequence[Any], help: str = "") -> Any:
    """A list to choose from, its label tied to it."""
    return widgets.Dropdown(description=description, options=options, tooltip=help, layout=_WIDE, style=_STYLE)


def number_box(description: str, help: str = "", low: float = 0.0, high: float = 1e15, value: float = 0.0) -> Any:
    """A number to type, taken when it is done."""
    return widgets.BoundedFloatText(
        description=description, tooltip=help, min=low, max=high, value=value, layout={"width": "260px"}, style=_STYLE
    )


class Field:
    """One argument on the form.

    Args:
        argument: what it asks for.
        metric: whose argument it is; a column called like the metric is taken for its first range.
        changed: called after a person changed it, with how long to wait for more.
    """

    def __init__(self, argument: Argument, metric: Metric, changed: Changed) -> None:
        self.argument = argument
        self.metric = metric
        self.changed = changed
        self.frame: Frame | None = None
        self.taken: frozenset[str] = frozenset()  # columns that other arguments are proposed
        self.proposed = ""  # the column proposed by its name
        self.widget: Any = self.make()

    def make(self) -> Any:
        """The widget."""
        raise NotImplementedError

    def offer(self, frame: Frame | None) -> None:
        """Offer the columns of other data."""

    def read(self) -> Any:
        """What was chosen: Picked columns, a value, or OMITTED."""
        raise NotImplementedError

    def write(self, value: Any) -> None:
        """Choose something.

        Raises:
            WrongKind: it cannot be chosen here.
        """
        raise NotImplementedError

    def watch(self, widget: Any, wait: float = 0.0) -> Any:
        """Pass a widget's changes on."""
        widget.observe(lambda _: self.changed(wait), "value")
        return widget

    def likely(self, fitting: Sequence[str]) -> str:
        """The column that is called as the argument is, by the dictionary of headings; nothing is guessed from cells.

        Data of one column are taken for the one column that is asked for, unless its name says something else.
        """
        free = [column for column in fitting if column not in self.taken]
        asked = [a for a in self.metric.arguments if a.required and a.is_range]
        only = asked == [self.argument] and list(self.frame or ()) == free and not any(map(is_known, free))
        found = likely_column(self.metric, self.argument, free) or ("".join(free) if only and len(free) == 1 else "")
        self.proposed = found if self.argument.required else ""
        return self.proposed

    def read_as(self) -> str:
        """How a proposed column was read, while it is chosen and is called something else than the argument."""
        name = self.argument.name
        called = {plain(name), plain(name.removesuffix("s"))}
        shown = self.proposed and self.columns() == (self.proposed,) and plain(self.proposed) not in called
        return f"{self.proposed} as {label(name.removesuffix('s'))}" if shown else ""

    def columns(self) -> tuple[str, ...]:
        """The columns chosen, if any are."""
        return chosen.columns if isinstance(chosen := self.read(), Picked) else ()

    def refuse(self, value: Any) -> Exception:
        """The error for something that cannot be chosen."""
        names = ", ".join(self.frame.fitting(self.argument.kind)) if self.frame else "no data"
        return wrong_kind(self.argument.name, None, value, f"one of the columns that fit: {names}")


class RangeField(Field):
    """A column, of those that hold what the kind asks for."""

    def make(self) -> Any:
        return self.watch(dropdown(label(self.argument.name), [("no data yet", "")], self.argument.help))

    def offer(self, frame: Frame | None) -> None:
        self.frame = frame
        fitting = frame.fitting(self.argument.kind) if frame else []
        none = "choose a column" if self.argument.required else "none"
        none = none if fitting else "no column fits" if frame else "no data yet"
        self.widget.options = [(none, ""), *((short(name), name) for name in fitting)]
        self.widget.value = self.likely(fitting) if self.argument.required else ""

    def read(self) -> Any:
        return Picked((self.widget.value,)) if self.widget.value else OMITTED

    def write(self, value: Any) -> None:
        if value not in [v for _, v in self.widget.options]:
            raise self.refuse(value)
        self.widget.value = value


class BlockField(Field):
    """Columns side by side."""

    def make(self) -> Any:
        widget = widgets.SelectMultiple(
            description=label(self.argument.name), tooltip=self.argument.help, rows=5, layout=_WIDE, style=_STYLE
        )
        return self.watch(widget)

    def offer(self, frame: Frame | None) -> None:
        self.frame = frame
        fitting = frame.fitting(self.argument.kind) if frame else []
        self.widget.options = [(short(name), name) for name in fitting]

    def read(self) -> Any:
        return Picked(tuple(self.widget.value), together=True) if self.widget.value else OMITTED

    def write(self, value: Any) -> None:
        names = (value,) if isinstance(value, str) else tuple(value)
        if not set(names) <= {v for _, v in self.widget.options}:
            raise self.refuse(value)
        self.widget.value = names


class ValueField(Field):
    """A value to type, or a column to get one result a row."""

    def make(self) -> Any:
        name, help = label(self.argument.name), self.argument.help
        is_day = isinstance(self.argument.kind, Day)
        if is_day:
            typed = widgets.DatePicker(description=name, tooltip=help, layout=_WIDE, style=_STYLE)
        else:
            typed = widgets.Text(
                description=name, tooltip=help, placeholder=self.placeholder(), layout=_WIDE, style=_STYLE
            )
        self.typed = self.watch(typed, 0.0 if is_day else TYPING)
        self.source = self.watch(
            dropdown(f"{name}: from", [("typed here", _TYPED)], "One value, or a column of the data")
        )
        self.source.observe(self._show, "value")
        self.source.layout.display = "none"
        return widgets.VBox([self.source, self.typed])

    def placeholder(self) -> str:
        """What could be typed."""
        if not self.argument.required:
            return "" if self.argument.default is None else f"{self.argument.default}"
        return f"such as {self.metric.examples[0].arguments.get(self.argument.name, '')}"[:40]

    def _show(self, _: Any = None) -> None:
        self.typed.layout.display = "" if self.source.value == _TYPED else "none"

    def offer(self, frame: Frame | None) -> None:
        self.frame = frame
        fitting = frame.fitting(self.argument.kind) if frame else []
        self.source.options = [("typed here", _TYPED), *((short(name), f"={name}") for name in fitting)]
        self.source.layout.display = "" if fitting else "none"
        likely = self.likely(fitting) if self.argument.required and not self.typed.value else ""
        if plain(likely) == plain(self.argument.name):  # no more than that: "customer" is a name, "customers" a number
            self.source.value = f"={likely}"
        self._show()

    def read(self) -> Any:
        if self.source.value != _TYPED:
            return Picked((self.source.value[1:],))
        value = self.typed.value
        if isinstance(value, date):
            return value
        text = (value or "").strip()
        if not text:
            return OMITTED
        return text if self.argument.kind.reading in ("text", "id") else _number_or_text(text)

    def write(self, value: Any) -> None:
        entries = [v for _, v in self.source.options]
        if isinstance(value, str) and f"={value}" in entries:
            self.source.value = f"={value}"
            return
        self.source.value = _TYPED
        self.typed.value = value if isinstance(value, date) else "" if value is None else str(value)


class ListField(Field):
    """One value, or one a column, with commas between."""

    def make(self) -> Any:
        default = self.argument.default
        return self.watch(
            widgets.Text(
                description=label(self.argument.name),
                tooltip=f"{self.argument.help} With commas between.",
                placeholder="" if default is None else f"{default}, or one a column: 1, 2, 3",
                layout=_WIDE,
                style=_STYLE,
            ),
            TYPING,
        )

    def read(self) -> Any:
        text = self.widget.value.strip()
        if not text:
            return OMITTED
        words = [word.strip() for word in text.split(",")]
        values = words if self.argument.kind.reading == "text" else [_number_or_text(word) for word in words]
        return values[0] if len(values) == 1 and self.argument.kind.reading != "text" else values

    def write(self, value: Any) -> None:
        self.widget.value = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


class ChoiceField(Field):
    """One of a few words."""

    def make(self) -> Any:
        words = list(self.argument.choices)
        widget = dropdown(label(self.argument.name), words, self.argument.help)
        if self.argument.default in words:
            widget.value = self.argument.default
        return self.watch(widget)

    def read(self) -> Any:
        return OMITTED if self.widget.value == self.argument.default else self.widget.value

    def write(self, value: Any) -> None:
        if value not in self.argument.choices:
            raise wrong_kind(self.argument.name, None, value, self.argument.kind.expected)
        self.widget.value = value


class NameField(Field):
    """A metric of the catalogue, by its title."""

    def make(self) -> Any:
        names = [(metric.title, metric.name) for metric in CATALOG.values()]
        none = "choose a metric" if self.argument.required else "all"
        return self.watch(dropdown(label(self.argument.name), [(none, ""), *names], self.argument.help))

    def read(self) -> Any:
        return self.widget.value or OMITTED

    def write(self, value: Any) -> None:
        self.widget.value = lookup(value).name


_FIELDS: dict[Role, type[Field]] = {
    Role.REDUCED: RangeField,
    Role.ALIGNED: RangeField,
    Role.BLOCK: BlockField,
    Role.PER_COLUMN: ListField,
    Role.EACH: ValueField,
    Role.CHOICE: ChoiceField,
    Role.RAW: NameField,
}


def fields(metric: Metric, changed: Changed) -> list[Field]:
    """One field an argument, in order."""
    return [_FIELDS[argument.role](argument, metric, changed) for argument in metric.arguments]


def _number_or_text(text: str) -> float | int | str:
    """A number as typed; what is none goes on as it is, to be refused in the metric's own words."""
    try:
        number = float(text)
    except ValueError:
        return text
    return int(number) if number.is_integer() and abs(number) < 2**53 else number
