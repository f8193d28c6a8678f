"""Whether an earlier score told who would leave."""

import numpy as np

from csmetrics_core.declaration.spec import COUNT, FRACTION, PROBABILITY, RATIO
from csmetrics_workbooks.kit.book import Book
from csmetrics_workbooks.kit.formulas import NEEDS_ADDIN
from csmetrics_workbooks.kit.judging import guarded
from csmetrics_workbooks.kit.tables import Table, countifs
from csmetrics_workbooks.kit.terms import Term, is_number, term, total, when
from csmetrics_workbooks.pages.scoring import BANDS


def back_test(book: Book, cells: dict[str, Term]) -> tuple[Term, Term]:
    """The page Back-test: did the score see it coming? Returns the cells of the AUC and of the verdict."""
    page, table = book.pages["Back-test"], book.tables["Past"]
    page.widths(14, 13, 13, 13, 13, 13)
    page.title("Back-test", "The score as it was when the page Past was taken, against who has left since.", 6)
    heads = ["Band", "Accounts", "Left since", "Churn rate", "Lift"]
    page.headers(3, heads, right=range(1, 5), height=18)
    score_, band, left = (table.column(h) for h in ("Score", "Band", "Left since"))
    given = {"scores": score_, "churned": table.column("Left")}
    given |= {n: Term(f"Weights!$B${row}", cells[n].value) for n, row in (("amber", 11), ("green", 12))}
    scored = (score_, ">=", 0)
    everyone, gone = countifs(scored), countifs(scored, (left, "=", 1))
    rate_all = gone / everyone
    for row, name in enumerate((*BANDS, "all"), 4):
        where = (scored,) if name == "all" else (scored, (band, "=", name))
        page.put(row, 0, name, page.looks.words(bold=True))
        plain = {"customers": countifs(*where), "churned": countifs(*where, (left, "=", 1))}
        n, lost = (
            page.put(row, 1 + i, when(everyone.eq(0), 0, _tested(book, given, row - 4, k, v)), page.looks.number(COUNT))
            for i, (k, v) in enumerate(plain.items())
        )
        rate = _tested(book, given, row - 4, "churn_rate", lost / n)
        page.put(row, 3, guarded(n, rate), page.looks.number(FRACTION))
        lift = _tested(book, given, row - 4, "lift", lost / n / rate_all)
        page.put(row, 4, when(n.eq(0), "no data", when(lost.eq(0), 0, lift)), page.looks.number(RATIO))
    wins = total(table.numbers("Wins"))
    auc = _tested(book, given, 3, "auc", wins / (gone * (everyone - gone)))
    page.headers(9, ["Over all", "AUC", "Low", "High", ""], right=(1, 2, 3), height=18)
    page.put(10, 0, "AUC", page.looks.words(bold=True))
    both_there = gone * (everyone - gone)
    shown = page.put(10, 1, guarded(both_there, auc), page.looks.number(PROBABILITY, bold=True))
    ends = [guarded(both_there, _tested(book, given, 3, name, term(NEEDS_ADDIN))) for name in ("auc_low", "auc_high")]
    low, high = (page.put(10, 2 + at, end, page.looks.number(PROBABILITY)) for at, end in enumerate(ends))
    told = when(low.gt(0.5), "tells who leaves", when(high.lt(0.5), "runs the other way", "does not tell who leaves"))
    judged = when(is_number(shown), when(book.addin_on, told, NEEDS_ADDIN), "")
    judged = Term(judged.text, told.value if is_number(shown).value else "")  # cached as the add-in shows it
    verdict = page.put(11, 0, judged, page.looks(bold=True, indent=1))
    page.note(
        12,
        0,
        "Judged by whether the AUC's interval, which needs the add-in, holds 0.5. AUC: the chance that an account that "
        "left had a lower score than one that stayed; 0.5 tells nothing, 1 ranks all right. Lift: churn rate of the "
        "band ÷ churn rate of all. The scores date from before the time in which churn is counted. Do not read a "
        "score as a probability.",
        6,
        58,
    )
    return shown, verdict


def _tested(book: Book, given: dict[str, Term], row: int, column: str, plain: Term) -> Term:
    return book.table_cell("health_backtest", given, row, column, plainly=plain)


def past_helpers(table: Table) -> None:
    """Helper columns of the back-test: who left as 1, and how many who stayed had a higher score."""
    left = np.array([v is True or v == 1 or (isinstance(v, str) and v.lower() == "yes") for v in table.cells["Left"]])
    known = np.array([v not in (None, "") for v in table.cells["Left"]])
    cell = table.here("Left")
    table.add(
        "Left since",
        f'IF({cell}="","",IF(OR({cell}=TRUE,{cell}=1,{cell}="yes"),1,0))',
        np.where(known, left.astype(float), "").astype(object) if not known.all() else left.astype(float),
        COUNT,
    )
    scores = table.column("Score").numbers
    stayed = scores[~left & known & ~np.isnan(scores)]
    wins = [
        float((stayed > s).sum() + 0.5 * (stayed == s).sum()) if gone and s == s else 0.0
        for s, gone in zip(scores, left, strict=True)
    ]
    mark, column, since = table.here("Score"), f"{table.called}[Score]", f"{table.called}[Left since]"
    others = f'({column}<9E307)*({since}=0)*({since}<>"")'
    higher = f"SUM({others}*(({column}>{mark})+0.5*({column}={mark})))"
    formula = f"IF(AND(ISNUMBER({mark}),{table.here('Left since')}=1),{higher},0)"
    table.add("Wins", formula, np.array(wins), COUNT, array=True)
