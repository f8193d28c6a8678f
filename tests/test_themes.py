"""Themes of comments: found, named, measured and quoted, and never a word of personal data."""

import random
import re
import sys

import numpy as np
import pandas as pd
import pytest
from vaderSentiment.vaderSentiment import BOOSTER_DICT, SPECIAL_CASES, SentimentIntensityAnalyzer

import csmetrics_core as csm
from csmetrics_core.errors import MetricError, NoData, OutOfScale, WrongKind
from csmetrics_core.metrics.feedback import compound
from csmetrics_core.models.topics import find_topics, plain_text, terms
from csmetrics_core.privacy import mask
from csmetrics_core.samples import sample_company
from csmetrics_core.samples.comments import PHRASES


@pytest.fixture(scope="module")
def responses():
    table = sample_company().responses
    scores = pd.to_numeric(table["nps"], errors="coerce")
    return table.assign(nps=scores.where(scores.between(0, 10)))


@pytest.fixture(scope="module")
def themes(responses):
    return csm.feedback_themes(responses["comment"], responses["nps"])


def test_finds_what_the_sample_writes_about(responses, themes):
    names = " ".join(themes["theme"])
    for subject in ("support", "easy to use", "reports", "onboarding", "integration", "price"):
        assert subject in names
    comments = responses["comment"].dropna().tolist()
    comments = [c for c in comments if c.strip()]
    found = find_topics([plain_text(c) for c in comments], 8)
    for subject, name in (("support", "support"), ("reporting", "reports"), ("price", "price")):
        phrases = [p for mood in PHRASES[subject][1] for p in mood]
        about = np.array([any(p in c for p in phrases) for c in comments])
        raised = found.raised[:, found.names.index(name)]
        assert about[raised].mean() > 0.95  # those who raise it do write about it
        assert raised[about].mean() > 0.6


def test_shares_are_of_comments_and_themes_overlap(responses, themes):
    total = sum(bool(c.strip()) for c in responses["comment"].dropna())
    assert themes["share"].to_numpy() == pytest.approx(themes["comments"] / total)
    assert themes["share"].sum() > 1
    assert (themes["scored"] <= themes["comments"]).all()
    assert themes["comments"][:-1].is_monotonic_decreasing
    assert themes["theme"].iloc[-1] == "(other)"
    assert themes["theme"].is_unique


def test_nps_and_sentiment_are_of_those_who_raise_it():
    comments = [f"The price is {word}" for word in ("high", "fair", "fine", "steep", "okay", "unfair")]
    comments += [f"Support is {word}" for word in ("slow", "great", "bad", "helpful", "good")]
    scores = [0, 9, 8, 3, 10, None, 10, 10, 9, 9, None]
    table = csm.feedback_themes(comments, scores, 2).set_index("theme")
    assert table.loc["price", ["comments", "scored"]].tolist() == [6, 5]
    assert table.loc["price", "nps"] == csm.nps([0, 9, 8, 3, 10])
    assert table.loc["price", "sentiment"] == pytest.approx(np.mean([compound(c) for c in comments[:6]]))
    # Four scores are too few to be shown; the comments are five, which is enough for the mood.
    assert np.isnan(table.loc["support", "nps"])
    assert not np.isnan(table.loc["support", "sentiment"])


def test_the_mood_is_vader_s_own_wherever_a_word_stands():
    vader = SentimentIntensityAnalyzer()
    rng = random.Random(5)
    near = ["never", "so", "this", "without", "doubt", "least", "at", "very", "but", "no", "or", "isn't", "kind of"]
    words = [*near, *SPECIAL_CASES, *BOOSTER_DICT, "good", "BAD", "price", "the", "great!", "slow?", ":)", "\U0001f600"]
    for _ in range(1500):
        comment = " ".join(rng.choices(words, k=rng.randint(1, 12)))
        assert compound(comment) == vader.polarity_scores(comment)["compound"], comment


def test_band_tells_why_scores_are_low(responses, themes):
    low = csm.feedback_themes(responses["comment"], responses["nps"], band="detractors")
    assert (low["nps"].dropna() == -100).all()
    written = responses["comment"].str.strip().fillna("") != ""
    total = (written & (responses["nps"] <= 6)).sum()
    assert low["share"].to_numpy() == pytest.approx(low["comments"] / total)
    names = " ".join(low["theme"])
    assert "slow" in names  # what the happy do not write about
    assert "slow" not in " ".join(themes["theme"])
    high = csm.feedback_themes(responses["comment"], responses["nps"], band="promoters")
    assert (high["nps"].dropna() == 100).all()


