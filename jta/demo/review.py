"""The data review of the demo study: every flagged response decided, through the same acts that people use."""

from __future__ import annotations

from jta.audit import Actor
from jta.services.review_decisions import EXCLUDE, KEEP, decide
from jta.services.screening import Screened, screen

EXCLUDED = "Simulated review: {flags}. Two signs or more, one of them strong, so the answers are left out."
KEPT = "Simulated review: {flags}. Not enough to leave the answers out, so they stay in."


def review_demo(actor: Actor, study_id: int) -> int:
    """Decide about every flagged response of a closed study; return how many are excluded.

    Two flags or more of which one is strong exclude a response, counted under its first strong flag; all
    others are kept. Nobody should review like that: it stands in for somebody who looked.
    """
    flagged = [response for response in screen(study_id).open if response.flags]
    for response in flagged:
        _decide(actor, study_id, response)
    return sum(_is_careless(response) for response in flagged)


def _is_careless(response: Screened) -> bool:
    return response.suggests_exclusion and response.n_strong > 0


def _decide(actor: Actor, study_id: int, response: Screened) -> None:
    careless = _is_careless(response)
    names = ", ".join(flag.title.lower() for flag in response.flags)
    ground = next((flag.rule for flag in response.flags if flag.grade == "strong"), "") if careless else ""
    decide(
        actor, study_id, response.code,
        choice=EXCLUDE if careless else KEEP, ground=ground,
        reason=(EXCLUDED if careless else KEPT).format(flags=names),
        flags=tuple(flag.rule for flag in response.flags),
    )  # fmt: skip
