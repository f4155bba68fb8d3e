"""What an analysis returns: tables, reasons for what is missing, and what it was made from."""

from __future__ import annotations

import json
import platform
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import scipy

import analysis
from analysis.plan import AnalysisPlan


@dataclass(frozen=True)
class AnalysisResult:
    """Every table of an analysis and what it was made from. Nothing of the clock is in it.

    Parameters
    ----------
    tables : dict of DataFrame
        By name. Numbers are unrounded, NaN is undefined; tables named as in DEFINITIONS.md use all
        tasks, ``blueprint`` uses the retained.
    left_out : dict of str
        Why a table, or a part of one, does not exist in this study.
    notes : tuple of str
        Why cells are empty, which ties were met, what a bound changed.
    choices : dict
        Scales, index and rules that the plan came to in this study.
    assumptions : tuple of str
        What was worked out rather than stated in the plan or the files.
    counts, weights, items : dict
        Of the study and of its blueprint.
    data_hash, study_hash, plan_hash : str
        SHA-256 of the ratings, of everything read, and of the plan.
    versions : dict of str
        Of this program and of what it computes with.
    documents : dict of dict
        Results that are no table, by name, as plain values that JSON can hold.
    """

    tables: dict[str, pd.DataFrame]
    left_out: dict[str, str]
    notes: tuple[str, ...]
    choices: dict[str, Any]
    assumptions: tuple[str, ...]
    counts: dict[str, Any]
    weights: dict[str, Any]
    items: dict[str, Any]
    data_hash: str
    study_hash: str
    plan: AnalysisPlan
    plan_hash: str
    versions: dict[str, str] = field(default_factory=dict)
    documents: dict[str, dict[str, Any]] = field(default_factory=dict)

    def summary(self) -> dict[str, Any]:
        """Return all but the tables as plain values that JSON can hold."""
        return {
            "data_hash": self.data_hash,
            "study_hash": self.study_hash,
            "plan": self.plan.to_dict(),
            "plan_hash": self.plan_hash,
            "versions": self.versions,
            "choices": self.choices,
            "assumptions": list(self.assumptions),
            "counts": self.counts,
            "weights": self.weights,
            "items": self.items,
            "tables": {name: len(table) for name, table in sorted(self.tables.items())},
            "documents": sorted(self.documents),
            "left_out": dict(sorted(self.left_out.items())),
            "notes": list(self.notes),
        }

    def summary_json(self, **more: Any) -> str:
        """Return the summary, with any further values, as JSON text; a value that is no number raises."""
        return json.dumps({**self.summary(), **more}, ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def by_level(blueprint: pd.DataFrame | None, column: str, kind: Callable[[Any], Any]) -> dict[str, Any]:
    """Return a column of the blueprint by level and unit, as plain values."""
    if blueprint is None:
        return {}
    return {
        str(level): {
            str(unit): None if pd.isna(value) else kind(value)
            for unit, value in zip(rows["unit"], rows[column], strict=True)
        }
        for level, rows in blueprint.groupby("level", sort=False)
    }


def versions() -> dict[str, str]:
    """Return the versions of this program and of what it computes with."""
    return {
        "practice-analysis": analysis.__version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "pandas": pd.__version__,
        "scipy": scipy.__version__,
    }
