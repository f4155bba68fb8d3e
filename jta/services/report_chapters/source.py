"""What the chapters of a report are made from, read once, and how numbers are written in it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from jta.db import db
from jta.errors import NotFoundError
from jta.exports.text import told_share
from jta.models.blueprint import Blueprint, BlueprintRow
from jta.models.results import AnalysisRun
from jta.models.study import Study
from jta.models.survey import Instrument
from jta.services.blueprint import get_blueprint
from jta.services.instrument import newest_instrument
from jta.services.results_privacy import Reader
from jta.services.results_tables import Row, Tables, Words, words_of

NOTHING = "–"


@dataclass
class Source:
    """A study and one of its blueprints, as the reader of a report that leaves the house may see them."""

    study: Study
    blueprint: Blueprint

    @property
    def run(self) -> AnalysisRun:
        """The analysis behind the blueprint."""
        return self.blueprint.run

    @cached_property
    def tables(self) -> Tables:
        """Its tables, small groups hidden."""
        return Tables(self.run, Reader(full=False, minimum=self.study.smallest_group))

    @cached_property
    def words(self) -> Words:
        """What codes mean."""
        return words_of(self.run)

    @cached_property
    def instrument(self) -> Instrument | None:
        """The newest instrument of the survey; a pilot's is none."""
        return newest_instrument(self.study.id, "main")

    @cached_property
    def first_launch(self) -> datetime | None:
        """When the survey was first opened; a pilot is none."""
        own = Instrument.study_id == self.study.id, Instrument.kind == "main"
        return db.session.scalar(select(func.min(Instrument.launched_at)).where(*own))

    @property
    def content(self) -> dict[str, Any]:
        """What respondents were shown; empty before a launch."""
        return {} if self.instrument is None else self.instrument.content

    @cached_property
    def tasks(self) -> list[dict[str, str]]:
        """Tasks of the instrument in their order: code, statement, domain."""
        return [
            {"code": task["code"], "statement": task["statement"], "domain": page["domain"]["title"]}
            for page in self.content.get("pages", [])
            for task in page["tasks"]
        ]

    @property
    def domains(self) -> list[BlueprintRow]:
        """The domains of the blueprint."""
        return [row for row in self.blueprint.rows if row.parent_code is None]

    @property
    def importance(self) -> str:
        """Code of the importance scale, empty where there is none."""
        return str(self.run.summary["choices"].get("importance_scale") or "")

    @property
    def frequency(self) -> str:
        """Code of the frequency scale, empty where there is none."""
        return str(self.run.summary["choices"].get("frequency_scale") or "")

    def day(self, moment: datetime | None) -> str:
        """Return a date in the study's zone."""
        return NOTHING if moment is None else f"{moment.astimezone(ZoneInfo(self.study.time_zone)):%Y-%m-%d}"

    def statement(self, code: str) -> str:
        """Return a task with its code."""
        return f"{code} {self.words.statements.get(code, '')}".strip()


def open_source(study_id: int, number: int) -> Source:
    """Return what a report of a blueprint is made from.

    Raises
    ------
    NotFoundError
        If the study has no blueprint with this number.
    """
    study = db.session.get(Study, study_id)
    if study is None:
        raise NotFoundError
    return Source(study, get_blueprint(study_id, number))


def number(value: Any, digits: int = 2) -> str:
    """Return a number as the report shows it, a dash where there is none."""
    return NOTHING if value is None else f"{value:,.{digits}f}"


def count(value: Any) -> str:
    """Return a whole number."""
    return NOTHING if value is None else f"{int(value):,}"


def percent(value: Any, digits: int = 1) -> str:
    """Return a share as a percentage."""
    return NOTHING if value is None else f"{value * 100:.{digits}f} %"


def people_share(value: Any, digits: int = 1) -> str:
    """Return a share of people by what they answered; near none or all it is not told exactly."""
    told = told_share(value)
    return told if isinstance(told, str) else percent(told, digits)


def p_value(value: Any) -> str:
    """Return a p as people write it: one near none is told as smaller than the last digit shown."""
    return "<0.001" if value is not None and value < 0.0005 else number(value, 3)


def interval(low: Any, high: Any, digits: int = 2) -> str:
    """Return both ends of an interval."""
    return NOTHING if low is None or high is None else f"{low:.{digits}f} to {high:.{digits}f}"


def percent_interval(low: Any, high: Any, digits: int = 1) -> str:
    """Return both ends of an interval of shares."""
    return NOTHING if low is None or high is None else f"{low * 100:.{digits}f} to {high * 100:.{digits}f} %"


def people_interval(share: Any, low: Any, high: Any) -> str:
    """Return the interval of a share of people, a dash where the share itself is not told exactly."""
    return percent_interval(low, high) if isinstance(told_share(share), float) else NOTHING


def hidden_note(rows: Iterable[Row], minimum: int) -> str:
    """Return what a dash means where small groups are hidden, nothing where none is."""
    return hidden_words(minimum) if any(row.get("suppressed") == "yes" for row in rows) else ""


def hidden_words(minimum: int) -> str:
    """Return what a dash means where small groups are hidden."""
    return f"{NOTHING}: hidden, because fewer than {minimum} people answered or it would give such a group away."
