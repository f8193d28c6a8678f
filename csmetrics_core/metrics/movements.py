"""Tables of recurring revenue: movements between months, and what became of a cohort's revenue."""

import datetime
from typing import Annotated

import numpy as np

from csmetrics_core.declaration.catalog import metric
from csmetrics_core.declaration.kinds import Amount, Id, Month, Number
from csmetrics_core.declaration.spec import DATE, FRACTION, MONEY, Aligned, Category, Column, Each, Example, Group
from csmetrics_core.intake.prepared import Coded
from csmetrics_core.maths.periods import index_of
from csmetrics_core.reductions.flows import balances, below_zero, repeats_note
from csmetrics_core.reductions.ledger import ARRAYS
from csmetrics_core.reductions.ledger_arrays import bridge_table, of_customers, retention_columns
from csmetrics_core.reductions.money import to_cents
from csmetrics_core.reductions.outliers import guard_months
from csmetrics_core.reductions.retained import FATES, fate, rates
from csmetrics_core.results import Table

_JANUARY, _FEBRUARY, _MARCH = (datetime.date(2026, month, 1) for month in (1, 2, 3))
_OPENING = Column("opening", MONEY, "what the opening cohort paid a month")
_LOSSES = (
    Column("contraction", MONEY, "what its members who stayed pay less, as a positive amount"),
    Column("churned", MONEY, "what its members who left had paid, as a positive amount"),
)
_RATES = (
    Column("ndr", FRACTION, "net: expansion counts"),
    Column("grr", FRACTION, "gross: expansion does not count"),
    Column("logo_retention", FRACTION, "share of the customers who still pay"),
)
_MOVEMENTS = ("month", "opening", "new", "expansion", "contraction", "churned", "reactivation", "closing")
_BY_CUSTOMER = ("opening", "expansion", "contraction", "churned", "closing", "ndr", "grr", "logo_retention")
_RETENTION_SOURCE = (
    "SaaS Metrics Standards Board (gross retention); "
    "the customers of 12 months ago, as in Confluent's and GitLab's 10-K"
)


#: What each customer pays in each month, in cents: keys of customer and month in order, and their sums.
_BALANCES = """
        LET(who,UNIQUE(customers), ordinal,12*YEAR(months)+MONTH(months), first,MIN(ordinal),
            length,MAX(ordinal)-first+1, width,length+AHEAD, key,XMATCH(customers,who)*width+ordinal-first,
            total,SCAN(0,SORTBY(ROUND(100*mrr,0),key),LAMBDA(added,x,added+x)),
            sorted,SORT(UNIQUE(key)), upto,INDEX(total,XMATCH(sorted,SORT(key),0,-1)), size,ROWS(sorted),
            prior,IF(SEQUENCE(size)=1,1,SEQUENCE(size)-1),
            sums,upto-IF(SEQUENCE(size)=1,0,INDEX(upto,prior)),
            IF(MIN(sums)<0,{NUM},
"""


@metric(
    title="MRR movements",
    category=Category.REVENUE,
    columns=(
        Column("month", DATE, "first day of the month"),
        Column("opening", MONEY, "the month before's closing; in the first month its own"),
        Column("new", MONEY, "customers never seen before"),
        Column("expansion", MONEY, "customers who pay more than the month before"),
        Column("contraction", MONEY, "customers who pay less, as a positive amount"),
        Column("churned", MONEY, "customers who pay nothing any more, as a positive amount"),
        Column("reactivation", MONEY, "customers back after a gap of a month or more"),
        Column("closing", MONEY, "all customers"),
    ),
    formula="closing = opening + new + expansion + reactivation − contraction − churned",
    convention=(
        "A customer is whoever pays more than 0; a second subscription is expansion. "
        "The first month is the opening balance, not new."
    ),
    no_native="it gives a table",
    dynamic=_BALANCES.replace("AHEAD", "1")
    + """
            LET(pays,sums>0, k,IF(SUM(--pays)=0,-2,FILTER(sorted,pays)), paid,IF(SUM(--pays)=0,0,FILTER(sums,pays)),
                m,ROWS(k), back,IF(SEQUENCE(m)=1,1,SEQUENCE(m)-1), kb,IF(SEQUENCE(m)=1,-9*width,INDEX(k,back)),
                was,INDEX(paid,back), at,k-INT(k/width)*width, follows,kb=k-1, known,INT(kb/width)=INT(k/width),
                moved,IF(follows,paid-was,0), span,SEQUENCE(length,1,0),
                added,LAMBDA(x,MAP(span,LAMBDA(u,SUM((at=u)*x)))), later,IF(span=0,0,1),
                closing,added(paid), opening,INDEX(closing,IF(span=0,1,span)),
                new,later*added(IF(known,0,paid)), more,later*added(IF(moved>0,moved,0)),
                less,later*added(IF(moved<0,-moved,0)),
                again,later*added(IF(known*(1-follows),paid,0)), gone,later*(opening-added(IF(follows,was,0))),
                table(HSTACK(DATE(INT((first+span-1)/12),first+span-12*INT((first+span-1)/12),1),
                    opening/100,new/100,more/100,less/100,gone/100,again/100,closing/100)))))
    """,
    source="the five movements of ChartMogul's help centre, MRR movements",
    example=Example(
        customers=["A", "B", "A", "C", "A", "B"],
        months=[_JANUARY, _JANUARY, _FEBRUARY, _FEBRUARY, _MARCH, _MARCH],
        mrr=[100, 50, 120, 30, 90, 50],
        result={
            "month": ["2026-01-01", "2026-02-01", "2026-03-01"],
            "opening": [150.0, 150.0, 150.0],
            "new": [0.0, 30.0, 0.0],
            "expansion": [0.0, 20.0, 0.0],
            "contraction": [0.0, 0.0, 30.0],
            "churned": [0.0, 50.0, 30.0],
            "reactivation": [0.0, 0.0, 50.0],
            "closing": [150.0, 150.0, 140.0],
        },
    ),
)
def mrr_movements(
    customers: Annotated[Aligned, Id()],
    months: Annotated[Aligned, Month()],
    mrr: Annotated[Aligned, Amount(signed=True)],
) -> Table:
    """How recurring revenue went from one month to the next, to the cent.

    Args:
        customers: Who pays, one a row.
        months: Any day of the month the row is for.
        mrr: Monthly recurring revenue; rows of one customer and month are added up.
    """
    paid = balances(customers, index_of(months, "month"), to_cents(mrr, "mrr"))
    found = bridge_table(of_customers(paid))
    return Table({name: found[name] for name in _MOVEMENTS}, paid.notes + guard_months(paid, customers.labels))


