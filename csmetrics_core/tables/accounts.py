"""Accounts over tables: the usage of each from events, and the health of each from its inputs."""

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import narwhals as nw
import numpy as np

from csmetrics_core.declaration.catalog import lookup
from csmetrics_core.errors import off_scale
from csmetrics_core.evaluate import evaluate
from csmetrics_core.reductions.accounts import AccountCounts, account_columns
from csmetrics_core.tables.engine import UNKNOWN, Source, collected, day_of, like, one_if, open_table
from csmetrics_core.tables.frames import names_of
from csmetrics_core.tables.schema import Role

_NEEDED = (Role("account", "id"), Role("user", "id"), Role("date", "date"))
_OPTIONAL = (Role("feature", "id", needed=False), Role("licensed", "number", needed=False))


def usage_by_account(
    frame: Any,
    days: int = 30,
    *,
    account: str | None = None,
    user: str | None = None,
    date: str | None = None,
    feature: str | None = None,
    licensed: str | None = None,
    key_features: Sequence[Any] | None = None,
    time_zone: str = "UTC",
    notes: list[str] | None = None,
) -> Any:
    """How often, how widely and how deeply each account uses the product, and whether that grows.

    Args:
        frame: one row an event.
        days: days in the window that ends on the latest date seen.
        account, user, date, feature, licensed: names of the columns; looked for where not given.
        key_features: the features that matter; by default all that were seen.
        time_zone: the zone whose days count, for moments with a zone.
        notes: a list that takes what the reader must know.

    Returns:
        A frame of the caller's own kind: account, frequency, breadth, depth, growth.

    Raises:
        MetricError: a column is missing or of another type.

    Examples:
        >>> import pandas
        >>> rows = {"account": ["A", "A"], "user": ["u", "v"], "date": pandas.to_datetime(["2026-01-01", "2026-01-02"])}
        >>> usage_by_account(pandas.DataFrame(rows)).frequency.tolist()
        [1.0]

    Source: breadth and depth of adoption, Pendo.
    """
    if not (isinstance(days, int) and 1 <= days <= 3660):
        raise off_scale("days", None, days, "a whole number from 1 to 3660", "Give days, such as 30.")
    given = {"account": account, "user": user, "date": date, "feature": feature, "licensed": licensed}
    source = open_table(frame, (*_NEEDED, *_OPTIONAL), given, time_zone=time_zone, notes=notes)
    source.rows = source.rows.with_columns(day=day_of("date"))
    ends = collected(_usable(source).select(first=nw.col("day").min(), last=nw.col("day").max(), rows=nw.len()))
    if not int(ends["rows"][0]):
        raise source.nothing("the table holds no row with account, user and date")
    first, last = int(ends["first"][0]), int(ends["last"][0])
    counted, available = _counted(source, first, last, days, key_features)
    columns, more = account_columns(counted, available, days)
    source.notes.extend(more)
    return like(source.native, columns)


def _usable(source: Source) -> nw.LazyFrame:
    """Rows with an account, a user and a day."""
    known = (source.known("account") == 1, source.known("user") == 1, nw.col("day") != UNKNOWN)
    return source.rows.filter(*known)


def _counted(
    source: Source, first: int, last: int, days: int, key_features: Sequence[Any] | None
) -> tuple[AccountCounts, int]:
    """Stage 1: what is counted of each account, and how many key features there are."""
    users = collected(_user_days(source, last, days))
    order = sorted(
        range(len(users["account"])), key=lambda i: (isinstance(users["account"][i], str), users["account"][i])
    )
    names = [users["account"][i] for i in order]
    place = {name: i for i, name in enumerate(names)}

    def column(name: str) -> np.ndarray:
        return np.asarray(users[name])[order]

    features, available = None, 0
    if "feature" in source.roles:
        features, available = _features(source, place, last, days, key_features)
    licensed = _licensed(source, place) if "licensed" in source.roles else None
    counts = AccountCounts(
        names, column("active"), column("active_days"), column("active_before"), licensed, features, first, last
    )
    return counts, available


def _user_days(source: Source, last: int, days: int) -> nw.LazyFrame:
    rows = _usable(source).group_by("account", "user", "day").agg(nw.len().alias("rows"))
    age = nw.lit(last) - nw.col("day")
    rows = rows.with_columns(
        now=one_if(age < days), before=nw.when(age < days).then(nw.lit(0)).otherwise(one_if(age < 2 * days))
    )
    users = rows.group_by("account", "user").agg(nw.col("now").sum(), nw.col("before").sum())
    users = users.with_columns(active=one_if(nw.col("now") > 0), active_before=one_if(nw.col("before") > 0))
    return users.group_by("account").agg(
        nw.col("active").sum(), nw.col("now").sum().alias("active_days"), nw.col("active_before").sum()
    )


