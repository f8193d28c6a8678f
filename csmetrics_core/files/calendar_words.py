"""The months that words name, in every language."""

from __future__ import annotations

from csmetrics_core.files.languages import LANGUAGES, folded

_WEEKDAYS = "monday tuesday wednesday thursday friday saturday sunday tues thur thurs".split()


def _names() -> dict[str, int]:
    """Every full name, and every beginning of it from three letters on that no other month shares."""
    found: dict[str, set[int]] = {}
    for language in LANGUAGES:
        for number, name in enumerate(language.months.split(), 1):
            for length in range(3, len(name) + 1):
                found.setdefault(folded(name)[:length], set()).add(number)
    also = {folded(word): {number} for language in LANGUAGES for word, number in language.also_months.items()}
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
