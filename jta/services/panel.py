"""The people of the panel: add, edit, part from, personal links."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import exists, func, select

from jta import audit, clock
from jta.audit import Actor
from jta.db import db, transaction
from jta.errors import EditConflictError, InvalidInputError, NotFoundError, StateError
from jta.models.panel import Panelist
from jta.services.delivery import PersonalLink
from jta.services.delivery_checks import free_codes
from jta.services.panel_links import give_link, panel_link_url
from jta.services.study_stage import lock_study

LONGEST = {
    "name": 200, "email": 254, "organization": 200, "job_title": 200, "qualifications": 1000, "region": 100,
    "district_size": 100,
}  # fmt: skip
LABELS = {
    "name": "Name", "email": "E-mail address", "organization": "District or employer", "job_title": "Role",
    "qualifications": "Qualifications", "region": "Region", "district_size": "District size",
    "years": "Years in the role",
}  # fmt: skip


@dataclass(frozen=True)
class PanelistDetails:
    """What the panel's roster says of a person; ``years`` in the role, None where not known."""

    name: str
    email: str = ""
    organization: str = ""
    job_title: str = ""
    qualifications: str = ""
    region: str = ""
    district_size: str = ""
    years: int | None = None


def list_panelists(study_id: int, *, with_left: bool = True) -> list[Panelist]:
    """Return the panel by code; people who left come last."""
    found = select(Panelist).where(Panelist.study_id == study_id)
    if not with_left:
        found = found.where(Panelist.left_at.is_(None))
    return list(db.session.scalars(found.order_by(Panelist.left_at.is_not(None), func.lower(Panelist.code))))


def get_panelist(study_id: int, panelist_id: int) -> Panelist:
    """Return a panelist of this study.

    Raises
    ------
    NotFoundError
        If there is none, or they belong to another study.
    """
    panelist = db.session.get(Panelist, panelist_id)
    if panelist is None or panelist.study_id != study_id:
        raise NotFoundError
    return panelist


def details_of(panelist: Panelist) -> PanelistDetails:
    """Return what is stored of a panelist as plain details."""
    return PanelistDetails(
        **{f.name: getattr(panelist, f.name) for f in fields(PanelistDetails) if f.name != "email"},
        email=panelist.email or "",
    )


def add_panelist(actor: Actor, study_id: int, details: PanelistDetails) -> Panelist:
    """Add somebody to the panel, with the next free code (P0001, P0002, ...).

    Raises
    ------
    InvalidInputError
        If a text is missing or too long, or the address belongs to somebody on the panel.
    """
    with transaction():
        lock_study(study_id)
        check_details(study_id, details)
        taken = db.session.scalars(select(Panelist.code).where(Panelist.study_id == study_id))
        panelist = new_panelist(study_id, next(free_codes(taken)), details)
        db.session.flush()
        _record(actor, "added panelist", panelist, after=state_of(panelist))
    return panelist


def new_panelist(
    study_id: int, code: str, details: PanelistDetails, attributes: dict[str, str] | None = None
) -> Panelist:
    """Put a panelist into the session, inside the transaction that is open."""
    panelist = Panelist(study_id=study_id, code=code, attributes=attributes or {}, added_at=clock.now())
    write_details(panelist, details)
    db.session.add(panelist)
    return panelist


def write_details(panelist: Panelist, details: PanelistDetails) -> None:
    """Give a panelist these details, inside the transaction that is open."""
    for field in fields(details):
        setattr(panelist, field.name, getattr(details, field.name))
    panelist.email = details.email or None


def check_details(study_id: int, details: PanelistDetails, panelist_id: int = 0) -> None:
    """Refuse details that nobody on the panel can have; ``panelist_id`` is whose they are, 0 for somebody new.

    Raises
    ------
    InvalidInputError
        Naming the field.
    """
    if not details.name:
        raise InvalidInputError("Enter the person's name.", field="name")
    for name, longest in LONGEST.items():
        text = getattr(details, name)
        if len(text) > longest:
            raise InvalidInputError(f"Use {longest} characters or fewer.", field=name)
        # Names reach the head of a message: no line breaks, no encoded words.
        if name in ("name", "email") and (not text.isprintable() or "=?" in text):
            raise InvalidInputError("Use plain letters on one line.", field=name)
    if details.years is not None and not 0 <= details.years <= 80:
        raise InvalidInputError("Enter a number of years from 0 to 80.", field="years")
    same = func.lower(Panelist.email) == details.email.lower()
    others = exists().where(Panelist.study_id == study_id, same, Panelist.id != panelist_id)
    if details.email and db.session.scalar(select(others)):
        raise InvalidInputError("Somebody on the panel has this address already.", field="email")


