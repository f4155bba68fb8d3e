"""The codebook of themes by which notes are sorted, and the log of decisions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from jta import audit, clock
from jta.audit import Actor
from jta.db import db, transaction
from jta.errors import EditConflictError, InvalidInputError, NotFoundError
from jta.imports.text import fold
from jta.models.meeting import Meeting, MeetingDecision, MeetingNote, MeetingTheme, note_theme
from jta.models.panel import Round, RoundDecision
from jta.services.panel_kinds import KINDS
from jta.services.study_stage import lock_study

LONGEST = 4000


def list_themes(study_id: int) -> list[MeetingTheme]:
    """Return the codebook, by code."""
    found = select(MeetingTheme).where(MeetingTheme.study_id == study_id).order_by(func.lower(MeetingTheme.code))
    return list(db.session.scalars(found))


def count_notes(study_id: int) -> Mapping[int, int]:
    """Return how many notes carry each theme, by theme id."""
    found = (
        select(note_theme.c.theme_id, func.count())
        .join(MeetingNote, MeetingNote.id == note_theme.c.note_id)
        .join(Meeting, Meeting.id == MeetingNote.meeting_id)
        .where(Meeting.study_id == study_id)
        .group_by(note_theme.c.theme_id)
    )
    return {theme_id: count for theme_id, count in db.session.execute(found)}


def get_theme(study_id: int, theme_id: int) -> MeetingTheme:
    """Return a theme of this study.

    Raises
    ------
    NotFoundError
        If there is none.
    """
    theme = db.session.get(MeetingTheme, theme_id)
    if theme is None or theme.study_id != study_id:
        raise NotFoundError
    return theme


def add_theme(actor: Actor, study_id: int, *, code: str, title: str, description: str = "") -> MeetingTheme:
    """Add a theme to the codebook.

    Raises
    ------
    InvalidInputError
        If code or title are missing, or the code is taken.
    """
    with transaction():
        lock_study(study_id)
        _check(title, description)
        if not code or len(code) > 40:
            raise InvalidInputError("Give the theme a code of 40 characters or fewer.", field="code")
        if any(fold(theme.code) == fold(code) for theme in list_themes(study_id)):
            raise InvalidInputError(f"The code {code} is in use.", field="code")
        theme = MeetingTheme(study_id=study_id, code=code, title=title, description=description)
        db.session.add(theme)
        db.session.flush()
        audit.record(actor, "added theme", f"theme {code}", study_id=study_id, after=[title, description])
    return theme


def edit_theme(
    actor: Actor, study_id: int, theme_id: int, *, title: str, description: str, version: int
) -> MeetingTheme:
    """Reword a theme; its code stays.

    Raises
    ------
    EditConflictError
        If somebody else changed it since, with both texts.
    """
    with transaction():
        lock_study(study_id)
        theme = get_theme(study_id, theme_id)
        db.session.refresh(theme, with_for_update=True)
        _check(title, description)
        if theme.version != version:
            raise EditConflictError(
                "Nothing was saved. Compare both, then save what should stand.",
                theirs=f"{theme.title}\n{theme.description}", yours=f"{title}\n{description}",
            )  # fmt: skip
        before = [theme.title, theme.description]
        theme.title, theme.description = title, description
        after = [title, description]
        audit.record(actor, "edited theme", f"theme {theme.code}", study_id=study_id, before=before, after=after)
    return theme


def _check(title: str, description: str) -> None:
    if not title:
        raise InvalidInputError("Give the theme a name.", field="title")
    if len(title) > 200 or len(description) > LONGEST:
        raise InvalidInputError("This text is too long.", field="description")


@dataclass(frozen=True)
class Vote:
    """How a panel voted."""

    votes_for: int
    votes_against: int
    abstained: int


def log_decision(
    actor: Actor, study_id: int, *, decided: str, vote: Vote, reason: str, meeting_id: int | None = None
) -> MeetingDecision:
    """Write a decision of the panel into the log: written once, never changed.

    Raises
    ------
    InvalidInputError
        If words, votes or the reason are missing.
    """
    with transaction():
        lock_study(study_id)
        if not decided.strip() or len(decided) > LONGEST:
            raise InvalidInputError("Write what was decided.", field="decided")
        if not reason.strip() or len(reason) > LONGEST:
            raise InvalidInputError("Give the reason.", field="reason")
        if min(vote.__dict__.values()) < 0 or vote.votes_for + vote.votes_against == 0:
            raise InvalidInputError("Enter how many voted for and against.", field="votes_for")
        meeting = db.session.get(Meeting, meeting_id) if meeting_id else None
        if meeting_id and (meeting is None or meeting.study_id != study_id):
            raise NotFoundError
        last = db.session.scalar(select(func.max(MeetingDecision.number)).where(MeetingDecision.study_id == study_id))
        made = MeetingDecision(
            study_id=study_id, meeting_id=meeting_id, number=(last or 0) + 1, decided=decided.strip(),
            reason=reason.strip(), by_name=actor.name, at=clock.now(), **vote.__dict__,
        )  # fmt: skip
        db.session.add(made)
        db.session.flush()
        audit.record(
            actor, "logged decision", f"decision {made.number}", study_id=study_id, after=[made.decided, vote.__dict__],
            note=made.reason,
        )  # fmt: skip
    return made


@dataclass(frozen=True)
class LogLine:
    """One decision of the panel, in a round or a meeting."""

    at: datetime
    where: str
    about: str
    decided: str
    vote: str
    reason: str
    by_name: str
    stands: bool = True


def decision_log(study_id: int) -> list[LogLine]:
    """Return every decision of the panel, newest first, those that were replaced included."""
    rounds = select(RoundDecision, Round).join(Round, Round.id == RoundDecision.round_id)
    meetings = select(MeetingDecision).where(MeetingDecision.study_id == study_id)
    lines = [_round_line(d, one) for d, one in db.session.execute(rounds.where(Round.study_id == study_id))]
    lines += [_meeting_line(decision) for decision in db.session.scalars(meetings)]
    return sorted(lines, key=lambda line: line.at, reverse=True)


def _round_line(decision: RoundDecision, one: Round) -> LogLine:
    item = decision.item or (decision.proposal.item if decision.proposal else None)
    wording = decision.proposal.statement if decision.proposal else item.wording if item else ""
    words = KINDS[one.kind].outcomes[decision.outcome]
    return LogLine(
        decision.at, f"Round {one.number}, {KINDS[one.kind].label.lower()}", f"{item.code if item else ''} {wording}",
        f"{words}{_result(one, decision)}", vote_words(one, decision.votes), decision.reason, decision.by_name,
        decision.superseded_at is None,
    )  # fmt: skip


def _result(one: Round, decision: RoundDecision) -> str:
    result = decision.result
    if decision.outcome == "reword":
        return f": {decision.wording}"
    if "links" in result:
        return f": {', '.join(result['links']) or 'no KSA'}"
    if "share" in result:
        return f": {100 * result['share']:.1f} %"
    if "value" in result:
        labels = {choice["code"]: choice["label"] for choice in one.settings.get("choices", ())}
        return f": {labels.get(result['value'], result['value'])}"
    return f": {result['task']}" if one.kind == "writing" and "task" in result else ""


def vote_words(one: Round, votes: Mapping[str, Any]) -> str:
    """Return a stored vote in words: "10 keep as it is, 2 drop, n = 12"."""
    if not votes:
        return "by the director"
    counts = votes.get("counts", {})
    parts = [
        f"{counts[choice['code']]} {choice['label'].lower()}"
        for choice in one.settings.get("choices", ())
        if counts.get(choice["code"])
    ]
    return ", ".join([*parts, f"n = {votes.get('n', 0)}"])


def _meeting_line(decision: MeetingDecision) -> LogLine:
    where = f"{decision.meeting.title}" if decision.meeting else "Outside a meeting"
    vote = f"{decision.votes_for} for, {decision.votes_against} against, {decision.abstained} abstained"
    about = f"Decision {decision.number}"
    return LogLine(decision.at, where, about, decision.decided, vote, decision.reason, decision.by_name)
