"""A workbook that was edited comes back with exactly what was edited."""

from __future__ import annotations

import io
import subprocess
import zipfile
from pathlib import Path

import openpyxl
import pytest

from jta.errors import EditConflictError, InvalidInputError, StateError
from jta.services import blueprint as blueprints
from jta.services.blueprint_readback import read_back, take_back
from jta.services.report import write_workbook
from jta.services.results import analyze_dataset
from jta.services.review import freeze_dataset
from tests.factories import csrf_from, signed_in_client
from tests.services.closed_study import make_closed_study


@pytest.fixture
def proposed(app_context):
    study, actors = make_closed_study(30)
    freeze_dataset(actors["psychometrician"], study.id)
    run = analyze_dataset(actors["psychometrician"], study.id, 1)
    made = blueprints.propose(actors["director"], study.id, run.id)
    return study, actors["director"], made, write_workbook(actors["director"], study.id, made.number).content


def places(sheet):
    header = next(row for row in sheet.iter_rows() if "Domain code" in [cell.value for cell in row])
    columns = {cell.value: cell.column for cell in header if cell.value}
    rows = {}
    for row in range(header[0].row + 1, sheet.max_row + 1):
        code = sheet.cell(row, columns["Domain code"]).value
        if code:
            rows[str(code)] = row
    return columns, rows


def edit(content: bytes, **cells) -> bytes:
    """Set cells, named title_code with blanks as one underscore: ``Min__1``."""
    book = openpyxl.load_workbook(io.BytesIO(content))
    sheet = book["Blueprint"]
    columns, rows = places(sheet)
    for name, value in cells.items():
        title, code = name.split("__")
        sheet.cell(rows[code.replace("_", ".")], columns[title.replace("_", " ")]).value = value
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


SIX = {
    "Approved_weight__1": 0.42, "Approved_weight__2": 0.28, "Approved_weight__3": 0.30,
    "Min__1": 30, "Max__2": 35, "Rationale__3": "Board vote 9 to 2",
}  # fmt: skip


def said(found):
    return {(c.code, c.title): c.after for c in found.changes}


EXPECTED = {
    ("1", "Approved weight"): "42.00 %", ("2", "Approved weight"): "28.00 %", ("3", "Approved weight"): "30.00 %",
    ("1", "Min"): "30", ("2", "Max"): "35", ("3", "Rationale"): "Board vote 9 to 2",
}  # fmt: skip


def test_the_six_changes_and_nothing_else(proposed):
    study, director, made, content = proposed
    found = read_back(director, study.id, made.number, edit(content, **SIX))
    assert said(found) == EXPECTED
    assert found.refused == ()


def test_through_a_spreadsheet_program_too(proposed, tmp_path):
    study, director, made, content = proposed
    (tmp_path / "edited.xlsx").write_bytes(edit(content, **SIX))
    subprocess.run(
        ["soffice", f"-env:UserInstallation={Path(tmp_path / 'profile').as_uri()}", "--headless", "--convert-to",
         "xlsx:Calc MS Excel 2007 XML", "--outdir", str(tmp_path / "out"), str(tmp_path / "edited.xlsx")],
        capture_output=True, timeout=120, check=True,
    )  # fmt: skip
    found = read_back(director, study.id, made.number, (tmp_path / "out" / "edited.xlsx").read_bytes())
    assert said(found) == EXPECTED
    assert found.refused == ()


def test_an_unedited_workbook_says_nothing(proposed):
    study, director, made, content = proposed
    found = read_back(director, study.id, made.number, content)
    assert (found.changes, found.refused) == ((), ())


def test_chosen_cells_go_into_the_ledger(proposed):
    study, director, made, content = proposed
    found = read_back(director, study.id, made.number, edit(content, **SIX))
    chosen = [c.key for c in found.changes if c.code != "2" or c.field != "maximum"]
    changes = take_back(
        director, study.id, made.number, token=found.token, chosen=chosen, reason="Board meeting", share_rest=True
    )
    after = blueprints.get_blueprint(study.id, made.number)
    rows = {row.code: row for row in after.rows}
    assert [round(rows[c].weight, 10) for c in "123"] == [0.42, 0.28, 0.30]
    assert (rows["1"].minimum, rows["2"].maximum, rows["3"].rationale) == (30, None, "Board vote 9 to 2")
    assert sum(rows[c].items for c in "123") == after.items
    typed = {(a.code, a.field) for a in after.adjustments if a.reason == "Board meeting"}
    assert typed == {("1", "weight"), ("2", "weight"), ("3", "weight"), ("1", "minimum"), ("3", "rationale")}
    assert {(c.code, c.field) for c in changes} >= typed


