"""A whole study on published numbers, over HTTP: 17 O*NET tasks, 60 respondents with drawn answers.

The frequency answers and who performs a task are drawn from the published distributions; importance from a
normal rounded to the anchors around the published mean. What is stored must be what was sent, frequency means
must lie within 3 standard errors of the published ones, and the workbook must say what the page says.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections import defaultdict

import numpy as np
import openpyxl
import pytest

from jta.demo.onet import INVENTORY_CSV, NOTICE, draw_onet_respondents, load_onet_scales, load_published
from tests.factories import PASSWORD, make_user
from tests.live import Page, Visitor, serving

N = 60


@pytest.fixture
def site(sqlite_app):
    from jta.audit import SYSTEM
    from jta.services import account
    from jta.services.study import StudyDetails, create_study

    with sqlite_app.app_context():
        admin = make_user("ada@example.org", "Ada Admin", administrator=True)
        make_user("dora@example.org", "Dora Director")
        make_user("pia@example.org", "Pia Psychometrician")
        details = StudyDetails("O*NET managers (simulated answers)", notice=NOTICE[:300], exam_items=50)
        study = create_study(SYSTEM, admin, details, director_email="dora@example.org")
        account.grant_role(SYSTEM, study_id=study.id, email="pia@example.org", role="psychometrician")
        study_id = study.id
    with serving(sqlite_app) as base:
        yield base, f"/studies/{study_id}"


def roster_csv() -> bytes:
    rows = [["person_code", "name", "email"]]
    rows += [[f"O{n:04d}", f"Simulated Person {n}", f"person{n}@example.org"] for n in range(1, N + 1)]
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue().encode()


def word_scales(director: Visitor, study: str) -> None:
    """Give the scales the published anchors, adding points on the page until there are enough."""
    for scale in load_onet_scales():
        address = scale_address(director, study, scale.kind)
        page = director.get(address)
        while len(anchor_fields(page)) < len(scale.anchors):
            page = director.post(page, {"one_more": scale.anchors[len(anchor_fields(page))].label})
            page = director.get(address)
        words = dict(zip(anchor_fields(page), (a.label for a in scale.anchors), strict=True))
        saved = director.post(page, {**words, "title": scale.title, "prompt": scale.prompt}, having="prompt")
        assert saved.status == 200, saved.text[:2000]


def scale_address(director: Visitor, study: str, kind: str) -> str:
    for address in re.findall(rf'href="({study}/survey/scales/\d+)"', director.get(f"{study}/survey").text):
        if f'value="{kind.title()}"' in director.get(address).text:
            return address
    raise AssertionError(f"no {kind} scale to edit")


def anchor_fields(page: Page) -> list[str]:
    return [name for name in page.form("prompt").fields if name.startswith("anchor_")]


def import_file(visitor: Visitor, page: str, filename: str, content: bytes) -> None:
    preview = visitor.upload(visitor.get(page), "file", filename, content)
    assert preview.status == 200, preview.text[:2000]
    applied = visitor.post(preview, having="token")
    assert applied.status == 200, applied.text[:2000]


def make_links(director: Visitor, study: str) -> dict[str, str]:
    page = director.post(director.get(f"{study}/roster/links"))
    found = re.findall(r"(O\d{4})[\s\S]*?http://127\.0\.0\.1:8000(/s/[\w-]+)", page.text)
    return dict(found)


def answer(base: str, path: str, wanted: dict[str, str]) -> int:
    """Take the survey as a plain browser does; ``wanted`` gives the label to choose for task and scale prompt."""
    visitor = Visitor(base)
    page = visitor.post(visitor.get(path))
    sent = 0
    for _ in range(20):
        if page.url.endswith("/survey/page/1"):
            page = visitor.post(page)
        elif "/survey/rate/" in page.url:
            values = choices(page, wanted)
            sent += len(values)
            page = visitor.post(page, values, having="mark")
        elif page.url.endswith("/survey/review"):
            page = visitor.post(page)
        else:
            break
    assert "receipt" in page.text.lower(), page.url
    return sent


def choices(page: Page, wanted: dict[str, str]) -> dict[str, str]:
    """Return the radio of each wanted answer on this page, found by task code and the anchor's words."""
    values = {}
    for card in re.findall(r'<fieldset class="rating-card"[\s\S]*?data-card-status', page.text):
        task = re.search(r"Task (\d+)<", card).group(1)
        for name, value, label in re.findall(
            r'<input type="radio" name="(r-\d+-\d+)" value="(\d+)"[^>]*>\s*<span>([^<]+)</span>', card
        ):
            if wanted.get((task, label)):
                values[name] = value
    return values


