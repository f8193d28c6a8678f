"""What real exports contain: blanks, text among scores, rows imported twice, markup, personal data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from csmetrics_core.samples.comments import ODD, PERSONAL

if TYPE_CHECKING:
    import pandas as pd

# question -> what people write instead of a number, and the number they mean, if any
WORDS: dict[str, dict[str, int | None]] = {
    "nps": {"n/a": None, "nine": 9, "prefer not to say": None, "ten": 10, "likely": 8},
    "csat": {"n/a": None, "top": 5, "very good": 5},
    "ces": {"n/a": None, "don't know": None},
}
# table -> share of rows imported twice, two rows at least
TWICE = {"subscriptions": 0.0, "payments": 0.0, "responses": 0.005, "tickets": 0.001, "events": 0.001}


def make_messy(tables: dict[str, pd.DataFrame], rng: np.random.RandomState) -> None:
    """Spoil the tables in place, each a little and in the ways that table is spoiled in practice."""
    responses = tables["responses"]
    for question in WORDS:
        _dirty_scores(responses, question, rng)
    _dirty_comments(responses, rng)
    _blank(tables["customers"], ("region", "owner"), 0.01, rng)
    _blank(tables["renewals"], ("owner", "call"), 0.02, rng)
    _blank(tables["tickets"], ("contacts", "channel"), 0.005, rng)
    _blank(tables["events"], ("user", "feature"), 0.001, rng)
    for name, share in TWICE.items():
        tables[name] = _import_twice(tables[name], share, rng)


def put_off_scale(responses: pd.DataFrame) -> None:
    """Replace one NPS score, in the middle of the table, by 11."""
    answered = np.flatnonzero(responses["nps"].notna())
    if answered.size:
        responses.loc[answered[answered.size // 2], "nps"] = 11


def _places(rows: Any, share: float, rng: np.random.RandomState, least: int = 2) -> Any:
    """Choose a share of the rows, but a few at least, none twice."""
    rows = np.asarray(rows, dtype=np.int64)
    size = min(rows.size, max(least, round(share * rows.size)))
    return rng.choice(rows, size, replace=False) if rows.size else rows


def _dirty_scores(responses: pd.DataFrame, question: str, rng: np.random.RandomState) -> None:
    """Leave some scores out and put words in the place of others; a column as a spreadsheet holds it."""
    numbers = responses[question].to_numpy()
    scores = np.array([None if np.isnan(number) else int(number) for number in numbers], dtype=object)
    answered = np.flatnonzero(~np.isnan(numbers))
    for word, meant in WORDS[question].items():
        fitting = answered if meant is None else np.flatnonzero(numbers == meant)
        scores[_places(fitting, 0.001, rng, least=1)] = word
    scores[_places(answered, 0.015, rng)] = None
    responses[question] = scores


def _dirty_comments(responses: pd.DataFrame, rng: np.random.RandomState) -> None:
    """Add personal data to some comments and replace others, of people in two minds, by odd text."""
    comment = responses["comment"].to_numpy(dtype=object, copy=True)
    written = responses["comment"].notna()
    undecided = responses["nps"].isin([7, 8]) | responses["csat"].isin([4])
    places = _places(np.flatnonzero(written & undecided), 0.0, rng, least=len(ODD))
    comment[places] = np.array(ODD, dtype=object)[: places.size]
    places = _places(np.flatnonzero(written), 0.02, rng, least=len(PERSONAL))
    comment[places] = comment[places] + np.resize(np.array(PERSONAL, dtype=object), places.size)
    responses["comment"] = comment


def _blank(table: pd.DataFrame, columns: tuple[str, ...], share: float, rng: np.random.RandomState) -> None:
    for column in columns:
        chosen = np.zeros(len(table), bool)
        chosen[_places(range(len(table)), share, rng)] = True
        table[column] = table[column].mask(chosen)


def _import_twice(table: pd.DataFrame, share: float, rng: np.random.RandomState) -> pd.DataFrame:
    rows = np.arange(len(table))
    doubled = np.sort(np.concatenate([rows, _places(rows, share, rng)]))
    return table.iloc[doubled].reset_index(drop=True)
