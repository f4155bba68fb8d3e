"""From task weights to the weights of content domains and subdomains."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.frames import DOMAIN, SUBDOMAIN
from analysis.tasks import Floats

LEVELS = {"domain": DOMAIN, "subdomain": SUBDOMAIN}


@dataclass(frozen=True)
class Units:
    """The units of one level (domain or subdomain) in order of first appearance.

    Parameters
    ----------
    level : str
        "domain" or "subdomain".
    codes : tuple of str
        Code of each unit.
    members : ndarray of shape (T,)
        Position of each task's unit in ``codes``.
    """

    level: str
    codes: tuple[str, ...]
    members: npt.NDArray[np.intp]

    @cached_property
    def matrix(self) -> Floats:
        """Membership as zeros and ones, shape (T, units)."""
        matrix: Floats = (self.members[:, None] == np.arange(len(self.codes))).astype(np.float64)
        return matrix

    def n_tasks(self, kept: npt.NDArray[np.bool_] | None = None) -> npt.NDArray[np.int64]:
        """Number of tasks (of those kept) in each unit."""
        members = self.members if kept is None else self.members[kept]
        return np.bincount(members, minlength=len(self.codes)).astype(np.int64)


def units_of(tasks: pd.DataFrame, level: str) -> Units:
    """Return the units of a level.

    Parameters
    ----------
    tasks : DataFrame of T rows
        As `analysis.frames.complete_tasks` returns it.
    level : str
        "domain" or "subdomain".
    """
    members, codes = pd.factorize(tasks[LEVELS[level]].to_numpy(dtype=object))
    return Units(level, tuple(codes.tolist()), members)


def unit_sums(basis: Floats, units: Units, within: str = "sum", kept: npt.NDArray[np.bool_] | None = None) -> Floats:
    """Return the sum (or mean) of the basis over each unit's tasks.

    Parameters
    ----------
    basis : ndarray of shape (..., T)
        Task index; a task without data (NaN) counts 0.
    within : {"sum", "mean"}
        Sum gives a unit with more tasks more weight; mean ignores how finely it is cut.
    kept : ndarray of shape (T,), bool, optional
        Tasks that count; others are left out of sum and mean.

    Returns
    -------
    ndarray of shape (..., units)
        In units of the basis; a unit without tasks has 0.
    """
    numbers = np.nan_to_num(basis, nan=0.0)
    if kept is not None:
        numbers = np.where(kept, numbers, 0.0)
    sums: Floats = numbers @ units.matrix
    return sums if within == "sum" else sums / np.maximum(units.n_tasks(kept), 1)


def shares(sums: Floats) -> Floats:
    """Return each unit's share of the total along the last axis, shape (..., units).

    NaN throughout where the total is not positive or a unit is negative: such numbers are no weights.
    """
    total = sums.sum(axis=-1, keepdims=True)
    usable = (total > 0) & (sums >= 0).all(axis=-1, keepdims=True)
    weights: Floats = np.divide(sums, total, out=np.full(sums.shape, np.nan), where=usable)
    return weights


def unit_weights(
    basis: Floats, units: Units, within: str = "sum", kept: npt.NDArray[np.bool_] | None = None
) -> pd.DataFrame:
    """Return the weight of each unit: its sum (or mean) of the task index over the total of all units.

    Returns
    -------
    DataFrame, one row for each unit
        ``level, unit, n_tasks, raw_sum`` (the mean where ``within`` is "mean"), ``weight`` (0 to 1,
        unrounded; NaN throughout if no task has a positive index).

    Examples
    --------
    >>> units = Units("domain", ("A", "B"), np.array([0, 0, 1]))
    >>> unit_weights(np.array([1.0, 2.0, 1.0]), units)["weight"].tolist()
    [0.75, 0.25]
    """
    sums = unit_sums(basis, units, within, kept)
    return pd.DataFrame(
        {
            "level": units.level,
            "unit": list(units.codes),
            "n_tasks": units.n_tasks(kept),
            "raw_sum": sums,
            "weight": shares(sums),
        }
    )


def why_no_weights(basis: Floats, kept: npt.NDArray[np.bool_] | None = None) -> str | None:
    """Return why no weights follow from an index, or ``None`` if they do.

    Parameters
    ----------
    basis : ndarray of shape (T,)
    kept : ndarray of shape (T,), bool, optional
    """
    numbers = basis if kept is None else basis[kept]
    numbers = numbers[~np.isnan(numbers)]
    if not numbers.size:
        return "no task has the ratings that the index needs"
    if (numbers < 0).any():
        return "the index of a task is negative, and a weight cannot be"
    if not (numbers > 0).any():
        return "the index of every task is 0"
    return None


def has_every_subdomain(tasks: pd.DataFrame) -> bool:
    """Return whether each task stands in a subdomain, so that the level can be reported."""
    return bool(len(tasks)) and bool((tasks[SUBDOMAIN] != "").all())


def names_of(tasks: pd.DataFrame, level: str, codes: Sequence[str]) -> list[str]:
    """Return the name of each unit, as it stands with the unit's first task."""
    column = {"domain": "domain_name", "subdomain": "subdomain_name"}[level]
    names = tasks.drop_duplicates(LEVELS[level]).set_index(LEVELS[level])[column]
    return [str(names[code]) or code for code in codes]
