"""A respondent without a browser: reads the forms of a page as they are and sends them, by any test client."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

from flask import Flask
from flask.testing import FlaskClient

from jta.db import db


@dataclass
class Form:
    """One form of a page: where it goes, what it sends as it stands, its radios by name, its buttons."""

    action: str
    method: str
    sends: dict[str, str] = field(default_factory=dict)
    radios: dict[str, list[str]] = field(default_factory=dict)
    buttons: int = 0
    hidden: bool = False


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(found.get("action", ""), found.get("method", "get"), hidden="hidden" in found))
            self.inside = True
        elif self.inside and tag == "input":
            self._input(self.forms[-1], found)
        elif self.inside and tag == "button":
            self.forms[-1].buttons += 1

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.inside = False

    def _input(self, form: Form, found: dict[str, str]) -> None:
        name, value = found.get("name", ""), found.get("value", "")
        if found.get("type") == "radio":
            form.radios.setdefault(name, []).append(value)
            if "checked" in found:
                form.sends[name] = value
        else:
            form.sends[name] = value


def forms_of(html: str) -> list[Form]:
    """Return the forms of a page that a browser without script can send."""
    reader = _Forms()
    reader.feed(html)
    return [form for form in reader.forms if not form.hidden]


class Respondent:
    """One person with a link, on one device."""

    def __init__(self, app: Flask, token: str, client: FlaskClient | None = None) -> None:
        self.client = client or app.test_client()
        self.token = token
        self.text = ""
        self.status = 0
        self.path = ""

    def get(self, path: str) -> str:
        """Open a page, following redirects."""
        reply = self.client.get(path.partition("#")[0])
        while reply.status_code == 303:
            path = reply.location
            reply = self.client.get(path.partition("#")[0])
        self.path, self.text, self.status = path, reply.text, reply.status_code
        return self.text

    def send(self, changes: dict[str, object] | None = None, *, form: Form | None = None) -> int:
        """Send the page's form with some fields changed; follow the redirect. Return the status of the post."""
        form = form or forms_of(self.text)[0]
        reply = self.client.post(form.action, data={**form.sends, **(changes or {})})
        status = reply.status_code
        if status == 303:
            self.get(reply.location)
        else:
            self.text, self.status = reply.text, status
        return status

    def start(self) -> Respondent:
        """Open the link, agree, and go to the first page."""
        self.get(f"/s/{self.token}")
        if self.send() != 303:
            raise AssertionError(self.text)
        return self

    def to_cards(self) -> Respondent:
        """Start and pass the background page."""
        self.start()
        if self.path.startswith("/survey/page/"):
            self.send()
        return self

    def hidden(self) -> dict[str, str]:
        """Return the hidden fields of the page's form."""
        form = forms_of(self.text)[0]
        return {name: value for name, value in form.sends.items() if name not in form.radios}

    def tap(self, task: int, scale: int, anchor: int, key: str, seen: str = "", **changes: object):
        """Save one answer as the page's script does."""
        hidden = self.hidden()
        data = {
            "csrf_token": hidden["csrf_token"], "mark": hidden["mark"], "key": key, "task": task, "scale": scale,
            "anchor": anchor, "seen": seen, **changes,
        }  # fmt: skip
        return self.client.post("/survey/save", data=data, headers={"Accept": "application/json"})


def snapshot(app: Flask) -> dict[str, list[str]]:
    """Return every row of every table as text, to prove that nothing changed."""
    with app.app_context():
        return {
            name: sorted(repr(tuple(row)) for row in db.session.execute(table.select()))
            for name, table in db.metadata.tables.items()
        }
