"""Usage events over tables: active users, sessions, adoption, usage by account."""

import datetime
from collections.abc import Iterable, Sequence
from typing import Any

import narwhals as nw
import numpy as np

from csmetrics_core.errors import off_scale
from csmetrics_core.maths.periods import as_dates, day_text
from csmetrics_core.metrics.adoption import adoption_columns
from csmetrics_core.reductions.windows import blank_start, span_of, stickiness, users_in_window
from csmetrics_core.tables.engine import (
    NEVER,
    UNKNOWN,
    Source,
    collected,
    day_of,
    last_complete,
    like,
    millisecond_of,
    one_if,
    open_table,
    plan_like,
)
from csmetrics_core.tables.frames import values_like
from csmetrics_core.tables.schema import Role

_USER, _DATE = Role("user", "id"), Role("date", "date")
_CALLED = {1: "dau", 7: "wau", 30: "mau"}


def active_users(
    frame: Any,
    windows: Sequence[int] = (1, 7, 30),
    *,
    user: str | None = None,
    date: str | None = None,
    as_of: datetime.date | None = None,
    time_zone: str = "UTC",
    notes: list[str] | None = None,
) -> Any:
    """Distinct users in trailing windows, day by day.

    Args:
        frame: one row an event.
        windows: lengths in days, the day itself being the last.
        user, date: names of the columns; looked for where not given.
        as_of: the day the data were taken: the table runs up to the day before, though nobody may have been active.
            Where not given, up to the last day seen before today.
        time_zone: the zone whose days count, for moments with a zone.
        notes: a list that takes what the reader must know.

    Returns:
        A frame of the caller's own kind: date, and a column a window, called dau, wau, mau for 1, 7 and 30
        days and active_n otherwise; with 1 and 30 also stickiness. Missing until a window is full.

    Raises:
        MetricError: a column is missing or of another type.

    Examples:
        >>> import pandas
        >>> rows = {"user": ["A", "B", "A"], "date": ["2026-01-01", "2026-01-01", "2026-01-02"]}
        >>> frame = pandas.DataFrame(rows).astype({"date": "datetime64[s]"})
        >>> active_users(frame, [1, 2]).active_2.tolist()
        [nan, 2.0]

    Source: users with an event in the trailing window, Cube and Mapp; PostHog for the ratio.
    """
    if not isinstance(windows, Iterable) or not windows:
        raise off_scale("windows", None, windows, "a list of days", "Give one such as [1, 7, 30].")
    for window in windows:
        if not (type(window) is int and 1 <= window <= 3660):
            raise off_scale("windows", None, window, "whole numbers from 1 to 3660", "Give days, such as 30.")
    source = open_table(frame, (_USER, _DATE), {"user": user, "date": date}, time_zone=time_zone, notes=notes)
    counted = collected(_day_gaps(source, max(windows)))
    counts = _known_days(source, counted, last_complete(as_of, "day"))
    if as_of is not None:  # days nobody was active in show, up to the last one known
        last = {"day": last_complete(as_of, "day") - 1, "gap": max(windows), "value": 0}
        counts = {name: np.append(values, last[name]) for name, values in counts.items()}
    first, days = span_of(counts)
    columns: dict[str, Any] = {"date": as_dates(np.arange(first, first + days))}
    for window in windows:
        active = users_in_window(counts, window)
        columns[_CALLED.get(window, f"active_{window}")] = blank_start(active, window - 1) if window > 1 else active
    if {1, 30} <= set(windows):
        columns["stickiness"] = stickiness(counts)
    return like(source.native, columns)


