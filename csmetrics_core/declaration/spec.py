"""What a metric says about itself: category, unit, bounds, columns, example and the roles of its arguments."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from typing import Annotated, Any, Literal, NamedTuple

from csmetrics_core.declaration.kinds import Kind


class Category(Enum):
    """Subjects, in the order people read them."""

    SURVEY = "Survey"
    REVENUE = "Revenue"
    RETENTION = "Retention"
    VALUE = "Value"
    CONVERSION = "Conversion"
    SUPPORT = "Support"
    USAGE = "Usage"
    HEALTH = "Health"
    FEEDBACK = "Feedback"
    ABOUT = "About"


class Better(Enum):
    """Which direction is good news; plots and colours read it."""

    HIGHER = "higher"
    LOWER = "lower"
    NEITHER = "neither"


class Sample(Enum):
    """What chance there is in a metric; it decides how "did it move" is judged, and no more need be said."""

    SHARE = "a share of answers, each of them chance"
    COUNTED = "a share of everybody, so that only the share is chance, not who is counted"
    LOST = "a share of everybody, of whom each can be lost only once, so that nobody counts twice over the periods"
    VOTES = "a mean of +1, 0 and -1 votes"
    MEAN = "a mean of values"
    CUSTOMERS = "a ratio of sums over customers"
    TOTAL = "a sum over all customers: its change is a fact, and chance only beside their usual spread"
    NONE = "not judged"


def with_minus(text: str) -> str:
    """A number's text with a minus sign for its hyphen, and with neither where nothing but zeros is left of it.

    Example:
        >>> [with_minus(text) for text in ("-44.2", "-0.0", "1.5")]
        ['−44.2', '0.0', '1.5']
    """
    if not text.startswith("-"):
        return text
    return f"{'−' if any(sign in '123456789' for sign in text) else ''}{text[1:]}"


@dataclass(frozen=True)
class Unit:
    """A unit, how a spreadsheet formats it, and how text prints it."""

    name: str
    number_format: str
    text_format: str

    @property
    def is_share(self) -> bool:
        """Whether it is shown in percent, so that its changes are percentage points."""
        return "%" in self.number_format

    def text(self, value: object) -> str:
        """Print one value for a person; a value that does not exist prints as nothing."""
        if value is None or value != value:
            return ""
        if self in (DATE, MOMENT, MONTH):
            return str(value)[: 7 if self is MONTH else 19].replace("T", " ")
        if self is TEXT or isinstance(value, str):
            return str(value)
        return with_minus(self.text_format.format(value))

    def of(self, column: Iterable[object]) -> "Unit":
        """The unit a column is shown in: dates are months where there are several and each is the first of one.

        Example:
            >>> [DATE.of(days).text(days[0]) for days in (["2026-01-01", "2026-02-01"], ["2026-01-01", "2026-02-02"])]
            ['2026-01', '2026-01-01']
        """
        if self is not DATE:
            return self
        days = {str(one)[:10] for one in column if one is not None and one == one}
        return MONTH if len(days) > 1 and all(day.endswith("-01") for day in days) else self

    def change(self, value: float) -> str:
        """A change with its sign; of fractions in percentage points."""
        if self.is_share:
            return f"{with_minus(f'{100 * value:+.1f}')} pp"
        return f"{'+' if value >= 0 else '−'}{self.text(abs(value)).lstrip('+')}"

    def between(self, low: object, high: object) -> str:
        """Two bounds; a word that both end with stands once: 4.0 to 4.3 min."""
        first, last = (self.text(bound) or "not known" for bound in (low, high))
        number, _, word = first.partition(" ")
        is_said_once = word and number[-1].isdigit() and last.endswith(f" {word}")
        return f"{number if is_said_once else first} to {last}"


FRACTION = Unit("fraction", "0.0%", "{:.1%}")
POINTS = Unit("points", "0.0", "{:.1f}")
MONEY = Unit("money", "#,##0.00", "{:,.2f}")
COUNT = Unit("count", "#,##0", "{:,.0f}")
RATIO = Unit("ratio", "0.00", "{:.2f}")
MEAN = Unit("scale points", "0.00", "{:.2f}")
MONTHS = Unit("months", "0.0", "{:.1f} months")
PERIODS = Unit("periods", "0.0", "{:.1f} periods")
DURATION = Unit("the durations' own unit", "0.00", "{:,.2f}")
SECONDS = Unit("seconds", "#,##0", "{:,.0f}")
MINUTES = Unit("minutes", "0.0", "{:,.1f} min")
PER_USER = Unit("a user", "0.00", "{:.2f}")
COMPOUND = Unit("compound, -1 to 1", "0.00", "{:+.2f}")
PROBABILITY = Unit("probability", "0.000", "{:.3f}")
DATE = Unit("date", "yyyy-mm-dd", "{}")
MONTH = Unit("month", "yyyy-mm", "{}")
MOMENT = Unit("date and time", "yyyy-mm-dd hh:mm:ss", "{}")
TEXT = Unit("text", "@", "{}")


class Role(Enum):
    """What an argument is to the calculation; it decides how its cells are cleaned."""

    REDUCED = "a range; blanks drop out"
    ALIGNED = "a range that belongs row by row with others; a bad row drops out whole"
    EACH = "one value, or a range to get one result each"
    CHOICE = "one of a few words"
    BLOCK = "a block, one score a row"
    PER_COLUMN = "one value, or one a column of the block"
    RAW = "passed on as it came"


@dataclass(frozen=True)
class Adds:
    """Marks a single value that adds up over the rows of a table; a rate or a mean does not."""


ADDS = Adds()
Values = Annotated[Any, Role.REDUCED]
Aligned = Annotated[Any, Role.ALIGNED]
Each = Annotated[Any, Role.EACH]
#: As `Each`, and over the rows of a table it adds up: 3 lost of 100 and 2 of 50 are 5 of 150.
Total = Annotated[Any, Role.EACH, ADDS]
Block = Annotated[Any, Role.BLOCK]
PerColumn = Annotated[Any, Role.PER_COLUMN]
Raw = Annotated[Any, Role.RAW]


@dataclass(frozen=True)
class Group:
    """Names the set of ranges an aligned argument belongs to, where a call has more than one set."""

    name: str


@dataclass(frozen=True)
class Column:
    """One column of a table; a name ending in `{n}` stands for as many columns as the data need."""

    name: str
    unit: Unit
    help: str = ""


class Example:
    """One runnable call with its result; a table's result is given as columns."""

    def __init__(self, *, result: Any, **arguments: Any) -> None:
        self.arguments = arguments
        self.result = result


