"""Reconciliation: every convention by hand, the one that reproduces a figure, rounding, confusions, the command."""

import json
from math import isnan

import numpy as np
import pytest
from csmetrics_addin.cli.app import app
from models_data import PUBLISHED
from typer.testing import CliRunner

import csmetrics_core as csm
from csmetrics_core.conventions import CONVENTIONS
from csmetrics_core.conventions.benchmarks import BENCHMARKS, published_figures
from csmetrics_core.conventions.reconcile import CLOSEST, REPRODUCES, read_figure, reconcile
from csmetrics_core.errors import MetricError, OutOfScale, UnknownMetric, WrongCall, WrongKind, WrongShape

CALLS = {
    "churn_rate": {"lost": 18, "opening": 1126, "new_customers": 85},
    "mrr_churn_rate": {"opening": 1000, "contraction": 30, "churned": 47},
    "net_mrr_churn_rate": {"opening": 1000, "expansion": 61, "contraction": 30, "churned": 47, "reactivation": 9},
    "ndr": {"opening": 1000, "expansion": 61, "contraction": 30, "churned": 47},
    "nrr": {"opening": 1000, "expansion": 61, "contraction": 30, "churned": 47},
    "arpu": {"revenue": 10500, "opening_users": 100, "closing_users": 110},
    "clv": {"arpa": 50, "gross_margin": 0.9, "churn": 0.04, "discount_per_period": 0.01, "horizon": 24},
    "csat": {"ratings": [5, 5, 4, 4, 4, 3, 3, 2, 1, 5, 4]},
    "ces": {"ratings": [7, 6, 6, 5, 4, 3, 2, 7, 5, 1, 6], "scale_max": 7},
    "fcr": {"first_contact": 70, "contacts": 120, "unresolvable": 20},
    "stickiness": {"dau": list(range(20, 50)), "mau": 140},
    "conversion_rate": {"conversions": 13, "opportunities": 640},
}
# What each convention gives for these calls, worked out apart from the code.
BY_HAND = {
    "churn_rate": {
        "over opening": 18 / 1126,
        "over opening + new": 18 / 1211,
        "over (opening + closing) ÷ 2": 18 / ((1126 + 1193) / 2),
        "over all customers at the end": 18 / 1193,
        "net change": (1126 - 1193) / 1126,
        "a year, compounded": 1 - (1108 / 1126) ** 12,
        "a year, times twelve": 216 / 1126,
        "a month of a year's churn": 1 - (1108 / 1126) ** (1 / 12),
    },
    "mrr_churn_rate": {
        "gross": 0.077,
        "churned alone": 0.047,
        "at most 100 %": 0.077,
        "a year, compounded": 1 - 0.923**12,
        "a year, times twelve": 0.924,
    },
    "net_mrr_churn_rate": {
        "net, reactivation too": 0.007,
        "net, without reactivation": 0.016,
        "downgrades left out": -0.014,
        "gross": 0.077,
    },
    "ndr": {
        "cohort bridge": 0.984,
        "multiplied": 0.923 * 1.061,
        "gross": 0.923,
        "twelve months chained": 0.984**12,
        "net churn": 0.016,
        "churn under another name": 0.047,
    },
    "arpu": {
        "average users": 100,
        "users at the end": 10500 / 110,
        "users at the start": 105,
        "a month of a quarter": 35,
        "a month of a year": 8.75,
        "a year of a month": 1260,
    },
    "clv": {
        "margin over churn": 1125,
        "revenue over churn": 1250,
        "no churn taken as 1.67 %": 1250,
        "discounted at 10 %": 55 / 0.14,
        "discounted, as printed": 550.04,
        "first margin after a period": 45 * 0.96 / 0.05,
        "first margin at once": 45 * 1.01 / 0.05,
        "month over a year's churn": 45 / (1 - 0.96**12),
    },
    "csat": {
        "top two boxes": 700 / 11,
        "boxes by scale": 700 / 11,
        "middle left out": 700 / 9,
        "mean": 40 / 11,
        "not unhappy": 900 / 11,
    },
    "ces": {
        "CES 2.0": 700 / 11,
        "top two of seven": 500 / 11,
        "index": 200 / 11,
        "mean": 52 / 11,
        "low is easy": 300 / 11,
        "mean turned round": 8 - 52 / 11,
        "sum of positive scores": 42 / 11,
    },
    "fcr": {"gross": 70 / 120, "net": 0.7},
    "stickiness": {
        "mean DAU": 34.5 / 140,
        "one day's DAU": 0.35,
        "the last 28 days": 35.5 / 140,
        "the other way round": 140 / 34.5,
        "the other way round, one day": 140 / 49,
    },
    "conversion_rate": {"over interactions": 13 / 640},
}
BY_HAND["nrr"] = BY_HAND["ndr"]
WITH_VALUE = [(metric, name) for metric, lines in BY_HAND.items() for name in lines]


