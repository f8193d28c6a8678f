"""Satisfaction, effort and first contact resolution as others compute them.

Source: the help pages named with each, as read in November 2026.
"""

from typing import Any

import numpy as np

from csmetrics_core.conventions.convention import Convention
from csmetrics_core.maths.ratios import count


def _share(good: Any) -> float:
    """Share of the answers that are good, in points."""
    return 100 * float(np.mean(good))


def _top_two(ratings: Any, scale_max: float) -> float | None:
    return _share(ratings >= scale_max - 1) if scale_max >= 4 else None


def _formbricks(ratings: Any, scale_max: float) -> float | None:
    boxes = {3: 1, 4: 2, 5: 2, 6: 2, 7: 2, 10: 3}.get(int(scale_max))
    return None if boxes is None else _share(ratings > scale_max - boxes)


def _without_middle(ratings: Any, scale_max: float) -> float:
    good, bad = count(ratings >= scale_max - 1), count(ratings <= 2)
    return 100 * good / (good + bad)


def _zencity(ratings: Any, scale_max: float) -> float | None:
    line = {6: 4, 7: 5}.get(int(scale_max))
    return None if line is None else _share(ratings >= line)


def _mean(ratings: Any) -> float:
    return float(np.mean(ratings))


def _not_unhappy(ratings: Any, scale_max: float) -> float | None:
    return 100 - _share(ratings <= 2) if scale_max >= 4 else None


_CSAT = (
    Convention(
        "top two boxes", "the two best answers ÷ answers",
        "Delighted, Intercom, Qualtrics; QuestionPro (9-10 of 10)", _top_two,
    ),
    Convention(
        "boxes by scale", "best answer of 3, two of 4 to 7, three of 10 ÷ answers", "Formbricks", _formbricks
    ),
    Convention(
        "middle left out", "two best ÷ (two best + two worst)", "Zendesk's good ÷ (good + bad), put to a scale",
        _without_middle,
    ),
    Convention("upper half", "4 and up of 6, 5 and up of 7 ÷ answers", "Zencity", _zencity),
    Convention("mean", "sum of answers ÷ answers", "SmartSurvey by default, QuestionPro", _mean, is_share=False),
    Convention("not unhappy", "100 − two worst answers", "Nicereply", _not_unhappy),
    Convention(
        "over surveys sent", "satisfied ÷ surveys sent", "a response rate mixed in", needs="the number of surveys sent"
    ),
)  # fmt: skip


def _gartner(ratings: Any, scale_max: float) -> float | None:
    return _share(ratings >= 5) if scale_max == 7 else None


def _top_two_of_five(ratings: Any, scale_max: float) -> float | None:
    return _share(ratings >= 4) if scale_max == 5 else None


def _top_two_of_seven(ratings: Any, scale_max: float) -> float | None:
    return _share(ratings >= 6) if scale_max == 7 else None


def _index(ratings: Any, scale_max: float) -> float | None:
    return _share(ratings >= 6) - _share(ratings <= 3) if scale_max == 7 else None


def _low_is_easy(ratings: Any, scale_max: float) -> float | None:
    line = {7: 3, 5: 2}.get(int(scale_max))
    return None if line is None else _share(ratings <= line)


def _mean_turned(ratings: Any, scale_max: float) -> float:
    return scale_max + 1 - _mean(ratings)


def _sum_of_positive(ratings: Any, scale_max: float) -> float:
    line = 5 if scale_max == 7 else scale_max - 1
    return float(np.sum(np.where(ratings >= line, ratings, 0), dtype=float)) / len(ratings)


_CES = (
    Convention("CES 2.0", "5 and up of 7 ÷ answers", "CEB/Gartner (2013)", _gartner),
    Convention("top two of five", "4 and 5 of 5 ÷ answers", "CYS, Simplesat", _top_two_of_five),
    Convention("top two of seven", "6 and 7 of 7 ÷ answers", "aiceylon", _top_two_of_seven),
    Convention("index", "share of 6-7 − share of 1-3, of 7", "CYS", _index),
    Convention(
        "mean", "sum of answers ÷ answers", "CEB (2008-10, low = easy); CYS; common since", _mean, is_share=False
    ),
    Convention("low is easy", "up to 3 of 7, up to 2 of 5 ÷ answers", "callcentrehelper; CES 1.0", _low_is_easy),
    Convention(
        "mean turned round", "scale_max + 1 − mean", "a scale whose other end means easy", _mean_turned, is_share=False
    ),
    Convention(
        "sum of positive scores", "sum of the easy answers' scores ÷ answers", "UserGuiding (2021), read to the letter",
        _sum_of_positive, is_share=False,
    ),
)  # fmt: skip


def _gross_fcr(first_contact: float, contacts: float) -> float:
    return first_contact / contacts


def _net_fcr(first_contact: float, contacts: float, unresolvable: float) -> float | None:
    return first_contact / (contacts - unresolvable) if unresolvable else None


_FCR = (
    Convention("gross", "first_contact ÷ contacts", "SparrowDesk, EverWorker; MetricNet, gross", _gross_fcr),
    Convention(
        "net", "first_contact ÷ (contacts − unresolvable)", "MetricNet (Rumburg), net; Medallia", _net_fcr
    ),
    Convention(
        "within a business hour", "e-mail and web resolved within one business hour count as first contact", "HDI",
        needs="the time each e-mail and web contact took",
    ),
    Convention(
        "no reply after the first answer", "no customer interaction after the first reply ÷ resolved tickets",
        "Freshservice", needs="the customer's replies on each ticket",
    ),
    Convention(
        "one touch", "tickets solved with one public reply ÷ tickets solved",
        "help desks of Zendesk's kind; a stand-in",
        needs="the replies of each ticket",
    ),
    Convention(
        "no repeat within 7 days", "contacts not followed by another on the matter ÷ contacts", "call centre practice",
        needs="repeated contacts on the same matter",
    ),
)  # fmt: skip

EXPERIENCE = {"csat": _CSAT, "ces": _CES, "fcr": _FCR}
