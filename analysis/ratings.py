"""Ratings as the analysis holds them: one byte for each respondent, task and scale."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.canonical import hash_ratings
from analysis.counting import count_codes
from analysis.errors import RatingDataError, shown
from analysis.frames import (
    ANCHOR,
    FORM,
    LONG_COLUMNS,
    RESPONDENT,
    SCALE,
    TASK,
    Texts,
    complete_tasks,
    require_columns,
    require_unique,
    text_array,
    text_columns,
)
from analysis.scales import RatingScale

Codes = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class RatingMatrix:
    """The ratings of one scale.

    Parameters
    ----------
    scale : RatingScale
    respondents : ndarray of shape (R,)
        Text codes of the respondents.
    tasks : ndarray of shape (T,)
        Text codes of the tasks.
    codes : ndarray of shape (R, T), uint8
        0 is unanswered, k the k-th anchor of the scale.

    Raises
    ------
    RatingDataError
        If the shapes differ, the codes are not bytes, or a code is beyond the last anchor.
    """

    scale: RatingScale
    respondents: Texts
    tasks: Texts
    codes: Codes

    def __post_init__(self) -> None:
        if self.codes.dtype != np.uint8:
            raise RatingDataError(f"The codes of scale {self.scale.code!r} must be bytes (uint8).")
        if self.codes.shape != (len(self.respondents), len(self.tasks)):
            raise RatingDataError(
                f"The codes of scale {self.scale.code!r} have the shape {self.codes.shape}, "
                f"not {len(self.respondents)} respondents by {len(self.tasks)} tasks."
            )
        if self.codes.size and int(self.codes.max()) > len(self.scale.anchors):
            raise RatingDataError(f"A code of scale {self.scale.code!r} is beyond its last anchor.")

    def counts(self) -> npt.NDArray[np.int64]:
        """Return how often each code was given to each task, shape (T, A + 1); column 0 is unanswered."""
        return count_codes(self.codes, len(self.scale.anchors) + 1)

    def values(self, not_performed: float | None = None) -> npt.NDArray[np.float64]:
        """Return the numbers of the ratings, shape (R, T), NaN where there is none."""
        return self.scale.values(not_performed)[self.codes]

    def take(self, rows: npt.NDArray[np.intp] | npt.NDArray[np.bool_] | slice) -> RatingMatrix:
        """Return the ratings of some respondents, named by position, mask or slice."""
        return replace(self, respondents=self.respondents[rows], codes=self.codes[rows])

    def take_tasks(self, columns: npt.NDArray[np.intp] | npt.NDArray[np.bool_]) -> RatingMatrix:
        """Return the ratings of some tasks, named by position or mask."""
        return replace(self, tasks=self.tasks[columns], codes=self.codes[:, columns])

    def chunks(self, rows: int) -> Iterator[RatingMatrix]:
        """Yield the matrix in blocks of at most so many respondents."""
        for start in range(0, len(self.respondents), rows):
            yield self.take(slice(start, start + rows))


@dataclass(frozen=True)
class StudyData:
    """What the analysis reads, whatever it came from (files, Parquet, database).

    Parameters
    ----------
    tasks : DataFrame of shape (T, 7)
        ``task_id, position, domain_id, domain_name, subdomain_id, subdomain_name, task_text``; the
        order of rows is the order of tasks everywhere.
    matrices : dict of RatingMatrix
        By scale code, all over the same respondents and tasks.
    respondents : DataFrame or None
        ``respondent_id`` and background answers as text (empty = missing); row i is matrix row i.
    population, forms : DataFrame or None
        Population margins (``variable, level, share, count``) and forms (``form_id, task_id,
        position, block``).
    data_hash : str
        SHA-256 of the ratings, see `hash_ratings`.
    """

    tasks: pd.DataFrame
    matrices: dict[str, RatingMatrix]
    respondents: pd.DataFrame | None
    population: pd.DataFrame | None
    forms: pd.DataFrame | None
    data_hash: str

    @cached_property
    def respondent_ids(self) -> Texts:
        """Codes of the respondents in matrix order, shape (R,)."""
        for matrix in self.matrices.values():
            return matrix.respondents
        return text_array([] if self.respondents is None else self.respondents[RESPONDENT])

    @cached_property
    def task_ids(self) -> Texts:
        """Codes of the tasks in table order, shape (T,)."""
        return text_array(self.tasks[TASK])

    @property
    def scales(self) -> dict[str, RatingScale]:
        """The rating scales by code."""
        return {code: matrix.scale for code, matrix in self.matrices.items()}

    @property
    def form_of(self) -> Texts | None:
        """The form of each respondent, shape (R,); ``None`` if the study has no forms."""
        if self.respondents is None or FORM not in self.respondents:
            return None
        return text_array(self.respondents[FORM])


def study_from_codes(
    tasks: pd.DataFrame,
    scales: Iterable[RatingScale],
    respondent_ids: Iterable[object],
    codes: Mapping[str, Codes],
    *,
    respondents: pd.DataFrame | None = None,
    population: pd.DataFrame | None = None,
    forms: pd.DataFrame | None = None,
) -> StudyData:
    """Return the study of ready matrices of codes.

    Parameters
    ----------
    codes : mapping of scale code to ndarray of shape (R, T), uint8
        A scale without a matrix is taken as unanswered throughout.
    respondents : DataFrame, optional
        Its ``respondent_id`` must be ``respondent_ids`` in the same order.

    Raises
    ------
    RatingDataError
        If a code occurs twice, a shape is wrong, or the background belongs to other respondents.
    """
    table = complete_tasks(tasks)
    ids, task_ids = text_array(respondent_ids), text_array(table[TASK])
    require_unique(pd.Series(ids, dtype=object), "respondent code")
    blank = np.zeros((len(ids), len(task_ids)), dtype=np.uint8)
    matrices = {s.code: RatingMatrix(s, ids, task_ids, codes.get(s.code, blank)) for s in scales}
    background = _background(respondents, ids)
    return StudyData(table, matrices, background, population, forms, hash_ratings(matrices))


def _background(respondents: pd.DataFrame | None, ids: Texts) -> pd.DataFrame | None:
    if respondents is None:
        return None
    require_columns(respondents, [RESPONDENT], "respondents")
    frame = text_columns(respondents.reset_index(drop=True), respondents.columns)
    if frame[RESPONDENT].tolist() != ids.tolist():
        raise RatingDataError("The background answers belong to other respondents than the ratings.")
    return frame


def study_from_long(
    tasks: pd.DataFrame,
    scales: Iterable[RatingScale],
    ratings: pd.DataFrame,
    respondents: pd.DataFrame | None = None,
    *,
    population: pd.DataFrame | None = None,
    forms: pd.DataFrame | None = None,
) -> StudyData:
    """Return the study of a long table of ratings.

    Parameters
    ----------
    ratings : DataFrame
        ``respondent_id, task_id, scale, anchor`` (the anchor's code), one row for each rating; a
        combination without a row is unanswered.
    respondents : DataFrame, optional
        Background of all respondents, those without a rating too; it sets their order. Without it
        the respondents are those of the ratings, sorted by code point.

    Raises
    ------
    RatingDataError
        If a respondent, task, scale or anchor is unknown, or a rating occurs twice.
    """
    scales = list(scales)
    require_columns(ratings, LONG_COLUMNS, "ratings")
    long = text_columns(ratings, LONG_COLUMNS)
    ids = sorted(long[RESPONDENT].unique()) if respondents is None else respondents[RESPONDENT].astype(str).tolist()
    require_unique(pd.Series(ids, dtype=object), "respondent code")
    task_ids = complete_tasks(tasks)[TASK].tolist()
    rows = _positions(long[RESPONDENT], ids, "respondent")
    columns = _positions(long[TASK], task_ids, "task")
    _positions(long[SCALE], [scale.code for scale in scales], "rating scale")
    codes = {s.code: np.zeros((len(ids), len(task_ids)), dtype=np.uint8) for s in scales}
    for scale in scales:
        chosen = (long[SCALE] == scale.code).to_numpy()
        anchors = _positions(long.loc[chosen, ANCHOR], list(scale.codes), f"anchor of scale {scale.code!r}")
        _fill(codes[scale.code], rows[chosen], columns[chosen], anchors)
    return study_from_codes(tasks, scales, ids, codes, respondents=respondents, population=population, forms=forms)


def _positions(values: pd.Series, known: list[str], what: str) -> npt.NDArray[np.intp]:
    positions = pd.Index(known, dtype=object).get_indexer(pd.Index(values, dtype=object))
    if (positions < 0).any():
        unknown = pd.unique(values[positions < 0]).tolist()
        raise RatingDataError(f"The ratings name an unknown {what}: {shown(unknown)}.")
    return positions


def _fill(
    codes: Codes, rows: npt.NDArray[np.intp], columns: npt.NDArray[np.intp], anchors: npt.NDArray[np.intp]
) -> None:
    codes[rows, columns] = anchors + 1
    if np.count_nonzero(codes) != len(rows):
        raise RatingDataError("A respondent rated the same task twice on one scale; keep one of the ratings.")
