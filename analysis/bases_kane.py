"""Kane-type task indices: importance times frequency on a log scale.

After Kane, Kingsbury, Colton & Estes 1989, Journal of Educational Measurement 26, 17-27. These are our
own exact formulas, not a claim to reproduce that paper's estimator.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from scipy import linalg

from analysis.agreement_counts import Flags, Floats

_BLOCK = 256  # resamples solved at a time
_ROWS = 512  # respondents whose products of tasks are held at a time
_SINGULAR = 1e-9
_FEW = 16


def log_products(importance: Floats, frequency: Floats) -> Floats:
    """ln(importance x frequency) of each performed and fully answered pair.

    Parameters
    ----------
    importance, frequency : float array, (R, T)
        NaN = missing; frequency 0 = not performed.

    Returns
    -------
    float array, (R, T)
        NaN where either is missing or the product is not positive.
    """
    product = importance * frequency
    return np.log(product, out=np.full(product.shape, np.nan), where=product > 0)


def log_pairs(importance: Floats, frequency: Floats) -> Floats:
    """ln(importance x frequency) of each pair of codes, (codes, codes); NaN as `log_products`.

    Parameters
    ----------
    importance, frequency : float array, (codes,)
        Number of each code, NaN = none.
    """
    shape = (len(importance), len(frequency))
    return log_products(np.broadcast_to(importance[:, None], shape), np.broadcast_to(frequency, shape))


def kane_log_performers(logs: Floats, weights: Floats | None = None) -> Floats:
    """Kane-type index: task effects of a two-way additive model of the log products.

    Parameters
    ----------
    logs : float array, (R, T)
        From `log_products`.
    weights : float array, (R,) or (B, R), optional
        Weights or resampling counts of the respondents; all 1 if not given.

    Returns
    -------
    float array, (T,) or (B, T)
        exp(a_t) of the least squares fit ln(importance * frequency) = mu + a_t + b_r with
        mean(a) = 0 over the tasks with data. NaN for tasks without data, and for all tasks when
        the tasks fall into sets that no respondent links.

    References
    ----------
    After Kane, Kingsbury, Colton & Estes 1989, Journal of Educational Measurement 26, 17-27; these
    are our own formulas, not a claim to reproduce that paper's estimator.
    """
    w = np.ones(len(logs)) if weights is None else np.asarray(weights, dtype=float)
    many = np.atleast_2d(w)
    blocks = [_task_effects(logs, many[s : s + _BLOCK]) for s in range(0, len(many), _BLOCK)]
    effects = np.exp(np.concatenate(blocks))
    return effects if w.ndim == 2 else effects[0]


def kane_log_of_parts(parts: Iterable[Floats], tasks: int, weights: Floats | None = None) -> Floats:
    """`kane_log_performers` of respondents that come some at a time, (T,).

    Parameters
    ----------
    parts : iterable of float array, (some, T)
        Log products of the respondents, in order.
    tasks : int
        T.
    weights : float array, (R,), optional
    """
    sums, start = LogSums(1, tasks), 0
    for part in parts:
        w = np.ones((1, len(part))) if weights is None else weights[None, start : start + len(part)]
        sums.add(part, w)
        start += len(part)
    effects: Floats = np.exp(sums.solved()[0])
    return effects


class LogSums:
    """Normal equations of the additive model for some sets of weights, respondents' effects eliminated.

    A respondent with weight w and n answers adds w (diag(m) - m m' / n) to the matrix.

    Parameters
    ----------
    sets, tasks : int
        B and T.
    """

    def __init__(self, sets: int, tasks: int) -> None:
        self.pairs = np.zeros((sets, tasks, tasks))
        self.right, self.counts = np.zeros((2, sets, tasks))

    def add(self, logs: Floats, weights: Floats) -> None:
        """Add respondents: their log products (some, T) and weights (B, some)."""
        for start in range(0, len(logs), _ROWS):
            rows = slice(start, start + _ROWS)
            m, w = (~np.isnan(logs[rows])).astype(float), weights[:, rows]
            y = np.where(m > 0, logs[rows], 0.0)
            n = np.maximum(m.sum(axis=1), 1)
            self.pairs += _pair_sums(m, w / n)
            self.right += w @ (y - m * (y.sum(axis=1) / n)[:, None])
            self.counts += w @ m

    def normal(self, number: int) -> Floats:
        """Matrix of one set of weights, (T, T)."""
        matrix: Floats = np.diag(self.counts[number]) - self.pairs[number]
        return matrix

    def solved(self) -> Floats:
        """Task effects of each set of weights, (B, T), see `kane_log_performers`."""
        return np.stack([_solve(self.normal(b), self.right[b], n > 0) for b, n in enumerate(self.counts)])

    def factor(self, number: int) -> Floats:
        """Cholesky factor of one set's matrix over its tasks with data, made definite by a constant."""
        active = self.counts[number] > 0
        return _definite(self.normal(number)[np.ix_(active, active)])[0]


def _task_effects(logs: Floats, weights: Floats) -> Floats:
    """a_t for each set of weights, (B, T)."""
    sums = LogSums(len(weights), logs.shape[1])
    sums.add(logs, weights)
    return sums.solved()


def _pair_sums(m: Floats, weights: Floats) -> Floats:
    """sum_r w_br m_r m_r' for each set of weights b, (B, T, T).

    For many sets this is one product of the weights and the respondents' matrices.
    """
    if len(weights) < _FEW:
        return np.stack([(m * w[:, None]).T @ m for w in weights])
    T = m.shape[1]
    i, j = np.triu_indices(T)
    pairs = weights @ (m[:, i] * m[:, j])
    full = np.zeros((len(weights), T, T))
    full[:, i, j] = pairs
    full[:, j, i] = pairs
    return full


def _definite(A: Floats) -> tuple[Floats, bool]:
    """Cholesky factor of A plus a constant, which only fixes the mean, and whether the answer is unique."""
    size = len(A)
    scale = max(float(np.trace(A)) / size, 1.0)
    factor, failed = linalg.lapack.dpotrf(A + scale / size, lower=True)
    return np.asarray(factor, dtype=np.float64), not failed and float(np.diag(factor).min()) ** 2 > _SINGULAR * scale


def _solve(A: Floats, b: Floats, active: Flags) -> Floats:
    """Solve A a = b with mean(a) = 0 over the active tasks; NaN if the answer is not unique."""
    out = np.full(len(b), np.nan)
    if not active.any():
        return out
    factor, unique = _definite(A[np.ix_(active, active)])
    if not unique:
        return out
    effects = linalg.cho_solve((factor, True), b[active], check_finite=False)
    out[active] = effects - effects.mean()
    return out


def kane_log_x_performing(effects: Floats, share_performing: Floats) -> Floats:
    """Kane-type index of performers times the share who perform the task.

    Parameters
    ----------
    effects : float array, (..., T)
        From `kane_log_performers`.
    share_performing : float array, (..., T)
        0 to 1.

    Returns
    -------
    float array, (..., T)
    """
    return effects * share_performing


def kane_equalised(mean_importance: Floats, mean_frequency: Floats) -> Floats:
    """Product of powers of two means, so that both scales pull equally.

    Parameters
    ----------
    mean_importance, mean_frequency : float array, (T,)
        I_t and F_t (F with zeros); only tasks where both are positive count.

    Returns
    -------
    float array, (T,)
        I^a F^b with a = 2 s_F / (s_I + s_F), b = 2 s_I / (s_I + s_F), s = SD over tasks of the
        logarithms, so that exponent times SD is the same for both. 0 where a mean is 0 or less,
        NaN where one is missing; all NaN when both scales have no spread over tasks.

    References
    ----------
    After Kane, Kingsbury, Colton & Estes 1989; see `kane_log_performers`.
    """
    known = ~np.isnan(mean_importance) & ~np.isnan(mean_frequency)
    positive = known & (mean_importance > 0) & (mean_frequency > 0)
    out = np.where(known, 0.0, np.nan)
    if positive.sum() < 2:
        return np.full(len(out), np.nan)
    log_i, log_f = np.log(mean_importance[positive]), np.log(mean_frequency[positive])
    s_i, s_f = float(np.std(log_i, ddof=1)), float(np.std(log_f, ddof=1))
    if s_i + s_f < 1e-12:  # rounding error of equal means
        return np.full(len(out), np.nan)
    out[positive] = np.exp(2 * (s_f * log_i + s_i * log_f) / (s_i + s_f))
    return out
