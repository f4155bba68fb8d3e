"""Personal links of panelists: made like those of respondents, but so that neither opens the other.

The token is HMAC-SHA256 of ``panel.panelist id.link generation``; only its hash is stored.
"""

from __future__ import annotations

import hmac

from flask import current_app
from sqlalchemy import select

from jta.config import Settings
from jta.db import db
from jta.models.panel import Panelist
from jta.services.links import keyed_token, token_hash


def panel_token(panelist_id: int, generation: int) -> str:
    """Return the token of one panelist's link in one generation."""
    return keyed_token(f"panel.{panelist_id}.{generation}")


def give_link(panelist: Panelist) -> None:
    """Store the hash of a panelist's present link, inside the transaction that is open."""
    panelist.token_hash = token_hash(panel_token(panelist.id, panelist.link_generation))


def panel_link_url(panelist: Panelist) -> str:
    """Return the full address of a panelist's present link, on the configured site."""
    settings: Settings = current_app.config["SETTINGS"]
    return f"{settings.base_url.rstrip('/')}/p/{panel_token(panelist.id, panelist.link_generation)}"


def find_panelist(token: str) -> Panelist | None:
    """Return the panelist whose present link carries this token, or None; whoever left has no link.

    An unknown token costs the same work as a known one.
    """
    found = db.session.scalar(select(Panelist).where(Panelist.token_hash == token_hash(token)))
    right = panel_token(found.id, found.link_generation) if found else panel_token(0, 0)
    same = hmac.compare_digest(right.encode(), token.encode("utf-8", "surrogatepass"))
    return found if found is not None and same and found.left_at is None else None
