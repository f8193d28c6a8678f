"""The Python a panel shows runs as pasted and gives the number shown, whatever the columns hold and are called."""

import datetime
from decimal import Decimal

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from csmetrics_panels import panel
from csmetrics_panels.data import sources as panel_sources

from csmetrics_core import MetricError, nps
from csmetrics_core.samples import sample_company

SCORES = [10, 9, 0, 3] * 20


def pasted(code: str, **names: object) -> object:
    """What the last line of the code gives, in a notebook that holds these names."""
    *lines, call = code.split("\n")
    exec("\n".join([*lines, f"result = {call}"]), names)
    return names["result"]


def in_both(kinds: dict[str, object], but: list[str]) -> list[tuple[str, str]]:
    """Each kind of column in pandas and in Polars, but those of several types, which Polars has none of."""
    return [
        (library, kind) for library in ("pandas", "polars") for kind in kinds if library == "pandas" or kind not in but
    ]


CELLS = {
    "whole floats": [1.0, 2.0, None, 1.0],
    "flags": [True, False, True, False],
    "flags with gaps": [True, None, False, True],
    "empty text": ["a", "", None, "a"],
    "blanks of two kinds": ["a", "", " ", "a"],
    "spaces tell apart": ["a", " a", "a ", "a"],
    "text": ["a'b", 'c"d', "<i>", "a'b"],
    "numbers and text": pd.Series([1, "1", "x", 2.0], dtype=object).tolist(),
    "whole numbers with gaps": pd.array([1, 2, None, 1], dtype="Int64"),
    "nullable flags": pd.array([True, False, None, True], dtype="boolean"),
    "decimals": [Decimal("1"), Decimal("2.5"), Decimal("1"), Decimal("3")],
    "categories": pd.Categorical(["x", "y", "x", "y"]),
}


@pytest.mark.parametrize(("library", "kind"), in_both(CELLS, but=["numbers and text"]))
def test_every_group_of_a_segment_column_can_be_pasted(library: str, kind: str) -> None:
    frame = pd.DataFrame({"score": [10, 9, 0, 3], "by": CELLS[kind]})
    frame = pd.concat([frame] * 20, ignore_index=True)
    frame = pl.from_pandas(frame) if library == "polars" else frame
    names = panel("nps", {"frame": frame}, segment_by="by")._rows.segment.options
    assert len(names) > 2
    for name in [value for _, value in names if value]:
        shown = panel("nps", {"frame": frame}, segment_by="by", segment=name)
        assert shown.value is not None
        assert pasted(shown.code, frame=frame) == shown.value, name


def test_columns_of_lists_and_of_months_do_no_harm() -> None:
    months = pd.period_range("2026-01", periods=4, freq="M").repeat(20)
    frame = pd.DataFrame({"score": SCORES, "tags": [["a"], ["b"], ["a"], None] * 20, "month": months})
    shown = panel("nps", frame, segment_by="month", segment="2026-02")
    assert pasted(shown.code, df=frame) == shown.value
    assert "tags" not in dict(shown._rows.segment_by.options)


def test_flags_are_two_groups() -> None:
    frame = pd.DataFrame({"score": SCORES, "is_paying": [True, False, False, True] * 20})
    shown = panel("nps", frame, segment_by="is_paying", segment="True")
    assert shown.value == pytest.approx(nps([10, 3]))
    assert shown._excel.text == '=NPS(IF((df[is_paying]=TRUE)*(df[score]<>""),df[score],""))'


def test_a_group_too_rare_for_a_sample_is_still_compared_as_what_it_is() -> None:
    groups = np.zeros(20_000, dtype=int)
    groups[7] = 17
    frame = pd.DataFrame({"score": [10, 0] * 10_000, "group": groups})
    shown = panel("nps", frame, segment_by="group", segment="17")
    assert pasted(shown.code, df=frame) == shown.value == -100
    assert "=17)" in shown.formula


def test_not_a_number_is_a_blank_group_in_polars_too() -> None:
    frame = pl.DataFrame({"score": SCORES, "by": [1.0, float("nan"), None, 1.0] * 20})
    shown = panel("nps", {"frame": frame}, segment_by="by", segment="(blank)")
    assert pasted(shown.code, frame=frame) == shown.value == nps([9, 0])


DAYS = pd.date_range("2026-01-31 22:30", periods=80, freq="D")
DATES = {
    "days": [stamp.date() for stamp in DAYS],
    "moments": DAYS,
    "moments of a zone": DAYS.tz_localize("America/New_York"),
    "moments of a zone, as objects": pd.Series(DAYS.tz_localize("America/New_York"), dtype=object),
    "days, moments and text": [*(stamp.date() for stamp in DAYS[:40]), *DAYS[40:79], "n/a"],
}


@pytest.mark.parametrize(("library", "kind"), in_both(DATES, but=[k for k in DATES if "text" in k or "objects" in k]))
@pytest.mark.parametrize("span", ["month", "quarter"])
def test_every_kind_of_date_column_can_be_pasted(library: str, kind: str, span: str) -> None:
    frame = pd.DataFrame({"score": SCORES, "when": DATES[kind]})
    frame = pl.from_pandas(frame) if library == "polars" else frame
    for end in panel("nps", {"frame": frame}, dated_by="when", span=span)._rows.end.options:
        shown = panel("nps", {"frame": frame}, dated_by="when", span=span, end=end[0])
        assert pasted(shown.code, frame=frame) == shown.value


