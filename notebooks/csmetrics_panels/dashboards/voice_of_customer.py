"""What customers say: scores with their intervals, by segment, and the words behind them."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from csmetrics_core.company.company import Missing, select
from csmetrics_core.company.headline.why import Side, why_rows
from csmetrics_core.declaration.catalog import lookup
from csmetrics_core.declaration.spec import COMPOUND, TEXT
from csmetrics_core.errors import MetricError
from csmetrics_core.intake.cells import read
from csmetrics_core.intake.spans import span_text
from csmetrics_core.privacy import mask
from csmetrics_panels.dashboards.blocks import Across, Block, Figures, Grid, Picture, Words, figure
from csmetrics_panels.dashboards.dashboard import Dashboard, Page
from csmetrics_panels.dashboards.view import Arguments, View
from csmetrics_panels.dashboards.why import WhyBlocks
from csmetrics_panels.metric.compute import Point
from csmetrics_panels.metric.form import dropdown
from csmetrics_panels.screen.charts import answers_chart, groups_chart, table_chart, trend_chart

_BANDS = ("all", "promoters", "passives", "detractors")
_QUESTIONS = ("nps", "csat", "ces")
_SPANS = 12


class VoiceDashboard(Dashboard):
    """NPS, CSAT, CES and first contact resolution, by segment, with the comments behind the scores."""

    name = "voice_of_customer"
    title = "Voice of the customer"
    question = "Would they recommend us, are they satisfied, was it easy, and what do they write?"

    def pages(self) -> Sequence[Page]:
        self._band = dropdown(
            "scores of", [(band, band) for band in _BANDS], "Only the comments given with these scores"
        )
        self._band.value = "detractors"
        self._band.layout.width = "300px"
        self._band.observe(lambda _: self.refresh(), "value")
        self._asked = dropdown("question", [(q.upper(), q) for q in _QUESTIONS], "Whose change is explained")
        self._asked.layout.width = "300px"
        self._asked.observe(lambda _: self.refresh(), "value")
        self._behind = WhyBlocks(self.refresh, self._together)
        return [
            Page("NPS", self._nps),
            Page("What moved", self._moved, [self._asked, self._behind.choice]),
            Page("CSAT and effort", self._effort),
            Page("Support", self._support),
            Page("Segments", self._segments),
            Page("Comments", self._comments, [self._band]),
        ]

    @property
    def knobs(self) -> dict[str, Any]:
        return {"band": self._band, "question": self._asked}

    def _nps(self, view: View) -> Sequence[Block]:
        plain = _answers(view, "nps", "scores")
        behind = view.owners("responses")
        told = view.tell("nps", plain, behind=behind)
        figures = [figure(told, "NPS, one vote a response")]
        for argument, column, title in (
            ("accounts", "customer", "NPS, one vote an account"),
            ("weights", "arr", "NPS, weighted by ARR"),
        ):
            weighed = _answers(view, "nps", "scores", **{argument: column})
            figures.append(figure(view.tell("nps", weighed, behind=behind), title))
        points = view.trend("nps", plain, _SPANS)
        return [
            Figures(figures),
            *([Words(told.sentence)] if told.sentence else []),
            Across(
                [
                    Picture(_distribution(view, "nps", 10)),
                    Picture(trend_chart(lookup("nps"), points, "NPS and its interval") if points else None),
                ]
            ),
        ]

    def _moved(self, view: View) -> Sequence[Block]:
        question = self._asked.value
        scale = {"csat": view.given.csat_scale, "ces": view.given.ces_scale}.get(question)
        more = {} if scale is None else {"scale_max": scale}
        call = _answers(view, question, "scores" if question == "nps" else "ratings", **more)
        if view.end is None:
            raise Missing("needs dates, to tell one period from another")
        segments, names = view.company.segments("responses"), []
        sides = []
        for back in (1, 0):
            rows = view.rows("responses", back)
            owners = view.owners("responses")(back)["owners"]
            sides.append(Side(call(back), None if segments is None else select(segments, rows), owners))
            names.append(span_text(view.span, view.end - back * view.length))
        return self._behind(why_rows(lookup(question), sides[0], sides[1], (names[0], names[1])), question.upper())

    def _effort(self, view: View) -> Sequence[Block]:
        scales = {"csat": view.given.csat_scale, "ces": view.given.ces_scale}
        csat, ces = (_answers(view, name, "ratings", scale_max=top) for name, top in scales.items())
        trends = [
            Picture(trend_chart(lookup(name), points, f"{name.upper()} and its interval") if points else None)
            for name, call in (("csat", csat), ("ces", ces))
            if (points := view.trend(name, call, _SPANS)) is not None
        ]
        calls = {"csat": csat, "ces": ces, "ces_mean": ces}
        behind = view.owners("responses")
        return [
            Figures([figure(view.tell(name, call, behind=behind)) for name, call in calls.items()]),
            Across([Picture(_distribution(view, name, top)) for name, top in scales.items()]),
            Across(trends),
        ]

    def _support(self, view: View) -> Sequence[Block]:
        flags = [f for f in ("resolved", "reopened", "transferred", "abandoned") if view.company.has("tickets", f)]

        def arguments(back: int) -> dict[str, Any]:
            return {name: view.take("tickets", name, back) for name in ("contacts", *flags)}

        points = view.trend("fcr_from_contacts", arguments, _SPANS)
        chart = trend_chart(lookup("fcr_from_contacts"), points, "First contact resolution") if points else None
        told = view.tell("fcr_from_contacts", arguments, behind=view.owners("tickets"))
        return [Figures([figure(told)]), Picture(chart)]

    def _segments(self, view: View) -> Sequence[Block]:
        segments = np.array([str(s) for s in view.more("responses", "segment")], dtype=object)
        pictures: list[Block] = []
        for name, argument, more in (
            ("nps", "scores", {}),
            ("csat", "ratings", {"scale_max": view.given.csat_scale}),
            ("ces", "ratings", {"scale_max": view.given.ces_scale}),
        ):
            if not view.company.has("responses", name):
                continue
            cells = view.take("responses", name)
            points = []
            for segment in sorted(set(segments.tolist())):
                chosen = [c for c, s in zip(cells, segments, strict=True) if s == segment]
                told = view.tell(name, _always({argument: chosen, **more}), compare=False)
                if told.told is not None and told.value is not None:
                    low, high = told.told.interval or (float("nan"), float("nan"))
                    points.append(Point(segment, told.value, told.told.n, low, high))
            pictures.append(Picture(groups_chart(lookup(name), points) if points else None))
        return [Across(pictures), Words("Groups with few answers have wide intervals; n stands beside each name.")]

    def _comments(self, view: View) -> Sequence[Block]:
        band = self._band.value
        comments, scores = view.take("responses", "comment"), view.take("responses", "nps")
        blocks: list[Block] = []
        try:
            themes = view.table("feedback_themes", comments=comments, scores=_numbers(scores), band=band)
            blocks.append(Picture(table_chart(lookup("feedback_themes"), themes, f"Themes in the comments of {band}")))
            units = {c.name: c.unit for c in lookup("feedback_themes").columns}
            blocks.append(Grid(themes, [units[n] for n in themes], "Themes, with two quotes each"))
        except MetricError as error:
            error.metric = ""
            blocks.append(Words(f"No themes: {error}", empty=True))
        rows = [
            (s, c)
            for s, c in zip(scores, comments, strict=True)
            if isinstance(c, str) and c.strip() and _in_band(s, band)
        ]
        if not rows:
            return [*blocks, Words(f"There are no comments of {band}.", empty=True)]
        mood = np.asarray(view.result("sentiment", comments=[c for _, c in rows]), dtype=float).ravel()
        order = np.argsort(mood)
        quotes = {
            "score": ["" if s is None or s != s else str(s) for s, _ in (rows[i] for i in order)],
            "sentiment": [COMPOUND.text(float(mood[i])) for i in order],
            "comment": [mask(rows[i][1]) for i in order],
        }
        return [*blocks, Grid(quotes, [TEXT, TEXT, TEXT], f"{len(rows)} comments of {band}, the most negative first")]


def _always(given: dict[str, Any]) -> Arguments:
    return lambda _: given


def _answers(view: View, question: str, argument: str, **more: Any) -> Arguments:
    """A call on a question's answers; a word for another argument is a column that goes with them."""

    def arguments(back: int) -> dict[str, Any]:
        given = {argument: view.take("responses", question, back)}
        for name, value in more.items():
            given[name] = view.more("responses", value, back) if isinstance(value, str) else value
        return given

    return arguments


def _distribution(view: View, question: str, top: int) -> Any:
    """How often each answer was given in the span; answers off the scale are not drawn."""
    try:
        numbers = read(view.take("responses", question), question, "number").values
    except Missing:
        return None
    lowest = 0 if question == "nps" else 1
    counts = [(answer, int((numbers == answer).sum())) for answer in range(lowest, top + 1)]
    chart = answers_chart(lookup(question), counts)
    return type(chart)(f"Answers to the {question.upper()} question", chart.series, chart.unit)


def _numbers(cells: Any) -> list[float | None]:
    values = read(list(cells), "scores", "number").values
    return [None if v != v else float(v) for v in values] + [None] * (len(cells) - len(values))


def _in_band(score: Any, band: str) -> bool:
    if band == "all":
        return True
    if not isinstance(score, int | float) or score != score:
        return False
    return {"promoters": score >= 9, "passives": 7 <= score <= 8, "detractors": score <= 6}[band]
