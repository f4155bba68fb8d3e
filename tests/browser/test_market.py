"""The page of responses and the pages of a market study in a real browser, on a phone and at a desk."""

from __future__ import annotations

import os
import shutil
import socket
from pathlib import Path

import pytest
from playwright.sync_api import Page

from jta import clock, create_app
from tests.browser.devices import opened, violations
from tests.conftest import make_settings
from tests.factories import PASSWORD, make_user
from tests.live import serving
from tests.services.closed_study import make_closed_study
from tests.services.test_market import market_study

pytestmark = [pytest.mark.browser, pytest.mark.slow]
DESK, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def site(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory):
    """A market study with two hundred responses and a practice analysis with sixty, by the same director."""
    from jta import jobs
    from jta.db import db
    from jta.models.account import Membership
    from jta.services import market_data, market_themes, precision

    folder = tmp_path_factory.mktemp("market-site")
    shutil.copy(sqlite_template, folder / "jta.sqlite")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    app = create_app(
        make_settings(f"sqlite:///{folder / 'jta.sqlite'}", base_url=f"http://127.0.0.1:{port}"), instance=folder
    )
    with app.app_context():
        study, dora, _ = market_study(200, email="mara@example.org")
        question = market_themes.comment_questions(study.id)[0]
        theme = market_themes.add_theme(dora, study.id, "Cost", "Fees and the time to prepare.")
        market_themes.add_theme(dora, study.id, "Recognition", "Whether boards know what it means.")
        for comment in market_themes.load_comments(study.id, question.id).comments[:40]:
            market_themes.code_comment(dora, study.id, comment.code, question.id, [theme.id], "")
        market_data.freeze_answers(dora, study.id)
        user = make_user("pia@example.org", "Pia Psychometrician")
        db.session.add(Membership(user_id=user.id, study_id=study.id, role="psychometrician", granted_at=clock.now()))
        db.session.commit()
        rated, actors = make_closed_study(60, prefix="z")
        precision.ask_precision(actors["director"], rated.id)
        jobs.run_waiting()
        ids = study.id, rated.id
        db.session.remove()
    with serving(app, port) as base:
        yield tuple(f"{base}/studies/{key}" for key in ids)


def sign_in(page: Page, address: str, email: str) -> None:
    page.goto(address)
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_load_state()


def check(page: Page, name: str) -> None:
    for size in (PHONE, DESK):
        page.set_viewport_size(size)
        if folder := os.environ.get("JTA_PICTURES"):
            page.screenshot(path=f"{folder}/{name}-{size['width']}.png", full_page=True)
        assert violations(page) == [], name
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"], name


def test_a_market_study_is_read_on_any_screen(chromium, site):
    market, _ = site
    with opened(chromium, viewport=DESK) as (_, page):
        sign_in(page, f"{market}/market", "mara@example.org")
        check(page, "market-director")
        page.get_by_label("By the groups of").select_option("role")
        page.get_by_role("button", name="Show").click()
        page.wait_for_load_state()
        check(page, "market-by-role-director")
        for name in ("market/themes", "responses", "", "survey"):
            page.goto(f"{market}/{name}".rstrip("/"))
            check(page, f"market-{name.replace('/', '-') or 'overview'}")
    with opened(chromium, viewport=DESK) as (_, page):
        sign_in(page, f"{market}/market?by=role", "pia@example.org")
        check(page, "market-by-role")
        for name in ("market/comments", "market/themes"):
            page.goto(f"{market}/{name}")
            check(page, f"{name.replace('/', '-')}-psychometrician")
        page.get_by_role("link", name="Edit Cost").click()
        check(page, "market-theme")
        page.goto(f"{market}/market/themes")
        page.get_by_role("link", name="Remove Cost").click()
        check(page, "market-remove-theme")


def test_the_page_of_responses_on_any_screen(chromium, site):
    _, rated = site
    with opened(chromium, viewport=DESK) as (_, page):
        sign_in(page, f"{rated}/responses", "zdora@example.org")
        assert "Preliminary" in page.locator("main").inner_text()
        check(page, "monitor")
