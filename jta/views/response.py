"""A respondent's way in and out: the personal link, consent, where to go on, review, thanks, withdrawal, privacy.

The token is in the address of the first page only; from then on the cookie's ticket says who it is. The pages between
stand in response_steps.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from flask import Response, jsonify, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from jta.errors import InvalidInputError, NotFoundError, SurveyClosedError, WayOut, error_page
from jta.extensions import limiter
from jta.language import moment_words, speak
from jta.rights import SAFE_METHODS
from jta.services import own_answers, visits, withdrawal
from jta.services import response as service
from jta.services.rating_page import build_rating_page
from jta.services.response_way import find_open_parts, find_place
from jta.services.screener import ScreenerFirstError, check_way
from jta.services.survey_pages import Stop, Survey, get_survey, read_content
from jta.services.visits import LinkNeededError, ScreenedOutError
from jta.views.response_base import address_of, bp, framed_page, open_reading, own_ticket, own_visit, page, remember
from jta.views.response_cards import draw_page, places
from jta.views.response_steps import points_page, question_page


def _is_miss(reply: Response) -> bool:
    return reply.status_code == 404


few_misses = limiter.shared_limit("20 per minute", scope="personal links", deduct_when=_is_miss)


@bp.errorhandler(SurveyClosedError)
def closed(error: SurveyClosedError) -> ResponseReturnValue:
    """Say in plain words that the survey is not open; what was saved stays."""
    if request.endpoint == "response.save":
        return jsonify(error=str(error.heading), message=error.message), error.status
    survey = _known_survey()
    return page("closed", survey, message=error.message, can_withdraw="response" in session), error.status


@bp.errorhandler(ScreenedOutError)
def screened_out(error: ScreenedOutError) -> ResponseReturnValue:
    """Bring back to the end of the survey somebody who is not among those asked, by whatever address."""
    if request.endpoint == "response.save":
        return jsonify(error=str(error.heading), message=error.message), error.status
    return redirect(url_for("response.ended"), 303)


@bp.errorhandler(ScreenerFirstError)
def screener_first(error: ScreenerFirstError) -> ResponseReturnValue:
    """Bring to the screener somebody who typed the address of a page behind it; say so where answers were sent."""
    if request.method in SAFE_METHODS:
        return redirect(address_of(error.stop), 303)
    error.way_out = WayOut(str(_("Answer these questions")), address_of(error.stop))
    return error_page(error)


@bp.get("/s/<token>")
@few_misses
def welcome(token: str) -> ResponseReturnValue:
    """Show what a personal link leads to. Mail scanners open links: nothing changes here."""
    return _welcome_page(token)


def _welcome_page(token: str, error: InvalidInputError | None = None) -> str:
    wanted = request.args.get("lang") or request.form.get("language")
    found = service.get_welcome(token, wanted, tuple(request.accept_languages.values()))
    if found.survey is None or found.state not in {"start", "resume", "submitted"}:
        return page("not_open", found.survey, study=found.study, language=found.language, welcome=found, token=token)
    speak(found.language)
    key = None if error else (found.state, found.asks_consent)
    words = {"start_url": url_for("response.start", token=token)}
    return framed_page(key, "welcome", found.survey, words, form=True, welcome=found, error=error)


@bp.post("/s/<token>")
@few_misses
def start(token: str) -> ResponseReturnValue:
    """Begin or go on; from here the cookie knows the response and the address is clean."""
    purpose = request.form.get("purpose")
    try:
        if purpose in {"withdraw", "answers"}:
            remember(service.reopen_response(token))
            return redirect(url_for(f"response.{purpose}"), 303)
        remember(service.start_response(token, request.form.get("consent", ""), request.form.get("language", "")))
    except InvalidInputError as error:
        return _welcome_page(token, error), 422
    return resume()


@bp.get("/survey")
def resume() -> ResponseReturnValue:
    """Go to where this respondent has to go on."""
    reading = visits.read_visit(own_ticket())
    visit = reading.visit
    if visit.submitted_at is not None:
        return redirect(url_for("response.thanks"), 303)
    visit.check_open()
    stop, card = find_place(reading)
    return redirect(address_of(stop, anchor=f"task-{card}" if card else None), 303)


@bp.get("/survey/ended")
def ended() -> ResponseReturnValue:
    """Tell somebody who is not among those asked, in the director's words, and offer to put a slip right."""
    visit = own_visit()
    stop = next((stop for stop in visit.survey.stops if stop.step["kind"] == "screener"), None)
    if visit.screened_out_at is None or stop is None:
        return redirect(url_for("response.resume"), 303)
    return page("ended", visit.survey, stop=stop, back_url=address_of(stop) if visit.is_open else None)


