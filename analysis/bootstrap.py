"""Bootstrap intervals of domain weights: people are resampled, never single ratings.

A resample is a row of counts: how often each respondent was drawn. All sums of all resamples are then
one matrix product of counts and values, and the index and weight formulas are those of the estimate.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from analysis.criticality import TaskSums, pair_values
from analysis.frames import Texts
from analysis.ratings import RatingMatrix
from analysis.tasks import Floats

# Single or double precision, see `_lookups`.
Numbers = npt.NDArray[Any]
# Bytes of the block of resampling counts held at a time.
BLOCK_BYTES = 64 << 20
# Respondents whose values are spread out at a time.
BLOCK_ROWS = 8192
# Whole numbers up to here are exact in single precision.
EXACT_SINGLE = 1 << 24


def resampling_counts(
    respondents: Texts, strata: Texts | None, resamples: int, seed: int
) -> Iterator[tuple[slice, npt.NDArray[np.float32]]]:
    """Yield blocks of resamples as counts of each respondent.

    Each resample draws as many respondents as its stratum has, with replacement, within each stratum
    (form). Resample b has a random stream of its own, spawned from the seed, and respondents are drawn
    in the order of their codes: neither the order of rows nor the size of a block changes a digit.

    Parameters
    ----------
    respondents : ndarray of shape (R,)
    strata : ndarray of shape (R,), optional
    resamples : int
    seed : int

    Yields
    ------
    slice, ndarray of shape (block, R)
        Numbers of the resamples and how often each respondent was drawn.
    """
    groups = _strata_rows(respondents, strata)
    streams = np.random.SeedSequence(seed).spawn(resamples)
    step = max(1, BLOCK_BYTES // (4 * max(1, len(respondents))))
    for start in range(0, resamples, step):
        block = streams[start : start + step]
        counts = np.zeros((len(block), len(respondents)), dtype=np.float32)
        for row, stream in zip(counts, block, strict=True):
            generator = np.random.Generator(np.random.PCG64(stream))
            for rows in groups:
                drawn = generator.integers(0, len(rows), size=len(rows), dtype=np.int32)
                row[rows] = np.bincount(drawn, minlength=len(rows))
        yield slice(start, start + len(block)), counts


def _strata_rows(respondents: Texts, strata: Texts | None) -> list[npt.NDArray[np.intp]]:
    labels = [""] * len(respondents) if strata is None else strata.tolist()
    order = sorted(range(len(respondents)), key=lambda r: (labels[r], respondents[r]))
    names = sorted(set(labels))
    return [np.array([r for r in order if labels[r] == name], dtype=np.intp) for name in names]


def resample_sums(
    importance: RatingMatrix,
    frequency: RatingMatrix | None,
    *,
    strata: Texts | None = None,
    resamples: int = 2000,
    seed: int = 1,
    not_performed: float | None = 0.0,
    progress: Callable[[str], None] | None = None,
) -> TaskSums:
    """Return the sums of each task in each resample.

    Parameters
    ----------
    importance, frequency : RatingMatrix of shape (R, T)
        Importance already without the ratings of non-performers.
    not_performed : float, optional
        Frequency of a non-performer; ``None``: missing.

    Returns
    -------
    TaskSums of shape (resamples, T)
    """
    tables = _value_tables(importance, frequency, not_performed)
    sums = np.zeros((len(tables), resamples, len(importance.tasks)))
    for block, counts in resampling_counts(importance.respondents, strata, resamples, seed):
        for start in range(0, len(importance.respondents), BLOCK_ROWS):
            rows = slice(start, start + BLOCK_ROWS)
            for total, table in zip(sums, tables, strict=True):
                total[block] += _product(counts[:, rows], table.values(rows))
        if progress:
            progress(f"Resampled respondents {block.stop:,} of {resamples:,} times")
    return TaskSums(*sums)


@dataclass(frozen=True)
class _ValueTable:
    """Number of each code (or pair of codes), to be spread over a block of respondents."""

    lookup: Numbers
    importance: npt.NDArray[np.uint8]
    frequency: npt.NDArray[np.uint8] | None = None

    def values(self, rows: slice) -> Numbers:
        """Return the numbers of a block of respondents, shape (block, T)."""
        if self.frequency is None:
            return self.lookup[self.importance[rows]]
        return self.lookup[self.importance[rows], self.frequency[rows]]


def _value_tables(
    importance: RatingMatrix, frequency: RatingMatrix | None, not_performed: float | None
) -> list[_ValueTable]:
    """Return the tables in the order of the fields of `TaskSums`: each value, then whether there is one."""
    tables = [_ValueTable(look, importance.codes) for look in _lookups(importance.scale.values(), importance)]
    if frequency is None:
        return tables
    often, pairs = frequency.scale.values(not_performed), pair_values(importance, frequency, not_performed)
    tables += [_ValueTable(look, frequency.codes) for look in _lookups(often, frequency)]
    tables += [_ValueTable(look, importance.codes, frequency.codes) for look in _lookups(pairs, importance)]
    return tables


def _lookups(values: Floats, ratings: RatingMatrix) -> list[Numbers]:
    number = np.nan_to_num(values, nan=0.0)
    largest = max(1.0, float(np.abs(number).max(initial=0.0)))
    # A resample draws R respondents in all, so no sum exceeds R times the largest value.
    exact = bool((number == np.floor(number)).all()) and len(ratings.respondents) * largest < EXACT_SINGLE
    kind = np.float32 if exact else np.float64
    return [number.astype(kind), (~np.isnan(values)).astype(kind)]


def _product(counts: npt.NDArray[np.float32], values: Numbers) -> Floats:
    product: Floats = (counts.astype(values.dtype, copy=False) @ values).astype(np.float64)
    return product


def percentile_interval(replicates: Floats, confidence: float = 0.95) -> tuple[Floats, Floats]:
    """Return the percentile interval along the first axis, the (B + 1) p-th ordered value [1]_.

    Parameters
    ----------
    replicates : ndarray of shape (B, ...)
        Resamples in which the quantity is undefined (NaN) are left out of all.

    Returns
    -------
    tuple of ndarray of shape (...)
        NaN where fewer than two resamples are left.

    References
    ----------
    .. [1] Davison, A. C., & Hinkley, D. V. (1997). Bootstrap Methods and their Application. Cambridge.
    """
    kept = usable(replicates)
    if len(kept) < 2:
        nothing = np.full(replicates.shape[1:], np.nan)
        return nothing, nothing
    tail = (1 - confidence) / 2
    low, high = np.quantile(kept, [tail, 1 - tail], axis=0, method="weibull")
    return low, high


def usable(replicates: Floats) -> Floats:
    """Return the resamples (first axis) in which no value is NaN."""
    kept: Floats = replicates[~np.isnan(replicates).any(axis=tuple(range(1, replicates.ndim)))]
    return kept
