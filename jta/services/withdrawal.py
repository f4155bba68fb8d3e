"""Withdrawing from a study: the answers go, and the bridge between the person and the response is destroyed."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import delete, exists, select

from jta import audit, clock
from jta.db import db, transaction
from jta.models.delivery import Person, PersonEvent
from jta.models.response import (
    Answer,
    AnswerChange,
    DomainPoints,
    DomainPointsChange,
    IdempotencyKey,
    KsaRating,
    KsaRatingChange,
    PageVisit,
    Rating,
    RatingChange,
    Response,
)
from jta.models.review import Dataset, ReviewDecision
from jta.services.links import trail_name
from jta.services.study_stage import lock_study
from jta.services.visits import Ticket, get_visit

# Every table that holds what somebody answered, with its history.
ANSWERS = (
    Rating, RatingChange, KsaRating, KsaRatingChange, DomainPoints, DomainPointsChange, Answer, AnswerChange,
    PageVisit, IdempotencyKey, ReviewDecision,
)  # fmt: skip


@dataclass(frozen=True)
class Withdrawal:
    """What a withdrawal did: whether the answers were deleted, or stay in a frozen data set without a name."""

    instrument_id: int
    answers_deleted: bool


def is_frozen(study_id: int) -> bool:
    """Say whether a data set of the study was frozen, so that answers can no longer be taken out of it."""
    return bool(db.session.scalar(select(exists().where(Dataset.study_id == study_id))))


def withdraw(ticket: Ticket, mark: str | None = None) -> Withdrawal:
    """Withdraw a response for good.

    Before a data set is frozen the ratings, their history and the background answers are deleted. Afterwards they
    stay in it under a random code. Either way nothing leads from the person to the response any more.

    Parameters
    ----------
    ticket : Ticket
        From the cookie.
    mark : str, optional
        The mark of the page that asked, see `Visit.page_mark`: what one person confirms must not withdraw another.

    Raises
    ------
    LinkNeededError, OtherLinkError
        If the ticket is void, or the page belongs to another response.
    """
    with transaction():
        visit = get_visit(ticket)
        if mark is not None:
            visit.check_page(mark)
        # The study first: while a data set is being frozen nobody's answers can be said to be deleted.
        lock_study(visit.study_id)
        # Then the person, as when starting: otherwise a start at the same moment could bring the person back.
        db.session.get_one(Person, visit.person_id, with_for_update=True)
        visit = get_visit(ticket, lock=True)
        frozen = is_frozen(visit.study_id)
        response = db.session.get_one(Response, visit.response_id)
        cut_off(response, frozen=frozen)
        db.session.add(PersonEvent(person_id=visit.person_id, kind="withdrew", at=clock.now()))
        audit.record(
            audit.Actor("respondent", "respondent"), "withdrew", f"response {trail_name(visit.code)}",
            study_id=visit.study_id, note="answers stay in the frozen data set" if frozen else "answers deleted",
        )  # fmt: skip
    return Withdrawal(visit.survey.instrument_id, not frozen)


def cut_off(response: Response, *, frozen: bool) -> None:
    """Destroy the bridge from a person to a response, and its answers unless a data set holds them."""
    if not frozen:
        _delete_answers(response)
    response.person_id = None
    response.withdrawn_at = clock.now()


def _delete_answers(response: Response) -> None:
    for table in ANSWERS:
        db.session.execute(delete(table).where(table.response_id == response.id))
    response.stratum_id = None  # with nothing left to count it would only describe the person
