"""How the workbooks look: one palette, two sizes of type, and number formats by unit."""

from typing import Any

from csmetrics_core.declaration.spec import DURATION, MONEY, POINTS, Unit
from csmetrics_core.palette import ACCENT, INK, LINE, MUTED, STATUS

FONT = "Calibri"
MONTH_FORMAT = "mmm yyyy"
BETTER, WORSE = STATUS["met"][0], STATUS["missed"][0]
#: What a person may type over: blue ink on pale yellow, as finance people mark inputs.
INPUT, INPUT_FILL = "#0B3D91", "#FFFBE6"

_FORMATS = {MONEY: "#,##0;-#,##0", DURATION: "0.0", POINTS: "0.0"}


def number_format(unit: Unit) -> str:
    """How a dashboard shows a unit; money without cents, which a board page does not need."""
    return _FORMATS.get(unit, unit.number_format)


def change_format(unit: Unit) -> str:
    """A change always carries its sign; that of a share is in percentage points, as terms.change makes it."""
    plain = number_format(unit).split(";")[0].replace("%", '" pp"')
    return f"+{plain};-{plain};{plain}"


class Looks:
    """Formats of one workbook, made once for each combination of traits."""

    def __init__(self, book: Any) -> None:
        self._book = book
        self._made: dict[tuple[tuple[str, Any], ...], Any] = {}

    def __call__(self, **traits: Any) -> Any:
        """A cell format; every cell has the font and the ink unless it says otherwise."""
        wanted = {"font_name": FONT, "font_size": 10, "font_color": INK, "valign": "vcenter", **traits}
        key = tuple(sorted(wanted.items()))
        if key not in self._made:
            self._made[key] = self._book.add_format(wanted)
        return self._made[key]

    def title(self) -> Any:
        """Name of a page."""
        return self(font_size=18, bold=True, font_color=ACCENT)

    def heading(self) -> Any:
        """Heads a block."""
        return self(font_size=12, bold=True, font_color=ACCENT, bottom=1, bottom_color=ACCENT)

    def column(self, *, right: bool = False) -> Any:
        """Heads a column; above numbers it stands right."""
        return self(
            bold=True,
            font_color="#FFFFFF",
            bg_color=ACCENT,
            text_wrap=True,
            align="right" if right else "left",
            indent=0 if right else 1,
        )

    def words(self, **traits: Any) -> Any:
        """A text cell of a table."""
        return self(**{"bottom": 1, "bottom_color": LINE, "text_wrap": True, "indent": 1, **traits})

    def number(self, unit: Unit | str, **traits: Any) -> Any:
        """A number cell of a table."""
        shown = unit if isinstance(unit, str) else number_format(unit)
        return self(**{"num_format": shown, "align": "right", "bottom": 1, "bottom_color": LINE, **traits})

    def input(self, unit: Unit | str = "General", **traits: Any) -> Any:
        """A cell to type over."""
        shown = unit if isinstance(unit, str) else number_format(unit)
        return self(
            **{
                "num_format": shown,
                "font_color": INPUT,
                "bg_color": INPUT_FILL,
                "border": 1,
                "border_color": LINE,
                "align": "right",
                **traits,
            }
        )

    def note(self, **traits: Any) -> Any:
        """Small print."""
        return self(**{"font_size": 9, "font_color": MUTED, "text_wrap": True, "valign": "top", **traits})

    def sample(self) -> Any:
        """Marks what is made up."""
        return self(font_size=9, bg_color="#FFF4CC", font_color="#5C4300", text_wrap=True, bold=True)

    def only(self, **traits: Any) -> Any:
        """A format with nothing but these traits, for conditions."""
        key = (("only", True), *sorted(traits.items()))
        if key not in self._made:
            self._made[key] = self._book.add_format(traits)
        return self._made[key]
