"""What is not kept: names and addresses 90 days after a study's survey closed; and the list that outlives a backup.

The list of addresses to be left alone is kept twice: in the database, and in a file outside it. A backup that is
brought back knows nothing of who withdrew since; the file does, and the next round of the worker puts that right.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

from flask import current_app
from sqlalchemy import delete, exists, func, select, update

from jta import audit, clock
from jta.audit import Actor
from jta.db import db, reading, transaction
from jta.models.delivery import Attempt, OutboxMessage, Person, PersonEvent
from jta.models.response import Response
from jta.models.sending import BounceReport, LeftAlone, Registration
from jta.models.study import Study
from jta.models.survey import Instrument
from jta.services import links
from jta.services.withdrawal import cut_off, is_frozen

WORKER = Actor("worker", "worker")
KEPT = timedelta(days=90)
ERASED = "(erased)"
GONE = ("withdrew", "opted out")


def erase_names() -> int:
    """Erase names and addresses of studies whose survey closed 90 days ago; return how many people."""
    with reading():
        due = list(db.session.scalars(_due()))
    return sum(_erase_study(study_id) for study_id in due)


def _due() -> Any:
    open_now = exists().where(Instrument.study_id == Study.id, Instrument.closed_at.is_(None))
    last = select(func.max(Instrument.closed_at)).where(Instrument.study_id == Study.id).scalar_subquery()
    named = exists().where(Person.study_id == Study.id, Person.name != ERASED)
    return select(Study.id).where(~open_now, last <= clock.now() - KEPT, named)


def _erase_study(study_id: int) -> int:
    with transaction():
        people = list(
            db.session.scalars(
                select(Person).where(Person.study_id == study_id, Person.name != ERASED).with_for_update()
            )
        )
        _keep_marks(study_id)
        for person in people:
            erase_person(person)
        _forget_answers_of_servers(study_id)
        registrations = db.session.execute(delete(Registration).where(Registration.study_id == study_id))
        audit.record(
            WORKER, "erased names", f"study {study_id}", study_id=study_id,
            note=f"{len(people)} people, {registrations.rowcount} registrations, 90 days after the survey closed",  # type: ignore[attr-defined]  # a cursor result
        )  # fmt: skip
    return len(people)


def erase_person(person: Person) -> None:
    """Take name, address and link from a person, inside the transaction that is open; the row and its events stay."""
    person.name, person.email, person.organization, person.attributes = ERASED, None, "", {}
    person.code, person.token_hash = f"erased-{person.id}", None


def _forget_answers_of_servers(study_id: int) -> None:
    # What a mail server says often repeats the address. The panel's addresses are kept with its record.
    theirs = OutboxMessage.study_id == study_id, OutboxMessage.panelist_id.is_(None)
    messages = select(OutboxMessage.id).where(*theirs)
    plain: dict[str, Any] = {"synchronize_session": False}
    db.session.execute(
        update(Attempt).where(Attempt.message_id.in_(messages)).values(detail=""), execution_options=plain
    )
    reports = update(BounceReport).where(BounceReport.message_id.in_(messages)).values(detail="")
    db.session.execute(reports, execution_options=plain)
    ended = OutboxMessage.state.in_(("failed", "unknown"))
    db.session.execute(update(OutboxMessage).where(*theirs, ended).values(reason=""), execution_options=plain)


def _keep_marks(study_id: int) -> None:
    """Put the addresses of all who withdrew or stopped messages on the list, before they are forgotten."""
    db.session.add_all(_missing_marks(study_id))


def _missing_marks(study_id: int) -> list[LeftAlone]:
    found = (
        select(Person.email, PersonEvent.kind, PersonEvent.at)
        .join(PersonEvent, PersonEvent.person_id == Person.id)
        .where(Person.study_id == study_id, Person.email.is_not(None), PersonEvent.kind.in_(GONE))
    )
    known = set(db.session.scalars(select(LeftAlone.address_mark).where(LeftAlone.study_id == study_id)))
    missing = {}
    for address, kind, at in db.session.execute(found):
        mark = links.address_mark(study_id, address or "")
        if mark not in known:
            missing[mark] = LeftAlone(study_id=study_id, address_mark=mark, reason=kind, at=at)
    return list(missing.values())


# --- the list outside the database ------------------------------------------------------------------------------


def erasure_file() -> Path:
    """Return where the list outside the database lies: ``JTA_ERASURE_FILE``, or beside the local data."""
    own = current_app.config["SETTINGS"].erasure_file
    return Path(own) if own else Path(current_app.instance_path) / "left-alone.jsonl"


Line = tuple[int, str, str]  # study, mark of the address, reason


def keep_list() -> tuple[int, int]:
    """Bring the list and the database into step; return how many were added to the file and to the database."""
    path = erasure_file()
    _list_withdrawn()
    with reading():
        rows = select(LeftAlone.study_id, LeftAlone.address_mark, LeftAlone.reason)
        stored: set[Line] = {(row[0], row[1], row[2]) for row in db.session.execute(rows)}
        studies = set(db.session.scalars(select(Study.id)))
    kept = _read(path)
    _append(path, stored - kept)
    known = {(study_id, mark) for study_id, mark, _ in stored}
    lost = [line for line in kept if (line[0], line[1]) not in known and line[0] in studies]
    for line in lost:
        _bring_back(line)
    return len(stored - kept), len(lost)


def _list_withdrawn() -> None:
    with reading():
        gone = select(Person.study_id).join(PersonEvent, PersonEvent.person_id == Person.id)
        studies = list(db.session.scalars(gone.where(PersonEvent.kind.in_(GONE)).distinct()))
        lacking = [study_id for study_id in studies if _missing_marks(study_id)]
    for study_id in lacking:
        with transaction():
            _keep_marks(study_id)


def _read(path: Path) -> set[Line]:
    if not path.exists():
        return set()
    lines: set[Line] = set()
    for text in path.read_text("utf-8").splitlines():
        try:
            entry = json.loads(text)
            lines.add((int(entry["study"]), str(entry["mark"]), str(entry["reason"])))
        except (ValueError, KeyError, TypeError):
            continue  # a power cut left this line half written; its entry is in the database, and is added again
    return lines


def _append(path: Path, lines: Iterable[Line]) -> None:
    fresh = sorted(lines)
    if not fresh:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    texts = [json.dumps({"study": s, "mark": m, "reason": r}, ensure_ascii=True) for s, m, r in fresh]
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(descriptor, "a", encoding="utf-8") as file:
        file.write("".join(f"{text}\n" for text in texts))
        file.flush()
        os.fsync(file.fileno())


def _bring_back(line: Line) -> None:
    """Put into the database what a restored backup has forgotten: nobody on the list is written to again."""
    study_id, mark, reason = line
    with transaction():
        db.session.add(LeftAlone(study_id=study_id, address_mark=mark, reason=reason, at=clock.now()))
        for person in db.session.scalars(select(Person).where(Person.study_id == study_id, Person.email.is_not(None))):
            if links.address_mark(study_id, person.email or "") == mark and reason in GONE:
                _leave(person, reason)
        audit.record(WORKER, "left alone again after a restore", f"study {study_id}", study_id=study_id, note=reason)


def _leave(person: Person, reason: str) -> None:
    db.session.add(PersonEvent(person_id=person.id, kind=reason, at=clock.now()))
    if reason == "withdrew":
        for response in db.session.scalars(select(Response).where(Response.person_id == person.id)):
            cut_off(response, frozen=is_frozen(person.study_id))
