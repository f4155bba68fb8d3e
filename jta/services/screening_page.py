"""What the pages of the data review show: the list, one response's answers as a strip, counts for the director."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from jta.db import db
from jta.errors import NotFoundError
from jta.models.inventory import Task
from jta.models.review import ReviewDecision
from jta.models.study import Study
from jta.services.review_decisions import (
    GROUNDS,
    REVIEWABLE,
    get_response,
    list_history,
    require_reviewable,
    standing_decision,
)
from jta.services.screening import RuleCount, Screened, Screening, screen
from jta.services.screening_effect import Effect, exclusion_effect
from jta.services.screening_rules import RULES

if TYPE_CHECKING:
    from analysis.ratings import RatingMatrix

PAGE_SIZE = 50
SHOWN: dict[str, tuple[str, Callable[[Screened], bool]]] = {
    "open": ("Flagged, not decided", lambda r: r.is_open),
    "flagged": ("All flagged", lambda r: bool(r.flags)),
    "suggested": ("Two or more flags", lambda r: r.suggests_exclusion),
    "excluded": ("Excluded", lambda r: r.is_excluded),
    "all": ("Every response", lambda _r: True),
}


@dataclass(frozen=True)
class ReviewPage:
    """The page "Review". Who sees no single response finds ``responses`` empty and counts under ``few`` untold."""

    n_responses: int
    n_flagged: int
    n_reviewed: int
    n_excluded: int
    rules: list[RuleCount]
    few: int
    grounds: dict[str, int]
    effect: Effect
    show: str
    choices: dict[str, str]
    responses: tuple[Screened, ...]
    n_shown: int
    page: int
    pages: int
    next_code: str | None

    @property
    def is_reviewed(self) -> bool:
        """Whether every flagged response has a decision."""
        return self.n_reviewed == self.n_flagged


def review_page(study: Study, *, show: str = "open", page: int = 1, sees_responses: bool = False) -> ReviewPage:
    """Return the page of the data review of a closed survey.

    Parameters
    ----------
    show : str
        A key of `SHOWN` or the code of a rule; anything else shows the open ones.
    page : int
        From 1; one beyond the last shows the last.
    sees_responses : bool
        Whether the reader is a psychometrician of the study; others get counts.

    Raises
    ------
    StateError
        If the survey is still open, or was never launched.
    """
    _require_closed(study)
    screening = screen(study.id)
    wanted = show if show in SHOWN or show in {rule.code for rule in RULES} else "open"
    found = _filtered(screening, wanted) if sees_responses else ()
    pages = max(-(-len(found) // PAGE_SIZE), 1)
    number = min(max(page, 1), pages)
    return ReviewPage(
        n_responses=len(screening.responses),
        n_flagged=len(screening.flagged),
        n_reviewed=screening.n_reviewed,
        n_excluded=len(screening.excluded),
        rules=[c if sees_responses else c.without_few(study.smallest_group) for c in screening.rule_counts()],
        few=study.smallest_group,
        grounds=screening.ground_counts(),
        effect=exclusion_effect(study.id, screening, sees_responses=sees_responses, smallest=study.smallest_group),
        show=wanted,
        choices={key: label for key, (label, _) in SHOWN.items()} | {rule.code: rule.title for rule in RULES},
        responses=found[(number - 1) * PAGE_SIZE : number * PAGE_SIZE],
        n_shown=len(found),
        page=number,
        pages=pages,
        next_code=_next_open(screening) if sees_responses else None,
    )


def _require_closed(study: Study) -> None:
    """Answers can be looked at after approval too; only while they change they cannot."""
    if study.stage not in ("approved", "published"):
        require_reviewable(study)


def _filtered(screening: Screening, show: str) -> tuple[Screened, ...]:
    if show in SHOWN:
        return tuple(r for r in screening.responses if SHOWN[show][1](r))
    return tuple(r for r in screening.responses if r.has_flag(show))


def _next_open(screening: Screening, but: str = "") -> str | None:
    return next((r.code for r in screening.open if r.code != but), None)


@dataclass(frozen=True)
class Mark:
    """One task of a strip, in order: the anchor chosen (0 = no answer), its words, and the mean of all."""

    code: str
    statement: str
    domain: str
    starts_domain: bool
    anchor: int
    label: str
    not_performed: bool
    mean: float | None


@dataclass(frozen=True)
class Strip:
    """All answers of a response on one scale, in the order of the survey; ``top`` is the highest anchor."""

    title: str
    top: int
    lowest: str
    highest: str
    marks: tuple[Mark, ...]

    @property
    def n_answered(self) -> int:
        """Tasks with an answer."""
        return sum(mark.anchor > 0 for mark in self.marks)


@dataclass(frozen=True)
class ResponsePage:
    """One response under review: flags, strips, decision in force, history, and where to go next."""

    screened: Screened
    strips: tuple[Strip, ...]
    standing: ReviewDecision | None
    history: list[ReviewDecision]
    can_decide: bool
    next_code: str | None
    grounds: dict[str, str]

    @property
    def is_outdated(self) -> bool:
        """Whether the decision that stands was made about answers that have changed since."""
        return self.standing is not None and self.screened.decision is None


def response_page(study: Study, code: str) -> ResponsePage:
    """Return the evidence on one response, without a name.

    Raises
    ------
    NotFoundError
        If there is no such response, or it holds no answer.
    StateError
        As for `review_page`.
    """
    _require_closed(study)
    response = get_response(study.id, code)
    screening = screen(study.id)
    screened = next((r for r in screening.responses if r.response_id == response.id), None)
    if screened is None:
        raise NotFoundError
    return ResponsePage(
        screened=screened,
        strips=_strips(study.id, screening, code),
        standing=standing_decision(response.id),
        history=list_history(response.id),
        can_decide=study.stage in REVIEWABLE,
        next_code=_next_open(screening, but=code),
        grounds=GROUNDS,
    )


def current_flags(study_id: int, code: str) -> tuple[str, ...]:
    """Return the rules that flag a response now."""
    found = (r for r in screen(study_id).responses if r.code == code)
    return tuple(flag.rule for r in found for flag in r.flags)


def _strips(study_id: int, screening: Screening, code: str) -> tuple[Strip, ...]:
    statements = dict(db.session.execute(select(Task.code, Task.statement).where(Task.study_id == study_id)).all())
    data = screening.data
    row = data.respondent_ids.tolist().index(code)
    tasks = [
        {"code": t["task_id"], "statement": statements.get(t["task_id"], ""), "domain": t["domain_name"]}
        for t in data.tasks.to_dict("records")
    ]
    return tuple(_strip(matrix, row, tasks) for matrix in data.matrices.values())


def _strip(matrix: RatingMatrix, row: int, tasks: list[dict[str, Any]]) -> Strip:
    anchors = matrix.scale.anchors
    answered = (matrix.codes > 0).sum(axis=0)
    totals = matrix.codes.sum(axis=0, dtype=int)
    marks, before = [], None
    for n, (task, chosen) in enumerate(zip(tasks, matrix.codes[row].tolist(), strict=True)):
        anchor = anchors[chosen - 1] if chosen else None
        marks.append(
            Mark(
                **task,
                starts_domain=before is not None and task["domain"] != before,
                anchor=chosen,
                label=anchor.label if anchor else "no answer",
                not_performed=bool(anchor and anchor.not_performed),
                mean=float(totals[n] / answered[n]) if answered[n] else None,
            )
        )
        before = task["domain"]
    return Strip(matrix.scale.title, len(anchors), anchors[0].label, anchors[-1].label, tuple(marks))
