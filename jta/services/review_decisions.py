"""Decisions of the data review: leave a response out or keep it, with a reason; undone, never changed."""

from __future__ import annotations

from collections import Counter

from sqlalchemy import ColumnElement, func, select

from jta import audit, clock
from jta.db import db, transaction
from jta.errors import EditConflictError, InvalidInputError, NotFoundError, StateError
from jta.models.response import Answer, Rating, Response
from jta.models.review import ReviewDecision
from jta.models.study import Study
from jta.services.screening_rules import RULES
from jta.services.study_stage import lock_study

REVIEWABLE = ("closed", "data review", "analysis", "blueprint")
EXCLUDE, KEEP = "exclude", "keep"
# What an exclusion is counted under: the rule that carries it, or what no statistic can see.
GROUNDS = {rule.code: rule.title for rule in RULES} | {
    "ineligible": "Not in the role",
    "duplicate": "The same person twice",
    "other": "Another reason",
}
LONGEST_REASON = 2000


def get_response(study_id: int, code: str) -> Response:
    """Return a response of a study that is not withdrawn.

    Raises
    ------
    NotFoundError
        If there is none with this random code.
    """
    found = select(Response).where(
        Response.study_id == study_id,
        Response.code == code,
        Response.withdrawn_at.is_(None),
        Response.is_pilot.is_(False),
    )
    response: Response | None = db.session.scalar(found)
    if response is None:
        raise NotFoundError
    return response


def load_decisions(study_id: int) -> dict[int, ReviewDecision]:
    """Return the decision in force on each response of a study that is not withdrawn, by response id.

    A decision made before the survey was opened again is not in force for a response whose answers were
    changed since: it was made about other answers.
    """
    found = (
        select(ReviewDecision)
        .join(Response, Response.id == ReviewDecision.response_id)
        .where(ReviewDecision.study_id == study_id, ReviewDecision.undone_at.is_(None))
        .where(Response.withdrawn_at.is_(None), ~_answers_changed())
    )
    return {decision.response_id: decision for decision in db.session.scalars(found)}


def _answers_changed() -> ColumnElement[bool]:
    ratings = select(func.max(Rating.saved_at)).where(Rating.response_id == ReviewDecision.response_id)
    answers = select(func.max(Answer.saved_at)).where(Answer.response_id == ReviewDecision.response_id)
    changed: ColumnElement[bool] = (func.coalesce(ratings.scalar_subquery() > ReviewDecision.at, False)) | (
        func.coalesce(answers.scalar_subquery() > ReviewDecision.at, False)
    )
    return changed


def excluded_grounds(study_id: int) -> dict[int, str]:
    """Return the ground of each response that is left out by a decision in force, by response id."""
    return {key: d.ground for key, d in load_decisions(study_id).items() if d.choice == EXCLUDE}


def count_grounds(grounds: list[str]) -> dict[str, int]:
    """Return how many exclusions stand under each ground, in the order of the rules; only those that occur."""
    counted = Counter(grounds)
    return {title: counted[code] for code, title in GROUNDS.items() if counted[code]}


def list_history(response_id: int) -> list[ReviewDecision]:
    """Return every decision ever made on a response, newest first."""
    found = select(ReviewDecision).where(ReviewDecision.response_id == response_id)
    return list(db.session.scalars(found.order_by(ReviewDecision.id.desc())))


def standing_decision(response_id: int) -> ReviewDecision | None:
    """Return the decision on a response that nobody has undone, or None."""
    found = select(ReviewDecision).where(ReviewDecision.response_id == response_id, ReviewDecision.undone_at.is_(None))
    decision: ReviewDecision | None = db.session.scalar(found)
    return decision


