"""What the words of a comment say, however they were typed."""

import pytest

import csmetrics_core as csm


@pytest.mark.parametrize("apostrophe", ["’", "‘", "ʼ", "＇", "´", "`"])
def test_typographic_apostrophes_are_read_as_straight_ones(apostrophe: str) -> None:
    """VADER knows isn't and can't only with a straight one, and took "isn’t good" for praise."""
    for words in ("This isn't good", "I can't recommend it"):
        assert csm.sentiment(words.replace("'", apostrophe)) == csm.sentiment(words) < 0
