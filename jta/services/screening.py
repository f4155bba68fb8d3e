"""Screening: flags of every response of a closed survey, worked out afresh each time from its answers."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from jta.db import db
from jta.errors import StateError
from jta.models.response import Response
from jta.models.review import ReviewDecision
from jta.services.results import study_plan
from jta.services.review import load_study_data
from jta.services.review_decisions import EXCLUDE, count_grounds, load_decisions
from jta.services.review_forms import offered
from jta.services.screening_rules import (
    FEWEST_FOR_PERCENTILE,
    FEWEST_RATINGS,
    RULES,
    STRONG,
    SUGGEST_FROM,
    Flag,
    Measures,
    Rule,
    raise_flags,
)

if TYPE_CHECKING:
    import numpy as np

    from analysis.agreement_counts import Floats, Ints
    from analysis.ratings import RatingMatrix, StudyData


@dataclass(frozen=True)
class Screened:
    """One response under its random code: what was measured, its flags, and the decision in force.

    ``seconds_each`` is seconds for each rating, None without a time.
    """

    response_id: int
    code: str
    submitted: bool
    share_answered: float
    n_ratings: int
    seconds_each: float | None
    flags: tuple[Flag, ...]
    decision: ReviewDecision | None

    @property
    def suggests_exclusion(self) -> bool:
        """Whether there are flags enough to suggest leaving the response out."""
        return len(self.flags) >= SUGGEST_FROM

    @property
    def n_strong(self) -> int:
        """Number of strong flags."""
        return sum(flag.grade == STRONG for flag in self.flags)

    @property
    def is_open(self) -> bool:
        """Whether it is flagged and waits for a decision."""
        return bool(self.flags) and self.decision is None

    @property
    def is_excluded(self) -> bool:
        """Whether a decision leaves it out."""
        return self.decision is not None and self.decision.choice == EXCLUDE

    def has_flag(self, rule: str) -> bool:
        """Say whether this rule caught it."""
        return any(flag.rule == rule for flag in self.flags)


@dataclass(frozen=True)
class RuleCount:
    """How many responses a rule caught, how many of them strongly, how many of them are left out; ``None``: a few."""

    rule: Rule
    flagged: int | None
    strong: int | None
    excluded: int | None
    not_judged: str

    def without_few(self, smallest: int) -> RuleCount:
        """Return the counts without those of 1 to ``smallest`` - 1 responses."""
        flagged, strong, excluded = (
            None if count and count < smallest else count for count in (self.flagged, self.strong, self.excluded)
        )
        return replace(self, flagged=flagged, strong=strong, excluded=excluded)


@dataclass(frozen=True)
class Screening:
    """All responses of a study, most flags first, and the data they were screened on."""

    responses: tuple[Screened, ...]
    data: StudyData
    main: RatingMatrix | None
    not_judged: dict[str, str]

    @cached_property
    def flagged(self) -> tuple[Screened, ...]:
        """Responses with a flag."""
        return tuple(r for r in self.responses if r.flags)

    @cached_property
    def open(self) -> tuple[Screened, ...]:
        """Flagged responses without a decision."""
        return tuple(r for r in self.responses if r.is_open)

    @property
    def n_reviewed(self) -> int:
        """Flagged responses with a decision."""
        return len(self.flagged) - len(self.open)

    @cached_property
    def excluded(self) -> tuple[Screened, ...]:
        """Responses left out by a decision, flagged or not."""
        return tuple(r for r in self.responses if r.is_excluded)

    def rule_counts(self) -> list[RuleCount]:
        """Return the counts of each rule; a response counts under every rule that caught it."""
        return [self._count(rule) for rule in RULES]

    def _count(self, rule: Rule) -> RuleCount:
        caught = [r for r in self.responses if r.has_flag(rule.code)]
        strong = sum(flag.grade == STRONG for r in caught for flag in r.flags if flag.rule == rule.code)
        excluded = sum(r.is_excluded for r in caught)
        return RuleCount(rule, len(caught), strong, excluded, self.not_judged.get(rule.code, ""))

    def ground_counts(self) -> dict[str, int]:
        """Return the exclusions by the ground they are counted under; each once."""
        return count_grounds([r.decision.ground for r in self.excluded if r.decision])


def screen(study_id: int) -> Screening:
    """Return the flags of every response of a study that has an answer and is not withdrawn.

    Responses already left out stay in the comparison, so that a decision does not move the flags of others.

    Raises
    ------
    StateError
        If the survey was never launched, or the study's plan does not fit its scales.
    """
    rows = _rows(study_id)
    data = load_study_data(study_id, [row.code for row in rows])
    main = _main_scale(data, study_id)
    measures = _measure(data, main, [_seconds(row) for row in rows])
    decisions = load_decisions(study_id)
    found = [
        _screened(row, measures, n, flags, decisions.get(row.id))
        for n, (row, flags) in enumerate(zip(rows, raise_flags(measures), strict=True))
        if measures.share_answered[n] > 0
    ]
    found.sort(key=lambda r: (-len(r.flags), -r.n_strong, r.code))
    return Screening(tuple(found), data, main, measures.not_judged)


def _rows(study_id: int) -> list[Any]:
    found = select(Response.id, Response.code, Response.started_at, Response.submitted_at)
    mine = Response.study_id == study_id, Response.withdrawn_at.is_(None), Response.is_pilot.is_(False)
    return list(db.session.execute(found.where(*mine).order_by(Response.code)))


def _seconds(row: Any) -> float:
    # Ratings collected elsewhere may come without times: start and end are then the same moment.
    known = row.submitted_at and row.submitted_at > row.started_at
    return (row.submitted_at - row.started_at).total_seconds() if known else math.nan


def _screened(row: Any, m: Measures, n: int, flags: tuple[Flag, ...], decision: ReviewDecision | None) -> Screened:
    each = float(m.seconds_each[n])
    return Screened(
        response_id=row.id,
        code=row.code,
        submitted=row.submitted_at is not None,
        share_answered=float(m.share_answered[n]),
        n_ratings=int(m.n_ratings[n]),
        seconds_each=None if math.isnan(each) else each,
        flags=flags,
        decision=decision,
    )


def _main_scale(data: StudyData, study_id: int) -> RatingMatrix | None:
    """Importance as the plan means it; in a study with one scale that one."""
    from analysis.choices import make_choices
    from analysis.errors import AnalysisError

    try:
        choices = make_choices(data, study_plan(study_id))
    except AnalysisError as error:
        raise StateError(f"The plan does not fit the scales, so responses cannot be screened: {error}") from error
    if choices.importance_matrix is not None:
        return choices.importance_matrix
    return next(iter(choices.matrices.values())) if len(choices.matrices) == 1 else None


def _measure(data: StudyData, main: RatingMatrix | None, seconds: list[float]) -> Measures:
    import numpy as np

    from analysis import screening

    codes = [m.codes for m in data.matrices.values()]
    given = [np.count_nonzero(c, axis=1) for c in codes]
    every = sum(given) if given else np.zeros(len(seconds), dtype=np.int64)
    touched = (
        np.any([c > 0 for c in codes], axis=0).sum(axis=1) / np.maximum(offered(data), 1)
        if codes
        else np.zeros(len(seconds))
    )
    each = screening.seconds_per_rating(np.array(seconds, dtype=float), every)
    X = np.full((len(seconds), len(data.tasks)), np.nan) if main is None else main.values()
    distances = screening.mahalanobis(screening.domain_means(X, _domains(data)))
    sd = screening.within_person_sd(X)
    return Measures(
        share_answered=touched,
        n_ratings=np.count_nonzero(~np.isnan(X), axis=1),
        seconds_each=each,
        speed=screening.relative_speed(each),
        run=screening.longest_run(main.codes) if main else np.zeros(len(seconds), dtype=np.int64),
        sd=sd,
        r=screening.person_total_correlation(X, FEWEST_RATINGS),
        distances=distances,
        twins=_twins(data, every),
        not_judged=_not_judged(main, sd, each, distances.reason),
    )


def _domains(data: StudyData) -> Ints:
    import numpy as np

    found: Ints = np.unique(data.tasks["domain_id"].to_numpy(dtype=str), return_inverse=True)[1].astype(np.int64)
    return found


def _twins(data: StudyData, every: np.ndarray[Any, Any]) -> tuple[tuple[str, ...], ...]:
    import numpy as np

    from analysis.screening import identical_groups

    found: list[tuple[str, ...]] = [()] * len(every)
    if not data.matrices:
        return tuple(found)
    for group in identical_groups(np.hstack([m.codes for m in data.matrices.values()]), every >= FEWEST_RATINGS):
        for row in group:
            found[row] = tuple(str(data.respondent_ids[other]) for other in group if other != row)
    return tuple(found)


def _not_judged(main: RatingMatrix | None, sd: Floats, each: Floats, distance_reason: str) -> dict[str, str]:
    """Say which rules could not speak in this study, and why."""
    import numpy as np

    if main is None:
        reason = "The study has no importance scale, and not just one other scale."
        return dict.fromkeys(("longest_run", "low_variance", "odd_pattern", "far_out"), reason)
    found = {}
    if np.isnan(each).all():
        found["too_fast"] = "Of no response the time of start and submission is known."
    if np.count_nonzero(~np.isnan(sd)) < FEWEST_FOR_PERCENTILE:
        found["low_variance"] = f"With under {FEWEST_FOR_PERCENTILE} responses only the cut of 0.2 is used."
    if distance_reason:
        found["far_out"] = f"Not judged: {distance_reason}."
    return found