@pytest.mark.parametrize("metric", sorted(CALLS))
def test_every_convention_by_hand(metric):
    found = reconcile(metric, 12345678.9, **CALLS[metric])
    documented = {line.convention: line.value for line in found.lines if not isnan(line.value)}
    ours = documented.pop("csmetrics")
    assert ours == csm.CATALOG[metric].function(**CALLS[metric])
    documented = {name: value for name, value in documented.items() if "typed as" not in name}
    assert documented == pytest.approx(BY_HAND[metric])
    assert [line.verdict for line in found.lines].count(CLOSEST) == 1
    assert found.reproduced_by == ()
    assert "comes closest" in found.summary


@pytest.mark.parametrize(("metric", "name"), WITH_VALUE)
def test_a_figure_is_traced_to_its_convention(metric, name):
    value = BY_HAND[metric][name]
    for reported in (value, round(value, 4), f"{value:.3f}"):
        assert name in reconcile(metric, reported, **CALLS[metric]).reproduced_by
    one = next(c for c in CONVENTIONS[metric] if c.name == name)
    if one.is_share and csm.CATALOG[metric].unit.name == "fraction":
        assert name in reconcile(metric, f"{100 * value:.1f}%", **CALLS[metric]).reproduced_by
        assert (
            f"{name}, typed as a percentage" in reconcile(metric, round(100 * value, 2), **CALLS[metric]).reproduced_by
        )
    if one.is_share and csm.CATALOG[metric].unit.name == "points":
        assert name in reconcile(metric, f"{value:.1f}%", **CALLS[metric]).reproduced_by
        assert f"{name}, typed as a fraction" in reconcile(metric, round(value / 100, 3), **CALLS[metric]).reproduced_by


def test_published_conventions():
    # Six months of a published series are Stripe's; a year's figure is not six times a month's.
    given = PUBLISHED["ex087"]["inputs"]
    for lost, opening, new, printed in zip(
        given["customers_lost"],
        given["customers_start"],
        given["new_customers"],
        PUBLISHED["ex087"]["expected"],
        strict=True,
    ):
        assert "over opening + new" in reconcile("churn_rate", printed, lost, opening, new).reproduced_by
    # Gross retention .85 and expansion .25: printed 106 % multiplies, the table beside it adds.
    call = {"opening": 100, "expansion": 25, "contraction": 0, "churned": 15}
    assert reconcile("ndr", 1.0625, **call).reproduced_by == ("multiplied",)
    assert reconcile("ndr", "106%", **call).reproduced_by == ("multiplied",)
    assert reconcile("ndr", 1.10, **call).reproduced_by == ("csmetrics", "cohort bridge")
    # Zendesk counts good and bad alone.
    given = PUBLISHED["ex076"]["inputs"]
    ratings = [5] * given["good"] + [1] * given["bad"] + [3] * 5
    assert reconcile("csat", PUBLISHED["ex076"]["expected"], ratings).reproduced_by == ("middle left out",)
    # Upgraded and lost within the month: 1379 ÷ 500 until it was capped.
    assert reconcile("mrr_churn_rate", 1.0, 500, 0, 1379).reproduced_by == ("at most 100 %",)
    assert reconcile("clv", 6000, 100, 0.8, 0).reproduced_by == ("no churn taken as 1.67 %",)


