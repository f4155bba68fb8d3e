"""The ratings in every kind of file are the ratings of the data set, cell by cell, and name nobody."""

from __future__ import annotations

import csv
import io
import subprocess
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pyarrow.parquet as pq
import pyreadstat
import pytest

from analysis.ratings import study_from_codes
from analysis.scales import Anchor, RatingScale
from jta.exports.bulk_sheet import open_book, text_cell
from jta.exports.rating_files import (
    as_bytes,
    codebook_rows,
    write_codebook,
    write_long_csv,
    write_long_excel,
    write_parquet,
    write_spss,
    write_wide_csv,
    write_wide_excel,
)
from jta.exports.rating_table import NOT_APPLICABLE, NOT_OFFERED, NOT_PERFORMED, build_rating_table

FREQUENCY = RatingScale("FRQ", "How often", (Anchor("0", "Never", None, True), Anchor("1", "Daily", 1.5)))
IMPORTANCE = RatingScale("IMP", "How important", tuple(Anchor(str(k), f"=Point {k}", float(k)) for k in range(1, 6)))


def study(n: int = 40):
    rng = np.random.default_rng(7)
    tasks = pd.DataFrame({"task_id": ["1.1", "1.10", "1_1"], "task_text": ["=HYPERLINK(1)", 'A "b", c', "عمل" * 200]})
    tasks = tasks.assign(
        domain_id="1", domain_name="D", subdomain_id="", subdomain_name="", position=range(1, len(tasks) + 1)
    )
    ids = [f"KXPT-{i:04}" for i in range(n)]
    codes = {
        "FRQ": rng.integers(0, 3, (n, 3)).astype(np.uint8),
        "IMP": rng.integers(0, 6, (n, 3)).astype(np.uint8),
    }
    codes["IMP"][codes["FRQ"] == 1] = 0
    form = np.where(np.arange(n) % 2, "B", "A")
    for matrix in codes.values():
        matrix[form == "A", 2] = 0
    background = pd.DataFrame({"respondent_id": ids, "form_id": form, "1 region": rng.choice(["@N", "S"], n)})
    forms = pd.DataFrame(
        [("A", "1.1"), ("A", "1.10"), ("B", "1.1"), ("B", "1.10"), ("B", "1_1")], columns=["form_id", "task_id"]
    )
    return study_from_codes(tasks, [FREQUENCY, IMPORTANCE], ids, codes, respondents=background, forms=forms)


@pytest.fixture
def data():
    return study()


@pytest.fixture
def table(data):
    names = [f"n{(i * 17) % 40:02}" for i in range(40)]
    return build_rating_table(data, data.respondents[["respondent_id", "1 region"]], names)


def expected(data, table):
    """What must stand in each cell, worked out from the codes by plain loops."""
    found = {}
    forms = {form: set(group) for form, group in data.forms.groupby("form_id")["task_id"]}
    names = {(v.scale.code, v.task): v.name for v in table.variables}
    for i in range(40):
        new = f"n{(i * 17) % 40:02}"
        for t, task in enumerate(data.task_ids):
            for code, matrix in data.matrices.items():
                k = int(matrix.codes[i, t])
                if k:
                    anchor = matrix.scale.anchors[k - 1]
                    value = table.missing[NOT_PERFORMED] if anchor.not_performed else anchor.value
                elif task not in forms[data.form_of[i]]:
                    value = table.missing[NOT_OFFERED]
                elif code == "IMP" and data.matrices["FRQ"].codes[i, t] == 1:
                    value = table.missing[NOT_APPLICABLE]
                else:
                    value = None
                found[new, names[code, str(task)]] = value
    return found


def same(rows, header, data, table):
    wanted = expected(data, table)
    assert [row[0] for row in rows] == sorted(row[0] for row in rows)
    found = {(row[0], name): cell for row in rows for name, cell in zip(header[2:], row[2:], strict=True)}
    assert found.keys() == wanted.keys()
    for key, value in wanted.items():
        cell = found[key]
        empty = cell in ("", None) or (isinstance(cell, float) and np.isnan(cell))
        assert (None if empty else float(cell)) == value, key


def test_names_of_columns_suit_every_program(table):
    assert table.header == [
        "respondent", "v_1_region", "FRQ_1_1", "IMP_1_1", "FRQ_1_10", "IMP_1_10", "FRQ_1_1_2", "IMP_1_1_2",
    ]  # fmt: skip
    assert table.missing == {NOT_PERFORMED: -9, NOT_OFFERED: -8, NOT_APPLICABLE: -7}


