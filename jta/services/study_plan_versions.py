"""Every plan that a study had, and two plans compared option by option: saved, departed from, used by an analysis."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from analysis.plan import AnalysisPlan
from jta import clock
from jta.db import db
from jta.models.results import AnalysisRun
from jta.models.study import PlanVersion, Study

DEFAULTS = "defaults"


@dataclass(frozen=True)
class KnownPlan:
    """One plan that can be compared; ``at`` None for the defaults."""

    key: str
    title: str
    plan: dict[str, Any]
    at: datetime | None = None
    by_name: str = ""
    reason: str = ""


def keep_version(study: Study, by_name: str, *, departure: bool, reason: str = "") -> None:
    """Keep a study's plan as it is now, within the writer's own transaction."""
    number = db.session.scalar(select(func.max(PlanVersion.number)).where(PlanVersion.study_id == study.id)) or 0
    db.session.add(
        PlanVersion(
            study_id=study.id, number=number + 1, plan=study.plan, departure=departure,
            reason=reason.strip(), by_name=by_name, at=study.plan_saved_at or clock.now(),
        )
    )  # fmt: skip


def list_plans(study: Study) -> list[KnownPlan]:
    """Return every plan of a study, the newest first, then those of its analyses, then the defaults."""
    found = select(PlanVersion).where(PlanVersion.study_id == study.id).order_by(PlanVersion.number.desc())
    runs = select(AnalysisRun.id, AnalysisRun.plan, AnalysisRun.run_at, AnalysisRun.run_by)
    runs = runs.where(AnalysisRun.study_id == study.id).order_by(AnalysisRun.id.desc())
    return [
        *(_version(version) for version in db.session.scalars(found)),
        *(
            KnownPlan(f"run{key}", f"Used by analysis {key}", _whole(plan), at, name)
            for key, plan, at, name in db.session.execute(runs)
        ),
        KnownPlan(DEFAULTS, "The defaults", AnalysisPlan(items=study.exam_items).to_dict()),
    ]


def _version(version: PlanVersion) -> KnownPlan:
    kind = "Departure" if version.departure else "Saved before launch"
    title = f"{kind}, version {version.number}"
    return KnownPlan(f"v{version.number}", title, _whole(version.plan), version.at, version.by_name, version.reason)


def _whole(plan: Mapping[str, Any]) -> dict[str, Any]:
    """Return a plan with every option named, as it counts: what an older one does not name has its default."""
    return AnalysisPlan.from_json(plan).to_dict()


def pick_two(plans: list[KnownPlan], first: str, second: str) -> tuple[KnownPlan, KnownPlan]:
    """Return the two plans asked for; by default the last one saved before launch, and the newest."""
    by_key = {plan.key: plan for plan in plans}
    before = next((plan for plan in plans if plan.key.startswith("v") and "before" in plan.title), plans[-1])
    return by_key.get(first, before), by_key.get(second, plans[0])
