"""Building the survey before launch: words of the rating scales, consent text, background page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import selectinload
from sqlalchemy.orm.attributes import flag_modified

from jta import audit
from jta.audit import Actor
from jta.db import db, transaction
from jta.errors import EditConflictError, InvalidInputError, NotFoundError, StateError
from jta.models.response import KsaRating, KsaRatingChange, Rating, RatingChange
from jta.models.study import Study
from jta.models.survey import Anchor, RatingScale
from jta.services.study_stage import lock_study, require_unlocked

LONGEST_TITLE, LONGEST_PROMPT, LONGEST_LABEL, LONGEST_CONSENT = 60, 300, 120, 10_000
FEWEST_POINTS, MOST_POINTS = 2, 11  # anchors with a number on one scale


@dataclass(frozen=True)
class ScaleText:
    """The words of a rating scale; ``labels`` by anchor id. Codes and numbers never change.

    ``one_more`` is the label of an anchor to add above the highest, empty for none.
    """

    title: str
    prompt: str
    labels: Mapping[int, str]
    one_more: str = ""


def get_scale(study_id: int, scale_id: int, *, fresh: bool = False) -> RatingScale:
    """Return a rating scale of this study; with ``fresh``, as stored now.

    Raises
    ------
    NotFoundError
        If there is none, or it belongs to another study.
    """
    scale = db.session.get(RatingScale, scale_id, options=[selectinload(RatingScale.anchors)], populate_existing=fresh)
    if scale is None or scale.study_id != study_id:
        raise NotFoundError
    return scale


def words_of(scale: RatingScale) -> ScaleText:
    """Return the words of a scale as stored."""
    return ScaleText(scale.title, scale.prompt, {anchor.id: anchor.label for anchor in scale.anchors})


def points(scale: RatingScale) -> list[Anchor]:
    """Return the anchors that have a number, lowest first."""
    return [anchor for anchor in scale.anchors if not anchor.not_performed]


def edit_scale(actor: Actor, study_id: int, scale_id: int, words: ScaleText, *, version: int) -> RatingScale:
    """Change the words of a rating scale, or add an anchor; ``version`` is the one the writer saw.

    Anchors keep their codes and numbers; a new one gets the number after the highest.

    Raises
    ------
    InvalidInputError
        If a text is missing, too long, or two anchors say the same.
    StateError
        If the survey was launched, or the scale has as many anchors as it can.
    EditConflictError
        If somebody else changed the scale since.
    """
    with transaction():
        scale = _open_scale(study_id, scale_id)
        before = words_of(scale)
        if before == words:
            return scale
        if scale.version != version:
            raise EditConflictError(
                "Nothing was saved. Compare both texts, then save what should stand.",
                theirs=_as_text(scale, before), yours=_as_text(scale, words),
            )  # fmt: skip
        _check_words(scale, words)
        _write_words(scale, words)
        _record(actor, scale, "edited rating scale", before)
    return scale


def remove_point(actor: Actor, study_id: int, scale_id: int, *, version: int) -> RatingScale:
    """Take away the highest anchor of a scale.

    Raises
    ------
    StateError
        If the survey was launched, or only two anchors with a number are left.
    EditConflictError
        If somebody else changed the scale since.
    """
    with transaction():
        scale = _open_scale(study_id, scale_id)
        if scale.version != version:
            raise EditConflictError("Nothing was removed. Look at the scale as it is now, then decide again.")
        if len(points(scale)) <= FEWEST_POINTS:
            raise StateError(f"A rating scale needs at least {FEWEST_POINTS} anchors with a number.")
        before = words_of(scale)
        highest = points(scale)[-1]
        _require_unused(highest)
        scale.anchors.remove(highest)
        _touch(scale)
        _record(actor, scale, "removed anchor", before, note=f"{scale.code} {highest.code}")
    return scale


def _require_unused(anchor: Anchor) -> None:
    """Refuse to take away an anchor that a pilot's respondent chose, now or earlier."""
    for table in (Rating, RatingChange, KsaRating, KsaRatingChange):
        if db.session.scalar(select(exists().where(table.scale_id == anchor.scale_id, table.anchor_id == anchor.id))):
            raise StateError("Somebody chose this anchor in the pilot, so it stays. Change its words instead.")


