"""Half an hour without a network, by an injected clock; and a device that forgot who it is while answers waited."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page

from jta import clock
from jta.db import db
from jta.models.response import Rating, RatingChange
from tests.browser.devices import opened
from tests.browser.survey_tools import option, stored, to_cards, wait_saved
from tests.live import serving
from tests.services.study_factory import MadeStudy, make_study

pytestmark = pytest.mark.browser
NOON = datetime(2026, 10, 5, 12, 0, tzinfo=UTC)
MINUTES = 30
# Keeps every text the save state ever showed, with the answers that were waiting at that moment.
WATCH = """() => {
  const line = document.querySelector("[data-save-status]");
  const waiting = () => Object.values(sessionStorage).flatMap((text) => JSON.parse(text)).length;
  window.shown = [];
  new MutationObserver(() => window.shown.push([line.textContent, waiting()])).observe(
    line, { childList: true, characterData: true, subtree: true, attributes: true });
}"""


@pytest.fixture
def site(sqlite_app):
    """Address of the application, served on this machine."""
    with serving(sqlite_app) as address:
        yield address


@pytest.fixture
def made(sqlite_app) -> MadeStudy:
    """A study of twelve tasks on two pages."""
    with sqlite_app.app_context():
        return make_study()


def pass_minutes(page: Page, minutes: int) -> None:
    """Let time pass in the page: a minute at a time, so that every try to save fails before the next one."""
    for _ in range(minutes):
        page.clock.run_for(60_000)
        assert page.locator(".save-status").get_attribute("data-state") == "offline"
        assert page.locator("[data-save-status]").inner_text() == "Not saved yet – will retry"


def test_answers_of_half_an_hour_offline_arrive_once_and_the_state_is_true_all_the_time(
    chromium, site, sqlite_app, made
):
    now = [NOON]
    with clock.running_on(lambda: now[0]), opened(chromium, timezone_id="UTC") as (context, page):
        page.clock.install(time=NOON)
        to_cards(page, site, made.tokens[0])
        tries: list[str] = []
        page.on("request", lambda request: tries.append(request.url) if "/survey/save" in request.url else None)
        option(page, 0, 0, 2).click()
        page.clock.run_for(1000)
        wait_saved(page)
        page.evaluate(WATCH)
        context.set_offline(True)
        for card in range(1, 6):
            option(page, card, 0, 3).click()
        page.wait_for_selector(".save-status[data-state=offline]")
        pass_minutes(page, 20)
        option(page, 5, 1, 4).click()  # still answering, and changing one's mind
        option(page, 4, 0, 1).click()
        pass_minutes(page, MINUTES - 20)
        assert len(stored(sqlite_app)) == 1
        assert [text for text, waiting in page.evaluate("shown") if "Saved" in text] == []
        assert 30 < len(tries) < 120  # tried again all the time, at most twice a minute
        now[0] = NOON + timedelta(minutes=MINUTES)
        context.set_offline(False)
        while page.evaluate("Object.keys(sessionStorage).length"):
            page.clock.run_for(500)
        wait_saved(page)
        assert page.locator("[data-save-status]").inner_text() == "Saved 12:30 PM"
        assert all(not waiting for text, waiting in page.evaluate("shown") if "Saved" in text)
    frequency = {task: (made.frequency[3], 1) for task in made.tasks[1:6]}
    frequency[made.tasks[0]], frequency[made.tasks[4]] = (made.frequency[2], 1), (made.frequency[1], 1)
    wanted = {(task, made.frequency_id): value for task, value in frequency.items()}
    assert stored(sqlite_app) == wanted | {(made.tasks[5], made.importance_id): (made.importance[4], 1)}
    with sqlite_app.app_context():
        assert db.session.scalars(db.select(RatingChange.task_id)).all() == []
        times = set(db.session.scalars(db.select(Rating.saved_at)))
    assert times == {NOON, NOON + timedelta(minutes=MINUTES)}  # the server's time, not the tap's


def test_a_device_that_forgot_its_cookie_keeps_what_was_not_saved(chromium, site, sqlite_app, made):
    with opened(chromium) as (context, page):
        to_cards(page, site, made.tokens[0])
        context.set_offline(True)
        option(page, 0, 0, 3).click()
        option(page, 1, 0, 2).click()
        page.wait_for_selector(".save-status[data-state=offline]")
        context.clear_cookies()
        context.set_offline(False)
        page.wait_for_selector(".save-status[data-state=error]")
        said = page.locator("[data-save-status]").inner_text()
        assert said.startswith("Not saved. ")
        assert "Open the link in your invitation again" in said
        page.click("button[type=submit]")
        page.wait_for_selector("h1:has-text('Please open your personal link')")
        assert stored(sqlite_app) == {}
        page.goto(f"{site}/s/{made.tokens[0]}")
        page.click("text=Go on where I stopped")
        page.wait_for_url(re.compile("/survey/rate/1"))
        wait_saved(page)
        assert page.evaluate("Object.keys(sessionStorage)") == []
    wanted = {(made.tasks[0], made.frequency_id): (made.frequency[3], 1)}
    assert stored(sqlite_app) == wanted | {(made.tasks[1], made.frequency_id): (made.frequency[2], 1)}
