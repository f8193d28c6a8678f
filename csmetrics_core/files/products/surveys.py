"""Survey tools: Delighted, SurveyMonkey, Typeform and Google Forms -> responses.

Their exports head columns with the questions themselves, so what a question asks is read from its wording: one match is
used and named as a guess, several are left to the user, and a scale is never inferred from the answers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

import pandas as pd

from csmetrics_core.files.columnar import Coded
from csmetrics_core.files.columns import Column, Kind, read_column
from csmetrics_core.files.distinct import is_nothing
from csmetrics_core.files.exports import Draft, Export, Field
from csmetrics_core.files.grids import UnreadableFile
from csmetrics_core.files.headings import SYNONYMS, plain, scale_of
from csmetrics_core.files.question_words import WORDINGS
from csmetrics_core.files.report import Wait
from csmetrics_core.files.saying import Place, Question, Remedy, Said
from csmetrics_core.files.shaping import ask, standard_export
from csmetrics_core.files.standard import HOLDS
from csmetrics_core.files.table import Table

_SCORES = ("nps", "csat", "ces")
_QUESTIONS = (*_SCORES, "comment")
_CUSTOMER = Field("customer", ("customer", *SYNONYMS["customer"], "organisation", "organization"), "identifier")
_SEGMENT = Field("segment", ("segment",))
#: Headings under which a survey or metric is named, and what it is called there.
_KINDS_IN = frozenset(
    map(plain, ("metric", "survey", "survey type", "survey name", "type", "question", "question type", "kpi", "measure",
                "score type", "feedback type", "metric name"))
)  # fmt: skip
_NAMED = {
    "nps": re.compile(r"\bnps\b|net promoter|likely.*recommend", re.IGNORECASE),
    "csat": re.compile(r"\bcsat\b|satisfaction|how satisfied", re.IGNORECASE),
    "ces": re.compile(r"\bces\b|effort score|customer effort|how easy", re.IGNORECASE),
}
_EASY = re.compile(r"\beas[ye]|einfach|leicht|facil|fácil|facile|gemak", re.IGNORECASE)
_HARD = re.compile(r"difficult|hard\b|effort|aufwand|schwierig|esfuerzo|esfor[cç]o|sforzo|moeite", re.IGNORECASE)
_ANSWER = re.compile(r"-?\d+([.,]\d+)?(\s*[-–—:(/].*|\s+\D.*)?")
_RESPONSE_TYPE = {plain("Response Type"), plain("Status")}
_TRIED = {"Survey Preview", "Survey Test", "Spam", "Preview Spam", "Offline Survey Preview"}
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


def asks_something(table: Table, said: Said) -> bool:
    """Whether a heading asks about recommending, satisfaction or effort, and numbers stand below it."""
    return any(_numbers(table.coded(place)) > 0 for place in _asking(table))


def asks_for_words(table: Table) -> bool:
    """Whether a heading asks so, whatever stands below it."""
    return bool(_asking(table))


def _asking(table: Table) -> list[int]:
    places = range(len(table.headings))
    forms = [WORDINGS[question] for question in _SCORES]
    return [at for at in places if any(re.search(form, table.asks(at), re.IGNORECASE) for form in forms)]


def answers_export(table: Table) -> Export:
    """A table of answers that no product made."""
    return replace(standard_export("responses", table), what="survey answers", shape=_questionnaire, clock=("date",))


def _questionnaire(draft: Draft) -> pd.DataFrame:
    """Answers under the questions they were given to."""
    _leave_tests_out(draft)
    _split_by_kind(draft)
    table, report = draft.table, draft.report
    declared = set(report.mapped.values())
    answered = {
        place: draft.cells(place)
        for place, heading in enumerate(table.headings)
        if heading and heading not in declared and plain(heading) not in _META and heading not in report.personal
    }
    for question in _QUESTIONS:
        if question not in draft.data:
            _find(question, answered, draft)
    _rated_by_words(draft)
    used = set(report.mapped.values())
    report.ignored = tuple(heading for heading in report.ignored if heading not in used)
    for question in _SCORES:
        if question in report.mapped:
            _hear_top(question, draft.columns.get(question), draft)
            _scale(question, draft)
            _no_words(question, draft)
    if not any(question in draft.data for question in _QUESTIONS):
        why = "; ".join(f"{name}: {text}" for name, text in report.missing.items())
        remedies = [Remedy("columns", f"{question}=Heading", f"it asks for {question}") for question in _SCORES]
        raise UnreadableFile(f"{report.place}: no question is recognised ({why})", "", remedies)
    return _responses(draft)


def _rated_by_words(draft: Draft) -> None:
    """Thumbs under a heading such as Feedback are ratings, and so are Good and Bad throughout; "Great" is a comment."""
    heading = draft.report.mapped.get("comment")
    if heading is None or not draft.has("comment") or draft.has("csat"):
        return
    place = draft.table.headings.index(heading)
    cells = draft.table.column(place).loc[draft.data.index]
    column = read_column(cells, "rating", draft.table.at(heading), draft.said)
    kinds = {str(cell).strip() for cell in cells[column.values.notna()]}
    are_signs = bool(kinds) and not any(letter.isalpha() for kind in kinds for letter in kind)
    is_rating = are_signs or (len(kinds) > 1 and "feedback" in plain(heading))
    if is_rating and column.shows.get("top") == "5" and not column.words.any():
        draft.data = draft.data.drop(columns="comment").assign(csat=column.values)
        draft.report.mapped.pop("comment")
        draft.report.mapped["csat"] = heading
        draft.report.missing.pop("csat", None)
        draft.report.guessed.append(f"{heading!r} was taken for csat, as all it holds are words of one scale.")
        draft.report.hear("csat", column)
        _hear_top("csat", column, draft)


def _split_by_kind(draft: Draft) -> None:
    """One column of scores of several surveys, where another says which each answer is to."""
    mapped = [question for question in _SCORES if question in draft.report.mapped and draft.has(question)]
    if len(mapped) != 1:
        return
    scores, heading = draft.data[mapped[0]], draft.report.mapped[mapped[0]]
    for place, name in enumerate(draft.table.headings):
        if plain(name or "") not in _KINDS_IN:
            continue
        cells = draft.cells(place)
        asked = cells.series(_asked, draft.data.index)
        if asked.notna().any() and not asked.eq(mapped[0]).all():
            draft.data = draft.data.drop(columns=mapped[0])
            draft.report.mapped.pop(mapped[0])
            for question in [question for question in _SCORES if asked.eq(question).any()]:
                draft.data[question] = scores.where(asked.eq(question))
                draft.report.mapped[question] = heading
            draft.keep(asked.notna(), f"answers to other surveys ({_few(cells.series()[asked.isna().to_numpy()])})")
            draft.report.notes.append(f"{name!r} says which survey each answer under {heading!r} is to.")
            return


def _asked(cell: object) -> str | None:
    """The question that the name of a survey or metric says."""
    found = [question for question, form in _NAMED.items() if isinstance(cell, str) and form.search(cell)]
    return found[0] if len(found) == 1 else None


def _leave_tests_out(draft: Draft) -> None:
    """Answers of those who tried a survey before it went out, as Qualtrics' column Response Type tells."""
    for place, heading in enumerate(draft.table.headings):
        if heading and plain(heading) in _RESPONSE_TYPE:
            tried = draft.cells(place).where(lambda cell: cell in _TRIED)
            if tried.any():
                draft.keep(pd.Series(~tried, index=draft.data.index), "previews and tests of the survey, and spam")


