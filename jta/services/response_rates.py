"""Response rates as AAPOR defines them, from the dispositions, with their formulas in words."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import case, func, select

from jta.db import db
from jta.models.delivery import Person
from jta.models.response import Rating, Response
from jta.services import dispositions as d
from jta.services.content import form_codes, tasks_of
from jta.services.dispositions import StatusCounts

if TYPE_CHECKING:
    from analysis import sample

ENOUGH = 0.5  # share of the tasks from which an unfinished response counts as partial, under it as a break-off
FORMULAS = {
    "RR1": "complete ÷ (all eligible + all unknown)",
    "RR2": "(complete + partial) ÷ (all eligible + all unknown)",
    "RR3": "complete ÷ (all eligible + e × unknown)",
    "RR4": "(complete + partial) ÷ (all eligible + e × unknown)",
    "RR5": "complete ÷ all eligible",
    "RR6": "(complete + partial) ÷ all eligible",
}


@dataclass(frozen=True)
class Rate:
    """One rate (0 to 1, None without a denominator) with its formula in words."""

    name: str
    formula: str
    value: float | None


@dataclass(frozen=True)
class RateGroup:
    """One group of the calculation: what is in it, in words, and how many people."""

    name: str
    meaning: str
    count: int


@dataclass(frozen=True)
class ResponseRates:
    """Everything the page of rates shows; ``eligible_share`` is e.

    ``registered`` are those who came by the open link, by disposition: they chose themselves, so they are in no rate.
    """

    groups: tuple[RateGroup, ...]
    rates: tuple[Rate, ...]
    eligible_share: float | None
    completion: float | None
    started: int
    not_sampled: int
    registered: StatusCounts


def response_rates(study_id: int, counts: StatusCounts, content: Mapping[str, Any] | None) -> ResponseRates:
    """Return AAPOR's response rates RR1 to RR6 and the completion rate of the people who were invited.

    Responses collected elsewhere are in no rate, nor are people of the open link: how many were asked is not known.
    Whose message came back is of unknown eligibility, as AAPOR counts it (3.30, surveys of specifically named persons).

    Parameters
    ----------
    counts : StatusCounts
        From `jta.services.dispositions`.
    content : mapping or None
        The instrument's; a partial response has ratings of half of the tasks of its form or more. In a study without
        tasks every response with an answer is partial.
    """
    from analysis import sample

    registered = d.count_registered(study_id)
    invited = counts.without(registered)
    has_tasks = content is not None and bool(content["pages"])
    partial = invited[d.PARTIAL]
    if has_tasks and content is not None:
        partial = min(count_partial(study_id, content), partial)
    broke_off = invited[d.PARTIAL] - partial + invited[d.STARTED]
    silent = invited[d.LINKED] + invited[d.SENT] + invited[d.ACCEPTED]
    people = sample.Dispositions(
        complete=invited[d.SUBMITTED], partial=partial, refused=broke_off + invited[d.OPTED_OUT] + invited[d.WITHDREW],
        unknown=silent + invited[d.BOUNCED], ineligible=invited[d.SCREENED_OUT],
    )  # fmt: skip
    started = invited.began - invited[d.SCREENED_OUT]
    found = sample.response_rates(people)
    return ResponseRates(
        groups=_groups(people, broke_off, silent, invited[d.BOUNCED]),
        rates=tuple(Rate(name, FORMULAS[name], _number(value)) for name, value in found.items()),
        eligible_share=_number(sample.eligibility(people)),
        completion=_number(sample.completion_rate(invited[d.SUBMITTED], started)),
        started=started,
        not_sampled=invited[d.ADDED],
        registered=registered,
    )


def _groups(people: sample.Dispositions, broke_off: int, silent: int, bounced: int) -> tuple[RateGroup, ...]:
    return (
        RateGroup("Complete", "pressed Submit", people.complete),
        RateGroup("Partial", "answered half of the tasks or more, not submitted", people.partial),
        RateGroup(
            "Refused or broke off",
            f"opted out or withdrew, or started and stopped early ({broke_off:,})",
            people.refused,
        ),
        RateGroup("Unknown: nothing heard", "invited, nothing heard: whether they are eligible is not known", silent),
        RateGroup("Unknown: not delivered", "their message came back; AAPOR counts them as unknown", bounced),
        RateGroup("Not eligible", "screened out; in no denominator", people.ineligible),
    )


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value


def count_partial(study_id: int, content: Mapping[str, Any]) -> int:
    """Return how many unfinished responses of invited people have ratings of half of their tasks or more; one query."""
    enough = {form: math.ceil(ENOUGH * len(tasks_of(content, form))) for form in form_codes(content)}
    every = math.ceil(ENOUGH * len(tasks_of(content)))
    wanted = case(enough, value=Response.form_code, else_=every) if enough else every
    rated = (
        select(Rating.response_id)
        .join(Response, Response.id == Rating.response_id)
        .join(Person, d.joined())
        .where(
            Response.study_id == study_id, Response.submitted_at.is_(None), Response.withdrawn_at.is_(None),
            Rating.anchor_id.is_not(None), ~d.has_registered(),
        )
        .group_by(Rating.response_id, Response.form_code)
        .having(func.count(Rating.task_id.distinct()) >= wanted)
        .subquery()
    )  # fmt: skip
    return db.session.scalar(select(func.count()).select_from(rated)) or 0
