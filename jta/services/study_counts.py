"""What there is in a study, counted: for many studies at once, in as many queries as for one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import aliased

from jta.db import db
from jta.models.account import Membership
from jta.models.blueprint import Blueprint
from jta.models.delivery import Person
from jta.models.inventory import Domain, Task
from jta.models.response import Response
from jta.models.results import AnalysisRun
from jta.models.review import Dataset
from jta.models.study import Stratum
from jta.services.next_steps import has_mail_server

Query = Select[*tuple[Any, ...]]


@dataclass(frozen=True)
class StudyCounts:
    """Counts and latest numbers of one study; None where there is none yet.

    Withdrawn responses and retired tasks do not count. ``by_mail``: there is a mail server to invite people with.
    """

    tasks: int = 0
    empty_areas: int = 0
    strata: int = 0
    people: int = 0
    links: int = 0
    started: int = 0
    submitted: int = 0
    approvers: int = 0
    dataset: int | None = None
    run: int | None = None
    blueprint: int | None = None
    blueprint_state: str = ""
    blueprint_items: int = 0
    by_mail: bool = False


def count_study(study_id: int) -> StudyCounts:
    """Return what there is in one study."""
    return count_all([study_id])[study_id]


def count_all(study_ids: Iterable[int]) -> dict[int, StudyCounts]:
    """Return what there is in each of these studies."""
    counts = {study_id: StudyCounts(by_mail=has_mail_server()) for study_id in study_ids}
    for names, query in _QUERIES:
        for study_id, *values in db.session.execute(query.where(_study_column(query).in_(counts))):
            counts[study_id] = replace(counts[study_id], **dict(zip(names, values, strict=True)))
    return counts


def _study_column(query: Query) -> Any:
    return next(iter(query.selected_columns))


def _per_study(column: Any, *values: Any) -> Query:
    return select(column, *values).group_by(column).order_by(column)


_below = aliased(Domain)
_has_task = select(Task.id).where(Task.domain_id == Domain.id, Task.retired_at.is_(None)).exists()
_has_below = select(_below.id).where(_below.parent_id == Domain.id).exists()
_QUERIES: tuple[tuple[tuple[str, ...], Query], ...] = (
    (("tasks",), _per_study(Task.study_id, func.count()).where(Task.retired_at.is_(None))),
    (("empty_areas",), _per_study(Domain.study_id, func.count()).where(~_has_task, ~_has_below, ~Domain.runs_through)),
    (("strata",), _per_study(Stratum.study_id, func.count())),
    (("people", "links"), _per_study(Person.study_id, func.count(), func.count(Person.token_hash))),
    (
        ("started", "submitted"),
        _per_study(Response.study_id, func.count(), func.count(Response.submitted_at)).where(
            Response.withdrawn_at.is_(None), Response.is_pilot.is_(False)
        ),
    ),
    (
        ("approvers",),
        _per_study(Membership.study_id, func.count()).where(Membership.role == "approver"),
    ),
    (("dataset",), _per_study(Dataset.study_id, func.max(Dataset.number))),
    (("run",), _per_study(AnalysisRun.study_id, func.max(AnalysisRun.id))),
    (
        ("blueprint", "blueprint_state", "blueprint_items"),
        # rows in order of number: the last one stands
        select(Blueprint.study_id, Blueprint.number, Blueprint.state, Blueprint.items).order_by(Blueprint.number),
    ),
)
