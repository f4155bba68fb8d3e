"""The reference studies as plain arrays, and comparison with their expected tables."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

REFERENCE = Path(__file__).parents[1] / "reference"
POINTS = np.arange(1.0, 6.0)
FREQUENCY_POINTS = np.arange(6.0)


@dataclass(frozen=True)
class ReferenceStudy:
    """Tables of a reference study and its ratings as (R, T) arrays with NaN = missing."""

    name: str
    tasks: pd.DataFrame
    respondents: pd.DataFrame
    population: pd.DataFrame
    importance: np.ndarray
    frequency: np.ndarray

    @property
    def domains(self) -> np.ndarray:
        return pd.factorize(self.tasks["domain_id"])[0]

    def scopes(self) -> dict[str, np.ndarray]:
        """Task positions of ``total`` and of each domain."""
        found = {"total": np.arange(len(self.tasks))}
        for number, domain in enumerate(pd.unique(self.tasks["domain_id"])):
            found[domain] = np.flatnonzero(self.domains == number)
        return found

    def expected(self, table: str, **where: object) -> pd.DataFrame:
        """Rows of an expected table."""
        return expected(self.name, table, **where)


def expected(study: str, table: str, **where: object) -> pd.DataFrame:
    """Rows of the expected table of a study."""
    frame = pd.read_csv(REFERENCE / study / "expected" / f"{table}.csv")
    for column, value in where.items():
        frame = frame[frame[column] == value]
    return frame.reset_index(drop=True)


@functools.cache
def study(name: str) -> ReferenceStudy:
    """Read a reference study."""
    folder = REFERENCE / name / "data"
    tasks, respondents = pd.read_csv(folder / "tasks.csv"), pd.read_csv(folder / "respondents.csv")
    ratings = pd.read_csv(folder / "ratings.csv")
    arrays = {}
    for scale in ("importance", "frequency"):
        wide = ratings[ratings["scale"] == scale].pivot(index="respondent_id", columns="task_id", values="value")
        wide = wide.reindex(index=respondents["respondent_id"], columns=tasks["task_id"])
        arrays[scale] = wide.to_numpy(dtype=float)
    return ReferenceStudy(
        name,
        tasks,
        respondents,
        pd.read_csv(folder / "population.csv"),
        arrays["importance"],
        arrays["frequency"],
    )


def golden(name: str) -> pd.DataFrame:
    """Read a table of published results."""
    return pd.read_csv(REFERENCE / "golden" / f"{name}.csv")


def random_ratings(seed: int, respondents: int = 40, tasks: int = 7, missing: float = 0.15) -> np.ndarray:
    """Ratings 1 to 5 with task and respondent effects and holes."""
    rng = np.random.default_rng(seed)
    level = rng.normal(3.3, 0.6, tasks) + rng.normal(0, 0.5, (respondents, 1))
    X = np.clip(np.round(level + rng.normal(0, 0.9, (respondents, tasks))), 1, 5)
    X[rng.random(X.shape) < missing] = np.nan
    return X
