"""Small segments are told together, so that nobody learns what a few people said: in the account of a change too."""

import json
from collections import Counter

import pandas as pd
import pytest
from csmetrics_addin.cli.app import app
from typer.testing import CliRunner

import csmetrics_core as csm
from csmetrics_core.errors import OutOfScale


def answers(before, after):
    """Periods, segments and scores of so many answers; 10 and 0 by turns."""
    counted = [(1, name, size) for name, size in before.items()] + [(2, name, size) for name, size in after.items()]
    rows = [(period, name, (0, 10)[k % 2]) for period, name, size in counted for k in range(size)]
    return [list(column) for column in zip(*rows, strict=True)]


def segments(before, after, below, merged=()):
    periods, groups, scores = answers(before, after)
    groups = [f"{len(merged)} segments together" if name in merged else name for name in groups]
    table = csm.csm_why("nps", periods, groups, 1, 2, None, scores, hide_below=below)
    return table, set(table[table["step"] == "segment"]["group"])


@pytest.mark.parametrize(
    ("before", "after", "merged"),
    [
        ({"A": 20, "B": 3, "C": 2}, {"A": 20, "B": 4, "C": 9}, "BC"),  # 5 and 13 together
        ({"A": 20, "B": 3, "C": 7}, {"A": 20, "B": 8, "C": 9}, "BC"),  # B alone is had by subtraction: C goes with it
        ({"A": 20, "B": 30}, {"A": 20, "B": 30, "C": 30}, ""),  # new, and many
        ({"A": 20, "B": 1, "C": 1, "D": 6}, {"A": 20, "B": 9, "C": 9, "D": 6}, "BCD"),  # 2 of B and C are too few
    ],
)
def test_segments_with_few_answers_are_one(before, after, merged):
    table, names = segments(before, after, below=5)
    by_hand, same = segments(before, after, None, merged)
    assert names == same
    told = [one.sort_values(["step", "part", "group"]).reset_index(drop=True) for one in (table, by_hand)]
    pd.testing.assert_frame_equal(*told)
    assert not any(name in table["group"].tolist() for name in merged)


def test_where_all_are_small_there_is_no_segment_left():
    table, names = segments({"A": 4, "B": 3}, {"A": 2, "B": 1}, below=5)
    assert names == {"2 segments together"}
    assert table[table["part"] == "mix"]["effect"].tolist() == [0, 0]


def test_inside_a_segment_the_second_column_is_treated_too():
    periods, outer, scores = answers({"A": 12, "B": 12}, {"A": 12, "B": 12})
    inner, seen = [], Counter()
    for cell in zip(periods, outer, strict=True):  # of 12 answers in A, 2 are of x, 5 of y, 5 of z; in B 4 of each
        size = {"A": "xxyyyyyzzzzz", "B": "xxxxyyyyzzzz"}[cell[1]]
        inner.append(size[seen[cell]])
        seen[cell] += 1
    table = csm.csm_why("nps", periods, [outer, inner], 1, 2, None, scores, hide_below=5)
    told = {name.split(" / ")[-1] for name in table["group"] if " / " in name}
    assert told <= {"3 segments together"}
    assert table["effect"][0] == 0


def test_a_size_that_is_none_is_refused():
    with pytest.raises(OutOfScale, match="hide_below"):
        segments({"A": 3}, {"A": 3}, below=-1)


def test_the_command_hides_small_groups(tmp_path):
    periods, groups, scores = answers({"A": 20, "B": 3, "C": 2}, {"A": 20, "B": 4, "C": 9})
    path = tmp_path / "x.csv"
    rows = [f"2026-0{p},{g},{s}" for p, g, s in zip(periods, groups, scores, strict=True)]
    path.write_text("month,Segment,NPS\n" + "\n".join(rows) + "\n")

    def run(*words):
        return CliRunner().invoke(app, [*words])

    asked = ("why", str(path), "--metric", "nps", "--hide-below", "5")
    shown = json.loads(run(*asked, "--by", "Segment", "--set", "scores=NPS", "--json").stdout)
    assert {row["group"] for row in shown["rows"] if row["step"] == "segment"} == {"A", "2 segments together"}
    assert "Segments below 5 observations are told together." in shown["notes"]
    words = ("compute", "nps", str(path), "--scores", "NPS", "--hide-below", "10")
    groups = json.loads(run(*words, "--by", "Segment", "--json").stdout)["groups"]
    assert [(row["group"], row["flag"]) for row in groups] == [("A", ""), ("B", "hidden"), ("C", "hidden"), ("All", "")]
    assert "--hide-below belongs to --by" in run(*words).output
