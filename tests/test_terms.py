"""What the ends of contracts mean, and how many months terms run."""

import numpy as np
import pytest

from csmetrics_core.errors import OutOfScale, WrongShape
from csmetrics_core.intake.cells import OPEN_ENDED
from csmetrics_core.reductions.terms import first_unpaid_days, how_ends_are_meant, months_between


def days(*texts: str | None) -> np.ndarray:
    return np.array([OPEN_ENDED if t is None else int(np.datetime64(t, "D").astype(int)) for t in texts], np.int64)


def reading(rows: list[tuple]) -> tuple:
    customers, products, starts, ends = zip(*rows, strict=True)
    return how_ends_are_meant(customers, products, days(*starts), days(*ends))


YEARS = [("2024-01-01", "2024-12-31"), ("2025-01-01", "2025-12-31"), ("2026-01-01", "2026-12-31")]


def test_follow_on_contracts_settle_it() -> None:
    last = reading([(c, "P", *years) for c in "AB" for years in YEARS])
    assert (last.reading, last.day_after, last.same_day) == ("last_day", 4, 0)
    touching = [("A", "P", f"202{n}-01-01", f"202{n + 1}-01-01") for n in range(1, 5)]
    assert reading(touching)[:3] == ("first_unpaid", 0, 3)


def test_another_product_or_customer_is_no_follow_on() -> None:
    rows = [("A", "P", "2024-01-07", "2024-12-03"), ("A", "Q", "2024-12-04", None), ("B", "P", "2024-12-04", None)]
    assert reading(rows) == ("first_unpaid", 0, 0, 0, 0)


def test_few_follow_ons_are_helped_by_whole_terms() -> None:
    assert reading([("A", "P", "2023-01-01", "2023-12-31")]) == ("last_day", 0, 0, 1, 0)
    month_ends = [("2026-01-31", "2026-02-28"), ("2026-02-28", "2026-03-31"), ("2026-03-31", "2026-04-30")]
    found = reading([("A", "", *term) for term in month_ends])
    assert found == ("first_unpaid", 0, 2, 0, 3)
    assert "0 follow-on contracts start the day after an end, 2 on it" in found.note


@pytest.mark.parametrize(("after", "same", "expected"), [(4, 1, "last_day"), (3, 1, "mixed"), (1, 4, "first_unpaid")])
def test_a_clear_majority_is_needed(after: int, same: int, expected: str) -> None:
    rows = []
    for number in range(after + same):
        follows = "2024-12-16" if number < after else "2024-12-15"
        rows += [(f"C{number}", "P", "2024-02-10", "2024-12-15"), (f"C{number}", "P", follows, None)]
    assert reading(rows).reading == expected


def test_doubt_is_asked_about() -> None:
    rows = [("A", "2024-01-01", "2024-12-31"), ("B", "2024-01-01", "2025-01-01")]
    customers, starts, ends = zip(*rows, strict=True)
    with pytest.raises(WrongShape, match=r"either way.*end_is=\"last_day\""):
        first_unpaid_days(customers, ["P"] * 2, days(*starts), days(*ends), "auto")
    moved, note = first_unpaid_days(customers, ["P"] * 2, days(*starts), days(*ends), "last_day")
    assert (moved == days(*ends) + 1).all()
    assert not note
    with pytest.raises(OutOfScale, match="end_is"):
        first_unpaid_days(customers, ["P"] * 2, days(*starts), days(*ends), "inclusive")


def test_a_blank_end_stays_open() -> None:
    moved, note = first_unpaid_days(["A"], ["P"], days("2024-01-01"), days(None), "last_day")
    assert (moved.tolist(), note) == ([OPEN_ENDED], "")


@pytest.mark.parametrize(
    ("start", "end", "months"),
    [
        ("2026-01-31", "2026-02-28", 1),
        ("2026-02-28", "2026-03-31", 1),
        ("2026-01-30", "2026-02-28", 1),
        ("2026-02-28", "2026-03-28", 1),
        ("2024-02-29", "2025-02-28", 12),
        ("2026-01-15", "2026-04-15", 3),
        ("2026-01-28", "2026-02-27", 30 * 12 / 365),
        ("2026-01-31", "2026-03-30", 58 * 12 / 365),
    ],
)
def test_anchors_at_the_end_of_a_month(start: str, end: str, months: float) -> None:
    assert months_between(days(start), days(end)).tolist() == [months]
