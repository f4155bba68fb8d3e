"""Who is in a data set: the rule of inclusion and the decisions of the data review, with a count for each reason."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import func, select

from jta.db import db
from jta.errors import StateError
from jta.models.response import Rating, Response
from jta.models.study import Stratum
from jta.models.survey import Instrument
from jta.services.instrument import newest_instrument
from jta.services.review_decisions import count_grounds, excluded_grounds
from jta.services.review_forms import count_offered

MINIMUM_SHARE = 0.5


@dataclass(frozen=True)
class Candidate:
    """One response as the rule of inclusion sees it: no name, no single answer.

    ``share_answered`` is of the tasks that this person was asked about.
    """

    response_id: int
    code: str
    stratum: str
    submitted: bool
    share_answered: float


@dataclass(frozen=True)
class Inclusion:
    """Who is in the data set under a rule, and who is left out for which reason.

    ``excluded`` counts what the data review left out, by the ground of each decision.
    """

    included: tuple[Candidate, ...]
    too_little: int
    withdrawn: int
    excluded: dict[str, int] = field(default_factory=dict)

    @property
    def submitted(self) -> int:
        """How many of the included pressed Submit."""
        return sum(c.submitted for c in self.included)

    @property
    def n_excluded(self) -> int:
        """How many the data review left out."""
        return sum(self.excluded.values())

    def counts(self) -> dict[str, int]:
        """Return the counts as plain values; all but the first and its parts are responses left out, each once."""
        return {
            "included": len(self.included),
            "included, submitted": self.submitted,
            "included, not submitted": len(self.included) - self.submitted,
            "left out, too little answered": self.too_little,
            "left out, withdrawn": self.withdrawn,
            **{f"left out in review, {ground.lower()}": n for ground, n in self.excluded.items()},
        }


def rule_text(minimum_share: float, n_excluded: int = 0) -> str:
    """Say in words which responses are in the data set."""
    text = (
        f"Responses that were submitted, and responses that were not if at least {minimum_share:.0%} of the "
        "tasks have an answer. A submitted response without any answer is left out."
    )
    if not n_excluded:
        return text
    who = "One response that" if n_excluded == 1 else f"{n_excluded:,} responses that"
    return f"{text} {who} the data review decided to exclude {'is' if n_excluded == 1 else 'are'} left out."


def preview_inclusion(study_id: int, minimum_share: float) -> Inclusion:
    """Return who would be in the data set.

    A response that the data review left out counts there, whether or not it also fails the rule.

    Parameters
    ----------
    minimum_share : float
        Smallest share (0 to 1) of tasks answered by a response that was not submitted.
    """
    candidates = list_candidates(study_id)
    grounds = excluded_grounds(study_id)
    left = [c for c in candidates if c.response_id not in grounds]
    included = tuple(c for c in left if c.share_answered > 0 and (c.submitted or c.share_answered >= minimum_share))
    withdrawn = db.session.scalar(
        select(func.count()).where(
            Response.study_id == study_id, Response.withdrawn_at.is_not(None), Response.is_pilot.is_(False)
        )
    )
    return Inclusion(included, len(left) - len(included), withdrawn or 0, count_grounds(list(grounds.values())))


def list_candidates(study_id: int) -> list[Candidate]:
    """Return every response of a study that is not withdrawn, by random code; those of a pilot are never among them."""
    answered = (
        select(Rating.response_id, func.count(Rating.task_id.distinct()).label("tasks"))
        .where(Rating.anchor_id.is_not(None))
        .group_by(Rating.response_id)
        .subquery()
    )
    found = (
        select(Response.id, Response.code, Stratum.code, Response.submitted_at, answered.c.tasks, Response.form_code)
        .outerjoin(answered, answered.c.response_id == Response.id)
        .outerjoin(Stratum, Stratum.id == Response.stratum_id)
        .where(Response.study_id == study_id, Response.withdrawn_at.is_(None), Response.is_pilot.is_(False))
        .order_by(Response.code)
    )
    offered = count_offered(frozen_instrument(study_id).content)
    return [
        Candidate(
            key, code, stratum or "", submitted is not None, (count or 0) / max(offered.get(form, offered[None]), 1)
        )
        for key, code, stratum, submitted, count, form in db.session.execute(found)
    ]


def frozen_instrument(study_id: int) -> Instrument:
    """Return the newest instrument of a study's survey; a pilot's is none.

    Raises
    ------
    StateError
        If the survey was never launched.
    """
    instrument = newest_instrument(study_id, "main")
    if instrument is None:
        raise StateError("The survey was never launched, so there are no answers to freeze.")
    return instrument
