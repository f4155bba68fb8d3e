"""The screener comes first: what stands behind it is neither shown nor saved before it is answered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from sqlalchemy import ColumnElement, Integer, ScalarSelect, bindparam, func, or_, select

from jta.db import db
from jta.db_once import read_once
from jta.errors import JTAError
from jta.models.response import Answer
from jta.services.survey_pages import Stop, Survey
from jta.services.visits import Visit

_OWN = "own"
_ANSWERED = select(Answer.question_id).where(
    Answer.response_id == bindparam(_OWN, type_=Integer),
    or_(*(part.is_not(None) for part in (Answer.choice_id, Answer.choices, Answer.number, Answer.text))),
)


class ScreenerFirstError(JTAError):
    """A page was asked for, or sent, whose screener is not answered yet."""

    status = 409
    heading = lazy("Some questions come first")

    def __init__(self, stop: Stop) -> None:
        super().__init__(_("This page was not saved: the survey begins with questions that must be answered first."))
        self.stop = stop


def required_before(survey: Survey, stop: Stop | None) -> dict[int, Stop]:
    """Return the questions of screeners that must be answered before a page, with their page; None is the review."""
    if not survey.screeners:  # most surveys
        return {}
    before = survey.stops if stop is None else survey.stops[: survey.stops.index(stop)]
    return {q["id"]: one for one in survey.screeners if one in before for q in one.step["questions"] if q["required"]}


def count_answered(among: Callable[[Any], ColumnElement[bool]]) -> ScalarSelect[int]:
    """Return the part of a statement that counts how many of some questions the response ``own`` has answered."""
    chosen = _ANSWERED.where(among(Answer.question_id)).correlate(None).subquery()
    return select(func.count()).select_from(chosen).scalar_subquery()


def check_way(visit: Visit, stop: Stop | None, *, locked: bool = False) -> None:
    """Refuse a page before the screener on the way to it is answered; None stands for the review.

    ``locked`` says that the response's row is held by the transaction that is open.

    Raises
    ------
    ScreenerFirstError
        If a question of a screener must be answered and is not.
    """
    required = required_before(visit.survey, stop)
    if not required:
        return  # nothing is read
    values = {_OWN: visit.response_id}
    rows = db.session.connection().execute(_ANSWERED, values) if locked else read_once(_ANSWERED, values)
    answered = {row[0] for row in rows}
    if first := next((one for key, one in required.items() if key not in answered), None):
        raise ScreenerFirstError(first)