def _hear_top(question: str, column: Column | None, draft: Draft) -> None:
    """The highest answer of a scale whose words were read."""
    if column is not None and "top" in column.shows:
        draft.report.scales[question] = draft.report.in_words[question] = int(column.shows["top"])


def _scale(question: str, draft: Draft) -> None:
    """The scale that a heading tells: it decides what is high."""
    place = draft.table.headings.index(draft.report.mapped[question])
    told = scale_of(draft.table.asks(place))
    if told is not None and question == "nps" and told[1] != 10:
        problem = f"{draft.table.at(draft.report.mapped['nps'])}: it is asked from {told[0]} to {told[1]}"
        fix = "NPS is asked from 0 to 10; of other scales there is none."
        draft.report.waits.append(Wait("nps", problem, fix))
    if told is not None and question not in draft.report.scales:
        draft.report.scales[question] = told[1]
        draft.report.notes.append(f"{draft.report.mapped[question]}: the scale is {told[0]} to {told[1]}, as it says.")


def _no_words(question: str, draft: Draft) -> None:
    """A column of answers none of which is a number gives no figure, and not for want of answers."""
    if not draft.data[question].isna().all():
        return
    heading = draft.report.mapped[question]
    cells = draft.cells(draft.table.headings.index(heading)).cells
    words = [cell for cell in cells if isinstance(cell, str) and not is_nothing(cell.strip())]
    if words:
        problem = f"{draft.table.at(heading)}: the answers are words, such as {words[0].strip()[:40]!r}"
        draft.report.waits.append(Wait(question, problem, "Export numerical values."))


