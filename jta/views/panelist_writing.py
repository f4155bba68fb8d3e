"""Task writing as a panelist sees it: propose, reword, withdraw. Their addresses stand in panelist.py."""

from __future__ import annotations

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from jta.errors import EditConflictError, InvalidInputError
from jta.forms.common import sent_id
from jta.forms.panelist import read_proposal
from jta.services import panel_writing as service
from jta.views.panelist_tools import page, round_page, ticket, user, visit


def _to_round(round_id: int, anchor: str) -> ResponseReturnValue:
    return redirect(url_for("panelist.rate", round_id=round_id, number=1, _anchor=anchor), 303)


def propose(round_id: int) -> ResponseReturnValue:
    """Add a proposal to a part of the job."""
    try:
        made = service.propose(ticket(), user(), round_id, read_proposal(request.form))
    except InvalidInputError as error:
        return round_page(visit(), round_id, 1, error=error), 422
    flash(_("Your statement is saved."), "success")
    return _to_round(round_id, f"item-{made.item_id}")


def proposal(proposal_id: int) -> ResponseReturnValue:
    """Show one's own proposal, reword or withdraw it."""
    seen, error, conflict = visit(), None, None
    if request.method == "POST":
        try:
            sent = read_proposal(request.form)
            done = service.change_proposal(ticket(), user(), proposal_id, sent, version=sent_id("version"))
            return _to_round(done.item.round_id, f"item-{done.item_id}")
        except InvalidInputError as refused:
            error = refused
        except EditConflictError as refused:
            conflict = refused
    shown = service.get_proposal(seen, proposal_id)
    status = 409 if conflict else 422 if error else 200
    return page("proposal", seen, proposal=shown, error=error, conflict=conflict, typed=request.form), status
