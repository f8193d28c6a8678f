"""A page of paper to draw on: words that are cut rather than run over, tables, tiles; nothing of it is markup."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

from csmetrics_core.palette import ACCENT, BAD, GOOD, INK, LINE, MUTED, PALE, SERIES

#: Inches, lying.
SIZES = {"a4": (11.69, 8.27), "letter": (11.0, 8.5)}
_MARGIN = 0.05  # of the width
_EM, _MIDDLING = 100, 0.58  # a letter of middling width, as a share of the size
_STYLE: dict[Any, Any] = {  # names that only the newest matplotlib types
    "pdf.fonttype": 42,  # whole letters, so that words can be found and copied
    "text.parse_math": False,  # a name with two $ in it is no formula
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "text.color": INK,
    "axes.edgecolor": LINE,
    "axes.labelcolor": MUTED,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
    "legend.fontsize": 8,
}
VERDICT_COLOURS = {"better": GOOD, "worse": BAD}


@lru_cache(maxsize=1)
def _font() -> Any:
    from matplotlib import font_manager, ft2font

    font = ft2font.FT2Font(font_manager.findfont("DejaVu Sans"))
    font.set_size(_EM, 72)
    return font


@lru_cache(maxsize=4096)
def _width(sign: str) -> float:
    """How wide a letter is, where one of middling width is 1."""
    return float(_font().load_char(ord(sign)).linearHoriAdvance) / 65536 / _EM / _MIDDLING


def printable(text: object) -> str:
    """Text in letters the font has; others become the sign for that."""
    known = _font().get_charmap()
    return "".join(sign if ord(sign) in known else "\N{REPLACEMENT CHARACTER}" for sign in " ".join(str(text).split()))


def cut(text: object, width: float) -> str:
    """Text that takes the room of so many letters at most."""
    whole = printable(text)
    room = width
    for place, sign in enumerate(whole):
        room -= _width(sign)
        if room < 0:
            return f"{whole[: max(place - 1, 0)].rstrip()}…"
    return whole


def wrap(text: object, width: float) -> list[str]:
    """Text over several lines, each with the room of so many letters."""
    lines = [""]
    for word in printable(text).split():
        longer = f"{lines[-1]} {word}".strip()
        if sum(map(_width, longer)) <= width or not lines[-1]:
            lines[-1] = longer if sum(map(_width, longer)) <= width else cut(word, width)
        else:
            lines.append(cut(word, width))
    return lines


class Paper:
    """The pages of a pack.

    Args:
        size: of SIZES.
        foot: what stands below every page.
    """

    def __init__(self, size: str, foot: str) -> None:
        self.size, self.foot = SIZES[size], foot
        self._pages: list[Any] = []

    def page(self, title: str, below: str = "") -> Page:
        """A new page with its title."""
        from matplotlib.figure import Figure

        figure = Figure(figsize=self.size)
        self._pages.append(figure)
        page = Page(figure)
        page.words(0, 0.935, title, size=20, colour=ACCENT, bold=True)
        page.words(0, 0.885, below, size=10, colour=MUTED)
        page.words(0, 0.03, self.foot, size=8, colour=MUTED)
        figure.text(1 - _MARGIN, 0.03, str(len(self._pages)), size=8, color=MUTED, ha="right")
        return page

    def save(self, path: Path, title: str) -> None:
        """Write the pages; the same pages give the same bytes."""
        from matplotlib.backends.backend_pdf import PdfPages

        about = {"Title": title, "Creator": "csmetrics", "Producer": "csmetrics", "CreationDate": None}
        with PdfPages(path, metadata=about) as pdf:
            for figure in self._pages:
                pdf.savefig(figure)


class Page:
    """One page; places are shares of it between the margins, from the bottom left."""

    def __init__(self, figure: Any) -> None:
        self.figure = figure

    def words(
        self, x: float, y: float, text: object, *, size: float = 9, colour: str = INK, bold: bool = False, wide: int = 0
    ) -> int:
        """Write text, over several lines where it is `wide` letters a line; returns how many."""
        lines = wrap(text, wide) if wide else [printable(text)]
        weight = "bold" if bold else "normal"
        self.figure.text(_at(x), y, "\n".join(lines), size=size, color=colour, weight=weight, va="top", linespacing=1.4)
        return len(lines)

    def axes(self, x: float, y: float, width: float, height: float, title: str = "") -> Any:
        """A chart's place."""
        axes = self.figure.add_axes((_at(x), y, width * (1 - 2 * _MARGIN), height))
        if title:
            axes.set_title(title, loc="left", size=11, color=ACCENT, weight="bold", pad=10)
        return axes

    def box(self, x: float, y: float, width: float, height: float) -> None:
        """A pale ground."""
        from matplotlib.patches import Rectangle

        inner = 1 - 2 * _MARGIN
        self.figure.add_artist(
            Rectangle((_at(x), y), width * inner, height, facecolor=PALE, edgecolor=LINE, lw=0.6, zorder=-1)
        )

    def table(
        self, y: float, heads: Sequence[str], rows: Sequence[Sequence[object]], places: Sequence[float],
        right: set[int], widths: Sequence[int], step: float = 0.033,
    ) -> float:  # fmt: skip
        """A table of words, its columns at `places`; those named stand right of theirs. Returns where it ends."""
        for number, row in enumerate([heads, *rows]):
            top = y - number * step
            for column, cell in enumerate(row):
                self.figure.text(
                    _at(places[column]), top, cut(cell, widths[column]), size=9, va="top",
                    ha="right" if column in right else "left", color=ACCENT if not number else INK,
                    weight="bold" if not number else "normal",
                )  # fmt: skip
        return y - (len(rows) + 1) * step


def _at(x: float) -> float:
    return _MARGIN + x * (1 - 2 * _MARGIN)


@contextmanager
def style() -> Iterator[None]:
    """The look of every page, for as long as they are drawn and written."""
    import matplotlib
    from cycler import cycler

    with matplotlib.rc_context({**_STYLE, "axes.prop_cycle": cycler(color=SERIES)}):
        yield
