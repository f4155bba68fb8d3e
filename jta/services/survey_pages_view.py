"""The pages of a survey as the builder lists them: what each holds and how long it takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jta.services.content import SECONDS_PER_QUESTION, SECONDS_PER_RATING, scales_of, seconds_of_question, steps_of

KIND_NAMES = {
    "welcome": "Welcome and consent", "screener": "Eligibility screener", "questions": "Questions",
    "ratings": "Ratings of task statements", "ksa": "Ratings of knowledge and skills",
    "points": "100 points over the content domains", "thanks": "Thanks and receipt",
}  # fmt: skip


@dataclass(frozen=True)
class PageRow:
    """One page: ``place`` counts from 1, ``problem`` says what it lacks."""

    id: int
    kind: str
    name: str
    title: str
    place: int
    holds: str
    seconds: int
    problem: str
    is_fixed: bool
    is_first: bool
    is_last: bool

    @property
    def minutes(self) -> int:
        """Minutes to expect, rounded up."""
        return -(-self.seconds // 60)


def describe_pages(content: Mapping[str, Any]) -> list[PageRow]:
    """Return the pages of a survey in order."""
    steps = steps_of(content)
    rows = []
    for place, step in enumerate(steps, start=1):
        holds, seconds = _holds(content, step)
        rows.append(
            PageRow(
                step["id"], step["kind"], KIND_NAMES[step["kind"]], step["title"], place, holds, seconds,
                _problem(step), step["kind"] in ("welcome", "thanks"), place <= 2, place >= len(steps) - 1,
            )
        )  # fmt: skip
    return rows


def _holds(content: Mapping[str, Any], step: Mapping[str, Any]) -> tuple[str, int]:
    """What a page holds in words, and the seconds to expect."""
    kind = step["kind"]
    if kind == "ratings":
        count, per = content["n_tasks"], len(scales_of(content))
        return _times(count, "task statement", per), count * per * SECONDS_PER_RATING
    if kind == "ksa":
        count, per = len(step["statements"]), len(step["scales"])
        return _times(count, "statement", per), count * per * SECONDS_PER_RATING
    if kind == "points":
        count = len(step["domains"])
        return _count(count, "content domain"), count * SECONDS_PER_QUESTION
    if "questions" in step:
        return _count(len(step["questions"]), "question"), sum(map(seconds_of_question, step["questions"]))
    return "The consent text" if kind == "welcome" else "The receipt", 0


def _count(count: int, word: str) -> str:
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def _times(count: int, word: str, scales: int) -> str:
    return f"{_count(count, word)} on {_count(scales, 'scale')}"


def _problem(step: Mapping[str, Any]) -> str:
    kind = step["kind"]
    if kind in ("screener", "questions") and not step["questions"]:
        return "It has no question yet."
    if kind == "screener" and not any(c["screens_out"] for q in step["questions"] for c in q["choices"]):
        return "No choice screens anybody out."
    if kind == "ksa" and not step["statements"]:
        return "The inventory has no knowledge and skill statements."
    if kind == "ksa" and not step["scales"]:
        return "No rating scale for knowledge and skills."
    if kind == "points" and len(step["domains"]) < 2:
        return "Points need at least two content domains with tasks."
    return ""
