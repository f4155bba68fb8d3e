"""The data review of the finished demo study: the psychometrician decides about every flagged response."""

from __future__ import annotations

from jta.audit import Actor
from jta.services.review_decisions import EXCLUDE, KEEP, decide
from jta.services.screening import Screened, screen
from jta.services.screening_rules import RULES

_CARELESS = ("too_fast", "longest_run", "low_variance", "identical")  # what honest work hardly looks like twice over
_KEEP_WORDS = {
    "too_little": "Stopped partway; what is answered looks considered.",
    "longest_run": "The run lies in one domain that this kind of role does every day.",
    "low_variance": "A steady rater: little spread, but in the usual order.",
    "odd_pattern": "A specialist's job: the pattern differs for a reason.",
    "identical": "Two short responses that agree by chance.",
    "far_out": "Works in one domain only; the role is within the population.",
}


def review_responses(psychometrician: Actor, study_id: int) -> int:
    """Leave out who was too fast or careless by two flags, keep the others with a reason; return how many are out."""
    excluded = 0
    for response in screen(study_id).flagged:
        rules = tuple(flag.rule for flag in response.flags)
        careless = [rule for rule in rules if rule in _CARELESS]
        out = len(careless) >= 2 or "too_fast" in rules  # the demo's cut leaves nobody time to read a task
        decide(
            psychometrician, study_id, response.code,
            choice=EXCLUDE if out else KEEP, ground=careless[0] if out else "",
            reason=_why_out(response) if out else _KEEP_WORDS[rules[0]], flags=rules,
        )  # fmt: skip
        excluded += out
    return excluded


def _why_out(response: Screened) -> str:
    titles = {rule.code: rule.title.lower() for rule in RULES}
    said = " and ".join(titles[flag.rule] for flag in response.flags if flag.rule in _CARELESS)
    return f"{said.capitalize()}: the tasks were hardly read (simulated decision)."
