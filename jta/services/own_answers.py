"""A respondent's own answers, shown to whoever has both the personal link and the receipt, until they are frozen."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass

from flask_babel import gettext as _

from jta.services.answers import NO_ANSWER, load_answers, words_of
from jta.services.points import load_points
from jta.services.survey_pages import NOT_RATED, Stop
from jta.services.visits import Visit, read_visit
from jta.services.withdrawal import is_frozen


@dataclass(frozen=True)
class OwnPart:
    """One page of the survey with what was answered on it: label, then the answers in words."""

    title: str
    lines: list[tuple[str, list[str]]]


def is_receipt(visit: Visit, given: str) -> bool:
    """Say whether this is the receipt of a response that was sent in and is not locked yet."""
    if visit.submitted_at is None or is_frozen(visit.study_id):
        return False
    plain = "".join(letter for letter in given.upper() if letter.isalnum())
    return secrets.compare_digest(plain.encode(), visit.receipt.replace("-", "").encode())


def load_own_answers(visit: Visit) -> list[OwnPart]:
    """Return what was answered, page by page in the order of the survey."""
    return [OwnPart(title, lines) for title, lines in _parts(visit)]


def _parts(visit: Visit) -> Iterator[tuple[str, list[tuple[str, list[str]]]]]:
    answers, points = load_answers(visit.response_id), load_points(visit.response_id)
    for stop in visit.survey.stops:
        if stop.kind != "page":
            yield _cards(visit, stop)
        elif stop.step["kind"] == "points":
            given = [(d["title"], points.get(d["id"], (None, 0))[0]) for d in stop.step["domains"]]
            yield stop.step["title"], [(title, ["–" if value is None else str(value)]) for title, value in given]
        else:
            yield (
                stop.step["title"],
                [
                    (q["prompt"], [words_of(q, answers.get(q["id"], NO_ANSWER).value) or _("Not answered")])
                    for q in stop.step["questions"]
                ],
            )


def _cards(visit: Visit, stop: Stop) -> tuple[str, list[tuple[str, list[str]]]]:
    cards = visit.cards(stop.kind)
    page = cards.page(stop.number)
    ratings = read_visit(visit.ticket, stop.kind).ratings
    lines = []
    for task in page.tasks:
        chosen = [(scale, ratings.get((task.id, scale.id), NOT_RATED).anchor_id) for scale in cards.scales]
        words = [f"{scale.title}: {scale.labels[anchor]}" for scale, anchor in chosen if anchor is not None]
        lines.append((f"{task.code} {task.statement}", words or [_("Not answered")]))
    return _title(page.domain_title, stop), lines


def _title(domain: str, stop: Stop) -> str:
    return domain or stop.step["title"]
