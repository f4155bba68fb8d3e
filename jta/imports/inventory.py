"""The task inventory: content domains, subdomains and task statements."""

from __future__ import annotations

from jta.imports.guard import guarded
from jta.imports.kinds import INVENTORY
from jta.imports.limits import Limits
from jta.imports.records import Reader, Record
from jta.imports.result import ReadResult, Row
from jta.imports.source import Source, header_notes, take_header
from jta.imports.text import fold, shown

KIND_NAMES = {
    **dict.fromkeys(("", "task", "t"), "task"), **dict.fromkeys(("knowledge", "k"), "knowledge"),
    **dict.fromkeys(("skill", "skills", "s"), "skill"), **dict.fromkeys(("ability", "abilities", "a"), "ability"),
    **dict.fromkeys(("value", "values", "v"), "value"),
    "reference": "reference",
}  # fmt: skip
REFERENCE, REFERENCE_SIGN = "reference", ";"
YES, NO = frozenset({"yes", "y", "true", "1", "x"}), frozenset({"no", "n", "false", "0"})
NUMBERED = "Content domains without a code column were numbered in their order"
NAMED = "Content domains without a name column are named by their code"


def read_inventory(data: bytes, filename: str, limits: Limits | None = None) -> ReadResult:
    """Read a task inventory from CSV, XLSX, JSON or CASE JSON.

    Parameters
    ----------
    data : bytes
        The whole file.
    filename : str
        Its name; the ending must fit the content.
    limits : Limits, optional
        The largest file accepted.

    Returns
    -------
    ReadResult
        ``rows`` hold domain_code, domain, subdomain_code, subdomain, task_code, task_statement, references,
        position, kind, reference_codes and runs_through_all; what the file lacks is an empty text. The kind is always
        filled, domain code and name too, but for KSAs that belong to no domain. A row of the kind reference is a
        source: its code, its citation as the statement, its edition as the references.
    """
    return guarded(INVENTORY, data, filename, limits or Limits(), _read)


def _read(source: Source, limits: Limits) -> ReadResult:
    header = take_header(source, INVENTORY, limits)
    reader = Reader(source, header, INVENTORY, limits, limits.rows)
    structure = _Structure(reader)
    records = [record for record in reader.records() if structure.check(record)]
    found = reader.found
    rows = [_row(record) for record in records if record.number not in found.bad_rows]
    notes = header_notes(header) + source.notes + structure.notes()
    return ReadResult("inventory", len(rows), rows, cleaned=notes + found.cleaned(), problems=found.problems())


def _row(record: Record) -> Row:
    return Row(record.number, {column.name: record.values.get(column.name, "") for column in INVENTORY.columns})


