"""The survey for everybody: axe, sizes, names, focus, in every width and colour scheme."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.browser.devices import PHONE, opened, violations
from tests.browser.survey_tools import DESK, option, press_until, served, to_cards, wait_saved
from tests.services.study_factory import MadeStudy, make_study

pytestmark = pytest.mark.browser


@pytest.fixture
def site(sqlite_app):
    """Address of the application, served on this machine."""
    with served(sqlite_app) as address:
        yield address


@pytest.fixture
def made(sqlite_app) -> MadeStudy:
    """A study of twelve tasks on two pages."""
    with sqlite_app.app_context():
        return make_study()


@pytest.mark.parametrize(
    "options",
    [
        {"viewport": PHONE}, {"viewport": {"width": 320, "height": 640}, "color_scheme": "dark"},
        {"viewport": DESK},
        {"viewport": DESK, "forced_colors": "active"},
    ],
    ids=["phone", "small phone, dark", "desk", "forced colours"],
)  # fmt: skip
def test_every_page_is_accessible_and_fits(chromium, site, sqlite_app, made, options):
    with opened(chromium, **options) as (_, page):
        check_page(page, f"{site}/s/{made.tokens[0]}")
        check_page(page, f"{site}/s/unknown")
        to_cards(page, site, made.tokens[0])
        for path in ("page/1", "rate/1", "review", "withdraw", "privacy"):
            check_page(page, f"{site}/survey/{path}")
        page.goto(f"{site}/survey/rate/1")
        option(page, 0, 0, 0).click()
        option(page, 1, 0, 2).click()
        wait_saved(page)
        check_here(page)
        page.goto(f"{site}/survey/review")
        page.click("text=Send my answers")
        page.wait_for_url("**/survey/thanks")
        check_here(page)
        check_page(page, f"{site}/s/{made.tokens[0]}")
        page.goto(f"{site}/survey/withdraw")
        page.click("text=Withdraw for good")
        page.wait_for_url("**/survey/withdrawn")
        check_here(page)
        check_page(page, f"{site}/s/{made.tokens[0]}")


def check_page(page: Page, url: str) -> None:
    """Open a page and check it."""
    page.goto(url)
    check_here(page)


def check_here(page: Page) -> None:
    """No violation, one h1, nothing to scroll sideways, answers large enough for a thumb."""
    assert violations(page) == [], page.url
    assert page.locator("h1").count() == 1
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), page.url
    sizes = page.evaluate("[...document.querySelectorAll('.option')].map(o => o.getBoundingClientRect().height)")
    assert all(size >= 44 for size in sizes if size)


def test_every_answer_has_a_name_and_every_group_its_own(chromium, site, made):
    with opened(chromium) as (context, page):
        to_cards(page, site, made.tokens[0])
        nodes = context.new_cdp_session(page).send("Accessibility.getFullAXTree")["nodes"]
    named = [
        (n["role"]["value"], n.get("name", {}).get("value", "")) for n in nodes if not n.get("ignored") and "role" in n
    ]
    radios = [name for role, name in named if role == "radio"]
    groups = [name for role, name in named if role in {"group", "radiogroup"}]
    assert len(radios) == 6 * 11
    assert all(radios)
    assert len(groups) == 6 * 3
    assert len(set(groups)) == len(groups)
    assert "Task 1.1.1: How often do you perform this task?" in groups


def test_a_focused_answer_is_never_under_the_bar(chromium, site, made):
    with opened(chromium) as (_, page):
        to_cards(page, site, made.tokens[0])
        for _ in range(12):
            press_until(page, "radio")
            page.keyboard.press("ArrowDown")
            hidden = page.evaluate(
                "(() => { const a = document.activeElement.closest('label').getBoundingClientRect();"
                " const bar = document.querySelector('.survey-bar').getBoundingClientRect();"
                " return a.bottom > bar.top + 1; })()"
            )
            assert not hidden
