"""The blueprint workshop in a real browser: figures follow while typing, nothing is saved, phone and desk, axe."""

from __future__ import annotations

import shutil
import socket
from pathlib import Path

import pytest
from playwright.sync_api import expect

from jta import create_app
from tests.browser.devices import opened, violations
from tests.browser.test_results import DESK, sign_in
from tests.conftest import make_settings
from tests.live import serving
from tests.services.closed_study import make_closed_study

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def site(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory):
    """A study with two versions of its blueprint."""
    from jta.services import blueprint, results, review

    folder = tmp_path_factory.mktemp("workshop-site")
    shutil.copy(sqlite_template, folder / "jta.sqlite")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"sqlite:///{folder / 'jta.sqlite'}"
    app = create_app(make_settings(url, base_url=f"http://127.0.0.1:{port}"), instance=folder)
    with app.app_context():
        from jta.db import db

        study, actors = make_closed_study(24)
        study_id = study.id
        review.freeze_dataset(actors["psychometrician"], study_id)
        run = results.analyze_dataset(actors["psychometrician"], study_id, 1)
        for _ in range(2):
            blueprint.propose(actors["director"], study_id, run.id)
        db.session.remove()
    with serving(app, port) as base:
        yield f"{base}/studies/{study_id}"


def test_figures_follow_while_typing_and_alternatives_stand_beside(chromium, site):
    with opened(chromium, viewport=DESK) as (_, page):
        sign_in(page, site)
        page.goto(f"{site}/blueprints/2/adjust")
        expect(page.locator("#draft tfoot")).to_contain_text("100.00")
        before = page.get_by_label("Exam length").input_value()
        page.get_by_label("Exam length").fill("37")
        expect(page.locator("#draft tfoot")).to_contain_text("37")
        page.locator("#rows-0-weight").fill("140")
        expect(page.locator("#draft")).to_contain_text("Enter a weight from 0 to 100.")
        page.locator("#rows-0-weight").fill("45")
        expect(page.locator("#draft")).to_contain_text("Nothing is saved yet")
        assert violations(page) == []
        page.get_by_label("Name of the alternative").fill("Shorter exam")
        page.get_by_role("button", name="Keep as an alternative").click()
        expect(page.get_by_role("heading", name="Alternatives")).to_be_visible()
        page.goto(f"{site}/blueprints/2/adjust")
        assert page.get_by_label("Exam length").input_value() == before
        for size in (DESK, {"width": 390, "height": 844}):
            page.set_viewport_size(size)
            two_way = [f"/blueprints/2/two-way{part}" for part in ("", "/targets", "/counts")]
            parts = ("/blueprints/2", "/blueprints/2/adjust", "/blueprints/2/dates", "/blueprints/compare", "")
            for path in (*parts, *two_way):
                page.goto(site + path)
                assert violations(page) == [], path
                assert page.evaluate("document.documentElement.scrollWidth") <= size["width"], path
