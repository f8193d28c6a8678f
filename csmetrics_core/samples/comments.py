"""What the sample company's customers write in their surveys: short English comments by theme and mood."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

GOOD, MIXED, BAD = 0, 1, 2

# theme: (share of comments in a good, mixed, bad mood), what they write in each
PHRASES: dict[str, tuple[tuple[float, float, float], tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]]] = {
    "support": ((0.24, 0.10, 0.20), (
        ("The support team is quick and friendly", "Support answered within minutes and solved it",
         "Great support, they really listen", "Whenever we call support we get a helpful answer",
         "The best support team we work with"),
        ("Support is friendly but a reply can take a day", "Support is fine, the help pages could be better"),
        ("Support takes far too long to answer", "We waited four days for a reply from support",
         "I had to explain the same problem to support three times", "Support closed our ticket without a solution",
         "Slow support, and nobody called back"))),
    "onboarding": ((0.18, 0.10, 0.14), (
        ("Onboarding was smooth and well organised", "We were up and running in a week, excellent onboarding",
         "The onboarding sessions were very helpful", "Setup was easy and the training was clear"),
        ("Onboarding was fine but a little long", "The training helped, the setup guide is out of date"),
        ("Onboarding was confusing and took two months", "Nobody helped us with the setup",
         "The training was poor and new colleagues are lost", "Onboarding dragged on and the setup guide is wrong"))),
    "ease of use": ((0.24, 0.14, 0.08), (
        ("Very easy to use, my team loves it", "Clean and intuitive, no manual needed",
         "A pleasure to use every day", "Everything is easy to find and easy to use"),
        ("Easy to use once you know where things are", "Mostly easy, the settings are hard to find"),
        ("The interface is confusing and hard to use", "Too many clicks for a simple task",
         "The new menu is terrible, I can't find anything"))),
    "reporting": ((0.12, 0.16, 0.14), (
        ("The reports save us hours every month", "Dashboards and reports are excellent",
         "Love the new reports, our board is happy", "The weekly report is a great help"),
        ("Reports are good, we would like more filters", "Good reports but the export is limited"),
        ("Reports are slow and the figures do not match", "We can't export the reports we need",
         "Reporting is too limited, we rebuild everything in a spreadsheet"))),
    "integrations": ((0.08, 0.14, 0.12), (
        ("The CRM integration works perfectly", "Great integrations, everything is in one place",
         "Love the integration with our calendar"),
        ("Integrations work, we miss one with our billing system", "The integration is fine but sync is hourly"),
        ("The CRM integration breaks every few weeks", "Missing integration with our billing system",
         "The integration loses data, very frustrating"))),
    "price": ((0.06, 0.24, 0.20), (
        ("Good value for the price", "Fair price and worth every cent", "The price is fair for what we get"),
        ("Good product, but the price is at our limit", "Useful, though a bit expensive for a small team"),
        ("Too expensive for what we use", "The price went up again and we got nothing new",
         "Overpriced, we are looking at cheaper tools", "The price per seat is far too high"))),
    "reliability": ((0.08, 0.12, 0.12), (
        ("Fast and reliable, never had a problem", "Stable, it just works", "No outage in two years, impressive"),
        ("Works well most days, sometimes a bit slow", "Reliable on the whole, one short outage this quarter"),
        ("Down again this week, we lost a morning of work", "Too many outages and errors",
         "Slow and unreliable, pages fail to load", "The outage was bad and the status page said nothing"))),
}  # fmt: skip

NAMES = list(PHRASES)
BOUNDS = np.cumsum([shares for shares, _ in PHRASES.values()], axis=0)  # themes down, moods across
OUTAGE_THEME = 1.0  # the last theme, reliability

CLOSINGS = (
    ("", "", "", " Thank you!", " Happy to recommend it.", " Keep it up!"),
    ("", "", "", " Otherwise fine.", " We will see."),
    ("", "", "", " Very disappointing.", " Please fix this.", " We may not renew."),
)
# The mood of a second sentence on another theme.
SECOND = (GOOD, BAD, BAD)

# What turns up in any free-text field sooner or later: personal data, markup, text that looks like a formula.
PERSONAL = (
    " Please call me on +1 555 0142 or write to office@example.com.",
    " My direct line is (555) 010-0199.",
    " Contact: ops-team@example.org.",
)
ODD = (
    "<b>Great</b> product<br>but the export is slow",
    "<script>alert('hello')</script> just testing your form",
    "=1+1 is what I expect from a report, not 3",
    '=HYPERLINK("http://example.com","open me")',
    "+1 for the new dashboard",
    "-1 for the price increase",
    "@support team: thank you for the quick help",
    "   ",
)


def comments(rng: np.random.RandomState, moods: NDArray[np.int_], outage: NDArray[np.bool_]) -> NDArray[np.object_]:
    """Write a comment for each mood (GOOD, MIXED, BAD); in an outage the unhappy write mostly about that."""
    luck = rng.random_sample((moods.size, 6))
    about_outage = outage & (moods == BAD) & (rng.random_sample(moods.size) < 0.6)
    written = np.empty(moods.size, dtype=object)
    for row, mood in enumerate(moods):
        theme, phrase, more, step, next_phrase, closing = luck[row]
        if about_outage[row]:
            theme = OUTAGE_THEME
        words = _sentence(mood, theme, phrase)
        if more < 0.3:
            # So far on that it is another theme: none has a share of 0.3.
            words += " " + _sentence(SECOND[mood], (theme + 0.3 + 0.4 * step) % 1, next_phrase)
        written[row] = words + _choose(CLOSINGS[mood], closing)
    return written


def _sentence(mood: int, theme: float, phrase: float) -> str:
    """Return a sentence; both choices are numbers from 0 to 1."""
    name = NAMES[int(np.searchsorted(BOUNDS[:-1, mood], theme))]
    return _choose(PHRASES[name][1][mood], phrase) + "."


def _choose(options: tuple[str, ...], luck: float) -> str:
    return options[int(luck * len(options))]
