"""Survey tools: Delighted, SurveyMonkey, Typeform and Google Forms -> responses.

Their exports head columns with the questions themselves, so what a question asks is read from its wording: one match is
used and named as a guess, several are left to the user, and a scale is never inferred from the answers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import pandas as pd

from csmetrics_core.headings import SYNONYMS, plain
from csmetrics_core.readers.cells import Holds, read_cells
from csmetrics_core.readers.exports import Draft, Export, Field, place

_WORDING = {
    "nps": r"\brecommend|weiterempfehl|\brecommand|\brecomi?[ei]nd|\bconsigl|aanbevel|anbefal|rekommend|polec",
    "csat": r"\bsatisf|zufrieden|\bsoddisf|\binsatisf|tevreden|tilfreds|zadowol",
    "ces": r"\beffort|\beasy|\bease\b|\baufwand|\beinfach|\bf[aá]cil|\besfuerzo|\besfor[cç]o|\bsforzo|moeite",
}
_COMMENT = r"\bwhy\b|\breason|\bcomment|\bfeedback|\bimprove|\btell us|\bsuggest|\bwarum|\bgrund|\bpourquoi|\bpor qu"
_QUESTIONS = ("nps", "csat", "ces", "comment")
_CUSTOMER = Field("customer", ("customer", *SYNONYMS["customer"], "organisation", "organization"), "id")
_SEGMENT = Field("segment", ("segment",))
# Delighted's survey types -> our question, and the highest answer.
_DELIGHTED = {"nps": ("nps", 10), "csat": ("csat", 5), "ces": ("ces", 5), "ces7": ("ces", 7)}


def _delighted(draft: Draft) -> pd.DataFrame:
    """One score a row; the survey's type says what was asked."""
    kinds = draft.data["survey"].str.lower()
    known = kinds.isin(_DELIGHTED)
    draft.keep(known, f"answers to surveys of another type ({_few(draft.data['survey'][~known])})")
    kinds = kinds[known]
    for question in ("nps", "csat", "ces"):
        scales = {kind: top for kind, (asked, top) in _DELIGHTED.items() if asked == question and kinds.eq(kind).any()}
        if len(set(scales.values())) > 1:
            draft.report.missing[question] = f"{' and '.join(scales)} are on different scales; export them apart"
        elif scales:
            draft.data[question] = draft.data["score"].where(kinds.isin(scales), None)
            draft.report.mapped[question] = draft.report.mapped["score"]
            draft.report.scales[question] = next(iter(scales.values()))
    return _responses(draft)


def _few(values: Iterable[object]) -> str:
    return ", ".join(sorted({str(value) for value in values})[:5])


def _questionnaire(draft: Draft) -> pd.DataFrame:
    """Answers under the questions they were given to."""
    declared = set(draft.report.mapped.values())
    open_columns = [
        index
        for index, heading in enumerate(draft.sheet.headings)
        if heading and heading not in declared and plain(heading) not in _META and heading not in draft.report.personal
    ]
    raw = draft.sheet.load(open_columns) if open_columns else pd.DataFrame(index=draft.data.index)
    raw = raw.loc[draft.data.index]
    answered = {index: raw[index] for index in open_columns}
    for question in _QUESTIONS:
        if question not in draft.data:
            _find(question, answered, draft)
    used = set(draft.report.mapped.values())
    draft.report.ignored = tuple(heading for heading in draft.report.ignored if heading not in used)
    if not any(question in draft.data for question in _QUESTIONS):
        fix = 'Say which column is which, such as How(columns={"nps": "How likely are you to ..."}).'
        why = "; ".join(f"{name}: {text}" for name, text in draft.report.missing.items())
        raise draft.refusal(f"no question is recognised ({why})", fix)
    return _responses(draft)


def _find(question: str, answered: dict[int, pd.Series], draft: Draft) -> None:
    """Find the one column that asks a question."""
    headings, report = draft.sheet.headings, draft.report
    wording = _WORDING.get(question, _COMMENT)
    taken = set(report.mapped.values())  # "how likely are you to recommend our easy product" asks one thing
    fitting = [i for i in answered if headings[i] not in taken and re.search(wording, headings[i], re.IGNORECASE)]
    if question == "comment":
        fitting = [index for index in fitting if _numbers(answered[index]) < 0.5] or _only_text(answered, draft)
    if len(fitting) > 1:
        found = " and ".join(repr(headings[index]) for index in fitting[:3])
        report.missing[question] = f'{found} could be it; say How(columns={{"{question}": ...}})'
    elif not fitting:
        report.missing[question] = "no column asks it"
    elif question != "comment" and _numbers(answered[fitting[0]]) == 0:
        report.missing[question] = f"{headings[fitting[0]]!r} holds words; export numerical values"
    else:
        heading = headings[fitting[0]]
        where = place(draft.sheet, report, heading)
        holds: Holds = "text" if question == "comment" else "score"
        draft.data[question] = read_cells(answered[fitting[0]], holds, where, draft.how)
        report.mapped[question] = heading
        report.guessed.append(f"{heading!r} was taken for {question} by its wording.")


