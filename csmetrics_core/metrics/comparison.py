"""Our number beside others': the convention behind a reported figure, and figures others have published."""

from typing import Annotated

from csmetrics_core.conventions.benchmarks import BENCHMARKS
from csmetrics_core.conventions.reconcile import reconcile
from csmetrics_core.declaration.catalog import metric
from csmetrics_core.declaration.kinds import Number
from csmetrics_core.declaration.spec import RATIO, TEXT, Category, Column, Example, Raw
from csmetrics_core.metrics.about import MetricName, asked_about, single_cell, trimmed
from csmetrics_core.results import Table


@metric(
    title="Reconcile",
    category=Category.ABOUT,
    columns=(
        Column("convention", TEXT, "in a few words; csmetrics is the call itself"),
        Column("formula", TEXT, "in the names of the arguments"),
        Column("used_by", TEXT, "who publishes it this way"),
        Column("value", RATIO, "what it gives; blank where it gives nothing"),
        Column("gap", RATIO, "value − reported"),
        Column(
            "verdict", TEXT, '"reproduces it" within the rounding of the reported figure, "closest", or what it needs'
        ),
    ),
    formula="the metric by every documented convention, and the gap of each to the reported figure",
    convention=(
        "The digits of the reported figure tell how it was rounded: 0.025 stands for 2.45 % to 2.55 %; a rate is taken "
        "to be rounded to the whole percent at most. A number forgets the zeros at its end: 0.05 is 5 %, 4.5 % to "
        '5.5 %; as text, "5.00%" is 4.995 % to 5.005 %.'
    ),
    no_native="it gives a table",
    source="the help pages named in used_by, as read in November 2026",
    example=Example(
        metric="fcr",
        reported=0.7,
        arguments=(70, 100, 20),
        result={
            "convention": [
                "csmetrics",
                "gross",
                "net",
                "within a business hour",
                "no reply after the first answer",
                "one touch",
                "no repeat within 7 days",
                "csmetrics, typed as a percentage",
            ],
            "formula": [
                "resolved on first contact ÷ (contacts − unresolvable)",
                "first_contact ÷ contacts",
                "first_contact ÷ (contacts − unresolvable)",
                "e-mail and web resolved within one business hour count as first contact",
                "no customer interaction after the first reply ÷ resolved tickets",
                "tickets solved with one public reply ÷ tickets solved",
                "contacts not followed by another on the matter ÷ contacts",
                "resolved on first contact ÷ (contacts − unresolvable)",
            ],
            "used_by": [
                "as called",
                "SparrowDesk, EverWorker; MetricNet, gross",
                "MetricNet (Rumburg), net; Medallia",
                "HDI",
                "Freshservice",
                "help desks of Zendesk's kind; a stand-in",
                "call centre practice",
                "as called",
            ],
            "value": [0.875, 0.7, 0.875, *[float("nan")] * 4, 87.5],
            "gap": [0.175, 0.0, 0.175, *[float("nan")] * 4, 86.8],
            "verdict": [
                "",
                "reproduces it",
                "",
                "needs the time each e-mail and web contact took",
                "needs the customer's replies on each ticket",
                "needs the replies of each ticket",
                "needs repeated contacts on the same matter",
                "",
            ],
        },
    ),
)
def csm_reconcile(metric: MetricName, reported: Annotated[Raw, Number()], *arguments: Raw) -> Table:
    """Why a figure from elsewhere differs: every known convention, its value, its gap, and which one gives the figure.

    Args:
        metric: The name of the metric, such as "churn_rate".
        reported: The figure somebody else reported, with the digits they gave. As text, such as "2.50%", zeros at the
            end count too.
        arguments: The metric's arguments, as in the call itself.
    """
    found = reconcile(asked_about(metric).name, single_cell(reported), *trimmed(arguments))
    return Table(dict(found.columns()), (found.summary,))


@metric(
    title="Published figures",
    category=Category.ABOUT,
    columns=(
        Column("function", TEXT, "the metric"),
        Column("published", TEXT, "the figure, and what its source calls it"),
        Column("source", TEXT, "who published it"),
        Column("as_of", TEXT, "when it was published or read"),
    ),
    formula="figures others have published, with source and date",
    convention="They describe other businesses, counted in other ways; no value is judged by them.",
    no_native="it gives a table",
    source="as named in each row",
    example=Example(
        metric="fcr",
        result={
            "function": ["FCR"],
            "published": ['70 % to 79 % is called "good"'],
            "source": ["SQM Group, first call resolution benchmark"],
            "as_of": ["as read in November 2026"],
        },
    ),
)
def csm_benchmarks(metric: MetricName = "") -> Table:
    """Figures others have published about a metric, each with its source and date.

    Args:
        metric: The name of the metric, such as "fcr"; left out, all there are.
    """
    wanted = "" if isinstance(metric, str) and not metric else asked_about(metric).name
    shown = [figure for figure in BENCHMARKS if figure.metric == wanted or not wanted]
    known = ", ".join(sorted({figure.metric.upper() for figure in BENCHMARKS}))
    return Table(
        {
            "function": [figure.metric.upper() for figure in shown],
            "published": [figure.published for figure in shown],
            "source": [figure.source for figure in shown],
            "as_of": [figure.as_of for figure in shown],
        },
        empty=f"No published figure with a source is recorded for {wanted.upper()}; there is one for {known}.",
    )
