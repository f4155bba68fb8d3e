"""What a respondent's pages share: the ticket in the cookie, the language, the frame around every page."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from functools import partial
from typing import Any

from flask import Blueprint, render_template, session, url_for
from markupsafe import escape

from jta.extensions import csrf
from jta.language import direction_of, interface_of, locale_of_now, speak
from jta.security_headers import csp_nonce
from jta.services import visits
from jta.services.survey_pages import TASKS, Stop, Survey
from jta.services.visits import LinkNeededError, Reading, Ticket, Visit
from jta.views.frames import kept_frame, slot

bp = Blueprint("response", __name__)


def remember(ticket: Ticket) -> None:
    """Keep in the cookie who answers here; a respondent has no time limit."""
    session.permanent = True
    session["response"] = {"id": ticket.response_id, "generation": ticket.generation}


def own_ticket() -> Ticket:
    """Return who answers here, or say that the personal link is needed."""
    kept = session.get("response")
    if not kept:
        raise LinkNeededError
    return Ticket(kept["id"], kept["generation"])


def own_visit() -> Visit:
    """Return the response of whoever answers here, and speak its language."""
    visit = visits.get_visit(own_ticket())
    speak(visit.survey.language)
    return visit


def open_reading(deck: str = TASKS) -> Reading:
    """Return the response with its ratings where it can still be changed, and speak its language."""
    reading = visits.read_visit(own_ticket(), deck)
    speak(reading.visit.survey.language)
    reading.visit.check_open()
    return reading


def address_of(stop: Stop | None, *, anchor: str | None = None) -> str:
    """Return the address of a page of the survey; of the review after the last one."""
    if stop is None:
        return url_for("response.review")
    return url_for(f"response.{stop.kind}", number=stop.number, _anchor=anchor)


def back_of(survey: Survey, stop: Stop) -> str | None:
    """Return the address of the page before, if there is one."""
    before = survey.next_stop(stop, -1)
    return address_of(before) if before else None


def page(template: str, survey: Survey | None, **context: Any) -> str:
    """Render a respondent's page in the language of the survey, or of ``language`` where no survey is known."""
    asked = context.pop("language", None)
    language = survey.language if survey else asked or locale_of_now()
    speak(language)
    study: Mapping[str, Any] | None = context.pop("study", None)
    if survey:
        study = survey.study
    takes_part = "response" in session and not context.get("preview")
    several = survey is not None and len(survey.content.get("languages") or ()) > 1
    links = {
        "privacy_url": url_for("response.privacy"), "help_url": url_for("response.privacy", _anchor="help"),
        "withdraw_url": url_for("response.withdraw") if takes_part else None,
        "language_url": url_for("response.language") if takes_part and several else None,
    }  # fmt: skip
    return render_template(
        f"response/{template}.html", survey=survey, study=study, **(links | _speech(language) | context)
    )


def framed_page(
    key: Hashable, template: str, survey: Survey, words: Mapping[str, str], *, form: bool, **context: Any
) -> str:  # fmt: skip
    """Render a respondent's page of which only ``words`` differ from reply to reply: it is drawn once, then filled in.

    Parameters
    ----------
    key : hashable
        All else that the page depends on beside survey, language and form; None draws it anew.
    template, survey, context
        As for `page`.
    words : mapping of str to str
        Under the names of the template.
    form : bool
        Whether there is a form to be sent on the page.
    """
    own = {"csp_nonce": csp_nonce(), **({"csrf_token": csrf.token()} if form else {})}

    def draw(own: Mapping[str, str], words: Mapping[str, str]) -> str:
        calls = {name: partial(str, word) for name, word in own.items()}
        return page(template, survey, **calls, **words, **context)

    if key is None:
        return draw(own, words)
    whole = (template, survey.instrument_id, survey.language, survey.content.get("form_code"), "response" in session)
    slots = [{name: slot(name) for name in part} for part in (own, words)]
    frame = kept_frame((*whole, key), lambda: draw(*slots))
    return frame.fill({name: str(escape(word)) for name, word in {**own, **words}.items()})


def _speech(language: str) -> dict[str, Any]:
    """Say which language the director's words are in, and which our own, where these are two."""
    own = interface_of(language)
    return {
        "lang": own, "text_direction": direction_of(language), "text_lang": None if language == own else language,
    }  # fmt: skip
