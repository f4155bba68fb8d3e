"""Bringing ratings in, in a real browser: every step without a fault of accessibility, on a phone and at a desk."""

from __future__ import annotations

import os
import shutil
import socket
from pathlib import Path

import pytest
from playwright.sync_api import Page

from jta import create_app
from tests.browser.devices import opened, violations
from tests.conftest import make_settings
from tests.factories import PASSWORD
from tests.live import serving
from tests.services.test_collect import wide_csv
from tests.views.survey_tools import staffed_study

pytestmark = [pytest.mark.browser, pytest.mark.slow]
DESK, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def site(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("collect-site")
    shutil.copy(sqlite_template, folder / "jta.sqlite")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"sqlite:///{folder / 'jta.sqlite'}"
    app = create_app(make_settings(url, base_url=f"http://127.0.0.1:{port}"), instance=folder)
    made = staffed_study(app, n_tasks=8, n_people=0)
    with serving(app, port) as base:
        yield f"{base}/studies/{made.study_id}"


def check(page: Page, name: str) -> None:
    for size in (PHONE, DESK):
        page.set_viewport_size(size)
        if folder := os.environ.get("JTA_PICTURES"):
            page.screenshot(path=f"{folder}/{name}-{size['width']}.png", full_page=True)
        assert violations(page) == [], name
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"], name


def test_a_file_from_upload_to_import(chromium, site, tmp_path):
    good, bad = tmp_path / "export.csv", tmp_path / "odd.csv"
    good.write_bytes(wide_csv(30, tasks=8))
    bad.write_bytes(wide_csv(30, tasks=8).replace(b"Extremely important", b"Hugely important"))
    with opened(chromium, viewport=DESK) as (_, page):
        page.goto(f"{site}/collected")
        page.get_by_label("E-mail address").fill("director@example.org")
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_load_state()
        check(page, "collect-upload")
        for file in (bad, good):
            page.goto(f"{site}/collected")
            page.locator("#file").set_input_files(file)
            page.get_by_role("button", name="Look at the file").click()
            page.wait_for_url("**/columns")
            check(page, f"collect-columns-{file.stem}")
            page.get_by_role("button", name="Go on to the values").click()
            page.wait_for_url("**/values")
            check(page, f"collect-values-{file.stem}")
            page.get_by_role("button", name="See what importing would do").click()
            page.wait_for_url("**/preview")
            check(page, f"collect-preview-{file.stem}")
        page.get_by_role("button", name="Import 30 respondents").click()
        page.wait_for_url("**/responses")
        assert "30 new respondents" in page.locator("main").inner_text()
        check(page, "collect-done")
        page.goto(f"{site}/collected")
        check(page, "collect-files")
