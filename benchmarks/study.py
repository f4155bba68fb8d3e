"""A simulated study of any size, the same for the same seed."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.ratings import StudyData, study_from_codes
from analysis.scales import integer_scale

SCALES = (integer_scale("importance", 1, 5), integer_scale("frequency", 0, 5, zero_not_performed=True))
SIZES = {"small": (0.4, 5200), "medium": (0.45, 5850), "large": (0.15, 1950)}


def importance_codes(respondents: int, tasks: int, missing: float = 0.04, seed: int = 1) -> np.ndarray:
    """Return codes 1 to 5 (0 = unanswered) with task and respondent effects."""
    rng = np.random.default_rng(seed)
    level, severity = rng.normal(3.4, 0.7, tasks), rng.normal(0, 0.6, (respondents, 1)).astype(np.float32)
    noise = rng.standard_normal((respondents, tasks), dtype=np.float32) * np.float32(0.9)
    codes = np.clip(np.rint(level.astype(np.float32) + severity + noise), 1, 5).astype(np.uint8)
    codes[rng.random((respondents, tasks), dtype=np.float32) < missing] = 0
    return codes


def form_codes(respondents: int) -> np.ndarray:
    """Return codes of 200 tasks of which each respondent rated 80: 50 common ones and 30 of one of five forms."""
    codes = importance_codes(respondents, 200, 0.0)
    form = np.arange(respondents) % 5
    codes[:, 50:][(np.arange(150) // 30)[None, :] != form[:, None]] = 0
    return codes


def simulate(respondents: int, tasks: int, seed: int = 1) -> StudyData:
    """Return a study with importance, frequency, background and population."""
    rng = np.random.default_rng(seed)
    importance = importance_codes(respondents, tasks, seed=seed)
    frequency = importance_codes(respondents, tasks, 0.02, seed + 1)
    often = rng.integers(0, 2, tasks).astype(np.uint8)
    frequency = np.where(frequency > 0, np.maximum(frequency - often, 1) + (rng.random(tasks) < 0.5), 0).astype(
        np.uint8
    )
    importance[frequency == 1] = 0
    units = [f"D{6 * t // tasks + 1}" for t in range(tasks)]
    table = pd.DataFrame({"task_id": [f"T{t:03}" for t in range(tasks)], "domain_id": units})
    table["subdomain_id"] = [f"{unit}.{t % 2 + 1}" for t, unit in enumerate(units)]
    ids = [f"R{r:07}" for r in range(respondents)]
    people = {
        "respondent_id": ids,
        "role": rng.choice(["CTO", "Director", "Coordinator", "Other"], respondents),
        "region": rng.choice(["North", "East", "South", "West"], respondents),
        "district_size": rng.choice(list(SIZES), respondents),
        "duration_seconds": rng.integers(300, 4000, respondents).astype(str),
    }
    population = [("district_size", level, share, count) for level, (share, count) in SIZES.items()]
    return study_from_codes(
        table,
        SCALES,
        ids,
        {"importance": importance, "frequency": frequency},
        respondents=pd.DataFrame(people),
        population=pd.DataFrame(population, columns=["variable", "level", "share", "count"]),
    )