@pytest.mark.parametrize(
    ("typed", "value", "half_unit", "percent"),
    [
        (0.025, 0.025, 0.0005, False),
        ("2.5%", 0.025, 0.0005, True),
        ("2.50 %", 0.025, 0.00005, True),
        ("2,5 %", 0.025, 0.0005, True),
        ("−3%", -0.03, 0.005, True),
        (1600, 1600, 0.5, False),
        (1600.0, 1600, 0.5, False),
        ("1,600", 1600, 0.5, False),
        ("1,600.0", 1600, 0.05, False),
        (".5", 0.5, 0.05, False),
        ("0,025", 0.025, 0.0005, False),
        ("0,025 %", 0.00025, 0.000005, True),
        ("5%", 0.05, 0.005, True),
        ("5.00%", 0.05, 0.00005, True),
        (0.05, 0.05, 0.005, False),
        ("0.0500", 0.05, 0.00005, False),
        (np.float64(0.25), 0.25, 0.005, False),
        (np.int64(7), 7, 0.5, False),
    ],
)
def test_digits_tell_the_rounding(typed, value, half_unit, percent):
    figure = read_figure(typed)
    assert (figure.value, figure.half_unit) == pytest.approx((value, half_unit))
    assert figure.is_percentage is percent


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "-",
        ".",
        "about 3",
        "1.600,5",
        "3 of 4",
        None,
        True,
        float("nan"),
        [0.1],
        "=1+1",
        "9" * 400,
        10**400,
        "1.5%%",
    ],
)
def test_what_is_no_figure_is_refused(typed):
    with pytest.raises(WrongKind, match="expected a number, or text such as 2"):
        reconcile("fcr", typed, 70, 100)


def test_a_comma_in_a_percentage_that_can_be_read_two_ways_is_refused():
    with pytest.raises(WrongKind, match="decimal point"):
        reconcile("fcr", "2,500%", 70, 100)
    assert read_figure("12,5000%").value == pytest.approx(0.125)


def test_zeros_at_the_end_count_as_text():
    # 47 of 1000 is 4.7 %: told as 5 % it is that, told as 5.00 % it is not.
    assert "over opening" in reconcile("churn_rate", 0.05, 47, 1000).reproduced_by
    assert "over opening" in reconcile("churn_rate", "5%", 47, 1000).reproduced_by
    assert reconcile("churn_rate", "5.00%", 47, 1000).reproduced_by == ()
    assert reconcile("churn_rate", "4.70%", 47, 1000).reproduced_by == ("csmetrics", "over opening")


def test_a_tie_is_told():
    told = reconcile("churn_rate", "1.5%", **CALLS["churn_rate"]).summary
    assert "over opening + new" in told
    assert "over all customers at the end" in told
    assert told.endswith("or another month, would.")
    assert "apart" not in reconcile("churn_rate", "1.49%", **CALLS["churn_rate"]).summary


def test_rounding_decides():
    call = CALLS["churn_rate"]
    assert reconcile("churn_rate", 0.0149, **call).reproduced_by == ("over opening + new",)
    # To the tenth of a percent two conventions are one; more digits tell them apart.
    assert set(reconcile("churn_rate", "1.5%", **call).reproduced_by) == {
        "over opening + new",
        "over all customers at the end",
    }
    assert reconcile("churn_rate", 0.0148637, **call).reproduced_by == ("over opening + new",)
    assert reconcile("churn_rate", 0.0148639, **call).reproduced_by == ()
    # 1.1 is 110 %, not everything from 105 % to 115 %.
    assert reconcile("ndr", 1.1, 100, 14, 0, 0).reproduced_by == ()


def test_what_is_missing_is_named():
    lines = {line.convention: line for line in reconcile("churn_rate", 0.05, 10, 200).lines}
    assert lines["over opening"].verdict == REPRODUCES
    assert lines["over opening + new"].verdict == "needs new_customers"
    assert lines["sum of daily rates"].verdict == "needs customers lost and customers at the start of every day"
    nothing = reconcile("clv", 100, 50, 0.8, 0)
    assert {line.verdict for line in nothing.lines} >= {"divides by 0"}
    assert nothing.lines[0].verdict.startswith("#DIV/0! churn is 0")
    short = reconcile("csat", 50, [1, 2, 3], 3)
    assert next(line for line in short.lines if line.convention == "boxes by scale").value == pytest.approx(100 / 3)
    assert short.lines[0].verdict.startswith("#NUM!")


def test_nobody_good_and_nobody_bad_is_no_share():
    lines = {line.convention: line for line in reconcile("csat", "0%", [3, 3, 3]).lines}
    assert (lines["middle left out"].verdict, isnan(lines["middle left out"].value)) == ("divides by 0", True)
    assert read_figure("0." + "0" * 400 + "1").half_unit == 0


