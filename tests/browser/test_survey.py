"""The survey in a real browser: a phone, a keyboard alone, no script, no network, two tabs."""

from __future__ import annotations

import pytest

from jta.db import db
from jta.models.response import RatingChange, Response
from tests.browser.devices import opened, violations
from tests.browser.survey_tools import DESK, option, press_until, stored, to_cards, wait_saved
from tests.live import serving
from tests.services.study_factory import MadeStudy, close_survey, make_study

pytestmark = pytest.mark.browser


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


def test_a_phone_takes_the_whole_survey_by_taps(chromium, site, sqlite_app, made):
    with opened(chromium, has_touch=True, is_mobile=True) as (_, page):
        to_cards(page, site, made.tokens[0])
        for number in (1, 2):
            cards = page.locator(".rating-card").count()
            for card in range(cards):
                option(page, card, 0, 3).tap()
                option(page, card, 1, 4).tap()
            wait_saved(page)
            assert page.locator("[data-progress-words]").inner_text() == f"{6 * number} of 12 tasks"
            assert len(stored(sqlite_app)) == 12 * number  # before the button: each tap is saved
            page.tap("button[type=submit]:visible")
            page.wait_for_url("**/survey/rate/2" if number == 1 else "**/survey/review")
        page.tap("text=Send my answers")
        page.wait_for_url("**/survey/thanks")
        assert "receipt" in page.content()
        assert page.evaluate("Object.keys(sessionStorage)") == []
    assert set(stored(sqlite_app).values()) == {(made.frequency[3], 1), (made.importance[4], 1)}


def test_saved_is_said_with_the_time_and_moves_no_focus(chromium, site, made):
    with opened(chromium, timezone_id="Asia/Tokyo") as (_, page):
        to_cards(page, site, made.tokens[0])
        option(page, 0, 0, 2).click()
        wait_saved(page)
        now = page.evaluate("new Intl.DateTimeFormat([], {hour: 'numeric', minute: '2-digit'}).format(new Date())")
        said = page.locator("[data-save-status]").inner_text()
        assert said.startswith("Saved ")
        assert minutes(now) - minutes(said.removeprefix("Saved ")) in {0, 1}
        assert page.evaluate("document.activeElement.name") == f"r-{made.tasks[0]}-{made.frequency_id}"
        page.reload()
        assert page.locator("[data-save-status] time").inner_text() == said.removeprefix("Saved ")


def minutes(text: str) -> int:
    """Minutes past midday or midnight of a time like "10:42 AM"."""
    hour, rest = text.split(":")
    return int(hour) % 12 * 60 + int(rest[:2])


def test_the_keyboard_alone_takes_the_whole_survey(chromium, site, sqlite_app, made):
    with opened(chromium, viewport=DESK) as (_, page):
        page.goto(f"{site}/s/{made.tokens[0]}")
        press_until(page, "button")
        page.keyboard.press("Enter")
        page.wait_for_url("**/survey/page/1")
        press_until(page, "radio")
        page.keyboard.press("Space")
        press_until(page, "button")
        page.keyboard.press("Enter")
        for ending in ("rate/1*", "rate/2"):
            page.wait_for_url(f"**/survey/{ending}")
            stops = 0
            while press_until(page, "radio", "button") == "radio":
                page.keyboard.press("ArrowDown")
                page.keyboard.press("ArrowDown")
                stops += 1
            assert stops == 2 * 6  # one stop for each group, not for each answer
            wait_saved(page)
            page.keyboard.press("Enter")
        page.wait_for_url("**/survey/review")
        press_until(page, "button")
        page.keyboard.press("Enter")
        page.wait_for_url("**/survey/thanks")
    assert len(stored(sqlite_app)) == 24
    assert {anchor for anchor, _ in stored(sqlite_app).values()} == {made.frequency[2], made.importance[2]}


def test_without_a_script_the_pages_are_plain_forms(chromium, site, sqlite_app, made):
    with opened(chromium, java_script_enabled=False) as (_, page):
        to_cards(page, site, made.tokens[0])
        for number in (1, 2):
            for card in range(6):
                option(page, card, 0, 0 if card == 0 else 2).click()
                if card:
                    option(page, card, 1, 1).click()
            assert page.locator(".scale-if-performed").first.is_hidden()
            assert stored(sqlite_app) == {} or number == 2
            page.click("button[type=submit]")
            page.wait_for_url("**/survey/rate/2" if number == 1 else "**/survey/review")
        page.go_back()
        assert page.locator("input:checked").count() == 11
        page.click("button[type=submit]")
        page.click("text=Send my answers")
        assert "receipt" in page.content()
    assert len(stored(sqlite_app)) == 22
    assert {version for _, version in stored(sqlite_app).values()} == {1}


def test_what_is_tapped_without_a_network_arrives_once(chromium, site, sqlite_app, made):
    with opened(chromium) as (context, page):
        to_cards(page, site, made.tokens[0])
        context.set_offline(True)
        for card in range(6):
            option(page, card, 0, 2).click()
        option(page, 0, 0, 4).click()
        page.wait_for_selector(".save-status[data-state=offline]")
        assert "Not saved yet" in page.locator("[data-save-status]").inner_text()
        assert "Saved" not in page.locator(".rating-cards").first.inner_text()
        page.click("button[type=submit]")  # cannot leave: nothing would be sent
        page.wait_for_timeout(300)
        assert page.url.split("#")[0].endswith("/survey/rate/1")
        kept = page.evaluate("Object.values(sessionStorage).join()")
        assert "harbour" not in kept
        assert "important" not in kept
        assert stored(sqlite_app) == {}
        context.set_offline(False)
        wait_saved(page)
        assert page.evaluate("Object.keys(sessionStorage)") == []
    ratings = stored(sqlite_app)
    assert len(ratings) == 6
    assert ratings[made.tasks[0], made.frequency_id][0] == made.frequency[4]
    assert all(version == 1 for key, (_, version) in ratings.items() if key[0] != made.tasks[0])


