"""Alternatives: weights, limits and exam length that were tried, named, and kept beside the blueprint."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jta import audit, clock
from jta.db import db, transaction
from jta.errors import InvalidInputError, NotFoundError, StateError
from jta.models.blueprint import Alternative, Blueprint, BlueprintRow
from jta.services.blueprint import get_blueprint, require_editable
from jta.services.blueprint_changes import RowInput
from jta.services.blueprint_draft import draft_of
from jta.services.blueprint_items import allocate_rows
from jta.services.study_stage import lock_study

MOST = 8


@dataclass(frozen=True)
class Column:
    """One alternative beside the blueprint: weight and items of each row by code."""

    alternative: Alternative
    cells: dict[str, tuple[float, int]]


def keep(
    actor: audit.Actor, study_id: int, number: int, *, name: str, rows: Sequence[RowInput], items: int,
    share_rest: bool,
) -> Alternative:  # fmt: skip
    """Keep what is on the page under a name; the blueprint itself stays as it is.

    Raises
    ------
    InvalidInputError
        If the name is missing or taken, or the figures could not be saved as a blueprint.
    StateError
        If there are as many alternatives as a page can show.
    """
    with transaction():
        lock_study(study_id)
        blueprint = get_blueprint(study_id, number)
        require_editable(blueprint)
        _check_name(blueprint, name)
        draft = draft_of(blueprint, rows, items, share_rest=share_rest)
        if draft.problem:
            raise InvalidInputError(draft.problem)
        alternative = Alternative(
            name=name, items=items, by_name=actor.name, at=clock.now(),
            rows=[[x.row.code, x.weight, x.minimum, x.maximum] for x in draft.lines],
        )  # fmt: skip
        blueprint.alternatives.append(alternative)
        db.session.flush()
        audit.record(
            actor, "kept alternative", f"blueprint {number}: {name}", study_id=study_id, after=alternative.rows
        )
    return alternative


def _check_name(blueprint: Blueprint, name: str) -> None:
    if not name:
        raise InvalidInputError("Give the alternative a name.", field="name")
    if any(one.name.casefold() == name.casefold() for one in blueprint.alternatives):
        raise InvalidInputError("Another alternative has this name.", field="name")
    if len(blueprint.alternatives) >= MOST:
        raise StateError(f"There are {MOST} alternatives. Remove one first.")


def drop(actor: audit.Actor, study_id: int, number: int, alternative_id: int) -> str:
    """Remove an alternative; its figures stay in the audit trail. Return its name."""
    with transaction():
        lock_study(study_id)
        blueprint = get_blueprint(study_id, number)
        require_editable(blueprint)
        found = get_alternative(blueprint, alternative_id)
        name = found.name
        audit.record(actor, "removed alternative", f"blueprint {number}: {name}", study_id=study_id, before=found.rows)
        blueprint.alternatives.remove(found)
    return name


def get_alternative(blueprint: Blueprint, alternative_id: int) -> Alternative:
    """Return an alternative of a blueprint.

    Raises
    ------
    NotFoundError
        If it has none with this id.
    """
    found = next((one for one in blueprint.alternatives if one.id == alternative_id), None)
    if found is None:
        raise NotFoundError
    return found


def columns_of(blueprint: Blueprint) -> list[Column]:
    """Return every alternative with the items its weights give."""
    return [_column(blueprint, one) for one in blueprint.alternatives]


def _column(blueprint: Blueprint, alternative: Alternative) -> Column:
    place = {row.code: (row.level, row.parent_code) for row in blueprint.rows}
    rows = [
        BlueprintRow(code=c, level=place[c][0], parent_code=place[c][1], weight=w, minimum=low, maximum=high)
        for c, w, low, high in alternative.rows
    ]
    results = allocate_rows(rows, alternative.items)
    return Column(alternative, {row.code: (row.weight, results[row.code].items) for row in rows})
