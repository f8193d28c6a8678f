"""What commands print, and how they fail: text from data stays text, a problem is one sentence and an exit code."""

import json
import os
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from typing import Any

from rich import box
from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn
from rich.table import Column, Table
from rich.text import Text

USAGE, BAD_DATA = 2, 3
LEAST_NAME, _LEAST_WORDS = 12, 10  # columns of the screen


class Problem(Exception):
    """Something the person at the keyboard can mend.

    Args:
        what: what is wrong, one sentence.
        fix: how to mend it.
        code: exit code; USAGE where the command was typed wrong, BAD_DATA where the file is at fault.
    """

    def __init__(self, what: str, fix: str = "", *, code: int = USAGE) -> None:
        super().__init__(f"{what.rstrip('.')}.{' ' + fix if fix else ''}")
        self.code = code


class _Screen(Console):
    """A terminal on which text has no power, whoever forgot to make it plain."""

    def render_str(self, text: str, **how: Any) -> Text:
        """Text for the screen; lines stay lines."""
        return super().render_str("\n".join(map(plain, text.split("\n"))), **how)


def screen(*, error: bool = False) -> Console:
    """The terminal; nothing printed on it is read as markup, an emoji code, a link or an order."""
    return _Screen(stderr=error, highlight=False, markup=False, emoji=False)


class _Shown(dict[int, str]):
    """How each sign is shown: as it is, or by another where it would steer the terminal or show nothing."""

    def __missing__(self, code: int) -> str:
        sign = chr(code)
        if sign in "\t\r\n":
            shown = " "
        else:
            shown = "�" if unicodedata.category(sign) in _UNSHOWN or code in _BLANK_LETTERS else sign
        self[code] = shown
        return shown


#: Controls, formats (directions of writing, signs without width), halves of signs, and separators of lines.
_UNSHOWN = ("Cc", "Cf", "Cs", "Zl", "Zp")
_BLANK_LETTERS = (0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0)
_SHOWN = _Shown()


def plain(value: object) -> str:
    """A value as one line of text without signs a terminal would obey, and without those that hide or turn others."""
    text = str(value)
    return text if text.isascii() and text.isprintable() else text.translate(_SHOWN)


def plain_json(text: str) -> str:
    """JSON in which signs that `plain` would not show are written by their numbers; it means the same."""
    signs = (sign if sign == "\n" or _SHOWN[ord(sign)] == sign else json.dumps(sign)[1:-1] for sign in text)
    return text if text.isascii() and "\x7f" not in text else "".join(signs)


def styled(value: object, style: str = "") -> Text:
    """Text from data, which Rich then leaves alone."""
    return Text(plain(value), style)


def grid(columns: Sequence[tuple[str, str]], rows: Sequence[Sequence[object]], title: str = "") -> Table:
    """A table that is legible at 80 columns and in a pipe; numbers are never cut or broken, names are where they must.

    Args:
        columns: heading and alignment, "left" or "right".
        rows: the cells; Text is kept as it is.
        title: above the table.
    """
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, title_justify="left")
    table.title = styled(title, "bold") if title else None
    cells = [[cell if isinstance(cell, Text) else styled(cell) for cell in row] for row in rows]
    if columns and columns[0][1] != "right":
        room = _room_for_names(columns, cells)
        for row in cells:
            row[0] = _cut(row[0], room if " " not in row[0].plain else 2 * room)
    for place, (heading, align) in enumerate(columns):
        texts = [heading, *(row[place].plain for row in cells)]
        whole = align == "right" or (place == 0 and not any(" " in text for text in texts))
        table.add_column(
            styled(heading),
            justify="right" if align == "right" else "left",
            no_wrap=whole,
            min_width=max(map(cell_len, texts)) if whole else None,
            overflow="fold",
        )
    for row in cells:
        table.add_row(*row)
    return table


def _room_for_names(columns: Sequence[tuple[str, str]], cells: Sequence[Sequence[Text]]) -> int:
    """What numbers and the least of other words leave to the names in the first column."""
    taken = 0
    for place, (heading, align) in enumerate(columns[1:], 1):
        widest = max([cell_len(heading), *(row[place].cell_len for row in cells)])
        taken += 3 + (widest if align == "right" else min(widest, _LEAST_WORDS))
    return max(LEAST_NAME, screen().width - taken - 1)


def _cut(text: Text, most: int) -> Text:
    """A text less its middle, where it takes more room than there is; names often differ at their ends."""
    if text.cell_len <= most:
        return text
    end = text.plain[::-1]
    kept = set_cell_size(text.plain, most - most // 3 - 1).rstrip(), set_cell_size(end, most // 3)[::-1].lstrip()
    return Text("…".join(kept), text.style)


def facts(rows: Sequence[tuple[str, object]]) -> Table:
    """Items and what is to say about them, without a heading."""
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    most = max(LEAST_NAME, screen().width // 2)
    for item, value in rows:
        table.add_row(_cut(styled(item), most), value if isinstance(value, Text) else styled(value))
    return table


def nearest(word: str, known: Sequence[str], otherwise: str = "") -> str:
    """A hint at what was meant: the nearest names, or all of them where they are few."""
    by_case = {name.lower(): name for name in known}
    near = [by_case[name] for name in get_close_matches(word.lower(), list(by_case), n=3)]
    if near:
        return f"Did you mean {' or '.join(map(plain, near))}?"
    return otherwise or (f"There are: {', '.join(map(plain, known))}." if known else "")


@contextmanager
def working(first: str) -> Iterator[Callable[[str], None]]:
    """Show what is being done while it takes time; silent where nobody watches."""
    console = screen(error=True)
    if not _is_watched(console):
        yield lambda words: None
        return
    with console.status(Text(first)) as status:
        yield lambda words: status.update(Text(words))


@contextmanager
def progress() -> Iterator[Callable[[str, str, int, int], None]]:
    """Show how far each step of a long task is, until the task is done; silent where nobody watches.

    What it gives is told the step, the page or file at hand, and how much of how much is done: 0 of 0 where that
    cannot be told, which shows as a bar that moves to and fro.
    """
    console = screen(error=True)
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=30),
        TextColumn("{task.fields[share]:>4}", markup=False),
        TextColumn("{task.fields[page]}", markup=False, table_column=Column(no_wrap=True, overflow="ellipsis")),
    )
    steps: dict[str, TaskID] = {}
    with Progress(*columns, console=console, transient=True, disable=not _is_watched(console)) as bars:

        def hear(step: str, page: str, done: int, of: int) -> None:
            is_new = step not in steps
            if is_new:
                for before in steps.values():
                    bars.update(before, completed=1, total=1, share="done", page="")
                steps[step] = bars.add_task(step, total=None, share="", page="")
            share = f"{done / of:.0%}" if of else ""
            bars.update(
                steps[step], completed=done, total=of or None, share=share, page=plain(page),
                refresh=is_new,  # a step is seen however short it is
            )  # fmt: skip

        yield hear


def _is_watched(console: Console) -> bool:
    """Whether somebody sees what moves on a terminal; a log of it would be noise, however colours are forced."""
    return console.file.isatty() and not console.is_dumb_terminal and "CI" not in os.environ
