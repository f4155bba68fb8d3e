"""Who answered: response rates, and the sample beside the population."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from analysis.agreement_counts import Floats, divide
from analysis.errors import AnalysisError


@dataclass(frozen=True)
class Dispositions:
    """Final state of every person invited (numbers of people, all at least 0).

    ``complete`` and ``partial`` responses; ``refused`` (opted out or broke off at once);
    ``not_reached`` (known to be eligible, never contacted); a message that came back is ``unknown``;
    ``other`` eligible without a response; ``unknown`` (silent: eligibility not known);
    ``ineligible`` (screened out), who are in no denominator.

    Raises
    ------
    AnalysisError
        If a number is negative.
    """

    complete: int
    partial: int = 0
    refused: int = 0
    not_reached: int = 0
    other: int = 0
    unknown: int = 0
    ineligible: int = 0

    def __post_init__(self) -> None:
        negative = [name for name, value in vars(self).items() if value < 0]
        if negative:
            raise AnalysisError(f"Numbers of people cannot be negative: {', '.join(negative)}.")

    @property
    def eligible(self) -> int:
        """People known to be eligible."""
        return self.complete + self.partial + self.refused + self.not_reached + self.other


def eligibility(people: Dispositions) -> float:
    """Share of the people of unknown eligibility taken to be eligible.

    Parameters
    ----------
    people : Dispositions

    Returns
    -------
    float
        Known eligible / (known eligible + ineligible), the proportional allocation (CASRO)
        method; NaN when nobody's eligibility is known.
    """
    return float(divide(people.eligible, people.eligible + people.ineligible))


def response_rates(people: Dispositions, e: float | None = None) -> dict[str, float]:
    """AAPOR response rates RR1 to RR6.

    Parameters
    ----------
    people : Dispositions
    e : float, optional
        Share of the unknown taken to be eligible, 0 to 1; `eligibility` if not given.

    Returns
    -------
    dict
        RR1 = I / (eligible + unknown), RR3 = I / (eligible + e unknown), RR5 = I / eligible;
        RR2, RR4, RR6 the same with partial responses added above. NaN without a denominator.

    Raises
    ------
    AnalysisError
        If e lies outside 0 to 1.

    Notes
    -----
    An open link has no response rate: report the numbers of people and `completion_rate`.

    References
    ----------
    AAPOR 2023, Standard Definitions, 10th edition.

    Examples
    --------
    >>> rates = response_rates(Dispositions(complete=50, partial=10, refused=20, unknown=20), e=0.5)
    >>> {name: round(rate, 3) for name, rate in rates.items()}
    {'RR1': 0.5, 'RR2': 0.6, 'RR3': 0.556, 'RR4': 0.667, 'RR5': 0.625, 'RR6': 0.75}
    """
    share = eligibility(people) if e is None else e
    if not np.isnan(share) and not 0 <= share <= 1:
        raise AnalysisError("The share of eligible people among the unknown must lie from 0 to 1.")
    unknown = share * people.unknown if people.unknown else 0.0
    bases = (people.eligible + people.unknown, people.eligible + unknown, people.eligible)
    rates = {}
    for i, base in enumerate(bases):
        rates[f"RR{2 * i + 1}"] = float(divide(people.complete, base))
        rates[f"RR{2 * i + 2}"] = float(divide(people.complete + people.partial, base))
    return rates


def completion_rate(complete: int, started: int) -> float:
    """Share of those who pressed Start who submitted a complete response; NaN if nobody started."""
    return float(divide(complete, started))


@dataclass(frozen=True)
class GoodnessOfFit:
    """Chi-square test of the sample's counts against the population's shares.

    ``expected`` and ``std_residual`` have one value per level; NaN where undefined, with the
    ``reason``.
    """

    n: int
    chi2: float
    df: int
    p: float
    cohens_w: float
    expected: Floats
    std_residual: Floats
    reason: str = ""


def representativeness(observed: Floats, shares: Floats) -> GoodnessOfFit:
    """Compare the respondents' distribution over one variable with the population's.

    Parameters
    ----------
    observed : array, (L,)
        Respondents in each level of the population table.
    shares : float array, (L,)
        Population shares; they are rescaled to sum to 1.

    Returns
    -------
    GoodnessOfFit
        chi2 = sum (O - E)^2 / E, df = L - 1, cohens_w = sqrt(chi2 / n) (0.1 small, 0.3 medium,
        0.5 large), std_residual = (O - E) / sqrt(n p (1 - p)). Empty without respondents, with
        fewer than 2 levels, or when a level has no population.

    References
    ----------
    Cohen 1988, Statistical Power Analysis, chapter 7; stats::chisq.test (R).
    """
    observed = np.asarray(observed, dtype=float)
    n, levels = int(observed.sum()), len(observed)
    reason = _why_no_test(n, np.asarray(shares, dtype=float))
    if reason:
        blank = np.full(levels, np.nan)
        return GoodnessOfFit(n, float("nan"), levels - 1, float("nan"), float("nan"), blank, blank, reason)
    p = np.asarray(shares, dtype=float) / np.sum(shares)
    expected = n * p
    chi2 = float((np.square(observed - expected) / expected).sum())
    return GoodnessOfFit(
        n=n,
        chi2=chi2,
        df=levels - 1,
        p=float(special.chdtrc(levels - 1, chi2)),
        cohens_w=float(np.sqrt(chi2 / n)),
        expected=expected,
        std_residual=divide(observed - expected, np.sqrt(expected * (1 - p))),
    )


def _why_no_test(n: int, shares: Floats) -> str:
    if n == 0:
        return "no respondent has a known level"
    if len(shares) < 2:
        return "the population has only one level"
    if not (shares > 0).all():
        return "a level has no share of the population"
    return ""


def largest_gap(observed: Floats, shares: Floats) -> float:
    """Largest difference between sample and population shares, in percentage points.

    Parameters
    ----------
    observed, shares : array, (L,)

    Returns
    -------
    float
        0 to 100; more than 5 deserves a remark. NaN without respondents or population.
    """
    own, theirs = np.asarray(observed, float), np.asarray(shares, float)
    if own.sum() <= 0 or theirs.sum() <= 0:
        return float("nan")
    return float(100 * np.abs(own / own.sum() - theirs / theirs.sum()).max())
