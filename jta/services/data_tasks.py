"""The tasks of a frozen data set: place and wording as they were rated, read without the ratings."""

from __future__ import annotations

import io
import json
from typing import Any

from jta.models.blueprint import Blueprint
from jta.models.results import AnalysisRun
from jta.models.review import Dataset
from jta.services.results import read_table

REMEMBERED = 16  # data sets whose tasks a process keeps in mind: a frozen one never changes
_known: dict[str, list[dict[str, Any]]] = {}


def dataset_tasks(dataset: Dataset) -> list[dict[str, Any]]:
    """Return task_id, task_text, domain_id, subdomain_id and their names for each task of a data set, in order."""
    if dataset.file_hash not in _known:
        found = _read(dataset.content)
        while len(_known) >= REMEMBERED:
            _known.pop(next(iter(_known)))
        _known[dataset.file_hash] = found
    return _known[dataset.file_hash]


def _read(content: bytes) -> list[dict[str, Any]]:
    import pyarrow.parquet as pq

    schema = pq.read_schema(io.BytesIO(content))
    about = json.loads(schema.metadata[b"practice_analysis"])["tasks"]
    return [dict(zip(about["columns"], row, strict=True)) for row in about["rows"]]


def retained_wordings(blueprint: Blueprint) -> dict[str, str]:
    """Return the statement of each task that the blueprint is made of, by its code, as respondents read it."""
    retained = _retained(blueprint.run)
    return {t["task_id"]: t["task_text"] for t in dataset_tasks(blueprint.run.dataset) if t["task_id"] in retained}


def _retained(run: AnalysisRun) -> set[str]:
    table = read_table(run, "retention")
    return set(table.loc[table["retained"] == "yes", "task_id"])