def test_same_every_time(responses, themes):
    again = csm.feedback_themes(responses["comment"], responses["nps"])
    assert again.equals(themes)


PERSONAL = [
    "jane.doe+crm@example.co.uk",
    "müller@bücher.example",
    "jane＠example.com",
    "john (at) example.com",
    "john&#64;example.com",
    "+1 555 0142",
    "(555) 010-0199",
    "0049 30 – 1234567",
    "4111-1111-1111-1111",
    "DE89 3704 0044 0532 0130 00",
    "order 00451233",
]


@pytest.mark.parametrize("secret", PERSONAL)
def test_personal_data_is_masked_in_every_output(secret):
    comments = [f"The price is too high, write to {secret} about the price", f"{secret} {secret} the price"] * 4
    table = csm.feedback_themes(comments, [3] * 8)
    shown = " ".join(str(cell) for cell in table.to_numpy().ravel())
    assert secret not in shown
    assert "@" not in shown
    assert not re.search(r"\d{6}", shown)
    assert all(digits not in shown for digits in re.findall(r"\d{4,}", secret))
    assert "[e-mail]" in shown or "[number]" in shown


def test_masking_leaves_the_rest_alone():
    for text in ("24/7 support, 365 days", "@support team: thanks", "3 of 10, 1,000 users, 2026", "99.9 % up, v2.10.3"):
        assert mask(text) == text


def test_markup_and_formulas_are_data():
    odd = ["<script>alert('x')</script> price", '=HYPERLINK("file.example","price")', "<b>price</b> &amp; more"]
    table = csm.feedback_themes(odd, themes=1)
    assert (table["theme"][0], table["comments"][0]) == ("price", 3)
    assert set(table.loc[0, ["quote_1", "quote_2"]]) <= set(odd)
    assert plain_text("<b>fast</b><br>a < b &amp; c") == " fast  a < b & c"


@pytest.mark.parametrize(
    ("comments", "expected"),
    [
        (["one comment"], ["(other)"]),
        (["red", "green", "blue"], ["(other)"]),
        (["the", "it is", "!!!", "😀"], ["(other)"]),
        (["price", "the price", "support"], ["price", "(other)"]),
        (["great great great"] * 3, ["(other)"]),
        (["价格太高", "价格太高"], ["价格太高"]),
    ],
)
def test_little_to_go_on(comments, expected):
    table = csm.feedback_themes(comments)
    assert table["theme"].tolist() == expected
    assert table["comments"].sum() == len(comments)
    assert table["nps"].isna().all()
    assert (table["scored"] == 0).all()


def test_terms_are_words_as_people_write_them():
    assert terms("It is easy to use!") == {"easy": "easy", "use": "use", "easy use": "easy to use"}
    assert terms("CRM. Companies' CRM integrations") == {
        "CRM".lower(): "CRM",
        "company": "companies",
        "company crm": "companies CRM",
        "integration": "integrations",
        "crm integration": "CRM integrations",
    }


def test_long_quotes_are_cut_and_the_two_differ():
    long = "The price of it " + "goes up and up " * 40
    table = csm.feedback_themes(
        [long, long, "Our price went up by half since spring", "A price for everyone"], themes=1
    )
    assert len(table["quote_1"][0]) <= 200
    assert table["quote_1"][0] != table["quote_2"][0]
    assert csm.feedback_themes([long, long], themes=1)["quote_1"][0].endswith(" ...")


def test_refusals(monkeypatch):
    with pytest.raises(WrongKind, match='expected a score a comment, as band "detractors" needs it'):
        csm.feedback_themes(["a", "b"], band="detractors")
    with pytest.raises(NoData, match="no comment came with a score of 0 to 6"):
        csm.feedback_themes(["a", "b"], [9, 9], band="detractors")
    with pytest.raises(OutOfScale, match=r"scores\[1\] is 11"):
        csm.feedback_themes(["a", "b"], [9, 11])
    with pytest.raises(NoData):
        csm.feedback_themes([None, " "])
    monkeypatch.setitem(sys.modules, "sklearn.feature_extraction.text", None)
    with pytest.raises(MetricError, match="needs scikit-learn") as caught:
        csm.feedback_themes(["the price", "a price"])
    assert caught.value.fix == 'Install it with: pip install "csmetrics[feedback]"'