def decide(
    actor: audit.Actor, study_id: int, code: str, *,
    choice: str, reason: str, ground: str = "", flags: tuple[str, ...] = (), seen: int = 0,
) -> ReviewDecision:  # fmt: skip
    """Decide about one response; data sets frozen from now on follow.

    Parameters
    ----------
    code : str
        Random code of the response.
    choice : str
        ``exclude`` or ``keep``.
    ground : str
        For an exclusion: the key of `GROUNDS` it is counted under.
    flags : tuple of str
        Rules that flag the response now; kept with the decision.
    seen : int
        Id of the decision that the writer saw in force; 0 where there was none. A decision that stands
        is undone by the new one and stays in the history.

    Raises
    ------
    InvalidInputError
        If the reason, the choice or the ground is missing or unknown (field named).
    EditConflictError
        If somebody decided or undid in between.
    StateError
        If the survey is open or the blueprint is approved.
    NotFoundError
        If there is no such response.
    """
    why, counted = _checked(choice, reason, ground)
    with transaction():
        response = _reviewable_response(study_id, code)
        before = _require_seen(response.id, seen, why)
        if before is not None:
            _undo(before, actor, "Replaced by a new decision.")
        decision = ReviewDecision(
            study_id=study_id, response_id=response.id, choice=choice, ground=counted,
            flags=sorted(flags), reason=why, by_name=actor.name, at=clock.now(),
        )  # fmt: skip
        db.session.add(decision)
        db.session.flush()
        _record(actor, f"decided to {choice} a response", decision, before)
    return decision


def undo(actor: audit.Actor, study_id: int, code: str, *, reason: str, seen: int) -> ReviewDecision:
    """Take back the decision in force; it stays in the history with who undid it and why.

    Raises
    ------
    InvalidInputError
        If no reason is given.
    EditConflictError
        If another decision stands than the one seen, or none.
    StateError, NotFoundError
        As for `decide`.
    """
    why = _reason(reason)
    with transaction():
        response = _reviewable_response(study_id, code)
        decision = _require_seen(response.id, seen, why)
        if decision is None:
            raise StateError("There is no decision on this response to undo.")
        before = _content(decision)
        _undo(decision, actor, why)
        _record(actor, "undid a decision on a response", decision, None, before)
    return decision


def _checked(choice: str, reason: str, ground: str) -> tuple[str, str]:
    if choice not in (EXCLUDE, KEEP):
        raise InvalidInputError("Choose whether the response is left out or kept.", field="choice")
    if choice == KEEP:
        return _reason(reason), ""
    if ground not in GROUNDS:
        raise InvalidInputError("Choose what the exclusion is counted under.", field="ground")
    return _reason(reason), ground


def _reason(reason: str) -> str:
    why = reason.strip()
    if not why:
        raise InvalidInputError("Give a reason: somebody will ask for it later.", field="reason")
    if len(why) > LONGEST_REASON:
        raise InvalidInputError(f"Keep the reason under {LONGEST_REASON:,} characters.", field="reason")
    return why


def _reviewable_response(study_id: int, code: str) -> Response:
    require_reviewable(lock_study(study_id))
    response = get_response(study_id, code)
    db.session.refresh(response, with_for_update=True)  # a withdrawal at this moment waits, or was first
    if response.withdrawn_at is not None:
        raise NotFoundError
    return response


def require_reviewable(study: Study) -> None:
    """Refuse to decide while answers can change, or after the blueprint was approved.

    Raises
    ------
    StateError
        If the study is at another stage.
    """
    if study.stage in REVIEWABLE:
        return
    if study.stage in ("approved", "published"):
        raise StateError("The blueprint is approved, so the data behind it are no longer reviewed.")
    raise StateError("Close the survey first: responses are reviewed when their answers no longer change.")


def _require_seen(response_id: int, seen: int, yours: str) -> ReviewDecision | None:
    standing = standing_decision(response_id)
    if (standing.id if standing else 0) != seen:
        theirs = f"{standing.choice}: {standing.reason}" if standing else "The decision was undone."
        raise EditConflictError(
            "Somebody else decided about this response while you had it open. Nothing of yours was saved.",
            theirs=theirs, yours=yours,
        )  # fmt: skip
    return standing


def _undo(decision: ReviewDecision, actor: audit.Actor, why: str) -> None:
    decision.undone_by, decision.undone_at, decision.undo_reason = actor.name, clock.now(), why
    db.session.flush()


def _content(decision: ReviewDecision) -> dict[str, object]:
    return {
        "response": decision.response_id,
        "choice": decision.choice,
        "ground": decision.ground,
        "flags": decision.flags,
        "reason": decision.reason,
        "undone": decision.undone_at,
    }


def _record(
    actor: audit.Actor, action: str, decision: ReviewDecision, replaced: ReviewDecision | None, before: object = None
) -> None:
    """Write the audit row. The director reads the trail, so it names the decision, never the response or the reason."""
    note = f"replaces decision {replaced.id}" if replaced else ""
    audit.record(
        actor, action, f"review decision {decision.id}", study_id=decision.study_id,
        before=before, after=_content(decision), note=note,
    )  # fmt: skip
