"""Contract lines over tables: columns of any engine read into `Lines`, with what is refused and what is left out."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import narwhals as nw
import numpy as np
from numpy.typing import NDArray

from csmetrics_core.errors import OutOfScale, WrongKind, WrongShape, show, wrong_kind
from csmetrics_core.intake.cells import OPEN_ENDED
from csmetrics_core.maths.periods import day_text
from csmetrics_core.reductions.contract_lines import Lines
from csmetrics_core.reductions.terms import EndIs, first_unpaid_days, months_of
from csmetrics_core.tables.engine import UNKNOWN, Source, collected, day_of, open_table
from csmetrics_core.tables.schema import Role

_DATES = ("start", "end", "discount_end", "signed", "notice")
ROLES = (
    Role("customer", "id"), Role("start", "date"), Role("end", "date", needed=False), Role("amount", "number"),
    Role("interval", "answer", needed=False), Role("product", "id", needed=False),
    Role("quantity", "number", needed=False), Role("currency", "id", needed=False),
    Role("discount", "number", needed=False), Role("discount_end", "date", needed=False),
    Role("kind", "id", needed=False), Role("contract", "id", needed=False), Role("signed", "date", needed=False),
    Role("notice", "date", needed=False), Role("terminated", "any", needed=False),
    Role("renews", "id", needed=False), Role("amends", "id", needed=False), Role("free_months", "id", needed=False),
)  # fmt: skip
_RECURRING = ("recurring", "subscription", "paid", "minimum", "commitment", "")
_NOT_RECURRING = (
    "trial", "free", "one-time", "one time", "one-off", "setup", "set-up", "fee", "usage", "metered", "overage",
    "refund", "credit",
)  # fmt: skip
_MONTH = re.compile(r"\d{4}-\d{2}")
_YES = frozenset(("true", "1", "1.0", "yes", "y", "terminated", "cancelled", "canceled"))
_NO = frozenset(("", "false", "0", "0.0", "no", "n", "active"))


@dataclass(frozen=True)
class ReadLines:
    """Lines with the names behind their numbers, and columns carried along.

    Args:
        lines: what counts.
        customers, products: the name of each number.
        along: further columns, one value a line.
    """

    lines: Lines
    customers: list[Any]
    products: list[Any]
    along: Mapping[str, list[Any]]


def read_lines(source: Source, end_is: EndIs, along: tuple[str, ...] = (), steps: Any = None) -> ReadLines:
    """The recurring lines of a table, in a fixed order.

    Raises:
        MetricError: a line ends before it starts, costs less than nothing, or a word in it is not known.
    """
    found = cells_of(source, along)
    named = set(found["contract"].tolist())
    found = _recurring(source, usable(source, found))
    starts, ends = found["start"].astype(np.int64), found["end"].astype(np.int64)
    refuse_backwards(found, starts, ends)
    products = ["" if p is None else p for p in found["product"]]
    ends, note = first_unpaid_days(found["customer"].tolist(), products, starts, ends, end_is)
    if note:
        source.note(note)
    amounts, discounts = _amounts(found)
    customers, customer_codes = _numbered(found["customer"])
    names, product_codes = _numbered(np.array(products, dtype=object))
    signed, open_end = found["signed"].astype(np.int64), np.full(starts.size, OPEN_ENDED)
    months = months_of(found["interval"].tolist(), found["customer"].tolist(), starts, ends)
    lines = Lines(
        ids=found["contract"].tolist(), customers=customer_codes, products=product_codes, starts=starts, ends=ends,
        amounts=amounts, months=months, discounts=discounts,
        quantities=np.array([np.nan if q is None else float(q) for q in found["quantity"]], float),
        discount_ends=found["discount_end"].astype(np.int64), signed=np.where(signed >= open_end, starts, signed),
        notices=found["notice"].astype(np.int64), terminated=_truths(found["terminated"]),
        renews=found["renews"].tolist(), amends=found["amends"].tolist(), free=_free(found["free_months"]),
        steps=_steps(steps, found["contract"], named) if steps is not None else {},
        currencies=[str(c or "").strip() for c in found["currency"]],
    )  # fmt: skip
    _note_overlaps(source, lines)
    return ReadLines(lines, customers, names, {name: found[name].tolist() for name in along})


def cells_of(source: Source, along: tuple[str, ...]) -> dict[str, NDArray]:
    """All columns as plain Python values, None where there is none; a date that is missing is never."""

    def day(name: str) -> nw.Expr:
        if name not in source.roles:
            return nw.lit(OPEN_ENDED)
        missing = nw.lit(UNKNOWN if name == "start" else OPEN_ENDED)
        return nw.when(nw.col(name).is_null()).then(missing).otherwise(day_of(name))

    names = dict.fromkeys((*(role.name for role in ROLES if role.name not in _DATES), *along))
    kept = [name for name in names if name in source.roles]
    blank = {name: nw.lit(None, dtype=nw.String) for name in names if name not in source.roles}
    plan = source.rows.select(*kept, **{name: day(name) for name in _DATES}, **blank)
    found = {name: _plain(values) for name, values in collected(plan).items()}
    # Whatever engine the rows come from, they are in one order.
    shown = [np.array([str(cell) for cell in found[name]], dtype=str) for name in ("contract", "amount", "product")]
    days = [found[name].astype(np.int64) for name in ("end", "start")]
    who = np.array([str(cell) for cell in found["customer"]], dtype=str)
    order = np.lexsort((*shown, *days, who))
    return {name: values[order] for name, values in found.items()}


def _plain(values: Any) -> NDArray:
    cells = values.tolist() if isinstance(values, np.ndarray) else values
    plain = np.empty(len(cells), dtype=object)
    plain[:] = [None if cell is None or cell != cell else cell for cell in cells]
    return plain


def usable(source: Source, found: dict[str, NDArray]) -> dict[str, NDArray]:
    """Without the lines that lack a customer, a start or an amount."""
    blank = np.array([c is None or (isinstance(c, str) and not c.strip()) for c in found["customer"]], dtype=bool)
    usable = ~blank & (found["start"] != UNKNOWN) & np.array([a is not None for a in found["amount"]], dtype=bool)
    source.dropped(int((~usable).sum()), "a blank customer, start or amount")
    return {name: values[usable] for name, values in found.items()}


def _recurring(source: Source, found: dict[str, NDArray]) -> dict[str, NDArray]:
    """Without trials, one-time and usage lines; how many there were is said."""
    words = np.array([str(word or "").strip().lower() for word in found["kind"]], dtype=object)
    unknown = sorted(set(words) - set(_RECURRING) - set(_NOT_RECURRING))
    if unknown:
        known = ", ".join((*_RECURRING[:-1], *_NOT_RECURRING))
        raise WrongKind(f"kind is {show(unknown[0])}; expected one of {known}", "Rename it.", argument="kind")
    left_out = np.isin(words, _NOT_RECURRING)
    for word in sorted(set(words[left_out])):
        source.dropped(int((words == word).sum()), f"kind {word!r}, which is not recurring")
    return {name: values[~left_out] for name, values in found.items()}


def refuse_backwards(found: Mapping[str, NDArray], starts: NDArray, ends: NDArray) -> None:
    """A line that ends before it starts is named."""
    if (backwards := np.flatnonzero(ends < starts)).size:
        row = backwards[0]
        problem = f"a contract of customer {found['customer'][row]!r} ends on {day_text(ends[row])}"
        raise OutOfScale(
            f"{problem}, before its start on {day_text(starts[row])}", "Swap the two dates.", argument="end"
        )


def _amounts(found: Mapping[str, NDArray]) -> tuple[NDArray, NDArray]:
    amount = found["amount"].astype(float)
    discount = np.array([0.0 if d is None else float(d) for d in found["discount"]], dtype=float)
    for name, values in (("amount", amount), ("discount", discount), ("amount less discount", amount - discount)):
        if (values < 0).any():
            who = found["customer"][np.flatnonzero(values < 0)[0]]
            problem = f"{name} of customer {who!r} is {show(values.min())}; expected 0 or more"
            raise OutOfScale(problem, "Enter a credit as the discount of its contract.", argument=name.split()[0])
    return amount, discount


def _numbered(cells: NDArray) -> tuple[list[Any], NDArray]:
    """Distinct names in a fixed order, and the number of each cell's."""
    names = sorted(set(cells.tolist()), key=lambda name: (isinstance(name, str), name))
    number = {name: place for place, name in enumerate(names)}
    return names, np.array([number[cell] for cell in cells], np.int64)