def test_a_date_of_a_zone_counts_in_utc() -> None:
    moments = pd.to_datetime(["2026-01-31 22:30", "2026-01-31 12:00"]).tz_localize("America/New_York")
    shown = panel("nps", pd.DataFrame({"score": [10, 0], "when": moments}), dated_by="when", span="month")
    assert shown.value == 100  # half past three in the morning of February


HEADINGS = [5, "it's [x] #1", ("a", 1), pd.Timestamp("2026-01-01"), "", "  ", None, "😀 mood", "<b>bold</b>", "nps"]


@pytest.mark.parametrize("heading", HEADINGS, ids=str)
def test_any_heading_can_be_chosen_and_pasted(heading: object) -> None:
    frame = pd.DataFrame({"other": ["x"] * 80, "score": SCORES})
    frame.columns = pd.Index(["other", heading], dtype=object, tupleize_cols=False)
    (name,) = [value for _, value in panel("nps", frame)._fields[0].widget.options if value]
    assert name.strip()
    shown = panel("nps", frame, scores=name)
    assert pasted(shown.code, df=frame) == shown.value == nps(SCORES)


def test_headings_of_several_rows_are_taken() -> None:
    frame = pd.DataFrame([[10, 1], [0, 1], [9, 1]], columns=pd.MultiIndex.from_tuples([("q1", "nps"), ("q1", "n")]))
    shown = panel("nps", frame, scores="('q1', 'nps')")
    assert pasted(shown.code, df=frame) == shown.value == nps([10, 0, 9])


@pytest.mark.parametrize("name", ["nps", "rows", "my answers", "class"])
def test_a_frame_may_be_called_like_the_metric_or_like_no_name_at_all(name: str) -> None:
    frame = pd.DataFrame({"score": SCORES, "by": ["a", "b"] * 40})
    shown = panel("nps", {name: frame}, segment_by="by", segment="a")
    held = {"class": "data_class", "my answers": "my_answers"}.get(name, name)
    assert pasted(shown.code, **{held: frame}) == shown.value


def test_data_of_other_libraries_are_fetched_in_the_code_too() -> None:
    rows = pd.DataFrame({"score": SCORES, "by": ["a", "b"] * 40})
    relation = duckdb.sql("select * from rows")
    for given in (relation, pa.Table.from_pandas(rows), pl.from_pandas(rows).lazy()):
        shown = panel("nps", given, segment_by="by", segment="b")
        assert shown.value == nps([9, 3])
        assert pasted(shown.code, df=given) == shown.value
        assert len(shown.data) == 40


def test_code_never_means_another_frame_of_the_notebook(monkeypatch: pytest.MonkeyPatch) -> None:
    mine, other = pd.DataFrame({"score": SCORES}), pd.DataFrame({"score": [0, 0]})
    monkeypatch.setattr(panel_sources, "_notebook_names", lambda: {"df": other, "few": other})
    assert panel("nps", other).code.endswith("nps(scores=df['score'])")
    shown = panel("nps", mine)
    assert shown.code.endswith("# df_given: the data given to this panel\nnps(scores=df_given['score'])")
    assert panel("nps", {"few": mine}).code.endswith("nps(scores=few_given['score'])")
    assert pasted(shown.code, df_given=mine, df=other) == shown.value


def test_data_inside_something_of_the_notebook_are_named_as_one_would(monkeypatch: pytest.MonkeyPatch) -> None:
    company, frame = sample_company(), pd.DataFrame({"score": SCORES, "by": ["a", "b"] * 40})
    held = {"few": frame, "lazy": pl.from_pandas(frame).lazy()}
    known = {"company": company, "frames": held}
    monkeypatch.setattr(panel_sources, "_notebook_names", lambda: known)
    shown = panel("nps", company.responses, dated_by="date", span="quarter")
    assert "rows = company.responses[(company.responses['date'] >= datetime(" in shown.code
    assert pasted(shown.code, **known) == shown.value
    assert "nps(scores=frames['few']['score'])" in panel("nps", frame).code
    fetched = panel("nps", held["lazy"], segment_by="by", segment="b")
    assert "frames_lazy_rows = frames['lazy'].collect()" in fetched.code
    assert pasted(fetched.code, **known) == fetched.value


def test_what_is_no_metric_and_no_data_is_refused_in_plain_words() -> None:
    with pytest.raises(MetricError, match=r"no metric is named. Name it first, such as panel\(\"nps\""):
        panel()
    with pytest.raises(MetricError, match="the metric is a DataFrame"):
        panel(pd.DataFrame({"score": [1]}))
    with pytest.raises(MetricError, match=r"there is no answers.csv. Check the path, or give a pandas"):
        panel("nps", "answers.csv")
    with pytest.raises(MetricError, match=r"two columns are called 'a'\. Rename"):
        panel("nps", pd.DataFrame([[1, 2]], columns=["a", "a"]))
    with pytest.raises(MetricError, match="differ in length: score 2, by 1"):
        panel("nps", {"score": [1, 2], "by": [1]})


def test_dates_of_days_and_hours_fall_into_the_same_month() -> None:
    day = datetime.date(2026, 2, 1)
    cells = [day, datetime.datetime(2026, 2, 28, 23), day, datetime.date(2026, 1, 31)]
    frame = pd.DataFrame({"score": [10, 10, 0, 0], "when": pd.Series(cells, dtype=object)})
    shown = panel("nps", frame, dated_by="when", span="month", end="2026-02")
    assert pasted(shown.code, df=frame) == shown.value == pytest.approx(nps([10, 10, 0]))