def edit_panelist(actor: Actor, study_id: int, panelist_id: int, details: PanelistDetails, *, version: int) -> Panelist:
    """Change what the roster says of a panelist; ``version`` is the one the writer saw.

    Raises
    ------
    InvalidInputError
        If a text is missing or too long, or the address belongs to somebody else on the panel.
    EditConflictError
        If somebody else changed them since, with both texts.
    """
    with transaction():
        lock_study(study_id)
        panelist = _locked(study_id, panelist_id)
        before = details_of(panelist)
        if before == details:
            return panelist
        if panelist.version != version:
            raise EditConflictError(
                "Nothing was saved. Compare both, then save what should stand.",
                theirs=as_text(before), yours=as_text(details),
            )  # fmt: skip
        check_details(study_id, details, panelist_id)
        was = state_of(panelist)
        write_details(panelist, details)
        _record(actor, "edited panelist", panelist, before=was, after=state_of(panelist))
    return panelist


def part_from(actor: Actor, study_id: int, panelist_id: int, *, reason: str) -> Panelist:
    """Note that a panelist left: the link stops working; what they said in rounds stays on record.

    Raises
    ------
    InvalidInputError
        If no reason is given.
    """
    if not reason.strip():
        raise InvalidInputError("Say why this person leaves the panel.", field="reason")
    with transaction():
        lock_study(study_id)
        panelist = _locked(study_id, panelist_id)
        if panelist.left_at is None:
            panelist.left_at, panelist.left_reason = clock.now(), reason.strip()
            panelist.token_hash = None
            panelist.link_generation += 1
            _record(actor, "panelist left", panelist, note=reason.strip())
    return panelist


def bring_back(actor: Actor, study_id: int, panelist_id: int) -> Panelist:
    """Take somebody who left back into the panel; they get a new link with the next ones made."""
    with transaction():
        lock_study(study_id)
        panelist = _locked(study_id, panelist_id)
        if panelist.left_at is not None:
            panelist.left_at, panelist.left_reason = None, ""
            _record(actor, "panelist came back", panelist)
    return panelist


def make_panel_links(actor: Actor, study_id: int) -> list[PersonalLink]:
    """Make links for every panelist who has none and return them: the one time they are shown."""
    with transaction():
        lock_study(study_id)
        people = [one for one in list_panelists(study_id, with_left=False) if one.token_hash is None]
        for panelist in people:
            give_link(panelist)
        if people:
            audit.record(
                actor, "made panel links", f"study {study_id}", study_id=study_id,
                after=[one.id for one in people], note=f"{len(people)} links",
            )  # fmt: skip
        return _shown(people)


def replace_panel_link(actor: Actor, study_id: int, panelist_id: int) -> list[PersonalLink]:
    """Make a new link for one panelist and return it; the old one stops working at once, answers stay.

    Raises
    ------
    StateError
        If the person has left the panel.
    """
    with transaction():
        lock_study(study_id)
        panelist = _locked(study_id, panelist_id)
        if panelist.left_at is not None:
            raise StateError(f"{panelist.name} has left the panel. Bring them back first.")
        panelist.link_generation += panelist.token_hash is not None
        give_link(panelist)
        _record(actor, "replaced panel link", panelist, note=f"link {panelist.link_generation}")
        return _shown([panelist])


def _shown(people: Sequence[Panelist]) -> list[PersonalLink]:
    return [PersonalLink(one.code, one.name, one.email, panel_link_url(one)) for one in people]


def _locked(study_id: int, panelist_id: int) -> Panelist:
    get_panelist(study_id, panelist_id)
    return db.session.get_one(Panelist, panelist_id, with_for_update=True, populate_existing=True)


def state_of(panelist: Panelist) -> dict[str, Any]:
    """Return a panelist's details as plain values, for hashes."""
    known = details_of(panelist)
    return {**{f.name: getattr(known, f.name) for f in fields(known)}, "attributes": panelist.attributes or {}}


def as_text(details: PanelistDetails) -> str:
    """Return details line by line, to compare two of them."""
    return "\n".join(f"{label}: {value}" for name, label in LABELS.items() if (value := getattr(details, name)))


def _record(actor: Actor, action: str, panelist: Panelist, **more: Any) -> None:
    # The trail names the row, not the person: whoever reads it may not see names.
    audit.record(actor, action, f"panelist {panelist.id}", study_id=panelist.study_id, **more)