def _truths(cells: NDArray) -> NDArray:
    found = np.zeros(cells.size, bool)
    for row, cell in enumerate(cells):
        word = str("" if cell is None else cell).strip().lower()
        if word not in _YES | _NO and not hasattr(cell, "year"):
            raise wrong_kind("terminated", row, cell, "TRUE, FALSE, yes or no", "Say whether the end was declared.")
        found[row] = word not in _NO
    return found


def _free(cells: NDArray) -> dict[int, list[int]]:
    """Free months of the lines that have some, written as 2026-01, several in one cell."""
    found = {}
    for row, cell in enumerate(cells):
        words = [word for word in re.split(r"[\s,;]+", str(cell or "")) if word]
        for word in words:
            if not _MONTH.fullmatch(word[:7]) or not 1 <= int(word[5:7]) <= 12:
                raise wrong_kind("free_months", row, cell, "months such as 2026-01, 2026-02")
        if words:
            found[row] = [(int(word[:4]) - 1970) * 12 + int(word[5:7]) - 1 for word in words]
    return found


def _steps(frame: Any, contracts: NDArray, named: set[Any]) -> dict[int, list[tuple[int, float, float | None]]]:
    """Agreed steps of the lines, from a table of contract, start, amount and perhaps quantity."""
    roles = (Role("contract", "id"), Role("start", "date"), Role("amount", "number"), Role("quantity", "number", False))
    source = open_table(frame, roles, {})
    names = ["contract", "amount", *(["quantity"] if "quantity" in source.roles else [])]
    found = {n: _plain(v) for n, v in collected(source.rows.select(*names, day=day_of("start"))).items()}
    lines: dict[Any, list[int]] = {}
    for row, name in enumerate(contracts.tolist()):
        lines.setdefault(name, []).append(row)
    steps: dict[int, list[tuple[int, float, float | None]]] = {}
    for place, name in enumerate(found["contract"].tolist()):
        if name not in named or name is None:
            problem = f"steps is for contract {show(name)}, which is not among the lines"
            raise WrongShape(problem, "Give the contract column of the lines the same names.", argument="steps")
        count = found["quantity"][place] if "quantity" in found else None
        step = int(found["day"][place]), float(found["amount"][place]), None if count is None else float(count)
        for row in lines.get(name, ()):  # a line left out has none
            steps.setdefault(row, []).append(step)
    return {row: sorted(given, key=lambda one: one[0]) for row, given in steps.items()}


def _note_overlaps(source: Source, lines: Lines) -> None:
    """Lines of one customer and product that run at the same time and are not linked add up; say so."""
    order = np.lexsort((lines.starts, lines.products, lines.customers))
    seen: dict[tuple[int, int], int] = {}
    count = 0
    for row in order.tolist():
        key = int(lines.customers[row]), int(lines.products[row])
        linked = lines.renews[row] is not None or lines.amends[row] is not None
        count += bool(seen.get(key, 0) > lines.starts[row] and not linked)
        seen[key] = max(seen.get(key, 0), int(lines.ends[row]))
    if count:
        source.note(f"lines that begin while another one of their customer and product runs, and add to it: {count}")
