"""Within which groups respondents are resampled: the survey's form and the stratum they were drawn from."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from analysis.errors import PlanError, shown
from analysis.frames import Texts, text_array
from analysis.plan import AnalysisPlan
from analysis.ratings import StudyData

# The column of a study's own strata, which a frozen data set carries. Not every data set has one.
STRATUM = "stratum"


@dataclass(frozen=True)
class ResamplingGroups:
    """The group of each respondent, (R,), ``None`` where all are one; and how many joined another group."""

    labels: Texts | None
    joined: int = 0


def resampling_groups(data: StudyData, plan: AnalysisPlan) -> ResamplingGroups:
    """Return the form x stratum of each respondent.

    A stratum with a single respondent on a form would be in every resample and add nothing to the
    interval. The single ones of a form make one group together; one that is left alone joins the form's
    smallest other stratum (collapsed strata [1]_). Respondents whose stratum is not known are a stratum.

    Parameters
    ----------
    data : StudyData
    plan : AnalysisPlan
        ``bootstrap_strata`` names the background question.

    Raises
    ------
    PlanError
        If the plan names a question that the data lack. The default, ``stratum``, may be absent.

    References
    ----------
    .. [1] Wolter, K. M. (2007). Introduction to Variance Estimation (2nd ed.), section 2.5. Springer.
    """
    strata = _strata(data, plan.bootstrap_strata)
    if strata is None:
        return ResamplingGroups(data.form_of)
    forms = [""] * len(strata) if data.form_of is None else data.form_of.tolist()
    pairs = list(zip(forms, strata.tolist(), strict=True))
    moved = _collapsed(Counter(pairs))
    names = {pair: str(i) for i, pair in enumerate(sorted({moved.get(pair, pair) for pair in pairs}))}
    labels = text_array(names[moved.get(pair, pair)] for pair in pairs)
    return ResamplingGroups(labels, sum(pair in moved for pair in pairs))


def _strata(data: StudyData, name: str | None) -> Texts | None:
    if name is None:
        return None
    known = [] if data.respondents is None else list(data.respondents.columns)
    if name in known and data.respondents is not None:
        return text_array(data.respondents[name])
    if name == STRATUM:
        return None
    raise PlanError(
        f"bootstrap_strata is {name!r}, which is no background question of the data set; "
        f"it has: {shown(known[1:], limit=20) or 'none'}."
    )


def _collapsed(sizes: Counter[tuple[str, str]]) -> dict[tuple[str, str], tuple[str, str]]:
    """Return which groups join which: form and stratum by form and stratum."""
    moved: dict[tuple[str, str], tuple[str, str]] = {}
    for form in sorted({form for form, _ in sizes}):
        single = sorted(pair for pair, n in sizes.items() if pair[0] == form and n == 1)
        others = sorted((n, pair) for pair, n in sizes.items() if pair[0] == form and n > 1)
        if len(single) == 1 and others:
            moved[single[0]] = others[0][1]
        elif len(single) > 1:
            moved |= {pair: single[0] for pair in single}
    return moved


def groups_note(groups: ResamplingGroups) -> list[str]:
    """Say how many respondents were resampled with those of another stratum."""
    if not groups.joined:
        return []
    return [
        f"Resampling: {groups.joined} respondent(s) are the only ones of their stratum on their form; "
        "they are resampled together with others of the form."
    ]
