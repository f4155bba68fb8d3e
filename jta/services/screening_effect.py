"""What the exclusions move: domain weights and items with and without the responses that the review left out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from jta.services.results import study_plan
from jta.services.results_privacy import SMALLEST
from jta.services.review_inclusion import MINIMUM_SHARE, rule_text

if TYPE_CHECKING:
    from analysis.ratings import StudyData
    from analysis.result import AnalysisResult
    from jta.services.screening import Screened, Screening


@dataclass(frozen=True)
class EffectRow:
    """One domain: weights (shares of the exam) and items with and without the excluded responses."""

    code: str
    title: str
    weight_before: float | None
    weight_after: float | None
    items_before: int | None
    items_after: int | None

    @property
    def change(self) -> float | None:
        """Change of the weight, as a share of the exam."""
        if self.weight_before is None or self.weight_after is None:
            return None
        return self.weight_after - self.weight_before


@dataclass(frozen=True)
class Effect:
    """The joint effect of all exclusions; ``reason`` says why there are no rows."""

    n_before: int
    n_after: int
    rows: tuple[EffectRow, ...] = ()
    reason: str = ""
    rule: str = ""

    @property
    def items_moved(self) -> int:
        """Items of the exam that change their domain."""
        return sum(abs((r.items_after or 0) - (r.items_before or 0)) for r in self.rows) // 2


def exclusion_effect(study_id: int, screening: Screening, *, sees_responses: bool, smallest: int = SMALLEST) -> Effect:
    """Return domain weights and items of the retained tasks before and after all exclusions together.

    Both sides use the study's plan and the default rule of inclusion. Whoever may not see single responses
    gets no rows unless ``smallest`` responses or more are left out and as many remain.

    Parameters
    ----------
    sees_responses : bool
        Whether the reader is a psychometrician of the study.
    """
    before = [r for r in screening.responses if r.submitted or r.share_answered >= MINIMUM_SHARE]
    after = [r for r in before if not r.is_excluded]
    n = Effect(len(before), len(after), rule=rule_text(MINIMUM_SHARE))
    if reason := _withheld(len(before), len(after), 0 if sees_responses else smallest):
        return replace(n, reason=reason)
    plan = replace(study_plan(study_id), bootstrap_resamples=0)
    results = [_analysed(screening.data, rows, plan) for rows in (before, after)]
    if failed := next((text for text in results if isinstance(text, str)), None):
        return replace(n, reason=failed)
    return replace(n, rows=_rows(screening.data, *results))


def _withheld(before: int, after: int, smallest: int) -> str:
    if before == after:
        return "No response of the data set is left out so far, so nothing changes."
    if before - after < smallest:
        return (
            f"Not shown: fewer than {smallest} responses of the data set are left out, "
            "so it could tell what one person answered."
        )
    if after < smallest:
        return f"Not shown: fewer than {smallest} responses remain."
    return ""


def _analysed(data: StudyData, rows: list[Screened], plan: Any) -> AnalysisResult | str:
    from analysis.errors import AnalysisError
    from analysis.pipeline import run_analysis

    try:
        result = run_analysis(_take(data, [r.code for r in rows]), plan)
    except AnalysisError as error:
        return f"The analysis cannot run with this plan: {error}"
    return result if "blueprint" in result.tables else result.left_out["blueprint"]


def _take(data: StudyData, codes: list[str]) -> StudyData:
    """Return the study with these respondents only."""
    import numpy as np

    from analysis.ratings import study_from_codes

    rows = np.flatnonzero(np.isin(data.respondent_ids.astype(str), codes))
    return study_from_codes(
        data.tasks,
        data.scales.values(),
        data.respondent_ids[rows],
        {code: matrix.codes[rows] for code, matrix in data.matrices.items()},
        respondents=None if data.respondents is None else data.respondents.iloc[rows].reset_index(drop=True),
        population=data.population,
        forms=data.forms,
    )


def _rows(data: StudyData, before: Any, after: Any) -> tuple[EffectRow, ...]:
    titles = dict(zip(data.tasks["domain_id"], data.tasks["domain_name"], strict=True))
    weights = [result.weights.get("domain", {}) for result in (before, after)]
    items = [result.items.get("domain", {}) for result in (before, after)]
    return tuple(
        EffectRow(code, title, *(w.get(code) for w in weights), *(i.get(code) for i in items))
        for code, title in titles.items()
    )
