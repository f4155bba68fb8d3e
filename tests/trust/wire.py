"""The smallest browser for tests against a real server: one kept connection, cookies, forms, redirects."""

from __future__ import annotations

import http.client
from http.cookies import SimpleCookie
from urllib.parse import urlencode, urlsplit

# Everything that a server which dies in the middle can do to a connection.
BROKEN = (OSError, http.client.HTTPException)


class Wire:
    """One browser, talking to one server."""

    def __init__(self, base: str) -> None:
        self.host = urlsplit(base).netloc
        self.connection: http.client.HTTPConnection | None = None
        self.cookies: dict[str, str] = {}

    def get(self, path: str) -> tuple[int, str]:
        """Return status and text of a page, after redirects."""
        status, text, location = self._ask("GET", path, None)
        return self.get(location) if status in {302, 303} else (status, text)

    def post(self, path: str, data: dict[str, object]) -> tuple[int, str]:
        """Send a form; return status and text of the reply itself."""
        return self._ask("POST", path, urlencode(data))[:2]

    def close(self) -> None:
        """End the connection; the cookies stay."""
        if self.connection is not None:
            self.connection.close()
            self.connection = None

    def _ask(self, method: str, path: str, body: str | None) -> tuple[int, str, str]:
        headers = {"Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items()), "Accept": "application/json, */*"}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        if self.connection is None:
            self.connection = http.client.HTTPConnection(self.host, timeout=10)
        try:
            self.connection.request(method, path.partition("#")[0], body, headers)
            reply = self.connection.getresponse()
            text = reply.read().decode()
        except BROKEN:
            self.close()
            raise
        for line in reply.headers.get_all("Set-Cookie") or []:
            self.cookies.update({name: morsel.value for name, morsel in SimpleCookie(line).items()})
        return reply.status, text, reply.headers.get("Location", "")