def _day_gaps(source: Source, longest: int) -> nw.LazyFrame:
    """Stage 1: how many users are active on a day and next so many days later."""
    rows = source.rows.with_columns(day=day_of("date"))
    rows = rows.group_by("user", "day").agg(nw.len().alias("rows")).select("user", "day")
    day = nw.col("day")
    blank = source.known("user") == 0
    rows = rows.with_columns(day=nw.when(blank).then(nw.lit(NEVER)).otherwise(day))
    rows = rows.with_columns(after=day.shift(-1).over("user", order_by="day"))
    gap = nw.col("after") - day
    rows = rows.with_columns(gap=nw.when(gap < longest).then(gap).otherwise(nw.lit(longest)))
    return rows.group_by("day", "gap").agg(nw.len().alias("value"))


def _known_days(source: Source, counted: dict[str, Any], end: int) -> dict[str, np.ndarray]:
    day, blank_user = counted["day"], source.known("user") == 0
    if (day == NEVER).any():
        source.dropped(source.count(blank_user), "a blank user")
    if (day == UNKNOWN).any():
        source.dropped(source.count(~blank_user, nw.col("date").is_null()), "a blank date")
    good = (day != NEVER) & (day != UNKNOWN)
    kept = good & (day < end)
    if not kept.any():
        raise source.nothing(f"the table holds no user with a date before {day_text(end)}", "Give as_of, a later day.")
    if (good & ~kept).any():
        source.note(f"days left out because they are not over: {int(day[good].max()) - end + 1}")
    return {name: counted[name][kept] for name in ("day", "gap", "value")}


def sessions(
    frame: Any,
    timeout_minutes: float = 30,
    *,
    user: str | None = None,
    timestamp: str | None = None,
    time_zone: str = "UTC",
    notes: list[str] | None = None,
) -> Any:
    """Sessions of each user with their length, one row a session, sorted by user and start.

    Args:
        frame: one row an event.
        timeout_minutes: the longest break within one session; a break of exactly that is within it.
        user, timestamp: names of the columns; looked for where not given.
        time_zone: the zone whose clock is shown, for moments with a zone.
        notes: a list that takes what the reader must know.

    Returns:
        A plan of the caller's engine, or a frame where that is no lazy one: user, start, end, seconds,
        events. It can be as long as the input, so a lazy frame stays one.

    Raises:
        MetricError: a column is missing or of another type.

    Examples:
        >>> import pandas
        >>> times = ["2026-01-01 09:00", "2026-01-01 09:30", "2026-01-01 10:01"]
        >>> frame = pandas.DataFrame({"user": ["A"] * 3, "timestamp": pandas.to_datetime(times)})
        >>> sessions(frame)["seconds"].tolist()
        [1800.0, 0.0]

    Source: 30 minutes of inactivity, Google Analytics and PostHog.
    """
    if not isinstance(timeout_minutes, int | float) or not 0 < timeout_minutes <= 525_600:
        raise off_scale("timeout_minutes", None, timeout_minutes, "a number above 0 and up to 525600", "Give minutes.")
    roles = (_USER, Role("timestamp", "moment"))
    source = open_table(frame, roles, {"user": user, "timestamp": timestamp}, time_zone=time_zone, notes=notes)
    plan = _sessions(source, round(timeout_minutes * 60_000))
    source.note("events without a user or a time are left out")
    return plan_like(source.native, plan)


def _sessions(source: Source, timeout: int) -> nw.LazyFrame:
    """Number each user's sessions by running count of long breaks; events of one moment are one row, so no ties."""
    rows = source.rows.with_columns(moment=millisecond_of("timestamp", source.rows))
    rows = rows.filter(nw.col("moment") != UNKNOWN)
    rows = rows.group_by("user", "moment").agg(nw.len().alias("events"), nw.col("timestamp").min())
    rows = rows.filter(source.known("user") == 1)
    moment = nw.col("moment")
    rows = rows.with_columns(before=moment.shift(1).over("user", order_by="moment"))
    rows = rows.with_columns(fresh=one_if(moment - nw.col("before") > timeout))
    rows = rows.with_columns(session=nw.col("fresh").cum_sum().over("user", order_by="moment"))
    found = rows.group_by("user", "session").agg(
        nw.col("timestamp").min().alias("start"),
        nw.col("timestamp").max().alias("end"),
        moment.min().alias("opened"),
        moment.max().alias("closed"),
        nw.col("events").sum(),
    )
    found = found.sort("user", "session").with_columns(seconds=(nw.col("closed") - nw.col("opened")) / 1000)
    return found.select("user", "start", "end", "seconds", nw.col("events").cast(nw.Int64))


