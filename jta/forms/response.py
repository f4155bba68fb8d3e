"""Reading a page of cards, and one tapped answer.

Cards are read by plain functions: a form field for each of a hundred radio groups would cost more than the
rest of the page. They check the shape only; whether an answer belongs to the survey is the service's to say.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from flask_babel import gettext as _

from jta.errors import InvalidInputError
from jta.forms.answers import read_shown_at
from jta.services.saving import Sent
from jta.services.survey_pages import KSA, TASKS

_RATING = re.compile(r"r-(\d{1,9})-(\d{1,9})")
_SEEN = re.compile(r"(\d{1,9})\.(\d{1,9})\.(\d{1,9})\.(\d{1,9})")
_KEY = re.compile(r"[0-9A-Za-z-]{8,64}")

Key = tuple[int, int]


def read_cards(form: Mapping[str, str], deck: str = TASKS) -> Sent:
    """Read the fields ``r-TASK-SCALE`` of a page; blank ones are left out.

    Raises
    ------
    InvalidInputError
        If a field holds anything but an anchor's id.
    """
    chosen = {}
    for name, value in form.items():
        found = _RATING.fullmatch(name)
        if found and value:
            chosen[int(found[1]), int(found[2])] = _number(value)
    return Sent(form.get("mark", ""), _seen(form), chosen, deck, read_shown_at(form))


@dataclass(frozen=True)
class TapInput:
    """One tapped answer with the idempotency key its page made for it."""

    key: str
    sent: Sent


def read_tap(form: Mapping[str, str]) -> TapInput:
    """Read one tapped answer.

    Raises
    ------
    InvalidInputError
        If a field is missing or holds something else.
    """
    key, deck = form.get("key", ""), form.get("deck", TASKS)
    if not _KEY.fullmatch(key) or deck not in {TASKS, KSA}:
        raise InvalidInputError(_unreadable(), field="key")
    where = _number(form.get("task", "")), _number(form.get("scale", ""))
    return TapInput(key, Sent(form.get("mark", ""), _seen(form), {where: _number(form.get("anchor", ""))}, deck))


def _unreadable() -> str:
    return _("This page could not be read. Reload it and choose again.")


def _number(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise InvalidInputError(_unreadable())
    return int(text)


def _seen(form: Mapping[str, str]) -> dict[Key, tuple[int | None, int]]:
    """Read the list of ``task.scale.version.anchor``, 0 for no anchor."""
    found = {}
    for part in form.get("seen", "").split():
        match = _SEEN.fullmatch(part)
        if match is None:
            raise InvalidInputError(_unreadable(), field="seen")
        task, scale, version, anchor = (int(number) for number in match.groups())
        found[task, scale] = (anchor or None, version)
    return found
