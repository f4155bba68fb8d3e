"""A long survey, two hundred tasks on three scales: by the keyboard alone, and every answer with its name."""

from __future__ import annotations

from collections import Counter

import pytest
from flask import Flask
from playwright.sync_api import CDPSession, Page

from jta.db import db
from jta.models.study import Study
from tests.browser.devices import opened
from tests.browser.survey_tools import DESK, press_until, stored, wait_saved
from tests.live import serving
from tests.services.study_factory import MadeStudy, add_scale, launch, make_study

pytestmark = [pytest.mark.browser, pytest.mark.slow]
TASKS, SCALES = 200, 3
HARM = ("No harm", "Some harm", "Serious harm", "Loss of life")


def make_long_study(app: Flask) -> MadeStudy:
    """Store and launch the survey: frequency, importance, consequence."""
    with app.app_context():
        made = make_study(n_tasks=TASKS, n_people=1, launched=False, background=False, n_domains=5)
        study = db.session.get_one(Study, made.study_id)
        add_scale(study, "other", "How much harm would a mistake in this task do?", HARM, 3)
        study.stage = "fielding"
        made.instrument_id = launch(study).id
        db.session.commit()
    return made


def names_of(session: CDPSession) -> tuple[list[tuple[str, str]], list[str]]:
    """Return every radio of the accessibility tree with the name of its group, and the names of all groups."""
    nodes = {n["nodeId"]: n for n in session.send("Accessibility.getFullAXTree")["nodes"]}
    spoken = {key: n for key, n in nodes.items() if not n.get("ignored")}

    def role(node: dict) -> str:
        return node.get("role", {}).get("value", "")

    def name(node: dict) -> str:
        return node.get("name", {}).get("value", "").strip()

    def group_of(node: dict) -> str:
        while node := nodes.get(node.get("parentId", ""), {}):
            if role(node) in {"group", "radiogroup"} and not node.get("ignored"):
                return name(node)
        return ""

    radios = [(group_of(n), name(n)) for n in spoken.values() if role(n) == "radio"]
    return radios, [name(n) for n in spoken.values() if role(n) in {"group", "radiogroup"}]


def check_names(page: Page, session: CDPSession, known: Counter[str]) -> int:
    """Check one page of cards; return its number of cards."""
    cards = page.locator(".rating-card").count()
    radios, groups = names_of(session)
    assert len(radios) == page.locator(".rating-card input[type=radio]").count()
    assert all(group and option for group, option in radios)
    assert len(set(radios)) == len(radios)  # task, scale and anchor together name one answer
    assert len(set(groups)) == len(groups) == cards * (SCALES + 1)
    rated = {group for group, _ in radios}
    assert len(rated) == cards * SCALES
    assert all(group.startswith("Task ") and group.endswith("?") for group in rated)
    known.update(rated)
    return cards


def answer_page(page: Page, cards: int) -> int:
    """Answer every card of a page by keys, come to the button; return how many keys that took."""
    keys = 0
    press_until(page, "radio")
    for group in range(cards * SCALES):
        if group:
            page.keyboard.press("Tab")
        page.keyboard.press("ArrowDown" if group % SCALES == 0 else "Space")
        keys += 2
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.localName") == "button"  # one stop for each group, none between
    assert page.locator(".rating-cards input:checked").count() == cards * SCALES
    return keys + 1


def test_two_hundred_tasks_on_three_scales_by_the_keyboard_alone(chromium, sqlite_app):
    made = make_long_study(sqlite_app)
    known: Counter[str] = Counter()
    keys = cards = 0
    with serving(sqlite_app) as site, opened(chromium, viewport=DESK) as (context, page):
        session = context.new_cdp_session(page)
        page.goto(f"{site}/s/{made.tokens[0]}")
        press_until(page, "button")
        page.keyboard.press("Enter")
        page.wait_for_url("**/survey/rate/1*")
        while "/survey/rate/" in page.url:
            here = page.url
            count = check_names(page, session, known)
            assert 10 <= count <= 15
            keys += answer_page(page, count) + 1
            cards += count
            wait_saved(page)
            page.keyboard.press("Enter")
            page.wait_for_url(lambda url, here=here: url != here)
        press_until(page, "button")
        page.keyboard.press("Enter")
        page.wait_for_url("**/survey/thanks")
    assert cards == TASKS
    assert len(known) == TASKS * SCALES
    assert set(known.values()) == {1}  # no group has the name of another one, on any page
    found = stored(sqlite_app)
    assert len(found) == TASKS * SCALES
    assert {version for _anchor, version in found.values()} == {1}
    assert keys <= 2 * TASKS * SCALES + 3 * 20
