"""What a template declares about itself."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from csmetrics_workbooks.kit.tables import Sheet

if TYPE_CHECKING:
    import pandas as pd

    from csmetrics_workbooks.kit.book import Book


@dataclass(frozen=True)
class Recipe:
    """A template workbook.

    Args:
        name: on the command line and of the file.
        title: of the workbook.
        about: one line for the list of templates.
        answers, steps: for the page Start.
        pages: its own pages in order, with what is on them; the common ones come around them.
        dashboard: which of them has the choices.
        sheets: the data sheets, each with its sample.
        build: writes the pages.
        banner_width: columns the line about the checks takes.
    """

    name: str
    title: str
    about: str
    answers: tuple[str, ...]
    steps: tuple[str, ...]
    pages: tuple[tuple[str, str], ...]
    dashboard: str
    sheets: "Mapping[Sheet, Callable[[], pd.DataFrame]]"
    build: "Callable[[Book], None]"
    banner_width: int
