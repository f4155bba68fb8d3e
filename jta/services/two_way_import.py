"""A count file of the item bank, taken whole after a preview; and how many forms' worth of items is wanted."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from flask import current_app

from jta import audit, clock
from jta.audit import Actor
from jta.db import db, transaction
from jta.errors import EditConflictError, InvalidInputError
from jta.imports.result import Problem
from jta.imports.text import fold, shown
from jta.models.blueprint import Blueprint, ItemBank
from jta.services.blueprint import get_blueprint
from jta.services.preview_token import seal, unseal
from jta.services.study_stage import lock_study
from jta.services.two_way import two_way_table

if TYPE_CHECKING:
    from jta.imports.result import ReadResult

PURPOSE = "item bank counts"
PROBLEMS_SHOWN = 100
WANTED = 3.0  # forms' worth, until somebody says otherwise


@dataclass(frozen=True)
class CountPreview:
    """What a count file holds, and what is wrong with it; ``token`` is empty where it cannot be taken.

    ``lines`` are code, level and available items; ``unlisted`` are codes of domains that the file does not speak of.
    """

    filename: str
    lines: tuple[tuple[str, str, int], ...]
    unlisted: tuple[str, ...]
    cleaned: list[str]
    problems: list[Problem]
    refused: str | None
    replaces: str = ""
    token: str = ""

    @property
    def total(self) -> int:
        """All items of the file."""
        return sum(available for _, _, available in self.lines)

    @property
    def shown_problems(self) -> list[Problem]:
        """The first problems, in the order of rows."""
        return sorted(self.problems, key=lambda problem: problem.row)[:PROBLEMS_SHOWN]


def preview_counts(actor: Actor, study_id: int, number: int, data: bytes, filename: str) -> CountPreview:
    """Read a count file and check it against a blueprint. Nothing is written.

    Raises
    ------
    InvalidInputError
        If the file is empty.
    """
    if not data:
        raise InvalidInputError("The file is empty. Choose another one.", field="file")
    blueprint, bank = get_blueprint(study_id, number), db.session.get(ItemBank, study_id)
    result = _read(data, filename)
    lines = [(r.values["code"], r.values["cognitive_level"], int(r.values["available"])) for r in result.rows]
    problems = [*result.problems, *_problems(blueprint, result)]
    preview = CountPreview(
        filename, tuple(lines), _unlisted(blueprint, lines), result.cleaned, problems, result.refused,
        bank.filename if bank else "",
    )  # fmt: skip
    if problems or result.refused or not lines:
        return preview
    content = {"name": filename, "file": hashlib.sha256(data).hexdigest(), "version": _version(bank), "lines": lines}
    return replace(preview, token=seal(PURPOSE, actor, study_id, content))


def _read(data: bytes, filename: str) -> ReadResult:
    from jta.imports import read_counts

    return read_counts(data, filename, current_app.config["SETTINGS"].limits)


def _problems(blueprint: Blueprint, result: ReadResult) -> list[Problem]:
    """Name rows whose code or level the blueprint does not have."""
    codes = {row.code for row in blueprint.rows}
    levels = two_way_table(blueprint).levels
    known = {fold(name) for level in levels for name in (level.code, level.label)}
    found = []
    for row in result.rows:
        code, level = row.values["code"], row.values["cognitive_level"]
        if code not in codes:
            found.append(Problem(row.number, "code", f"The blueprint has no domain or subdomain {shown(code)}."))
        if level and fold(level) not in known:
            named = ", ".join(one.label for one in levels) or "none yet"
            found.append(Problem(row.number, "cognitive_level", f"{shown(level)} is no level here. Levels: {named}."))
    return found


def _unlisted(blueprint: Blueprint, lines: Sequence[tuple[str, str, int]]) -> tuple[str, ...]:
    named = {code for code, _, _ in lines}
    inside = {row.parent_code for row in blueprint.rows if row.code in named}
    domains = (row.code for row in blueprint.rows if row.level == "domain")
    return tuple(code for code in domains if code not in named | inside)


def _version(bank: ItemBank | None) -> int:
    return bank.version if bank else 0


def apply_counts(actor: Actor, study_id: int, token: str) -> ItemBank:
    """Take the counts that were previewed in place of those before: all of them or nothing.

    Raises
    ------
    InvalidInputError
        If the preview is not one of ours, or another person's or study's.
    EditConflictError
        If the counts were changed since the preview.
    """
    content = unseal(PURPOSE, actor, study_id, token)
    with transaction():
        lock_study(study_id)
        bank = _locked(study_id, content["version"], "so nothing was taken. Upload the file again.")
        before = bank.counts
        bank.counts, bank.filename = content["lines"], content["name"]
        _finish(actor, bank, "took counts of item bank", before, f"File SHA-256 {content['file']}")
    return bank


def set_forms(actor: Actor, study_id: int, *, seen_version: int, forms: float) -> ItemBank:
    """Set how many forms' worth of items the bank should hold.

    Raises
    ------
    InvalidInputError
        If the number is not between 1 and 50.
    EditConflictError
        If somebody else changed it, or the counts, since.
    """
    if not 1 <= forms <= 50:
        raise InvalidInputError("Enter a number from 1 to 50.", field="forms")
    with transaction():
        lock_study(study_id)
        bank = _locked(study_id, seen_version, f"so your number ({forms:g}) was not saved. Look at the page again.")
        before = bank.forms
        bank.forms = forms
        _finish(actor, bank, "set forms' worth of item bank", before, f"{before:g} to {forms:g}")
    return bank


def _locked(study_id: int, seen_version: int, otherwise: str) -> ItemBank:
    bank = db.session.get(ItemBank, study_id, populate_existing=True)
    if _version(bank) != seen_version:
        raise EditConflictError(f"The item bank's figures were changed meanwhile, {otherwise}")
    if bank is None:
        bank = ItemBank(study_id=study_id, counts=[], filename="", forms=WANTED, by_name="", at=clock.now())
        db.session.add(bank)
    return bank


def _finish(actor: Actor, bank: ItemBank, act: str, before: Any, note: str) -> None:
    bank.by_name, bank.at = actor.name, clock.now()
    db.session.flush()
    audit.record(
        actor, act, "item bank", study_id=bank.study_id, before=before, after=[bank.forms, bank.counts], note=note
    )  # fmt: skip


def counts_template(form: str) -> bytes:
    """Return an empty file with the right columns, as ``csv`` or ``xlsx``."""
    from jta.imports.templates import csv_template, xlsx_template

    return csv_template("counts") if form == "csv" else xlsx_template("counts")