class _Structure:
    """Checks that codes are unique and that each code has one name and one place."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._has_codes = "domain_code" in reader.header.index
        self._has_names = "domain" in reader.header.index
        self._numbers: dict[str, str] = {}
        self._seen: dict[tuple[str, ...], tuple[int, str]] = {}

    def check(self, record: Record) -> bool:
        """Complete a record and record its problems."""
        reader = self._reader
        self._take_kind(record)
        placed = self._is_placed(record.values)
        for name in ("task_code", "task_statement", *(("domain_code", "domain") if placed else ())):
            if name in reader.header.index:
                reader.require(record, name)
        if record.number in reader.found.bad_rows:
            return False
        self._unique_task(record)
        if placed:
            self._complete_domain(record.values)
            self._one_name(record)
            self._one_place(record)
            self._runs_through(record)
        return True

    def _is_placed(self, values: dict[str, str]) -> bool:
        """Whether a statement has, or must have, a domain: a KSA may do without, a reference has none."""
        if values["kind"] == REFERENCE:
            return False
        named = ("domain_code", "domain", "subdomain_code", "subdomain")
        return values["kind"] == "task" or any(values.get(name) for name in named)

    def _take_kind(self, record: Record) -> None:
        said = fold(record.values.get("kind", "")).removesuffix(" statement")
        kind = KIND_NAMES.get(said)
        if kind is None:
            reason = f"The kind {shown(said)} is not known. Use task, knowledge, skill, ability, value or reference."
            self._problem(record, "kind", reason)
        record.values["kind"] = kind or "task"

    def _runs_through(self, record: Record) -> None:
        """A domain runs through all others or does not; where it does, it holds no task statements."""
        if "runs_through_all" not in self._reader.header.index:
            return
        said = fold(record.values.get("runs_through_all", ""))
        if not said:
            return  # not told: what is stored stays
        if said not in YES | NO:
            self._problem(record, "runs_through_all", f"{shown(said)} is neither yes nor no.")
            return
        through = record.values["runs_through_all"] = "yes" if said in YES else "no"
        code = record.values["domain_code"]
        row, first = self._first(record, "through", fold(code), value=through)
        if first != through:
            self._problem(record, "runs_through_all", f"Row {row} says {first} of domain {shown(code)}.")
        elif through == "yes" and record.values["kind"] == "task":
            reason = "A domain that runs through all others holds no task statements."
            self._problem(record, "runs_through_all", reason)

    def notes(self) -> list[str]:
        """Say what was filled in for a missing column."""
        numbered = [] if self._has_codes else [f"{NUMBERED} (1 to {len(self._numbers)})."]
        return numbered if self._has_names else [*numbered, f"{NAMED}."]

    def _complete_domain(self, values: dict[str, str]) -> None:
        if not self._has_codes:
            values["domain_code"] = self._numbers.setdefault(fold(values["domain"]), str(len(self._numbers) + 1))
        if not self._has_names:
            values["domain"] = values["domain_code"]

    def _unique_task(self, record: Record) -> None:
        code = record.values["task_code"]
        sort = REFERENCE if record.values["kind"] == REFERENCE else "task"
        row, first = self._first(record, sort, fold(code), value=code)
        if row == record.number:
            return
        how = "repeats" if first == code else "differs only in case or hidden form from"
        self._problem(record, "task_code", f"The code {shown(code)} {how} the code of row {row}.")

    def _one_name(self, record: Record) -> None:
        """A code has one name, and within its domain a name has one code."""
        values = record.values
        pairs = [("domain_code", "domain", "")]
        if values.get("subdomain_code") and values.get("subdomain"):
            pairs.append(("subdomain_code", "subdomain", fold(values["domain_code"])))
        for code, name, within in pairs:
            self._agree(record, code, name, within)
            self._agree(record, name, code, within)

    def _agree(self, record: Record, one: str, other: str, within: str) -> None:
        values = record.values
        row, first = self._first(record, one, within, fold(values[one]), value=values[other])
        if first != values[other]:
            reason = f"{shown(values[one])} goes with {shown(first)} in row {row}. Make the two rows agree."
            self._problem(record, other, reason)

    def _one_place(self, record: Record) -> None:
        """A subdomain code belongs to one domain; a code and its name come together."""
        values = record.values
        code, name = values.get("subdomain_code", ""), values.get("subdomain", "")
        if {"subdomain_code", "subdomain"} <= self._reader.header.index.keys() and bool(code) != bool(name):
            self._problem(
                record,
                "subdomain" if code else "subdomain_code",
                "The subdomain has a code or a name only. Give both or neither.",
            )
        if code:
            row, first = self._first(record, "place", fold(code), value=fold(values["domain_code"]))
            if first != fold(values["domain_code"]):
                self._problem(
                    record,
                    "subdomain_code",
                    f"The subdomain {shown(code)} belongs to another domain in row {row}.",
                )

    def _first(self, record: Record, *key: str, value: str) -> tuple[int, str]:
        """Return the row and value with which a key was seen first, this one included."""
        return self._seen.setdefault(key, (record.number, value))

    def _problem(self, record: Record, name: str, reason: str) -> None:
        self._reader.found.problem(record.number, self._reader.title(name), reason)
