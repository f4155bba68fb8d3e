"""What an analysis has come to while it runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from analysis.choices import Choices
from analysis.further import Further, Progress
from analysis.plan import AnalysisPlan
from analysis.ratings import StudyData
from analysis.tasks import Floats
from analysis.weights import Units


@dataclass(frozen=True)
class Weighed:
    """What the weights came to: indices (T,) and resampled indices (B, T) by method, and the units."""

    methods: dict[str, Floats]
    resampled: dict[str, Floats]
    levels: Sequence[Units]


@dataclass
class Work:
    """The tables as they grow, and what is to be said about them."""

    data: StudyData
    plan: AnalysisPlan
    choices: Choices
    progress: Progress
    further: Further | None
    workers: int = 1
    bases: dict[str, Floats] = field(default_factory=dict)
    documents: dict[str, dict[str, Any]] = field(default_factory=dict)
    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    weighed: Weighed | None = None
