"""What a panelist sends: a page of answers, a proposal, a signature."""

from __future__ import annotations

import json
from collections.abc import Mapping

from flask_babel import gettext as _

from jta.errors import InvalidInputError
from jta.imports.text import clean
from jta.services.panel_answers import Sheet, Typed
from jta.services.panel_statements import Signing, StatementText

VALUE, WORDING, COMMENT = "a.", "w.", "c."
MOST_FIELDS = 4000


def clean_block(text: str) -> str:
    """Return text of several lines, each cleaned as an imported cell is.

    Raises
    ------
    InvalidInputError
        If it holds what cannot be kept.
    """
    lines = [clean(line) for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")]
    if any(line.reason for line in lines):
        raise InvalidInputError(_("This text holds characters that nobody can see. Type it again without them."))
    return "\n".join(line.text for line in lines).strip()


def read_sheet(form: Mapping[str, str]) -> Sheet:
    """Return what a page of a round says.

    Raises
    ------
    InvalidInputError
        If a text cannot be kept.
    """
    keys = dict.fromkeys(name[2:] for name in list(form)[:MOST_FIELDS] if name[:2] in (VALUE, WORDING, COMMENT))
    typed = {
        key: Typed(
            form.get(VALUE + key, "").strip()[:40], " ".join(clean_block(form.get(WORDING + key, "")).split()),
            clean_block(form.get(COMMENT + key, "")),
        )
        for key in keys
    }  # fmt: skip
    rest = form.get("rest", "")
    if rest:
        typed |= {key: Typed("0") for key, one in typed.items() if key.startswith(f"{rest}-") and not one.value}
    return Sheet(form.get("mark", ""), typed, _seen(form.get("seen", "")))


def _seen(text: str) -> dict[str, int]:
    """Return the versions a page had seen; anything else counts as a page that saw nothing."""
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return {}
    if not isinstance(found, dict):
        return {}
    return {str(key): version for key, version in found.items() if type(version) is int}


def read_proposal(form: Mapping[str, str]) -> dict[str, str]:
    """Return a proposal as sent, cleaned.

    Raises
    ------
    InvalidInputError
        If a text cannot be kept.
    """
    item = form.get("item", "")
    return {
        "mark": form.get("mark", ""), "key": form.get("key", "")[:64], "act": form.get("act", ""),
        "item": item if item.isascii() and item.isdigit() and len(item) < 10 else "0",
        "statement": " ".join(clean_block(form.get("statement", "")).split()),
        "note": clean_block(form.get("note", "")),
    }  # fmt: skip


def read_signing(form: Mapping[str, str], texts: list[StatementText]) -> Signing:
    """Return what somebody signed.

    Raises
    ------
    InvalidInputError
        If a text cannot be kept.
    """
    return Signing(
        signed_as=" ".join(clean_block(form.get("signed_as", "")).split()),
        declared=clean_block(form.get("declared", "")),
        hashes={text.kind: form.get(f"hash.{text.kind}", "") for text in texts},
        agreed=frozenset(text.kind for text in texts if form.get(f"agree.{text.kind}")),
    )
