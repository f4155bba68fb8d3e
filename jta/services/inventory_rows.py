"""Rows of an inventory file, and the content domains and subdomains they speak of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from jta.exports.csv_text import restore_text
from jta.imports.result import Problem, ReadResult, Row
from jta.imports.text import fold, shown
from jta.models.inventory import Domain


@dataclass(frozen=True)
class Difference:
    """One thing that a file says otherwise than the inventory."""

    what: str
    before: str
    after: str


def differences(*pairs: tuple[str, str, str]) -> tuple[Difference, ...]:
    """Return what differs of what is named with its text before and after."""
    return tuple(Difference(what, before, after) for what, before, after in pairs if before != after)


@dataclass(frozen=True)
class InventoryRow:
    """One statement of a file; ``number`` is its row, empty texts are "not given". A reference is a row of that kind.

    ``through`` says whether its domain runs through all others; None where the file does not tell.
    """

    task_code: str
    task_statement: str
    domain_code: str = ""
    domain: str = ""
    subdomain_code: str = ""
    subdomain: str = ""
    source: str = ""
    number: int = 0
    kind: str = "task"
    through: bool | None = None
    reference_codes: str = ""

    @property
    def placed(self) -> bool:
        """Whether the statement has a domain; a KSA may have none."""
        return bool(self.domain_code or self.domain or self.kind == "task")


@dataclass(frozen=True)
class Area:
    """A content domain, or a subdomain where ``parent`` is a code; an empty title was not given."""

    code: str
    title: str
    parent: str | None
    through: bool | None = None


@dataclass
class Areas:
    """The areas of a file in order of appearance, the area of each row, and what is contradictory.

    ``by_key`` goes by folded code; ``row_area`` holds for each row the code of its statement's area, empty for none.
    """

    by_key: dict[str, Area] = field(default_factory=dict)
    row_area: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def rows_of_file(result: ReadResult, filename: str) -> list[InventoryRow]:
    """Return what a reader found as inventory rows, in the order of the column "position" where all have one.

    Codes and names of domains that the reader made up are left empty here: in a study that has an inventory,
    a domain is looked up by what the file says of it. The apostrophe that our own CSV files put before a text
    which a spreadsheet program would take for a formula is taken off again.
    """
    from jta.imports.inventory import NAMED, NUMBERED

    undo = restore_text if filename.lower().endswith(".csv") else str
    found = list(result.rows)
    if found and all(row.values.get("position", "").isdecimal() for row in found):
        found.sort(key=lambda row: int(row.values["position"]))
    dropped = {
        name
        for name, note in (("domain_code", NUMBERED), ("domain", NAMED))
        if any(text.startswith(note) for text in result.cleaned)
    }
    return [_from_reader(row, dropped, undo) for row in found]


def _from_reader(row: Row, dropped: set[str], undo: Callable[[str], str]) -> InventoryRow:
    values = {name: "" if name in dropped else undo(value) for name, value in row.values.items()}
    names = ("task_code", "task_statement", "domain_code", "domain", "subdomain_code", "subdomain")
    texts = {name: values.get(name, "") for name in names}
    through = {"yes": True, "no": False}.get(values.get("runs_through_all", ""))
    return InventoryRow(
        **texts, source=values.get("references", ""), number=row.number, kind=values.get("kind") or "task",
        through=through, reference_codes=values.get("reference_codes", ""),
    )  # fmt: skip


def notes_of_file(result: ReadResult) -> list[str]:
    """Return what was cleaned, with what is true of a merge in place of what the reader made up."""
    from jta.imports.inventory import NAMED, NUMBERED

    notes = [note for note in result.cleaned if not note.startswith((NUMBERED, NAMED))]
    if any(note.startswith(NUMBERED) for note in result.cleaned):
        notes.append("The file has no codes of content domains: they were found by name; new ones got numbers.")
    if any(note.startswith(NAMED) for note in result.cleaned):
        notes.append("The file has no names of content domains: they were found by code.")
    return notes


class AreaFinder:
    """Finds the area of each row, among those stored and those earlier rows brought."""

    def __init__(self, stored: Sequence[Domain]) -> None:
        codes = {area.id: area.code for area in stored}
        known = [
            Area(a.code, a.title, None if a.parent_id is None else codes[a.parent_id], a.runs_through) for a in stored
        ]
        self.stored = {fold(area.code): area for area in known}
        self.areas = Areas()

    def find_all(self, rows: Sequence[InventoryRow]) -> Areas:
        """Return the areas of all rows."""
        taken = {fold(code) for row in rows for code in (row.domain_code, row.subdomain_code) if code}
        self._taken = taken | set(self.stored)
        for row in rows:
            if not row.placed:
                self.areas.row_area.append("")
                continue
            domain = self._find(row, "domain", None)
            within = bool(row.subdomain_code or row.subdomain)
            area = self._find(row, "subdomain", domain) if within else domain
            self.areas.row_area.append(area)
        return self.areas

    def _find(self, row: InventoryRow, level: str, parent: str | None) -> str:
        """Return the code of a row's domain or subdomain, and note it or what contradicts it."""
        title = getattr(row, level)
        code = getattr(row, f"{level}_code") or self._code_of_title(title, parent)
        key = fold(code)
        known = self.areas.by_key.get(key)
        if known is None:
            stored = self.stored.get(key)
            self._check_level(row, level, stored, parent)
            through = row.through if row.through is not None else (stored.through if stored else None)
            known = Area(stored.code if stored else code, title, parent, None if parent else through)
            self.areas.by_key[key] = known
        else:
            known = self._agree(row, level, known, title, parent)
        return known.code

    def _check_level(self, row: InventoryRow, level: str, stored: Area | None, parent: str | None) -> None:
        if stored is not None and (stored.parent is None) != (parent is None):
            other = "content domain" if stored.parent is None else "subdomain"
            self._problem(row, f"{level}_code", f"{shown(stored.code)} is the code of a {other} in this study.")

    def _agree(self, row: InventoryRow, level: str, known: Area, title: str, parent: str | None) -> Area:
        if known.parent != parent:
            where = f"in domain {shown(known.parent)}" if known.parent else "as a content domain"
            self._problem(row, f"{level}_code", f"{shown(known.code)} stands {where} in an earlier row.")
        elif title and known.title and fold(title) != fold(known.title):
            said = f"{shown(known.code)} is called {shown(known.title, 40)} in an earlier row."
            self._problem(row, level, said)
        elif title and not known.title:
            known = Area(known.code, title, parent, known.through)
            self.areas.by_key[fold(known.code)] = known
        return known

    def _problem(self, row: InventoryRow, column: str, reason: str) -> None:
        self.areas.problems.append(Problem(row.number, column, reason))

    def _code_of_title(self, title: str, parent: str | None) -> str:
        """Return the code of the area with this title, or the next free number."""
        for area in (*self.areas.by_key.values(), *self.stored.values()):
            if area.parent == parent and fold(area.title) == fold(title):
                return area.code
        stem, number = f"{parent}." if parent else "", 1
        while fold(f"{stem}{number}") in self._taken:
            number += 1
        self._taken.add(fold(f"{stem}{number}"))
        return f"{stem}{number}"
