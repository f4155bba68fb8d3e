"""How long a published blueprint stays current: when the next study is due, and who should be reminded."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select

from jta import clock
from jta.db import db
from jta.models.blueprint import Blueprint
from jta.models.study import Study

AHEAD = timedelta(days=365)  # a study takes most of a year


@dataclass(frozen=True)
class Currency:
    """Whether the next study is ``later``, ``soon`` (within a year), ``due``, or has no date (``unset``)."""

    number: int
    state: str
    next_on: date | None

    @property
    def reminds(self) -> bool:
        """Whether somebody has to act."""
        return self.state != "later"


def currency_of(study_ids: Collection[int]) -> dict[int, Currency]:
    """Return the currency of each study that has a published blueprint, by the study's id."""
    found = db.session.execute(
        select(Blueprint, Study.time_zone)
        .join(Study, Study.id == Blueprint.study_id)
        .where(Blueprint.study_id.in_(study_ids), Blueprint.state == "published")
        .order_by(Blueprint.number)
    )
    return {one.study_id: _currency(one, zone) for one, zone in found}


def _currency(blueprint: Blueprint, zone: str) -> Currency:
    today = clock.now().astimezone(ZoneInfo(zone)).date()
    return Currency(blueprint.number, _state(blueprint.next_study_on, today), blueprint.next_study_on)


def _state(next_on: date | None, today: date) -> str:
    if next_on is None:
        return "unset"
    if next_on <= today:
        return "due"
    return "soon" if next_on - today <= AHEAD else "later"