def feature_adoption(
    frame: Any,
    *,
    user: str | None = None,
    feature: str | None = None,
    eligible: Sequence[Any] | None = None,
    notes: list[str] | None = None,
) -> Any:
    """How many users use each feature, and how often.

    Args:
        frame: one row a use.
        user, feature: names of the columns; looked for where not given.
        eligible: all users who could, as a list; by default all users seen.
        notes: a list that takes what the reader must know.

    Returns:
        A frame of the caller's own kind: feature, users, breadth, uses_per_user, the most used first.

    Raises:
        MetricError: a column is missing or of another type.

    Examples:
        >>> import pandas
        >>> frame = pandas.DataFrame({"user": ["A", "A", "B"], "feature": ["Export", "Export", "Search"]})
        >>> feature_adoption(frame)["uses_per_user"].tolist()
        [2.0, 1.0]

    Source: breadth, depth and frequency of feature adoption, Pendo.
    """
    source = open_table(frame, (_USER, Role("feature", "id")), {"user": user, "feature": feature}, notes=notes)
    if eligible is not None:
        eligible = sorted(set(values_like("eligible", eligible, "user" in source.texts)), key=str)
    counted = collected(_adoption(source, eligible))
    state, rows, users = (np.asarray(counted[name]) for name in ("state", "rows", "users"))
    source.dropped(int(rows[state == 1].sum()), "a blank user or feature")
    first_of_user = np.asarray(counted["first_of_user"])
    outside = int(first_of_user[state == 2].sum())
    if outside:
        source.note(f"users left out because they are not among the eligible ones: {outside}")
    features = sorted({f for f, s in zip(counted["feature"], state, strict=True) if s != 1}, key=_label_order)
    place = {feature: i for i, feature in enumerate(features)}
    if not features:
        raise source.nothing("the table holds no row with user and feature")
    by_feature = np.zeros((2, len(features)), dtype=np.int64)
    for name, s, u, r in zip(counted["feature"], state.tolist(), users.tolist(), rows.tolist(), strict=True):
        if s == 0:
            by_feature[:, place[name]] += (u, r)
    base = int(first_of_user[state == 0].sum()) if eligible is None else len(eligible)
    return like(source.native, adoption_columns(features, by_feature[0], by_feature[1], base))


def _label_order(label: Any) -> tuple[bool, Any]:
    """Numbers before texts, as the array functions sort."""
    return isinstance(label, str), label


def _adoption(source: Source, eligible: Sequence[Any] | None) -> nw.LazyFrame:
    """Stage 1: users and uses by feature, for rows that count (0), that hold a blank (1), of other users (2)."""
    pairs = source.rows.group_by("user", "feature").agg(nw.len().alias("rows"))
    blank = (source.known("user") == 0) | (source.known("feature") == 0)
    other = nw.lit(0)
    if eligible is not None:
        other = nw.when(nw.col("user").is_in(eligible)).then(nw.lit(0)).otherwise(nw.lit(2))
    pairs = pairs.with_columns(state=nw.when(blank).then(nw.lit(1)).otherwise(other))
    lowest = nw.col("feature").min().over("user", "state")
    pairs = pairs.with_columns(first_of_user=lowest)
    pairs = pairs.with_columns(first_of_user=one_if(nw.col("feature") == nw.col("first_of_user")))
    grouped = pairs.group_by("feature", "state")
    return grouped.agg(nw.len().alias("users"), nw.col("rows").sum(), nw.col("first_of_user").sum())
