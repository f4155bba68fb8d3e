"""The frozen instrument as respondents meet it: pages, cards, the skip rule, what is answered, what is left.

An instrument never changes after launch, so it is read and turned into these objects once in each process.
Nothing here reads or writes an answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from flask import current_app
from sqlalchemy import select

from jta.db import db
from jta.errors import NotFoundError
from jta.language import SOURCE
from jta.models.survey import Instrument
from jta.services.content import SECONDS_PER_RATING, estimate_seconds, sampling_of, scales_of
from jta.services.content_language import in_language, languages_of
from jta.services.sampling import order_for
from jta.services.survey_parts import (
    CARD_STEPS,
    KSA,
    NOT_RATED,
    TASKS,
    DomainOverview,
    Key,
    Overview,
    Progress,
    Ratings,
    Stop,
    Stored,
    SurveyPage,
    SurveyScale,
    SurveyTask,
    read_page,
    read_scales,
    statement_pages,
)  # fmt: skip

__all__ = [
    "KSA", "NOT_RATED", "TASKS", "Key", "Overview", "Progress", "Ratings", "Stop", "Stored", "Survey", "SurveyPage",
    "SurveyTask", "get_survey", "read_content",
]  # fmt: skip

# What a step must hold to be shown at all, by its kind.
_SHOWN = {
    "screener": ("questions",), "questions": ("questions",), "ratings": ("scales",), "ksa": ("statements",),
    "points": ("domains",),
}  # fmt: skip
_CACHE, _CONTENTS = "jta_surveys", "jta_contents"
_MOST = 500  # surveys kept in a process; with random order everybody has an own one


@dataclass(frozen=True)
class Survey:
    """A whole frozen instrument in one language, with the pages of cards in the order one respondent sees."""

    instrument_id: int
    study: Mapping[str, Any]
    consent_text: str
    consent_hash: str
    scales: tuple[SurveyScale, ...]
    pages: tuple[SurveyPage, ...]
    page_of: Mapping[int, int] = field(repr=False)
    content: Mapping[str, Any] = field(repr=False, compare=False)
    language: str = SOURCE
    deck: str = TASKS

    @cached_property
    def steps(self) -> list[Mapping[str, Any]]:
        """The steps between the welcome page and the thanks, as the content holds them; empty ones are left out."""
        return [step for step in self.content["steps"] if any(step.get(name) for name in _SHOWN.get(step["kind"], ()))]

    @cached_property
    def ksa(self) -> Survey:
        """The same survey with the cards of its knowledge and skill statements instead of its tasks."""
        scales, pages = read_scales(scales_of(self.content, "ksa")), self._statement_pages
        found = replace(self, scales=scales, pages=pages, page_of=_page_of(pages), deck=KSA)
        found.__dict__["stops"] = self.stops  # the way through the survey is the same
        return found

    @cached_property
    def _statement_pages(self) -> tuple[SurveyPage, ...]:
        step = next((step for step in self.steps if step["kind"] == "ksa"), None)
        return statement_pages(step) if step else ()

    @cached_property
    def stops(self) -> tuple[Stop, ...]:
        """Every page on the way from the welcome page to the review, in order."""
        found: list[Stop] = []
        for number, step in enumerate(self.steps, start=1):
            if step["kind"] in CARD_STEPS:
                pages = self.pages if step["kind"] == "ratings" else self._statement_pages
                found += [Stop(CARD_STEPS[step["kind"]], page.number, step) for page in pages]
            else:
                found.append(Stop("page", number, step))
        return tuple(found)

    @cached_property
    def screeners(self) -> tuple[Stop, ...]:
        """The pages that must be answered before any page behind them."""
        screeners = (stop for stop in self.stops if stop.step["kind"] == "screener")
        return tuple(stop for stop in screeners if any(q["required"] for q in stop.step["questions"]))

    def stop(self, kind: str, number: int) -> Stop:
        """Return a page by its kind and number.

        Raises
        ------
        NotFoundError
            If the survey has no such page.
        """
        stop = self._by_address.get((kind, number))
        if stop is None:
            raise NotFoundError
        return stop

    @cached_property
    def _by_address(self) -> dict[tuple[str, int], Stop]:
        return {(stop.kind, stop.number): stop for stop in self.stops}

    def next_stop(self, stop: Stop, by: int = 1) -> Stop | None:
        """Return the page after this one (or before it, ``by`` -1); None at the end."""
        place = self.stops.index(stop) + by
        return self.stops[place] if 0 <= place < len(self.stops) else None

    @cached_property
    def questions(self) -> dict[int, Mapping[str, Any]]:
        """Every question by its id."""
        return {question["id"]: question for step in self.steps for question in step.get("questions", ())}

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

    def answered(self, ratings: Ratings) -> set[int]:
        """Return the ids of the cards that are complete, in one pass over the ratings."""
        done: set[int] = set()
        rated: dict[int, int] = {}
        for (task_id, _), stored in ratings.items():
            if stored.anchor_id is None:
                continue
            rated[task_id] = rated.get(task_id, 0) + 1
            if stored.anchor_id in self.not_performed or rated[task_id] == len(self.scales):
                done.add(task_id)
        return done

    @property
    def minutes(self) -> int:
        """Minutes to expect for the whole survey."""
        form_code = self.content.get("form_code")
        return -(-estimate_seconds(self.content, form_code) // 60)

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
        done = len(self.answered(ratings))
        return Progress(done, self.n_tasks, _minutes((self.n_tasks - done) * len(self.scales)))


def _minutes(ratings: int) -> int:
    return -(-ratings * SECONDS_PER_RATING // 60)


def get_survey(instrument_id: int, language: str | None = None, form_code: str | None = None, seed: int = 0) -> Survey:
    """Return a frozen instrument as one respondent sees it, read from the database once in each process.

    Parameters
    ----------
    instrument_id : int
        The instrument.
    language : str, optional
        One of its languages; otherwise the one it was written in.
    form_code : str, optional
        The respondent's form, where tasks are sampled.
    seed : int
        The respondent's seed, where the order is random.

    Raises
    ------
    NotFoundError
        If there is no such instrument.
    """
    # The store hangs on the application: two applications in one process may use two databases.
    cache: dict[tuple[Any, ...], Survey] = current_app.extensions.setdefault(_CACHE, {})
    key = (instrument_id, language, form_code, seed)
    found = cache.get(key)
    if found is None:
        if len(cache) >= _MOST:
            cache.clear()
        found = cache[key] = _build(instrument_id, language, form_code, seed)
    return found


def _build(instrument_id: int, language: str | None, form_code: str | None, seed: int) -> Survey:
    content = _content(instrument_id)
    written = languages_of(content)
    sampling = sampling_of(content)
    if language not in written:
        return get_survey(instrument_id, written[0], form_code, seed)
    if sampling is None and (form_code or seed):
        return get_survey(instrument_id, language)
    if seed and not (sampling and (sampling["shuffle_domains"] or sampling["shuffle_tasks"])):
        return get_survey(instrument_id, language, form_code)
    return read_content(content, instrument_id, language, form_code, seed)


def _content(instrument_id: int) -> Mapping[str, Any]:
    cache: dict[int, Mapping[str, Any]] = current_app.extensions.setdefault(_CONTENTS, {})
    if instrument_id not in cache:
        content = db.session.scalar(select(Instrument.content).where(Instrument.id == instrument_id))
        if content is None:
            raise NotFoundError
        cache[instrument_id] = content
    return cache[instrument_id]


def read_content(
    content: Mapping[str, Any], instrument_id: int = 0, language: str | None = None,
    form_code: str | None = None, seed: int = 0,
) -> Survey:  # fmt: skip
    """Turn the JSON content of an instrument into a `Survey` in one language, for one form and seed."""
    language = language or languages_of(content)[0]
    content = {**in_language(content, language), "form_code": form_code}
    pages = tuple(read_page(page) for page in order_for(content, form_code, seed))
    return Survey(
        instrument_id=instrument_id, study=content["study"], consent_text=content["consent"]["text"],
        consent_hash=content["consent"]["hash"], scales=read_scales(scales_of(content)), pages=pages,
        page_of=_page_of(pages), content=content, language=language,
    )  # fmt: skip


def _page_of(pages: Iterable[SurveyPage]) -> dict[int, int]:
    return {task.id: page.number for page in pages for task in page.tasks}
