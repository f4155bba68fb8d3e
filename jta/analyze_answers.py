"""``flask analyze`` on the data set of a market study: every question counted, every pair of questions crossed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from jta.analyze_output import PROGRAM, SUMMARY, OutputError, hash_files

if TYPE_CHECKING:
    from analysis.answers import AnswerData


def read_answers(path: Path) -> AnswerData | None:
    """Return the answers of a frozen data set, None where it is one of ratings.

    Raises
    ------
    OutputError
        If the file cannot be read.
    """
    from analysis.answers import answers_from_parquet, is_answers

    try:
        content = path.read_bytes()
    except OSError as error:
        raise OutputError(f"{path} cannot be read: {error.strerror}.") from error
    return answers_from_parquet(content) if is_answers(content) else None


def answer_files(study: str, data: AnswerData) -> dict[str, bytes]:
    """Return the tables of a market study as CSV files, with a summary that names the data and hashes each file."""
    from analysis.answer_tables import all_tables
    from analysis.result import versions
    from jta.exports.tables import tables_csv

    files = tables_csv({name: table for name, table in all_tables(data).items() if len(table.columns)})
    summary = {
        "program": PROGRAM, "study": study, "kind": "market study", "data_hash": data.data_hash,
        "respondents": len(data.respondents), "answers": len(data.answers), "confidence": 0.95,
        "questions": [{"code": q.code, "kind": q.kind, "prompt": q.prompt} for q in data.questions],
        "versions": versions(), "files": hash_files(files),
    }  # fmt: skip
    text = json.dumps(summary, ensure_ascii=False, indent=2, allow_nan=False)
    return files | {SUMMARY: f"{text}\n".encode()}
