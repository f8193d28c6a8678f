"""Numbers in sentences, spelled as the core spells them: one decimal, two where these say it exactly, or none."""

from dataclasses import dataclass
from math import floor

from csmetrics_core.declaration.spec import MONEY
from csmetrics_core.maths.verdicts import number
from csmetrics_workbooks.kit.sheet import Page
from csmetrics_workbooks.kit.terms import Term


def rounded(of: Term, places: int = 2) -> Term:
    """ROUND of a single number, half of the last place upwards."""
    return Term(f"ROUND({of.text},{places})", _round(of.value, places), of.array)


def _round(value: float, places: int) -> float:
    size: float = floor(abs(value) * 10**places + 0.5 + 1e-9) / 10**places
    return size if value >= 0 else -size


def as_said(of: Term) -> Term:
    """A number as a sentence rounds it."""
    exact = abs(of.value - round(of.value, 2)) < 1e-9
    text = f"ROUND({of.text},IF(ABS({of.text}-ROUND({of.text},2))<0.000000001,2,1))"
    return Term(text, _round(of.value, 2 if exact else 1), of.array)


def spelt(cell: Term, *, signed: bool = False) -> Term:
    """A number that is rounded as a sentence says it, with as many decimals as it has.

    FIXED groups digits as the reader's country does.
    """
    at = cell.text
    sign = f'IF({at}>0,"+","")&' if signed else ""
    return Term(f"{sign}FIXED({at},IF({at}=ROUND({at},0),0,IF({at}=ROUND({at},1),1,2)))", number(cell.value, signed))


def month_words(number_cell: Term) -> Term:
    """A month given as year × 12 + month, as 2026-09."""
    at = number_cell.text
    year, month = divmod(int(number_cell.value) - 1, 12)
    return Term(f'INT(({at}-1)/12)&"-"&RIGHT("0"&MOD({at}-1,12)+1,2)', f"{year}-{month + 1:02d}")


def listed(parts: list[Term]) -> Term:
    """Texts after one another, each with ", " before it where it says something, without the first comma."""
    joined = parts[0].joined(*parts[1:])
    return Term(f"MID({joined.text},3,999)", joined.value[2:])


@dataclass(frozen=True)
class Said:
    """An amount, and how a sentence spells it."""

    amount: Term
    words: Term


def said(work: Page, row: int, label: object, amount: Term, *, signed: bool = False) -> Said:
    """Write an amount that has cents at most, and beside it how a sentence spells it."""
    work.put(row, 0, label, work.looks.words())
    cell = work.put(row, 1, amount, work.looks.number(MONEY))
    return Said(cell, work.put(row, 2, spelt(cell, signed=signed), work.looks.words(align="right")))