def test_a_reply_that_is_lost_on_the_way_back_doubles_nothing(chromium, site, sqlite_app, made):
    with opened(chromium) as (_, page):
        to_cards(page, site, made.tokens[0])
        lost = []

        def lose(route) -> None:
            if len(lost) < 2:
                lost.append(route.fetch().status)  # it reached the server
                route.abort()
            else:
                route.continue_()

        page.route("**/survey/save", lose)
        option(page, 0, 0, 2).click()
        page.wait_for_selector(".save-status[data-state=offline]")
        wait_saved(page)
    assert lost == [200, 200]
    assert stored(sqlite_app) == {(made.tasks[0], made.frequency_id): (made.frequency[2], 1)}


def test_a_page_that_was_left_sends_what_was_not_saved_when_cards_open_again(chromium, site, sqlite_app, made):
    with opened(chromium) as (_, page):
        to_cards(page, site, made.tokens[0])
        page.route("**/survey/save", lambda route: route.abort())
        option(page, 1, 0, 3).click()
        page.wait_for_selector(".save-status[data-state=offline]")
        page.on("dialog", lambda dialog: dialog.accept())  # "leave this page?"
        page.goto(f"{site}/survey/privacy")
        assert stored(sqlite_app) == {}
        page.unroute("**/survey/save")
        page.goto(f"{site}/survey/rate/2")
        wait_saved(page)
    assert stored(sqlite_app) == {(made.tasks[1], made.frequency_id): (made.frequency[3], 1)}


def test_two_tabs_show_both_values_and_lose_none(chromium, site, sqlite_app, made):
    with opened(chromium) as (context, page):
        to_cards(page, site, made.tokens[0])
        other = context.new_page()
        other.goto(f"{site}/survey/rate/1")
        option(other, 0, 0, 5).click()
        wait_saved(other)
        option(page, 0, 0, 1).click()
        page.wait_for_selector(".rating-card[data-state=conflict]")
        said = page.locator("[data-card-status]").first.inner_text()
        assert "Here you chose “About once a year or less”" in said
        assert "you chose “Every day or almost every day”, which we kept" in said
        assert option(page, 0, 0, 5).locator("input").is_checked()
        assert violations(page) == []
        option(page, 0, 0, 1).click()
        wait_saved(page)
    assert stored(sqlite_app) == {(made.tasks[0], made.frequency_id): (made.frequency[1], 2)}


def test_a_skip_completes_the_card_and_takes_importance_back(chromium, site, sqlite_app, made):
    with opened(chromium) as (_, page):
        to_cards(page, site, made.tokens[0])
        option(page, 0, 0, 3).click()
        option(page, 0, 1, 4).click()
        wait_saved(page)
        option(page, 0, 0, 0).click()
        assert page.locator(".scale-if-performed").first.is_hidden()
        wait_saved(page)
        assert page.locator("[data-progress-words]").inner_text() == "1 of 12 tasks"
        option(page, 0, 0, 2).click()
        assert page.locator(".scale-if-performed").first.locator("input:checked").count() == 0
        assert page.locator("[data-progress-words]").inner_text() == "0 of 12 tasks"
        page.wait_for_timeout(500)
    f, i = (made.tasks[0], made.frequency_id), (made.tasks[0], made.importance_id)
    assert stored(sqlite_app) == {f: (made.frequency[2], 3), i: (None, 2)}
    with sqlite_app.app_context():
        assert made.importance[4] in db.session.scalars(db.select(RatingChange.anchor_id)).all()


def test_a_survey_that_closes_says_so_at_the_next_tap(chromium, site, sqlite_app, made):
    with opened(chromium) as (_, page):
        to_cards(page, site, made.tokens[0])
        with sqlite_app.app_context():
            close_survey(made.instrument_id)
        option(page, 0, 0, 1).click()
        page.wait_for_selector(".save-status[data-state=error]")
        assert "The survey has closed" in page.locator("[data-save-status]").inner_text()
        page.click("button[type=submit]")
        page.wait_for_selector("h1:has-text('This survey is closed')")
    assert stored(sqlite_app) == {}


def test_a_person_continues_on_another_device(chromium, site, sqlite_app, made):
    with opened(chromium) as (_, page):
        to_cards(page, site, made.tokens[0])
        option(page, 0, 0, 0).click()
        wait_saved(page)
    with opened(chromium, viewport=DESK) as (_, page):
        page.goto(f"{site}/s/{made.tokens[0]}")
        page.click("text=Go on where I stopped")
        page.wait_for_url(f"**/survey/rate/1#task-{made.tasks[1]}")
        assert option(page, 0, 0, 0).locator("input").is_checked()
    with sqlite_app.app_context():
        assert len(db.session.scalars(db.select(Response)).all()) == 1