REFUSED = [
    ({"Approved_weight__1": "a lot"}, "Approved weight of 1: this is not a number"),
    ({"Approved_weight__1": 42}, "between 0 % and 100 %"),
    ({"Min__2": 3.5}, "Min of 2: this is not a whole number"),
    ({"Max__2": -1}, "Max of 2: this is not a whole number"),
    ({"Max__2": "=1+1"}, "Max of 2: this is not a whole number"),
    ({"Rationale__1": "x" * 501}, "longer than 500"),
    ({"Domain__2": "Other name"}, "Domain of 2: this cell is locked"),
    ({"Proposed_weight__1": 0.9}, "Proposed weight of 1: this cell is locked"),
    ({"Items__1": 99}, "Items of 1: this cell is locked"),
    ({"Domain_code__2": "9"}, "The row of 2 was deleted, or its code was changed"),
]


def test_cells_that_cannot_be_taken_are_named_and_others_still_can(proposed):
    study, director, made, content = proposed
    for cells, why in REFUSED:
        found = read_back(director, study.id, made.number, edit(content, Min__3=4, **cells))
        assert [reason for reason in found.refused if why in reason], (why, found.refused)
        assert said(found) == {("3", "Min"): "4"}, why


def renamed(content):
    book = openpyxl.load_workbook(io.BytesIO(content))
    book["Blueprint"].title = "Plan"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def with_macro(content):
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))
        new.writestr("xl/vbaProject.bin", b"x")
    return out.getvalue()


def test_files_that_are_refused_whole(proposed):
    study, director, made, content = proposed
    spoilt = [
        (renamed(content), "“Blueprint” is not in this workbook"), (with_macro(content), "macros"),
        (b"PK nothing", "."), (content[:-200], "."),
    ]  # fmt: skip
    for data, why in spoilt:
        with pytest.raises(InvalidInputError, match=why):
            read_back(director, study.id, made.number, data)


def test_an_older_version_and_another_blueprint_are_told_apart(proposed):
    study, director, made, content = proposed
    found = read_back(director, study.id, made.number, edit(content, Min__1=5))
    take_back(director, study.id, made.number, token=found.token, chosen=["1|minimum"], reason="x", share_rest=True)
    with pytest.raises(InvalidInputError, match="before the last change"):
        read_back(director, study.id, made.number, content)
    with pytest.raises(EditConflictError):
        take_back(director, study.id, made.number, token=found.token, chosen=["1|minimum"], reason="x", share_rest=True)
    second = blueprints.propose(director, study.id, made.run_id)
    with pytest.raises(InvalidInputError, match="another version"):
        read_back(director, study.id, second.number, content)
    with pytest.raises(StateError):
        read_back(director, study.id, made.number, content)


def test_what_is_not_chosen_or_not_mine(proposed):
    study, director, made, content = proposed
    found = read_back(director, study.id, made.number, edit(content, Min__1=5))
    with pytest.raises(InvalidInputError, match="at least one"):
        take_back(director, study.id, made.number, token=found.token, chosen=["9|minimum"], reason="x", share_rest=True)
    with pytest.raises(InvalidInputError, match="cannot be used"):
        take_back(director, study.id, made.number, token="x", chosen=["1|minimum"], reason="x", share_rest=True)


def test_pages(sqlite_app):
    with sqlite_app.app_context():
        study, actors = make_closed_study(30)
        freeze_dataset(actors["psychometrician"], study.id)
        run = analyze_dataset(actors["psychometrician"], study.id, 1)
        made = blueprints.propose(actors["director"], study.id, run.id)
        content = write_workbook(actors["director"], study.id, made.number).content
        url = f"/studies/{study.id}/blueprints/{made.number}"
    client = signed_in_client(sqlite_app, "dora@example.org")
    page = client.get(f"{url}/read-back").text
    file = (io.BytesIO(edit(content, Min__1=31)), "b.xlsx")
    shown = client.post(f"{url}/read-back", data={"csrf_token": csrf_from(page), "file": file}).text
    assert "1 Min: none → 31" in shown
    token = shown.split('name="token"')[1].split('value="')[1].split('"')[0]
    sent = {"csrf_token": csrf_from(shown), "token": token, "cells": ["1|minimum"], "share_rest": "y"}
    again = client.post(f"{url}/take-back", data=sent)
    assert again.status_code == 422
    assert "1 Min: none → 31" in again.text
    done = client.post(f"{url}/take-back", data={**sent, "reason": "Vote"})
    assert done.status_code == 303
    assert "Taken over" in client.get(done.location).text
