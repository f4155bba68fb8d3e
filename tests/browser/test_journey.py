"""The whole study in a real browser: an administrator, a director, two respondents, an approver.

One respondent holds a phone of 390 px, the other uses the keyboard alone. Every page on the way must pass axe.
"""

from __future__ import annotations

import io
import re
import socket
from pathlib import Path

import openpyxl
import pytest
from playwright.sync_api import Page, expect

from jta import create_app
from tests.browser.devices import opened, violations
from tests.conftest import make_settings
from tests.factories import PASSWORD, make_user
from tests.live import Visitor, serving

pytestmark = [pytest.mark.browser, pytest.mark.slow]
DESK = {"width": 1280, "height": 900}
OWN = "a long sentence of my own"
INVENTORY = """domain_code,domain,task_code,task_statement
1,Leadership,1.1,Set priorities for district technology with the superintendent.
1,Leadership,1.2,Present technology proposals to the school board.
1,Leadership,1.10,Evaluate pilot projects before they are extended to all schools.
2,Operations,2.1,Restore services after an outage of the network.
2,Operations,2.2,Review contracts with vendors for the protection of student data.
"""
ROSTER = "person_code,name,email\nP1,Fay Phone,fay@example.org\nP2,Kit Keyboard,kit@example.org\n"
# Results of fewer than ten people are shown to nobody but the psychometrician.
ROSTER += "".join(f"P{n},Person {n},p{n}@example.org\n" for n in range(3, 11))


@pytest.fixture
def site(sqlite_url: str, tmp_path: Path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    app = create_app(make_settings(sqlite_url, base_url=f"http://127.0.0.1:{port}"), instance=tmp_path)
    app.config["JOBS_AT_ONCE"] = True  # the worker is proved elsewhere
    with app.app_context():
        make_user("ada@example.org", "Ada Admin", administrator=True)
    with serving(app, port) as base:
        yield base


def check(page: Page) -> None:
    assert violations(page) == [], page.url


def sign_in(page: Page, site: str, email: str, password: str = PASSWORD) -> None:
    page.goto(f"{site}/account/sign-in")
    check(page)
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in").click()


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name).first.click()
    page.wait_for_load_state()
    check(page)


def follow(page: Page, name: str) -> None:
    page.get_by_role("link", name=name, exact=True).first.click()
    page.wait_for_load_state()
    check(page)


def tab(page: Page, name: str) -> None:
    page.get_by_role("navigation", name="Parts of the study").get_by_role("link", name=name, exact=True).click()
    page.wait_for_load_state()
    check(page)


def create_accounts_and_study(page: Page, site: str) -> None:
    sign_in(page, site, "ada@example.org")
    for name in ("Dora Director", "Arno Approver"):
        page.goto(f"{site}/admin/accounts/new")
        page.get_by_label("Name", exact=True).fill(name)
        page.get_by_label("E-mail address").fill(f"{name.split()[0].lower()}@example.org")
        page.get_by_label("First password").fill(PASSWORD)
        press(page, "Create account")
    page.goto(f"{site}/studies/new")
    check(page)
    page.get_by_label("director", exact=False).first.fill("dora@example.org")
    page.get_by_label("Title").fill("Technology leaders 2027")
    page.get_by_label("Exam length").fill("20")
    press(page, "Create study")


def first_sign_in(page: Page, site: str, email: str) -> None:
    """The first password must be changed before anything else."""
    sign_in(page, site, email)
    page.get_by_label("Present password").fill(PASSWORD)
    page.get_by_label("New password").fill(OWN)
    press(page, "Change password")
    page.goto(f"{site}/studies")
    follow(page, "Technology leaders 2027")


def upload(page: Page, name: str, content: str) -> None:
    page.set_input_files("input[type=file]", {"name": name, "mimeType": "text/csv", "buffer": content.encode()})
    press(page, "Show what it would do")
    page.locator("form:has(input[name=token]) button[type=submit]").click()
    page.wait_for_load_state()
    check(page)


def prepare(page: Page, study: str) -> list[str]:
    """Inventory, approver, roster, links, launch; return the links."""
    page.goto(f"{study}/inventory/import")
    upload(page, "inventory.csv", INVENTORY)
    expect(page.get_by_text("1.10").first).to_be_visible()
    page.goto(f"{study}/people")
    page.get_by_label("E-mail address of the account").fill("arno@example.org")
    page.get_by_label("Role", exact=True).select_option("approver")
    press(page, "Give role")
    page.goto(f"{study}/roster/import")
    upload(page, "roster.csv", ROSTER)
    page.goto(f"{study}/roster/links")
    press(page, "Make links and show them")
    links = page.locator("text=/http:..127.0.0.1:\\d+.s.[\\w-]{43}/").all_inner_texts()
    tab(page, "Survey")
    page.goto(f"{study}/survey/launch")
    press(page, "Launch the survey")
    return links


def answer_on_a_phone(page: Page, link: str) -> None:
    page.goto(link)
    check(page)
    page.locator("button[type=submit]").tap()
    page.wait_for_url("**/survey/page/1")
    check(page)
    page.locator("button[type=submit]").last.tap()
    for expected in (1, 2):
        page.wait_for_url(f"**/survey/rate/{expected}*")
        check(page)
        for card in page.locator(".rating-card").all():
            scales = card.locator("[data-scale]").all()
            scales[0].locator("label").nth(3).tap()
            scales[1].locator("label").nth(4).tap()
        page.wait_for_selector(".save-status[data-state=saved]")
        page.locator(".survey-bar button").tap()
    finish(page)


