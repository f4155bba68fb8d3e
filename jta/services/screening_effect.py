"""What the exclusions move: domain weights and items with and without the responses that the review left out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from jta.db import db
from jta.models.review import ReviewDecision
from jta.services.results import study_plan
from jta.services.results_privacy import SMALLEST
from jta.services.review_decisions import EXCLUDE
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
    decimals: int = 2

    @property
    def is_coarse(self) -> bool:
        """Whether the weights are whole percents, for readers who may not see single responses."""
        return self.decimals == 0

    @property
    def items_moved(self) -> int:
        """Items of the exam that change their domain."""
        return sum(abs((r.items_after or 0) - (r.items_before or 0)) for r in self.rows) // 2


def exclusion_effect(study_id: int, screening: Screening, *, sees_responses: bool, smallest: int = SMALLEST) -> Effect:
    """Return domain weights and items of the retained tasks before and after all exclusions together.

    Both sides use the study's plan and the default rule of inclusion. Whoever may not see single responses gets no
    rows unless ``smallest`` responses or more are left out and as many remain; the exclusions as they stood when the
    effect last moved by so many (`settled_exclusions`), not those of this minute; and weights in whole percents.

    Parameters
    ----------
    sees_responses : bool
        Whether the reader is a psychometrician of the study.
    """
    before = [r for r in screening.responses if r.submitted or r.share_answered >= MINIMUM_SHARE]
    out = {r.response_id for r in before if r.is_excluded}
    if not sees_responses and len(out) >= smallest:
        out = settled_exclusions(study_id, {r.response_id for r in before}, smallest)
    after = [r for r in before if r.response_id not in out]
    n = Effect(len(before), len(after), rule=rule_text(MINIMUM_SHARE), decimals=2 if sees_responses else 0)
    if reason := _withheld(len(before), len(after), 0 if sees_responses else smallest):
        return replace(n, reason=reason)
    plan = replace(study_plan(study_id), bootstrap_resamples=0)
    results = [_analysed(screening.data, rows, plan) for rows in (before, after)]
    if failed := next((text for text in results if isinstance(text, str)), None):
        return replace(n, reason=failed)
    rows = _rows(screening.data, *results)
    return replace(n, rows=rows if sees_responses else tuple(_coarse(row) for row in rows))


def settled_exclusions(study_id: int, candidates: set[int], smallest: int) -> set[int]:
    """Return the ids of the excluded responses as they stood when an effect could last be shown.

    Whoever looks after each decision must not see two effects that differ by one person. So the decisions are gone
    through in the order in which they were made and undone, and a state is shown only if it differs from no exclusion
    at all, and from each state shown before, in no response or in ``smallest`` of them.

    Parameters
    ----------
    candidates : set of int
        Ids of the responses that qualify for the data set; decisions on others move nothing.
    """
    out: set[int] = set()
    shown: list[set[int]] = [set()]
    for _, _, is_undone, response_id in sorted(_turns(study_id)):
        if response_id not in candidates:
            continue
        out = out - {response_id} if is_undone else out | {response_id}
        if all(len(out ^ state) >= smallest for state in shown if out != state):
            shown = [state for state in shown if state != out] + [out]
    return shown[-1]


def _turns(study_id: int) -> Iterator[tuple[datetime, int, bool, int]]:
    """Yield each exclusion and each undoing of one: when, the decision's id, whether it was undone, the response."""
    found = select(ReviewDecision).where(ReviewDecision.study_id == study_id, ReviewDecision.choice == EXCLUDE)
    for decision in db.session.scalars(found):
        yield decision.at, decision.id, False, decision.response_id
        if decision.undone_at is not None:
            yield decision.undone_at, decision.id, True, decision.response_id


def _coarse(row: EffectRow) -> EffectRow:
    """Return the row in whole percents: beside a frozen data set's exact weights it tells nothing of single people."""
    before, after = (None if w is None else round(w, 2) for w in (row.weight_before, row.weight_after))
    return replace(row, weight_before=before, weight_after=after)


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
