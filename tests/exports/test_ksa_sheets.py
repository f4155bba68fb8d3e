"""The KSA sheets of the blueprint workbook."""

from __future__ import annotations

import io

from openpyxl import load_workbook

from jta.exports.blueprint_workbook import write_blueprint_workbook
from jta.exports.book import KsaWeightLine, LinkLine
from tests.exports.books import realistic_book

LINKS = (
    LinkLine("1.10", "Plan the budget", "007", "=Knowledge of budgets", 12, 1.75, 0.9166),
    LinkLine("2.1", "Test the backups", note="task without a link"),
    LinkLine(ksa_code="3E5", ksa="Skill nobody needs", note="KSA without a link"),
)
KSAS = (
    KsaWeightLine("007", "=Knowledge of budgets", "knowledge", "Knowledge", 3, 0.625),
    KsaWeightLine("3E5", "Skill nobody needs", "skill", "Skills", 0, None, "no link"),
)


def _rows(name: str, **changes: object):
    book = load_workbook(io.BytesIO(write_blueprint_workbook(realistic_book(**changes))))
    rows = [list(row) for row in book[name].iter_rows(values_only=True)]
    head = next(i for i, row in enumerate(rows) if row[0] in ("Task code", "KSA code"))
    return rows[head + 1 :]


def test_links_and_orphans_stand_as_text_and_numbers():
    rows = _rows("KSA linkage", links=LINKS, ksas=KSAS)
    assert rows[0][:7] == ["1.10", "Plan the budget", "007", "=Knowledge of budgets", 12, 1.75, 0.9166]
    assert (rows[1][0], rows[1][7]) == ("2.1", "task without a link")
    assert (rows[2][2], rows[2][7]) == ("3E5", "KSA without a link")


def test_weights_become_unrounded_items_and_a_ksa_without_a_link_has_none():
    rows = _rows("KSA blueprint", links=LINKS, ksas=KSAS)
    assert rows[0][:7] == ["007", "=Knowledge of budgets", "knowledge", "Knowledge", 3, 0.625, 62.5]
    assert rows[1][5:8] == ["–", "–", "no link"]


def test_without_a_linkage_the_sheets_and_read_me_say_so():
    book = load_workbook(io.BytesIO(write_blueprint_workbook(realistic_book())))
    said = "the panel has not linked tasks and KSAs"
    assert book["KSA linkage"]["A6"].value == f"Nothing to show: {said}."
    words = [str(cell) for row in book["Read me"].iter_rows(values_only=True) for cell in row if cell]
    assert f"Sheet KSA linkage: {said}." in words
    assert any(text.endswith(f"Empty: {said}.") for text in words)
