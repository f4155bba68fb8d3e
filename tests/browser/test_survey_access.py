"""The survey for everybody: what the looks find, the names of answers, focus that is never covered."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page

from tests.browser.devices import PHONE, opened
from tests.browser.looks import faults_in_every_look
from tests.browser.survey_tools import press_until, to_cards
from tests.live import serving
from tests.services.study_factory import MadeStudy, make_study

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


FAULTY = """<!doctype html><html lang="en"><title>Faults</title><main><h1>Faults</h1>
<p style="color: #ccc; background: #fff">Pale words</p>
<p style="width: 40px; height: 20px; overflow: hidden; white-space: nowrap">Words that are cut off</p>
<p style="margin: 0; height: 2px">Two lines in</p><p style="margin: 0">one another</p>
<p style="width: 1px; overflow-wrap: anywhere">Letters</p>
<p style="position: absolute; left: 600px; width: 9rem">Far away</p></main>"""


def test_what_the_looks_are_there_to_find_is_found(chromium):
    with opened(chromium) as (_, page):
        page.set_content(FAULTY)
        found = faults_in_every_look(page)
        assert page.viewport_size == PHONE
    assert any(fault.startswith("as it is: color-contrast") for fault in found)
    for fault in (
        "320 px: scrolls sideways: ", "text spacing: cut off: Words that are cut off", "640 px: leaves the page: Far",
        "text spacing: broken into letters: Letters",
        "text at 200 %: on one another: Two lines in / one another",
    ):  # fmt: skip
        assert any(one.startswith(fault) for one in found), (fault, found)


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


def test_the_focus_is_seen_on_every_stop(chromium, site, made):
    with opened(chromium, reduced_motion="reduce") as (_, page):
        weak = focus_faults(page, f"{site}/s/{made.tokens[0]}", 4)
        to_cards(page, site, made.tokens[0])
        for path, stops in (("page/1", 6), ("rate/1", 14), ("review", 6), ("withdraw", 7)):
            weak += focus_faults(page, f"{site}/survey/{path}", stops)
        page.emulate_media(color_scheme="dark")
        weak += focus_faults(page, f"{site}/survey/rate/1", 5)
    assert weak == []


def focus_faults(page: Page, address: str, stops: int) -> list[str]:
    """Return the stops whose focus does not change two rows of pixels around them by a contrast of 3:1."""
    page.goto(address)
    found = []
    for _ in range(stops):
        page.keyboard.press("Tab")
        box = page.evaluate(
            "(() => { const a = document.activeElement; if (a === document.body) return null;"
            " const b = (a.closest('.option') || a).getBoundingClientRect();"
            " return { x: b.x, y: b.y, width: b.width, height: b.height, name: a.outerHTML.slice(0, 80) }; })()"
        )
        if box is None:
            break  # the browser's own bar comes next
        clip = {"x": max(box["x"] - 6, 0), "y": max(box["y"] - 6, 0)}
        clip |= {"width": box["width"] + 12, "height": box["height"] + 12}
        focused = luminance(page.screenshot(clip=clip))
        page.evaluate("document.activeElement.blur()")
        plain = luminance(page.screenshot(clip=clip))
        changed = np.maximum(focused, plain) + 0.05 >= 3 * (np.minimum(focused, plain) + 0.05)
        # Three quarters of two rows: corners are round, and the edge of the window may cut one side off.
        if changed.sum() < 0.75 * 2 * 2 * (box["width"] + box["height"]):
            found.append(f"{address}: {box['name']}")
    return found


def luminance(picture: bytes) -> np.ndarray:
    """Return the relative luminance of each pixel."""
    part = np.asarray(Image.open(io.BytesIO(picture)).convert("RGB"), dtype=float) / 255
    return np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722]