@metric(
    title="Retention by month",
    category=Category.REVENUE,
    columns=(
        Column("month", DATE, "first day of the month"),
        _OPENING,
        Column("expansion", MONEY, "what its members pay more"),
        *_LOSSES,
        *_RATES,
    ),
    formula="ndr = (opening + expansion − contraction − churned) ÷ opening; grr leaves out the expansion",
    convention=(
        "The customers of `horizon` months ago, each compared with that month: newcomers are left out, and whoever "
        "paused and is back has been retained. Monthly rates multiplied or movements added up give another number."
    ),
    no_native="it gives a table",
    dynamic=_BALANCES.replace("AHEAD", "horizon")
    + """
            IF(ISOMITTED(revalued),LET(at,sorted-INT(sorted/width)*width, found,XMATCH(sorted+horizon,sorted),
                current,IF(sums>0,IFNA(INDEX(sums,found),0),0), span,SEQUENCE(length,1,0),
                added,LAMBDA(x,MAP(span,LAMBDA(u,SUM((at=u-horizon)*x)))),
                opening,added(sums), grown,added((current>sums)*(current-sums)),
                less,added((current>0)*(current<sums)*(sums-current)),
                gone,added((current=0)*sums), there,added(--(sums>0)), kept,added((current>0)*(sums>0)),
                shown,LAMBDA(x,IF(span<horizon,"",x)), ratio,LAMBDA(x,y,IF(span<horizon,"",IF(y=0,"",x/y))),
                table(HSTACK(DATE(INT((first+span-1)/12),first+span-12*INT((first+span-1)/12),1),
                    shown(opening/100),shown(grown/100),shown(less/100),shown(gone/100),
                    ratio(opening+grown-less-gone,opening),ratio(opening-less-gone,opening),ratio(kept,there)))),{VALUE})))
    """,
    source=_RETENTION_SOURCE,
    example=Example(
        customers=["A", "B", "C", "A", "B", "D"],
        months=[_JANUARY, _JANUARY, _JANUARY, _FEBRUARY, _FEBRUARY, _FEBRUARY],
        mrr=[100, 50, 50, 120, 40, 70],
        horizon=1,
        result={
            "month": ["2026-01-01", "2026-02-01"],
            "opening": [float("nan"), 200.0],
            "expansion": [float("nan"), 20.0],
            "contraction": [float("nan"), 10.0],
            "churned": [float("nan"), 50.0],
            "ndr": [float("nan"), 0.8],
            "grr": [float("nan"), 0.7],
            "logo_retention": [float("nan"), 0.666667],
        },
    ),
)
def retention_by_month(
    customers: Annotated[Aligned, Id()],
    months: Annotated[Aligned, Month()],
    mrr: Annotated[Aligned, Amount(signed=True)],
    horizon: Annotated[Each, Number(1, 1200, whole=True, hint="Give a number of months, such as 12.")] = 12,
    revalued: Annotated[Aligned, Number(0.0, blanks=True)] = None,
) -> Table:
    """Net and gross revenue retention and logo retention, month by month.

    Args:
        customers: Who pays, one a row.
        months: Any day of the month the row is for.
        mrr: Monthly recurring revenue; rows of one customer and month are added up.
        horizon: How many months back the opening cohort is taken.
        revalued: With exchange rates, what each amount is worth at the rates of `horizon` months later: retention is
            then in constant currency. Blank in months too late to be looked back at; left out, amounts are as they are.
    """
    later = None if revalued is None else to_cents(revalued, "revalued")
    paid = balances(customers, index_of(months, "month"), to_cents(mrr, "mrr"), revalued=later)
    notes = paid.notes + guard_months(paid, customers.labels)
    return Table(retention_columns(of_customers(paid), int(horizon)), notes)


