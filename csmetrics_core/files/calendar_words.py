"""Month names in the languages that exports come in: data, to which a language is a line."""

from __future__ import annotations

import unicodedata

_LANGUAGES = {
    "en": "january february march april may june july august september october november december",
    "de": "januar februar märz april mai juni juli august september oktober november dezember",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "pt": "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
    "nl": "januari februari maart april mei juni juli augustus september oktober november december",
}
_ALSO = {"sept": 9, "mrz": 3, "juil": 7, "jänner": 1, "feber": 2}
_WEEKDAYS = "monday tuesday wednesday thursday friday saturday sunday tues thur thurs".split()


def folded(word: str) -> str:
    """A word without case and accents."""
    apart = unicodedata.normalize("NFKD", word.casefold())
    return "".join(letter for letter in apart if not unicodedata.combining(letter))


def _names() -> dict[str, int]:
    """Every full name, and every beginning of it from three letters on that no other month shares."""
    found: dict[str, set[int]] = {}
    for names in _LANGUAGES.values():
        for number, name in enumerate(names.split(), 1):
            for length in range(3, len(name) + 1):
                found.setdefault(folded(name)[:length], set()).add(number)
    also = {folded(word): {number} for word, number in _ALSO.items()}
    return {word: min(numbers) for word, numbers in (found | also).items() if len(numbers) == 1}


MONTHS = _names()
WEEKDAYS = frozenset((*_WEEKDAYS, *(name[:3] for name in _WEEKDAYS)))


def month_number(word: str) -> int | None:
    """The month a word names.

    Example:
        >>> [month_number(word) for word in ("Sept.", "MÄRZ", "Okt", "ju")]
        [9, 3, 10, None]
    """
    return MONTHS.get(folded(word.rstrip(".")))
