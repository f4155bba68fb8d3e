"""What tests of the survey in a browser share: the cards of a page, what is stored."""

from __future__ import annotations

from flask import Flask
from playwright.sync_api import Locator, Page

from jta.db import db
from jta.models.response import Rating

DESK = {"width": 1280, "height": 900}


def to_cards(page: Page, site: str, token: str) -> None:
    """Start and pass the background page."""
    page.goto(f"{site}/s/{token}")
    page.click("button[type=submit]")
    page.wait_for_url("**/survey/**")
    if "/survey/page/" in page.url:
        page.click("button[type=submit]")
        page.wait_for_url("**/survey/rate/1*")


def option(page: Page, card: int, scale: int, answer: int) -> Locator:
    """The label of an answer, by position on the page."""
    return page.locator(".rating-card").nth(card).locator("[data-scale]").nth(scale).locator("label").nth(answer)


def wait_saved(page: Page) -> None:
    """Wait for the acknowledgement."""
    page.wait_for_selector(".save-status[data-state=saved]")


def stored(app: Flask) -> dict[tuple[int, int], tuple[int | None, int]]:
    """Every rating as it stands: anchor and version by task and scale."""
    with app.app_context():
        return {(r.task_id, r.scale_id): (r.anchor_id, r.version) for r in db.session.scalars(db.select(Rating))}


def press_until(page: Page, *kinds: str) -> str:
    """Press Tab until the focus is on one of these; return which."""
    for _ in range(40):
        page.keyboard.press("Tab")
        here = page.evaluate("document.activeElement.type === 'radio' ? 'radio' : document.activeElement.localName")
        if here in kinds:
            return here
    raise AssertionError(f"no {kinds} within 40 stops")
