"""How many respondents: sample sizes, margins of error, and what more responses would bring."""

from __future__ import annotations

import math

from scipy import special

from analysis.errors import AnalysisError


def normal_quantile(confidence: float = 0.95) -> float:
    """z of a two-sided interval (1.96 for 95 %).

    Raises
    ------
    AnalysisError
        If the confidence is not between 0 and 1.
    """
    if not 0 < confidence < 1:
        raise AnalysisError("Confidence must lie between 0 and 1, such as 0.95.")
    return float(special.ndtri(0.5 + confidence / 2))


def _positive(**numbers: float) -> None:
    for name, value in numbers.items():
        if not value > 0:
            raise AnalysisError(f"{name} must be larger than 0.")


def krejcie_morgan(population: int, p: float = 0.5, margin: float = 0.05, chi2: float = 3.841) -> int:
    """Sample size for a share in a finite population, as in Krejcie and Morgan's table.

    Parameters
    ----------
    population : int
        N, people in the frame.
    p : float
        Expected share; 0.5 is the safest.
    margin : float
        Margin of error, as a share.
    chi2 : float
        Chi-square of 1 degree of freedom at the level wanted; the table's 3.841 for 95 %.

    Returns
    -------
    int
        chi2 N p (1 - p) / (margin^2 (N - 1) + chi2 p (1 - p)), rounded to the nearest whole as in
        the published table (a plan that must not fall short rounds up).

    References
    ----------
    Krejcie & Morgan 1970, Educational and Psychological Measurement 30, 607-610.

    Examples
    --------
    >>> krejcie_morgan(500)
    217
    """
    _positive(population=population, p=p, margin=margin, chi2=chi2)
    above = chi2 * population * p * (1 - p)
    return math.floor(above / (margin**2 * (population - 1) + chi2 * p * (1 - p)) + 0.5)


def n_for_mean(sd: float, margin: float, population: float | None = None, confidence: float = 0.95) -> int:
    """Respondents needed so that a task's mean has a given margin of error.

    Parameters
    ----------
    sd : float
        Standard deviation of the ratings, in scale points.
    margin : float
        Half width of the interval wanted, in scale points.
    population : float, optional
        N; without it the population is taken as endless.
    confidence : float

    Returns
    -------
    int
        n0 = (z sd / margin)^2, n = n0 / (1 + (n0 - 1) / N), rounded up.

    References
    ----------
    Cochran 1977, Sampling Techniques, chapter 4.
    """
    _positive(sd=sd, margin=margin)
    n0 = (normal_quantile(confidence) * sd / margin) ** 2
    if population is not None:
        _positive(population=population)
        n0 = n0 / (1 + (n0 - 1) / population)
    return math.ceil(n0 - 1e-9)


def margin_of_share(p: float, n: int, population: float | None = None, confidence: float = 0.95) -> float:
    """Margin of error of a share, with finite population correction.

    Parameters
    ----------
    p : float
        The share, 0 to 1.
    n : int
        Respondents.
    population : float, optional
        N of the frame.
    confidence : float

    Returns
    -------
    float
        z sqrt(p (1 - p) / n) sqrt((N - n) / (N - 1)), as a share.
    """
    _positive(n=n)
    margin = normal_quantile(confidence) * math.sqrt(p * (1 - p) / n)
    if population is None or population <= 1:
        return margin
    return margin * math.sqrt(max(population - n, 0) / (population - 1))


def standard_error(sd: float, n: int, population: float | None = None) -> float:
    """Standard error of a mean, with the correction 1 - n / N for a sampled frame.

    Parameters
    ----------
    sd : float
        Divisor n - 1.
    n : int
        Respondents.
    population : float, optional
        N of the frame.

    Returns
    -------
    float
        sd / sqrt(n) sqrt(1 - n / N).
    """
    _positive(n=n)
    rest = 1.0 if population is None else max(1 - n / population, 0.0)
    return sd / math.sqrt(n) * math.sqrt(rest)


def responses_still_needed(n: int, half_width: float, wanted: float, population: float | None = None) -> int | None:
    """Further responses that would narrow an interval to the width wanted.

    Parameters
    ----------
    n : int
        Responses so far.
    half_width : float
        Half width of the interval now (any unit: a domain weight, scale points).
    wanted : float
        Half width wanted, same unit.
    population : float, optional
        N of the frame; with it the width shrinks by sqrt(1/n - 1/N) instead of sqrt(1/n).

    Returns
    -------
    int or None
        0 when the interval is narrow enough; None when the frame has not that many people left
        (the whole frame always suffices, so this happens only for n >= N).

    Notes
    -----
    Forecast only: it supposes that later respondents answer as the earlier ones do.
    """
    _positive(n=n, wanted=wanted)
    if half_width <= wanted:
        return 0
    ratio = (wanted / half_width) ** 2
    if population is None:
        return math.ceil(n / ratio - 1e-9) - n
    if n >= population:
        return None
    total = 1 / (ratio * (1 / n - 1 / population) + 1 / population)
    return math.ceil(total - 1e-9) - n
