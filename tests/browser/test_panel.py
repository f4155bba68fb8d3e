"""The panel in a real browser: each kind of round as a director, a panelist on a phone and one at a desk."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Page, expect

from tests.browser.devices import PHONE, opened, violations, wait_until
from tests.browser.survey_tools import DESK
from tests.factories import PASSWORD
from tests.live import serving
from tests.services.panel_study import make_panel_study

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def site(sqlite_app):
    """Address of the application, served on this machine."""
    with serving(sqlite_app) as address:
        yield address


@pytest.fixture
def made(sqlite_app):
    """A study of five tasks, three KSAs and a panel of two who have not signed yet."""
    with sqlite_app.app_context():
        return make_panel_study(2, signed=False)


def check(page: Page) -> None:
    """Axe finds nothing, one h1, nothing to scroll sideways."""
    assert violations(page) == [], page.url
    assert page.locator("h1").count() == 1
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), page.url


def sign_in(page: Page, site: str) -> None:
    page.goto(f"{site}/account/sign-in")
    page.get_by_label("E-mail address").fill("dora@example.org")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/studies")


def come_in(page: Page, site: str, url: str) -> None:
    """Open the personal link, press Start, sign both statements."""
    page.goto(site + url.removeprefix("http://127.0.0.1:8000"))
    check(page)
    page.get_by_role("button", name="Start").click()
    page.wait_for_url("**/panel/statements")
    check(page)
    page.get_by_role("button", name="Sign and go on").click()
    expect(page.get_by_role("alert")).to_contain_text("full name")
    page.get_by_label("Your full name").fill("An Expert")
    for box in page.get_by_role("checkbox").all():
        box.check()
    page.get_by_role("button", name="Sign and go on").click()
    page.wait_for_url(re.compile(r"/panel(#|$)"))
    assert "/p/" not in page.url


def open_new_round(dora: Page, site: str, kind: str) -> str:
    """Make a round and open it; return its address."""
    dora.goto(f"{site}/studies/1/panel/rounds/new/{kind}")
    check(dora)
    former = dora.get_by_label("Show the answers of an earlier round")
    if former.count():
        former.select_option(index=1)
    dora.get_by_role("button", name="Make a draft").click()
    dora.wait_for_url(re.compile(r"/panel/rounds/\d+$"))
    dora.get_by_role("button", name="Open the round").click()
    expect(dora.get_by_text("0 of 2 have sent it in")).to_be_visible()
    check(dora)
    return dora.url


def close_and_decide(dora: Page, address: str, open_rows: int = 0) -> None:
    """Close the round, read the results, decide; ``open_rows`` are left to be decided one by one."""
    dora.goto(address)
    expect(dora.get_by_text("2 of 2 have sent it in")).to_be_visible()
    dora.get_by_text("Close the round", exact=True).first.click()
    dora.get_by_role("button", name="Yes, close the round").click()
    dora.wait_for_load_state()
    for part in ("results", "decisions"):
        dora.goto(f"{address}/{part}")
        check(dora)
    clear = dora.get_by_role("button", name=re.compile("Decide these"))
    if clear.count():
        clear.click()
        dora.wait_for_load_state()
    for _ in range(open_rows):
        dora.get_by_role("link", name=re.compile("^Decide ")).first.click()
        check(dora)
        dora.get_by_role("radio").first.check()
        dora.get_by_label("Reason").fill("The director weighed both.")
        dora.get_by_role("button", name="Save the decision").click()
        dora.wait_for_load_state()
    dora.goto(address)
    dora.get_by_role("button", name="The round is done").click()
    expect(dora.get_by_text("Decided").first).to_be_visible()


def begin(page: Page, site: str, word: str) -> None:
    """Open the one round that is to do."""
    page.goto(f"{site}/panel")
    check(page)
    page.get_by_role("link", name=re.compile(f"^{word}")).first.click()
    page.wait_for_url(re.compile(r"/panel/rounds/\d+/\d+"))
    check(page)


def send_in(page: Page) -> None:
    """Go to the end and send the round in."""
    page.wait_for_url(re.compile(r"/finish(#|$)"))
    check(page)
    page.get_by_role("button", name="Send in").click()
    page.wait_for_url(re.compile(r"/panel(#|$)"))
    expect(page.get_by_text("Thank you. The round is sent in")).to_be_visible()


def saved(page: Page) -> None:
    expect(page.locator("[data-save-status]")).to_contain_text(re.compile(r"Saved \d"))


def go_on(page: Page) -> bool:
    """Press the button of the page; say whether another page of the round follows."""
    before = page.url
    page.get_by_role("button", name=re.compile("^Save and (continue|look over)")).click()
    page.wait_for_url(lambda url: url != before)
    return "/finish" not in page.url


def choose_all(page: Page, label: str) -> None:
    """Tap the same choice on each card, wait until it is saved, reload: it is still there; on every page."""
    more = True
    while more:
        for card in page.locator(".rating-card").all():
            card.get_by_text(label, exact=True).click()
        saved(page)
        page.wait_for_load_state("networkidle")
        page.reload()
        assert page.locator("input[type=radio]:checked").count() == page.locator(".rating-card").count()
        more = go_on(page)


def write(page: Page, statement: str) -> None:
    page.get_by_label("Task statement").first.fill(statement)
    page.get_by_role("button", name="Add this statement").first.click()
    expect(page.get_by_text(statement, exact=True)).to_be_visible()
    check(page)
    page.get_by_role("link", name="I am done").click()


def review(page: Page) -> None:
    """Keep all but the last of the first page, which gets another wording and a comment."""
    for card in page.locator(".rating-card").all()[:-1]:
        card.get_by_text("Keep as it is").click()
    last = page.locator(".rating-card").last
    expect(last.locator(".wording")).to_be_hidden()
    last.get_by_text("Keep, but reword").click()
    wording = last.get_by_label(re.compile("How would you word it"))
    expect(wording).to_have_value("Lead the technology council.")
    wording.fill("Lead the council on technology.")
    last.get_by_text("Add a comment").click()
    last.locator("[name^='c.']").fill("Shorter.")
    last.locator("[name^='c.']").blur()
    saved(page)
    page.wait_for_load_state("networkidle")
    check(page)
    page.reload()
    expect(page.locator(".wording textarea").last).to_have_value("Lead the council on technology.")
    assert go_on(page)
    choose_all(page, "Keep as it is")


def link_by_keys(page: Page) -> None:
    """Fill the whole grid by keys: a digit goes on by itself, arrows move between rows."""
    cells = page.locator(".link-select")
    cells.first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    more = True
    while more:
        page.locator(".link-select").first.focus()
        for place in range(cells.count()):
            page.keyboard.press("2" if place % 4 == 0 else "0")
        seen = "() => Object.keys(JSON.parse(document.querySelector('[name=seen]').value)).length"
        wait_until(page, lambda said=seen: page.evaluate(said) == cells.count())
        page.reload()
        assert [cell.input_value() for cell in page.locator(".link-select").all()][:5] == ["2", "0", "0", "0", "2"]
        stays_in_sight(page)
        more = go_on(page)


def stays_in_sight(page: Page) -> None:
    """Row and column of a cell stay in view while the grid scrolls."""
    head = page.locator(".link-head")
    assert head.evaluate("e => getComputedStyle(e).position") == "sticky"
    assert page.locator(".link-row .link-task").first.evaluate("e => getComputedStyle(e).position") == "sticky"


def link_one_by_one(page: Page) -> None:
    """On a phone: one task at a time, the links chosen, the rest set to 0."""
    page.get_by_role("link", name="Show one task at a time").click()
    for number in range(1, 6):
        page.wait_for_url(re.compile(rf"/{number}\?one=1"))
        page.locator(".link-select").first.select_option("2")
        saved(page)
        page.wait_for_load_state("networkidle")
        page.get_by_role("button", name=re.compile("Set the rest to 0")).click()
        page.wait_for_load_state()
        assert [cell.input_value() for cell in page.locator(".link-select").all()] == ["2", "0", "0"]
        check(page)
        page.get_by_role("button", name=re.compile("^Save and")).click()


def spread(page: Page, first: str, second: str) -> None:
    """Give points: too few cannot be sent in; the total is counted live."""
    fields = page.locator("[data-point]")
    fields.first.fill(first)
    expect(page.locator("[data-points-total]")).to_contain_text(f"{100 - int(first)} left")
    page.get_by_role("button", name="Save and look over").click()
    page.wait_for_url(re.compile(r"/finish(#|$)"))
    expect(page.get_by_text(f"Your points sum to {first}, not to 100")).to_be_visible()
    check(page)
    page.get_by_role("link", name="Change my points").click()
    page.locator("[data-point]").last.fill(second)
    expect(page.locator("[data-points-total]")).to_contain_text("complete")
    page.get_by_role("button", name="Save and look over").click()


@contextmanager
def three(chromium, site, made) -> Iterator[tuple[Page, Page, Page]]:
    """The director at a desk, a panelist on a phone and one at a desk; all have come in."""
    with (
        opened(chromium, viewport=DESK) as (_, dora),
        opened(chromium, viewport=PHONE) as (_, ana),
        opened(chromium, viewport=DESK) as (_, bo),
    ):
        sign_in(dora, site)
        come_in(ana, site, made.urls[0])
        come_in(bo, site, made.urls[1])
        yield dora, ana, bo


def test_writing_and_review_as_a_director_and_two_panelists(chromium, site, made):
    with three(chromium, site, made) as (dora, ana, bo):
        address = open_new_round(dora, site, "writing")
        for page, words in ((ana, "Chair the technology council."), (bo, "Lead the technology council.")):
            begin(page, site, "Begin")
            write(page, words)
            send_in(page)
        close_and_decide(dora, address, open_rows=2)
        address = open_new_round(dora, site, "review")
        for page in (ana, bo):
            begin(page, site, "Begin")
            review(page)
            send_in(page)
        close_and_decide(dora, address, open_rows=1)


def test_two_delphi_rounds_as_a_director_and_two_panelists(chromium, site, made):
    with three(chromium, site, made) as (dora, ana, bo):
        for turn in (1, 2):
            address = open_new_round(dora, site, "delphi")
            for page in (ana, bo):
                begin(page, site, "Begin")
                expect(page.get_by_text("The round before").first).to_be_visible(visible=turn == 2)
                choose_all(page, "Quite relevant")
                send_in(page)
            close_and_decide(dora, address)


def test_linkage_and_two_rounds_of_weights_as_a_director_and_two_panelists(chromium, site, made):
    with three(chromium, site, made) as (dora, ana, bo):
        address = open_new_round(dora, site, "linkage")
        for page, fill in ((ana, link_one_by_one), (bo, link_by_keys)):
            begin(page, site, "Begin")
            fill(page)
            send_in(page)
        close_and_decide(dora, address)
        for turn in (1, 2):
            address = open_new_round(dora, site, "weights")
            for page, points in ((ana, ("60", "40")), (bo, ("70", "30"))):
                begin(page, site, "Begin")
                expect(page.get_by_text(f"The round before: you gave {points[0]}")).to_be_visible(visible=turn == 2)
                spread(page, *points)
                send_in(page)
            close_and_decide(dora, address)


def test_levels_and_entry_as_a_director_and_two_panelists(chromium, site, made):
    with three(chromium, site, made) as (dora, ana, bo):
        for kind, label in (("level", "Analysis: weigh, judge, solve"), ("entry", "From the first day")):
            address = open_new_round(dora, site, kind)
            for page in (ana, bo):
                begin(page, site, "Begin")
                choose_all(page, label)
                send_in(page)
            close_and_decide(dora, address)
        for part in ("", "/people", "/log", "/meetings", "/themes", "/meetings/new", "/targets", "/statements"):
            dora.set_viewport_size(PHONE)
            dora.goto(f"{site}/studies/1/panel{part}")
            check(dora)


def test_rounds_go_without_scripts_on_either_database(chromium, app):
    from tests.services.panel_study import open_round

    with app.app_context():
        made = make_panel_study(2, signed=False)
        open_round(made, "review")
        open_round(made, "weights")
    with serving(app) as site, opened(chromium, viewport=PHONE, java_script_enabled=False) as (_, page):
        page.goto(site + made.urls[0].removeprefix("http://127.0.0.1:8000"))
        page.get_by_role("button", name="Start").click()
        page.get_by_label("Your full name").fill("An Expert")
        for box in page.get_by_role("checkbox").all():
            box.check()
        page.get_by_role("button", name="Sign and go on").click()
        page.get_by_role("link", name=re.compile(r"^Begin\s*: Review")).click()
        page.wait_for_load_state()
        for card in page.locator(".rating-card").all():
            card.get_by_text("Drop", exact=True).click()
        page.get_by_role("button", name="Save and look over").click()
        page.get_by_role("button", name="Send in").click()
        page.get_by_role("link", name=re.compile(r"^Begin\s*: Holistic")).click()
        page.locator("[data-point]").first.fill("55")
        page.get_by_role("button", name="Save and add up").click()
        expect(page.get_by_text("55 of 100 points, 45 left")).to_be_visible()
        page.locator("[data-point]").last.fill("45")
        page.get_by_role("button", name="Save and look over").click()
        page.get_by_role("button", name="Send in").click()
        expect(page.get_by_text("Sent in", exact=True)).to_have_count(2)
