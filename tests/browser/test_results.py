"""The pages of results in a real browser: axe, no sideways scroll on a phone, sorting, the slider, progress."""

from __future__ import annotations

import re
import shutil
import socket
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from jta import create_app
from tests.browser.devices import opened, violations
from tests.conftest import make_settings
from tests.factories import PASSWORD
from tests.live import serving
from tests.services.closed_study import make_closed_study

pytestmark = [pytest.mark.browser, pytest.mark.slow]
DESK = {"width": 1280, "height": 900}
PAGES = (
    "",
    "/tasks",
    "/agreement",
    "/subgroups",
    "/retention?cut1=4",
    "/methods",
    "/sensitivity",
    "/rasch",
    "/precision",
    "/crosstab",
)


BESIDE = ("/plan", "/plan/compare?first=defaults&second=run1", "/data-sets/review", "/data-sets", "/audit")


@pytest.fixture(scope="module")
def site(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory):
    """A frozen data set of sixty responses, not yet analysed, on a server that works beside its pages."""
    from jta.services import review

    folder = tmp_path_factory.mktemp("results-site")
    shutil.copy(sqlite_template, folder / "jta.sqlite")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"sqlite:///{folder / 'jta.sqlite'}"
    app = create_app(make_settings(url, base_url=f"http://127.0.0.1:{port}"), instance=folder)
    app.config["JOBS_AT_ONCE"] = True  # the worker is proved elsewhere
    with app.app_context():
        from jta.db import db, transaction

        study, actors = make_closed_study(60)
        study_id = study.id
        with transaction():
            study.plan = {"retention": [{"measure": "mean", "cut": 3.0}]}
        review.freeze_dataset(actors["psychometrician"], study_id)
        db.session.remove()
    with serving(app, port) as base:
        yield f"{base}/studies/{study_id}"


def sign_in(page: Page, study: str) -> None:
    page.goto(f"{study}/data-sets")
    page.get_by_label("E-mail address").fill("dora@example.org")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_load_state()


def test_results_from_the_button_to_the_last_page(chromium, site):
    with opened(chromium, viewport=DESK) as (_, page):
        sign_in(page, site)
        page.goto(f"{site}/data-sets")
        page.get_by_role("button", name="Run the analysis").first.click(timeout=90_000)
        page.wait_for_load_state()
        assert violations(page) == []
        page.wait_for_url(re.compile(r"/results/1$"), timeout=90_000)
        run = page.url
        for size in (DESK, {"width": 390, "height": 844}):
            page.set_viewport_size(size)
            for name in PAGES:
                page.goto(run + name)
                assert size is DESK or violations(page) == [], name
                assert page.evaluate("document.documentElement.scrollWidth") <= size["width"], name
        for path in BESIDE:
            page.goto(site + path)
            assert violations(page) == [], path
            assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
        page.set_viewport_size(DESK)
        for path in (*BESIDE, "/results/1/precision", "/results/1/crosstab"):
            page.goto(site + path)
            assert violations(page) == [], path
        sort_and_open(page, run)
        slide(page, run)


def test_withheld_results_and_the_audit_trail_are_accessible(chromium, site):
    with opened(chromium) as (_, page):
        sign_in(page, site)
        page.goto(f"{site}/results/999")
        assert violations(page) == []
        page.goto(f"{site}/plan")
        rare = page.locator("details.panel").first
        rare.locator("summary").click()
        expect(rare.get_by_label("How weights become whole items")).to_be_visible()
        assert violations(page) == []


def sort_and_open(page: Page, run: str) -> None:
    page.goto(f"{run}/tasks")
    page.get_by_role("button", name="Mean", exact=True).click()
    means = [float(t) for t in page.locator("tbody tr[id] td:nth-child(4)").all_inner_texts()[:20]]
    assert means == sorted(means, reverse=True)
    page.locator("details.spread summary").first.click()
    expect(page.locator("details.spread table").first).to_be_visible()
    opened_row = page.locator("tr[id]").first.get_attribute("id")
    assert re.search(rf"sort=tasks\.3\.descending.*#{opened_row}$", page.url)
    page.goto("about:blank")
    page.goto(f"{run}/tasks?sort=tasks.3.descending#{opened_row}")
    again = [float(t) for t in page.locator("tbody tr[id] td:nth-child(4)").all_inner_texts()[:20]]
    assert again == means
    expect(page.locator("details.spread table").first).to_be_visible()
    page.get_by_label("Content domain").select_option("2")
    page.get_by_role("button", name="Show").click()
    page.wait_for_url(re.compile(r"domain=2.*sort=tasks\.3\.descending"))


def slide(page: Page, run: str) -> None:
    page.goto(f"{run}/retention")
    page.locator(".cut-slider").first.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_url(re.compile(r"cut1=3\.05"))
    expect(page.locator("#counts-title")).to_contain_text("would change class")
    expect(page.locator(".cut-slider").first).to_be_focused()  # the next key moves it on
    page.keyboard.press("ArrowRight")
    page.wait_for_url(re.compile(r"cut1=3\.1"))
