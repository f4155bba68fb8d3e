"""What tests of the survey in a browser share: a watched page, its cards, what axe finds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Locator, Page

from jta import ROOT
from jta.db import db
from jta.models.response import Rating

PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 900}
AXE = ROOT / "static" / "vendor" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@contextmanager
def opened(chromium: Browser, **options: object) -> Iterator[tuple[BrowserContext, Page]]:
    """A fresh device; fails when the page reports an error or a breach of the content security policy."""
    context = chromium.new_context(**{"viewport": PHONE, **options})
    page = context.new_page()
    page.set_default_timeout(15_000)
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.append(message.text) if "Security Policy" in message.text else None)
    yield context, page
    context.close()
    assert faults == []


def to_cards(page: Page, site: str, token: str) -> None:
    """Start and pass the background page."""
    page.goto(f"{site}/s/{token}")
    page.click("button[type=submit]")
    page.wait_for_url("**/survey/**")
    if "background" in page.url:
        page.click("button[type=submit]")
        page.wait_for_url("**/survey/rate/1*")


def option(page: Page, card: int, scale: int, answer: int) -> Locator:
    """The label of an answer, by position on the page."""
    return page.locator(".rating-card").nth(card).locator("[data-scale]").nth(scale).locator("label").nth(answer)


def wait_saved(page: Page) -> None:
    """Wait for the acknowledgement."""
    page.wait_for_selector(".save-status[data-state=saved]")


def stored(app: Flask) -> dict[tuple[int, int], tuple[int | None, int]]:
    """Every rating as it stands."""
    with app.app_context():
        return {(r.task_id, r.scale_id): (r.anchor_id, r.version) for r in db.session.scalars(db.select(Rating))}


def violations(page: Page) -> list[str]:
    """What axe finds wrong on the page as it stands."""
    if not page.evaluate("!!window.axe"):
        page.evaluate(AXE.read_text())
    found = page.evaluate(
        "tags => axe.run(document, {runOnly: {type: 'tag', values: tags}, rules: {'target-size': {enabled: true}}})",
        TAGS,
    )
    return [f"{v['id']}: {[n['html'][:120] for n in v['nodes'][:3]]}" for v in found["violations"]]


def press_until(page: Page, *kinds: str) -> str:
    """Press Tab until the focus is on one of these; return which."""
    for _ in range(40):
        page.keyboard.press("Tab")
        here = page.evaluate("document.activeElement.type === 'radio' ? 'radio' : document.activeElement.localName")
        if here in kinds:
            return here
    raise AssertionError(f"no {kinds} within 40 stops")
