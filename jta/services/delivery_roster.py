"""The roster as a table: search, filter, sort, pages. Names, addresses and statuses; never an answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, or_, select

from jta.audit import digest
from jta.db import db
from jta.errors import NotFoundError
from jta.models.delivery import Person
from jta.models.response import Response
from jta.models.study import Stratum
from jta.services.dispositions import ACCEPTED, ADDED, BOUNCED, LINKED, SENT
from jta.services.monitor import STATUSES, StatusCounts, StratumCounts, count_by_stratum, joined, status_column, total

PAGE_SIZE = 50
NO_STRATUM = "none"
NOT_STARTED = "not started"  # a word of the filter for everybody who may still begin, reached or not
_WAITING = (ADDED, LINKED, SENT, ACCEPTED, BOUNCED)
SORTS = ("code", "name", "organization", "stratum", "status")


@dataclass(frozen=True)
class RosterFilter:
    """What the director asked for; unknown words count as not asked. ``stratum`` is an id as text, or "none"."""

    query: str = ""
    status: str = ""
    stratum: str = ""
    sort: str = "code"
    descending: bool = False
    page: int = 1

    @property
    def active(self) -> bool:
        """Whether people are left out."""
        return bool(self.query or self.status or self.stratum)


@dataclass(frozen=True)
class RosterRow:
    """One person as the director sees them."""

    id: int
    code: str
    name: str
    email: str | None
    organization: str
    stratum: str
    status: str
    has_link: bool


@dataclass(frozen=True)
class RosterPage:
    """One page of the roster, with the counts of the whole roster beside it."""

    rows: list[RosterRow]
    found: int
    filter: RosterFilter
    strata: list[StratumCounts]
    counts: StatusCounts

    @property
    def waiting(self) -> int:
        """How many may still begin: neither started, nor opted out, nor withdrew."""
        return sum(self.counts[status] for status in _WAITING)

    @property
    def pages(self) -> int:
        """Number of pages of what was found, at least 1."""
        return max(1, -(-self.found // PAGE_SIZE))


def read_filter(asked: Mapping[str, str]) -> RosterFilter:
    """Return the filter that the words of an address ask for; whatever makes no sense is left aside."""
    status, stratum, sort = asked.get("status", ""), asked.get("stratum", ""), asked.get("sort", "code")
    return RosterFilter(
        query=" ".join(asked.get("q", "").replace("\0", " ").split())[:100],
        status=status if status in (*STATUSES, NOT_STARTED) else "",
        stratum=stratum if stratum == NO_STRATUM or _is_id(stratum) else "",
        sort=sort if sort in SORTS else "code",
        descending=asked.get("order") == "down",
        page=int(asked["page"]) if _is_id(asked.get("page", "")) else 1,
    )


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and 0 < len(text) <= 9 and int(text) > 0


def load_roster(study_id: int, asked: RosterFilter | None = None) -> RosterPage:
    """Return one page of the roster; five queries, whatever its size. A page beyond the last is the last."""
    asked = asked or RosterFilter()
    strata = count_by_stratum(study_id)
    status = status_column().label("status")
    people = _filtered(
        select(Person, Stratum.label, status)
        .outerjoin(Response, joined())
        .outerjoin(Stratum, Stratum.id == Person.stratum_id)
        .where(Person.study_id == study_id),
        asked, status,
    )  # fmt: skip
    found = db.session.scalar(select(func.count()).select_from(people.subquery())) or 0
    page = min(asked.page, max(1, -(-found // PAGE_SIZE)))
    ordered = people.order_by(*_order(asked, status)).limit(PAGE_SIZE).offset((page - 1) * PAGE_SIZE)
    rows = [_row(*values) for values in db.session.execute(ordered)]
    shown = RosterFilter(asked.query, asked.status, asked.stratum, asked.sort, asked.descending, page)
    return RosterPage(rows, found, shown, strata, total(strata))


def _row(person: Person, stratum: str | None, status: str) -> RosterRow:
    return RosterRow(
        person.id, person.code, person.name, person.email, person.organization, stratum or "", status,
        person.token_hash is not None,
    )  # fmt: skip


def _filtered(
    people: Select[Person, str, str], asked: RosterFilter, status: ColumnElement[str]
) -> Select[Person, str, str]:
    for word in asked.query.split():
        people = people.where(or_(*_holds(word)))
    if asked.status:
        people = people.where(status.in_(_WAITING if asked.status == NOT_STARTED else (asked.status,)))
    if asked.stratum == NO_STRATUM:
        people = people.where(Person.stratum_id.is_(None))
    elif asked.stratum:
        people = people.where(Person.stratum_id == int(asked.stratum))
    return people


def _holds(word: str) -> Iterator[ColumnElement[bool]]:
    # SQLite turns only a to z into small letters, so words with other letters are also tried as people write them.
    for column in (Person.code, Person.name, Person.email, Person.organization):
        yield func.lower(column).contains(word.lower(), autoescape=True)
        if not word.isascii():
            for form in (word.lower(), word.capitalize(), word.upper()):
                yield column.contains(form, autoescape=True)


def _order(asked: RosterFilter, status: ColumnElement[str]) -> list[ColumnElement[Any]]:
    columns: dict[str, ColumnElement[Any]] = {
        "code": func.lower(Person.code), "name": func.lower(Person.name),
        "organization": func.lower(Person.organization), "stratum": func.coalesce(Stratum.position, 0),
        "status": _place(status),
    }  # fmt: skip
    first = columns[asked.sort]
    return [first.desc() if asked.descending else first.asc(), func.lower(Person.code), Person.id.expression]


def _place(status: ColumnElement[str]) -> ColumnElement[int]:
    return case({name: place for place, name in enumerate(STATUSES)}, value=status)


def get_person(study_id: int, person_id: int) -> Person:
    """Return a person of this study's roster.

    Raises
    ------
    NotFoundError
        If there is none, or they belong to another study.
    """
    person = db.session.get(Person, person_id)
    if person is None or person.study_id != study_id:
        raise NotFoundError
    return person


def person_state(person: Person) -> str:
    """Return a hash of what the roster says of a person, so that a form notices a change by somebody else."""
    attributes = sorted((person.attributes or {}).items())
    return digest([person.code, person.name, person.email, person.organization, person.stratum_id, attributes])
