"""A page of a workbook: titles, notes, tables of cells, cards, charts. Every formula is written with its value."""

from collections.abc import Sequence
from typing import Any

from xlsxwriter.utility import xl_cell_to_rowcol, xl_rowcol_to_cell

from csmetrics_core.declaration.spec import COMPOUND, POINTS, Unit
from csmetrics_core.palette import ACCENT, ACCENT_SOFT, INK, LINE, MUTED, STATUS
from csmetrics_workbooks.kit.bulk import storable
from csmetrics_workbooks.kit.steps import Steps, is_long
from csmetrics_workbooks.kit.style import BETTER, FONT, WORSE, Looks
from csmetrics_workbooks.kit.terms import CellError, Term


class Page:
    """One worksheet, written cell by cell; rows and columns count from 0."""

    def __init__(self, worksheet: Any, name: str, looks: Looks) -> None:
        self.worksheet = worksheet
        self.name = name
        self.looks = looks
        self.steps: Steps | None = None  # where long formulas go; a page of data or workings keeps them
        self.printed_for: Term | None = None  # whose figures, on pages that are handed over
        self._columns = 1
        self._put: dict[tuple[int, int], tuple[Any, Any]] = {}
        self._first: dict[int, int] = {}  # the first column of each row that holds something
        worksheet.hide_gridlines(2)
        worksheet.set_landscape()
        worksheet.center_horizontally()
        worksheet.fit_to_pages(1, 0)
        worksheet.set_margins(left=0.4, right=0.4, top=0.6, bottom=0.6)
        worksheet.set_footer("&L&8&A&R&8&P / &N")

    def widths(self, *widths: float) -> None:
        """Set the columns' widths, from the first on."""
        self._columns = len(widths)
        for column, width in enumerate(widths):
            self.worksheet.set_column(column, column, width, self.looks())

    def on_one_sheet(self) -> None:
        """Print the whole page on one sheet of paper."""
        self.worksheet.fit_to_pages(1, 1)

    def off_paper(self) -> None:
        """Print nothing of this page: its print area is a cell that holds nothing."""
        last = xl_cell_to_rowcol("XFD1048576")
        self.worksheet.print_area(*last, *last)

    def put(self, row: int, column: int, thing: Any, look: Any = None) -> Term:
        """Write a term, a literal or nothing into a cell, and return the cell as a term."""
        look = look or self.looks()
        if self.steps is not None and is_long(thing):
            thing = self.steps.take(self, row, column, thing)
        self._put[row, column] = thing, look
        if thing is not None:
            self._first[row] = min(column, self._first.get(row, column))
        if isinstance(thing, Term) and thing.array:
            self.worksheet.write_array_formula(row, column, row, column, f"={thing.text}", look, _cached(thing.value))
        elif isinstance(thing, Term):
            self.worksheet.write_formula(row, column, f"={thing.text}", look, _cached(thing.value))
        elif thing is None:
            self.worksheet.write_blank(row, column, None, look)
        elif isinstance(thing, bool):
            self.worksheet.write_boolean(row, column, thing, look)
        elif isinstance(thing, str):
            self.worksheet.write_string(row, column, thing, look)
        else:
            self.worksheet.write_number(row, column, thing, look)
        return self.cell(row, column, _value(thing))

    def cell(self, row: int, column: int, value: Any) -> Term:
        """A cell of this page as a term."""
        return Term(f"{self.prefix}{xl_rowcol_to_cell(row, column, True, True)}", value)

    def beside(self, row: int, column: int) -> tuple[Any, Any]:
        """What a row is called: its first cell, if that stands left of this one, and how it looks."""
        first = row, self._first.get(row, column)
        if first[1] >= column:
            return None, None
        thing, look = self._put[first]
        return self.cell(*first, _value(thing)), look

    def above(self, row: int, column: int) -> tuple[Any, Any]:
        """What a column is called: the head of the cells that follow each other down to this one."""
        top = row
        while self._put.get((top - 1, column), (None,))[0] is not None:
            top -= 1
        if top == row:
            return None, None
        thing, look = self._put[top, column]
        return (thing, None) if isinstance(thing, str) else (self.cell(top, column, _value(thing)), look)

    @property
    def prefix(self) -> str:
        """The page's name as references carry it."""
        return f"'{self.name}'!"

    def title(self, words: str, below: Any = None, width: int = 10) -> None:
        """The page's name, with a line that says what it shows."""
        self.worksheet.set_row(0, 28)
        self.put(0, 0, words, self.looks.title())
        if self.printed_for is not None:
            self.put(0, self._columns - 1, self.printed_for, self.looks(font_color=MUTED, align="right"))
        if below is not None:
            self.note(1, 0, below, width)

    def heading(self, row: int, words: str, width: int) -> None:
        """Head a block over so many columns."""
        self.worksheet.set_row(row, 20)
        for column in range(width):
            self.put(row, column, words if column == 0 else None, self.looks.heading())

    def note(self, row: int, column: int, words: Any, width: int, height: float | None = None) -> None:
        """Small print over several columns."""
        text = words.value if isinstance(words, Term) else words
        self.across(row, column, column + width - 1, words, self.looks.note())
        if height or len(str(text)) > 110:
            self.worksheet.set_row(row, height or 13 * (1 + len(str(text)) // 120) + 2)

    def across(self, row: int, first: int, last: int, thing: Any, look: Any) -> Term:
        """Write into cells of a row made one."""
        if last > first:
            self.worksheet.merge_range(row, first, row, last, "", look)
        return self.put(row, first, thing, look)

    def headers(self, row: int, names: Sequence[str], right: Sequence[int] = (), height: float = 30) -> None:
        """Column heads; those above numbers stand right."""
        self.worksheet.set_row(row, height)
        for column, name in enumerate(names):
            self.put(row, column, name, self.looks.column(right=column in right))

    def choices(self, row: int, column: int, source: Any, message: str = "") -> None:
        """Let a cell take only what a list offers."""
        self.worksheet.data_validation(
            row,
            column,
            row,
            column,
            {
                "validate": "list",
                "source": source,
                "input_message": message[:255],
                "error_message": f"Choose from the list. {message}".strip(),
            },
        )

    def mark_status(self, first: int, column: int, last: int) -> None:
        """Give the words met, near and missed their colours; the word itself says it too."""
        for word, (ink, fill) in STATUS.items():
            self.worksheet.conditional_format(
                first,
                column,
                last,
                column,
                {
                    "type": "cell",
                    "criteria": "==",
                    "value": f'"{word}"',
                    "format": self.looks_for_condition(font_color=ink, bg_color=fill, bold=True),
                },
            )

    def mark_verdict(self, row: int, column: int, verdict_column: int, verdict_row: int | None = None) -> None:
        """Colour a change by the verdict beside it, or in another row, and by nothing else."""
        for word, colour in (("better", BETTER), ("worse", WORSE)):
            verdict = xl_rowcol_to_cell(row if verdict_row is None else verdict_row, verdict_column)
            painted = self.looks_for_condition(font_color=colour)
            rule = {"type": "formula", "criteria": f'={verdict}="{word}"', "format": painted}
            self.worksheet.conditional_format(row, column, row, column, rule)

    def mark_variance(self, first: int, column: int, last: int, higher_is_better: bool) -> None:
        """Colour the sign of a change by whether it is good news."""
        for criteria, good in ((">", higher_is_better), ("<", not higher_is_better)):
            top = xl_rowcol_to_cell(first, column)
            self.worksheet.conditional_format(
                first,
                column,
                last,
                column,
                {
                    "type": "formula",
                    "criteria": f"=AND(ISNUMBER({top}),{top}{criteria}0)",
                    "format": self.looks_for_condition(font_color=BETTER if good else WORSE),
                },
            )

    def bars(self, row: int, column: int, cells: str, unit: Unit) -> None:
        """A row of small bars in a cell, from 0 unless there are scores below; LibreOffice prints no lines."""
        look = {"type": "column", "series_color": ACCENT_SOFT, "last_point": True, "last_color": ACCENT}
        low = {} if unit in (POINTS, COMPOUND) else {"min": 0}
        self.worksheet.add_sparkline(row, column, {"range": cells, "show_hidden": True, **low, **look})

    def looks_for_condition(self, **traits: Any) -> Any:
        """A format that changes only what it names, as conditional formats must."""
        return self.looks.only(**traits)

    def chart(
        self, row: int, column: int, chart: Any, title: str, words: str, size: tuple[int, int] = (480, 240)
    ) -> None:
        """Place a chart with a title and a text for those who cannot see it."""
        chart.set_title(
            {"name": title, "overlay": False, "name_font": {"name": FONT, "size": 11, "color": ACCENT, "bold": True}}
        )
        chart.set_size({"width": size[0], "height": size[1]})
        chart.set_chartarea({"border": {"color": LINE}})
        chart.set_plotarea({"border": {"none": True}})
        self.worksheet.insert_chart(row, column, chart, {"description": words, "object_position": 1})


def axis(number: str = "General", *, lines: bool = False) -> dict[str, Any]:
    """A quiet axis."""
    return {
        "num_format": number,
        "num_font": {"name": FONT, "size": 9, "color": MUTED},
        "line": {"color": LINE},
        "major_gridlines": {"visible": lines, "line": {"color": LINE, "width": 0.5}},
    }


def legend(position: str = "bottom") -> dict[str, Any]:
    """A quiet legend."""
    return {"position": position, "font": {"name": FONT, "size": 9, "color": INK}}


def _value(thing: Any) -> Any:
    return thing.value if isinstance(thing, Term) else thing


def _cached(value: Any) -> Any:
    if value is None:
        return 0
    if isinstance(value, str) and not isinstance(value, CellError):
        return storable(value)
    return value.item() if hasattr(value, "item") else value