def test_refusals():
    with pytest.raises(WrongKind, match="no conventions are recorded for nps") as caught:
        reconcile("nps", 30, [9, 3])
    assert "churn_rate" in caught.value.fix
    with pytest.raises(UnknownMetric):
        reconcile("churnn", 1, 2, 3)
    with pytest.raises(WrongCall, match="churn_rate"):
        reconcile("churn_rate", 1)
    with pytest.raises(OutOfScale, match="churn_rate: lost is -1"):
        reconcile("churn_rate", 0.1, -1, 5)
    with pytest.raises(WrongShape, match="one is meant"):
        reconcile("churn_rate", 0.1, [1, 2], [10, 20])


def test_every_convention_says_who_and_how():
    for metric, conventions in CONVENTIONS.items():
        names = [one.name for one in conventions]
        assert len(set(names)) == len(names), metric
        for one in conventions:
            assert one.formula
            assert one.used_by
            assert (one.value is None) == bool(one.needs)


def test_the_function_gives_the_same_table():
    table = csm.csm_reconcile("churn_rate", "1.49%", 18, 1126, 85, None)
    assert table.to_dict("list").keys() == reconcile("churn_rate", "1.49%", 18, 1126, 85).columns().keys()
    assert table.loc[table["verdict"] == REPRODUCES, "convention"].tolist() == ["over opening + new"]
    assert csm.csm_reconcile("CHURN_RATE", [["1.49%"]], 18, 1126, 85).equals(table)
    with pytest.raises(MetricError):
        csm.csm_reconcile("csm_explain", 1, 2)


def test_percentages_lie_percentage_points_apart():
    found = reconcile("ndr", "97%", **CALLS["ndr"])
    assert found.summary.endswith("multiplied comes closest, +0.93 percentage points away.")
    assert reconcile("arpu", 101.5, **CALLS["arpu"]).summary.endswith("csmetrics comes closest, −1.5 away.")


def test_it_reads_as_text_and_as_html():
    found = reconcile("stickiness", "25%", [10, 30], 80)
    assert "mean DAU: 25% reproduces it" in str(found)
    assert "one day&#x27;s DAU" in found._repr_html_()
    assert "<script" not in reconcile("conversion_rate", 1, 1, 2)._repr_html_()


def run(*words):
    return CliRunner(env={"COLUMNS": "100", "NO_COLOR": "1", "TERM": "dumb"}).invoke(
        app, ["reconcile", *map(str, words)]
    )


def test_the_command(tmp_path):
    done = run("churn_rate", "1.49%", 18, 1126, 85)
    assert done.exit_code == 0
    assert "over opening + new gives it (Stripe Billing)." in done.output
    named = run("net_mrr_churn_rate", "-10%", "opening=100", "expansion=20", "contraction=5", "churned=5", "--json")
    assert json.loads(named.output)["reproduced_by"][0] == "csmetrics"
    typed = run("csat", 4, "5,4,3", "--json")
    assert json.loads(typed.output)["reproduced_by"] == ["mean"]
    path = tmp_path / "answers.csv"
    path.write_text("Rating\n5\n4\n\n3\n", encoding="utf-8")
    assert json.loads(run("csat", 4, "Rating", "--file", path, "--json").output)["reproduced_by"] == ["mean"]
    assert run("nps", 1, 2).exit_code == 2
    assert "has no argument openin. Did you mean opening?" in run("churn_rate", "5%", 5, "openin=100").stderr
    assert run("fcr", 1, 2, 3, 4, 5).exit_code == 2


def test_published_figures_come_with_source_and_date_and_no_judgement():
    assert all(figure.source and "20" in figure.as_of and figure.metric in csm.CATALOG for figure in BENCHMARKS)
    told = str(csm.explain("fcr", 75, 100))
    assert str(published_figures("fcr")[0]) in told
    assert "SQM Group" in told
    assert "November 2026" in told
    table = csm.csm_benchmarks()
    assert list(table.columns) == ["function", "published", "source", "as_of"]
    assert csm.csm_benchmarks("ltv_cac")["function"].tolist() == ["LTV_CAC"]
    assert csm.csm_benchmarks("nps").empty
