"""A second demo on published numbers: the 17 O*NET tasks of computer and information systems managers.

The task statements, the rating distributions and the words of the scales are O*NET's (see
``ATTRIBUTION.md``); the respondents and their answers are simulated from those distributions.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from jta.demo.content import DemoScale, DemoTask, RatingRow, load_scales, read_csv, read_inventory

if TYPE_CHECKING:
    import numpy as np

FOLDER = Path(__file__).parent
INVENTORY_CSV = FOLDER / "inventory.csv"
ATTRIBUTION_FILE = FOLDER / "ATTRIBUTION.md"
NOTICE = (
    "Simulated answers, drawn from published O*NET distributions. This study includes information from the "
    "O*NET Database by the U.S. Department of Labor, Employment and Training Administration (USDOL/ETA), "
    "used under the CC BY 4.0 license. O*NET(R) is a trademark of USDOL/ETA. USDOL/ETA has not approved, "
    "endorsed or tested these modifications."
)
FREQUENCY_POINTS = (1, 2, 3, 4, 5, 6, 7)
IMPORTANCE_POINTS = (1, 2, 3, 4, 5)
SD_RANGE = (0.5, 1.25)


@dataclass(frozen=True)
class PublishedTask:
    """What O*NET publishes about one task, with the distributions that answers are drawn from.

    Parameters
    ----------
    task_code : str
        O*NET's task id.
    task_type : str
        "Core" or "Supplemental".
    importance_mean, importance_se : float
        Mean on 1-5 over the people for whom the task is relevant, and its published standard error.
    importance_n : int
        Importance ratings behind the mean.
    relevance : float
        Share of people for whom the task is relevant, 0 to 1 (published as RT percent).
    frequency_shares : tuple of 7 floats
        Shares of the frequency points 1 to 7 among these people; they sum to 1. The published
        percentages are rounded and sum to 100 +- 0.04, so each is divided by their sum.
    """

    task_code: str
    task_type: str
    importance_mean: float
    importance_se: float
    importance_n: int
    relevance: float
    frequency_shares: tuple[float, ...]

    @property
    def frequency_mean(self) -> float:
        """Expected frequency over the people for whom the task is relevant: sum of k times FT_k."""
        return sum(k * share for k, share in zip(FREQUENCY_POINTS, self.frequency_shares, strict=True))

    @property
    def frequency_sd(self) -> float:
        """Standard deviation of one drawn frequency answer."""
        mean = self.frequency_mean
        points = zip(FREQUENCY_POINTS, self.frequency_shares, strict=True)
        return math.sqrt(sum(share * (k - mean) ** 2 for k, share in points))

    @property
    def importance_shares(self) -> tuple[float, ...]:
        """Shares of the importance points 1 to 5.

        O*NET publishes no distribution of importance. This is a normal distribution, rounded to the
        points, whose SD is SE * sqrt(n) kept between 0.5 and 1.25 (the published SE comes from a
        complex design and can be far larger than s / sqrt(n)), and whose centre is chosen so that
        the mean after rounding is the published mean.
        """
        low, high = SD_RANGE
        sd = min(max(self.importance_se * math.sqrt(self.importance_n), low), high)
        return discretised_normal(self.importance_mean, sd)


def load_onet_inventory() -> tuple[DemoTask, ...]:
    """Return the 17 tasks as an inventory. The grouping into four domains is ours, not O*NET's."""
    return read_inventory(INVENTORY_CSV)


def load_onet_scales() -> tuple[DemoScale, ...]:
    """Return O*NET's frequency scale 1-7 with "not relevant" as an anchor of its own, and importance 1-5."""
    return load_scales("onet/scales.json")


def load_published() -> tuple[PublishedTask, ...]:
    """Return the published numbers in the order of the inventory."""
    return tuple(_published(row) for row in read_csv(FOLDER / "published.csv"))


def _published(row: dict[str, str]) -> PublishedTask:
    percents = [float(row[f"ft{point}"]) for point in FREQUENCY_POINTS]
    return PublishedTask(
        task_code=row["task_code"],
        task_type=row["task_type"],
        importance_mean=float(row["importance_mean"]),
        importance_se=float(row["importance_se"]),
        importance_n=int(row["importance_n"]),
        relevance=float(row["relevance_percent"]) / 100,
        frequency_shares=tuple(percent / sum(percents) for percent in percents),
    )


def discretised_normal(mean: float, sd: float) -> tuple[float, ...]:
    """Return shares of the points 1 to 5: a normal with this SD, rounded, with exactly this mean.

    The centre of the normal is found by bisection: the mean after rounding grows with it. ``mean``
    must lie between 1 and 5; ``sd`` is the SD before rounding and cutting at the ends.
    """
    low, high = -10.0, 16.0
    for _ in range(80):
        middle = (low + high) / 2
        shares = _rounded_shares(middle, sd)
        if sum(k * share for k, share in zip(IMPORTANCE_POINTS, shares, strict=True)) < mean:
            low = middle
        else:
            high = middle
    return _rounded_shares((low + high) / 2, sd)


def _rounded_shares(centre: float, sd: float) -> tuple[float, ...]:
    """Return the chance that a normal value, rounded and kept within 1 to 5, is each of the points."""
    below = [0.5 * (1 + math.erf((edge - centre) / (sd * math.sqrt(2)))) for edge in (1.5, 2.5, 3.5, 4.5)]
    bounds = [0.0, *below, 1.0]
    return tuple(upper - lower for lower, upper in pairwise(bounds))


def draw_onet_respondents(n: int = 60, seed: int = 2016) -> tuple[RatingRow, ...]:
    """Draw the answers of ``n`` simulated respondents from the published distributions.

    Parameters
    ----------
    n : int
        Number of respondents; their codes are "O0001", "O0002", ...
    seed : int
        The same seed gives the same answers.

    Returns
    -------
    tuple of RatingRow
        Ordered by respondent, then task, frequency before importance. With chance 1 - RT the
        frequency is "0" (not relevant) and there is no importance; else the frequency is drawn from
        FT and the importance from `PublishedTask.importance_shares`, independent of one another.
    """
    import numpy as np

    rng = np.random.default_rng(seed)
    columns = [_draw_task(rng, task, n) for task in load_published()]
    return tuple(
        row for number in range(n) for column in columns for row in _rating_rows(f"O{number + 1:04d}", column, number)
    )


@dataclass(frozen=True)
class _Column:
    """The drawn answers to one task, one entry a respondent."""

    task_code: str
    relevant: list[bool]
    frequency: list[int]
    importance: list[int]


def _draw_task(rng: np.random.Generator, task: PublishedTask, n: int) -> _Column:
    return _Column(
        task_code=task.task_code,
        relevant=(rng.random(n) < task.relevance).tolist(),
        frequency=rng.choice(FREQUENCY_POINTS, size=n, p=task.frequency_shares).tolist(),
        importance=rng.choice(IMPORTANCE_POINTS, size=n, p=task.importance_shares).tolist(),
    )


def _rating_rows(person: str, column: _Column, number: int) -> Iterator[RatingRow]:
    """Yield one person's ratings of one task, by the skip rule."""
    if not column.relevant[number]:
        yield RatingRow(person, column.task_code, "frequency", "0")
        return
    yield RatingRow(person, column.task_code, "frequency", str(column.frequency[number]))
    yield RatingRow(person, column.task_code, "importance", str(column.importance[number]))
