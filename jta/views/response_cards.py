"""The HTML of cards. An instrument is frozen, so the cards of a page are drawn once in each process.

What differs from person to person is which answers are marked: a word put into the drawn text.
"""

from __future__ import annotations

from flask import current_app
from markupsafe import Markup

from jta.services.rating_page import RatingPage

_CACHE = "jta_cards"


def card_html(cards: RatingPage) -> dict[int, Markup]:
    """Return the HTML of each card of a page by task id, with this person's answers marked."""
    cache: dict[tuple[int, int], dict[int, Markup]] = current_app.extensions.setdefault(_CACHE, {})
    place = cards.survey.instrument_id, cards.page.number
    if place not in cache:
        cache[place] = draw_cards(cards, blank=True)
    drawn = {task_id: str(html) for task_id, html in cache[place].items()}
    for (task_id, scale_id), anchor_id in cards.marks.items():
        radio = f'name="r-{task_id}-{scale_id}" value="{anchor_id}"'
        drawn[task_id] = drawn[task_id].replace(radio, radio + " checked", 1)
    html = {task_id: Markup(text) for task_id, text in drawn.items()}  # noqa: S704  drawn by the template, ids are numbers
    return html | draw_cards(cards, only=set(cards.disagreements))


def draw_cards(cards: RatingPage, *, only: set[int] | None = None, blank: bool = False) -> dict[int, Markup]:
    """Draw cards by their template: all of the page, or ``only`` these tasks; ``blank`` marks no answer."""
    macro = current_app.jinja_env.get_template("response/cards.html").module.card
    marks = {} if blank else cards.marks
    return {
        task.id: macro(task, cards.survey.scales, marks, None if blank else cards.disagreements.get(task.id))
        for task in cards.page.tasks
        if only is None or task.id in only
    }
