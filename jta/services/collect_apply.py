"""The last two steps of a file of ratings: reading it through without writing, and taking in all of it or nothing."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from flask import current_app
from sqlalchemy import insert, select, update

from jta import audit, clock
from jta.audit import Actor
from jta.db import db, release, transaction
from jta.errors import InvalidInputError, StateError
from jta.imports.collected import Collected, CollectedPerson, read_collected
from jta.models.collected import CollectedResponse, RatingFile
from jta.models.response import Answer, AnswerChange, Rating, RatingChange, Response
from jta.models.study import Study
from jta.models.survey import Instrument
from jta.services.collect import Work, end_file, load_work, lock_work
from jta.services.collect_merge import CollectMerge, Ids, PersonRatings, compare, load_ids
from jta.services.collect_words import source_key
from jta.services.instrument import content_of, newest_instrument
from jta.services.study import get_study
from jta.services.study_stage import move_stage
from jta.services.survey_launch import load_checklist

PROBLEMS_SHOWN = 100
CHUNK = 20_000  # rows handed to the database at a time
_LETTERS = "ACDEFHJKMNPQRTUVWXY34679"
CONSENT_ELSEWHERE = ""  # a response collected elsewhere agreed to a text that is not ours


def read_work(work: Work) -> Collected:
    """Read the file at work through as its mapping says; holds no lock meanwhile."""
    data, name, rows = work.file.content or b"", work.file.name, work.look.header_rows
    mapping, words = work.mapping, work.words
    release()
    return read_collected(data, name, current_app.config["SETTINGS"].limits, mapping, words, rows)


def read_through(actor: Actor, study_id: int, *, version: int) -> dict[str, Any]:
    """Read the file at work through and keep what importing it would do; of its ratings nothing is stored.

    Raises
    ------
    NotFoundError, EditConflictError
        If no file is at work, or its mapping was changed meanwhile.
    """
    collected = read_work(load_work(study_id))
    with transaction():
        file = lock_work(study_id, version)
        content = content_of(get_study(study_id))
        ids = load_ids(study_id, content)
        merge = compare(study_id, collected, ids) if collected.ok else CollectMerge()
        file.preview = _plain_preview(collected, merge, content) | {"missing": _missing(get_study(study_id))}
        audit.record(actor, "previewed ratings", f"file {file.name}", study_id=study_id, after=file.preview["counts"])
        preview: dict[str, Any] = file.preview
    return preview


def _missing(study: Study) -> list[list[str]]:
    """Return what a study that was never launched lacks before its survey can be frozen: label and page of each."""
    if newest_instrument(study.id) is not None:
        return []
    return [[check.label, check.endpoint] for check in load_checklist(study).missing]


def _plain_preview(collected: Collected, merge: CollectMerge, content: dict[str, Any]) -> dict[str, Any]:
    import numpy as np

    titles = {scale["code"]: scale["title"] for scale in content["scales"]}
    by_scale = np.bincount(np.frombuffer(collected.scale, dtype=np.intc), minlength=len(collected.scales))
    rated = set(np.unique(np.frombuffer(collected.task, dtype=np.intc)).tolist())
    problems = [{"row": p.row, "column": p.column, "reason": p.reason} for p in collected.problems]
    return {
        "refused": collected.refused,
        "n_rows": collected.n_rows,
        "people": len(collected.people),
        "submitted": sum(person.finished for person in collected.people),
        "ratings": len(collected),
        "by_scale": [[titles[code], int(n)] for code, n in zip(collected.scales, by_scale, strict=True)],
        "by_stratum": _count_strata(collected.people),
        "unrated": [code for place, code in enumerate(collected.tasks) if place not in rated],
        "counts": merge.counts(),
        "anything": merge.anything,
        "notes": collected.notes,
        "n_problems": len(problems),
        "problems": problems[:PROBLEMS_SHOWN],
    }


def _count_strata(people: list[CollectedPerson]) -> list[list[Any]]:
    counts: dict[str, int] = {}
    for person in people:
        counts[person.stratum] = counts.get(person.stratum, 0) + 1
    return [[stratum, count] for stratum, count in sorted(counts.items())] if set(counts) - {""} else []


def apply_file(actor: Actor, study_id: int, *, version: int) -> dict[str, int]:
    """Take the file at work in: all of it or nothing. Return the counts of what was done.

    A study that was never launched gets its instrument frozen here, and is closed at once: its answers were
    collected elsewhere.

    Raises
    ------
    InvalidInputError
        If the file has problems; they were shown before.
    StateError
        If the survey lacks something, is open, or its answers are frozen.
    EditConflictError
        If the mapping was changed since the preview.
    """
    collected = read_work(load_work(study_id))
    if not collected.ok:
        raise InvalidInputError("The file has problems, so nothing was imported. Look at the preview again.")
    with transaction():
        file = lock_work(study_id, version)
        if file.preview is None:
            raise StateError("Read the file through first: the preview says what importing it does.")
        study = get_study(study_id)
        instrument = newest_instrument(study_id) or _freeze_instrument(study, actor)
        ids = load_ids(study_id, instrument.content)
        merge = compare(study_id, collected, ids)
        _Writing(study, instrument, file, collected, ids).write(merge)
        counts = merge.counts()
        file.counts = counts
        end_file(file, actor, "imported")
        said = ", ".join(f"{count:,} {word}" for word, count in counts.items())
        audit.record(
            actor, "imported ratings", f"file {file.name}", study_id=study_id, after=counts,
            note=f"{collected.n_rows:,} rows: {said}. File SHA-256 {file.file_hash}",
        )  # fmt: skip
    return counts


def _freeze_instrument(study: Study, actor: Actor) -> Instrument:
    checklist = load_checklist(study)
    if names := ", ".join(label.lower() for label, _ in _missing(study)):
        raise StateError(f"The survey of this study lacks something, so ratings cannot come in. Missing: {names}.")
    now = clock.now()
    instrument = Instrument(
        study_id=study.id, number=1, content=dict(checklist.content), content_hash=checklist.content_hash,
        launched_at=now, closed_at=now,
    )  # fmt: skip
    db.session.add(instrument)
    move_stage(study, "closed", actor)
    audit.record(
        actor, "froze survey", "instrument 1", study_id=study.id, after=dict(checklist.content),
        note="Its answers were collected elsewhere.",
    )  # fmt: skip
    db.session.flush()
    return instrument


class _Writing:
    """Writes a compared file inside the transaction that is open."""

    def __init__(self, study: Study, instrument: Instrument, file: RatingFile, content: Collected, ids: Ids) -> None:
        self._study, self._instrument, self._file, self._content, self._ids = study, instrument, file, content, ids
        self._now = clock.now()
        self._zone = ZoneInfo(study.time_zone)

    def write(self, merge: CollectMerge) -> None:
        """Write new responses with their ratings and answers, then what changed of known ones."""
        responses = self._add_responses(merge.new)
        ratings = PersonRatings(self._content, self._ids)
        new = (
            (response, key, anchor)
            for place, response in responses.items()
            for key, anchor in ratings.of(place)
        )  # fmt: skip
        self._add_ratings(new)
        self._add_ratings(iter(merge.added))
        self._add_answers(
            [
                (response, self._ids.questions[question], self._ids.choices[question, choice])
                for place, response in responses.items()
                for question, choice in self._content.people[place].answers.items()
            ]
            + merge.answers_added
        )
        self._change(merge)

    def _add_responses(self, places: list[int]) -> dict[int, int]:
        """Store new responses; return their ids by place in the file."""
        study_id = self._study.id
        people = [self._content.people[place] for place in places]
        codes, receipts = (self._free_codes(column, len(people)) for column in (Response.code, Response.receipt))
        rows = [
            self._response(*each) for each in zip(people, codes, receipts, strict=True)
        ]  # fmt: skip
        for start in range(0, len(rows), CHUNK):
            db.session.execute(insert(Response), rows[start : start + CHUNK])
        found = select(Response.code, Response.id).where(Response.study_id == study_id)
        id_of = {code: key for code, key in db.session.execute(found)}
        ids = {place: id_of[code] for place, code in zip(places, codes, strict=True)}
        marks = [
            {
                "response_id": ids[place], "study_id": study_id, "file_id": self._file.id,
                "source_key": source_key(study_id, self._content.people[place].name),
            }
            for place in places
        ]  # fmt: skip
        for start in range(0, len(marks), CHUNK):
            db.session.execute(insert(CollectedResponse), marks[start : start + CHUNK])
        return ids

    def _response(self, person: CollectedPerson, code: str, receipt: str) -> dict[str, Any]:
        submitted = self._moment(person.submitted) or self._now
        started = self._moment(person.started) or submitted
        return {
            "study_id": self._study.id, "instrument_id": self._instrument.id, "person_id": None,
            "stratum_id": self._ids.strata.get(person.stratum), "code": code, "receipt": receipt,
            "consent_hash": CONSENT_ELSEWHERE, "started_at": started,
            "background_at": submitted if person.answers else None,
            "submitted_at": max(started, submitted) if person.finished else None, "withdrawn_at": None,
        }  # fmt: skip

    def _moment(self, time: datetime | None) -> datetime | None:
        return time.replace(tzinfo=self._zone) if time else None

    def _free_codes(self, column: Any, count: int) -> list[str]:
        taken = set(db.session.scalars(select(column).where(Response.study_id == self._study.id)))
        found: list[str] = []
        while len(found) < count:
            letters = "".join(secrets.choice(_LETTERS) for _ in range(8))
            code = f"{letters[:4]}-{letters[4:]}"
            if code not in taken:
                taken.add(code)
                found.append(code)
        return found

    def _add_ratings(self, rows: Iterator[tuple[int, tuple[int, int], int]]) -> None:
        if db.engine.dialect.name == "postgresql":
            self._copy_ratings(rows)
            return
        names = ("response_id", "task_id", "scale_id", "anchor_id", "version", "saved_at")
        while chunk := list(islice(rows, CHUNK)):
            values = [
                dict(zip(names, (response, task, scale, anchor, 1, self._now), strict=True))
                for response, (task, scale), anchor in chunk
            ]
            db.session.execute(Rating.__table__.insert(), values)

    def _copy_ratings(self, rows: Iterator[tuple[int, tuple[int, int], int]]) -> None:
        """Send new ratings in PostgreSQL's own way for many rows, inside the transaction that is open."""
        connection: Any = db.session.connection().connection.driver_connection
        into = "COPY rating (response_id, task_id, scale_id, anchor_id, version, saved_at) FROM STDIN"
        with connection.cursor() as cursor, cursor.copy(into) as copy:
            for response, (task, scale), anchor in rows:
                copy.write_row((response, task, scale, anchor, 1, self._now))

    def _add_answers(self, rows: list[tuple[int, int, int]]) -> None:
        values = [
            {"response_id": response, "question_id": question, "choice_id": choice, "version": 1,
             "saved_at": self._now}
            for response, question, choice in rows
        ]  # fmt: skip
        for start in range(0, len(values), CHUNK):
            db.session.execute(insert(Answer), values[start : start + CHUNK])

    def _change(self, merge: CollectMerge) -> None:
        """Replace ratings and answers that the file says otherwise; the earlier one is kept in its history."""
        for response, (task, scale), before, after in merge.changed:
            row = {"response_id": response, "task_id": task, "scale_id": scale}
            mine = Rating.response_id == response, Rating.task_id == task, Rating.scale_id == scale
            saved_at = db.session.scalar(select(Rating.saved_at).where(*mine))
            earlier = {"version": before.version, "anchor_id": before.chosen, "saved_at": saved_at}
            db.session.execute(insert(RatingChange), [row | earlier | {"replaced_at": self._now}])
            changed = {"anchor_id": after, "version": before.version + 1, "saved_at": self._now}
            db.session.execute(update(Rating).where(*mine).values(**changed))
        for response, question, before, after in merge.answers_changed:
            mine_too = Answer.response_id == response, Answer.question_id == question
            saved_at = db.session.scalar(select(Answer.saved_at).where(*mine_too))
            row = {"response_id": response, "question_id": question, "version": before.version}
            row |= {"choice_id": before.chosen, "saved_at": saved_at, "replaced_at": self._now}
            db.session.execute(insert(AnswerChange), [row])
            changed = {"choice_id": after, "version": before.version + 1, "saved_at": self._now}
            db.session.execute(update(Answer).where(*mine_too).values(**changed))
