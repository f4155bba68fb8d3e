"""A panelist's pages: the personal link, statements to sign, rounds to answer, results when they are released.

The token is in the address of the first page only; from then on the cookie's ticket says who it is.
"""

from __future__ import annotations

from flask import Blueprint, flash, jsonify, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from jta.errors import InvalidInputError, NotFoundError
from jta.forms.panelist import read_sheet, read_signing
from jta.language import locale_of_now
from jta.services import panel_answers as answers
from jta.services import panel_pages as pages
from jta.services import panel_visits as visits
from jta.services.opt_out import panel_stop_url
from jta.services.panel_results import load_results
from jta.services.panel_statements import sign
from jta.services.panel_writing import own_proposals
from jta.views import panelist_writing as writing
from jta.views.panelist_tools import page, remember, round_page, ticket, user, visit
from jta.views.response import few_misses

bp = Blueprint("panelist", __name__)
bp.add_url_rule("/panel/rounds/<int:round_id>/propose", view_func=writing.propose, methods=["POST"])
bp.add_url_rule("/panel/proposals/<int:proposal_id>", view_func=writing.proposal, methods=["GET", "POST"])


@bp.get("/p/<token>")
@few_misses
def welcome(token: str) -> ResponseReturnValue:
    """Show what a personal link leads to. Mail scanners open links: nothing changes here."""
    return page("welcome", visits.open_by_link(token), token=token)


@bp.post("/p/<token>")
@few_misses
def start(token: str) -> ResponseReturnValue:
    """Come in; from here the cookie knows the panelist and the address is clean."""
    remember(visits.ticket_of(visits.open_by_link(token)))
    return redirect(url_for("panelist.home"), 303)


def enter(study_id: int) -> ResponseReturnValue:
    """Come in with an account that is on the panel."""
    remember(visits.open_by_account(study_id, current_user))
    return redirect(url_for("panelist.home"), 303)


@bp.post("/panel/leave")
def leave() -> ResponseReturnValue:
    """Forget on this device who the panelist is."""
    session.pop("panel", None)
    return render_template("panelist/left.html", lang=locale_of_now())


@bp.get("/panel")
def home() -> ResponseReturnValue:
    """List the rounds: what is to be done, what is done."""
    seen = visit()
    if seen.unsigned:
        return redirect(url_for("panelist.statements"), 303)
    again = panel_stop_url(seen.panelist) if seen.panelist.stopped_at else None
    return page("home", seen, cards=visits.list_cards(seen), again=again)


@bp.route("/panel/statements", methods=["GET", "POST"])
def statements() -> ResponseReturnValue:
    """Show the statements, and sign those that are still unsigned."""
    seen, error = visit(), None
    if request.method == "POST":
        try:
            seen.check_page(request.form.get("mark", ""))
            sign(seen.panelist.id, read_signing(request.form, seen.unsigned))
            return redirect(url_for("panelist.home"), 303)
        except InvalidInputError as refused:
            error = refused
    return page("statements", seen, error=error, typed=request.form), 422 if error else 200


@bp.get("/panel/rounds/<int:round_id>")
def resume(round_id: int) -> ResponseReturnValue:
    """Go to where this panelist has to go on."""
    seen = visit()
    one = visits.visible_round(seen, round_id)
    if one.state != "open":
        return page("closed", seen, round=one)
    single = request.args.get("one")
    number, item = pages.first_gap(pages.load_sheets(seen, one, single=bool(single)))
    anchor = f"item-{item.id}" if item else None
    return redirect(url_for("panelist.rate", round_id=round_id, number=number, one=single, _anchor=anchor), 303)


@bp.route("/panel/rounds/<int:round_id>/<int:number>", methods=["GET", "POST"])
def rate(round_id: int, number: int) -> ResponseReturnValue:
    """Show one page of a round, and save what was entered on it."""
    seen = visit()
    answers.open_for(seen, round_id)
    if request.method != "POST":
        return round_page(seen, round_id, number)
    sheet = read_sheet(request.form)
    try:
        saved = answers.save_answers(ticket(), user(), round_id, sheet)
    except InvalidInputError as error:
        return round_page(seen, round_id, number, error=error, typed=sheet.typed), 422
    if saved.clashes:
        return round_page(visit(), round_id, number, clashes=saved.clashes), 409
    if saved.words:
        flash(saved.words, "warning")
    return _after(seen, round_id, number)


def _after(seen: visits.PanelVisit, round_id: int, number: int) -> ResponseReturnValue:
    """Go to the next page, or stay where a button asked to."""
    single, rest = request.args.get("one"), request.form.get("rest")
    if rest or request.form.get("stay"):
        where = url_for("panelist.rate", round_id=round_id, number=number, one=single, _anchor=f"item-{rest}")
        return redirect(where, 303)
    sheets = pages.load_sheets(seen, visits.visible_round(seen, round_id), single=bool(single))
    if number < len(sheets.pages):
        return redirect(url_for("panelist.rate", round_id=round_id, number=number + 1, one=single), 303)
    return redirect(url_for("panelist.finish", round_id=round_id), 303)


@bp.post("/panel/rounds/<int:round_id>/save")
def save(round_id: int) -> ResponseReturnValue:
    """Save what was just entered; the page's script reads the reply."""
    saved = answers.save_answers(ticket(), user(), round_id, read_sheet(request.form))
    if saved.clashes:
        said = _("This was changed on another page or device. Reload this page to see both.")
        return jsonify(status="clash", message=said), 409
    if saved.words:
        return jsonify(status="retired", message=saved.words), 409
    return jsonify(status="saved", versions=saved.versions, at=saved.at.isoformat())


@bp.route("/panel/rounds/<int:round_id>/finish", methods=["GET", "POST"])
def finish(round_id: int) -> ResponseReturnValue:
    """Show what is still missing, and the button that sends the round in."""
    seen = visit()
    one = answers.open_for(seen, round_id)
    if request.method == "POST":
        answers.finish_round(ticket(), user(), round_id, request.form.get("mark", ""))
        flash(_("Thank you. The round is sent in; you can still change your answers until it closes."), "success")
        return redirect(url_for("panelist.home"), 303)
    sheets = pages.load_sheets(seen, one)
    done = pages.is_finished(seen, one)
    return page("finish", seen, round=one, sheets=sheets, finished=done, proposals=own_proposals(seen, round_id))


@bp.get("/panel/rounds/<int:round_id>/results")
def results(round_id: int) -> ResponseReturnValue:
    """Show the group results of a round once they are released."""
    seen = visit()
    one = visits.visible_round(seen, round_id)
    if one.released_at is None:
        raise NotFoundError
    return page("results", seen, round=one, results=load_results(one, for_panel=True))
