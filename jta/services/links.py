"""Personal links: a token that can be rebuilt from the person and the link key, of which only a hash is stored.

The token is HMAC-SHA256 of ``person id.link generation`` under ``JTA_LINK_KEY``. Every message and letter
rebuilds the same link; raising a person's generation makes a new one and voids the old.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets

from flask import current_app
from sqlalchemy import select

from jta.config import Settings
from jta.db import db
from jta.models.delivery import Person


def _settings() -> Settings:
    settings: Settings = current_app.config["SETTINGS"]
    return settings


def token_for(person_id: int, generation: int) -> str:
    """Return the token of one person's link in one generation: 43 URL-safe characters, 256 bits."""
    return keyed_token(f"{person_id}.{generation}")


def new_mark() -> str:
    """Return a random mark for a form that must count once however often it is sent."""
    return secrets.token_urlsafe(18)


def keyed_token(message: str) -> str:
    """Return HMAC-SHA256 of a message under the link key: 43 URL-safe characters. Each use words its messages apart."""
    code = hmac.new(_settings().link_key.encode(), message.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(code).rstrip(b"=").decode()


def token_hash(token: str) -> str:
    """Return what is stored of a token: its SHA-256 in hexadecimal."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def find_person(token: str) -> Person | None:
    """Return the person whose present link carries this token, or None.

    The row is found by the token's hash; the token is then rebuilt and compared in constant time. An unknown
    token costs the same work as a known one.
    """
    person = db.session.scalar(select(Person).where(Person.token_hash == token_hash(token)))
    same = is_token_of(token, person.id, person.link_generation) if person else is_token_of(token, 0, 0)
    return person if person is not None and same else None


def is_token_of(token: str, person_id: int, generation: int) -> bool:
    """Say in constant time whether a token is that of a person's link in this generation."""
    return hmac.compare_digest(token_for(person_id, generation).encode(), token.encode("utf-8", "surrogatepass"))


def link_url(person: Person) -> str:
    """Return the full address of a person's present link, on the configured site."""
    return f"{_settings().base_url.rstrip('/')}/s/{token_for(person.id, person.link_generation)}"


def _mark(purpose: str, message: str) -> bytes:
    """Return a keyed hash for one purpose; no purpose begins with a digit, so that none is a personal link."""
    return hmac.new(_settings().link_key.encode(), f"{purpose}.{message}".encode(), hashlib.sha256).digest()


def _text(code: bytes) -> str:
    return base64.urlsafe_b64encode(code).rstrip(b"=").decode()


def address_mark(study_id: int, address: str) -> str:
    """Return what stands for an address where the address itself must not be kept."""
    return _mark("address", f"{study_id}.{address.strip().lower()}").hex()


def row_token(purpose: str, row_id: int) -> str:
    """Return a token that leads to one row for one purpose ("stop", "confirm"): an id and a keyed hash of it."""
    number = row_id.to_bytes(6, "big")
    return _text(number + _mark(purpose, str(row_id))[:18])


def read_row_token(purpose: str, token: str) -> int | None:
    """Return the id of the row that a token leads to, or None where the token is not one of ours."""
    try:
        raw = base64.b64decode(token.encode("ascii") + b"=" * (-len(token) % 4), b"-_", validate=True)
    except (ValueError, UnicodeEncodeError):
        return None
    row_id = int.from_bytes(raw[:6], "big")
    right = hmac.compare_digest(_mark(purpose, str(row_id))[:18], raw[6:])
    return row_id if right and row_token(purpose, row_id) == token else None


def bounce_mark(message_id: int) -> str:
    """Return what names a message in the address its bounces go to; small letters, because servers change them."""
    return f"{message_id:x}-{_mark('bounce', str(message_id))[:6].hex()}"


def read_bounce_mark(mark: str) -> int | None:
    """Return the message that a mark of ours names, or None."""
    number, _, _ = mark.partition("-")
    try:
        message_id = int(number, 16)
    except ValueError:
        return None
    return message_id if hmac.compare_digest(bounce_mark(message_id).encode(), mark.lower().encode()) else None


def site_url(path: str) -> str:
    """Return a full address on the configured site."""
    return f"{_settings().base_url.rstrip('/')}{path}"


def trail_name(response_code: str) -> str:
    """Return the name of a response in the audit trail: always the same, and of no use in a data set.

    The trail tells when somebody started and submitted, and whoever reads the roster may guess who that was. The
    code that data sets and the data review carry must therefore not stand in it.
    """
    mark = hmac.new(_settings().link_key.encode(), f"trail.{response_code}".encode(), hashlib.sha256).digest()
    return base64.b32encode(mark)[:10].decode()
