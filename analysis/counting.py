"""Counting codes: the one pass over the ratings from which nearly every statistic follows."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

# Cells counted at a time: the widened block then stays inside the processor's cache.
BLOCK_CELLS = 1 << 16


def count_codes(codes: npt.NDArray[np.integer], levels: int) -> npt.NDArray[np.int64]:
    """Return how often each code occurs in each column.

    Parameters
    ----------
    codes : ndarray of shape (R, T)
        Whole numbers from 0 to ``levels - 1``.
    levels : int
        Number of different codes.

    Returns
    -------
    ndarray of shape (T, levels)
        Counts. They add up, so counts of parts of the rows may be summed.
    """
    rows, columns = codes.shape
    counts = np.zeros(columns * levels, dtype=np.int64)
    offsets = np.arange(columns, dtype=np.intp) * levels
    step = max(1, BLOCK_CELLS // max(1, columns))
    for start in range(0, rows, step):
        block = codes[start : start + step] + offsets
        counts += np.bincount(block.ravel(), minlength=columns * levels)
    return counts.reshape(columns, levels)


def count_pairs(
    first: npt.NDArray[np.integer], second: npt.NDArray[np.integer], levels: tuple[int, int]
) -> npt.NDArray[np.int64]:
    """Return how often each pair of codes occurs in each column.

    Parameters
    ----------
    first, second : ndarray of shape (R, T)
        Codes of the same respondents and tasks on two scales.
    levels : tuple of int
        Number of different codes of each.

    Returns
    -------
    ndarray of shape (T, levels of first, levels of second)
    """
    rows, columns = first.shape
    size = levels[0] * levels[1]
    counts = np.zeros(columns * size, dtype=np.int64)
    offsets = np.arange(columns, dtype=np.intp) * size
    step = max(1, BLOCK_CELLS // max(1, columns))
    for start in range(0, rows, step):
        block = first[start : start + step] * np.intp(levels[1]) + second[start : start + step] + offsets
        counts += np.bincount(block.ravel(), minlength=columns * size)
    return counts.reshape(columns, *levels)
