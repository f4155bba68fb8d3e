"""The audit trail: one chain for each study, and every tampering shows."""

from __future__ import annotations

import random

import pytest
from sqlalchemy.exc import DBAPIError

from jta import audit
from jta.db import db, transaction
from jta.models.audit import AuditEvent, AuditHead

ACTOR = audit.Actor("Dora Director", "director", 7)


def write_chain(n: int = 12) -> None:
    for number in range(n):
        with transaction():
            audit.record(ACTOR, "did", f"thing {number}", study_id=1 if number % 3 else None, before=number, after="x")


def test_a_true_trail_is_whole(app_context):
    write_chain()
    heads, faults = audit.verify()
    assert faults == []
    assert {chain: head.sequence for chain, head in heads.items()} == {"installation": 4, "study 1": 8}


@pytest.mark.parametrize("statement", ["UPDATE audit_event SET note = 'x'", "DELETE FROM audit_event"])
def test_the_database_refuses_changes(app_context, statement):
    write_chain(1)
    with pytest.raises(DBAPIError, match="audit trail cannot be changed"):
        db.session.execute(db.text(statement))
    db.session.rollback()


def _copies() -> list[AuditEvent]:
    rows = audit.list_events("study 1")
    names = [c.name for c in AuditEvent.__table__.columns]
    return [AuditEvent(**{name: getattr(row, name) for name in names}) for row in rows]


def _edit(rows, rng):
    row, name = (
        rng.choice(rows),
        rng.choice(["actor", "role", "action", "object", "at", "note", "before_hash"]),
    )
    setattr(row, name, getattr(row, name) + "x")
    return rows


def _delete(rows, rng):
    rows.pop(rng.randrange(len(rows)))
    return rows


def _swap(rows, rng):
    one, two = rng.sample(range(len(rows)), 2)
    rows[one], rows[two] = rows[two], rows[one]
    return rows


def _insert(rows, rng):
    at = rng.randrange(len(rows) + 1)
    false = AuditEvent(
        **{name: getattr(rows[0], name) for name in ("chain", "at", "actor", "role", "action", "object")}
    )
    false.sequence, false.previous, false.before_hash, false.after_hash, false.note = (
        at + 1,
        "0" * 64,
        "",
        "",
        "",
    )
    false.hash = audit.digest("false")
    return [*rows[:at], false, *rows[at:]]


def _cut(rows, rng):
    return rows[: rng.randrange(len(rows))]


def test_a_thousand_tamperings_are_all_found(sqlite_app):
    with sqlite_app.app_context():
        write_chain(30)
        head = db.session.get(AuditHead, "study 1")
        rng = random.Random(1)
        for act in (_edit, _delete, _swap, _insert, _cut):
            for _ in range(200):
                tampered = act(_copies(), rng)
                assert audit.check_chain("study 1", tampered, head), act.__name__
        assert audit.check_chain("study 1", _copies(), head) == []


def test_the_command_says_so(app_context):
    write_chain(3)
    runner = app_context.test_cli_runner()
    whole = runner.invoke(args=["audit", "verify"])
    assert (whole.exit_code, "is whole" in whole.output) == (0, True)
    db.session.execute(db.text("UPDATE audit_head SET sequence = 99 WHERE chain = 'study 1'"))
    db.session.commit()
    cut = runner.invoke(args=["audit", "verify"])
    assert cut.exit_code == 1


def test_an_act_and_its_record_live_or_die_together(app_context):
    def act() -> None:
        with transaction():
            audit.record(ACTOR, "did", "something", study_id=1)
            raise RuntimeError("fails")

    with pytest.raises(RuntimeError, match="fails"):
        act()
    assert audit.verify() == ({}, [])
