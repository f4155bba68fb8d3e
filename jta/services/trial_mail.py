"""A trial of a message, sent to whoever asks: as one person would get it, its links masked."""

from __future__ import annotations

import secrets
from typing import Any

from flask import current_app

from jta import audit, clock, jobs, mail
from jta.audit import Actor
from jta.db import db, transaction
from jta.errors import InvalidInputError, StateError
from jta.mail import Connection, Mail, MailRefusedError, MailServerError
from jta.models.account import User
from jta.models.jobs import Job
from jta.models.study import Study
from jta.services.delivery_settings import load_texts
from jta.services.letters import preview_letter, study_words
from jta.services.sending import NOT_CONFIGURED

KIND = "trial message"


def ask_trial(actor: Actor, study_id: int, kind: str, language: str) -> int:
    """Ask for a trial of a message to one's own address; return the job's id.

    Raises
    ------
    StateError
        If no mail server is configured.
    """
    if not current_app.config["SETTINGS"].mail.configured:
        raise StateError(f"{NOT_CONFIGURED} An administrator sets one up.")
    with transaction():
        job = jobs.enqueue(KIND, study_id, {"kind": kind, "language": language}, actor)
        audit.record(actor, "asked for trial message", f"{kind} ({language})", study_id=study_id)
        return job.id


@jobs.handler(KIND, tries=1)
def _send(work: jobs.Work) -> dict[str, Any]:
    study_id, kind, language = work.study_id or 0, work.args["kind"], work.args["language"]
    content, address = _write(study_id, kind, language, work.actor)
    settings = current_app.config["SETTINGS"].mail
    try:
        with Connection(settings) as connection:
            connection.open()
            reply = connection.offer(address, "trial") or connection.send(content)
    except MailServerError as error:
        raise StateError(str(error)) from error
    if reply.kind != mail.ACCEPTED:
        raise StateError(f"The mail server did not take it: {reply.detail}")
    return {"to": address, "said": reply.detail}


def _write(study_id: int, kind: str, language: str, actor: Actor) -> tuple[bytes, str]:
    user = db.session.get_one(User, actor.user_id)
    settings = current_app.config["SETTINGS"]
    text = load_texts(study_id)[kind, language].text
    words = study_words(db.session.get_one(Study, study_id))
    rendered, _ = preview_letter(study_id, None, text, language)
    trial = Mail(
        to_name=user.name, to_address=user.email, from_name=words.sender_name, reply_to=words.reply_to,
        subject=f"[Trial] {rendered.subject}", text=rendered.text, html=rendered.html, date=clock.now(),
        message_id=f"<trial.{secrets.token_hex(12)}@{settings.host}>", language=language,
    )  # fmt: skip
    db.session.rollback()
    try:
        return mail.build(trial, settings.mail), trial.to_address
    except MailRefusedError as error:
        raise InvalidInputError(str(error)) from error


def get_trial(study_id: int, job_id: int) -> Job:
    """Return a trial by its job."""
    return jobs.get_job(study_id, job_id, KIND)
