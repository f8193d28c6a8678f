"""Usage events -> the health inputs of each account, over a trailing window."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from csmetrics_core.intake.prepared import Coded
from csmetrics_core.maths.periods import day_text
from csmetrics_core.reductions.flows import divide

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class AccountCounts:
    """Stage 1 of usage by account: what was counted, one value an account.

    Args:
        accounts: names of the accounts.
        users: distinct users in the window.
        active_days: days a user was active in it, added up over users.
        users_before: distinct users in the window before.
        licensed: licensed users, NaN where not known; None where not given.
        features: distinct key features used in the window; None where not given.
        first, last: the first and the last date seen.
    """

    accounts: Sequence[Any]
    users: NDArray
    active_days: NDArray
    users_before: NDArray
    licensed: NDArray | None
    features: NDArray | None
    first: int
    last: int


def account_counts(
    accounts: Coded,
    users: Coded,
    dates: Ints,
    *,
    features: Coded | None,
    is_key: NDArray | None,
    licensed: NDArray | None,
    days: int,
) -> AccountCounts:
    """Stage 1 of usage by account.

    Args:
        accounts, users, dates: one event a row.
        features: the feature of each event, code -1 where there is none.
        is_key: which features are key, by code.
        licensed: licensed users on each row, NaN where not known.
        days: days in the window.
    """
    last, size = int(dates.max()), len(accounts.labels)
    age = last - dates
    now, before = age < days, (age >= days) & (age < 2 * days)
    user = accounts.codes * len(users.labels) + users.codes
    active = np.unique(user[now] * days + age[now]) // days
    seen = np.flatnonzero(np.bincount(accounts.codes, minlength=size))

    def per_account(users_of_account: Ints) -> NDArray:
        return np.bincount(users_of_account // len(users.labels), minlength=size)[seen]

    used = None
    if features is not None and is_key is not None:
        key = now & (features.codes >= 0)
        key[key] = is_key[features.codes[key]]
        pairs = np.unique(accounts.codes[key] * len(features.labels) + features.codes[key])
        used = np.bincount(pairs // max(len(features.labels), 1), minlength=size)[seen]
    return AccountCounts(
        accounts=[accounts.labels[code] for code in seen.tolist()],
        users=per_account(np.unique(active)),
        active_days=per_account(active),
        users_before=per_account(np.unique(user[before])),
        licensed=None if licensed is None else _latest(accounts.codes, dates, licensed, size)[seen],
        features=used,
        first=int(dates.min()),
        last=last,
    )


def _latest(accounts: Ints, dates: Ints, licensed: NDArray, size: int) -> NDArray:
    """The value on each account's latest date that has one; the highest, if there are several."""
    known = np.flatnonzero(~np.isnan(licensed))
    order = known[np.lexsort((licensed[known], dates[known], accounts[known]))]
    value = np.full(size, np.nan)
    value[accounts[order]] = licensed[order]  # the last one written stays
    return value


def account_columns(counted: AccountCounts, available: int, days: int) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Stage 2 of usage by account: the columns, and notes.

    Args:
        counted: what stage 1 counted.
        available: how many key features there are.
        days: days in the window.
    """
    blank = np.full(len(counted.accounts), np.nan)
    covered = counted.first <= counted.last - 2 * days + 1
    growth = divide(counted.users - counted.users_before, counted.users_before) if covered else blank
    columns = {
        "account": list(counted.accounts),
        "frequency": divide(counted.active_days, counted.users),
        "breadth": blank if counted.licensed is None else divide(counted.users, counted.licensed),
        "depth": blank if counted.features is None else divide(counted.features, np.full(blank.size, available)),
        "growth": growth,
    }
    return columns, _notes(counted, covered, days)


def _notes(counted: AccountCounts, covered: bool, days: int) -> tuple[str, ...]:
    notes = [f"the window is {day_text(counted.last - days + 1)} to {day_text(counted.last)}"]
    if counted.first > counted.last - days + 1:
        notes.append(f"the dates begin inside it, on {day_text(counted.first)}")
    if not covered:
        notes.append("growth is blank: the dates do not cover the window before")
    return tuple(notes)
