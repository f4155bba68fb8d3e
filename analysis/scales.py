"""Rating scales: where a rating becomes a number, and nowhere else.

The database and the files keep the anchor a respondent chose. Its number is looked up here, so that
"not performed" can be 0 in one statistic and missing in another without touching the data.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from analysis.errors import ScaleError, shown

# Codes are stored in one byte and 0 means "unanswered".
MAX_ANCHORS = 255


@dataclass(frozen=True)
class Anchor:
    """One point of a rating scale.

    Parameters
    ----------
    code : str
        Stable code, as stored with each rating.
    label : str
        The words a respondent reads.
    value : float or None
        The number of the point; ``None`` for a point without a number.
    not_performed : bool
        Whether the point says "I do not perform this task"; such a point has no number.

    Raises
    ------
    ScaleError
        If the code is empty, the value is not finite, or "not performed" has a value.
    """

    code: str
    label: str
    value: float | None
    not_performed: bool = False

    def __post_init__(self) -> None:
        if not self.code:
            raise ScaleError("An anchor has an empty code; give it one.")
        if self.not_performed and self.value is not None:
            raise ScaleError(f"The anchor {self.code!r} means 'not performed', so it must have no number.")
        if self.value is not None and not math.isfinite(self.value):
            raise ScaleError(f"The anchor {self.code!r} has the value {self.value}, which is not a number.")


@dataclass(frozen=True)
class RatingScale:
    """A rating scale: its anchors in the order a respondent sees them.

    Raises
    ------
    ScaleError
        If the code is empty, there is no anchor or more than 255, two anchors share a code, or more
        than one anchor means "not performed".
    """

    code: str
    title: str
    anchors: tuple[Anchor, ...]

    def __post_init__(self) -> None:
        if not self.code:
            raise ScaleError("A rating scale has an empty code; give it one.")
        if not 1 <= len(self.anchors) <= MAX_ANCHORS:
            raise ScaleError(f"The scale {self.code!r} needs 1 to {MAX_ANCHORS} anchors, not {len(self.anchors)}.")
        codes = [anchor.code for anchor in self.anchors]
        if repeated := sorted({code for code in codes if codes.count(code) > 1}):
            raise ScaleError(f"The scale {self.code!r} has the anchor code(s) {shown(repeated)} more than once.")
        if sum(anchor.not_performed for anchor in self.anchors) > 1:
            raise ScaleError(f"The scale {self.code!r} has more than one 'not performed' anchor; keep one.")

    @property
    def not_performed_code(self) -> int:
        """The 1-based number of the "not performed" anchor, or 0 if the scale has none."""
        return next((k for k, anchor in enumerate(self.anchors, 1) if anchor.not_performed), 0)

    @cached_property
    def codes(self) -> dict[str, int]:
        """The 1-based number of each anchor code."""
        return {anchor.code: k for k, anchor in enumerate(self.anchors, 1)}

    def values(self, not_performed: float | None = None) -> npt.NDArray[np.float64]:
        """Return the number of every stored code.

        Parameters
        ----------
        not_performed : float, optional
            What "not performed" counts as; ``None`` makes it missing.

        Returns
        -------
        ndarray of shape (A + 1,)
            Element 0 (unanswered) is NaN, element k the value of the k-th anchor, NaN for a point
            without a number.
        """
        missing = math.nan if not_performed is None else float(not_performed)
        points = [missing if a.not_performed else math.nan if a.value is None else a.value for a in self.anchors]
        return np.array([math.nan, *points], dtype=np.float64)

    @property
    def minimum(self) -> float:
        """The smallest value, a "not performed" point counted as 0; NaN if no point has a number."""
        return self._extreme(min)

    @property
    def maximum(self) -> float:
        """The largest value, a "not performed" point counted as 0; NaN if no point has a number."""
        return self._extreme(max)

    def _extreme(self, pick: Any) -> float:
        points = self.values(not_performed=0.0)
        points = points[~np.isnan(points)]
        return float(pick(points)) if points.size else math.nan

    def to_dict(self) -> dict[str, Any]:
        """Return the scale as plain values that JSON can hold."""
        return {"code": self.code, "title": self.title, "anchors": [asdict(a) for a in self.anchors]}

    def to_json(self) -> str:
        """Return the scale as canonical JSON text: the same text for the same scale."""
        return json.dumps(self.to_dict(), ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    @classmethod
    def from_json(cls, source: str | Mapping[str, Any]) -> RatingScale:
        """Return the scale that `to_json` or `to_dict` wrote.

        Raises
        ------
        ScaleError
            If the text is not JSON or a part is missing or unknown.
        """
        try:
            parts = json.loads(source) if isinstance(source, str) else source
            anchors = tuple(Anchor(**anchor) for anchor in parts["anchors"])
            return cls(code=parts["code"], title=parts["title"], anchors=anchors)
        except (ValueError, TypeError, KeyError) as error:
            raise ScaleError(f"This is not a rating scale as this program writes it: {error}") from error


def integer_scale(
    code: str, minimum: int, maximum: int, *, zero_not_performed: bool = False, title: str | None = None
) -> RatingScale:
    """Return the scale of the whole numbers from minimum to maximum, each its own code and label.

    Parameters
    ----------
    zero_not_performed : bool
        Whether the point 0 means "not performed"; it then has no number of its own.

    Raises
    ------
    ScaleError
        If the maximum is below the minimum, there are more than 255 points, or 0 is to mean "not
        performed" and is not a point.

    Examples
    --------
    >>> integer_scale("frequency", 0, 2, zero_not_performed=True).values(not_performed=0.0).tolist()
    [nan, 0.0, 1.0, 2.0]
    """
    if not minimum <= maximum < minimum + MAX_ANCHORS:
        raise ScaleError(
            f"The scale {code!r} runs from {minimum} to {maximum}; "
            f"it must run upwards and have at most {MAX_ANCHORS} points."
        )
    if zero_not_performed and not minimum <= 0 <= maximum:
        raise ScaleError(f"On the scale {code!r} zero means 'not performed', but zero is not one of its points.")
    anchors = tuple(_integer_anchor(point, zero_not_performed) for point in range(minimum, maximum + 1))
    return RatingScale(code=code, title=title or code, anchors=anchors)


def _integer_anchor(point: int, zero_not_performed: bool) -> Anchor:
    if point == 0 and zero_not_performed:
        return Anchor(code="0", label="0", value=None, not_performed=True)
    return Anchor(code=str(point), label=str(point), value=float(point))
