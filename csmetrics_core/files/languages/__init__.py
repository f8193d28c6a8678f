"""What people call columns, months, totals and states in the languages their files come in."""

from csmetrics_core.files.languages.danish import DANISH
from csmetrics_core.files.languages.dutch import DUTCH
from csmetrics_core.files.languages.english import ENGLISH
from csmetrics_core.files.languages.french import FRENCH
from csmetrics_core.files.languages.german import GERMAN
from csmetrics_core.files.languages.italian import ITALIAN
from csmetrics_core.files.languages.language import Language, folded
from csmetrics_core.files.languages.norwegian import NORWEGIAN
from csmetrics_core.files.languages.polish import POLISH
from csmetrics_core.files.languages.portuguese import PORTUGUESE
from csmetrics_core.files.languages.spanish import SPANISH
from csmetrics_core.files.languages.swedish import SWEDISH

__all__ = ["LANGUAGES", "Language", "folded"]

#: In the order in which their words are looked for; a language is one more file and one more name here.
LANGUAGES: tuple[Language, ...] = (
    ENGLISH, GERMAN, FRENCH, SPANISH, ITALIAN, PORTUGUESE, DUTCH, SWEDISH, DANISH, NORWEGIAN, POLISH,
)  # fmt: skip
