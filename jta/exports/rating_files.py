"""The ratings of a data set as files: wide and long, CSV, Excel, Parquet and SPSS, with their codebook."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pandas as pd

from jta.exports.bulk_sheet import EMPTY, MOST_ROWS, number_cell, open_book, text_cell
from jta.exports.csv_text import BYTE_ORDER_MARK, safe_text, write_csv
from jta.exports.rating_table import RESPONDENT, WORDS, RatingTable
from jta.exports.text import clean_text

LONG_TITLES = ("task", "scale", "number", "label")
CODEBOOK_TITLES = ("variable", "what it is", "task", "scale", "number", "label")
_LABEL_BYTES, _VALUE_LABEL_BYTES, _TEXT_BYTES = 255, 120, 255  # what SPSS keeps
_STEP = 4096


def write_wide_csv(table: RatingTable, out: BinaryIO) -> int:
    """Write one row for each respondent; return the number of rows."""
    out.write((BYTE_ORDER_MARK + ",".join(_quoted(name) for name in table.header) + "\r\n").encode())
    count, held = 0, []
    for lead, cells in table.render(_csv_number):
        held.append(b",".join([",".join(map(_quoted, lead)).encode(), *cells]))
        count += 1
        if len(held) == _STEP:
            out.write(b"\r\n".join([*held, b""]))
            held = []
    out.write(b"\r\n".join([*held, b""]) if held else b"")
    return count


def write_long_csv(table: RatingTable, out: BinaryIO) -> int:
    """Write one row for each answer given; return the number of rows."""
    out.write((BYTE_ORDER_MARK + ",".join(map(_quoted, _long_header(table))) + "\r\n").encode())
    tails = _long_tails(table, lambda texts, number: ",".join([*map(_quoted, texts[:2]), number, _quoted(texts[2])]))
    count = 0
    for lead, row in zip(table.lead, table.states, strict=True):
        head = ",".join(map(_quoted, lead)).encode() + b","
        given = np.flatnonzero(tails[1][np.arange(len(row)), row])
        out.write(b"".join(head + tail for tail in tails[0][given, row[given]]))
        count += len(given)
    return count


def _long_tails(table: RatingTable, join: Any) -> tuple[Any, Any]:
    """Return the end of the line of each variable and state, and which states are answers."""
    most = max((len(v.numbers) for v in table.variables), default=1)
    tails = np.full((len(table.variables), most), b"", dtype=np.object_)
    answers = np.zeros(tails.shape, dtype=bool)
    for v, variable in enumerate(table.variables):
        for state in range(1, len(variable.scale.anchors) + 1):
            number = _csv_number(variable.numbers[state]).decode()
            line = join((variable.task, variable.scale.code, variable.labels[state]), number)
            tails[v, state], answers[v, state] = f"{line}\r\n".encode(), True
    return tails, answers


def _long_header(table: RatingTable) -> list[str]:
    return [RESPONDENT, *table.background.columns, *LONG_TITLES]


def _quoted(text: str) -> str:
    return '"' + safe_text(clean_text(text)).replace('"', '""') + '"' if text else ""


def _csv_number(number: float | None) -> bytes:
    if number is None:
        return b""
    return str(int(number) if float(number).is_integer() else repr(float(number))).encode()


def write_wide_excel(table: RatingTable, out: BinaryIO) -> int:
    """Write one sheet with a row for each respondent, and the codebook; return the number of rows."""
    with open_book(out) as book:
        rows = ([*map(text_cell, lead), *cells] for lead, cells in table.render(number_cell))
        count = book.add_sheet("Ratings", table.header, rows)
        book.add_sheet("Codebook", CODEBOOK_TITLES, map(_excel_row, codebook_rows(table)))
    return count


def write_long_excel(table: RatingTable, out: BinaryIO, most: int = MOST_ROWS - 1) -> int:
    """Write a row for each answer, on as many sheets as they need, and the codebook; return the number of rows."""
    counts = []
    total = sum(table.n_ratings().values())
    rows = _long_cells(table)
    with open_book(out) as book:
        for number in range(1, max(1, -(-total // most)) + 1):
            counts.append(book.add_sheet(f"Ratings {number}", _long_header(table), _take(rows, most)))
        book.add_sheet("Codebook", CODEBOOK_TITLES, map(_excel_row, codebook_rows(table)))
    return sum(counts)


def _take(rows: Iterator[list[bytes]], most: int) -> Iterator[list[bytes]]:
    for _, row in zip(range(most), rows, strict=False):
        yield row


def _long_cells(table: RatingTable) -> Iterator[list[bytes]]:
    for lead, variable, number, label in table.long_rows():
        yield [*map(text_cell, [*lead, variable.task, variable.scale.code]), number_cell(number), text_cell(label)]


def _excel_row(row: tuple[str, str, str, str, float | None, str]) -> list[bytes]:
    return [number_cell(cell) if isinstance(cell, float) else text_cell(cell) if cell else EMPTY for cell in row]


def codebook_rows(table: RatingTable) -> Iterator[tuple[str, str, str, str, float | None, str]]:
    """Yield what every column and every number in it means; one line for each number of a rating column."""
    yield RESPONDENT, "A new random name, made for this file alone", "", "", None, ""
    for name in table.background.columns:
        yield name, "Background answer, made coarse where few people share it", "", "", None, ""
    for variable in table.variables:
        for number, label in zip(variable.numbers[1:], variable.labels[1:], strict=True):
            yield variable.name, variable.statement, variable.task, variable.scale.code, number, label


def write_codebook(table: RatingTable) -> bytes:
    """Return the codebook as CSV."""
    return write_csv(CODEBOOK_TITLES, codebook_rows(table))


def wide_frame(table: RatingTable) -> pd.DataFrame:
    """Return the wide table as data: texts and numbers, missing kinds as their numbers, blanks as NaN."""
    lead = pd.DataFrame(table.lead, columns=table.header[: 1 + table.background.shape[1]], dtype=object)
    columns = {
        variable.name: np.array([np.nan if n is None else n for n in variable.numbers])[table.states[:, v]]
        for v, variable in enumerate(table.variables)
    }
    return pd.concat([lead, pd.DataFrame(columns, index=lead.index)], axis=1)


def write_parquet(table: RatingTable, out: BinaryIO) -> int:
    """Write one row for each respondent, with the codebook as JSON in the file's metadata; return the rows."""
    import json

    import pyarrow as pa
    import pyarrow.parquet as pq

    frame = wide_frame(table)
    columns = [tuple(CODEBOOK_TITLES), *codebook_rows(table)]
    content = pa.Table.from_pandas(frame, preserve_index=False)
    content = content.replace_schema_metadata({b"codebook": json.dumps(columns, ensure_ascii=False).encode()})
    pq.write_table(content, out, compression="zstd")
    return len(frame)


