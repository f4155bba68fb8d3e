"""Saves as tests write them: one line for what a page sends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jta.services import saving
from jta.services.answers import PageSent, digest, load_answers, save_answers
from jta.services.saving import Sent


def save_page(ticket, mark: str, number: int, *, seen: Mapping[Any, Any], chosen: Mapping[Any, int]):
    """Save a page of cards of tasks."""
    return saving.save_page(ticket, number, Sent(mark, seen, chosen))


def save_rating(ticket, mark: str, key: str, *, seen: Mapping[Any, Any], chosen: Mapping[Any, int]):
    """Save one tapped answer."""
    return saving.save_rating(ticket, key, Sent(mark, seen, chosen))


def save_choices(ticket, mark: str, *, seen: Mapping[int, tuple[int | None, int]], given: Mapping[int, int | None]):
    """Save the first page of questions; ``seen`` holds value and version of each."""
    shown = {key: (version, digest(value)) for key, (value, version) in seen.items()}
    return save_answers(ticket, 1, PageSent(mark, shown, given))


def answers_of(response_id: int) -> dict[int, tuple[Any, int]]:
    """Value and version of every answer, by question id."""
    return {key: (answer.value, answer.version) for key, answer in load_answers(response_id).items()}
