"""Small segments told together, so that none of them shows what a few people said."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from csmetrics_core.declaration.spec import Sample
from csmetrics_core.intake.grouping import Labels
from csmetrics_core.rows import Rows

_BY_ROW = (Sample.CUSTOMERS, Sample.TOTAL)  # what these are divided by is money; a row is an observation


def together(
    rows: Rows, second: NDArray[np.bool_], columns: Sequence[Labels], below: float
) -> tuple[list[Labels], tuple[str, ...]]:
    """Columns of segments, those with too few observations in a period as one segment.

    A single one could be had by subtraction, so the next smallest goes with it, as it does where all of them together
    are too few. Of two columns the inner one is treated by its segments within each outer one.

    Args:
        rows: what each row of either period adds.
        second: which of them belong to the later one.
        columns: one column of segments, or two, the outer first; of all rows of the call.
        below: how many observations a segment needs in each period that it has.

    Returns:
        The columns, and a note where something is hidden.
    """
    seen = np.ones(rows.x.size) if rows.metric.sample in _BY_ROW else rows.y
    found: list[Labels] = []
    hidden = 0
    for labels in columns:
        outer = found[0].codes[rows.kept] if found else np.zeros(rows.kept.size, dtype=np.int64)
        inside = outer * 2 + second
        small = _small(labels.codes[rows.kept], len(labels.names), inside, seen, below)
        hidden += small.size
        found.append(_merged(labels, small) if small.size else labels)
    return found, (f"Segments below {below:g} observations are told together.",) if hidden else ()


def _small(
    codes: NDArray[np.int64], size: int, inside: NDArray[np.int64], seen: NDArray[np.float64], below: float
) -> NDArray[np.int64]:
    """The segments that go together."""
    cells = np.bincount(inside * size + codes, seen, (int(inside.max()) + 1) * size).reshape(-1, size)
    fewest = np.where(cells > 0, cells, np.inf).min(axis=0)
    order = np.argsort(fewest, kind="stable")
    count = int((fewest < below).sum())
    if not count:
        return order[:0]
    for taken in range(max(count, 2), size):
        sums = cells[:, order[:taken]].sum(axis=1)
        if not ((sums > 0) & (sums < below)).any():
            return order[:taken]
    return order


def _merged(labels: Labels, small: NDArray[np.int64]) -> Labels:
    kept = np.setdiff1d(np.arange(len(labels.names)), small)
    number = np.full(len(labels.names), kept.size)
    number[kept] = np.arange(kept.size)
    name = f"{small.size} segments together"
    return Labels(
        np.where(labels.codes < 0, -1, number[labels.codes]),
        [*(labels.names[k] for k in kept.tolist()), name],
        [*(labels.cells[k] for k in kept.tolist()), name],
    )
