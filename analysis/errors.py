"""The errors of the analysis: every message is a sentence that says what is wrong and the way out."""

from __future__ import annotations

from collections.abc import Sequence


class AnalysisError(Exception):
    """The analysis cannot go on; the message says why and what to do."""


class ScaleError(AnalysisError):
    """A rating scale contradicts itself, or an anchor is not on its scale."""


class RatingDataError(AnalysisError):
    """Ratings, tasks or respondents do not fit together."""


class PlanError(AnalysisError):
    """An analysis plan has an unknown option, a value out of range, or names a scale the study lacks."""


class AllocationError(AnalysisError):
    """No allocation of items meets the total, the minima and the maxima at once."""


def shown(values: Sequence[object], limit: int = 5) -> str:
    """Return the first few values for a message, and how many more there are.

    Examples
    --------
    >>> shown(["T1", "T2", "T3"], limit=2)
    "'T1', 'T2' and 1 more"
    """
    head = ", ".join(repr(str(value)) for value in values[:limit])
    more = len(values) - limit
    return f"{head} and {more} more" if more > 0 else head