def _only_text(answered: dict[int, pd.Series], draft: Draft) -> list[int]:
    """The one column of running text, if a score was found and just one column is such."""
    taken = set(draft.report.mapped.values())
    long = [
        index
        for index, cells in answered.items()
        if draft.sheet.headings[index] not in taken and cells.map(lambda cell: len(str(cell).split())).mean() >= 3
    ]
    return long if len(long) == 1 and taken & set(draft.sheet.headings) else []


def _numbers(cells: pd.Series) -> float:
    """The share of answers that begin with a number, as labelled ends of scales do."""
    text = cells.map(lambda cell: "" if cell is None else str(cell).strip())
    filled = text[text.ne("")]
    return float(filled.str.fullmatch(r"-?\d+([.,]\d+)?(\s*[-–—]\s*\D.*)?").mean()) if len(filled) else 0.0


def _surveymonkey(draft: Draft) -> pd.DataFrame:
    """The second row of the file repeats the answer options: it is a heading, not an answer."""
    blank = draft.data["response"].isna()
    draft.data = draft.data[~blank]
    draft.report.rows -= int(blank.sum())
    return _questionnaire(draft)


def _typeform(draft: Draft) -> pd.DataFrame:
    """Only responses that were submitted have a date to count them by."""
    draft.keep(draft.data["date"].notna(), "responses that were never submitted")
    return _questionnaire(draft)


def _responses(draft: Draft) -> pd.DataFrame:
    if not draft.has("customer"):
        draft.report.missing["customer"] = "no column names the account; people's e-mail addresses are not read"
    names = ("customer", "date", "segment", "survey", "nps", "csat", "ces", "comment")
    table = draft.data[[name for name in names if draft.has(name)]]
    return table.sort_values("date", kind="stable") if "date" in table else table


_META = {
    plain(name)
    for name in (
        "Respondent ID", "Collector ID", "Start Date", "End Date", "IP Address", "Email Address", "First Name",
        "Last Name", "Custom Data 1", "Response Type", "Start Date (UTC)", "Stage Date (UTC)", "Submit Date (UTC)",
        "Network ID", "Tags", "Ending", "Timestamp", "Username", "Score", "Collector Name",
    )
}  # fmt: skip
#: "Timestamp" as Google Forms writes it in the language of the form's owner.
TIMESTAMPS = (
    "Timestamp", "Zeitstempel", "Horodateur", "Marca temporal", "Carimbo de data/hora", "Informazioni cronologiche",
    "Tijdstempel", "Sygnatura czasowa", "タイムスタンプ",
)  # fmt: skip
_OWN_SCORES = tuple(
    Field(name, (name, *(word for word in SYNONYMS[name] if word != "score")), "text" if name == "comment" else "score")
    for name in _QUESTIONS
)

EXPORTS = (
    Export(
        "Delighted",
        "survey responses",
        "responses",
        (("survey_type",), ("score",), ("created_at",), ("comment", "permalink", "person")),
        (
            Field("date", ("created_at",), "epoch"),
            Field("survey", ("survey_type",)),
            Field("score", ("score",), "score"),
            Field("comment", ("comment",)),
            _CUSTOMER,
            _SEGMENT,
        ),
        _delighted,
        "delighted.com/docs/api/listing-survey-responses (its fields, flattened; no page shows the file of the "
        "dashboard); csat and ces 1-5, ces7 1-7",
        clock=("date",),
    ),
    Export(
        "SurveyMonkey",
        "individual responses",
        "responses",
        (("Respondent ID",), ("Collector ID",), ("End Date", "Start Date")),
        (
            Field("response", ("Respondent ID",), "id"),
            Field("date", ("End Date", "Start Date"), "day"),
            _CUSTOMER,
            _SEGMENT,
            *_OWN_SCORES,
        ),
        _surveymonkey,
        "SurveyMonkey User Manual (2010), the sheet of all responses, and public code that reads today's export",
        clock=("date",),
    ),
    Export(
        "Typeform",
        "responses",
        "responses",
        (("Submit Date (UTC)",), ("Network ID", "Start Date (UTC)", "Response Type")),
        (
            Field("date", ("Submit Date (UTC)",), "day"),
            _CUSTOMER,
            _SEGMENT,
            *_OWN_SCORES,
        ),
        _typeform,
        "headings: public code of many hands, and an export of a real form in a public repository",
        clock=("date",),
    ),
    Export(
        "Google Forms",
        "responses",
        "responses",
        (TIMESTAMPS,),
        (Field("date", TIMESTAMPS, "day"), _CUSTOMER, _SEGMENT, *_OWN_SCORES),
        _questionnaire,
        "headings and times in several languages: public code that reads it",
        clock=("date",),
    ),
)