@bp.get("/survey/review")
def review() -> ResponseReturnValue:
    """Show what is still unanswered, and the button that sends the answers in."""
    return _review_page()


def _review_page(*, required: bool = False) -> str:
    reading = open_reading()
    visit = reading.visit
    check_way(visit, None)
    overview, parts, is_sent = visit.survey.overview(reading.ratings), find_open_parts(visit), bool(visit.submitted_at)
    # Only what is the same for many is kept: the review of somebody who answered every task.
    whole = not overview.open_tasks and not any(part.required for part in parts) and not required
    seen = (is_sent, tuple((d.code, d.first_page) for d in overview.domains), tuple((p.done, p.task_id) for p in parts))
    return framed_page(
        seen if whole else None, "review", visit.survey, {"mark": visit.page_mark}, form=True, is_sent=is_sent,
        overview=overview, parts=parts, required=required, address_of=address_of,
        back_url=address_of(visit.survey.stops[-1]) if visit.survey.stops else None,
    )  # fmt: skip


@bp.post("/survey/submit")
def submit() -> ResponseReturnValue:
    """Send the answers in; again is harmless."""
    try:
        service.submit_response(own_ticket(), request.form.get("mark", ""))
    except service.RequiredMissingError:
        return _review_page(required=True), 422
    return redirect(url_for("response.thanks"), 303)


@bp.get("/survey/thanks")
def thanks() -> ResponseReturnValue:
    """Thank, and give the receipt."""
    visit = own_visit()
    if visit.submitted_at is None:
        return redirect(url_for("response.resume"), 303)
    words = {"receipt": visit.receipt, "sent": moment_words(visit.submitted_at, visit.survey.study["time_zone"])}
    return framed_page(
        visit.is_open, "thanks", visit.survey, words, form=False, is_open=visit.is_open, stop=_last_step(visit.survey)
    )


def _last_step(survey: Survey) -> Mapping[str, Any] | None:
    return next((step for step in survey.content["steps"] if step["kind"] == "thanks"), None)


@bp.route("/survey/answers", methods=["GET", "POST"])
def answers() -> ResponseReturnValue:
    """Show somebody their own answers until these are put together, for the receipt that only they have."""
    visit = own_visit()
    given = request.form.get("receipt", "") if request.method == "POST" else None
    if given is not None and own_answers.is_receipt(visit, given):
        parts = own_answers.load_own_answers(visit)
        return page("answers", visit.survey, parts=parts, receipt=visit.receipt)
    locked = visit.submitted_at is None or withdrawal.is_frozen(visit.study_id)
    text = page("receipt", visit.survey, visit=visit, wrong=given is not None, given=given or "", locked=locked)
    return text, 422 if given is not None else 200


@bp.route("/survey/language", methods=["GET", "POST"])
def language() -> ResponseReturnValue:
    """Choose another language of the survey; no answer changes."""
    if request.method == "POST":
        service.choose_language(own_ticket(), request.form.get("mark", ""), request.form.get("language", ""))
        return redirect(url_for("response.resume"), 303)
    visit = own_visit()
    return page("language", visit.survey, visit=visit)


