"""Planning in two steps: what a plan would send to how many, then the plan itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from jta import clock
from jta.errors import InvalidInputError
from jta.models.study import Study
from jta.services.delivery_settings import get_settings
from jta.services.quiet_hours import hours_of
from jta.services.recipients import Outlook, outlook
from jta.services.waves import WavePlan

KINDS = {
    "series": "Invitation, three reminders after 7, 14 and 21 days, and thanks",
    "invitation": "Invitation only",
    "reminder": "One reminder to all who were invited and have not submitted",
    "thanks": "Thanks to everybody who submits, from now on",
    "closing": "A note that the survey is closed, once it is",
}
REMIND_AFTER = (7, 14, 21)


@dataclass(frozen=True)
class PlannedWave:
    """One wave of a plan: when it begins, when its first message can go out, to how many as things stand now.

    ``now`` is None for reminders of a series: nobody can say yet who will have answered.
    """

    plan: WavePlan
    first: datetime
    now: Outlook | None


def draft_plan(study: Study, kind: str, at: datetime | None) -> list[PlannedWave]:
    """Return the waves of a plan with their counts; nothing is stored.

    Raises
    ------
    InvalidInputError
        If the moment is past.
    """
    now = clock.now()
    begin = at or now
    if begin < now - timedelta(hours=1):
        raise InvalidInputError("This moment is past. Choose a later one, or leave the day empty.", field="day")
    hours = hours_of(get_settings(study.id), study.time_zone)
    return [
        PlannedWave(plan, hours.next_allowed(max(plan.at, now)), _outlook(study, plan, kind))
        for plan in _waves(kind, max(begin, now))
    ]


def _waves(kind: str, begin: datetime) -> list[WavePlan]:
    if kind != "series":
        return [WavePlan(kind, begin)]
    reminders = [WavePlan("reminder", begin + timedelta(days=days)) for days in REMIND_AFTER]
    return [WavePlan("invitation", begin), *reminders, WavePlan("thanks", begin)]


def _outlook(study: Study, plan: WavePlan, kind: str) -> Outlook | None:
    if kind == "series" and plan.kind == "reminder":
        return None
    return outlook(study, plan.kind)
