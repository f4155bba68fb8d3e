"""Files that a page hands out to be saved."""

from __future__ import annotations

from flask import Response

from jta.services.documents import MEDIA_TYPES


def attachment(content: bytes | str, filename: str) -> Response:
    """Return a file that the browser saves under this name; its ending says what it is."""
    reply = Response(content, content_type=MEDIA_TYPES[filename.rsplit(".", 1)[-1]])
    reply.headers["Content-Disposition"] = f'attachment; filename="{filename}"'
    return reply
