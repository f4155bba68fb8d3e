"""Where a respondent has to go on, and what is still open in all parts of a survey but the tasks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jta.services.answers import Answers, load_answers, missing
from jta.services.points import load_points
from jta.services.survey_pages import KSA, TASKS, Ratings, Stop, Survey
from jta.services.visits import Reading, Visit, list_visited, read_visit


@dataclass(frozen=True)
class OpenPart:
    """A page other than cards of tasks, on the review: how much of it is answered."""

    stop: Stop
    title: str
    done: int
    total: int
    required: tuple[Mapping[str, Any], ...] = ()
    task_id: int | None = None


def find_place(reading: Reading) -> tuple[Stop | None, int | None]:
    """Return the first page that is not done with its first open card; (None, None) where all is done.

    A page of questions is done once it was sent and nothing that must be answered is missing. ``reading`` holds the
    ratings of the tasks.
    """
    visit = reading.visit
    known = _Known(visit, {TASKS: reading.ratings})
    for stop in visit.survey.stops:
        if stop.kind == "page":
            if stop.key not in known.visited or missing(stop, known.answers):
                return stop, None
            continue
        cards = visit.cards(stop.kind)
        ratings = known.ratings(stop.kind)
        for task in cards.page(stop.number).tasks:
            if not cards.is_answered(ratings, task.id):
                return stop, task.id
    return None, None


class _Known:
    """What is stored of a response, read when it is needed and only once."""

    def __init__(self, visit: Visit, read: Mapping[str, Any] | None = None) -> None:
        self._visit = visit
        self._read: dict[str, Any] = dict(read or {})

    @property
    def visited(self) -> set[str]:
        found: set[str] = self._once("visited", lambda: list_visited(self._visit.response_id))
        return found

    @property
    def answers(self) -> Answers:
        found: Answers = self._once("answers", lambda: load_answers(self._visit.response_id))
        return found

    def ratings(self, deck: str) -> Ratings:
        found: Ratings = self._once(deck, lambda: read_visit(self._visit.ticket, deck).ratings)
        return found

    def _once(self, name: str, read: Any) -> Any:
        if name not in self._read:
            self._read[name] = read()
        return self._read[name]


def find_open_parts(visit: Visit) -> list[OpenPart]:
    """Return every page of questions, of points and of statements with how much of it is answered."""
    known = _Known(visit)
    found = []
    for stop in visit.survey.stops:
        if stop.kind == "page":
            found.append(_points_part(visit, stop) if stop.step["kind"] == "points" else _part(stop, known.answers))
        elif stop.kind == KSA and stop.number == 1:
            found.append(_statements_part(visit.survey.ksa, stop, known.ratings(KSA)))
    return found


def _part(stop: Stop, answers: Answers) -> OpenPart:
    questions = stop.step["questions"]
    done = sum(1 for q in questions if q["id"] in answers and answers[q["id"]].value is not None)
    return OpenPart(stop, stop.step["title"], done, len(questions), tuple(missing(stop, answers)))


def _points_part(visit: Visit, stop: Stop) -> OpenPart:
    given = any(value is not None for value, _version in load_points(visit.response_id).values())
    total = len(stop.step["domains"])
    return OpenPart(stop, stop.step["title"], total if given else 0, total)


def _statements_part(cards: Survey, stop: Stop, ratings: Ratings) -> OpenPart:
    first = next(cards.gaps(ratings), None)
    if first is not None:
        stop = cards.stop(KSA, first[0].number)
    progress = cards.progress(ratings)
    return OpenPart(stop, stop.step["title"], progress.done, progress.total, task_id=first[1].id if first else None)
