"""Guarded readers of uploaded files: bytes in, plain rows and problems out; no database.

The readers are imported on first use, so that starting the web
application does not pay for them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jta.imports.limits import LimitError, Limits
from jta.imports.result import Problem, RatingTable, ReadResult, Row

if TYPE_CHECKING:
    from jta.imports.counts import read_counts
    from jta.imports.inventory import read_inventory
    from jta.imports.ratings import Known, read_ratings
    from jta.imports.roster import read_panel, read_roster

_LAZY = {
    "read_inventory": "inventory",
    "read_roster": "roster",
    "read_panel": "roster",
    "read_counts": "counts",
    "read_ratings": "ratings",
    "Known": "ratings",
}

__all__ = [
    "Known",
    "LimitError",
    "Limits",
    "Problem",
    "RatingTable",
    "ReadResult",
    "Row",
    "read_counts",
    "read_inventory",
    "read_panel",
    "read_ratings",
    "read_roster",
]


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(name)
    from importlib import import_module

    return getattr(import_module(f"jta.imports.{_LAZY[name]}"), name)
