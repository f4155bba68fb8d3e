"""The strata of a study: the parts of its frame, how many people each holds, how many responses are aimed at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm.attributes import flag_modified

from jta import audit
from jta.audit import Actor
from jta.db import db, transaction
from jta.errors import EditConflictError, InvalidInputError, StateError
from jta.imports.text import fold
from jta.models.delivery import Person
from jta.models.response import Response
from jta.models.study import Stratum, Study
from jta.models.survey import Choice, Question
from jta.services.study_stage import lock_study, was_launched


@dataclass(frozen=True)
class StratumRow:
    """One stratum as written on the page; ``frame_count`` people, ``target`` responses; None: not known."""

    code: str
    label: str
    frame_count: int | None = None
    target: int | None = None
    stratum_id: int | None = None


def list_strata(study_id: int) -> list[Stratum]:
    """Return the strata of a study in order."""
    found = select(Stratum).where(Stratum.study_id == study_id).order_by(Stratum.position, Stratum.id)
    return list(db.session.scalars(found))


def people_by_stratum(study_id: int) -> dict[int, int]:
    """Return how many people of the roster are in each stratum, by its id."""
    found = select(Person.stratum_id, func.count()).where(Person.study_id == study_id).group_by(Person.stratum_id)
    return {stratum_id: count for stratum_id, count in db.session.execute(found) if stratum_id is not None}


def suggested_strata(study_id: int) -> list[StratumRow]:
    """Return the choices of the background question that tells strata apart, as rows to start with."""
    found = select(Choice).join(Question).where(Question.study_id == study_id, Question.is_stratum.is_(True))
    choices = db.session.scalars(found.order_by(Question.position, Choice.position))
    return [StratumRow(choice.code, choice.label) for choice in choices]


def save_strata(actor: Actor, study_id: int, rows: Sequence[StratumRow], *, version: int) -> list[Stratum]:
    """Replace the strata of a study by these rows; a stored one that no row names is removed.

    Raises
    ------
    InvalidInputError
        If a code or label is empty or doubled, a number is negative, or people are in a stratum to be removed.
    StateError
        If a stratum is added, removed or given another code after launch.
    EditConflictError
        If somebody else changed the study since ``version``.
    """
    _check(rows)
    with transaction():
        study = lock_study(study_id)
        stored = {stratum.id: stratum for stratum in list_strata(study_id)}
        before = [_plain(stratum) for stratum in stored.values()]
        if study.version != version:
            raise EditConflictError(
                "Nothing was saved. Look at the strata as they are now, then enter your changes again.",
                theirs=_as_text(before), yours=_as_text([asdict(row) for row in rows]),
            )  # fmt: skip
        gone = [stratum for stratum_id, stratum in stored.items() if stratum_id not in _ids(rows)]
        _require_same_frame(study, stored, rows, gone)
        _require_nobody(gone)
        _write(study, stored, rows, gone)
        flag_modified(study, "title")  # a new version, so that an older page cannot write over these strata
        after = [_plain(stratum) for stratum in list_strata(study_id)]
        audit.record(
            actor, "saved strata", f"study {study_id}", study_id=study_id, before=before, after=after,
            note=f"{len(after)} strata",
        )  # fmt: skip
    return list_strata(study_id)


def _ids(rows: Sequence[StratumRow]) -> set[int | None]:
    return {row.stratum_id for row in rows}


def _check(rows: Sequence[StratumRow]) -> None:
    for row in rows:
        if not row.code or not row.label:
            raise InvalidInputError("Give each stratum a code and a name.")
        if (row.frame_count or 0) < 0 or (row.target or 0) < 0:
            raise InvalidInputError(f"Numbers of people cannot be negative (stratum {row.code}).")
        if row.frame_count is not None and (row.target or 0) > row.frame_count:
            raise InvalidInputError(f"The target of stratum {row.code} is larger than the stratum itself.")
    codes = [fold(row.code) for row in rows]
    if doubled := next((row.code for row in rows if codes.count(fold(row.code)) > 1), None):
        raise InvalidInputError(f"Two strata have the code {doubled}.")


def _require_same_frame(
    study: Study, stored: dict[int, Stratum], rows: Sequence[StratumRow], gone: Sequence[Stratum]
) -> None:
    same = all(row.stratum_id in stored and stored[row.stratum_id].code == row.code for row in rows)
    if (gone or not same) and was_launched(study.id):
        raise StateError("After launch strata keep their codes, and none is added or removed.")


def _require_nobody(gone: Sequence[Stratum]) -> None:
    ids = [stratum.id for stratum in gone]
    for model in (Person, Response):
        used = db.session.scalar(select(model.stratum_id).where(model.stratum_id.in_(ids)).limit(1))
        if used is not None:
            code = next(stratum.code for stratum in gone if stratum.id == used)
            raise InvalidInputError(f"Stratum {code} cannot be removed: people of the roster are in it.")


def _write(study: Study, stored: dict[int, Stratum], rows: Sequence[StratumRow], gone: Sequence[Stratum]) -> None:
    for stratum in gone:
        study.strata.remove(stratum)
    for row in rows:
        if row.stratum_id in stored:
            stored[row.stratum_id].code = f"{row.code}\n"  # out of the way while codes change places
    db.session.flush()
    for position, row in enumerate(rows, start=1):
        known = stored.get(row.stratum_id or 0)
        stratum = known or Stratum(study_id=study.id)
        if known is None:
            study.strata.append(stratum)
        stratum.code, stratum.label, stratum.position = row.code, row.label, position
        stratum.frame_count, stratum.target = row.frame_count, row.target
    db.session.flush()


def _plain(stratum: Stratum) -> dict[str, Any]:
    return {
        "code": stratum.code, "label": stratum.label,
        "frame_count": stratum.frame_count, "target": stratum.target,
    }  # fmt: skip


def _as_text(rows: Sequence[dict[str, Any]]) -> str:
    return "\n".join(
        f"{row['code']}: {row['label']}, {row['frame_count'] or '–'} people, {row['target'] or '–'} aimed at"
        for row in rows
    )
