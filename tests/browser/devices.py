"""Devices for browser tests: each fails when its page reports an error or breaks the content security policy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Error, Page

from jta import ROOT

ARGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"),
    *("--disable-sync", "--no-first-run"),
]
PHONE = {"width": 390, "height": 844}
AXE = ROOT / "static" / "vendor" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@contextmanager
def opened(chromium: Browser, **options: object) -> Iterator[tuple[BrowserContext, Page]]:
    """A fresh device, a phone unless said otherwise."""
    context = chromium.new_context(**{"viewport": PHONE, **options})
    page = context.new_page()
    page.set_default_timeout(15_000)
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.append(message.text) if "Security Policy" in message.text else None)
    yield context, page
    context.close()
    assert faults == []


def violations(page: Page) -> list[str]:
    """Return what axe finds on the page; a page that goes on by itself meanwhile is judged when it has come."""
    found: list[str] | None = None

    def judged() -> bool:
        nonlocal found
        page.wait_for_load_state()
        found = _axe(page)
        return True

    wait_until(page, judged)
    return found or []


def _axe(page: Page) -> list[str]:
    if not page.evaluate("!!window.axe"):
        page.evaluate(Path(AXE).read_text())
    found = page.evaluate(
        "tags => axe.run(document, {runOnly: {type: 'tag', values: tags}, rules: {'target-size': {enabled: true}}})",
        TAGS,
    )
    return [f"{v['id']}: {[n['html'][:120] for n in v['nodes'][:3]]}" for v in found["violations"]]


def wait_until(page: Page, holds: Callable[[], bool]) -> None:
    """Wait until something holds in a page; playwright's own waiting runs code from text, which our policy refuses.

    A page that is just being replaced by the next has no document to ask: that is "not yet".
    """
    trouble = ""
    for _ in range(200):
        try:
            if holds():
                return
        except Error as error:
            trouble = error.message
        page.wait_for_timeout(50)
    raise AssertionError(f"{page.url}: it never came true. {trouble}")
