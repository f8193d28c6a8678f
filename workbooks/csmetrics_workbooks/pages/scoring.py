"""Four inputs of an account as one score, its band, and what drives it."""

from collections.abc import Sequence

import numpy as np

from csmetrics_core import CATALOG
from csmetrics_core.declaration.native import spell
from csmetrics_core.declaration.spec import COUNT, POINTS
from csmetrics_core.errors import MetricError
from csmetrics_core.evaluate import evaluate
from csmetrics_workbooks.kit.book import Book
from csmetrics_workbooks.kit.tables import Table, as_numbers
from csmetrics_workbooks.kit.terms import Term

INPUTS = ("Frequency", "Breadth", "Depth", "Growth")
#: Weight, worst and best of each input, as typed into the sample.
SCALE = {"Weight": (3.0, 3.0, 2.0, 2.0), "Scores 0 at": (0.0, 0.0, 0.0, -0.5), "Scores 100 at": (12.0, 0.8, 0.8, 0.5)}
AMBER, GREEN = 50.0, 75.0
BANDS = ("red", "amber", "green")
STATUS_OF = {"red": "missed", "amber": "near", "green": "met"}


def score(book: Book, table: Table, cells: dict[str, Term]) -> None:
    """Helper columns: the score, its band, and the input that costs most points."""
    here = f"{table.called}[[#This Row],[{INPUTS[0]}]:[{INPUTS[-1]}]]"
    block = np.array([as_numbers(table.cells[h]) for h in INPUTS]).T
    given = {
        "values": here,
        "weights": cells["Weight"].text,
        "worst": cells["Scores 0 at"].text,
        "best": cells["Scores 100 at"].text,
    }
    metric = CATALOG["health_score"]
    native = spell(metric, given)
    book.explain("health_score")
    call = f"IF(addin_on,{metric.excel_name}({','.join(given.values())}),{native})"
    weight = cells["Weight"].text
    covered = f'SUM(IF(({here}<9E307)*({here}<>""),{weight},0))<0.5*SUM({weight})'
    values = [_score(row, cells) for row in block.tolist()]
    table.add("Score", f'IF({covered},"",{call})', np.array(values, dtype=object), POINTS, array=True)
    band = CATALOG["health_band"]
    book.explain("health_band")
    mark = table.here("Score")
    words = {"score": mark, "amber": cells["amber"].text, "green": cells["green"].text}
    # Calc's COUNTIFS knows a text from a function only once it has been joined to another.
    form = f'IF(addin_on,{band.excel_name}({",".join(words.values())})&"",{spell(band, words)})'
    amber, green = cells["amber"].value, cells["green"].value
    names = ["" if v == "" else "green" if v >= green else "amber" if v >= amber else "red" for v in values]
    table.add("Band", f'IF(ISNUMBER({mark}),{form},"")', np.array(names, dtype=object), COUNT)


def _score(row: Sequence[float], cells: dict[str, Term]) -> float | str:
    known = [None if v != v else v for v in row]
    weight, worst, best = (cells[name].value.tolist() for name in SCALE)
    given = {"values": [known], "weights": weight, "worst": worst, "best": best}
    try:
        return float(np.asarray(evaluate(CATALOG["health_score"], (), given).value).ravel()[0])
    except MetricError:
        return ""


def drivers(table: Table, cells: dict[str, Term]) -> None:
    """Helper columns: the points each input costs, and the one that costs most."""
    block = np.array([as_numbers(table.cells[h]) for h in INPUTS]).T
    given, worst, best = (cells[n].value.astype(float) for n in SCALE)
    share = np.clip((block - worst) / (best - worst), 0, 1)
    covered = np.where(np.isnan(block), 0, given).sum(axis=1, keepdims=True)
    lost = np.where(
        np.isnan(block) | (covered == 0), 0, 100 * given * (1 - np.nan_to_num(share)) / np.where(covered, covered, 1)
    )
    known = np.array([v != "" for v in table.column("Score").value])
    lost = np.where(known[:, None], np.round(lost, 6), 0).astype(object)
    counted = known[:, None] & ~np.isnan(block)
    names = [n.text.rpartition("!") for n in (cells["Weight"], cells["Scores 0 at"], cells["Scores 100 at"])]
    rows = [int(n[2].split("$")[2].rstrip(":")) for n in names]
    for place, header in enumerate(INPUTS):
        letter = "BCDE"[place]
        w, low, high = (f"{cells['amber'].text.rpartition('!')[0]}!${letter}${row}" for row in rows)
        x = table.here(header)
        part = f"({x}-{low})/({high}-{low})"
        weight = "+".join(
            f"IF(ISNUMBER({table.here(h)}),{cells['amber'].text.rpartition('!')[0]}!${c}${rows[0]},0)"
            for h, c in zip(INPUTS, "BCDE", strict=True)
        )
        both = f"AND(ISNUMBER({x}),ISNUMBER({table.here('Score')}))"
        table.add(
            f"Lost by {header.lower()}",
            f'IF({both},ROUND(100*{w}*(1-MAX(0,MIN(1,{part})))/({weight}),6),"")',
            np.where(counted[:, place], lost[:, place], ""),
            POINTS,
        )
    first, last = (f"Lost by {h.lower()}" for h in (INPUTS[0], INPUTS[-1]))
    span = f"{table.called}[[#This Row],[{first}]:[{last}]]"
    heads = f"{table.called}[[#Headers],[{INPUTS[0]}]:[{INPUTS[-1]}]]"
    weakest = [INPUTS[int(row.argmax())] if row.max() > 0 else "" for row in lost]
    table.add(
        "Weakest",
        f'IF(MAX({span})>0,INDEX({heads},MATCH(MAX({span}),{span},0)),"")',
        np.array(weakest, dtype=object),
        COUNT,
    )
