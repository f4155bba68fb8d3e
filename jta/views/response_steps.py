"""The pages between welcome and review: questions and points, cards of tasks and of statements, one tapped answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from jta import clock
from jta.forms.answers import Typed, TypedPoints, field_name, read_points, read_questions, read_seen
from jta.forms.response import read_cards, read_tap
from jta.services import answers as answering
from jta.services import points as points_service
from jta.services import saving
from jta.services.answers import NO_ANSWER, Answers, Disagreement, PageSent
from jta.services.points import PointsSent
from jta.services.screener import check_way
from jta.services.survey_pages import KSA, TASKS, Stop, Survey
from jta.services.visits import Visit
from jta.views.response_base import address_of, back_of, bp, open_reading, own_ticket, own_visit, page
from jta.views.response_cards import rating_page


@bp.route("/survey/rate/<int:number>", methods=["GET", "POST"])
def rate(number: int) -> ResponseReturnValue:
    """Show one page of cards of tasks and save what was chosen on it."""
    return _cards(TASKS, number)


@bp.route("/survey/ksa/<int:number>", methods=["GET", "POST"])
def ksa(number: int) -> ResponseReturnValue:
    """Show one page of cards of knowledge and skill statements and save what was chosen on it."""
    return _cards(KSA, number)


def _cards(deck: str, number: int) -> ResponseReturnValue:
    if request.method != "POST":
        reading = open_reading(deck)
        check_way(reading.visit, reading.visit.survey.stop(deck, number))
        return rating_page(reading, deck, number)
    saved = saving.save_page(own_ticket(), number, read_cards(request.form, deck))
    if saved.conflicts:
        return rating_page(open_reading(deck), deck, number, saved.conflicts), 409
    survey = saved.visit.survey
    return redirect(address_of(survey.next_stop(survey.stop(deck, number))), 303)


@bp.post("/survey/save")
def save() -> ResponseReturnValue:
    """Save one answer as it is tapped; the page's script reads the reply."""
    tap = read_tap(request.form)
    reply = saving.save_rating(own_ticket(), tap.key, tap.sent)
    return jsonify(reply), 200 if reply["status"] == "saved" else 409


@bp.route("/survey/page/<int:number>", methods=["GET", "POST"], endpoint="page")
def step_page(number: int) -> ResponseReturnValue:
    """Show a page of questions, or of points over the domains, and save what was answered."""
    visit = own_visit()
    stop = visit.survey.stop("page", number)
    visit.check_open(at_screener=stop.step["kind"] == "screener")
    check_way(visit, stop)
    if stop.step["kind"] == "points":
        return _points(visit, stop)
    return _questions(visit, stop)


def _questions(visit: Visit, stop: Stop) -> ResponseReturnValue:
    if request.method != "POST":
        return question_page(visit.survey, stop, answering.load_answers(visit.response_id), mark=visit.page_mark)
    typed = read_questions(request.form, stop.step["questions"])
    sent = PageSent(typed.mark, read_seen(request.form), typed.given, typed.shown_at)
    saved = answering.save_answers(own_ticket(), stop.number, sent)
    if typed.problems or saved.disagreements:
        stored = answering.load_answers(visit.response_id)
        text = question_page(
            visit.survey, stop, stored, mark=visit.page_mark, typed=typed, disagreements=saved.disagreements
        )
        return text, 422 if typed.problems else 409
    if saved.screened_out:
        return redirect(url_for("response.ended"), 303)
    return redirect(address_of(visit.survey.next_stop(stop)), 303)


def question_page(
    survey: Survey, stop: Stop, stored: Answers, *, mark: str = "", typed: Typed | None = None,
    disagreements: Sequence[Disagreement] = (), preview: Mapping[str, Any] | None = None,
) -> str:  # fmt: skip
    """Draw a page of questions: as stored, or as it was just typed where something is wrong with it."""
    questions = stop.step["questions"]
    return page(
        "questions", survey, stop=stop, place=survey.stops.index(stop) + 1, back_url=back_of(survey, stop), mark=mark,
        seen=answering.pack_answers(stored, questions), at=int(clock.now().timestamp()), field_name=field_name,
        shown=_shown(questions, stored, typed, {d.question_id for d in disagreements}),
        problems=typed.problems if typed else {},
        disagreements=_in_words(questions, disagreements), here=address_of(stop), preview=preview,
    )  # fmt: skip


def _shown(
    questions: Sequence[Mapping[str, Any]], stored: Answers, typed: Typed | None, kept: set[int]
) -> dict[int, list[str]]:
    """What the fields hold: what was typed where it could not be taken, else what is stored."""
    found = {}
    for question in questions:
        key = question["id"]
        found[key] = _as_text(stored.get(key, NO_ANSWER).value)
        if typed and key not in kept:
            found[key] = typed.raw.get(key, [])
    return found


def _as_text(value: answering.Value) -> list[str]:
    if value is None:
        return []
    if isinstance(value, tuple):
        return [str(part) for part in value]
    return [f"{value:g}" if isinstance(value, float) else str(value)]


def _in_words(
    questions: Sequence[Mapping[str, Any]], disagreements: Sequence[Disagreement]
) -> dict[int, tuple[str, str]]:
    """Kept and given answers in words, by question id."""
    known = {question["id"]: question for question in questions}
    return {
        d.question_id: tuple(answering.words_of(known[d.question_id], value) for value in (d.kept, d.here))  # type: ignore[misc]  # two
        for d in disagreements
    }


def _points(visit: Visit, stop: Stop) -> ResponseReturnValue:
    if request.method != "POST":
        return points_page(visit.survey, stop, points_service.load_points(visit.response_id), mark=visit.page_mark)
    typed = read_points(request.form, stop.step["domains"])
    stale = False
    if typed.is_good:
        sent = PointsSent(typed.mark, typed.seen, typed.given, typed.shown_at)
        stale = points_service.save_points(own_ticket(), stop.number, sent).stale
    if typed.is_good and not stale:
        return redirect(address_of(visit.survey.next_stop(stop)), 303)
    visit.check_page(typed.mark)
    stored = points_service.load_points(visit.response_id)
    text = points_page(visit.survey, stop, stored, mark=visit.page_mark, typed=typed, stale=stale)
    return text, 409 if stale else 422


def points_page(
    survey: Survey, stop: Stop, stored: points_service.Points, *, mark: str = "", typed: TypedPoints | None = None,
    stale: bool = False, preview: Mapping[str, Any] | None = None,
) -> str:  # fmt: skip
    """Draw a page of points: as stored, or as typed where the points do not add up."""
    shown = {key: "" if value is None else str(value) for key, (value, _version) in stored.items()}
    if typed:
        shown |= {key: raw[0] for key, raw in typed.raw.items()}
    kept = {key: value for key, (value, _version) in stored.items()} if stale else {}
    return page(
        "points", survey, stop=stop, place=survey.stops.index(stop) + 1, back_url=back_of(survey, stop), mark=mark,
        seen=" ".join(f"{key}.{version}" for key, (_value, version) in sorted(stored.items())),
        at=int(clock.now().timestamp()), field_name=field_name, shown=shown, total=points_service.TOTAL,
        problems=typed.problems if typed else {}, total_problem=typed.total_problem if typed else "", kept=kept,
        here=address_of(stop), preview=preview, left_words=_("%(left)s points left", left="{left}"),
        over_words=_("%(left)s points too many", left="{left}"), done_words=_("All 100 points given"),
    )  # fmt: skip
