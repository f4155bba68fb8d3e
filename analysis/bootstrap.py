"""Bootstrap intervals of domain weights: people are resampled, never single ratings.

A resample is a row of counts: how often each respondent was drawn. All sums of all resamples are then
one matrix product of counts and values, and the index and weight formulas are those of the estimate.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from analysis.bases_kane import log_pairs
from analysis.bases_kane_resampled import log_model
from analysis.bootstrap_shares import time_share_parts
from analysis.criticality import TaskSums, pair_values
from analysis.frames import Texts
from analysis.ratings import RatingMatrix
from analysis.tasks import Floats, divide

Drawn = npt.NDArray[np.uint8]
# Single or double precision, see `_value_table`.
Numbers = npt.NDArray[Any]
# Bytes of the block of resampling counts held at a time, and most resamples in it.
BLOCK_BYTES = 128 << 20
BLOCK_RESAMPLES = 512
# Respondents whose values are spread out at a time.
BLOCK_ROWS = 2048
# Whole numbers up to here are exact in single precision.
EXACT_SINGLE = 1 << 24
# Nobody is drawn more often: the chance of 256 times is below 1 in 10 to the power of 500.
MOST_DRAWN = 255


@dataclass(frozen=True)
class Draws:
    """Which resamples are drawn: of whom, within which strata, how many, from which seed."""

    respondents: Texts
    strata: Texts | None
    resamples: int
    seed: int


def resampling_counts(
    respondents: Texts, strata: Texts | None, resamples: int, seed: int
) -> Iterator[tuple[slice, Drawn]]:
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
    draws = Draws(respondents, strata, resamples, seed)
    groups = _strata_rows(respondents, strata)
    for block, streams in _blocks(draws):
        yield block, _draw(streams, groups, len(respondents))


def _blocks(draws: Draws) -> Iterator[tuple[slice, list[np.random.SeedSequence]]]:
    streams = np.random.SeedSequence(draws.seed).spawn(draws.resamples)
    step = min(max(1, BLOCK_BYTES // max(1, len(draws.respondents))), BLOCK_RESAMPLES)
    for start in range(0, draws.resamples, step):
        part = streams[start : start + step]
        yield slice(start, start + len(part)), part


def _draw(streams: list[np.random.SeedSequence], groups: list[npt.NDArray[np.intp]], n: int) -> Drawn:
    counts = np.zeros((len(streams), n), dtype=np.uint8)
    for row, stream in zip(counts, streams, strict=True):
        generator = np.random.Generator(np.random.PCG64(stream))
        for rows in groups:
            drawn = generator.integers(0, len(rows), size=len(rows), dtype=np.int32)
            row[rows] = np.bincount(drawn, minlength=len(rows))
    return counts


def each_block(draws: Draws, work: Callable[[slice, Drawn], None], workers: int = 1) -> None:
    """Draw every block of resamples and give it to ``work``, several blocks at a time with several workers.

    Blocks are the same whatever the number of workers, so no digit depends on it.
    """
    groups = _strata_rows(draws.respondents, draws.strata)

    def run(block: tuple[slice, list[np.random.SeedSequence]]) -> None:
        work(block[0], _draw(block[1], groups, len(draws.respondents)))

    if workers <= 1:
        for block in _blocks(draws):
            run(block)
        return
    with ThreadPoolExecutor(workers) as pool:  # numpy lets go of the interpreter's lock in products and draws
        for _ in pool.map(run, _blocks(draws)):
            pass


def _strata_rows(respondents: Texts, strata: Texts | None) -> list[npt.NDArray[np.intp]]:
    ids = respondents.tolist()
    if strata is None:
        return [np.array(sorted(range(len(ids)), key=ids.__getitem__), dtype=np.intp)]
    labels = strata.tolist()
    members: dict[str, list[int]] = {name: [] for name in sorted(set(labels))}
    for r in sorted(range(len(ids)), key=ids.__getitem__):
        members[labels[r]].append(r)
    return [np.array(rows, dtype=np.intp) for rows in members.values()]


@dataclass(frozen=True)
class Resampled:
    """What each resample comes to, all of shape (resamples, T).

    ``sums`` of the ratings, ``performing`` the share who perform the task (``None`` without a frequency
    scale), ``log_effects`` the Kane-type effects and ``time_shares`` that index where asked for.
    """

    sums: TaskSums
    performing: Floats | None = None
    log_effects: Floats | None = None
    time_shares: Floats | None = None


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
    """Return the sums of each task in each resample, see `resample`."""
    draws = Draws(importance.respondents, strata, resamples, seed)
    return resample(importance, frequency, draws, not_performed=not_performed, progress=progress).sums


def resample(
    importance: RatingMatrix,
    frequency: RatingMatrix | None,
    draws: Draws,
    *,
    not_performed: float | None = 0.0,
    log_effects: bool = False,
    time_shares: bool = False,
    workers: int = 1,
    progress: Callable[[str], None] | None = None,
) -> Resampled:
    """Return the sums of each task in each resample, and on wish the indices that do not follow from them.

    Parameters
    ----------
    importance, frequency : RatingMatrix of shape (R, T)
        Importance already without the ratings of non-performers.
    draws : Draws
        The resamples to draw.
    not_performed : float, optional
        Frequency of a non-performer; ``None``: missing.
    log_effects : bool
        Whether to fit `analysis.bases_kane.kane_log_performers` in every resample (needs a frequency scale).
    time_shares : bool
        Whether to make the index ``time_share`` in every resample (needs a frequency scale).
    workers : int
        Threads that share the blocks of resamples.

    Returns
    -------
    Resampled
        Sums that are whole numbers are exact.
    """
    codes = PairCodes(importance.codes, None if frequency is None else frequency.codes, _anchors(frequency))
    table = _value_table(importance, frequency, not_performed)
    sums = np.zeros((draws.resamples, len(importance.tasks), table.shape[1]))
    model, effects, parts, owned = None, None, None, None
    if time_shares and frequency is not None:
        parts = time_share_parts(frequency, not_performed)
        owned = np.empty((draws.resamples, len(importance.tasks)))
    if log_effects and frequency is not None:
        pairs = log_pairs(importance.scale.values(), frequency.scale.values(not_performed))
        model = log_model(codes.rows, pairs.ravel(), importance.codes.shape)
        effects = np.empty((draws.resamples, len(importance.tasks)))

    def work(block: slice, counts: Drawn) -> None:
        sums[block] = _sums(counts, codes, table)
        if model is not None and effects is not None:
            effects[block] = model.effects(counts)
        if parts is not None and owned is not None:
            owned[block] = parts.index(counts, sums[block, :, 3])
        if progress:
            progress(f"Resampled respondents {block.stop:,} of {draws.resamples:,} times")

    each_block(draws, work, workers)
    by_field = [np.ascontiguousarray(part) for part in np.moveaxis(sums, 2, 0)]
    performing = divide(by_field[6], by_field[7]) if frequency is not None else None
    return Resampled(TaskSums(*by_field[:6]), performing, effects, owned)


def _anchors(ratings: RatingMatrix | None) -> int:
    return 1 if ratings is None else len(ratings.scale.anchors) + 1


@dataclass(frozen=True)
class PairCodes:
    """The codes of one or two scales as one number for each pair."""

    first: npt.NDArray[np.uint8]
    second: npt.NDArray[np.uint8] | None
    levels: int

    def rows(self, rows: slice) -> npt.NDArray[np.intp]:
        """Return first x levels + second of a block of respondents, (block, T)."""
        pairs = self.first[rows].astype(np.intp)
        if self.second is not None:
            pairs *= self.levels
            pairs += self.second[rows]
        return pairs


def _value_table(importance: RatingMatrix, frequency: RatingMatrix | None, not_performed: float | None) -> Numbers:
    """Return the numbers of each pair of codes in the order of the fields of `TaskSums`, (pairs, 2 or 8).

    Each value stands before whether there is one; the last two say who performs the task and who
    answered that. Whole numbers are
    held in single precision: a block's sum of them is exact, as no respondent of it is drawn more often
    than `MOST_DRAWN` times.
    """
    shape = (_anchors(importance), _anchors(frequency))
    values = [np.broadcast_to(importance.scale.values()[:, None], shape)]
    if frequency is not None:
        values.append(np.broadcast_to(frequency.scale.values(not_performed), shape))
        values.append(pair_values(importance, frequency, not_performed))
    columns = [part.ravel() for value in values for part in (np.nan_to_num(value, nan=0.0), ~np.isnan(value))]
    if frequency is not None:
        often = np.broadcast_to(frequency.scale.values(0.0), shape)  # whoever does not perform answered all the same
        columns += [(often > 0).ravel(), ~np.isnan(often).ravel()]
    table = np.stack([column.astype(np.float64) for column in columns], axis=1)
    largest = float(np.abs(table).max(initial=1.0))
    exact = bool((table == np.floor(table)).all()) and MOST_DRAWN * BLOCK_ROWS * largest < EXACT_SINGLE
    return table.astype(np.float32 if exact else np.float64)


def _sums(counts: Drawn, codes: PairCodes, table: Numbers) -> Floats:
    """Return the sums of a block of resamples, (block, T, columns of the table)."""
    total = np.zeros((len(counts), codes.first.shape[1] * table.shape[1]))
    for start in range(0, len(codes.first), BLOCK_ROWS):
        rows = slice(start, start + BLOCK_ROWS)
        pairs = codes.rows(rows)
        values = table.take(pairs, axis=0).reshape(len(pairs), -1)
        total += counts[:, rows].astype(table.dtype) @ values
    return total.reshape(len(counts), -1, table.shape[1])


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
