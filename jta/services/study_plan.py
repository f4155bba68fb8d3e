"""The analysis plan of a study: saved before launch; later changes are departures, recorded with a reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from analysis.errors import PlanError
from analysis.plan import AnalysisPlan, plan_options
from jta import audit, clock
from jta.audit import Actor
from jta.db import db, transaction
from jta.errors import EditConflictError, InvalidInputError, StateError
from jta.models.audit import AuditEvent
from jta.models.study import Study
from jta.models.survey import Question, RatingScale
from jta.services.study_plan_limits import check_limits
from jta.services.study_plan_versions import keep_version
from jta.services.study_stage import BEFORE_LAUNCH, lock_study

DEPARTURE = "departed from analysis plan"
FINAL = ("approved", "published")


@dataclass(frozen=True)
class PlanChange:
    """One option that differs between two plans, in words."""

    name: str
    before: str
    after: str


def plan_of(study: Study) -> dict[str, Any]:
    """Return a study's plan with every option named: what is not saved has its default."""
    return AnalysisPlan.from_json({"items": study.exam_items, **(study.plan or {})}).to_dict()


def default_plan() -> dict[str, Any]:
    """Return the plan that a study starts with, every option named."""
    return AnalysisPlan().to_dict()


def scale_titles(study_id: int) -> dict[str, str]:
    """Return the title of each rating scale of a study by its code."""
    found = select(RatingScale.code, RatingScale.title).where(RatingScale.study_id == study_id)
    return {code: title for code, title in db.session.execute(found.order_by(RatingScale.position))}


def question_titles(study_id: int) -> dict[str, str]:
    """Return the prompt of each background question of a study by its code."""
    found = select(Question.code, Question.prompt).where(Question.study_id == study_id)
    return {code: prompt for code, prompt in db.session.execute(found.order_by(Question.position))}


def compare_plans(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[PlanChange]:
    """Return the options that differ, in the plan's order."""
    names = [option["name"] for option in plan_options(every=True)]
    return [
        PlanChange(name, in_words(before[name]), in_words(after[name])) for name in names if before[name] != after[name]
    ]


def in_words(value: Any) -> str:
    """Return an option's value as people read it.

    >>> in_words({"1": 5}), in_words(None), in_words([125, 150])
    ('1: 5', 'none', '125, 150')
    """
    if value is None or value == [] or value == {}:
        return "none"
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {item}" for key, item in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(_part_in_words(item) for item in value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _part_in_words(item: Any) -> str:
    if not isinstance(item, Mapping):
        return in_words(item)
    return "(" + ", ".join(f"{k} {in_words(v)}" for k, v in item.items() if v is not None) + ")"


def departures_open(study: Study) -> bool:
    """Say whether a change of the plan now is a departure: the survey was launched."""
    return study.stage not in BEFORE_LAUNCH


def save_plan(actor: Actor, study_id: int, values: Mapping[str, Any], *, version: int, reason: str = "") -> Study:
    """Save the analysis plan; ``version`` is the one of the study that the writer saw.

    Options that ``values`` does not name keep their saved value. The exam length is the study's own too.

    Raises
    ------
    InvalidInputError
        If an option is impossible, no exam can meet the limits, or the survey was launched and no reason is given.
    StateError
        If the blueprint is approved or published.
    EditConflictError
        If somebody else changed the study since.
    """
    with transaction():
        study = lock_study(study_id)
        before = plan_of(study)
        after = _checked({**before, **values}, study_id)
        changes = compare_plans(before, after)
        if not changes and study.plan_saved_at is not None:
            return study
        _require_may_change(study, reason)
        if study.version != version:
            raise EditConflictError(
                "Nothing was saved. Look at the plan as it is now, then enter your changes again.",
                theirs=_as_text(before), yours=_as_text(after),
            )  # fmt: skip
        study.plan, study.plan_saved_at, study.exam_items = after, clock.now(), after["items"]
        keep_version(study, actor.name, departure=departures_open(study), reason=reason)
        _record(actor, study, before, after, changes, reason)
    return study


def _checked(values: Mapping[str, Any], study_id: int) -> dict[str, Any]:
    try:
        plan = AnalysisPlan.from_json(values)
    except PlanError as error:
        raise InvalidInputError(str(error), field=_field_of(str(error))) from error
    codes = set(db.session.scalars(select(RatingScale.code).where(RatingScale.study_id == study_id)))
    for name in ("importance_scale", "frequency_scale"):
        code = getattr(plan, name)
        if code is not None and code not in codes:
            raise InvalidInputError(f"This study has no rating scale with the code {code}.", field=name)
    if plan.items > 2000:
        raise InvalidInputError("Enter a whole number of items from 1 to 2,000.", field="items")
    check_limits(plan, study_id)
    return plan.to_dict()


def _field_of(message: str) -> str | None:
    words = message.replace("'", " ").split()
    names = {option["name"] for option in plan_options(every=True)}
    return next((word for word in words if word in names), None)


def _require_may_change(study: Study, reason: str) -> None:
    if study.stage in FINAL:
        raise StateError("The blueprint that came from this plan is approved. The plan is part of its record.")
    if departures_open(study) and not reason.strip():
        raise InvalidInputError(
            "Respondents have begun under the saved plan. Say why you depart from it.", field="reason"
        )


def _as_text(plan: Mapping[str, Any]) -> str:
    return "\n".join(f"{name}: {in_words(value)}" for name, value in plan.items())


def _record(
    actor: Actor, study: Study, before: dict[str, Any], after: dict[str, Any], changes: list[PlanChange], reason: str
) -> None:
    said = "; ".join(f"{c.name}: {c.before} to {c.after}" for c in changes) or "defaults confirmed"
    act = DEPARTURE if departures_open(study) else "saved analysis plan"
    note = f"{said}. Reason: {reason.strip()}" if reason.strip() else said
    audit.record(actor, act, f"study {study.id}", study_id=study.id, before=before, after=after, note=note)


def list_departures(study_id: int) -> list[AuditEvent]:
    """Return the recorded departures from the plan, oldest first."""
    found = select(AuditEvent).where(AuditEvent.chain == audit.study_chain(study_id), AuditEvent.action == DEPARTURE)
    return list(db.session.scalars(found.order_by(AuditEvent.sequence)))
