"""The frozen instrument as respondents meet it: pages, cards, the skip rule, what is answered, what is left.

An instrument never changes after launch, so it is read and turned into these objects once in each process.
Nothing here reads or writes an answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from flask import current_app
from sqlalchemy import select

from jta.db import db
from jta.errors import NotFoundError
from jta.models.survey import Instrument
from jta.services.content import SECONDS_PER_RATING, questions_of, scales_of

_CACHE = "jta_surveys"


@dataclass(frozen=True)
class SurveyAnchor:
    """One answer of a rating scale, in words."""

    id: int
    label: str
    not_performed: bool


@dataclass(frozen=True)
class SurveyScale:
    """A rating scale of the card; ``is_gate`` says that its "not performed" answer completes the card."""

    id: int
    code: str
    title: str
    prompt: str
    anchors: tuple[SurveyAnchor, ...]
    is_gate: bool

    @cached_property
    def labels(self) -> dict[int, str]:
        """Words of each anchor by its id."""
        return {anchor.id: anchor.label for anchor in self.anchors}


@dataclass(frozen=True)
class SurveyTask:
    """One card: a task statement with its code and the title of its subdomain."""

    id: int
    code: str
    statement: str
    subdomain: str


@dataclass(frozen=True)
class SurveyPage:
    """One page of cards, all of one content domain."""

    number: int
    domain_code: str
    domain_title: str
    tasks: tuple[SurveyTask, ...]

    @property
    def groups(self) -> list[tuple[str, list[SurveyTask]]]:
        """The cards in order, in runs of the same subdomain."""
        runs: list[tuple[str, list[SurveyTask]]] = []
        for task in self.tasks:
            if not runs or runs[-1][0] != task.subdomain:
                runs.append((task.subdomain, []))
            runs[-1][1].append(task)
        return runs


@dataclass(frozen=True)
class Stored:
    """A rating as it stands: the anchor (None when it was taken back), its version, when it was saved (UTC)."""

    anchor_id: int | None
    version: int
    saved_at: datetime | None = None


NOT_RATED = Stored(None, 0)
Key = tuple[int, int]  # task id, scale id
Ratings = Mapping[Key, Stored]


@dataclass(frozen=True)
class Survey:
    """A whole frozen instrument."""

    instrument_id: int
    study: Mapping[str, Any]
    consent_text: str
    consent_hash: str
    background: tuple[Mapping[str, Any], ...]
    scales: tuple[SurveyScale, ...]
    pages: tuple[SurveyPage, ...]
    page_of: Mapping[int, int] = field(repr=False)

    @cached_property
    def n_tasks(self) -> int:
        """Number of cards."""
        return len(self.page_of)

    @cached_property
    def gate(self) -> SurveyScale | None:
        """The scale whose "I do not perform this task" completes the card, if there is one."""
        return next((scale for scale in self.scales if scale.is_gate), None)

    @cached_property
    def not_performed(self) -> frozenset[int]:
        """Anchors that complete the card."""
        return frozenset(a.id for a in self.gate.anchors if a.not_performed) if self.gate else frozenset()

    @cached_property
    def by_scale(self) -> dict[int, SurveyScale]:
        """Scales by id."""
        return {scale.id: scale for scale in self.scales}

    def page(self, number: int) -> SurveyPage:
        """Return a page by its number.

        Raises
        ------
        NotFoundError
            If the survey has no such page.
        """
        if not 1 <= number <= len(self.pages):
            raise NotFoundError
        return self.pages[number - 1]

    def is_not_performed(self, ratings: Ratings, task_id: int) -> bool:
        """Say whether a task is marked as one this person does not perform."""
        gate = self.gate
        return gate is not None and ratings.get((task_id, gate.id), NOT_RATED).anchor_id in self.not_performed

    def is_answered(self, ratings: Ratings, task_id: int) -> bool:
        """Say whether a card is complete: not performed, or rated on every scale."""
        if self.is_not_performed(ratings, task_id):
            return True
        return all(ratings.get((task_id, scale.id), NOT_RATED).anchor_id is not None for scale in self.scales)

    def gaps(self, ratings: Ratings) -> Iterator[tuple[SurveyPage, SurveyTask]]:
        """Yield every card that is not complete, in order."""
        for page in self.pages:
            for task in page.tasks:
                if not self.is_answered(ratings, task.id):
                    yield page, task

    @property
    def minutes(self) -> int:
        """Minutes to expect for the whole survey: the cards, and one minute for the other pages."""
        return 1 + _minutes(self.n_tasks * len(self.scales))

    @property
    def minutes_per_task(self) -> float:
        """Minutes to expect for one card."""
        return len(self.scales) * SECONDS_PER_RATING / 60

    def overview(self, ratings: Ratings) -> Overview:
        """Return how far each content domain is, and what is still open in it."""
        parts: list[DomainOverview] = []
        for page in self.pages:
            if not parts or parts[-1].code != page.domain_code:
                parts.append(DomainOverview(page.domain_code, page.domain_title, page.number))
            parts[-1].n_tasks += len(page.tasks)
            parts[-1].gaps += [(page.number, t) for t in page.tasks if not self.is_answered(ratings, t.id)]
        return Overview(parts, self.progress(ratings))

    def progress(self, ratings: Ratings) -> Progress:
        """Return how far a respondent has come."""
        left = sum(1 for _ in self.gaps(ratings))
        last = max((s.saved_at for s in ratings.values() if s.saved_at), default=None)
        return Progress(self.n_tasks - left, self.n_tasks, _minutes(left * len(self.scales)), last)


@dataclass(frozen=True)
class Progress:
    """Complete cards, all cards, minutes still to expect, and when the last answer was saved (UTC)."""

    done: int
    total: int
    minutes_left: int
    saved_at: datetime | None


@dataclass
class DomainOverview:
    """One content domain on the review page: its first page, its cards, and those still open with their page."""

    code: str
    title: str
    first_page: int
    n_tasks: int = 0
    gaps: list[tuple[int, SurveyTask]] = field(default_factory=list)

    @property
    def done(self) -> int:
        """Complete cards."""
        return self.n_tasks - len(self.gaps)


@dataclass(frozen=True)
class Overview:
    """The review page: every content domain, and the whole."""

    domains: list[DomainOverview]
    progress: Progress

    @property
    def open_tasks(self) -> int:
        """Cards that are not complete."""
        return self.progress.total - self.progress.done


def _minutes(ratings: int) -> int:
    return -(-ratings * SECONDS_PER_RATING // 60)


def get_survey(instrument_id: int) -> Survey:
    """Return a frozen instrument, read from the database once in each process.

    Raises
    ------
    NotFoundError
        If there is no such instrument.
    """
    # The store hangs on the application: two applications in one process may use two databases.
    cache: dict[int, Survey] = current_app.extensions.setdefault(_CACHE, {})
    if instrument_id not in cache:
        content = db.session.scalar(select(Instrument.content).where(Instrument.id == instrument_id))
        if content is None:
            raise NotFoundError
        cache[instrument_id] = read_content(content, instrument_id)
    return cache[instrument_id]


def read_content(content: Mapping[str, Any], instrument_id: int = 0) -> Survey:
    """Turn the JSON content of an instrument into a `Survey`."""
    pages = tuple(_read_page(page) for page in content["pages"])
    return Survey(
        instrument_id=instrument_id,
        study=content["study"],
        consent_text=content["consent"]["text"],
        consent_hash=content["consent"]["hash"],
        background=tuple(q for q in questions_of(content) if q["kind"] in ("single", "agreement")),
        scales=_read_scales(scales_of(content)),
        pages=pages,
        page_of={task.id: page.number for page in pages for task in page.tasks},
    )


def _read_page(page: Mapping[str, Any]) -> SurveyPage:
    tasks = tuple(SurveyTask(t["id"], t["code"], t["statement"], t.get("subdomain") or "") for t in page["tasks"])
    return SurveyPage(page["number"], page["domain"]["code"], page["domain"]["title"], tasks)


def _read_scales(scales: list[Mapping[str, Any]]) -> tuple[SurveyScale, ...]:
    anchors = [
        tuple(SurveyAnchor(a["id"], a["label"], bool(a["not_performed"])) for a in scale["anchors"]) for scale in scales
    ]
    # One scale opens the card: the first frequency scale that offers "I do not perform this task".
    gate = next(
        (s["id"] for s, own in zip(scales, anchors, strict=True) if s["kind"] == "frequency" and _offers_skip(own)),
        None,
    )
    return tuple(
        SurveyScale(s["id"], s["code"], s["title"], s["prompt"], own, s["id"] == gate)
        for s, own in zip(scales, anchors, strict=True)
    )


def _offers_skip(anchors: tuple[SurveyAnchor, ...]) -> bool:
    return any(anchor.not_performed for anchor in anchors)
