"""Which data sets' results directors and auditors may see.

Two results that differ by one person's answers give these answers away. So a data set is released only if it differs
from each one released before in no response, or in as many as the study's smallest group. What was decided when it
was frozen stands. The psychometrician, who works with the answers, sees every data set.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from sqlalchemy import select

from jta.db import db
from jta.errors import InvalidInputError, StateError
from jta.models.results import AnalysisRun
from jta.models.review import Dataset
from jta.models.study import Study
from jta.services.results_privacy import FULL_READER, Reader

if TYPE_CHECKING:
    from analysis.ratings import StudyData


class ResultsWithheldError(StateError):
    """The results exist, but showing them would tell what single people answered."""

    heading = "These results are not shown yet"


def changed_responses(one: StudyData, other: StudyData) -> int:
    """Return how many responses are in one data set only, or differ between both."""
    first, second = _answers(one), _answers(other)
    return sum(first.get(code) != second.get(code) for code in first.keys() | second.keys())


def _answers(data: StudyData) -> dict[str, tuple[bytes, ...]]:
    """Return each response's answers, comparable only within one instrument; the instrument's tasks are part of it."""
    head = "\x1f".join([*data.tasks["task_id"].astype(str), *data.scales]).encode()
    background: list[bytes] = [b""] * len(data.respondent_ids)
    if data.respondents is not None:
        rows = data.respondents.drop(columns=["wave"], errors="ignore").astype(str)
        background = ["\x1f".join(row).encode() for row in rows.itertuples(index=False, name=None)]
    codes = [matrix.codes for matrix in data.matrices.values()]
    return {
        str(code): (head, background[n], *(matrix[n].tobytes() for matrix in codes))
        for n, code in enumerate(data.respondent_ids)
    }


def decide_release(study_id: int, data: StudyData, smallest: int) -> tuple[bool, int | None]:
    """Return whether a new data set is released, and the fewest responses in which it differs from a released one.

    A difference of none tells nothing new and does not count.
    """
    from analysis.parquet import from_parquet

    found = select(Dataset.content).where(Dataset.study_id == study_id, Dataset.released)
    changes = [changed_responses(data, from_parquet(content)) for content in db.session.scalars(found)]
    fewest = min((n for n in changes if n), default=0 if changes else None)
    is_large = len(data.respondent_ids) >= smallest
    return is_large and (not fewest or fewest >= smallest), fewest


def why_withheld(dataset: Dataset, smallest: int) -> str | None:
    """Return why the results of a data set are not shown to directors and auditors, or None where they are."""
    if dataset.released:
        return None
    if dataset.changed_people is None or dataset.counts.get("included", 0) < smallest:
        return (
            f"Data set {dataset.number} holds fewer than {smallest} responses. Results of so few people are not shown, "
            "because they could tell what single people answered."
        )
    return (
        f"Data set {dataset.number} differs from one that was shown before in fewer than {smallest} responses. Whoever "
        "compared both results could work out what these people answered. Its results are shown to the "
        f"psychometrician only; those of a data set with {smallest} or more changed responses are shown to you too."
    )


def require_group_not_lowered(study: Study, smallest: int) -> None:
    """Refuse a smaller smallest group once a data set was released: its results may have been read.

    Results read with 15 hide other cells than those with 10; both together would give some hidden cells back.

    Raises
    ------
    InvalidInputError
    """
    if smallest >= study.smallest_group:
        return
    shown = select(Dataset.id).where(Dataset.study_id == study.id, Dataset.released).limit(1)
    if db.session.scalar(shown) is not None:
        raise InvalidInputError(
            f"Leave {study.smallest_group} here. Results were shown with it, and whoever compares them with those of "
            f"{smallest} could work out cells that were hidden. You can still choose a larger group.",
            field="smallest_group",
        )


def require_released(dataset: Dataset, reader: Reader, smallest: int) -> None:
    """Refuse the results of a data set that is not released to anybody but the psychometrician.

    Raises
    ------
    ResultsWithheldError
    """
    reason = why_withheld(dataset, smallest)
    if reason is not None and not reader.full:
        raise ResultsWithheldError(reason)


def newest_shown(runs: Sequence[AnalysisRun], roles: Iterable[str]) -> AnalysisRun | None:
    """Return the newest run that somebody with these roles may see, else the newest of all (its page says why not)."""
    shown = runs if FULL_READER in roles else [run for run in runs if run.dataset.released]
    return next(iter(shown), next(iter(runs), None))
