"""What travels from a preview to the act it previews: signed, compressed, tied to a study, a person and a state.

The rows of an uploaded file go to the page and come back with the button that applies them, so the server keeps
no half-done import. Nobody can change them on the way, and they serve one person in one study only.
"""

from __future__ import annotations

from typing import Any

from flask import current_app
from itsdangerous import BadSignature, URLSafeSerializer

from jta.audit import Actor
from jta.errors import InvalidInputError

LONGEST = 1_900_000  # characters; a form of this site takes 2 MB


def _signer(purpose: str) -> URLSafeSerializer:
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt=purpose)


def seal(purpose: str, actor: Actor, study_id: int, content: dict[str, Any]) -> str:
    """Return plain content as a signed text for a hidden field.

    Raises
    ------
    InvalidInputError
        If it is too long for a form (field ``file``).
    """
    token = _signer(purpose).dumps({"study": study_id, "by": actor.user_id, "content": content})
    text = token.decode() if isinstance(token, bytes) else token
    if len(text) > LONGEST:
        raise InvalidInputError("This file is too long to preview. Split it and import the parts.", field="file")
    return text


def unseal(purpose: str, actor: Actor, study_id: int, token: str) -> dict[str, Any]:
    """Return the content of a sealed text.

    Raises
    ------
    InvalidInputError
        If it was not made here for this purpose, this study and this person (field ``file``).
    """
    try:
        sealed: dict[str, Any] = _signer(purpose).loads(token)
    except BadSignature as error:
        raise InvalidInputError("This preview cannot be used. Upload the file again.", field="file") from error
    if (sealed["study"], sealed["by"]) != (study_id, actor.user_id):
        raise InvalidInputError("This preview belongs elsewhere. Upload the file again.", field="file")
    content: dict[str, Any] = sealed["content"]
    return content
