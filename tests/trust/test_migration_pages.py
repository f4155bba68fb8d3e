"""The migration to survey pages, over a database that already holds a study with questions and answers."""

from __future__ import annotations

from sqlalchemy import text

OLD = (
    "INSERT INTO study (id, title, credential, purpose, population, contact, time_zone, stage, exam_items,"
    " consent_text, background_on, created_at, version) VALUES ({id}, 'T', '', '', '', '', 'UTC',"
    " 'survey', 100, 'C', {on},"
    " '2026-01-01 00:00:00', 1)",
    "INSERT INTO question (id, study_id, code, prompt, help, is_stratum, position)"
    " VALUES ({id}, {id}, 'size', 'How large?', '', {yes}, 1)",
    "INSERT INTO stratum (id, study_id, code, label, position) VALUES ({id}, {id}, 'small', 'Small', 1)",
    "INSERT INTO choice (id, question_id, code, label, position) VALUES ({id}, {id}, 'small', 'Small', 1)",
    "INSERT INTO instrument (id, study_id, number, content, content_hash, launched_at)"
    " VALUES ({id}, {id}, 1, '{{}}', 'h', '2026-01-01 00:00:00')",
    "INSERT INTO response (id, study_id, instrument_id, code, receipt, consent_hash, started_at)"
    " VALUES ({id}, {id}, {id}, 'A', 'B', 'c', '2026-01-01 00:00:00')",
    "INSERT INTO answer (response_id, question_id, choice_id, version, saved_at)"
    " VALUES ({id}, {id}, {id}, 1, '2026-01-01 00:00:00')",
)


def test_studies_keep_their_questions_and_answers_and_get_pages(app):
    from flask_migrate import downgrade, upgrade

    from jta.db import db

    with app.app_context():
        true, false = ("true", "false") if db.engine.dialect.name == "postgresql" else ("1", "0")
        downgrade(revision="0004")
        for key, on in ((1, True), (2, False)):
            for statement in OLD:
                db.session.execute(text(statement.format(id=key, on=true if on else false, yes=true)))
        db.session.commit()
        upgrade()
        rows = db.session.execute(
            text("SELECT study_id, kind FROM survey_page WHERE removed_at IS NULL ORDER BY study_id, position")
        )
        kinds: dict[int, list[str]] = {}
        for study, kind in rows:
            kinds.setdefault(study, []).append(kind)
        assert kinds == {1: ["welcome", "questions", "ratings", "thanks"], 2: ["welcome", "ratings", "thanks"]}
        linked = "SELECT q.id, c.stratum_id, a.choice_id FROM question q JOIN survey_page p ON p.id = q.page_id "
        linked += "JOIN choice c ON c.question_id = q.id JOIN answer a ON a.question_id = q.id ORDER BY q.id"
        assert [tuple(row) for row in db.session.execute(text(linked))] == [(1, 1, 1), (2, 2, 2)]
        db.session.commit()
        downgrade(revision="0004")
        on = db.session.execute(text("SELECT background_on FROM study ORDER BY id")).scalars().all()
        assert [bool(value) for value in on] == [True, False]
        assert db.session.execute(text("SELECT count(*) FROM answer")).scalar() == 2
