"""The pages that bring ratings in: the steps in order, errors that keep what was chosen, who may see them."""

from __future__ import annotations

import io
import re

from jta.db import db
from jta.models.response import Rating, Response
from tests.factories import post
from tests.services.test_collect import wide_csv
from tests.views.survey_tools import client_of, staffed_study


def url(made, step: str = "") -> str:
    return f"/studies/{made.study_id}/collected{'/' + step if step else ''}"


def upload(client, made, data: bytes, name: str = "export.csv"):
    files = {"file": (io.BytesIO(data), name)}
    return post(client, url(made), files, content_type="multipart/form-data")


def fields(html: str) -> dict[str, str]:
    """What the last form of fields of a page would send."""
    found = dict(re.findall(r'<input[^>]*name="(version|task-\d+)"[^>]*value="([^"]*)"', html))
    for name, body in re.findall(r'<select[^>]*name="((?:use|value)-[\d-]+)"[^>]*>(.*?)</select>', html, re.S):
        chosen = re.search(r'<option value="([^"]*)" selected', body)
        found[name] = chosen.group(1) if chosen else re.search(r'<option value="([^"]*)"', body).group(1)
    return found


def test_a_director_brings_a_file_in_step_by_step(app):
    made = staffed_study(app, n_tasks=4, n_people=0)
    client = client_of(app)
    assert "Bring ratings in" in client.get(f"/studies/{made.study_id}/responses").text
    assert upload(client, made, wide_csv(4)).location.endswith("/columns")
    columns = client.get(url(made, "columns")).text
    assert "Qualtrics" in columns
    reply = post(client, url(made, "columns"), fields(columns))
    assert reply.location.endswith("/values")
    values = client.get(url(made, "values")).text
    assert not re.search(r"\d without a meaning", values)
    reply = post(client, url(made, "values"), fields(values))
    assert reply.location.endswith("/preview")
    preview = client.get(url(made, "preview")).text
    assert "Import 4 respondents" in preview
    reply = post(client, url(made, "apply"), fields(preview), form_page=url(made, "preview"), follow_redirects=True)
    assert "4 new respondents" in reply.text
    with app.app_context():
        assert db.session.query(Response).count() == 4
        assert db.session.query(Rating).count() == 32
    assert "export.csv" in client.get(url(made)).text
    assert client.get(url(made, "columns")).status_code == 303


def test_what_was_chosen_is_kept_when_columns_are_refused(app):
    made = staffed_study(app, n_tasks=4, n_people=0)
    client = client_of(app)
    upload(client, made, wide_csv(4))
    sent = fields(client.get(url(made, "columns")).text) | {"task-6": "9.9.9"}
    reply = post(client, url(made, "columns"), sent)
    assert reply.status_code == 422
    assert "there is no task 9.9.9" in reply.text
    assert fields(reply.text)["task-6"] == "9.9.9"
    assert fields(reply.text)["use-5"] == "question:years"


def test_problems_of_the_file_are_listed_with_the_way_out(app):
    made = staffed_study(app, n_tasks=4, n_people=0)
    client = client_of(app)
    upload(client, made, wide_csv(3).replace(b"Extremely important", b"Hugely important"))
    post(client, url(made, "columns"), fields(client.get(url(made, "columns")).text))
    values = client.get(url(made, "values")).text
    assert "1 without a meaning" in values
    post(client, url(made, "values"), fields(values))
    preview = client.get(url(made, "preview")).text
    assert "has no meaning yet" in preview
    assert "Say what values mean" in preview
    assert "Import 3" not in preview


def test_a_file_that_cannot_be_read_says_why(app):
    made = staffed_study(app, n_tasks=4, n_people=0)
    reply = upload(client_of(app), made, b"%PDF-1.7", "export.csv")
    assert reply.status_code == 422
    assert "The file is a PDF" in reply.text


def test_mappings_and_header_rows_can_be_chosen_again(app):
    made = staffed_study(app, n_tasks=4, n_people=0)
    client = client_of(app, "psychometrician")
    upload(client, made, wide_csv(4))
    columns = fields(client.get(url(made, "columns")).text)
    post(client, url(made, "columns"), columns)
    post(client, url(made, "values"), fields(client.get(url(made, "values")).text))
    saved = post(client, url(made, "mappings"), {"name": "Ours"}, form_page=url(made, "preview"), follow_redirects=True)
    assert "saved as Ours" in saved.text
    page = client.get(url(made, "columns")).text
    chosen = re.search(r'<option value="(\d+)">Ours', page).group(1)
    sent = {"mapping": chosen, "version": fields(page)["version"]}
    used = post(client, url(made, "mappings/use"), sent, form_page=url(made, "columns"), follow_redirects=True)
    assert "13 of 13 columns" in used.text
    sent = {"header_rows": "1", "version": fields(client.get(url(made, "columns")).text)["version"]}
    again = post(client, url(made, "again"), sent, form_page=url(made, "columns"), follow_redirects=True)
    assert "read again" in again.text


def test_a_long_file_is_taken_in_by_the_worker(app, monkeypatch):
    from jta.services import collect_jobs

    monkeypatch.setattr(collect_jobs, "LONG", 10)
    app.config["JOBS_AT_ONCE"] = False
    made = staffed_study(app, n_tasks=4, n_people=0)
    client = client_of(app)
    upload(client, made, wide_csv(4))
    post(client, url(made, "columns"), fields(client.get(url(made, "columns")).text))
    post(client, url(made, "values"), fields(client.get(url(made, "values")).text))
    page = client.get(url(made, "preview")).text
    post(client, url(made, "apply"), fields(page), form_page=url(made, "preview"))
    assert "No worker is running" in client.get(url(made, "preview")).text
    with app.app_context():
        from jta import jobs

        assert jobs.run_waiting() == 1
        assert db.session.query(Response).count() == 4
    assert client.get(url(made, "preview")).location.endswith("/collected")


def test_only_editors_bring_ratings_in(app):
    made = staffed_study(app, n_tasks=4, n_people=0)
    for role, status in (("director", 200), ("psychometrician", 200), ("auditor", 404), ("approver", 404)):
        assert client_of(app, role).get(url(made)).status_code == status
