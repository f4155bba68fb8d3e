"""The inventory in a real browser: axe on every page, no sideways scroll on a phone, keyboard, drag, undo."""

from __future__ import annotations

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
from tests.services.study_builders import make_study

pytestmark = [pytest.mark.browser, pytest.mark.slow]
DESK, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
PAGES = (
    "inventory", "inventory/tasks/1", "inventory/tasks/new", "inventory/tasks/1/split", "inventory/tasks/1/merge",
    "inventory/tasks/1/retire", "inventory/domains/1", "inventory/domains/new", "inventory/knowledge",
    "inventory/knowledge/1", "inventory/knowledge/new", "inventory/references", "inventory/references/1",
    "inventory/references/new", "inventory/changes", "inventory/checks", "inventory/checks/words", "inventory/import",
    "cycles", "cycles/1", "cycles/1/statements/1", "cycles/1/comparison", "cycles/1/weights", "cycles/new",
    "cycles/onet", "cycles/weights", "cycles/clone",
)  # fmt: skip
FILE = "domain_code,task_code,task_statement\n1,1.1.1,Set a vision.\n1,1.9,Do new work.\n"


@pytest.fixture(scope="module")
def site(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory):
    """A study of the framework with a reference and a former list, on a server; the address of the study."""
    folder = tmp_path_factory.mktemp("inventory-site")
    shutil.copy(sqlite_template, folder / "jta.sqlite")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = make_settings(f"sqlite:///{folder / 'jta.sqlite'}", base_url=f"http://127.0.0.1:{port}")
    app = create_app(settings, instance=folder)
    with app.app_context():
        from jta.db import db
        from jta.demo.cycle import add_former_list
        from jta.services import inventory_references as references
        from jta.services.study import FRAMEWORK

        study, dora = make_study(FRAMEWORK)
        references.save_reference(
            dora, study.id, references.ReferenceWords("ISTE-2024", "Standards for leaders", "2024")
        )
        add_former_list(dora, study)
        study_id = study.id
        db.session.remove()
    with serving(app, port) as base:
        yield f"{base}/studies/{study_id}"


def sign_in(page: Page, study: str) -> None:
    page.goto(f"{study}/inventory")
    page.get_by_label("E-mail address").fill("dora@example.org")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_load_state()


def first_codes(page: Page, count: int = 4) -> list[str]:
    return page.locator("tr[data-task] th").all_inner_texts()[:count]


def test_every_page_is_accessible_and_fits_a_phone(chromium, site):
    with opened(chromium, viewport=DESK) as (_, page):
        sign_in(page, site)
        for size in (DESK, PHONE):
            page.set_viewport_size(size)
            for name in PAGES:
                page.goto(f"{site}/{name}")
                assert page.locator("h1").count() == 1, name
                assert violations(page) == [], name
                assert page.evaluate("document.documentElement.scrollWidth") <= size["width"], name


def test_tasks_are_moved_by_keyboard_and_by_dragging_and_the_last_act_is_undone(chromium, site):
    with opened(chromium, viewport=DESK) as (_, page):
        sign_in(page, site)
        assert first_codes(page) == ["1.1.1", "1.1.2", "1.1.3", "1.1.4"]
        page.get_by_role("link", name="Edit task 1.1.1", exact=True).focus()
        with page.expect_navigation():
            page.keyboard.press("Alt+ArrowDown")
        assert first_codes(page, 2) == ["1.1.2", "1.1.1"]
        expect(page.locator("#task-1")).to_be_focused()
        with page.expect_navigation():
            page.keyboard.press("Alt+ArrowUp")
        assert first_codes(page, 2) == ["1.1.1", "1.1.2"]
        with page.expect_navigation():
            page.locator("#task-4").drag_to(page.locator("#task-1"))
        assert first_codes(page) == ["1.1.4", "1.1.1", "1.1.2", "1.1.3"]
        with page.expect_navigation():
            page.get_by_role("button", name="Undo the last change").click()
        assert first_codes(page) == ["1.1.1", "1.1.2", "1.1.3", "1.1.4"]


def test_domains_and_subdomains_are_moved_by_keyboard_and_by_dragging(chromium, site):
    with opened(chromium, viewport=DESK) as (_, page):
        sign_in(page, site)
        page.get_by_text("Order of the content domains").click()
        titles = page.locator("#order li > .actions > a")
        before = titles.all_inner_texts()
        page.get_by_role("link", name="1.1 ", exact=False).first.focus()
        with page.expect_navigation():
            page.keyboard.press("Alt+ArrowDown")
        expect(titles.nth(2)).to_have_text(before[1])
        expect(page.locator("#order li:focus")).to_contain_text(before[1])
        assert violations(page) == []
        titles.first.scroll_into_view_if_needed()
        with page.expect_navigation():
            page.locator("#order > ol > li").nth(2).locator("> .actions > a").drag_to(titles.first)
        expect(titles.first).not_to_have_text(before[0])
        for _ in range(2):
            with page.expect_navigation():
                page.get_by_role("button", name="Undo the last change").click()
        page.get_by_text("Order of the content domains").click()
        expect(titles).to_have_text(before)


def test_without_scripts_chosen_tasks_move_and_a_file_is_chosen_row_by_row(chromium, site):
    with opened(chromium, viewport=PHONE, java_script_enabled=False) as (_, page):
        sign_in(page, site)
        page.get_by_label("Choose task 1.1.14").check()
        page.get_by_label("Move the chosen task statements to").select_option(label="– 3.4 Data Management")
        page.get_by_role("button", name="Move", exact=True).click()
        expect(page.get_by_text("The task statement is moved.")).to_be_visible()
        page.goto(f"{site}/inventory/import")
        page.locator("input[type=file]").set_input_files(
            {"name": "list.csv", "mimeType": "text/csv", "buffer": FILE.encode()}
        )
        page.get_by_role("button", name="Show what it would do").click()
        page.get_by_label("Leave as it is: 1.1.1").check()
        page.get_by_role("button", name="Import these 2 rows").click()
        expect(page.get_by_text("1 new statement, 0 changed.")).to_be_visible()