class Spelled(list[Any]):
    """Cells of an example too long to print, shown as the expression that gives them."""

    def __init__(self, expression: str, cells: list[Any]) -> None:
        super().__init__(cells)
        self.expression = expression

    def __repr__(self) -> str:
        return self.expression


@dataclass(frozen=True)
class Argument:
    """One argument of a metric, derived from its signature, annotation and docstring."""

    name: str
    role: Role
    kind: Kind
    required: bool
    default: Any
    help: str
    group: str = ""
    choices: tuple[str, ...] = ()
    variadic: bool = False
    adds: bool = False

    @property
    def is_range(self) -> bool:
        """Whether a person selects a range of cells for it."""
        return self.role in (Role.REDUCED, Role.ALIGNED, Role.BLOCK, Role.PER_COLUMN)


Bounds = tuple[float, float]


class ByRole(NamedTuple):
    """The arguments of a metric by role, in the order of `Role`; attributes, as looking up an Enum is slow."""

    reduced: tuple[Argument, ...]
    aligned: tuple[Argument, ...]
    each: tuple[Argument, ...]
    choice: tuple[Argument, ...]
    block: tuple[Argument, ...]
    per_column: tuple[Argument, ...]
    raw: tuple[Argument, ...]


@dataclass(frozen=True)
class Metric:
    """One entry of the catalogue. Everything any door shows about a metric is read from here.

    `keyword_only` arguments exist where names can be given, so not in cells.
    """

    name: str
    title: str
    summary: str
    category: Category
    unit: Unit
    bounds: Bounds | Mapping[str, Bounds]
    better: Better
    formula: str
    convention: str
    source: str
    examples: tuple[Example, ...]
    arguments: tuple[Argument, ...]
    columns: tuple[Column, ...]
    native: str
    no_native: str
    dynamic: str
    headline: int | None
    empty_is_zero: bool
    ordered: bool
    gives: Literal["number", "pair", "table", "words"]
    body: Callable[..., Any] = field(repr=False)
    function: Callable[..., Any] = field(repr=False)
    sample: Sample = Sample.NONE
    keyword_only: tuple[Argument, ...] = ()

    def __repr__(self) -> str:
        return f"<Metric {self.name}: {self.title}>"

    @property
    def excel_name(self) -> str:
        """The name in a spreadsheet."""
        return self.name.upper()

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of the arguments, in order."""
        return tuple(a.name for a in self.arguments)

    @cached_property
    def own_names(self) -> frozenset[str]:
        """The names a call may use, those by name only among them."""
        return frozenset(self.names).union(a.name for a in self.keyword_only)

    @cached_property
    def required(self) -> tuple[str, ...]:
        """The names of the arguments that must be given."""
        return tuple(a.name for a in self.arguments if a.required)

    @cached_property
    def optional(self) -> tuple[tuple[str, Any], ...]:
        """The names of the arguments that may be left out, with what stands for them."""
        return tuple((a.name, a.default) for a in (*self.arguments, *self.keyword_only) if not a.required)

    @cached_property
    def rest(self) -> str:
        """The name of the argument that takes all further values, if there is one."""
        return next((a.name for a in self.arguments if a.variadic), "")

    @cached_property
    def roles(self) -> "ByRole":
        """The arguments of each role."""
        return ByRole(*(tuple(a for a in self.arguments if a.role is role) for role in Role))

    @cached_property
    def elementwise(self) -> bool:
        """Whether the body takes whole arrays in a broadcast: all its arguments are single values, and its result."""
        single = all(a.role in (Role.EACH, Role.CHOICE) for a in self.arguments)
        return single and self.gives in ("number", "words")

    def run(self, values: Mapping[str, Any]) -> Any:
        """Call the body with cleaned values."""
        if self.rest:
            own = {a.name: values[a.name] for a in self.keyword_only}
            return self.body(*(values[name] for name in self.names[:-1]), *values[self.rest], **own)
        return self.body(**values)

    def argument(self, name: str) -> Argument:
        """Look up one argument."""
        return next(a for a in self.arguments if a.name == name)

    def limits(self, given: Mapping[str, Any]) -> Bounds:
        """The bounds of the result, which may depend on a choice."""
        if isinstance(self.bounds, tuple):
            return self.bounds
        choice = next(a for a in self.arguments if a.role is Role.CHOICE)
        return self.bounds[given.get(choice.name) or choice.default]
