"""The scorecard at a glance: five tiles, recurring revenue, and what of it stays."""

from collections.abc import Mapping

from xlsxwriter.utility import xl_col_to_name

from csmetrics_core import CATALOG
from csmetrics_core.declaration.spec import FRACTION
from csmetrics_core.palette import ACCENT, MUTED
from csmetrics_workbooks.kit.book import Book
from csmetrics_workbooks.kit.gaps import gap_cells, write_gaps
from csmetrics_workbooks.kit.judging import Measured, guarded, moved_words
from csmetrics_workbooks.kit.lines import Line, line_chart
from csmetrics_workbooks.kit.sheet import Page, axis
from csmetrics_workbooks.kit.terms import Term, change, is_number, term, when
from csmetrics_workbooks.kit.tiles import Tile, interval_words
from csmetrics_workbooks.pages.board import board_range
from csmetrics_workbooks.pages.headline import METRICS, Metrics, shown_unit
from csmetrics_workbooks.pages.workings import QUARTERS

#: Metric -> what its tile is called.
_TITLES = {
    "mrr": "Recurring revenue a month",
    "ndr": "Net retention",
    "grr": "Gross retention",
    "churn_rate": "Customer churn",
    "nps": "NPS",
}

#: Value, prior period and change of a metric.
Cells = tuple[Term, Term, Term]


class Headline:
    """What the first page says before its table, from the table's cells and the workings."""

    def __init__(self, book: Book, metrics: Metrics, rows: Mapping[str, Cells]) -> None:
        self.book, self.metrics, self.rows, self.work = book, metrics, rows, metrics.workings
        self._at = 6 + len(self.work.rows)
        self._kept = self._gross_retention()

    def tiles(self) -> list[Tile]:
        """The tiles in their order."""
        return [self._tile(name) for name in _TITLES]

    def charts(self, page: Page, row: int) -> None:
        """Recurring revenue beside net and gross retention, over the quarters of the board page."""
        months = "=Board!$B$5:$J$5"
        revenue = self.book.chart("column")
        revenue.add_series(
            {
                "name": "MRR",
                "categories": months,
                "values": f"={board_range('mrr')}",
                "fill": {"color": ACCENT},
                "gap": 60,
                "data_labels": {"value": True, "num_format": "#,##0", "font": {"size": 8, "color": MUTED}},
            }
        )
        revenue.set_legend({"none": True})
        revenue.set_x_axis({**axis("mmm yy"), "text_axis": True})
        revenue.set_y_axis({**axis("#,##0", lines=True), "min": 0})
        page.chart(
            row, 0, revenue, "Monthly recurring revenue", "Column chart: MRR at the end of nine quarters", (540, 228)
        )
        names = enumerate(("Net retention", "Gross retention"))
        lines = [Line(name, months, gap_cells(number, QUARTERS)) for number, name in names]
        kept = line_chart(self.book, lines, "mmm yy", "0%", across={"label_position": "low"}, marked=True)
        words = "Line chart: net and gross retention over twelve months, at the end of nine quarters"
        page.chart(row, 6, kept, "Revenue kept from the customers of a year before", words, (462, 228))

    def _tile(self, name: str) -> Tile:
        now, before = self.work.views[:2]
        if name == "grr":
            kept, kept_before = (self.work.get("Gross retention", view) for view in (now, before))
            moved = self._note("Gross retention, change", change(kept, kept_before, FRACTION))
            verdict = self._note(f"Tile: {_TITLES[name]}", when(is_number(moved), "not judged", term("")))
            return Tile(_TITLES[name], FRACTION, kept, moved, verdict, "over twelve months", self._kept)
        value, prior, moved = self.rows[name]
        measured, measured_before = (
            Measured(cell, self.metrics.base(name, view), self.metrics.interval(name, view))
            for cell, view in ((value, now), (prior, before))
        )
        words = moved_words(CATALOG[name], measured, measured_before, self.metrics.plan["z"])
        verdict = self._note(f"Tile: {_TITLES[name]}", words)
        return Tile(_TITLES[name], shown_unit(name), value, moved, verdict, self._beside(name), board_range(name))

    def _beside(self, name: str) -> Term | str:
        now = self.work.views[0]
        interval = self.metrics.interval(name, now)
        if interval:
            return interval_words(*interval, shown_unit(name))
        return self._growth() if name == "mrr" else "over twelve months"

    def _growth(self) -> Term:
        """How much more there is than a year before, of all customers."""
        now = self.work.views[0]
        before, at_end = self.work.get("MRR 12 months ago", now), self.work.get("MRR at end", now)
        grown = self._note("Growth over 12 months, %", guarded(before, (at_end / before - 1) * 100))
        value = f"{grown.value:.1f}".rstrip("0").rstrip(".") if is_number(grown).value else ""
        text = f'IF(ISNUMBER({grown.text}),"growth in a year "&ROUND({grown.text},1)&"%","")'
        return Term(text, f"growth in a year {value}%" if value else "")

    def _note(self, words: str, value: Term) -> Term:
        page = self.work.page
        page.put(self._at, 0, words, page.looks.words())
        self._at += 1
        return page.put(self._at - 1, 1, value, page.looks.number("0.00"))

    def _gross_retention(self) -> str:
        """The board's quarters of gross retention, the latest last, as a chart needs them."""
        page, row = self.work.page, self._at
        page.put(row, 0, "Gross retention, the latest quarter last", page.looks.words())
        quarters = self.work.views[2:]
        cells = {v.number: self.work.get("Gross retention", v) for v in quarters}
        for number, cell in cells.items():
            page.put(row, QUARTERS - number + 1, cell, page.looks.number(FRACTION))
        at = {number: f"Board!${xl_col_to_name(QUARTERS - number + 1)}${6 + METRICS.index('ndr')}" for number in cells}
        net = {v.number: Term(at[v.number], self.metrics.value("ndr", v).value) for v in quarters}
        for number, (words, line) in enumerate((("Net retention", net), ("Gross retention", cells))):
            write_gaps(self.book, number, words, [line[quarter] for quarter in sorted(line, reverse=True)])
        self._at += 1
        return f"{page.prefix}$B${row + 1}:$J${row + 1}"
