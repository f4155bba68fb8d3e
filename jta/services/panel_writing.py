"""Task writing: panelists propose task statements for a part of the job, change and withdraw them."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import gettext as _
from sqlalchemy import exists, select
from sqlalchemy.exc import IntegrityError

from jta import clock
from jta.db import db, transaction
from jta.errors import EditConflictError, InvalidInputError, NotFoundError
from jta.models.account import User
from jta.models.panel import Proposal, RoundItem
from jta.services.panel_answers import begin, open_for
from jta.services.panel_visits import PanelTicket, PanelVisit, get_visit

LONGEST, LONGEST_NOTE = 1000, 2000


def own_proposals(visit: PanelVisit, round_id: int) -> dict[int, list[Proposal]]:
    """Return a panelist's own proposals of a round by item, oldest first, withdrawn ones left out."""
    found = (
        select(Proposal)
        .join(RoundItem, RoundItem.id == Proposal.item_id)
        .where(RoundItem.round_id == round_id, Proposal.panelist_id == visit.panelist.id)
        .where(Proposal.withdrawn_at.is_(None))
        .order_by(Proposal.id)
    )
    by_item: dict[int, list[Proposal]] = {}
    for proposal in db.session.scalars(found):
        by_item.setdefault(proposal.item_id, []).append(proposal)
    return by_item


def propose(ticket: PanelTicket, user: User | None, round_id: int, sent: Mapping[str, str]) -> Proposal:
    """Add a proposal. ``sent`` holds mark, item, statement, note and key; the same key again adds nothing.

    Raises
    ------
    InvalidInputError
        If the statement is empty or too long (field ``statement``).
    StateError
        If the round is not open.
    """
    try:
        with transaction():
            return _propose(ticket, user, round_id, sent)
    except IntegrityError:  # the same form arrived twice at once
        return db.session.scalars(select(Proposal).where(Proposal.mark == sent["key"])).one()


def _propose(ticket: PanelTicket, user: User | None, round_id: int, sent: Mapping[str, str]) -> Proposal:
    visit = get_visit(ticket, user, lock=True)
    visit.check_page(sent["mark"])
    one = open_for(visit, round_id)
    _check(sent["statement"], sent["note"])
    item = db.session.get(RoundItem, int(sent["item"]))
    if item is None or item.round_id != one.id or one.kind != "writing":
        raise NotFoundError
    there: Proposal | None = db.session.scalar(
        select(Proposal).where(Proposal.mark == sent["key"], Proposal.panelist_id == visit.panelist.id)
    )
    if there is not None:
        return there
    begin(visit, one, clock.now())
    proposal = Proposal(
        item_id=item.id, panelist_id=visit.panelist.id, statement=sent["statement"].strip(), note=sent["note"].strip(),
        mark=sent["key"], saved_at=clock.now(),
    )  # fmt: skip
    db.session.add(proposal)
    db.session.flush()
    return proposal


def _check(statement: str, note: str) -> None:
    if not statement.strip():
        raise InvalidInputError(_("Write the task statement."), field="statement")
    if len(statement) > LONGEST or len(note) > LONGEST_NOTE:
        raise InvalidInputError(_("Use %(longest)s characters or fewer.", longest=f"{LONGEST:,}"), field="statement")


def change_proposal(
    ticket: PanelTicket, user: User | None, proposal_id: int, sent: Mapping[str, str], *, version: int
) -> Proposal:
    """Reword one's own proposal, or withdraw it where ``sent`` asks for that (``act`` is "withdraw").

    Raises
    ------
    NotFoundError
        If it is not one's own.
    EditConflictError
        If it was changed on another page since, with both texts.
    """
    with transaction():
        visit = get_visit(ticket, user, lock=True)
        visit.check_page(sent["mark"])
        proposal = get_proposal(visit, proposal_id)
        db.session.refresh(proposal, with_for_update=True)
        open_for(visit, proposal.item.round_id)
        withdraw = sent.get("act") == "withdraw"
        if not withdraw:
            _check(sent["statement"], sent["note"])
        if proposal.version != version:
            raise EditConflictError(
                _("Nothing was saved. Compare both texts, then save what should stand."),
                theirs=proposal.statement, yours=sent["statement"],
            )  # fmt: skip
        if withdraw:
            proposal.withdrawn_at = clock.now()
        else:
            proposal.statement, proposal.note = sent["statement"].strip(), sent["note"].strip()
        proposal.version += 1
        proposal.saved_at = clock.now()
    return proposal


def get_proposal(visit: PanelVisit, proposal_id: int) -> Proposal:
    """Return a panelist's own proposal.

    Raises
    ------
    NotFoundError
        If it is not one's own, or was withdrawn.
    """
    proposal = db.session.get(Proposal, proposal_id)
    if proposal is None or proposal.panelist_id != visit.panelist.id or proposal.withdrawn_at is not None:
        raise NotFoundError
    return proposal


def has_proposals(round_id: int) -> bool:
    """Say whether anybody proposed anything in a round."""
    found = exists().where(Proposal.item_id == RoundItem.id, RoundItem.round_id == round_id)
    return bool(db.session.scalar(select(found)))
