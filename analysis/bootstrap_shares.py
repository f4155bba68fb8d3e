"""The index ``time_share`` in every resample: each respondent's frequencies as shares of their own sum."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.ratings import RatingMatrix
from analysis.tasks import Floats, divide

Codes = npt.NDArray[np.uint8]
BLOCK_ROWS = 2048


@dataclass(frozen=True)
class TimeShares:
    """What the resampled time shares are made of.

    ``codes`` of the frequency scale (R, T), ``values`` of each code (0 where there is none), ``factor`` (R,)
    one over the sum of a respondent's frequencies, 0 where that sum is not above 0; ``without`` the positions
    of those respondents, and ``answers`` (respondents without, T) which tasks they answered.
    """

    codes: Codes
    values: Floats
    factor: Floats
    without: npt.NDArray[np.intp]
    answers: Floats

    def index(self, counts: Codes, n_frequency: Floats) -> Floats:
        """Return the index in a block of resamples, (block, T).

        Parameters
        ----------
        counts : ndarray of shape (block, R)
        n_frequency : ndarray of shape (block, T)
            Frequencies in each resample. Those of respondents without a sum are taken off again.
        """
        total = np.zeros(n_frequency.shape)
        for start in range(0, len(self.codes), BLOCK_ROWS):
            rows = slice(start, start + BLOCK_ROWS)
            total += (counts[:, rows] * self.factor[rows]) @ self.values[self.codes[rows]]
        return divide(total, n_frequency - counts[:, self.without].astype(np.float64) @ self.answers)


def time_share_parts(frequency: RatingMatrix, not_performed: float | None = 0.0) -> TimeShares:
    """Return what `TimeShares` needs.

    Parameters
    ----------
    frequency : RatingMatrix of shape (R, T)
    not_performed : float, optional
        Frequency of a non-performer; ``None``: missing.
    """
    given = frequency.scale.values(not_performed)
    values = np.nan_to_num(given, nan=0.0)
    own = np.empty(len(frequency.codes))
    for start in range(0, len(own), BLOCK_ROWS):
        own[start : start + BLOCK_ROWS] = values[frequency.codes[start : start + BLOCK_ROWS]].sum(axis=1)
    counted = own > 0
    factor = np.divide(1.0, own, out=np.zeros(len(own)), where=counted)
    without = np.flatnonzero(~counted)
    return TimeShares(frequency.codes, values, factor, without, (~np.isnan(given))[frequency.codes[without]] * 1.0)
