"""Price, volume and mix of a change of recurring revenue, from quantities or from what customers pay on average."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from csmetrics_core.intake.grouping import BLANK
from csmetrics_core.intake.prepared import Coded
from csmetrics_core.maths.decomposition import split, summed
from csmetrics_core.maths.inference import Floats


def price_rows(
    customers: Coded,
    groups: Coded | None,
    products: Coded | None,
    quantities: Floats | None,
    index: NDArray[np.int64],
    mrr: Floats,
    months: tuple[int, int],
    price_base: str,
) -> Iterator[dict[str, Any]]:
    """Price and volume, from quantities where they are given, else from customers and what they pay on average."""
    if quantities is not None:
        yield from _price_and_volume(customers, products, quantities, index, mrr, months, price_base)
    elif groups is not None:
        yield from _arpa_and_customers(customers, groups, index, mrr, months)


def _price_and_volume(
    customers: Coded,
    products: Coded | None,
    quantities: Floats,
    index: NDArray[np.int64],
    mrr: Floats,
    months: tuple[int, int],
    price_base: str,
) -> Iterator[dict[str, Any]]:
    what = np.zeros(index.size, dtype=np.int64) if products is None else products.codes + 1
    _, pair = np.unique(customers.codes * (int(what.max()) + 1) + what, return_inverse=True)
    size = int(pair.max()) + 1
    (q0, m0), (q1, m1) = (
        (summed(pair[index == m], quantities[index == m], size), summed(pair[index == m], mrr[index == m], size))
        for m in months
    )
    both = (q0 > 0) & (q1 > 0)
    p0, p1 = (np.divide(m, q, out=np.zeros(size), where=q > 0) for m, q in ((m0, q0), (m1, q1)))
    midpoint = price_base == "midpoint"
    price = np.where(both, (p1 - p0) * ((q0 + q1) / 2 if midpoint else q1), 0.0).sum()
    volume = np.where(both, (q1 - q0) * ((p0 + p1) / 2 if midpoint else p0), 0.0).sum()
    note = f"at {'midpoints' if midpoint else 'opening prices'}"
    yield {"step": "total", "part": "new products", "effect": float(m1[~both].sum())}
    yield {"step": "total", "part": "products given up", "effect": -float(m0[~both].sum())}
    yield {"step": "total", "part": "volume", "effect": float(volume), "note": note}
    yield {"step": "total", "part": "price", "effect": float(price), "note": note}


def _arpa_and_customers(
    customers: Coded, groups: Coded, index: NDArray[np.int64], mrr: Floats, months: tuple[int, int]
) -> Iterator[dict[str, Any]]:
    """ΔN × mean ARPA, then mean N × (mix, price) of ARPA over the segments."""
    size = len(groups.labels) + 1
    code = groups.codes % size
    counted, paid = [], []
    for month in months:
        here = (index == month) & (mrr > 0)
        pairs = np.unique(np.column_stack([customers.codes[here], code[here]]), axis=0)
        counted.append(np.bincount(pairs[:, 1], minlength=size).astype(float))
        paid.append(summed(code[index == month], mrr[index == month], size))
    if not (counted[0].sum() and counted[1].sum()):
        return
    found = split(counted[0], paid[0], counted[1], paid[1])
    n0, n1 = counted[0].sum(), counted[1].sum()
    yield {
        "step": "total",
        "part": "volume",
        "effect": float((n1 - n0) * (found.total0 + found.total1) / 2),
        "note": "customers",
    }
    mean = (n0 + n1) / 2
    yield {"step": "total", "part": "mix", "effect": float(mean * found.mix.sum()), "note": "of segments"}
    yield {
        "step": "total",
        "part": "price",
        "effect": float(mean * found.rate.sum()),
        "note": "what a customer pays; upgrades hide in it",
    }
    for name, effect, there in zip(
        [*map(str, groups.labels), BLANK], (mean * found.rate).tolist(), (found.n0 + found.n1) > 0, strict=True
    ):
        if there:
            yield {"step": "segment", "part": "price", "group": name, "effect": effect}