@pytest.mark.slow
def test_published_numbers_come_back(site):
    base, study = site
    director, psychometrician = Visitor(base), Visitor(base)
    director.sign_in("dora@example.org", PASSWORD)
    psychometrician.sign_in("pia@example.org", PASSWORD)
    import_file(director, f"{study}/inventory/import", "onet.csv", INVENTORY_CSV.read_bytes())
    word_scales(director, study)
    import_file(director, f"{study}/roster/import", "roster.csv", roster_csv())
    links = make_links(director, study)
    assert len(links) == N
    launched = director.post(director.get(f"{study}/survey/launch"))
    assert launched.status == 200, launched.text[:2000]

    drawn = draw_onet_respondents(N)
    labels = {(s.code, a.code): a.label for s in load_onet_scales() for a in s.anchors}
    wanted = defaultdict(dict)
    for r in drawn:
        wanted[r.person_code][r.task_code, labels[r.scale_code, r.anchor_code]] = True
    sent = sum(answer(base, path, wanted[person]) for person, path in links.items())
    assert sent == len(drawn)

    director.post(director.get(f"{study}/survey/close"))
    psychometrician.post(psychometrician.get(f"{study}/data-sets/freeze"), having="minimum_percent")
    frozen = psychometrician.post(psychometrician.get(f"{study}/data-sets"), ending="ratings.parquet")
    check_stored(frozen.content, drawn)

    results = psychometrician.post(psychometrician.get(f"{study}/data-sets"), ending="analyze")
    assert results.status == 200, results.text[:2000]
    table = csv_rows(psychometrician.get(f"{study}/results/1/task_stats.csv"))
    check_frequency(table)
    director.post(director.get(f"{study}/results/1"), having="run_id")
    check_workbook(director, study)


def check_stored(content: bytes, drawn) -> None:
    """What is stored is what was sent: the same answers, person by person, whatever the persons are called."""
    from analysis.parquet import from_parquet

    data = from_parquet(content)
    sent = defaultdict(set)
    for r in drawn:
        sent[r.person_code].add((r.task_code, r.scale_code, r.anchor_code))
    stored = defaultdict(set)
    for scale, matrix in data.matrices.items():
        for row, column in np.argwhere(matrix.codes > 0):
            anchor = matrix.scale.anchors[matrix.codes[row, column] - 1].code
            stored[row].add((str(matrix.tasks[column]), scale, anchor))
    assert sorted(map(sorted, stored.values())) == sorted(map(sorted, sent.values()))


def csv_rows(page: Page) -> list[dict[str, str]]:
    assert page.status == 200
    return list(csv.DictReader(io.StringIO(page.text)))


def check_frequency(table: list[dict[str, str]]) -> None:
    """Every task's mean frequency of performers lies within 3 standard errors of the published mean."""
    found = {row["task_id"]: row for row in table if row["scale"] == "frequency_performers"}
    published = load_published()
    assert len(found) == len(published) == 17
    for task in published:
        row = found[task.task_code]
        off = abs(float(row["mean"]) - task.frequency_mean)
        assert off <= 3 * task.frequency_sd / math.sqrt(int(row["n"])), task.task_code


def check_workbook(director: Visitor, study: str) -> None:
    """The workbook says what the page says."""
    page = director.get(f"{study}/blueprints/1")
    row = r'<tr class="row-strong">[\s\S]*?<th scope="row">(\d+)</th>'
    items = re.findall(row + r"[\s\S]*?<strong>(\d+)</strong>[\s\S]*?<strong>[\d.]+ %</strong>", page.text)
    assert len(items) == 4
    assert sum(int(number) for _, number in items) == 50
    content = director.post(page, ending="/workbook").content
    rows = list(openpyxl.load_workbook(io.BytesIO(content), data_only=True)["Blueprint"].iter_rows(values_only=True))
    header = next(row for row in rows if "Items" in row and "Domain code" in row)
    in_book = {str(r[header.index("Domain code")]): r[header.index("Items")] for r in rows}
    for code, number in items:
        assert in_book[code] == int(number)
