"""What panelists sign: conflict of interest and confidentiality, each with its text version."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from flask_babel import gettext as _
from sqlalchemy import select

from jta import audit, clock
from jta.audit import Actor
from jta.db import db, transaction
from jta.errors import EditConflictError, InvalidInputError
from jta.language import N_
from jta.models.panel import STATEMENT_KINDS, Panelist, PanelText, Signature
from jta.services.study_stage import lock_study

TITLES = {"interests": N_("Conflict of interest"), "confidentiality": N_("Confidentiality")}
STANDARD = {
    "interests": (
        "I tell the study of every interest that could sway my judgment, or that others could take for one. Such "
        "interests are: writing or selling preparation courses or material for this exam, training candidates for "
        "pay, work for a vendor whose product the tasks touch, and close ties to a candidate. I tell the study when "
        "this changes."
    ),
    "confidentiality": (
        "I keep what I see and hear in this panel to myself: drafts of statements, results before they are "
        "published, and what other panelists said. I do not copy material of the study, and I do not use it to "
        "prepare anybody for the exam."
    ),
}
LONGEST_TEXT = 8000


@dataclass(frozen=True)
class StatementText:
    """The text of a statement that counts now; number 0 is the standard text nobody changed."""

    kind: str
    number: int
    text: str

    @property
    def title(self) -> str:
        """What the statement is called."""
        return TITLES[self.kind]

    @property
    def text_hash(self) -> str:
        """SHA-256 of the text: what a signature is bound to."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def list_texts(study_id: int) -> list[StatementText]:
    """Return the statements panelists sign now, interests first."""
    found = select(PanelText).where(PanelText.study_id == study_id).order_by(PanelText.number)
    newest = {row.kind: StatementText(row.kind, row.number, row.text) for row in db.session.scalars(found)}
    return [newest.get(kind, StatementText(kind, 0, STANDARD[kind])) for kind in STATEMENT_KINDS]


def unsigned(panelist: Panelist) -> list[StatementText]:
    """Return the statements this panelist has not signed in their present text."""
    signed = {(one.kind, one.text_hash) for one in panelist.signatures}
    return [text for text in list_texts(panelist.study_id) if (text.kind, text.text_hash) not in signed]


def save_texts(actor: Actor, study_id: int, texts: Mapping[str, str], *, seen: Mapping[str, int]) -> list[str]:
    """Put new texts in force; whoever signed an older one is asked again. Return the kinds that changed.

    Parameters
    ----------
    texts, seen : mapping
        By kind: the text wanted, and the number of the version the writer saw.

    Raises
    ------
    InvalidInputError
        If a text is empty or too long.
    EditConflictError
        If somebody else changed a text since, with both.
    """
    with transaction():
        lock_study(study_id)
        changed = [now for now in list_texts(study_id) if texts[now.kind] != now.text]
        for now in changed:
            _check_text(now, texts[now.kind], seen[now.kind])
            row = PanelText(
                study_id=study_id, kind=now.kind, number=now.number + 1, text=texts[now.kind], by_name=actor.name,
                at=clock.now(),
            )  # fmt: skip
            db.session.add(row)
            audit.record(
                actor, "changed panel statement", f"{now.kind} {row.number}", study_id=study_id,
                before=now.text, after=row.text,
            )  # fmt: skip
        return [now.kind for now in changed]


def _check_text(now: StatementText, text: str, seen: int) -> None:
    if not text.strip():
        raise InvalidInputError(_("Write the text that panelists sign."), field=now.kind)
    if len(text) > LONGEST_TEXT:
        raise InvalidInputError(_("Use %(longest)s characters or fewer.", longest=f"{LONGEST_TEXT:,}"), field=now.kind)
    if seen != now.number:
        raise EditConflictError(
            _("Nothing was saved. Compare both texts, then save what should stand."), theirs=now.text, yours=text
        )


@dataclass(frozen=True)
class Signing:
    """What a panelist typed: the name signed with, interests declared, hashes of the texts that were read."""

    signed_as: str
    declared: str
    hashes: Mapping[str, str]
    agreed: frozenset[str]


def sign(panelist_id: int, signing: Signing) -> None:
    """Sign every statement that is still unsigned.

    Raises
    ------
    InvalidInputError
        If a box is not ticked, no name is given, or a text changed since it was shown.
    """
    with transaction():
        panelist = db.session.get_one(Panelist, panelist_id, with_for_update=True)
        open_texts = unsigned(panelist)
        _check_signing(open_texts, signing)
        for text in open_texts:
            panelist.signatures.append(
                Signature(
                    kind=text.kind, text=text.text, text_hash=text.text_hash, signed_as=signing.signed_as,
                    declared=signing.declared if text.kind == "interests" else "", signed_at=clock.now(),
                )
            )  # fmt: skip
        if open_texts:
            audit.record(
                Actor(f"panelist {panelist.id}", "panelist"), "signed statements", f"panelist {panelist.id}",
                study_id=panelist.study_id, after=[text.text_hash for text in open_texts],
            )  # fmt: skip


def _check_signing(texts: list[StatementText], signing: Signing) -> None:
    if not signing.signed_as:
        raise InvalidInputError(_("Type your full name as your signature."), field="signed_as")
    if len(signing.signed_as) > 200 or len(signing.declared) > 4000:
        raise InvalidInputError(_("This text is too long."), field="declared")
    for text in texts:
        if signing.hashes.get(text.kind) != text.text_hash:
            raise InvalidInputError(_("The text has changed since you opened this page. Please read it again."))
        if text.kind not in signing.agreed:
            raise InvalidInputError(
                _("Tick the box under “%(title)s” to sign it.", title=_(text.title)), field=text.kind
            )
