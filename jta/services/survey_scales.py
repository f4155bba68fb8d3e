"""Building the survey before launch: rating scales from the library and own ones, their order, taking them out."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from jta import audit, clock
from jta.audit import Actor
from jta.db import db, transaction
from jta.errors import InvalidInputError
from jta.models.survey import SCALE_USES, Anchor, RatingScale
from jta.services.instrument import list_scales
from jta.services.survey import FEWEST_POINTS, LONGEST_LABEL, LONGEST_PROMPT, LONGEST_TITLE, MOST_POINTS, get_scale
from jta.services.survey_builder import open_study
from jta.services.survey_library import SCALES, ReadyScale, new_scale
from jta.services.survey_questions import suggest_code


@dataclass(frozen=True)
class OwnScale:
    """A scale as a director writes it: labels lowest first, numbered from ``first``.

    ``not_performed`` is the label of an answer without a number, such as "I do not perform this task"; empty for none.
    A scale with it stands first on the card, and that answer completes the card.
    """

    title: str
    prompt: str
    labels: tuple[str, ...]
    first: int = 1
    not_performed: str = ""
    use: str = "task"


def addable_scales(study_id: int) -> dict[str, ReadyScale]:
    """Return the scales of the library that the survey does not hold."""
    held = {scale.code for scale in list_scales(study_id)}
    return {key: ready for key, ready in SCALES.items() if ready.code not in held}


def removed_scales(study_id: int) -> list[RatingScale]:
    """Return the scales that were taken out of the survey, the last removed first."""
    found = select(RatingScale).where(RatingScale.study_id == study_id, RatingScale.removed_at.is_not(None))
    return list(db.session.scalars(found.order_by(RatingScale.removed_at.desc())))


def add_library_scale(actor: Actor, study_id: int, key: str) -> RatingScale:
    """Add a scale of the library behind the others; one that was removed comes back as it was.

    Raises
    ------
    InvalidInputError
        If the library has no such scale, or the survey holds it already.
    StateError
        If the survey was launched.
    """
    with transaction():
        open_study(study_id)
        ready = addable_scales(study_id).get(key)
        if ready is None:
            raise InvalidInputError("Choose one of the scales in the list.", field="key")
        old = next((scale for scale in removed_scales(study_id) if scale.code == ready.code), None)
        if old is not None:
            old.removed_at = None
            scale = old
        else:
            scale = new_scale(ready, study_id, ready.code, _next_position(study_id))
            db.session.add(scale)
        _record(actor, scale, "added rating scale")
    return scale


def add_own_scale(actor: Actor, study_id: int, own: OwnScale) -> RatingScale:
    """Add a scale of the director's own behind the others; its code is suggested from its title.

    Raises
    ------
    InvalidInputError
        If a text is missing, too long or doubled, or there are too few or too many anchors.
    StateError
        If the survey was launched.
    """
    _check(own)
    with transaction():
        open_study(study_id)
        codes = list(db.session.scalars(select(RatingScale.code).where(RatingScale.study_id == study_id)))
        scale = RatingScale(
            study_id=study_id, code=suggest_code(own.title, codes), use=own.use, title=own.title, prompt=own.prompt,
            kind="frequency" if own.not_performed else "other", position=_next_position(study_id),
            anchors=_anchors(own),
        )  # fmt: skip
        db.session.add(scale)
        _record(actor, scale, "added rating scale")
    return scale


def _check(own: OwnScale) -> None:
    for name, most, empty in (
        ("title", LONGEST_TITLE, "Give the scale a title."),
        ("prompt", LONGEST_PROMPT, "Write what the respondent is asked."),
    ):
        text = getattr(own, name)
        if not text.strip():
            raise InvalidInputError(empty, field=name)
        if len(text) > most:
            raise InvalidInputError(f"Use {most} characters or fewer.", field=name)
    if own.use not in SCALE_USES or (own.use == "ksa" and own.not_performed):
        raise InvalidInputError("Only a scale for task statements has an answer without a number.", field="use")
    if not 0 <= own.first <= 1:
        raise InvalidInputError("Begin with 0 or 1.", field="first")
    if not FEWEST_POINTS <= len(own.labels) <= MOST_POINTS:
        raise InvalidInputError(f"Write {FEWEST_POINTS} to {MOST_POINTS} anchors, one on each line.", field="labels")
    _check_labels([*own.labels, *([own.not_performed] if own.not_performed else [])])


def _check_labels(labels: list[str]) -> None:
    folded = [" ".join(label.casefold().split()) for label in labels]
    if len(set(folded)) < len(folded):
        raise InvalidInputError("Two anchors say the same.", field="labels")
    if any(len(label) > LONGEST_LABEL for label in labels):
        raise InvalidInputError(f"Use {LONGEST_LABEL} characters or fewer for an anchor.", field="labels")


def _anchors(own: OwnScale) -> list[Anchor]:
    anchors = []
    first = own.first
    if own.not_performed:
        anchors.append(Anchor(code="none", label=own.not_performed, value=None, not_performed=True, position=1))
    for n, label in enumerate(own.labels):
        place = len(anchors) + 1
        anchors.append(
            Anchor(code=str(first + n), label=label, value=float(first + n), not_performed=False, position=place)
        )
    return anchors


def _next_position(study_id: int) -> int:
    found = select(RatingScale.position).where(RatingScale.study_id == study_id)
    return max(db.session.scalars(found), default=0) + 1


def move_scale(actor: Actor, study_id: int, scale_id: int, *, up: bool) -> RatingScale:
    """Move a scale one place among those of its use; a scale with "not performed" stays first on the card.

    Raises
    ------
    StateError
        If the survey was launched.
    """
    with transaction():
        open_study(study_id)
        scale = get_scale(study_id, scale_id, fresh=True)
        scales = list_scales(study_id, scale.use)
        if scale not in scales:
            return scale
        here = scales.index(scale)
        there = min(max(here + (-1 if up else 1), 0), len(scales) - 1)
        if here != there:
            scales.insert(there, scales.pop(here))
            for n, other in enumerate(scales, start=1):
                other.position = n
            _record(actor, scale, "moved rating scale")
    return scale


def set_scale_removed(actor: Actor, study_id: int, scale_id: int, *, removed: bool) -> RatingScale:
    """Take a scale out of the survey, or bring it back.

    Raises
    ------
    StateError
        If the survey was launched.
    """
    with transaction():
        open_study(study_id)
        scale = get_scale(study_id, scale_id, fresh=True)
        if (scale.removed_at is not None) != removed:
            scale.removed_at = clock.now() if removed else None
            _record(actor, scale, "removed rating scale" if removed else "restored rating scale")
    return scale


def _record(actor: Actor, scale: RatingScale, action: str) -> None:
    db.session.flush()
    words = {"title": scale.title, "prompt": scale.prompt, "anchors": [[a.code, a.label] for a in scale.anchors]}
    audit.record(actor, action, f"rating scale {scale.code}", study_id=scale.study_id, after=words, note=scale.title)
