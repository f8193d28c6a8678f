"""What files leave open, as a form: a button for each answer, and which column is which where nobody can tell."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from csmetrics_panels.data.reading import is_whole, open_questions, with_answer
from csmetrics_panels.screen import card

if TYPE_CHECKING:
    from csmetrics_core.files import Reading, Remedy, Said

_AUTO = {"width": "auto"}
_ROW = {"flex_flow": "row wrap", "align_items": "center"}


class Questions(widgets.VBox):  # type: ignore[misc]  # ipywidgets has no types
    """The questions of a reading; empty where it leaves none.

    Args:
        say: takes all that was said with one answer more; the files are to be read again.
    """

    def __init__(self, say: "Callable[[Said], None]") -> None:
        super().__init__([], layout={"display": "none"})
        self._say = say

    def ask(self, reading: "Reading | None", said: "Said | None") -> None:
        """Ask what a reading leaves open."""
        from csmetrics_core.files import Said

        rows = list(self._rows(reading, said or Said())) if reading else []
        self.children, self.layout.display = tuple(rows), "" if rows else "none"

    def _rows(self, reading: "Reading", said: "Said") -> Iterator[Any]:
        for problem, (remedies, place) in open_questions(reading).items():
            rates = [way.value for way in remedies if way.option == "rates"]
            ways = [way for way in remedies if is_whole(way)]
            answers = self._rates(rates, said) if rates else [self._button(way, place, said) for way in ways]
            yield widgets.VBox([widgets.HTML(card.question(f"{problem}.")), widgets.HBox(answers, layout=_ROW)])
        for one in reading.report.not_understood:
            yield widgets.VBox([widgets.HTML(card.question(str(one))), self._which(one.headings, said)])
        unused = [(one.place, one.ignored) for one in reading.report.read if one.ignored]
        if unused:
            tables = [
                widgets.VBox([widgets.HTML(card.note(place)), self._which(names, said)]) for place, names in unused
            ]
            yield widgets.Accordion([widgets.VBox(tables)], titles=["Columns that were not used"], selected_index=None)

    def _button(self, way: "Remedy", place: str, said: "Said") -> Any:
        text = f"{way.means[:1].upper()}{way.means[1:]}"
        button = widgets.Button(description=text, tooltip=f"Read again with {way.option}={way.value!r}", layout=_AUTO)
        button.on_click(lambda _: self._say(with_answer(said, way, place)))
        return button

    def _rates(self, codes: Sequence[str], said: "Said") -> list[Any]:
        """A number for each currency; the one to count in is worth 1."""
        worths = {code: widgets.BoundedFloatText(description=code, min=0, max=1e12, value=0) for code in codes}
        button = widgets.Button(description="Use these rates", tooltip="Read again with these rates", layout=_AUTO)

        def use(_: Any) -> None:
            if all(worth.value > 0 for worth in worths.values()):
                self._say(replace(said, rates={code: worth.value for code, worth in worths.items()}))

        button.on_click(use)
        return [*worths.values(), button]

    def _which(self, headings: Sequence[str], said: "Said") -> Any:
        """A heading of a table, and the column it is."""
        named = [heading for heading in dict.fromkeys(headings) if heading]
        columns = [(name.replace("_", " "), name) for name in known_columns()]
        heading = widgets.Dropdown(
            description="column", options=[("choose a column", ""), *((h[:60], h) for h in named)]
        )
        meaning = widgets.Dropdown(description="is the", options=[("choose what it is", ""), *columns])
        button = widgets.Button(description="Read it so", tooltip="Read the files again with it", layout=_AUTO)

        def use(_: Any) -> None:
            if heading.value and meaning.value:
                self._say(replace(said, columns={**said.columns, meaning.value: heading.value}))

        button.on_click(use)
        return widgets.HBox([heading, meaning, button], layout=_ROW)


def known_columns() -> list[str]:
    """Every column of our tables."""
    from csmetrics_core.files.standard import STANDARD

    return list(dict.fromkeys(name for table in STANDARD.values() for name in table.columns.split()))