def test_wide_csv(data, table):
    text = as_bytes(write_wide_csv, table).decode("utf-8-sig")
    header, *rows = csv.reader(io.StringIO(text, newline=""))
    same(rows, header, data, table)
    assert {row[1] for row in rows} == {"'@N", "S"}


def test_wide_excel(data, table):
    book = openpyxl.load_workbook(io.BytesIO(as_bytes(write_wide_excel, table)))
    header, *rows = book["Ratings"].iter_rows(values_only=True)
    same(rows, header, data, table)
    assert [tuple(row) for row in book["Codebook"].iter_rows(min_row=2, values_only=True)] == [
        tuple(cell if cell != "" else None for cell in row) for row in codebook_rows(table)
    ]
    assert not [c for sheet in book for row in sheet.iter_rows() for c in row if c.data_type == "f"]


def test_parquet_and_spss(data, table, tmp_path):
    content = pq.read_table(io.BytesIO(as_bytes(write_parquet, table)))
    same(content.to_pandas().values.tolist(), content.column_names, data, table)
    assert b"codebook" in content.schema.metadata
    path = tmp_path / "ratings.sav"
    path.write_bytes(write_spss(table))
    frame, meta = pyreadstat.read_sav(str(path), user_missing=True)
    same(frame.values.tolist(), list(frame.columns), data, table)
    assert meta.variable_value_labels["FRQ_1_1"][1.5] == "Daily"
    assert meta.variable_measure["FRQ_1_1"] == "ordinal"
    assert [r["lo"] for r in meta.missing_ranges["IMP_1_1"]] == [-9, -8, -7]
    assert len(meta.column_names_to_labels["FRQ_1_1_2"].encode()) <= 255


@pytest.mark.parametrize("kind", ["csv", "excel"])
def test_long(data, table, kind):
    if kind == "csv":
        content = as_bytes(write_long_csv, table).decode("utf-8-sig")
        _, *rows = csv.reader(io.StringIO(content, newline=""))
    else:
        sink = io.BytesIO()
        assert write_long_excel(table, sink, most=50) == sum(table.n_ratings().values())
        book = openpyxl.load_workbook(sink)
        rows = [r for sheet in book if sheet.title != "Codebook" for r in sheet.iter_rows(min_row=2, values_only=True)]
        assert len(book.sheetnames) > 2
    assert len(rows) == sum(table.n_ratings().values()) == sum(int((m.codes > 0).sum()) for m in data.matrices.values())
    wanted = expected(data, table)
    names = {(v.scale.code, v.task): v.name for v in table.variables}
    for respondent, _, task, scale, number, label in rows:
        assert float(number) == wanted[respondent, names[scale, task]]
        assert label


def test_no_file_holds_the_old_names(table):
    for write in (write_wide_csv, write_long_csv, write_wide_excel, write_parquet):
        assert b"KXPT" not in as_bytes(write, table)
    assert b"KXPT" not in write_codebook(table) + write_spss(table)


def test_missing_numbers_keep_clear_of_the_scales(data):
    low = RatingScale("LOW", "Low", (Anchor("a", "a", -9.0), Anchor("b", "b", -97.0)))
    ids = data.respondent_ids.tolist()
    other = study_from_codes(data.tasks, [low], ids, {})
    found = build_rating_table(other, pd.DataFrame({"respondent_id": ids}), ids)
    assert sorted(found.missing.values()) == [-999, -998, -997]


def test_a_new_name_for_everybody(data):
    with pytest.raises(ValueError, match="new name of its own"):
        build_rating_table(data, data.respondents, ["x"] * 40)


def test_a_sheet_refuses_more_than_it_holds():
    with open_book(io.BytesIO()) as book, pytest.raises(ValueError, match="16,384 columns"):
        book.add_sheet("Too wide", ["x"] * 16_385, [])


def test_office_reads_it_as_it_stands(tmp_path, data, table):
    (tmp_path / "wide.xlsx").write_bytes(as_bytes(write_wide_excel, table))
    done = subprocess.run(
        ["soffice", f"-env:UserInstallation={Path(tmp_path / 'profile').as_uri()}", "--headless", "--convert-to", "csv",
         "--outdir", str(tmp_path), str(tmp_path / "wide.xlsx")],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    assert "rror" not in done.stderr
    header, *rows = csv.reader(io.StringIO((tmp_path / "wide.csv").read_text("utf-8"), newline=""))
    same(rows, header, data, table)


def test_text_never_becomes_a_formula():
    assert b"<f>" not in text_cell("=1+1")
    assert b"=1+1" in text_cell("=1+1")