def _find(question: str, answered: dict[int, Coded], draft: Draft) -> None:
    """Find the one column that asks a question."""
    table, report = draft.table, draft.report
    taken = set(report.mapped.values())  # "how likely are you to recommend our easy product" asks one thing
    free = [place for place in answered if table.headings[place] not in taken]
    fitting = [place for place in free if re.search(WORDINGS[question], table.asks(place), re.IGNORECASE)]
    counted = [place for place in fitting if question != "comment" and _numbers(answered[place]) > 0]
    if len(counted) == 1:  # Qualtrics names the group of each answer, Promoter or Passive, under the same question
        fitting = counted
    if question == "comment":
        fitting = [place for place in fitting if _numbers(answered[place]) < 0.5] or _only_text(answered, draft)
    if len(fitting) > 1:
        _ask_which(question, fitting, draft)
    elif not fitting:
        report.missing[question] = "no column asks it"
    elif question != "comment" and not _holds_answers(answered[fitting[0]], HOLDS[question]):
        report.missing[question] = f"{table.headings[fitting[0]]!r} holds words; export numerical values"
        place = table.at(table.headings[fitting[0]])
        report.waits.append(Wait(question, f"{place}: the answers are words", "Export numerical values."))
    else:
        heading = table.headings[fitting[0]]
        place = replace(table.at(heading), rows=table.numbers[draft.data.index])  # type: ignore[arg-type]
        column = read_column(answered[fitting[0]], HOLDS[question], place, draft.said, draft.data.index)
        draft.data[question] = column.values
        report.mapped[question] = heading
        report.hear(question, column)
        _hear_top(question, column, draft)
        report.guessed.append(f"{heading!r} was taken for {question} by its wording.")
        if (
            question == "ces"
            and "top" not in column.shows
            and _HARD.search(table.asks(fitting[0]))
            and not _EASY.search(table.asks(fitting[0]))
        ):
            _ask_direction(heading, draft)


def _ask_direction(heading: str, draft: Draft) -> None:
    """Who asks how difficult it was may count up to easy, or up to difficult."""
    problem = f"{draft.table.at(heading)} asks for effort: whether its highest answer means easy is not said"
    remedies = (Remedy("columns", f"ces={heading}", "it means easy"),)
    fix = "If it means difficult, turn the answers round first, as 8 less the answer of 1 to 7."
    draft.report.waits.append(Wait("ces", problem, fix, remedies))


def _ask_which(question: str, fitting: list[int], draft: Draft) -> None:
    """Several columns ask the same: which counts is for the user to say."""
    headings = [draft.table.headings[place] for place in fitting]
    found = " and ".join(map(repr, headings[:3]))
    draft.report.missing[question] = f"{found} could be it"
    remedies = tuple(Remedy("columns", f"{question}={heading}", f"it is {heading!r}") for heading in headings[:3])
    asks = Question(draft.table.at(""), f"which column holds {question}? {found} could be it", (), remedies)
    draft.report.waits.append(Wait.of_question(question, asks))


def _only_text(answered: dict[int, Coded], draft: Draft) -> list[int]:
    """The one column of running text, if a score was found and just one column is such."""
    headings = draft.table.headings
    taken = set(draft.report.mapped.values())
    long = [
        place
        for place, cells in answered.items()
        if headings[place] not in taken and cells.series(lambda cell: len(str(cell).split())).fillna(0).mean() >= 3
    ]
    return long if len(long) == 1 and taken & set(headings) else []


def _holds_answers(cells: Coded, kind: Kind) -> bool:
    """Whether numbers stand in a column, or words of one scale."""
    return _numbers(cells) > 0 or bool(read_column(cells, kind, Place(), Said()).values.notna().any())


def _numbers(cells: Coded) -> float:
    """The share of answers that are numbers, or begin with one as labelled answers do."""
    return cells.share(lambda cell: _ANSWER.fullmatch(str(cell).strip()) is not None)


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


def _on_scale(draft: Draft) -> None:
    """Answers to the question whose scale everybody shares; what others go up to may be said later."""
    if draft.has("nps") and "nps" in draft.report.mapped:
        answers = draft.data["nps"]
        rows = answers.notna() & ~answers.isin(range(11))
        what = "is {cell}; an answer is a whole number from 0 to 10{more}"
        ask(draft, "nps", draft.report.mapped["nps"], rows.to_numpy(), what, "Remove it or rescale the answers.")


def _responses(draft: Draft) -> pd.DataFrame:
    _on_scale(draft)
    if not draft.has("customer") and draft.report.product:
        draft.report.missing["customer"] = "no column names the account; people's e-mail addresses are not read"
    names = ("response", "customer", "date", "segment", "survey", "arr", "nps", "csat", "ces", "comment")
    table = draft.data[[name for name in names if draft.has(name)]]
    table = table.drop(columns="response", errors="ignore")
    return table.sort_values("date", kind="stable") if "date" in table and draft.report.product else table


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
    "Tijdstempel", "Tidstämpel", "Tidsstempel", "Sygnatura czasowa", "タイムスタンプ",
)  # fmt: skip
_OWN_SCORES = tuple(
    Field(name, (name, *(word for word in SYNONYMS[name] if word != "score")), HOLDS[name]) for name in _QUESTIONS
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
            Field("comment", ("comment",), "comment"),
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
            Field("response", ("Respondent ID",), "identifier"),
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
