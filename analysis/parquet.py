"""The frozen data set as Parquet bytes: one row for each respondent, one byte column for each rating.

Columns: ``respondent_id``; ``order`` (row in the study's list of respondents); ``background:NAME``
for each background answer (text, empty = missing); ``rating:SCALE:TASK`` (0 = unanswered, k = k-th
anchor of the scale). Scales, tasks, population and forms stand as JSON in the file's metadata under
``practice_analysis``. Rows are sorted by respondent code, nothing of the clock is written: the same
study gives the same bytes.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from analysis.errors import RatingDataError
from analysis.frames import RESPONDENT
from analysis.ratings import Codes, StudyData, study_from_codes
from analysis.scales import RatingScale

KEY = b"practice_analysis"
FORMAT = 1
ROW_GROUP = 65_536


def to_parquet(data: StudyData) -> bytes:
    """Return the study as Parquet bytes, the same bytes for the same study.

    Parameters
    ----------
    data : StudyData

    Returns
    -------
    bytes
        Readable by `from_parquet` and, as a plain table of codes, by any Parquet reader.
    """
    rows = np.array(sorted(range(len(data.respondent_ids)), key=data.respondent_ids.__getitem__), dtype=np.intp)
    columns: dict[str, pa.Array] = {
        RESPONDENT: pa.array(data.respondent_ids[rows], pa.string()),
        "order": pa.array(rows, pa.int64()),
    }
    if data.respondents is not None:
        for name in data.respondents.columns.drop(RESPONDENT):
            columns[f"background:{name}"] = pa.array(data.respondents[name].iloc[rows].tolist(), pa.string())
    for code, matrix in data.matrices.items():
        for t, task in enumerate(matrix.tasks):
            columns[f"rating:{code}:{task}"] = pa.array(matrix.codes[rows, t], pa.uint8())
    table = pa.table(columns).replace_schema_metadata({KEY: _about(data).encode()})
    sink = io.BytesIO()
    pq.write_table(table, sink, row_group_size=ROW_GROUP, compression="zstd")
    return sink.getvalue()


def _about(data: StudyData) -> str:
    parts = {
        "format": FORMAT,
        "data_hash": data.data_hash,
        "scales": [matrix.scale.to_dict() for matrix in data.matrices.values()],
        "tasks": _records(data.tasks),
        "background": None if data.respondents is None else list(data.respondents.columns),
        "population": _records(data.population),
        "forms": _records(data.forms),
    }
    return json.dumps(parts, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _records(frame: pd.DataFrame | None) -> dict[str, Any] | None:
    if frame is None:
        return None
    return {"columns": list(frame.columns), "rows": frame.astype(object).values.tolist()}


def from_parquet(source: bytes, progress: Callable[[str], None] | None = None) -> StudyData:
    """Return the study that `to_parquet` wrote, read one row group at a time.

    Raises
    ------
    RatingDataError
        If the bytes are not such a file, or its ratings do not have the hash it states.
    """
    try:
        file = pq.ParquetFile(io.BytesIO(source))
        about = json.loads((file.schema_arrow.metadata or {})[KEY])
    except (pa.ArrowInvalid, KeyError, ValueError) as error:
        raise RatingDataError(f"This is not a data set as this program freezes it: {error}") from error
    if about["format"] != FORMAT:
        raise RatingDataError(f"The data set has format {about['format']}; this program reads format {FORMAT}.")
    data = _read_study(file, about, progress)
    if data.data_hash != about["data_hash"]:
        raise RatingDataError("The ratings in the data set do not have the hash it states: the file was changed.")
    return data


def _read_study(file: pq.ParquetFile, about: dict[str, Any], progress: Callable[[str], None] | None) -> StudyData:
    scales = [RatingScale.from_json(scale) for scale in about["scales"]]
    tasks = pd.DataFrame(about["tasks"]["rows"], columns=about["tasks"]["columns"])
    order = file.read(["order"]).column("order").to_numpy()
    back = np.argsort(order)
    respondents = _read_respondents(file, about["background"], back)
    codes = {scale.code: np.zeros((len(order), len(tasks)), dtype=np.uint8) for scale in scales}
    start = 0
    for group in range(file.num_row_groups):
        start = _read_group(file, group, codes, tasks["task_id"].tolist(), order, start)
        if progress:
            progress(f"Read {start:,} of {len(order):,} respondents")
    return study_from_codes(
        tasks,
        scales,
        respondents[RESPONDENT],
        codes,
        respondents=respondents if about["background"] is not None else None,
        population=_frame(about["population"]),
        forms=_frame(about["forms"]),
    )


def _read_respondents(file: pq.ParquetFile, names: list[str] | None, back: Any) -> pd.DataFrame:
    stored = {name: name if name == RESPONDENT else f"background:{name}" for name in names or [RESPONDENT]}
    table = file.read(list(stored.values()))
    frame = pd.DataFrame({name: table.column(column).to_pylist() for name, column in stored.items()}, dtype=object)
    ordered: pd.DataFrame = frame.iloc[back].reset_index(drop=True)
    return ordered


def _read_group(
    file: pq.ParquetFile, group: int, codes: dict[str, Codes], tasks: list[str], order: Any, start: int
) -> int:
    stop: int = start + file.metadata.row_group(group).num_rows
    for scale, matrix in codes.items():
        table = file.read_row_group(group, [f"rating:{scale}:{task}" for task in tasks])
        for t, task in enumerate(tasks):
            matrix[order[start:stop], t] = table.column(f"rating:{scale}:{task}").to_numpy()
    return stop


def _frame(records: dict[str, Any] | None) -> pd.DataFrame | None:
    return None if records is None else pd.DataFrame(records["rows"], columns=records["columns"])
