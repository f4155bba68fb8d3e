"""What a roster file says against the roster as stored: new, changed, unchanged, withdrew. Nothing is wiped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select

from jta.db import db
from jta.imports.result import Problem
from jta.imports.text import fold, shown
from jta.models.delivery import Person, PersonEvent
from jta.models.study import Stratum
from jta.services.delivery_checks import LONGEST, LONGEST_CODE
from jta.services.inventory_merge import Difference

_LONGEST = {"person_code": LONGEST_CODE, **LONGEST, "stratum": 64}  # by column
_FIELD = {"person_code": "code"}


@dataclass(frozen=True)
class RosterLine:
    """One person of a file; ``number`` is the row, empty texts are "not given"."""

    number: int
    code: str
    name: str
    email: str
    organization: str = ""
    stratum: str = ""
    attributes: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class PersonChange:
    """A line with the person it speaks of (None for somebody new) and what it says otherwise."""

    line: RosterLine
    person: Person | None = None
    differences: tuple[Difference, ...] = ()


@dataclass
class RosterMerge:
    """What applying a file would do. ``left_alone`` are people who withdrew: nothing of theirs is touched."""

    new: list[PersonChange] = field(default_factory=list)
    changed: list[PersonChange] = field(default_factory=list)
    unchanged: list[PersonChange] = field(default_factory=list)
    left_alone: list[PersonChange] = field(default_factory=list)
    new_strata: list[str] = field(default_factory=list)
    n_missing: int = 0
    problems: list[Problem] = field(default_factory=list)

    @property
    def anything(self) -> bool:
        """Whether applying would change something."""
        return bool(self.new or self.changed or self.new_strata)

    def counts(self) -> dict[str, int]:
        """Return the counts as plain values."""
        return {
            "new": len(self.new), "changed": len(self.changed), "unchanged": len(self.unchanged),
            "withdrew (left alone)": len(self.left_alone), "new strata": len(self.new_strata),
        }  # fmt: skip


@dataclass
class StoredRoster:
    """The roster as stored: people, strata, and the ids of those who withdrew."""

    people: list[Person]
    strata: list[Stratum]
    withdrawn: set[int]

    def __post_init__(self) -> None:
        self.by_code = {fold(person.code): person for person in self.people}
        self.by_email = {fold(person.email): person for person in self.people if person.email}

    def find_stratum(self, name: str) -> Stratum | None:
        """Return the stratum with this code or label, None for an empty name or an unknown one."""
        key = fold(name)
        if not key:
            return None
        same_code = (stratum for stratum in self.strata if fold(stratum.code) == key)
        same_label = (stratum for stratum in self.strata if fold(stratum.label) == key)
        return next(same_code, None) or next(same_label, None)


def load_stored(study_id: int) -> StoredRoster:
    """Return a study's roster as stored, in three queries."""
    people = select(Person).where(Person.study_id == study_id).order_by(Person.id)
    strata = select(Stratum).where(Stratum.study_id == study_id).order_by(Stratum.position)
    withdrew = (
        select(PersonEvent.person_id)
        .join(Person, Person.id == PersonEvent.person_id)
        .where(Person.study_id == study_id, PersonEvent.kind == "withdrew")
    )
    return StoredRoster(
        list(db.session.scalars(people)), list(db.session.scalars(strata)), set(db.session.scalars(withdrew))
    )


def compare(stored: StoredRoster, lines: Sequence[RosterLine]) -> RosterMerge:
    """Say what merging these lines would do: people are found by code, else by e-mail address."""
    return _Comparison(stored).run(lines)


class _Comparison:
    """Finds the person of each line, and notes what differs or contradicts."""

    def __init__(self, stored: StoredRoster) -> None:
        self._stored = stored
        self._merge = RosterMerge()
        self._row_of_person: dict[int, int] = {}
        self._row_of_key: dict[tuple[str, str], int] = {}
        self._new_strata: dict[str, str] = {}

    def run(self, lines: Sequence[RosterLine]) -> RosterMerge:
        """Return the whole comparison."""
        for line in lines:
            found = len(self._merge.problems)
            person = self._find(line)
            self._check(line, person)
            if len(self._merge.problems) == found:
                self._sort(line, person)
        self._merge.new_strata = list(self._new_strata.values())
        self._merge.n_missing = len(self._stored.people) - len(self._row_of_person)
        return self._merge

    def _find(self, line: RosterLine) -> Person | None:
        by_code = self._stored.by_code.get(fold(line.code)) if line.code else None
        by_email = self._stored.by_email.get(fold(line.email)) if line.email else None
        if by_email is not None and line.code and by_email is not by_code:
            reason = f"The address belongs to {shown(by_email.code)} on the roster, not to {shown(line.code)}."
            self._problem(line, "email", reason)
        return by_code or by_email

    def _check(self, line: RosterLine, person: Person | None) -> None:
        for name, text in (("person_code", line.code), ("email", line.email)):
            row = self._row_of_key.setdefault((name, fold(text)), line.number) if text else line.number
            if row != line.number:
                self._problem(line, name, f"{shown(text)} is already in row {row}.")
        if person is not None:
            row = self._row_of_person.setdefault(person.id, line.number)
            if row != line.number:
                self._problem(line, "", f"Row {row} speaks of the same person.")
        for name, longest in _LONGEST.items():
            if len(getattr(line, _FIELD.get(name, name))) > longest:
                self._problem(line, name, f"Use {longest} characters or fewer.")

    def _sort(self, line: RosterLine, person: Person | None) -> None:
        if person is not None and person.id in self._stored.withdrawn:
            self._merge.left_alone.append(PersonChange(line, person))
            return
        if line.stratum and self._stored.find_stratum(line.stratum) is None:
            self._new_strata.setdefault(fold(line.stratum), line.stratum)
        if person is None:
            self._merge.new.append(PersonChange(line))
            return
        found = tuple(self._differences(line, person))
        (self._merge.changed if found else self._merge.unchanged).append(PersonChange(line, person, found))

    def _differences(self, line: RosterLine, person: Person) -> Iterator[Difference]:
        pairs = [
            ("Name", person.name, line.name), ("E-mail", person.email or "", line.email),
            ("District or employer", person.organization, line.organization),
            ("Stratum", self._label(person.stratum_id), self._name(line.stratum)),
        ]  # fmt: skip
        kept = person.attributes or {}
        pairs += [
            (name.replace("_", " ").capitalize(), kept.get(name, ""), text) for name, text in line.attributes.items()
        ]
        yield from (Difference(what, before, after) for what, before, after in pairs if after and after != before)

    def _label(self, stratum_id: int | None) -> str:
        return next((stratum.label for stratum in self._stored.strata if stratum.id == stratum_id), "")

    def _name(self, name: str) -> str:
        known = self._stored.find_stratum(name)
        return known.label if known else name

    def _problem(self, line: RosterLine, column: str, reason: str) -> None:
        self._merge.problems.append(Problem(line.number, column, reason))
