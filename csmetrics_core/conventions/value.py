"""Revenue a user and lifetime value as others compute them.

Source: the help pages named with each, as read in November 2026.
"""

from csmetrics_core.conventions.convention import Convention


def _average_users(revenue: float, opening_users: float, closing_users: float) -> float:
    return revenue / ((opening_users + closing_users) / 2)


def _opening_users(revenue: float, opening_users: float) -> float:
    return revenue / opening_users


def _closing_users(revenue: float, closing_users: float) -> float:
    return revenue / closing_users


def _month_of_quarter(revenue: float, opening_users: float) -> float:
    return revenue / opening_users / 3


def _month_of_year(revenue: float, opening_users: float) -> float:
    return revenue / opening_users / 12


def _year_of_month(revenue: float, opening_users: float) -> float:
    return revenue / opening_users * 12


_ARPU = (
    Convention(
        "average users", "revenue ÷ ((opening_users + closing_users) ÷ 2)",
        "UserGuiding (2021), telecommunications practice", _average_users, is_share=False,
    ),
    Convention(
        "users at the end", "revenue ÷ closing_users", "ChartMogul ARPA, Baremetrics, Chargebee, Investory",
        _closing_users, is_share=False,
    ),
    Convention(
        "users at the start", "revenue ÷ opening_users", "where closing users are not known", _opening_users,
        is_share=False,
    ),
    Convention(
        "a month of a quarter", "revenue ÷ opening_users ÷ 3", "mymarketingdeal gives ARPU a quarter",
        _month_of_quarter, is_share=False,
    ),
    Convention(
        "a month of a year", "revenue ÷ opening_users ÷ 12", "a year's revenue, label left out", _month_of_year,
        is_share=False,
    ),
    Convention(
        "a year of a month", "12 × revenue ÷ opening_users", "a month's revenue, annualised", _year_of_month,
        is_share=False,
    ),
    Convention(
        "mean of daily users", "revenue ÷ mean of each day's users", "consumer and telecommunications practice",
        needs="the users of every day",
    ),
    Convention("paying users only", "revenue ÷ paying users", "ARPPU", needs="the number of paying users"),
    Convention(
        "over interactions", "revenue ÷ user interactions", "Chatbots Life (2021)", needs="the number of interactions"
    ),
)  # fmt: skip

_SIXTY_MONTHS = 1 / 60
_RECURLY = 0.1


def _on_margin(arpa: float, gross_margin: float, churn: float) -> float:
    return arpa * gross_margin / churn


def _on_revenue(arpa: float, churn: float) -> float:
    return arpa / churn


def _stripe(arpa: float, churn: float) -> float:
    return arpa / (churn or _SIXTY_MONTHS)


def _recurly(arpa: float, churn: float) -> float:
    return arpa * (1 + _RECURLY) / (_RECURLY + churn)


def _recurly_as_printed(arpa: float, churn: float) -> float:
    return arpa * (1 + _RECURLY) / _RECURLY + churn


def _after_a_period(arpa: float, gross_margin: float, churn: float, discount_per_period: float) -> float:
    return arpa * gross_margin * (1 - churn) / (discount_per_period + churn)


def _at_once(arpa: float, gross_margin: float, churn: float, discount_per_period: float) -> float:
    return arpa * gross_margin * (1 + discount_per_period) / (discount_per_period + churn)


def _over_annual_churn(arpa: float, gross_margin: float, churn: float) -> float:
    return arpa * gross_margin / (1 - (1 - churn) ** 12)


_CLV = (
    Convention("margin over churn", "arpa × gross_margin ÷ churn", "Finmark, HubSpot", _on_margin, is_share=False),
    Convention(
        "revenue over churn", "arpa ÷ churn",
        "ChartMogul, help article 203359061; Baremetrics; ProfitWell; UserGuiding (2021) with lifespan = 1 ÷ churn",
        _on_revenue, is_share=False,
    ),
    Convention(
        "no churn taken as 1.67 %", "arpa ÷ churn, 1 ÷ 60 where churn is 0", "Stripe Billing", _stripe, is_share=False
    ),
    Convention("discounted at 10 %", "arpa × 1.1 ÷ (0.1 + churn)", "Recurly", _recurly, is_share=False),
    Convention(
        "discounted, as printed", "arpa × 1.1 ÷ 0.1 + churn", "Recurly, help page without brackets",
        _recurly_as_printed, is_share=False,
    ),
    Convention(
        "first margin after a period", "arpa × gross_margin × (1 − churn) ÷ (discount_per_period + churn)",
        "Gupta and Lehmann (2003)", _after_a_period, is_share=False,
    ),
    Convention(
        "first margin at once", "arpa × gross_margin × (1 + discount_per_period) ÷ (discount_per_period + churn)",
        "Gupta and Lehmann (2003)", _at_once, is_share=False,
    ),
    Convention(
        "month over a year's churn", "arpa × gross_margin ÷ (1 − (1 − churn)^12)",
        "a common slip: monthly revenue over annual churn", _over_annual_churn, is_share=False,
    ),
    Convention(
        "smoothed churn", "arpa ÷ mean churn of the last six months", "ChartMogul, newer version",
        needs="the churn of six months",
    ),
    Convention(
        "visits over years", "value of a visit × visits a year × years, with or without margin",
        "the Starbucks case retold by many", needs="visits a year and years",
    ),
    Convention(
        "from purchases or renewals", "BG/NBD × Gamma-Gamma; shifted beta-geometric", "Fader, Hardie and Lee",
        needs="purchases or a cohort: see clv_forecast and retention_forecast",
    ),
)  # fmt: skip

VALUE = {"arpu": _ARPU, "clv": _CLV}