@metric(
    title="Retention by customer",
    category=Category.REVENUE,
    columns=(
        _OPENING,
        Column("expansion", MONEY, "what its members pay more"),
        *_LOSSES,
        Column("closing", MONEY, "what the opening cohort pays now"),
        *_RATES,
    ),
    formula="ndr = (opening + expansion − contraction − churned) ÷ opening; grr = Σ min(then, now) ÷ opening",
    convention="Only customers who paid then count; whoever is not in the second list has left.",
    no_native="it gives a table",
    dynamic="""
        LET(paid,LAMBDA(list,names,amounts,MAP(list,LAMBDA(one,SUM((names=one)*ROUND(100*amounts,0))))),
            past,UNIQUE(customers_then), was,paid(past,customers_then,mrr_then),
            present,UNIQUE(customers_now), current,paid(present,customers_now,mrr_now),
            IF(MIN(was)<0,{NUM},IF(MIN(current)<0,{NUM},
                LET(staying,IF(was>0,IFNA(INDEX(current,XMATCH(past,present)),0),0),
                    opening,SUM(was), grown,SUM((staying>was)*(staying-was)),
                    less,SUM((staying>0)*(staying<was)*(was-staying)),
                    gone,SUM((staying=0)*was), table(HSTACK(
                        opening/100,grown/100,less/100,gone/100,(opening+grown-less-gone)/100,
                        IF(opening=0,"",(opening+grown-less-gone)/opening),IF(opening=0,"",(opening-less-gone)/opening),
                        IF(SUM(--(was>0))=0,"",SUM((was>0)*(staying>0))/SUM(--(was>0)))))))))
    """,
    source=_RETENTION_SOURCE,
    example=Example(
        customers_then=["A", "B", "C"],
        mrr_then=[100, 50, 50],
        customers_now=["A", "B", "D"],
        mrr_now=[120, 40, 70],
        result={
            "opening": [200.0],
            "expansion": [20.0],
            "contraction": [10.0],
            "churned": [50.0],
            "closing": [160.0],
            "ndr": [0.8],
            "grr": [0.7],
            "logo_retention": [0.666667],
        },
    ),
)
def retention_by_customer(
    customers_then: Annotated[Aligned, Id(), Group("then")],
    mrr_then: Annotated[Aligned, Amount(signed=True), Group("then")],
    customers_now: Annotated[Aligned, Id(), Group("now")],
    mrr_now: Annotated[Aligned, Amount(signed=True), Group("now")],
) -> Table:
    """Retention between two dates from two lists of customers.

    Args:
        customers_then: Who paid at the earlier date, one a row.
        mrr_then: What each of them paid a month.
        customers_now: Who pays at the later date, one a row.
        mrr_now: What each of them pays a month.
    """
    then = _paid_by(customers_then, mrr_then, "mrr_then")
    now = _paid_by(customers_now, mrr_now, "mrr_now")
    cohort = {customer: cents for customer, cents in then.items() if cents}
    was = np.fromiter(cohort.values(), float, len(cohort))
    left = np.fromiter((now.get(customer, 0.0) for customer in cohort), float, len(cohort))
    counted = {name: np.array([part.sum()]) for name, part in fate(was, left, left > 0, None, ARRAYS, FATES).items()}
    newcomers = sum(1 for customer, cents in now.items() if cents and customer not in cohort)
    notes = repeats_note(customers_then.codes.size - len(then) + customers_now.codes.size - len(now), "customer")
    if newcomers:
        notes += (f"customers left out because they pay now but did not then: {newcomers}",)
    found = rates(counted)
    return Table({name: found["now" if name == "closing" else name] for name in _BY_CUSTOMER}, notes)


def _paid_by(customers: Coded, mrr: np.ndarray, argument: str) -> dict[object, float]:
    """Cents by customer, for those in the list."""
    cents = to_cents(mrr, argument)
    total = np.bincount(customers.codes, cents, len(customers.labels))
    if total.size and total.min() < 0:
        raise below_zero(argument, repr(customers.labels[int(total.argmin())]), float(total.min()))
    present = np.flatnonzero(np.bincount(customers.codes, minlength=total.size)).tolist()
    return {customers.labels[code]: float(total[code]) for code in present}
