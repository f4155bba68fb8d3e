"""Five journeys as a screen reader would tell them, compared with the text that people have read and approved.

After a change that is meant: `JTA_WRITE_SPEECH=1 ./run test tests/browser/test_survey_speech.py`, then
read the difference in tests/browser/speech/ aloud.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from jta import ROOT, clock
from tests.browser.devices import opened
from tests.browser.speech import Reader
from tests.browser.survey_tools import DESK, wait_saved
from tests.browser.test_survey_offline import NOON
from tests.live import serving
from tests.services.full_survey import make_full_study

pytestmark = pytest.mark.browser
FOLDER = ROOT / "tests" / "browser" / "speech"
RECEIPT = re.compile(r"[A-Z0-9]{4}-[A-Z0-9]{4}")


@pytest.fixture
def journey(chromium, sqlite_app):
    """What opens the survey for the first person, at noon, and returns the reader when the journey is over."""

    @contextmanager
    def take(name: str, path: str = "") -> Iterator[Reader]:
        with sqlite_app.app_context():
            full = make_full_study(1)
        with (
            clock.running_on(lambda: NOON), serving(sqlite_app) as site,
            opened(chromium, viewport=DESK, timezone_id="UTC") as (context, page),
        ):  # fmt: skip
            reader = Reader(page, context.new_cdp_session(page))
            page.goto(f"{site}/s/{full.made.tokens[0]}")
            if path:
                page.click("main button[type=submit]")
                page.locator("input[type=radio]").first.check()
                page.click("main button[type=submit]")
                page.goto(site + path)
            reader.opened()
            yield reader
        compare(name, reader)

    return take


def compare(name: str, reader: Reader) -> None:
    """Compare what was said with what is kept."""
    said = RECEIPT.sub("ABCD-1234", "\n".join(reader.lines).strip()).replace("\u202f", " ") + "\n"
    kept = FOLDER / f"{name}.txt"
    if os.environ.get("JTA_WRITE_SPEECH"):
        kept.write_text(said)
    assert said == kept.read_text()
    assert "(no name)" not in said


def go(reader: Reader) -> None:
    """Press the button that has the focus, and hear the next page."""
    before = reader.page.url
    reader.page.keyboard.press("Enter")
    reader.page.wait_for_url(lambda url: url != before)
    reader.opened()


def test_beginning(journey):
    with journey("beginning") as reader:
        reader.tab_to("button")
        go(reader)
        reader.tab_to("radio")
        reader.press("ArrowDown")
        reader.tab_to("button")
        go(reader)  # not among those asked
        reader.tab(6)


def test_an_error_of_a_number(journey):
    with journey("error", "/survey/page/2") as reader:
        reader.tab_to("textbox")
        reader.page.keyboard.type("many")
        reader.tab_to("button")
        reader.page.keyboard.press("Enter")
        reader.page.wait_for_selector("#error-summary")
        reader.opened()
        reader.tab()
        reader.press("Enter")  # the link of the error leads to its field


def test_rating_a_page_of_cards(journey):
    with journey("rating", "/survey/rate/1") as reader:
        reader.tab_to("radio")
        reader.press("ArrowDown")
        wait_saved(reader.page)
        reader.heard()
        reader.press("ArrowUp")  # not performed: importance falls away
        reader.tab()
        reader.press("ArrowDown")
        reader.tab()
        reader.press("Space")
        reader.tab()


def test_an_answer_from_another_tab(journey):
    with journey("conflict", "/survey/rate/1") as reader:
        reader.tab_to("radio")
        other = reader.page.context.new_page()
        other.goto(reader.page.url)
        other.locator(".rating-card").first.locator("input").nth(5).check()
        wait_saved(other)
        reader.page.bring_to_front()
        reader.page.keyboard.press("ArrowDown")
        reader.page.wait_for_selector(".rating-card[data-state=conflict]")
        reader.heard()
        reader.stop("still")


def test_the_end(journey):
    with journey("end", "/survey/page/5") as reader:
        reader.tab_to("textbox")
        reader.page.keyboard.type("60")
        reader.page.wait_for_selector("[data-points-status]:not(:empty)", state="attached")
        reader.heard()
        reader.tab_to("button")
        reader.page.keyboard.press("Enter")
        reader.page.wait_for_selector("#error-summary")
        reader.opened()
        site = reader.page.url.split("/survey/")[0]
        reader.page.goto(f"{site}/survey/page/2")
        reader.page.locator("input[inputmode=decimal]").fill("7")
        reader.page.click("main button[type=submit]")
        reader.page.wait_for_url("**/survey/rate/1*")
        reader.page.goto(f"{site}/survey/review")
        reader.opened()
        reader.tab_to("button")
        go(reader)
        reader.tab_to("link")
        reader.tab(3)
        reader.page.goto(f"{site}/survey/withdraw")
        reader.opened()
        reader.tab_to("button")
        reader.tab()
