"""Support: was it solved the first time?"""

from typing import Annotated, Any

import numpy as np

from csmetrics_core.declaration.catalog import metric
from csmetrics_core.declaration.kinds import Count, Flag
from csmetrics_core.declaration.spec import (
    FRACTION,
    Aligned,
    Better,
    Category,
    Example,
    Sample,
    Total,
)
from csmetrics_core.maths.ratios import count, proportion
from csmetrics_core.results import Ratio, Refusal

Number = Annotated[Total, Count()]
Flags = Annotated[Aligned, Flag()]


@metric(
    title="First contact resolution",
    category=Category.SUPPORT,
    unit=FRACTION,
    bounds=(0, 1),
    better=Better.HIGHER,
    formula="resolved on first contact ÷ (contacts − unresolvable)",
    convention="Gross over all resolved contacts; net where those the first level cannot resolve are taken out.",
    native=(
        "IF({unresolvable}>{contacts},{NUM},IF({contacts}-{unresolvable}=0,{DIV0},"
        "IF({first_contact}>{contacts}-{unresolvable},{NUM},{first_contact}/({contacts}-{unresolvable}))))"
    ),
    source="MetricNet (Rumburg), first contact resolution, gross and net; HDI",
    example=(
        Example(first_contact=70, contacts=100, result=0.7),
        Example(first_contact=70, contacts=100, unresolvable=20, result=0.875),
    ),
    headline=12,
    sample=Sample.COUNTED,
)
def fcr(first_contact: Number, contacts: Number, unresolvable: Number = 0) -> Ratio:
    """Share of contacts resolved the first time, a fraction.

    Args:
        first_contact: Contacts resolved on first contact.
        contacts: All contacts.
        unresolvable: Contacts the first level could not have resolved.
    """
    base = contacts - unresolvable
    fix = "Count only contacts of the period."
    refusals = (
        Refusal(base < 0, "unresolvable", unresolvable, "at most contacts", fix),
        Refusal(first_contact > base, "first_contact", first_contact, "at most contacts − unresolvable", fix),
    )
    if np.ndim(first_contact) or np.ndim(base) or base <= 0:
        return Ratio(first_contact, base, base="contacts − unresolvable", refusals=refusals)
    ratio = proportion(first_contact, base, base="contacts − unresolvable")
    ratio.refusals = refusals
    return ratio


def first_contact(contacts: Any, resolved: Any, reopened: Any, transferred: Any, abandoned: Any) -> tuple[Any, Any]:
    """Which tickets were resolved on first contact, and which count at all; flags not given never apply."""
    counted = (True if resolved is None else resolved) & (True if abandoned is None else ~abandoned)
    first = counted & (contacts == 1)
    for undone in (reopened, transferred):
        first = first if undone is None else first & ~undone
    return first, counted


@metric(
    title="First contact resolution from tickets",
    category=Category.SUPPORT,
    unit=FRACTION,
    bounds=(0, 1),
    better=Better.HIGHER,
    formula="tickets resolved with one contact, not reopened, not transferred ÷ tickets resolved",
    convention="Gross; abandoned tickets are left out; a reopening or a transfer undoes first contact resolution.",
    no_native="it combines up to five columns row by row",
    dynamic="""
        LET(counted,IF(ISOMITTED(resolved),1,resolved*1)*IF(ISOMITTED(abandoned),1,1-abandoned)*SEQUENCE(ROWS(contacts),1,1,0),
            good,counted*(contacts=1)*IF(ISOMITTED(reopened),1,1-reopened)*IF(ISOMITTED(transferred),1,1-transferred),
            IF(SUM(counted)=0,{DIV0},SUM(good)/SUM(counted)))
    """,
    source="HDI, MetricNet and Freshservice, first contact resolution",
    example=Example(
        contacts=[1, 1, 2, 1, 1], resolved=[True, True, True, False, True], reopened=[0, 1, 0, 0, 0], result=0.5
    ),
    sample=Sample.COUNTED,
)
def fcr_from_contacts(
    contacts: Annotated[Aligned, Count(low=1)],
    resolved: Flags = None,
    reopened: Flags = None,
    transferred: Flags = None,
    abandoned: Flags = None,
) -> Ratio:
    """Share of resolved tickets that one contact resolved, a fraction.

    Args:
        contacts: Contacts each ticket took.
        resolved: Whether it was resolved; left out, all were.
        reopened: Whether it came back within the window you look at, commonly 7 days.
        transferred: Whether it was passed on.
        abandoned: Whether the customer gave up before an answer.
    """
    first, counted = first_contact(contacts, resolved, reopened, transferred, abandoned)
    total = contacts.size if counted is True else count(counted)
    return proportion(count(np.broadcast_to(first, contacts.shape)), total, base="the number of resolved tickets")
