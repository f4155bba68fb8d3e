"""How statistics beside the core join an analysis: their tables, and the task indices that follow from them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import pandas as pd

from analysis.plan import AnalysisPlan
from analysis.ratings import StudyData
from analysis.tasks import Floats

Progress = Callable[[str], None]


class FurtherTables(Protocol):
    """Tables of further statistics, with the task indices that follow from them.

    ``tables`` and ``documents`` by name, ``bases`` an index of shape (T,) by method, ``left_out`` the
    reasons for what is not there. `analysis.tables.TableSet` is one.
    """

    @property
    def tables(self) -> dict[str, pd.DataFrame]: ...

    @property
    def documents(self) -> dict[str, dict[str, Any]]: ...

    @property
    def bases(self) -> dict[str, Floats]: ...

    @property
    def left_out(self) -> dict[str, str]: ...


@dataclass(frozen=True)
class Further:
    """Statistics beside the core of the analysis.

    Parameters
    ----------
    tables : callable
        Returns their tables.
    """

    tables: Callable[[StudyData, AnalysisPlan, Progress], FurtherTables]


def all_statistics() -> Further:
    """Return the statistics of agreement, reliability, sample, screening and Rasch, with their task indices."""
    # Imported here: the core of the analysis does without them.
    from analysis.tables import referee_tables

    return Further(lambda data, plan, progress: referee_tables(data, plan, progress=progress))
