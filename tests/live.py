"""A real server on loopback, and a plain HTTP client that reads forms as a browser without scripts does."""

from __future__ import annotations

import http.cookiejar
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html.parser import HTMLParser

from flask import Flask


@contextmanager
def serving(app: Flask, port: int = 0) -> Iterator[str]:
    """Serve an application by waitress on a port, a free one by default; give its address."""
    from waitress import wasyncore
    from waitress.server import create_server

    server = create_server(app, host="127.0.0.1", port=port, threads=8)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.effective_port}"
    finally:
        # In the server's own thread: closed from this one, its loop could meet a descriptor that is gone.
        server.trigger.pull_trigger(lambda: wasyncore.close_all(server._map))
        thread.join(timeout=30)
        server.task_dispatcher.shutdown()
        assert not thread.is_alive()


@dataclass
class Form:
    """A form of a page: where it posts, its fields as they stand, its radio groups with their values."""

    action: str = ""
    method: str = "get"
    fields: dict[str, str] = field(default_factory=dict)
    radios: dict[str, list[str]] = field(default_factory=dict)


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._inside: Form | None = None
        self._area: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            self._inside = Form(given.get("action") or "", (given.get("method") or "get").lower())
            self.forms.append(self._inside)
        elif self._inside is not None and given.get("name"):
            self._take(tag, given, str(given["name"]))

    def _take(self, tag: str, given: dict[str, str | None], name: str) -> None:
        form, value = self._inside, given.get("value") or ""
        if tag == "textarea":
            self._area = name
            form.fields[name] = ""
        elif given.get("type") == "radio":
            form.radios.setdefault(name, []).append(value)
            if "checked" in given:
                form.fields[name] = value
        elif tag == "input" and given.get("type") not in {"submit", "checkbox", "file"}:
            form.fields[name] = value
        elif tag == "input" and given.get("type") == "checkbox" and "checked" in given:
            form.fields[name] = value or "on"

    def handle_data(self, data: str) -> None:
        if self._area is not None and self._inside is not None:
            self._inside.fields[self._area] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = None
        elif tag == "textarea":
            self._area = None


@dataclass
class Page:
    """An answer of the server."""

    url: str
    status: int
    content: bytes

    @property
    def text(self) -> str:
        return self.content.decode()

    def form(self, having: str | None = None, ending: str = "") -> Form:
        """Return the first posting form of the page that has this field, and an action that ends so."""
        parser = _Forms()
        parser.feed(self.text)
        for form in parser.forms:
            if (
                form.method == "post"
                and not form.action.endswith("/sign-out")
                and form.action.endswith(ending)
                and (having is None or having in form.fields or having in form.radios)
            ):
                return form
        raise AssertionError(f"{self.url} has no such form")


class Visitor:
    """Somebody with a browser that runs no scripts: keeps cookies, follows redirects."""

    def __init__(self, base: str) -> None:
        self.base = base
        self._open = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())).open

    def get(self, path: str) -> Page:
        return self._send(urllib.request.Request(urllib.parse.urljoin(self.base, path)))

    def post(
        self, page: Page, values: dict[str, str] | None = None, *, having: str | None = None, ending: str = ""
    ) -> Page:
        """Send a page's form with some fields filled in."""
        form = page.form(having, ending)
        body = urllib.parse.urlencode({**form.fields, **(values or {})}).encode()
        target = urllib.parse.urljoin(page.url, form.action)
        return self._send(urllib.request.Request(target, data=body, method="POST"))

    def upload(self, page: Page, name: str, filename: str, content: bytes) -> Page:
        """Send a page's form with a file."""
        form, edge = page.form(), "----boundary-of-a-test"
        parts = [
            f'--{edge}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode()
            for key, value in form.fields.items()
            if key != name
        ]
        head = f'--{edge}\r\nContent-Disposition: form-data; name="{name}"; filename="{filename}"\r\n'
        body = (
            b"".join(parts)
            + head.encode()
            + b"Content-Type: text/csv\r\n\r\n"
            + content
            + f"\r\n--{edge}--\r\n".encode()
        )
        request = urllib.request.Request(urllib.parse.urljoin(page.url, form.action), data=body, method="POST")
        request.add_header("Content-Type", f"multipart/form-data; boundary={edge}")
        return self._send(request)

    def sign_in(self, email: str, password: str) -> Page:
        return self.post(self.get("/account/sign-in"), {"email": email, "password": password}, having="password")

    def _send(self, request: urllib.request.Request) -> Page:
        try:
            with self._open(request, timeout=60) as reply:
                return Page(reply.url, reply.status, reply.read())
        except urllib.error.HTTPError as error:
            return Page(error.url, error.code, error.read())
