"""Putting a wording right after launch: a new version of the instrument, with a reason and what changed.

Only words change: no code, no page, no question, no anchor comes, goes or moves. Responses go on pointing to the
version they began with; since the structure is equal, people who are in the middle of it read the new words.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jta import audit, clock
from jta.audit import Actor
from jta.db import db, transaction
from jta.errors import EditConflictError, InvalidInputError, NotFoundError, StateError
from jta.models.survey import Instrument
from jta.services.content import survey_texts
from jta.services.content_language import languages_of
from jta.services.instrument import content_hash, newest_instrument
from jta.services.study_stage import lock_study
from jta.services.survey_launch import next_number
from jta.services.survey_places import text_places

LONGEST_REASON, LONGEST_TEXT = 1000, 4000
# The consent is what people agreed to; task statements are what ratings mean. Both stay as they were.
FIXED_PREFIXES = ("consent", "study:", "task:", "ksa:", "domain:")


@dataclass(frozen=True)
class Wording:
    """One text that can be put right."""

    key: str
    text: str


def editable_texts(content: Mapping[str, Any]) -> list[Wording]:
    """Return the texts of a launched survey whose wording may be put right, in the order of the survey.

    Translations follow, under the keys of what they translate with the language before: ``es/page:1:title``.
    """
    own = [Wording(key, text) for key, text in survey_texts(content).items() if not key.startswith(FIXED_PREFIXES)]
    others = content.get("translations", {})
    return own + [
        Wording(f"{language}/{one.key}", words[one.key])
        for language, words in others.items()
        for one in own
        if words.get(one.key)
    ]


def texts_in(content: Mapping[str, Any], language: str) -> list[Wording]:
    """Return the editable texts in one of the languages of the survey."""
    mark = "" if language == languages_of(content)[0] else language
    return [one for one in editable_texts(content) if one.key.rpartition("/")[0] == mark]


def change_wording(
    actor: Actor, study_id: int, key: str, *, seen: str, text: str, reason: str
) -> Instrument:  # fmt: skip
    """Put one text right in a new version of the instrument.

    Parameters
    ----------
    key : str
        As `survey_texts` names it.
    seen, text : str
        The text as it was shown, and as it should be.
    reason : str
        Stays on record with the version.

    Raises
    ------
    NotFoundError
        If there is no such text, or it may not change.
    InvalidInputError
        If the text or the reason is missing or too long, or nothing changes.
    StateError
        If the survey is not open.
    EditConflictError
        If somebody else changed this text since.
    """
    _check(text, reason)
    with transaction():
        study = lock_study(study_id)
        old = newest_instrument(study_id, "main")
        if study.stage != "fielding" or old is None:
            raise StateError("Words are put right while the survey is open.")
        stored = {wording.key: wording.text for wording in editable_texts(old.content)}
        if key not in stored:
            raise NotFoundError
        if stored[key] != seen:
            raise EditConflictError("Nothing was saved. Compare both texts.", theirs=stored[key], yours=text)
        if text == seen:
            raise InvalidInputError("The words are the same as before.", field="text")
        content, place = with_text(old.content, key, text), text_places(old.content)[key]
        new = Instrument(
            study_id=study_id, number=next_number(study_id), note=f"{place}: {reason.strip()}", replaces_id=old.id,
            content=content, content_hash=content_hash(content), launched_at=clock.now(),
        )  # fmt: skip
        db.session.add(new)
        audit.record(
            actor, "put wording right", f"instrument {new.number}", study_id=study_id, before={key: seen},
            after={key: text}, note=f"{key}: “{seen[:120]}” to “{text[:120]}”. {reason.strip()}",
        )  # fmt: skip
    return new


def _check(text: str, reason: str) -> None:
    if not text.strip():
        raise InvalidInputError("Write the words as they should be.", field="text")
    if not reason.strip():
        raise InvalidInputError("Say why the words change.", field="reason")
    if len(text) > LONGEST_TEXT or len(reason) > LONGEST_REASON:
        raise InvalidInputError("This is too long.", field="text" if len(text) > LONGEST_TEXT else "reason")


def with_text(content: Mapping[str, Any], key: str, text: str) -> dict[str, Any]:
    """Return a copy of a content with one text replaced; nothing else differs.

    Raises
    ------
    NotFoundError
        If the content has no such text.
    """
    new: dict[str, Any] = copy.deepcopy(dict(content))
    language, _, translated = key.partition("/")
    if translated in new.get("translations", {}).get(language, {}):
        new["translations"][language][translated] = text
        return new
    place = _places(new).get(key)
    if place is None:
        raise NotFoundError
    holder, name = place
    holder[name] = text
    return new


def _places(content: dict[str, Any]) -> dict[str, tuple[dict[str, Any], str]]:
    """Where each text that may change stands: the object that holds it, and its name in it."""
    found: dict[str, tuple[dict[str, Any], str]] = {}
    for step in content.get("steps", ()):
        found |= {f"page:{step['id']}:{name}": (step, name) for name in ("title", "intro", "screened_out")}
        for question in step.get("questions", ()):
            code = question["code"]
            found |= {f"question:{code}:{name}": (question, name) for name in ("prompt", "help")}
            found |= {f"choice:{code}:{choice['code']}": (choice, "label") for choice in question["choices"]}
    for scale in content["scales"]:
        found |= {f"scale:{scale['code']}:{name}": (scale, name) for name in ("title", "prompt")}
        found |= {f"anchor:{scale['code']}:{anchor['code']}": (anchor, "label") for anchor in scale["anchors"]}
    return found
