"""A respondent's pages: the personal link, consent, background, cards, review, thanks, withdrawal, privacy.

The token is in the address of the first page only; from then on the cookie's ticket says who it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from flask import Blueprint, Response, jsonify, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from jta.errors import InvalidInputError, NotFoundError, SurveyClosedError
from jta.extensions import limiter
from jta.forms.response import build_background_form, pack_answers, read_background, read_cards, read_tap
from jta.services import response as service
from jta.services import saving, visits, withdrawal
from jta.services.rating_merge import Conflict
from jta.services.rating_page import build_rating_page
from jta.services.survey_pages import Ratings, Survey, get_survey, read_content
from jta.services.visits import LinkNeededError, Ticket, Visit
from jta.views.response_cards import card_html, draw_cards

bp = Blueprint("response", __name__)


def _is_miss(reply: Response) -> bool:
    return reply.status_code == 404


few_misses = limiter.shared_limit("20 per minute", scope="personal links", deduct_when=_is_miss)


def _remember(ticket: Ticket) -> None:
    session.permanent = True  # a respondent has no time limit
    session["response"] = {"id": ticket.response_id, "generation": ticket.generation}


def _ticket() -> Ticket:
    kept = session.get("response")
    if not kept:
        raise LinkNeededError
    return Ticket(kept["id"], kept["generation"])


def _open_visit() -> Visit:
    visit = visits.get_visit(_ticket())
    visit.check_open()
    return visit


def _page(template: str, study: Mapping[str, Any] | None, **context: Any) -> str:
    takes_part = "response" in session and "preview" not in context
    return render_template(
        f"response/{template}.html", study=study, privacy_url=url_for("response.privacy"),
        help_url=url_for("response.privacy", _anchor="help"),
        withdraw_url=url_for("response.withdraw") if takes_part else None, **context,
    )  # fmt: skip


@bp.errorhandler(SurveyClosedError)
def closed(error: SurveyClosedError) -> ResponseReturnValue:
    """Say in plain words that the survey is not open; what was saved stays."""
    if request.endpoint == "response.save":
        return jsonify(error=error.heading, message=error.message), error.status
    return _page("closed", None, message=error.message, can_withdraw="response" in session), error.status


@bp.get("/s/<token>")
@few_misses
def welcome(token: str) -> ResponseReturnValue:
    """Show what a personal link leads to. Mail scanners open links: nothing changes here."""
    return _welcome_page(token)


def _welcome_page(token: str, error: InvalidInputError | None = None) -> str:
    found = service.get_welcome(token)
    template = "welcome" if found.state in {"start", "resume", "submitted"} else "not_open"
    return _page(template, found.study, welcome=found, token=token, error=error)


@bp.post("/s/<token>")
@few_misses
def start(token: str) -> ResponseReturnValue:
    """Begin or go on; from here the cookie knows the response and the address is clean."""
    if request.form.get("purpose") == "withdraw":
        _remember(service.reopen_response(token))
        return redirect(url_for("response.withdraw"), 303)
    try:
        ticket = service.start_response(token, request.form.get("consent", ""))
    except InvalidInputError as error:
        return _welcome_page(token, error), 422
    _remember(ticket)
    return redirect(url_for("response.resume"), 303)


@bp.get("/survey")
def resume() -> ResponseReturnValue:
    """Go to where this respondent has to go on."""
    visit = visits.get_visit(_ticket())
    if visit.submitted_at is not None:
        return redirect(url_for("response.thanks"), 303)
    visit.check_open()
    if visit.survey.background and visit.background_at is None:
        return redirect(url_for("response.background"), 303)
    page, task = next(visit.survey.gaps(visits.load_ratings(visit.response_id)), (None, None))
    if page is None or task is None:
        return redirect(url_for("response.review"), 303)
    return redirect(url_for("response.rate", page=page.number, _anchor=f"task-{task.id}"), 303)


@bp.route("/survey/background", methods=["GET", "POST"])
def background() -> ResponseReturnValue:
    """Show and save the background questions."""
    visit = _open_visit()
    answers = visits.load_answers(visit.response_id)
    form = build_background_form(visit.survey.background, answers)
    if form.validate_on_submit():
        seen, chosen = read_background(form, visit.survey.background)
        saving.save_answers(_ticket(), form.mark.data or "", seen=seen, chosen=chosen)
        return redirect(url_for("response.resume"), 303)
    if not form.is_submitted():
        form.mark.data, form.seen.data = visit.page_mark, pack_answers(answers)
    return _page("background", visit.survey.study, form=form, visit=visit), 422 if form.is_submitted() else 200


@bp.route("/survey/rate/<int:page>", methods=["GET", "POST"])
def rate(page: int) -> ResponseReturnValue:
    """Show one page of cards and save what was chosen on it."""
    if request.method != "POST":
        visit = _open_visit()
        return _rating_page(visit, page, visits.load_ratings(visit.response_id))
    cards = read_cards(request.form)
    saved = saving.save_page(_ticket(), cards.mark, page, seen=cards.seen, chosen=cards.chosen)
    if saved.conflicts:
        return _rating_page(saved.visit, page, visits.load_ratings(saved.visit.response_id), saved.conflicts), 409
    if page < len(saved.visit.survey.pages):
        return redirect(url_for("response.rate", page=page + 1), 303)
    return redirect(url_for("response.review"), 303)


def _rating_page(visit: Visit, number: int, ratings: Ratings, conflicts: Sequence[Conflict] = ()) -> str:
    cards = build_rating_page(visit.survey, number, ratings, conflicts)
    return _page(
        "rate", visit.survey.study, cards=cards, html=card_html(cards), visit=visit,
        back_url=_back_url(visit, cards.previous),
    )  # fmt: skip


def _back_url(visit: Visit, previous: int | None) -> str | None:
    if previous:
        return url_for("response.rate", page=previous)
    return url_for("response.background") if visit.survey.background else None


@bp.post("/survey/save")
def save() -> ResponseReturnValue:
    """Save one answer as it is tapped; the page's script reads the reply."""
    tap = read_tap(request.form)
    reply = saving.save_rating(_ticket(), tap.mark, tap.key, seen=tap.seen, chosen=tap.chosen)
    return jsonify(reply), 200 if reply["status"] == "saved" else 409


