"""Data sets and published results that the tests of the models share."""

import json
from pathlib import Path
from typing import Any

import numpy as np

DATA = Path(__file__).parent / "data"
PUBLISHED = {example["id"]: example for example in json.loads((DATA / "published_examples.json").read_text("utf-8"))}


def agrees(example: str, result: Any) -> bool:
    """Whether a result is the published one, within the tolerance published with it."""
    published = PUBLISHED[example]
    return bool(np.allclose(result, published["expected"], rtol=0, atol=published["tolerance"]))


def cdnow() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Frequency, recency, age and mean repeat spend of the 2,357 CDNOW customers, in weeks and dollars."""
    table = np.genfromtxt(DATA / "cdnow_customers_summary.csv", delimiter=",", names=True)
    return table["x"], table["t_x"], table["T"], table["zbar"]
