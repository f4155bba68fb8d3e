"""What a person of the roster may be called: lengths, plain letters, codes and addresses that nobody else has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, exists, func, select

from jta.db import db
from jta.errors import InvalidInputError
from jta.imports.text import fold
from jta.models.delivery import Person
from jta.models.study import Stratum

LONGEST = {"name": 200, "email": 254, "organization": 200}
LONGEST_CODE = 64


@dataclass(frozen=True)
class PersonDetails:
    """What the roster says of a person; ``stratum_id`` is None outside every stratum."""

    name: str
    email: str = ""
    organization: str = ""
    stratum_id: int | None = None


def free_codes(taken: Iterable[str]) -> Iterator[str]:
    """Yield codes that nobody has, in order: P0001, P0002 and so on.

    >>> codes = free_codes(["P0001", "p0003"])
    >>> next(codes), next(codes)
    ('P0002', 'P0004')
    """
    used, number = {fold(code) for code in taken}, 0
    while True:
        number += 1
        if fold(code := f"P{number:04d}") not in used:
            yield code


def check_details(study_id: int, details: PersonDetails, person_id: int = 0) -> None:
    """Refuse details that nobody on the roster can have; ``person_id`` is whose they are, 0 for somebody new.

    Raises
    ------
    InvalidInputError
        Naming the field.
    """
    if not details.name:
        raise InvalidInputError("Enter the person's name.", field="name")
    for name, longest in LONGEST.items():
        check_line(getattr(details, name), name, longest)
    if details.email:
        known = func.lower(Person.email) == details.email.lower()
        if _exists(study_id, known, Person.id != person_id):
            raise InvalidInputError("Somebody on the roster has this address already.", field="email")
    if details.stratum_id is not None:
        stratum = db.session.get(Stratum, details.stratum_id)
        if stratum is None or stratum.study_id != study_id:
            raise InvalidInputError("Choose a stratum of this study.", field="stratum_id")


def check_line(text: str, field: str, longest: int) -> None:
    """Refuse a text that cannot stand in the head of a message.

    Raises
    ------
    InvalidInputError
        If it is too long, or holds line breaks, hidden signs or an encoded word.
    """
    if len(text) > longest:
        raise InvalidInputError(_("Use %(longest)s characters or fewer.", longest=longest), field=field)
    if not text.isprintable() or "=?" in text:
        raise InvalidInputError(_("Use plain letters on one line."), field=field)


def check_code(study_id: int, code: str) -> None:
    """Refuse a code that cannot be given; an empty one is fine.

    Raises
    ------
    InvalidInputError
        If it is too long, holds signs that do not print, or is taken (field ``code``).
    """
    check_line(code, "code", LONGEST_CODE)
    if code and _exists(study_id, func.lower(Person.code) == code.lower()):
        raise InvalidInputError("Somebody on the roster has this code already.", field="code")


def _exists(study_id: int, *conditions: ColumnElement[bool]) -> bool:
    return bool(db.session.scalar(select(exists().where(Person.study_id == study_id, *conditions))))
