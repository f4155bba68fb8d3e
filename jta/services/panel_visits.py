"""How a panelist is known: the ticket in the cookie after Start was pressed, by personal link or by account."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as lazy
from sqlalchemy import func, select

from jta import clock
from jta.db import db
from jta.errors import JTAError, NotFoundError
from jta.models.account import User
from jta.models.panel import Panelist, Participation, Round
from jta.models.study import Study
from jta.services.links import keyed_token
from jta.services.panel_links import find_panelist
from jta.services.panel_rounds import list_rounds
from jta.services.panel_statements import StatementText, unsigned
from jta.services.visits import OtherLinkError

BY_LINK, BY_ACCOUNT = "link", "account"


class PanelLinkNeededError(JTAError):
    """The cookie names no panelist who may come in: none, a replaced link, or somebody who left."""

    status = 404
    heading = lazy("Please open your personal link")

    def __init__(self) -> None:
        super().__init__(
            _(
                "This device does not know who you are. Open the link in your invitation to the panel again: "
                "what you saved is there."
            )
        )


@dataclass(frozen=True)
class PanelTicket:
    """What the cookie of a panelist holds; ``by`` says how they came in."""

    panelist_id: int
    generation: int
    by: str

    @classmethod
    def read(cls, kept: Mapping[str, Any] | None) -> PanelTicket:
        """Return the ticket a session holds.

        Raises
        ------
        PanelLinkNeededError
            If it holds none.
        """
        if not kept:
            raise PanelLinkNeededError
        return cls(int(kept["id"]), int(kept["generation"]), str(kept["by"]))

    def plain(self) -> dict[str, Any]:
        """Return it as plain values for a session."""
        return {"id": self.panelist_id, "generation": self.generation, "by": self.by}


@dataclass(frozen=True)
class PanelVisit:
    """A panelist who came in, with the study."""

    panelist: Panelist
    study: Study

    @property
    def page_mark(self) -> str:
        """What ties a page to this panelist without naming them."""
        return keyed_token(f"panel page.{self.panelist.id}")[:16]

    def check_page(self, mark: str) -> None:
        """Refuse a page that was shown to somebody else.

        Raises
        ------
        OtherLinkError
            If it was.
        """
        if mark != self.page_mark:
            raise OtherLinkError

    @property
    def unsigned(self) -> list[StatementText]:
        """Statements still to be signed before answering."""
        return unsigned(self.panelist)


def open_by_link(token: str) -> PanelVisit:
    """Return whom a personal link belongs to. Nothing is written.

    Raises
    ------
    PanelLinkNeededError
        If the link is unknown, replaced, or its panelist left.
    """
    panelist = find_panelist(token)
    if panelist is None:
        raise PanelLinkNeededError
    return PanelVisit(panelist, db.session.get_one(Study, panelist.study_id))


def open_by_account(study_id: int, user: User) -> PanelTicket:
    """Return the ticket of the panelist who has this account's e-mail address.

    Raises
    ------
    NotFoundError
        If nobody on the panel has it.
    """
    same = func.lower(Panelist.email) == user.email.lower()
    found = select(Panelist).where(Panelist.study_id == study_id, same, Panelist.left_at.is_(None))
    panelist = db.session.scalar(found)
    if panelist is None:
        raise NotFoundError
    return PanelTicket(panelist.id, panelist.link_generation, BY_ACCOUNT)


def ticket_of(visit: PanelVisit) -> PanelTicket:
    """Return the ticket of somebody who came by link."""
    return PanelTicket(visit.panelist.id, visit.panelist.link_generation, BY_LINK)


def get_visit(ticket: PanelTicket, user: User | None, *, lock: bool = False) -> PanelVisit:
    """Return the panelist a ticket leads to; with ``lock``, hold the row until the transaction ends.

    Raises
    ------
    PanelLinkNeededError
        If the ticket is void: the link was replaced, the panelist left, or another account is signed in.
    """
    panelist = db.session.get(Panelist, ticket.panelist_id, with_for_update=lock or None, populate_existing=lock)
    if panelist is None or panelist.left_at is not None:
        raise PanelLinkNeededError
    if ticket.by == BY_LINK and ticket.generation != panelist.link_generation:
        raise PanelLinkNeededError
    if ticket.by == BY_ACCOUNT and not _is_account_of(panelist, user):
        raise PanelLinkNeededError
    return PanelVisit(panelist, db.session.get_one(Study, panelist.study_id))


def _is_account_of(panelist: Panelist, user: User | None) -> bool:
    return user is not None and user.active and (panelist.email or "").lower() == user.email.lower()


@dataclass(frozen=True)
class RoundCard:
    """A round as a panelist's list shows it: ``status`` is open, finished, closed or to come."""

    round: Round
    status: str
    overdue: bool = False


def list_cards(visit: PanelVisit) -> list[RoundCard]:
    """Return the rounds this panelist can see: open ones first, then those that are over."""
    mine = select(Participation).where(Participation.panelist_id == visit.panelist.id)
    parts = {part.round_id: part for part in db.session.scalars(mine)}
    today = clock.now().date()
    cards = [
        RoundCard(one, _status(one, parts.get(one.id)), one.due_on is not None and one.due_on < today)
        for one in list_rounds(visit.study.id)
        if one.state != "draft"
    ]
    return sorted(cards, key=lambda card: (card.round.state != "open", -card.round.number))


def _status(one: Round, part: Participation | None) -> str:
    if one.state != "open":
        return "closed"
    if part is None:
        return "new"
    return "finished" if part.finished_at else "begun"


def visible_round(visit: PanelVisit, round_id: int) -> Round:
    """Return a round of the panelist's own study that was opened.

    Raises
    ------
    NotFoundError
        If there is none.
    """
    one = db.session.get(Round, round_id)
    if one is None or one.study_id != visit.study.id or one.state == "draft":
        raise NotFoundError
    return one