@bp.route("/survey/withdraw", methods=["GET", "POST"])
def withdraw() -> ResponseReturnValue:
    """Say what withdrawing does, and do it."""
    visit = own_visit()
    if request.method == "POST":
        done = withdrawal.withdraw(own_ticket(), request.form.get("mark", ""))
        session.pop("response", None)
        session["withdrawn"] = {
            "instrument": done.instrument_id, "deleted": done.answers_deleted, "language": visit.survey.language,
        }  # fmt: skip
        return redirect(url_for("response.withdrawn"), 303)
    return page("withdraw", visit.survey, visit=visit, frozen=withdrawal.is_frozen(visit.study_id))


@bp.get("/survey/withdrawn")
def withdrawn() -> ResponseReturnValue:
    """Confirm a withdrawal."""
    done = session.get("withdrawn")
    if not done:
        raise LinkNeededError
    return page("withdrawn", get_survey(done["instrument"], done.get("language")), deleted=done["deleted"])


@bp.get("/survey/privacy")
def privacy() -> ResponseReturnValue:
    """Say what is kept, who sees it, and how to get help."""
    return page("privacy", _known_survey())


def _known_survey() -> Survey | None:
    """The survey this device takes part in, if it does: some pages are open to anybody."""
    try:
        return visits.get_visit(own_ticket()).survey
    except LinkNeededError:
        return None


def render_preview(
    content: Mapping[str, Any], step: int, *, link: Callable[..., str], leave_url: str, language: str | None = None,
    form_code: str | None = None, phone: bool = False,
) -> str:  # fmt: skip
    """Show one page of a survey as respondents will see it; nothing on it can be sent.

    ``content`` is that of an instrument, frozen or not. Pages count from 1: welcome, then every page of the survey in
    order, what people read who are screened out, thanks. ``link`` gives the address of a page; ``language`` is one of
    the survey's, else the one it is written in; ``form_code`` shows the tasks of one form only; ``phone`` is as narrow
    as one.
    """
    survey = read_content(content, language=language, form_code=form_code)
    pages: list[Callable[[dict[str, Any]], str]] = [partial(_preview_welcome, survey)]
    pages += [partial(_preview_stop, survey, place) for place in range(len(survey.stops))]
    pages += [partial(_preview_ended, survey, stop) for stop in survey.stops if stop.step["kind"] == "screener"]
    pages.append(partial(_preview_thanks, survey))
    if not 1 <= step <= len(pages):
        raise NotFoundError
    preview = {
        "number": step, "total": len(pages), "leave_url": leave_url, "phone": phone,
        "width_url": link(step, width=None if phone else "phone"),
        "previous_url": link(step - 1) if step > 1 else None, "next_url": link(step + 1) if step < len(pages) else None,
    }  # fmt: skip
    speak(survey.language)
    return pages[step - 1](preview)


def _preview_welcome(survey: Survey, preview: dict[str, Any]) -> str:
    shown = service.Welcome("start", survey.study, survey, asks_consent=True)
    return page("welcome", survey, welcome=shown, preview=preview)


def _preview_ended(survey: Survey, stop: Stop, preview: dict[str, Any]) -> str:
    return page("ended", survey, stop=stop, preview=preview)


def _preview_thanks(survey: Survey, preview: dict[str, Any]) -> str:
    return page("thanks", survey, stop=_last_step(survey), preview=preview)


def _preview_stop(survey: Survey, place: int, preview: dict[str, Any]) -> str:
    stop = survey.stops[place]
    if stop.kind == "page":
        draw = points_page if stop.step["kind"] == "points" else question_page
        return draw(survey, stop, {}, preview=preview)
    cards = build_rating_page(survey.ksa if stop.kind == "ksa" else survey, stop.number, {})
    return draw_page(cards, places(cards, None, None), preview=preview)
