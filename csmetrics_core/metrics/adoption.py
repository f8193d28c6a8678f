"""What accounts and users make of the product: adoption of features, usage of an account."""

import datetime
from typing import Annotated

import numpy as np

from csmetrics_core.declaration.catalog import metric
from csmetrics_core.declaration.kinds import Count, Day, Id, Number
from csmetrics_core.declaration.spec import (
    COUNT,
    FRACTION,
    PER_USER,
    TEXT,
    Aligned,
    Category,
    Column,
    Each,
    Example,
    Values,
)
from csmetrics_core.intake.prepared import Coded
from csmetrics_core.reductions.accounts import account_columns, account_counts
from csmetrics_core.reductions.flows import divide
from csmetrics_core.results import Table


def adoption_columns(features: list, users: np.ndarray, uses: np.ndarray, base: int) -> dict[str, object]:
    """The table of feature adoption from the users and uses of each feature; the most used first."""
    order = sorted(range(len(features)), key=lambda i: (-int(users[i]), i))
    users, uses = users[order], uses[order]
    return {
        "feature": [features[i] for i in order],
        "users": users,
        "breadth": users / base,
        "uses_per_user": divide(uses, users),
    }


@metric(
    title="Feature adoption",
    category=Category.USAGE,
    columns=(
        Column("feature", TEXT, "most users first"),
        Column("users", COUNT, "distinct users of it"),
        Column("breadth", FRACTION, "of all users seen, or of those eligible"),
        Column("uses_per_user", PER_USER, "uses ÷ users of the feature"),
    ),
    formula="breadth = users of the feature ÷ users; uses_per_user = uses ÷ users of the feature",
    convention="Of all users seen, or of the eligible ones; whoever is not eligible is left out above and below.",
    no_native="it gives a table",
    dynamic="""
        LET(may,IF(ISOMITTED(eligible),1,ISNUMBER(XMATCH(users,eligible))*1)*SEQUENCE(ROWS(users),1,1,0),
            whole,ROWS(UNIQUE(IF(ISOMITTED(eligible),users,eligible))),
            names,UNIQUE(features), owner,XMATCH(features,names),
            uses,MAP(SEQUENCE(ROWS(names)),LAMBDA(i,SUM((owner=i)*may))),
            people,MAP(SEQUENCE(ROWS(names)),LAMBDA(i,
                IF(INDEX(uses,i)=0,0,ROWS(UNIQUE(FILTER(users,(owner=i)*may)))))),
            table(SORTBY(HSTACK(names,people,people/whole,IF(people=0,"",uses/people)),people,-1,SEQUENCE(ROWS(names)),1)))
    """,
    source="breadth, depth and frequency of feature adoption, Pendo",
    example=Example(
        users=["A", "A", "B", "C"],
        features=["Export", "Export", "Export", "Search"],
        eligible=["A", "B", "C", "D"],
        result={
            "feature": ["Export", "Search"],
            "users": [2, 1],
            "breadth": [0.5, 0.25],
            "uses_per_user": [1.5, 1.0],
        },
    ),
)
def feature_adoption(
    users: Annotated[Aligned, Id()], features: Annotated[Aligned, Id()], eligible: Annotated[Values, Id()] = None
) -> Table:
    """How many users use each feature, and how often.

    Args:
        users: Who used a feature, one use a row.
        features: Which feature.
        eligible: All users who could; by default all users seen.
    """
    notes: tuple[str, ...] = ()
    keep = np.ones(users.codes.size, dtype=bool)
    base = np.unique(users.codes).size
    if eligible is not None:
        allowed = set(eligible.labels)
        base = np.unique(eligible.codes).size
        may = np.fromiter((label in allowed for label in users.labels), bool, len(users.labels))
        keep = may[users.codes]
        outside = np.unique(users.codes[~keep]).size
        if outside:
            notes = (f"users left out because they are not among the eligible ones: {outside}",)
    pairs = np.unique(users.codes[keep] * len(features.labels) + features.codes[keep])
    size = len(features.labels)
    distinct_users = np.bincount(pairs % size, minlength=size)
    uses = np.bincount(features.codes[keep], minlength=size)
    return Table(adoption_columns(features.labels, distinct_users, uses, base), notes)


@metric(
    title="Usage by account",
    category=Category.USAGE,
    columns=(
        Column("account", TEXT, "every account seen"),
        Column("frequency", PER_USER, "active days a user active in the window"),
        Column("breadth", FRACTION, "users active in the window ÷ licensed"),
        Column("depth", FRACTION, "key features used in the window ÷ key features"),
        Column("growth", FRACTION, "users active in the window ÷ those of the window before, less 1"),
    ),
    formula="frequency = active days ÷ users; breadth = active users ÷ licensed; depth = key features used ÷ all",
    convention=(
        "The window is the last `days` days up to the latest date seen. Breadth above 1 is overage, not an error. "
        "Growth is blank without users in the window before, or where the dates do not reach back that far."
    ),
    no_native="it gives a table",
    source="the health inputs frequency, breadth, depth and growth; breadth and depth of adoption, Pendo",
    example=Example(
        accounts=["A", "A", "A", "B"],
        users=["u", "u", "v", "w"],
        dates=[datetime.date(2026, 1, day) for day in (1, 3, 4, 1)],
        features=["Export", "Search", "Export", "Search"],
        licensed=[4, 4, 4, 2],
        days=2,
        result={
            "account": ["A", "B"],
            "frequency": [1.0, float("nan")],
            "breadth": [0.5, 0.0],
            "depth": [1.0, 0.0],
            "growth": [1.0, -1.0],
        },
    ),
)
def usage_by_account(
    accounts: Annotated[Aligned, Id()],
    users: Annotated[Aligned, Id()],
    dates: Annotated[Aligned, Day()],
    features: Annotated[Aligned, Id(blanks=True)] = None,
    licensed: Annotated[Aligned, Count(blanks=True)] = None,
    key_features: Annotated[Values, Id()] = None,
    days: Annotated[Each, Number(1, 3660, whole=True, hint="Give a number of days, such as 30.")] = 30,
) -> Table:
    """How often, how widely and how deeply each account uses the product, and whether that grows.

    Args:
        accounts: The account of the event, one event a row.
        users: Who did something.
        dates: The day of the event.
        features: Which feature was used; blank for an event of no feature.
        licensed: Users the account has paid for; on its latest date with one, the highest counts.
        key_features: The features that matter; by default all that were seen.
        days: Days in the window that ends on the latest date seen.
    """
    is_key, available = _key_codes(features, key_features)
    counted = account_counts(
        accounts, users, dates, features=features, is_key=is_key, licensed=licensed, days=int(days)
    )
    columns, notes = account_columns(counted, available, int(days))
    return Table(columns, notes)


def _key_codes(features: Coded | None, key_features: Coded | None) -> tuple[np.ndarray | None, int]:
    """Which feature codes are key, and how many key features there are."""
    if features is None:
        return None, 0
    if key_features is None:
        return np.ones(len(features.labels), dtype=bool), len(features.labels)
    wanted = {key_features.labels[code] for code in np.unique(key_features.codes)}
    return np.fromiter((label in wanted for label in features.labels), bool, len(features.labels)), len(wanted)