def answer_by_keyboard(page: Page, link: str) -> None:
    """Tab, arrows, Space and Enter only."""
    page.goto(link)
    reach(page, "button[type=submit]")
    page.keyboard.press("Enter")
    page.wait_for_url("**/survey/page/1")
    reach(page, "main button[type=submit]")
    page.keyboard.press("Enter")
    for expected in (1, 2):
        page.wait_for_url(f"**/survey/rate/{expected}*")
        for name in page.evaluate("[...new Set([...document.querySelectorAll('input[type=radio]')].map(r => r.name))]"):
            reach(page, f"input[name='{name}']")
            page.keyboard.press("Space")
            page.keyboard.press("ArrowDown")
            page.keyboard.press("ArrowDown")
        page.wait_for_selector(".save-status[data-state=saved]")
        reach(page, ".survey-bar button")
        page.keyboard.press("Enter")
    page.wait_for_url("**/survey/review")
    reach(page, "main form[action$='/submit'] button[type=submit]")
    page.keyboard.press("Enter")
    expect(page.get_by_text("receipt").first).to_be_visible()


def reach(page: Page, selector: str) -> None:
    """Press Tab until an element that fits has the focus."""
    for _ in range(80):
        if page.evaluate("s => document.activeElement.matches(s)", selector):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab never reaches {selector} on {page.url}")


def answer_plainly(site: str, link: str, number: int) -> None:
    """Take the survey with a browser that runs no scripts."""
    visitor = Visitor(site)
    page = visitor.post(visitor.get(link))
    for _ in range(20):
        if "/survey/rate/" in page.url:
            names = dict.fromkeys(re.findall(r'name="(r-\d+-\d+)"', page.text))
            found = {name: re.findall(rf'name="{name}"[^>]*value="(\d+)"', page.text) for name in names}
            page = visitor.post(page, {n: values[-1 - number % 3] for n, values in found.items()}, having="mark")
        elif "receipt" in page.text.lower():
            return
        else:
            page = visitor.post(page)
    raise AssertionError(f"the survey did not end: {page.url}")


def finish(page: Page) -> None:
    page.wait_for_url("**/survey/review")
    check(page)
    page.locator("form[action$='/submit'] button[type=submit]").click()
    expect(page.get_by_text("receipt").first).to_be_visible()
    check(page)


def to_blueprint(page: Page, study: str) -> None:
    page.goto(f"{study}/survey/close")
    press(page, "Close the survey")
    page.goto(f"{study}/data-sets/freeze")
    press(page, "Freeze 10 responses")
    press(page, "Run the analysis")
    press(page, "Propose a blueprint from this")
    follow(page, "Adjust")
    page.get_by_label("Weight of 1 in percent").fill("65")
    press(page, "Save changes")
    expect(page.get_by_text("Say why").first).to_be_visible()
    assert page.get_by_label("Weight of 1 in percent").input_value() == "65"
    page.get_by_label("Reason").fill("Panel vote 7 of 8.")
    press(page, "Save changes")
    press(page, "Submit for approval")


def approve(page: Page) -> None:
    tab(page, "Blueprint")
    follow(page, "Blueprint 1")
    follow(page, "Decide")
    press(page, "Approve blueprint 1")
    expect(page.get_by_text("Approved by Arno Approver").first).to_be_visible()


def download(page: Page) -> openpyxl.Workbook:
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download workbook").click()
    return openpyxl.load_workbook(io.BytesIO(Path(waiting.value.path()).read_bytes()), data_only=True)


def test_from_a_task_list_to_a_published_workbook(chromium, site):
    with opened(chromium, viewport=DESK) as (_, admin):
        create_accounts_and_study(admin, site)
    with opened(chromium, viewport=DESK) as (_, director):
        first_sign_in(director, site, "dora@example.org")
        study = director.url.rstrip("/")
        links = prepare(director, study)
        assert len(links) == 10
        with opened(chromium, has_touch=True, is_mobile=True) as (_, phone):
            answer_on_a_phone(phone, links[0])
        with opened(chromium, viewport=DESK) as (_, keyboard):
            answer_by_keyboard(keyboard, links[1])
        for number, link in enumerate(links[2:]):
            answer_plainly(site, link, number)
        to_blueprint(director, study)
        with opened(chromium, viewport=DESK) as (_, approver):
            first_sign_in(approver, site, "arno@example.org")
            approve(approver)
        director.goto(f"{study}/blueprints/1")
        press(director, "Publish and lock")
        expect(director.get_by_text("This version is locked").first).to_be_visible()
        book = download(director)
    rows = list(book["Blueprint"].iter_rows(values_only=True))
    header = next(row for row in rows if "Items" in row and "Domain code" in row)
    items = {row[header.index("Domain code")]: row[header.index("Items")] for row in rows}
    assert (items["1"], items["2"]) == (13, 7)
    assert any("PUBLISHED" in str(cell) for row in book["Read me"].iter_rows(values_only=True) for cell in row)
    assert any(
        "Panel vote 7 of 8." in str(cell) for row in book["Decisions"].iter_rows(values_only=True) for cell in row
    )