def _features(
    source: Source, place: dict[Any, int], last: int, days: int, key_features: Sequence[Any] | None
) -> tuple[np.ndarray, int]:
    rows = _usable(source).filter(source.known("feature") == 1)
    rows = rows.with_columns(now=one_if(nw.lit(last) - nw.col("day") < days))
    found = collected(rows.group_by("account", "feature").agg(nw.col("now").sum()))
    wanted = set(found["feature"]) if key_features is None else set(key_features)
    used = np.zeros(len(place), dtype=np.int64)
    for account, feature, now in zip(found["account"], found["feature"], found["now"], strict=True):
        used[place[account]] += bool(now) and feature in wanted
    return used, len(wanted)


def _licensed(source: Source, place: dict[Any, int]) -> np.ndarray:
    """The value on each account's latest date that has one; the highest, if there are several."""
    rows = _usable(source).filter(~nw.col("licensed").is_null())
    rows = rows.group_by("account", "day").agg(nw.col("licensed").max())
    rows = rows.with_columns(latest=nw.col("day").max().over("account")).filter(nw.col("day") == nw.col("latest"))
    found = collected(rows.select("account", "licensed"))
    value = np.full(len(place), np.nan)
    for account, seats in zip(found["account"], found["licensed"], strict=True):
        if seats < 0 or seats != int(seats):
            raise off_scale("licensed", None, seats, "a whole number of 0 or more", "Count whole users.")
        value[place[account]] = seats
    return value


def _of_lines(inputs: Mapping[str, Sequence[float]], weights: Any) -> tuple[list[str], tuple[Any, Any, Any]]:
    """Columns with their (worst, best) as columns and marks; a weight behind them is taken with a warning."""
    expected = "(worst, best)"
    for column, line in inputs.items():
        if not isinstance(line, Sequence) or len(line) not in (2, 3):
            told = tuple(line) if isinstance(line, Sequence) else line
            raise off_scale("values", None, f"{column}: {told}", expected, "Give weights=[...] beside them.")
    lines = list(inputs.values())
    if any(len(line) > 2 for line in lines):
        words = "tables.health_score: a weight behind worst and best is now given by weights=[...], as to health_score"
        warnings.warn(f"{words}; the old form goes with the next release", DeprecationWarning, stacklevel=4)
        weights = [line[2] if len(line) > 2 else 1 for line in lines]
    return list(inputs), (weights, [line[0] for line in lines], [line[1] for line in lines])


def health(
    frame: Any,
    inputs: Sequence[str] | Mapping[str, Sequence[float]],
    weights: Any = 1,
    worst: Any = 0,
    best: Any = 100,
    *,
    account: str | None = None,
    amber: float = 50,
    green: float = 75,
    notes: list[str] | None = None,
) -> Any:
    """Health score and band of each account.

    Args:
        frame: one row an account, one column an input.
        inputs: the columns of the signals; or column -> (worst, best).
        weights: what each input weighs, one an input.
        worst: the value of each input that scores 0.
        best: the value of each input that scores 100; below worst where less is better.
        account: name of the column; looked for where not given.
        amber, green: where the bands begin.
        notes: a list that takes what the reader must know.

    Returns:
        A frame of the caller's own kind: account, score, band, sorted by account; missing where under half
        of the weight is known.

    Raises:
        MetricError: a column is missing or of another type, or an input's line is impossible.

    Examples:
        >>> import pandas
        >>> frame = pandas.DataFrame({"account": ["A", "B"], "breadth": [0.9, 0.2], "tickets": [0, 8]})
        >>> health(frame, ["breadth", "tickets"], [2, 1], worst=[0, 10], best=[1, 0])["band"].tolist()
        ['green', 'red']

    Source: the weighted mean of normalised inputs, as `health_score`.
    """
    marks = (weights, worst, best)
    if isinstance(inputs, Mapping):
        inputs, marks = _of_lines(inputs, weights)
    inputs = names_of("values", inputs)
    if not inputs:
        raise off_scale("values", None, "empty", "the columns of the signals", "Give ['breadth', 'tickets'].")
    roles = (Role("account", "id"), *(Role(column, "number") for column in inputs))
    given = {"account": account, **{column: column for column in inputs}}
    source = open_table(frame, roles, given, notes=notes)
    found = collected(source.rows.filter(source.known("account") == 1).sort("account", *inputs))
    block = np.array([[float("nan") if v is None else float(v) for v in found[name]] for name in inputs]).T
    if not block.size:
        raise source.nothing("the table holds no row with an account")
    single = block.shape[0] == 1
    if len(inputs) == 1:  # a block has two columns at least; the same one twice weighs what it weighs once
        block = np.hstack([block, block])
        weights, worst, best = (mark * 2 if isinstance(mark, list) and len(mark) == 1 else mark for mark in marks)
        marks = (weights, worst, best)
    done = evaluate(lookup("health_score"), (np.vstack([block, block]) if single else block, *marks))
    scores = np.asarray(done.value)[:1] if single else np.asarray(done.value)
    source.notes.extend(getattr(done.parts, "notes", ()))
    words = [None if s != s else evaluate(lookup("health_band"), (s, amber, green)).value for s in scores.tolist()]
    return like(source.native, {"account": list(found["account"]), "score": scores, "band": words})
