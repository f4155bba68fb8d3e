"""Raking: weights that make the respondents match the population's margins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.agreement_counts import Flags, Floats, Ints
from analysis.errors import AnalysisError

_CYCLES = 1000
_CONVERGED = 1e-13
_ACCEPTED = 1e-10
_ROUNDS = 30


@dataclass(frozen=True)
class Margin:
    """One raking variable: each respondent's level and the population count of each level.

    ``level_of`` (R,) holds 0 .. L - 1, or -1 where the respondent's level is not known; ``counts``
    (L,) the population.
    """

    name: str
    level_of: Ints
    counts: Floats

    def sample_counts(self) -> Ints:
        """Respondents in each level."""
        known = self.level_of[self.level_of >= 0]
        return np.bincount(known, minlength=len(self.counts)).astype(np.int64)


@dataclass(frozen=True)
class Raking:
    """Weights (R,) that sum to the population; NaN with a ``reason`` when raking is impossible."""

    weights: Floats
    cycles: int
    max_error: float
    trimmed: int = 0
    reason: str = ""


def collapse_small_levels(margin: Margin, labels: Sequence[str], minimum: int) -> tuple[Margin, list[str]]:
    """Merge levels with too few respondents into the next smallest level.

    Parameters
    ----------
    margin : Margin
    labels : sequence of str
        Names of the levels.
    minimum : int
        Fewest respondents of a level; 1 merges only empty levels.

    Returns
    -------
    (Margin, list of str)
        The merged margin and its labels, merged ones joined by " + ". The level with the fewest
        respondents is merged first, into the one with the next fewest (ties: the earlier), until
        all reach the minimum or one level is left.
    """
    level_of, counts, names = margin.level_of.copy(), margin.counts.astype(float), list(labels)
    while len(counts) > 1:
        sizes = np.bincount(level_of[level_of >= 0], minlength=len(counts))
        if sizes.min() >= minimum:
            break
        smallest, next_one = (int(i) for i in np.argsort(sizes, kind="stable")[:2])
        keep, gone = sorted((smallest, next_one))
        counts[keep] += counts[gone]
        names[keep] = f"{names[keep]} + {names[gone]}"
        level_of = np.where(level_of == gone, keep, level_of)
        level_of = np.where(level_of > gone, level_of - 1, level_of)
        counts = np.delete(counts, gone)
        del names[gone]
    return Margin(margin.name, level_of, counts), names


def _obstacle(margins: Sequence[Margin], n: int) -> str:
    if n == 0:
        return "there are no respondents"
    if not margins:
        return "the population has no margins"
    for margin in margins:
        sizes = margin.sample_counts()
        if not sizes.any():
            return f"no respondent has a known level of {margin.name}"
        if (margin.counts < 0).any() or margin.counts.sum() <= 0:
            return f"the population counts of {margin.name} are not positive"
        if ((sizes == 0) & (margin.counts > 0)).any():
            return f"a level of {margin.name} has no respondents: merge it with another"
        if ((sizes > 0) & (margin.counts == 0)).any():
            return f"a level of {margin.name} with respondents has no population"
    return ""


def rake(margins: Sequence[Margin], n: int, trim: tuple[float, float] | None = None) -> Raking:
    """Iterative proportional fitting of equal start weights to the population's margins.

    Parameters
    ----------
    margins : sequence of Margin
        The variables, in the order of raking; the first sets the population size N.
    n : int
        Number of respondents R.
    trim : (float, float), optional
        Smallest and largest weight allowed, in units of the mean weight. Weights are cut and raked
        again in turn and cut last, so margins then hold only approximately: see ``max_error``.

    Returns
    -------
    Raking
        ``weights`` sum to N. ``max_error`` is the largest relative error of a margin, ``trimmed``
        the number of respondents whose weight stands at a limit. A margin
        whose counts sum to something else than N is rescaled to N. Respondents whose level is
        unknown are left as they are in that margin, which is then met by the others' share.
        All NaN with a reason when a level of the population has no respondent or the margins
        contradict each other.

    Raises
    ------
    AnalysisError
        If the limits of trimming do not hold 1.

    References
    ----------
    Deming & Stephan 1940, Annals of Mathematical Statistics 11, 427-444; survey::rake (R).
    """
    if trim is not None and not 0 < trim[0] < 1 < trim[1]:
        raise AnalysisError("Trimming limits must lie on both sides of 1, such as 0.2 and 5.")
    if reason := _obstacle(margins, n):
        return Raking(np.full(n, np.nan), 0, float("nan"), 0, reason)
    cells, member = _cells(margins, n)
    weights, cycles, error = _fit(cells, cells.start)
    if error > _ACCEPTED:
        return Raking(np.full(n, np.nan), cycles, error, 0, "the margins cannot all be met at once")
    trimmed = 0
    if trim is not None:
        weights, at_limit, more = _trim(cells, weights, trim)
        cycles, trimmed = cycles + more, int(cells.size[at_limit].sum())
        error = _margin_error(cells, weights)
    return Raking(weights[member], cycles, error, trimmed)


@dataclass(frozen=True)
class _Cells:
    """Respondents with the same levels on every margin share one weight.

    ``size`` (C,) respondents in each cell, ``levels`` (C, V), ``targets`` one array per margin.
    """

    size: Floats
    levels: Ints
    targets: list[Floats]

    @property
    def start(self) -> Floats:
        """Equal weights that sum to N."""
        return np.full(len(self.size), self.targets[0].sum() / self.size.sum())

    def level_sums(self, margin: int, weights: Floats) -> Floats:
        """Weight of each level; respondents with an unknown level are not in it."""
        level = self.levels[:, margin]
        known = level >= 0
        mass = (weights * self.size)[known]
        return np.bincount(level[known], mass, minlength=len(self.targets[margin])).astype(np.float64)

    def target(self, margin: int, weights: Floats) -> Floats:
        """Population counts, reduced to the weight of those whose level is known."""
        mass = weights * self.size
        known = self.levels[:, margin] >= 0
        return self.targets[margin] * float(mass[known].sum() / mass.sum())


def _cells(margins: Sequence[Margin], n: int) -> tuple[_Cells, Ints]:
    levels = np.column_stack([margin.level_of for margin in margins]).reshape(n, len(margins))
    unique, member, size = np.unique(levels, axis=0, return_inverse=True, return_counts=True)
    total = float(margins[0].counts.sum())
    targets = [margin.counts * (total / margin.counts.sum()) for margin in margins]
    return _Cells(size.astype(float), unique, targets), member.ravel().astype(np.int64)


def _margin_error(cells: _Cells, weights: Floats) -> float:
    """Largest relative difference between a weighted margin and its target."""
    errors = []
    for margin in range(len(cells.targets)):
        target = cells.target(margin, weights)
        some = target > 0
        sums = cells.level_sums(margin, weights)
        errors.append(float(np.abs(sums[some] / target[some] - 1).max()))
    return max(errors)


def _fit(cells: _Cells, weights: Floats) -> tuple[Floats, int, float]:
    """Cycle over the margins until all are met."""
    cycle, error = 0, _margin_error(cells, weights)
    while error > _CONVERGED and cycle < _CYCLES:
        for margin in range(len(cells.targets)):
            sums = cells.level_sums(margin, weights)
            target = cells.target(margin, weights)
            factor = np.divide(target, sums, out=np.ones_like(sums), where=sums > 0)
            weights = weights * np.append(factor, 1.0)[cells.levels[:, margin]]
        cycle, error = cycle + 1, _margin_error(cells, weights)
    return weights, cycle, error


def _trim(cells: _Cells, weights: Floats, trim: tuple[float, float]) -> tuple[Floats, Flags, int]:
    """Cut weights beyond the limits and rake again, in turn; the last act is a cut."""
    mean, cycles = float(cells.start[0]), 0
    low, high = trim[0] * mean, trim[1] * mean
    for _ in range(_ROUNDS):
        cut = np.clip(weights, low, high)
        if np.allclose(cut, weights, rtol=1e-9, atol=0):
            break
        weights, more, _error = _fit(cells, cut)
        cycles += more
    total = mean * float(cells.size.sum())
    for _ in range(_ROUNDS):
        weights = np.clip(weights * (total / float(weights @ cells.size)), low, high)
    at_limit = (weights <= low * (1 + 1e-9)) | (weights >= high * (1 - 1e-9))
    return weights, at_limit, cycles


@dataclass(frozen=True)
class WeightSummary:
    """How unequal weights are and what that costs (weights divided by their mean)."""

    n: int
    sum_weights: float
    min_mean1: float
    max_mean1: float
    sd_mean1: float
    kish_deff: float
    kish_n_eff: float


def weight_summary(weights: Floats) -> WeightSummary:
    """Spread of the weights and Kish's design effect.

    Parameters
    ----------
    weights : float array, (R,)
        Positive weights.

    Returns
    -------
    WeightSummary
        deff = n sum(w^2) / sum(w)^2, n_eff = n / deff. NaN where n is 0 (SD: below 2).

    References
    ----------
    Kish 1965, Survey Sampling, section 11.7.
    """
    n = len(weights)
    if n == 0 or np.isnan(weights).any():
        return WeightSummary(n, *[float("nan")] * 6)
    ratio = weights / weights.mean()
    deff = float(n * (weights @ weights) / weights.sum() ** 2)
    return WeightSummary(
        n=n,
        sum_weights=float(weights.sum()),
        min_mean1=float(ratio.min()),
        max_mean1=float(ratio.max()),
        sd_mean1=float(ratio.std(ddof=1)) if n > 1 else float("nan"),
        kish_deff=deff,
        kish_n_eff=n / deff,
    )
