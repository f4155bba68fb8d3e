"""The data set of a market study: answers to questions, written once and read by every table."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from jta import audit, clock
from jta.audit import Actor
from jta.db import db, transaction
from jta.errors import StateError
from jta.models.market import CommentCode, Theme
from jta.models.response import Answer, Response
from jta.models.review import Dataset
from jta.models.study import MARKET, Stratum
from jta.services.content import questions_of
from jta.services.dispositions import has_answer
from jta.services.review_inclusion import frozen_instrument
from jta.services.study_stage import lock_study, move_stage

if TYPE_CHECKING:
    from analysis.answers import AnswerData, GivenAnswer, SurveyQuestion

FREEZABLE = ("closed", "data review")
RULE = "Responses that were submitted and hold at least one answer. Withdrawn and screened-out ones are left out."
STRATUM = "stratum"
UNCODED = "uncoded"
KINDS = {"single": "single", "agreement": "single", "multiple": "multiple", "number": "number"}


def freeze_answers(actor: Actor, study_id: int) -> Dataset:
    """Write the submitted answers of a market study once, in canonical order, and hash them.

    Comments are in it as the themes they were coded to, never as texts.

    Raises
    ------
    StateError
        If the study is no market study, its survey is still open, or nobody submitted an answer.
    """
    from analysis.answers import answers_to_parquet

    with transaction():
        study = lock_study(study_id)
        if study.kind != MARKET:
            raise StateError("This study has ratings: its data set is frozen on the page of data sets.")
        if study.stage not in FREEZABLE:
            raise StateError("Close the survey first: a data set is frozen from answers that no longer change.")
        data = load_answers(study_id)
        if not data.respondents:
            raise StateError("Nobody has submitted an answer, so there is nothing to freeze.")
        content = answers_to_parquet(data)
        released, changed = _decide_release(study_id, data, study.smallest_group)
        number = (db.session.scalar(select(func.max(Dataset.number)).where(Dataset.study_id == study_id)) or 0) + 1
        dataset = Dataset(
            study_id=study_id, number=number, content=content, data_hash=data.data_hash,
            file_hash=hashlib.sha256(content).hexdigest(), rule=RULE,
            counts={"included": len(data.respondents), "answers": len(data.answers)},
            frozen_by=actor.name, frozen_at=clock.now(), released=released, changed_people=changed,
        )  # fmt: skip
        db.session.add(dataset)
        if study.stage == "closed":
            move_stage(study, "data review", actor)
        audit.record(
            actor, "froze data set", f"data set {number}", study_id=study_id, after=data.data_hash,
            note=f"{len(data.respondents)} responses, {len(data.answers)} answers",
        )  # fmt: skip
    return dataset


def _decide_release(study_id: int, data: AnswerData, smallest: int) -> tuple[bool, int | None]:
    """Say whether directors and auditors may see the results, by the rule of `jta.services.results_release`."""
    from analysis.answers import answers_from_parquet

    mine = data.lines()
    changes = []
    found = select(Dataset.content).where(Dataset.study_id == study_id, Dataset.released)
    for content in db.session.scalars(found):
        theirs = answers_from_parquet(content).lines()
        changes.append(sum(mine.get(code) != theirs.get(code) for code in mine.keys() | theirs.keys()))
    fewest = min((n for n in changes if n), default=0 if changes else None)
    return len(data.respondents) >= smallest and (not fewest or fewest >= smallest), fewest


def load_answers(study_id: int) -> AnswerData:
    """Return the answers that would be frozen now; no name and no text is in them."""
    from analysis.answers import make_answers

    content = frozen_instrument(study_id).content
    asked = [q for q in questions_of(content) if q["kind"] in KINDS]
    comments = [q for q in questions_of(content) if q["kind"] == "text"]
    people = _load_people(study_id)
    strata = list(db.session.execute(_strata_of(study_id)))
    themes = list(db.session.scalars(select(Theme).where(Theme.study_id == study_id).order_by(Theme.position)))
    questions = [_question(q) for q in asked] + _stratum_question(strata) + _theme_questions(comments, themes)
    given = [
        *_given(study_id, asked, people),
        *_given_strata(people, {key: code for key, code, _ in strata}),
        *_given_themes(study_id, comments, themes, people),
    ]
    return make_answers(questions, [code for code, _ in people.values()], given)


def _load_people(study_id: int) -> dict[int, tuple[str, int | None]]:
    """Return code and stratum of each response that counts, by its id."""
    answered = select(Answer.response_id).where(has_answer())
    found = select(Response.id, Response.code, Response.stratum_id).where(
        Response.study_id == study_id, Response.submitted_at.is_not(None), Response.withdrawn_at.is_(None),
        Response.screened_out_at.is_(None), Response.is_pilot.is_(False), Response.id.in_(answered),
    )  # fmt: skip
    return {key: (code, stratum) for key, code, stratum in db.session.execute(found)}


def _strata_of(study_id: int) -> Any:
    return (
        select(Stratum.id, Stratum.code, Stratum.label).where(Stratum.study_id == study_id).order_by(Stratum.position)
    )


def _question(question: Mapping[str, Any]) -> SurveyQuestion:
    from analysis.answers import SurveyQuestion

    choices = tuple((choice["code"], choice["label"]) for choice in question["choices"])
    return SurveyQuestion(question["code"], question["prompt"], KINDS[question["kind"]], choices)


def _stratum_question(strata: Sequence[Any]) -> list[SurveyQuestion]:
    from analysis.answers import SurveyQuestion

    choices = tuple((code, label) for _, code, label in strata)
    return [SurveyQuestion(STRATUM, "Stratum of the frame", "single", choices)] if choices else []


def _theme_questions(comments: Sequence[Mapping[str, Any]], themes: Sequence[Theme]) -> list[SurveyQuestion]:
    from analysis.answers import SurveyQuestion

    choices = (*((theme.code, theme.label) for theme in themes), (UNCODED, "Not coded to a theme"))
    return [
        SurveyQuestion(f"{q['code']}:themes", f"Themes of: {q['prompt']}", "multiple", choices, q["code"])
        for q in comments
        if themes
    ]


def _given(
    study_id: int, asked: Sequence[Mapping[str, Any]], people: Mapping[int, tuple[str, int | None]]
) -> Iterator[GivenAnswer]:
    from analysis.answers import GivenAnswer

    known = {q["id"]: (q["code"], {choice["id"]: choice["code"] for choice in q["choices"]}) for q in asked}
    found = select(Answer.response_id, Answer.question_id, Answer.choice_id, Answer.choices, Answer.number)
    rows = found.join(Response, Response.id == Answer.response_id).where(Response.study_id == study_id, has_answer())
    for response, question, choice, several, number in db.session.execute(rows):
        if response not in people or question not in known:
            continue
        (person, _), (code, choices) = people[response], known[question]
        if number is not None:
            yield GivenAnswer(person, code, "", float(number))
        for chosen in [choice] if choice is not None else several or []:
            yield GivenAnswer(person, code, choices[chosen])


def _given_strata(people: Mapping[int, tuple[str, int | None]], codes: Mapping[int, str]) -> Iterator[GivenAnswer]:
    from analysis.answers import GivenAnswer

    for code, stratum in people.values():
        if stratum is not None and stratum in codes:
            yield GivenAnswer(code, STRATUM, codes[stratum])


def _given_themes(
    study_id: int, comments: Sequence[Mapping[str, Any]], themes: Sequence[Theme],
    people: Mapping[int, tuple[str, int | None]],
) -> Iterator[GivenAnswer]:  # fmt: skip
    """Yield the themes of each comment, or that it has none; the base is who wrote one."""
    from analysis.answers import GivenAnswer

    if not themes:
        return
    codes = {q["id"]: f"{q['code']}:themes" for q in comments}
    theme_of = {theme.id: theme.code for theme in themes}
    coded: dict[tuple[int, int], list[str]] = {}
    for row in db.session.execute(select(CommentCode.response_id, CommentCode.question_id, CommentCode.theme_id)):
        if row.theme_id in theme_of:
            coded.setdefault((row.response_id, row.question_id), []).append(theme_of[row.theme_id])
    written = (
        select(Answer.response_id, Answer.question_id)
        .join(Response, Response.id == Answer.response_id)
        .where(Response.study_id == study_id, func.length(func.trim(Answer.text)) > 0)
    )
    for response, question in db.session.execute(written):
        if response in people and question in codes:
            for theme in coded.get((response, question)) or [UNCODED]:
                yield GivenAnswer(people[response][0], codes[question], theme)
