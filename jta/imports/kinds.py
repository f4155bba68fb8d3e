"""The columns of each kind of file: their names, accepted synonyms and rules."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from jta.imports.text import fold

ColumnType = Literal["code", "title", "text", "source", "person", "email", "plain", "number", "value", "paragraphs"]

PUNCTUATION = re.compile(r"[\s_./*:-]+")


@dataclass(frozen=True)
class Column:
    """One column: ``type`` names the rules of its cells; ``synonyms`` are compared by ``header_key``."""

    name: str
    type: ColumnType
    meaning: str
    synonyms: tuple[str, ...] = ()


@dataclass(frozen=True)
class Kind:
    """One kind of file. ``required`` lists groups of columns; one column of each group must be there."""

    name: str
    columns: tuple[Column, ...]
    required: tuple[tuple[str, ...], ...]

    @cached_property
    def by_key(self) -> dict[str, Column]:
        """Every accepted name, folded, with its column."""
        return {header_key(name): c for c in self.columns for name in (c.name, *c.synonyms)}

    @cached_property
    def by_name(self) -> dict[str, Column]:
        """The columns by their own name."""
        return {c.name: c for c in self.columns}


def header_key(text: str) -> str:
    """Fold a column name for comparison: case, width, hidden letters and punctuation do not count."""
    return PUNCTUATION.sub(" ", fold(text)).strip()


def _column(name: str, kind: ColumnType, meaning: str, synonyms: str = "") -> Column:
    return Column(name, kind, meaning, tuple(synonyms.split(", ")) if synonyms else ())


INVENTORY = Kind(
    "inventory",
    (
        _column("domain_code", "code", "Code of the content domain", "domain id, domain no, domain number"),
        _column("domain", "title", "Name of the content domain", "domain name, content domain, domain title"),
        _column(
            "subdomain_code",
            "code",
            "Code of the subdomain",
            "subdomain id, sub domain id, sub domain code, subdomain no",
        ),
        _column(
            "subdomain",
            "title",
            "Name of the subdomain",
            "subdomain name, sub domain, sub domain name, skill area",
        ),
        _column(
            "task_code",
            "code",
            "Code of the task statement or KSA",
            "task id, task no, task number, statement code, code",
        ),
        _column("task_statement", "text", "The task statement or KSA", "task text, task, statement, task description"),
        _column("references", "source", "Where the statement comes from", "reference, source, sources"),
        _column("position", "number", "Place in the list", "order, sequence"),
        _column(
            "kind",
            "plain",
            "What the row is: task, knowledge, skill, ability, value, or reference (a source). Empty: task",
            "statement kind, statement type, item type, type",
        ),
        _column(
            "reference_codes",
            "plain",
            "Codes of the references it comes from, divided by ;",
            "reference code, reference ids",
        ),
        _column(
            "runs_through_all",
            "plain",
            "yes: the domain runs through all others and holds KSAs only",
            "runs through, runs through all domains",
        ),
    ),
    (("task_code",), ("task_statement",), ("domain", "domain_code")),
)
ROSTER = Kind(
    "roster",
    (
        _column(
            "person_code",
            "code",
            "Your own code of the person",
            "person id, respondent id, external id, code",
        ),
        _column("name", "person", "Full name", "full name, person, person name, respondent name"),
        _column(
            "first_name",
            "person",
            "First name, if the name is in two columns",
            "given name, firstname, forename",
        ),
        _column(
            "last_name",
            "person",
            "Last name, if the name is in two columns",
            "family name, lastname, surname",
        ),
        _column("email", "email", "Email address", "e mail, email address, e mail address, mail"),
        _column(
            "organization",
            "plain",
            "District or employer",
            "organisation, district, district name, school district, employer",
        ),
        _column(
            "stratum",
            "plain",
            "Stratum of the frame",
            "strata, district size, enrollment band, enrolment band",
        ),
        _column("region", "plain", "Region", "state"),
        _column("locale", "plain", "Locale", "locale type, urbanicity"),
        _column("job_title", "plain", "Role in the organization", "role, title, position, job role"),
        _column("enrollment", "plain", "Number of students", "enrolment, students"),
        _column("language", "plain", "Language of the messages", "lang"),
    ),
    (("email",), ("name", "last_name")),
)
RATINGS = Kind(
    "ratings",
    (
        _column(
            "respondent_id",
            "code",
            "Code of the respondent",
            "respondent, respondent code, person code, person id, participant",
        ),
        _column("task_id", "code", "Code of the task statement", "task code, task, task no, task number"),
        _column("scale", "plain", "Name of the rating scale", "rating scale, scale code, scale id, scale name"),
        _column("value", "value", "The rating", "rating, answer, anchor, anchor code"),
    ),
    (("respondent_id",), ("task_id",), ("scale",), ("value",)),
)
PANEL = Kind(
    "panel",
    (
        _column("name", "person", "Full name", "full name, person, panelist, expert"),
        _column("first_name", "person", "First name, if the name is in two columns", "given name, firstname, forename"),
        _column("last_name", "person", "Last name, if the name is in two columns", "family name, lastname, surname"),
        _column("email", "email", "Email address", "e mail, email address, e mail address, mail"),
        _column("organization", "plain", "District or employer", "organisation, district, school district, employer"),
        _column("job_title", "plain", "Role in the organization", "role, title, position, job role"),
        _column("qualifications", "title", "What makes the person an expert", "qualification, credentials, expertise"),
        _column("region", "plain", "Region", "state"),
        _column("district_size", "plain", "Size of the district", "size, enrollment band, enrolment band"),
        _column("years", "number", "Years in the role", "years in role, years of experience, experience"),
    ),
    (("email",), ("name", "last_name")),
)
COUNTS = Kind(
    "counts",
    (
        _column(
            "code", "code", "Code of the domain or subdomain in the blueprint",
            "domain code, subdomain code, domain id, topic, topic code, content code",
        ),
        _column(
            "cognitive_level", "plain", "Cognitive level of the items. Empty: not known",
            "level, cognitive code, bloom level, taxonomy",
        ),
        _column(
            "available", "number", "How many items the bank holds, ready to be used",
            "available items, items, count, item count, number of items, n",
        ),
    ),
    (("code",), ("available",)),
)  # fmt: skip
KINDS = {kind.name: kind for kind in (INVENTORY, ROSTER, RATINGS, PANEL, COUNTS)}
# Scale names by which the columns of a wide file of ratings are known ("T001 importance").
SCALES = (
    "importance", "frequency", "consequence", "performance", "needed at entry", "difficulty", "time spent",
    "testing importance", "criticality", "agreement", "relevance",
)  # fmt: skip