@bp.get("/survey/review")
def review() -> ResponseReturnValue:
    """Show what is still unanswered, and the button that sends the answers in."""
    visit = _open_visit()
    overview = visit.survey.overview(visits.load_ratings(visit.response_id))
    return _page("review", visit.survey.study, visit=visit, overview=overview)


@bp.post("/survey/submit")
def submit() -> ResponseReturnValue:
    """Send the answers in; again is harmless."""
    service.submit_response(_ticket(), request.form.get("mark", ""))
    return redirect(url_for("response.thanks"), 303)


@bp.get("/survey/thanks")
def thanks() -> ResponseReturnValue:
    """Thank, and give the receipt."""
    visit = visits.get_visit(_ticket())
    if visit.submitted_at is None:
        return redirect(url_for("response.resume"), 303)
    return _page("thanks", visit.survey.study, visit=visit)


@bp.route("/survey/withdraw", methods=["GET", "POST"])
def withdraw() -> ResponseReturnValue:
    """Say what withdrawing does, and do it."""
    if request.method == "POST":
        done = withdrawal.withdraw(_ticket(), request.form.get("mark", ""))
        session.pop("response", None)
        session["withdrawn"] = {"instrument": done.instrument_id, "deleted": done.answers_deleted}
        return redirect(url_for("response.withdrawn"), 303)
    visit = visits.get_visit(_ticket())
    return _page("withdraw", visit.survey.study, visit=visit, frozen=withdrawal.is_frozen(visit.study_id))


@bp.get("/survey/withdrawn")
def withdrawn() -> ResponseReturnValue:
    """Confirm a withdrawal."""
    done = session.get("withdrawn")
    if not done:
        raise LinkNeededError
    return _page("withdrawn", get_survey(done["instrument"]).study, deleted=done["deleted"])


@bp.get("/survey/privacy")
def privacy() -> ResponseReturnValue:
    """Say what is kept, who sees it, and how to get help."""
    return _page("privacy", _known_study())


def _known_study() -> Mapping[str, Any] | None:
    """Words of the study this device takes part in, if it does: the page is open to anybody."""
    try:
        return visits.get_visit(_ticket()).survey.study
    except LinkNeededError:
        return None


def render_preview(content: Mapping[str, Any], step: int, *, link: Callable[[int], str], leave_url: str) -> str:
    """Show one page of a survey as respondents will see it; nothing on it can be sent.

    ``content`` is that of an instrument, frozen or not. Steps count from 1: welcome, background questions where
    there are any, then the pages of cards. ``link`` gives the address of a step.
    """
    survey = read_content(content)
    pages: list[Callable[[dict[str, Any]], str]] = [partial(_preview_welcome, survey)]
    if survey.background:
        pages.append(partial(_preview_background, survey))
    pages += [partial(_preview_cards, survey, page.number) for page in survey.pages]
    if not 1 <= step <= len(pages):
        raise NotFoundError
    preview = {
        "number": step, "total": len(pages), "leave_url": leave_url,
        "previous_url": link(step - 1) if step > 1 else None, "next_url": link(step + 1) if step < len(pages) else None,
    }  # fmt: skip
    return pages[step - 1](preview)


def _preview_welcome(survey: Survey, preview: dict[str, Any]) -> str:
    shown = service.Welcome("start", survey.study, survey, has_response=False, asks_consent=True)
    return _page("welcome", survey.study, welcome=shown, preview=preview)


def _preview_background(survey: Survey, preview: dict[str, Any]) -> str:
    return _page("background", survey.study, form=build_background_form(survey.background, {}), preview=preview)


def _preview_cards(survey: Survey, number: int, preview: dict[str, Any]) -> str:
    cards = build_rating_page(survey, number, {})
    return _page("rate", survey.study, cards=cards, html=draw_cards(cards), preview=preview)