def save_consent(actor: Actor, study_id: int, *, text: str, version: int) -> Study:
    """Change the consent text.

    Raises
    ------
    InvalidInputError
        If the text is too long. It may be empty until launch.
    StateError
        If the survey was launched.
    EditConflictError
        If somebody else changed the study since.
    """
    text = text.replace("\r\n", "\n").strip()
    if len(text) > LONGEST_CONSENT:
        raise InvalidInputError(f"Use {LONGEST_CONSENT:,} characters or fewer.", field="text")
    with transaction():
        study = lock_study(study_id)
        require_unlocked(study, "The consent text")
        before = study.consent_text
        if before == text:
            return study
        if study.version != version:
            raise EditConflictError(
                "Nothing was saved. Compare both texts, then save what should stand.",
                theirs=before, yours=text,
            )  # fmt: skip
        study.consent_text = text
        audit.record(
            actor, "edited consent text", f"study {study.id}", study_id=study_id,
            before={"text": before}, after={"text": text},
        )  # fmt: skip
    return study


def _open_scale(study_id: int, scale_id: int) -> RatingScale:
    study = lock_study(study_id)  # launch locks it too: no word changes while the survey is being frozen
    scale = get_scale(study_id, scale_id, fresh=True)
    require_unlocked(study, "The rating scales")
    return scale


def _check_words(scale: RatingScale, words: ScaleText) -> None:
    _check_text(words.title, "title", LONGEST_TITLE, "Give the scale a title.")
    _check_text(words.prompt, "prompt", LONGEST_PROMPT, "Write what the respondent is asked.")
    seen: dict[str, str] = {}
    for code, field, label in _labels(scale, words):
        _check_text(label, field, LONGEST_LABEL, f"Write what {code} means.")
        other = seen.setdefault(" ".join(label.casefold().split()), code)
        if other != code:
            raise InvalidInputError(f"{code} says the same as {other}.", field=field)


def _labels(scale: RatingScale, words: ScaleText) -> list[tuple[str, str, str]]:
    """Code, form field and label of every anchor, the one to be added included."""
    found = [(a.code, f"anchor_{a.id}", words.labels.get(a.id, "")) for a in scale.anchors]
    if words.one_more:
        if len(points(scale)) >= MOST_POINTS:
            raise InvalidInputError(
                f"A rating scale has at most {MOST_POINTS} anchors with a number.", field="one_more"
            )
        found.append((_next_code(scale), "one_more", words.one_more))
    return found


def _next_code(scale: RatingScale) -> str:
    return str(int(points(scale)[-1].value or 0) + 1)


def _check_text(text: str, field: str, longest: int, empty: str) -> None:
    if not text.strip():
        raise InvalidInputError(empty, field=field)
    if len(text) > longest:
        raise InvalidInputError(f"Use {longest} characters or fewer.", field=field)


def _write_words(scale: RatingScale, words: ScaleText) -> None:
    scale.title, scale.prompt = words.title, words.prompt
    for anchor in scale.anchors:
        anchor.label = words.labels[anchor.id]
    if words.one_more:
        _add_point(scale, words.one_more)
    _touch(scale)


def _touch(scale: RatingScale) -> None:
    # Anchors have no version of their own: any change of theirs counts as a change of the scale. Marking one
    # attribute as modified makes the next flush raise the version.
    flag_modified(scale, "title")


def _add_point(scale: RatingScale, label: str) -> None:
    code = _next_code(scale)
    position = max(anchor.position for anchor in scale.anchors) + 1
    scale.anchors.append(Anchor(code=code, label=label, value=float(code), position=position, not_performed=False))


def _record(actor: Actor, scale: RatingScale, action: str, before: ScaleText, note: str = "") -> None:
    db.session.flush()
    audit.record(
        actor, action, f"rating scale {scale.code}", study_id=scale.study_id, before=_plain(before),
        after=_plain(words_of(scale)), note=note,
    )  # fmt: skip


def _plain(words: ScaleText) -> dict[str, Any]:
    return {"title": words.title, "prompt": words.prompt, "labels": [[k, v] for k, v in words.labels.items()]}


def _as_text(scale: RatingScale, words: ScaleText) -> str:
    lines = [f"{anchor.code}: {words.labels.get(anchor.id, '')}" for anchor in scale.anchors]
    if words.one_more:
        lines.append(f"one more anchor: {words.one_more}")
    return "\n".join([f"title: {words.title}", f"prompt: {words.prompt}", *lines])
