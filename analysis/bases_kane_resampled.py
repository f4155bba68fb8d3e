"""The Kane-type task effects of many resamples, without a system of equations for each.

Each resample has normal equations of its own, N_b a_b = g_b. They are near those of all respondents, N a = g,
so a_b = a + d_b, and the small d_b is found by conjugate gradients with N as preconditioner: some products of
the ratings with all d_b at once, in place of a T x T matrix for each resample.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import linalg, sparse
from scipy.sparse import csgraph

from analysis.agreement_counts import Flags, Floats
from analysis.bases_kane import LogSums

Rows = Callable[[slice], npt.NDArray[np.intp]]
BLOCK_ROWS = 2048
SYSTEM_BYTES = 32 << 20  # of the systems of equations held at a time
# Below so many respondents, each resample's own equations are solved.
MANY = 1000
# Tasks that so many respondents link stay linked: that a resample draws none of them has the chance e^-64.
LINKS = 64
# From so many respondents on, d_b is so small that single precision holds 10 digits of a_b.
SINGLE_ROWS = 50_000
STEPS = 60
CLOSE = {np.dtype(np.float32): 1e-9, np.dtype(np.float64): 1e-11}


@dataclass(frozen=True)
class LogModel:
    """The additive model of the log products, ready for resamples.

    ``rows`` gives the pair codes of some respondents, ``logs`` the log product of each pair code (NaN =
    none); ``active`` (T,) are the tasks with data, ``base`` their effects over all respondents and
    ``factor`` the Cholesky factor of N plus a constant; ``None`` where each resample is solved by itself.
    """

    rows: Rows
    logs: Floats
    shape: tuple[int, int]
    active: Flags
    base: Floats
    factor: Floats | None

    def effects(self, counts: npt.NDArray[np.uint8]) -> Floats:
        """Return exp(a_t) in each resample, (B, T), as `analysis.bases_kane.kane_log_performers`.

        Parameters
        ----------
        counts : ndarray of shape (B, R)
            How often each respondent was drawn.
        """
        if self.factor is None:
            alone: Floats = np.exp(self._one_by_one(counts))
            return alone
        moved, found = self._iterate(counts)
        out = np.full((len(counts), len(self.active)), np.nan)
        out[:, self.active] = self.base + moved
        if not found.all():
            out[~found] = self._one_by_one(counts[~found])
        found_all: Floats = np.exp(out)
        return found_all

    def _one_by_one(self, counts: npt.NDArray[np.uint8]) -> Floats:
        step = max(1, SYSTEM_BYTES // (8 * self.shape[1] ** 2))
        parts = []
        for start in range(0, len(counts), step):
            drawn = counts[start : start + step]
            sums = LogSums(len(drawn), self.shape[1])
            for rows in self._blocks():
                sums.add(self.logs[self.rows(rows)], drawn[:, rows].astype(np.float64))
            parts.append(sums.solved())
        return np.concatenate(parts)

    def _blocks(self) -> list[slice]:
        return [slice(start, start + BLOCK_ROWS) for start in range(0, self.shape[0], BLOCK_ROWS)]

    def _seen(self, rows: slice) -> tuple[Floats, Floats]:
        """The logs of some respondents (0 = none) and where they are, active tasks only."""
        logs = self.logs[self.rows(rows)][:, self.active]
        seen = ~np.isnan(logs)
        return np.where(seen, logs, 0.0), seen.astype(np.float64)

    def _start(self, counts: npt.NDArray[np.uint8]) -> tuple[Floats, Floats]:
        """What the effects of all leave unexplained in each resample, (B, T), and its pairs of each task."""
        left, pairs = np.zeros((2, len(counts), len(self.base)))
        for rows in self._blocks():
            y, seen = self._seen(rows)
            rest = y - seen * self.base
            rest -= seen * (rest.sum(axis=1) / np.maximum(seen.sum(axis=1), 1))[:, None]
            drawn = counts[:, rows].astype(np.float64)
            left += drawn @ rest
            pairs += drawn @ seen
        return left, pairs

    def _times(self, counts: npt.NDArray[np.uint8], pairs: Floats, x: Floats, kind: Any) -> Floats:
        """N_b x_b of each resample, (B, T): w_b (diag(m) - m m' / n) summed over respondents."""
        product = np.zeros_like(x)
        turned = np.ascontiguousarray(x.T, dtype=kind)
        for rows in self._blocks():
            _, seen = self._seen(rows)
            part = seen.astype(kind)
            level = part @ turned
            level *= counts[:, rows].T
            level /= np.maximum(seen.sum(axis=1), 1).astype(kind)[:, None]
            product += level.T @ part
        return pairs * x - product

    def _iterate(self, counts: npt.NDArray[np.uint8]) -> tuple[Floats, Flags]:
        """Conjugate gradients for all resamples at once: d_b, and which of them came to an end."""
        kind = np.float32 if self.shape[0] >= SINGLE_ROWS else np.float64
        close = CLOSE[np.dtype(kind)]
        left, pairs = self._start(counts)
        x, z = np.zeros_like(left), self._preconditioned(left)
        way, reach = z.copy(), (left * z).sum(axis=1)
        for _ in range(STEPS):
            going = np.abs(z).max(axis=1, initial=0.0) > close
            if not going.any():
                break
            step = self._times(counts, pairs, way, kind)
            along = (way * step).sum(axis=1)
            size = np.divide(reach, along, out=np.zeros_like(reach), where=going & (along > 0))[:, None]
            x += size * way
            left -= size * step
            z = self._preconditioned(left)
            new = (left * z).sum(axis=1)
            way = z + np.divide(new, reach, out=np.zeros_like(new), where=reach > 0)[:, None] * way
            reach = new
        return x - x.mean(axis=1, keepdims=True), np.abs(z).max(axis=1, initial=0.0) <= close

    def _preconditioned(self, left: Floats) -> Floats:
        found: Floats = linalg.cho_solve((self.factor, True), left.T, check_finite=False).T
        return found


def log_model(rows: Rows, logs: Floats, shape: tuple[int, int]) -> LogModel:
    """Fit the model to all respondents, and decide how its resamples are solved.

    Parameters
    ----------
    rows : callable
        Pair codes of a slice of respondents, (block, T).
    logs : float array, (pairs,)
        ln(importance x frequency) of each pair code, NaN = none.
    shape : (R, T)

    Returns
    -------
    LogModel
        With fewer than 1,000 respondents, or tasks that fewer than 64 respondents link, every resample
        is solved by itself.
    """
    sums = LogSums(1, shape[1])
    links = np.zeros((shape[1], shape[1]))
    for start in range(0, shape[0], BLOCK_ROWS):
        part = logs[rows(slice(start, start + BLOCK_ROWS))]
        sums.add(part, np.ones((1, len(part))))
        seen = (~np.isnan(part)).astype(np.float64)
        links += seen.T @ seen
    active = sums.counts[0] > 0
    base = sums.solved()[0][active]
    if shape[0] < MANY or not active.any() or np.isnan(base).any() or not _well_linked(links[np.ix_(active, active)]):
        return LogModel(rows, logs, shape, active, base, None)
    return LogModel(rows, logs, shape, active, base, sums.factor(0))


def _well_linked(links: Floats) -> bool:
    parts, _ = csgraph.connected_components(sparse.csr_matrix(links >= LINKS), directed=False)
    return bool(parts == 1)
