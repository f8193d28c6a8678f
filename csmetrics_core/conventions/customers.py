"""Customer churn, stickiness and conversion as others compute them.

Source: the help pages named with each, as read in November 2026.
"""

from typing import Any

import numpy as np

from csmetrics_core.conventions.convention import Convention
from csmetrics_core.metrics.retention import CONVENTIONS as CHURN_BASES
from csmetrics_core.metrics.retention import churn_base

_DAYS_28 = 28


def _over(basis: str) -> Convention:
    words, who = CHURN_BASES[basis]

    def of_opening(lost: float, opening: float) -> float:
        return lost / opening

    def of_base(lost: float, opening: float, new_customers: float) -> float:
        return float(lost / churn_base(lost, opening, new_customers, basis))

    return Convention(f"over {words}", f"lost ÷ {words}", who, of_opening if basis == "opening" else of_base)


def _closing(lost: float, opening: float, new_customers: float) -> float:
    return lost / (opening + new_customers - lost)


def _net_change(lost: float, opening: float, new_customers: float) -> float:
    return (lost - new_customers) / opening


def _compounded(lost: float, opening: float) -> float | None:
    return 1 - (1 - lost / opening) ** 12 if lost <= opening else None


def _twelvefold(lost: float, opening: float) -> float:
    return 12 * lost / opening


def _monthly(lost: float, opening: float) -> float | None:
    return 1 - (1 - lost / opening) ** (1 / 12) if lost <= opening else None


_CHURN = (
    *(_over(basis) for basis in CHURN_BASES),
    Convention(
        "over all customers at the end", "lost ÷ (opening + new_customers − lost)",
        'UserGuiding (2021) and Chatbots Life (2021): "all customers", read as those at the end', _closing,
    ),
    Convention(
        "net change", "(lost − new_customers) ÷ opening",
        "calculators of Vitally, UserIQ and angelinvestingschool; new sales hide churn", _net_change,
    ),
    Convention("a year, compounded", "1 − (1 − lost ÷ opening)^12", "Churnkey", _compounded),
    Convention("a year, times twelve", "12 × lost ÷ opening", "productanalyst.ai", _twelvefold),
    Convention("a month of a year's churn", "1 − (1 − lost ÷ opening)^(1/12)", "Churnkey", _monthly),
    Convention(
        "sum of daily rates", "Σ of each day's lost ÷ that day's opening", "ChartMogul, Shopify (B2C) setting",
        needs="customers lost and customers at the start of every day",
    ),
    Convention(
        "without sign-ups of the same month", "lost, less those who signed up in the period, ÷ opening",
        "ProfitWell (Paddle)",
        needs="how many of the lost signed up in the same period",
    ),
    Convention(
        "another day of leaving",
        "counted on cancelling, at the end of the paid period, when scheduled, or 15 or 30 days past due",
        "settings of ChartMogul; ProfitWell 15 days, Baremetrics 30 days",
        needs="the day each of the lost is counted on",
    ),
    Convention(
        "subscriptions, not customers", "subscriptions lost ÷ subscriptions at the start",
        "Recurly, subscription churn",
        needs="subscriptions lost and subscriptions at the start",
    ),
)  # fmt: skip


def _mean_dau(dau: Any, mau: float) -> float:
    return float(np.mean(dau)) / mau


def _last_dau(dau: Any, mau: float) -> float:
    return float(dau[-1]) / mau


def _28_days(dau: Any, mau: float) -> float | None:
    return float(np.mean(dau[-_DAYS_28:])) / mau if len(dau) > _DAYS_28 else None


def _inverse(dau: Any, mau: float) -> float:
    return mau / float(np.mean(dau))


def _inverse_last(dau: Any, mau: float) -> float:
    return mau / float(dau[-1])


_STICKINESS = (
    Convention("mean DAU", "mean of dau ÷ mau", "VortexIQ on PostHog, FutureProof", _mean_dau),
    Convention("one day's DAU", "last dau ÷ mau", "UserGuiding (2021), the ratio of a single day", _last_dau),
    Convention(
        "the last 28 days", "mean of the last 28 dau ÷ mau", "Mozilla, GitLab; their mau is of 28 days too", _28_days
    ),
    Convention(
        "the other way round", "mau ÷ mean of dau", 'UserGuiding (2021), by its title "MAU/DAU"', _inverse,
        is_share=False,
    ),
    Convention(
        "the other way round, one day", "mau ÷ last dau", 'UserGuiding (2021), by its title "MAU/DAU"', _inverse_last,
        is_share=False,
    ),
    Convention("calendar month", "mean DAU ÷ MAU of the calendar month", "June", needs="a mau of the calendar month"),
    Convention(
        "users by active days", "share of users active on exactly, or at least, N days",
        "PostHog and Amplitude, stickiness", needs="the active days of every user",
    ),
)  # fmt: skip


def _conversion(conversions: float, opportunities: float) -> float:
    return conversions / opportunities


_CONVERSION = (
    Convention("over interactions", "conversions ÷ opportunities", "Google Ads", _conversion),
    Convention(
        "every conversion counted", "all conversions ÷ opportunities", 'Google Ads, counting "every"',
        needs="conversions with repeated ones of the same person",
    ),
    Convention(
        "over visitors, or over leads", "conversions ÷ visitors; conversions ÷ leads", "UserGuiding (2021), both",
        needs="the other of the two counts",
    ),
    Convention(
        "trials started", "of the trials started in the period, converted since ÷ started", "ChartMogul",
        needs="trials by the period they started in",
    ),
    Convention(
        "trials ended", "converted ÷ trials that ended in 30 days", "Stripe Billing",
        needs="trials that ended in 30 days",
    ),
    Convention(
        "same time frame", "conversions of the period ÷ new trials of the period", "Baremetrics; may pass 100 %",
        needs="new trials of the same period",
    ),
    Convention(
        "freemium, of whom", "paying ÷ all free sign-ups; paying ÷ active free users",
        "both are in use, often unlabelled",
        needs="the other count of free users",
    ),
)  # fmt: skip

CUSTOMERS = {"churn_rate": _CHURN, "stickiness": _STICKINESS, "conversion_rate": _CONVERSION}
