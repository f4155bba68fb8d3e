"""Tables of results as CSV files: unrounded numbers, empty cells for what is undefined."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from jta.exports.csv_text import Cell, write_csv

REPORT_COLUMNS = ("issue", "respondent_id", "task_id", "scale", "value", "action")


def table_csv(table: pd.DataFrame) -> bytes:
    """Return a table as CSV: UTF-8 without a mark, texts in quotes, shortest exact numbers.

    NaN and missing values are empty cells.

    Raises
    ------
    ValueError
        If a number is infinite: no result of the analysis may be.
    """
    columns = [_plain(table[name]) for name in table.columns]
    return write_csv([str(name) for name in table.columns], list(zip(*columns, strict=True)), mark=False)


def _plain(column: pd.Series) -> list[Cell]:
    missing = column.isna().tolist()
    return [None if gone else cell for gone, cell in zip(missing, column.tolist(), strict=True)]


def tables_csv(tables: Mapping[str, pd.DataFrame]) -> dict[str, bytes]:
    """Return every table as a file ``NAME.csv``."""
    return {f"{name}.csv": table_csv(table) for name, table in sorted(tables.items())}


def documents_json(documents: Mapping[str, Any]) -> dict[str, bytes]:
    """Return every document as a file ``NAME.json``: sorted keys, UTF-8; a value that is no number raises."""
    return {
        f"{name}.json": (
            json.dumps(document, ensure_ascii=False, indent=2, sort_keys=True, allow_nan=False) + "\n"
        ).encode()
        for name, document in sorted(documents.items())
    }


def report_csv(findings: Iterable[Any]) -> bytes:
    """Return the validation report: one row for each finding, in the order of the file.

    Parameters
    ----------
    findings : iterable
        Objects with an attribute for each of `REPORT_COLUMNS`.
    """
    rows: list[Sequence[Cell]] = [[getattr(found, name) for name in REPORT_COLUMNS] for found in findings]
    return write_csv(REPORT_COLUMNS, rows, mark=False)
