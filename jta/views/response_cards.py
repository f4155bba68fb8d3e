"""The HTML of a page of cards: drawn once for each page of a frozen instrument, then only filled in."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from flask import current_app, url_for
from flask_babel import gettext as _
from markupsafe import Markup, escape

from jta import clock
from jta.extensions import csrf
from jta.language import interface_of, moment_words
from jta.security_headers import csp_nonce
from jta.services.rating_merge import Conflict
from jta.services.rating_page import RatingPage, build_rating_page
from jta.services.visits import Reading, Visit
from jta.views.frames import kept_frame, slot
from jta.views.response_base import back_of, page

PLACES = ("nonce", "csrf", "mark", "seen", "at", "done", "done_elsewhere", "minutes", "saved")


def rating_page(reading: Reading, deck: str, number: int, conflicts: Sequence[Conflict] = ()) -> str:
    """Return a page of cards with this person's answers marked."""
    visit = reading.visit
    survey = visit.cards(deck)
    cards = build_rating_page(survey, number, reading.ratings, conflicts)
    words = places(cards, visit, reading.saved_at)
    if conflicts:
        return draw_page(cards, words)
    key = (deck, survey.instrument_id, survey.language, number, tuple(task.id for task in cards.page.tasks))
    frame = kept_frame(key, lambda: draw_page(cards, {name: slot(name) for name in PLACES}, blank=True))
    return frame.fill(words | _marks(cards))


def draw_page(
    cards: RatingPage, words: Mapping[str, str], *, blank: bool = False, preview: Mapping[str, Any] | None = None
) -> str:
    """Draw a page of cards by its templates; ``blank`` leaves a slot beside each answer."""
    survey = cards.survey
    stop = survey.stop(survey.deck, cards.page.number)
    return page(
        "rate", survey, cards=cards, html=_cards(cards, blank=blank), places=words, stop=stop,
        back_url=None if preview else back_of(survey, stop),
        place=survey.stops.index(stop) + 1, here=url_for(f"response.{survey.deck}", number=cards.page.number),
        script_words=json.dumps(_script_words()), csp_nonce=lambda: words["nonce"], preview=preview,
    )  # fmt: skip


def _cards(cards: RatingPage, *, blank: bool) -> dict[int, Markup]:
    macro = current_app.jinja_env.get_template("response/cards.html").module.card
    own = _blank if blank else _checked(cards)
    survey = cards.survey
    text_lang = None if survey.language == interface_of(survey.language) else survey.language
    return {
        task.id: macro(task, survey.scales, own, cards.disagreements.get(task.id), text_lang, survey.deck)
        for task in cards.page.tasks
    }


def _blank(task_id: int, scale_id: int, anchor_id: int) -> Markup:
    return Markup(slot(_mark_name(task_id, scale_id, anchor_id)))  # noqa: S704  made of numbers


def _checked(cards: RatingPage) -> Callable[[int, int, int], Markup]:
    yes, no = Markup(" checked"), Markup("")
    return lambda task, scale, anchor: yes if cards.marks.get((task, scale)) == anchor else no


def _mark_name(task_id: int, scale_id: int, anchor_id: int) -> str:
    return f"{task_id}.{scale_id}.{anchor_id}"


def _marks(cards: RatingPage) -> dict[str, str]:
    return {_mark_name(task_id, scale_id, anchor): " checked" for (task_id, scale_id), anchor in cards.marks.items()}


def places(cards: RatingPage, visit: Visit | None, saved_at: datetime | None) -> dict[str, str]:
    """Return the words that differ from reply to reply, as HTML."""
    done, left = cards.progress.done, cards.progress.minutes_left
    return {
        "nonce": csp_nonce(), "csrf": csrf.token(), "mark": visit.page_mark if visit else "", "seen": cards.seen,
        "at": str(int(clock.now().timestamp())), "done": str(done), "done_elsewhere": str(cards.done_elsewhere),
        "minutes": str(escape(_("about %(minutes)s min left", minutes=left))) if left else "",
        "saved": _saved(cards, saved_at),
    }  # fmt: skip


def _saved(cards: RatingPage, at: datetime | None) -> str:
    """When the last answer was saved, in the study's zone; the script writes it in the reader's own time."""
    if at is None:
        return str(escape(_("Saved when you press the button")))
    words = escape(moment_words(at, cards.survey.study["time_zone"]))
    time = Markup('<time datetime="{}">{}</time>').format(at.isoformat(timespec="seconds"), words)
    return str(escape(_("Saved %(time)s", time="\0")).replace("\0", time))


def _script_words() -> dict[str, str]:
    """Return the words that the page's script says; names in braces are filled in there."""
    return {
        "saved": _("Saved %(time)s", time="{time}"),
        "saving": _("Saving…"),
        "idle": _("Saved as you tap"),
        "offline": _("Not saved yet – will retry"),
        "offlineNow": _("Not saved yet. We will try again."),
        "notSaved": _("Not saved."),
        "reload": _("Reload this page and try again."),
        "look": _("Please look at the marked task"),
        "here": _("Here you chose “%(answer)s”.", answer="{answer}"),
        "kept": _("On another page or device you chose “%(answer)s”, which we kept.", answer="{answer}"),
        "other": _("On another page or device you answered this task in another way."),
        "again": _("Choose again if this is not right."),
        "minutes": _("about %(minutes)s min left", minutes="{minutes}"),
    }
