"""Reading a page of questions, and of points: what was typed, what of it can be taken, what is wrong with the rest.

Nothing that was typed is lost: `Typed.raw` holds it as it came, so that the page can be shown again with it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.datastructures import MultiDict

from jta.errors import InvalidInputError
from jta.services.answers import Value
from jta.services.points import TOTAL

LONGEST_TEXT = 4000  # characters, where a question names no limit of its own
_SEEN = re.compile(r"(\d{1,9})\.(\d{1,9})\.([0-9a-f]{12})")
_NUMBER = re.compile(r"[+-]?\d{1,12}([.,]\d{1,6})?")
Question = Mapping[str, Any]


@dataclass
class Typed:
    """What a page sent: the answers that can be taken, what is wrong with others, and everything as it was typed."""

    mark: str
    shown_at: int | None
    given: dict[int, Value] = field(default_factory=dict)
    problems: dict[int, str] = field(default_factory=dict)
    raw: dict[int, list[str]] = field(default_factory=dict)


def field_name(key: int) -> str:
    """Name of the field of a question or a domain."""
    return f"q-{key}"


def read_shown_at(form: Mapping[str, str]) -> int | None:
    """Return when the page was shown (seconds since 1970), or None where that cannot be read."""
    text = form.get("at", "")
    return int(text) if re.fullmatch(r"[0-9]{1,12}", text) else None


def read_seen(form: Mapping[str, str]) -> dict[int, tuple[int, str]]:
    """Read what a page was shown with, ``question.version.digest`` each.

    Raises
    ------
    InvalidInputError
        If it is anything else.
    """
    found = {}
    for part in form.get("seen", "").split():
        match = _SEEN.fullmatch(part)
        if match is None:
            raise InvalidInputError(_("This page could not be read. Reload it and choose again."), field="seen")
        found[int(match[1])] = (int(match[2]), match[3])
    return found


def read_questions(form: MultiDict[str, str], questions: Sequence[Question]) -> Typed:
    """Read the answers of a page of questions."""
    typed = Typed(form.get("mark", ""), read_shown_at(form))
    for question in questions:
        raw = form.getlist(field_name(question["id"]))
        typed.raw[question["id"]] = raw
        try:
            typed.given[question["id"]] = _read(question, raw)
        except InvalidInputError as error:
            typed.problems[question["id"]] = error.message
    return typed


def _read(question: Question, raw: Sequence[str]) -> Value:
    value = _READERS.get(question["kind"], _choice)(question, raw)
    if value is None and question["required"]:
        raise InvalidInputError(_missing(question))
    return value


def _missing(question: Question) -> str:
    if question["kind"] == "multiple":
        return _("Choose at least one answer.")
    if question["kind"] in {"number", "text"}:
        return _("Please fill this in.")
    return _("Choose one answer.")


def _choice_ids(question: Question, raw: Sequence[str]) -> list[int]:
    known = {str(choice["id"]): choice["id"] for choice in question["choices"]}
    if any(text not in known for text in raw):
        raise InvalidInputError(_("Choose one of the answers in the list."))
    return [known[text] for text in raw]


def _choice(question: Question, raw: Sequence[str]) -> Value:
    found = _choice_ids(question, [text for text in raw if text])
    return found[-1] if found else None


def _choices(question: Question, raw: Sequence[str]) -> Value:
    found = sorted(set(_choice_ids(question, [text for text in raw if text])))
    least, most = question["minimum"], question["maximum"]
    if found and least is not None and len(found) < least:
        raise InvalidInputError(
            ngettext("Choose at least %(num)s answer.", "Choose at least %(num)s answers.", int(least))
        )
    if most is not None and len(found) > most:
        raise InvalidInputError(
            ngettext("Choose at most %(num)s answer.", "Choose at most %(num)s answers.", int(most))
        )
    return tuple(found) or None


def _number(question: Question, raw: Sequence[str]) -> Value:
    text = unicodedata.normalize("NFKC", raw[-1] if raw else "").strip().replace("\N{MINUS SIGN}", "-")
    if not text:
        return None
    if not _NUMBER.fullmatch(text) or not text.isascii():
        raise InvalidInputError(_("Write a number, such as 12 or 3.5."))
    value = float(text.replace(",", "."))
    least, most = question["minimum"], question["maximum"]
    if (least is not None and value < least) or (most is not None and value > most):
        raise InvalidInputError(_range_words(least, most))
    return value


def _range_words(least: float | None, most: float | None) -> str:
    if least is None:
        return _("Write a number of at most %(most)s.", most=f"{most:g}")
    if most is None:
        return _("Write a number of at least %(least)s.", least=f"{least:g}")
    return _("Write a number from %(least)s to %(most)s.", least=f"{least:g}", most=f"{most:g}")


def _text(question: Question, raw: Sequence[str]) -> Value:
    text = "\n".join((raw[-1] if raw else "").splitlines()).strip()
    longest = question["longest"] or LONGEST_TEXT
    if len(text) > longest:
        raise InvalidInputError(
            _(
                "This text has %(have)s characters; at most %(most)s can be saved. Please shorten it.",
                have=len(text),
                most=longest,
            )
        )
    if "\0" in text or any(unicodedata.category(letter) == "Cs" for letter in text):
        raise InvalidInputError(_("This text holds a character that cannot be saved. Please type it again."))
    return text or None


_READERS = {"multiple": _choices, "number": _number, "text": _text}


@dataclass
class TypedPoints:
    """The points of a page: as numbers where all can be taken, what is wrong, and what was typed."""

    mark: str
    shown_at: int | None
    seen: dict[int, int]
    given: dict[int, int | None] = field(default_factory=dict)
    problems: dict[int, str] = field(default_factory=dict)
    raw: dict[int, list[str]] = field(default_factory=dict)
    total_problem: str = ""

    @property
    def is_good(self) -> bool:
        """Whether the points can be saved."""
        return not self.problems and not self.total_problem


def read_points(form: MultiDict[str, str], domains: Sequence[Mapping[str, Any]]) -> TypedPoints:
    """Read the points of a page; they must add up to 100, or all be blank."""
    typed = TypedPoints(form.get("mark", ""), read_shown_at(form), _versions(form))
    for domain in domains:
        text = unicodedata.normalize("NFKC", form.get(field_name(domain["id"]), "")).strip()
        typed.raw[domain["id"]] = [text]
        if text and not (text.isascii() and re.fullmatch(r"\d{1,3}", text) and int(text) <= TOTAL):
            typed.problems[domain["id"]] = _("Write a whole number from 0 to 100.")
        else:
            typed.given[domain["id"]] = int(text) if text else None
    _check_total(typed)
    return typed


def _check_total(typed: TypedPoints) -> None:
    values = [value for value in typed.given.values() if value is not None]
    total = sum(values)
    if typed.problems or not values:
        return
    if total == TOTAL:
        typed.given = {key: value or 0 for key, value in typed.given.items()}
    else:
        left = TOTAL - total
        typed.total_problem = (
            _("The points add up to %(total)s. Please give out %(left)s more.", total=total, left=left)
            if left > 0
            else _("The points add up to %(total)s. Please take %(left)s away.", total=total, left=-left)
        )


def _versions(form: Mapping[str, str]) -> dict[int, int]:
    parts = form.get("seen", "").split()
    if not all(re.fullmatch(r"\d{1,9}\.\d{1,9}", part) for part in parts):
        raise InvalidInputError(_("This page could not be read. Reload it and choose again."), field="seen")
    return {int(key): int(version) for key, version in (part.split(".") for part in parts)}