def write_spss(table: RatingTable) -> bytes:
    """Return an SPSS file: value labels, missing numbers declared, ratings as ordinal, background as nominal.

    SPSS keeps 255 bytes of a variable's label, 120 of a value's; longer ones are cut at a letter.
    """
    import pyreadstat

    frame = wide_frame(table)
    labels = dict(zip(frame.columns, _variable_labels(table), strict=True))
    values = {
        v.name: {n: _cut(label, _VALUE_LABEL_BYTES) for n, label in zip(v.numbers[1:], v.labels[1:], strict=True)}
        for v in table.variables
    }
    names = [v.name for v in table.variables]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ratings.sav"
        pyreadstat.write_sav(
            frame, str(path), column_labels=labels, variable_value_labels=values,
            missing_ranges={name: sorted(table.missing.values()) for name in names},
            variable_measure={name: "ordinal" if name in values else "nominal" for name in frame.columns},
        )  # fmt: skip
        return path.read_bytes()


def _variable_labels(table: RatingTable) -> list[str]:
    background = [f"Background: {name}" for name in table.background.columns]
    ratings = [f"{v.scale.code}: {v.task} {v.statement}" for v in table.variables]
    return [_cut(text, _LABEL_BYTES) for text in ["New random name", *background, *ratings]]


def _cut(text: str, limit: int) -> str:
    plain = " ".join(clean_text(text).split())
    return plain.encode()[:limit].decode("utf-8", "ignore")


def missing_lines(table: RatingTable) -> list[str]:
    """Return a sentence for each kind of missing answer."""
    return [f"{number:g}: {WORDS[kind]}." for kind, number in table.missing.items()] + ["Empty: asked, but left blank."]


def as_bytes(write: Any, table: RatingTable) -> bytes:
    """Return what a writer of this module puts into a file."""
    sink = io.BytesIO()
    write(table, sink)
    return sink.getvalue()
