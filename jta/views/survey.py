"""The survey: how it stands, its words, a preview, launch, close, reopen."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from jta.errors import EditConflictError, InvalidInputError, StateError, WayOut
from jta.forms.common import show_error
from jta.forms.study import seen_version
from jta.forms.survey import ConsentForm, LaunchForm, ReopenForm, build_scale_form
from jta.permissions import current_actor
from jta.services import survey as service
from jta.services import survey_launch
from jta.services.content import form_codes
from jta.services.content_language import languages_of
from jta.services.instrument import content_of, estimate_minutes
from jta.services.monitor import count_by_stratum, total
from jta.services.study import get_study
from jta.services.study_stage import BEFORE_LAUNCH
from jta.services.survey_overview import load_overview
from jta.views.response import render_preview

bp = Blueprint("survey", __name__, url_prefix="/studies/<int:study_id>/survey")


def _to_index(study_id: int, anchor: str | None = None) -> ResponseReturnValue:
    return redirect(url_for("survey.index", study_id=study_id, _anchor=anchor), 303)


def _may_edit() -> bool:
    return g.study.stage in BEFORE_LAUNCH


@bp.get("")
def index(study_id: int) -> ResponseReturnValue:  # noqa: ARG001  the guard has loaded the study
    """Show the survey as it stands and what it still needs."""
    return render_template("survey/index.html", overview=load_overview(g.study))


@bp.route("/scales/<int:scale_id>", methods=["GET", "POST"])
def edit_scale(study_id: int, scale_id: int) -> ResponseReturnValue:
    """Change the words of a rating scale, add an anchor, take the highest away."""
    scale = service.get_scale(study_id, scale_id)
    form = build_scale_form(scale)
    if request.method == "POST" and request.form.get("act") == "remove":
        return _remove_point(study_id, scale_id, seen_version(form))
    conflict, status = None, 422 if form.is_submitted() else 200
    if form.validate_on_submit():
        try:
            service.edit_scale(current_actor(), study_id, scale_id, form.words(), version=seen_version(form))
        except InvalidInputError as error:
            show_error(form, error)
        except EditConflictError as error:
            conflict, status = error, 409
            form.version.data = service.get_scale(study_id, scale_id).version
        else:
            flash(f"The scale “{form.title.data}” is saved.", "success")
            return _to_index(study_id, f"scale-{scale_id}")
    return render_template("survey/scale.html", scale=scale, form=form, conflict=conflict, **_limits(scale)), status


def _remove_point(study_id: int, scale_id: int, version: int) -> ResponseReturnValue:
    service.remove_point(current_actor(), study_id, scale_id, version=version)
    flash("The highest anchor is removed.", "success")
    return redirect(url_for("survey.edit_scale", study_id=study_id, scale_id=scale_id), 303)


def _limits(scale: service.RatingScale) -> dict[str, object]:
    """Say what can be done with a scale now."""
    points = service.points(scale)
    return {
        "may_edit": _may_edit(), "may_add": len(points) < service.MOST_POINTS,
        "may_remove": len(points) > service.FEWEST_POINTS, "highest": points[-1],
    }  # fmt: skip


@bp.route("/consent", methods=["GET", "POST"])
def consent(study_id: int) -> ResponseReturnValue:
    """Change the consent text."""
    study = g.study
    form = ConsentForm(data={"text": study.consent_text, "version": study.version})
    conflict, status = None, 422 if form.is_submitted() else 200
    if form.validate_on_submit():
        try:
            service.save_consent(current_actor(), study_id, text=form.text.data or "", version=seen_version(form))
        except InvalidInputError as error:
            show_error(form, error)
        except EditConflictError as error:
            conflict, status = error, 409
            form.version.data = get_study(study_id).version
        else:
            flash("Saved.", "success")
            return _to_index(study_id, "consent")
    return render_template("survey/consent.html", form=form, conflict=conflict, may_edit=_may_edit()), status


@bp.get("/preview")
def preview(study_id: int) -> ResponseReturnValue:
    """Show the respondents' pages as they look, for a form, in a language, as wide as a phone; nothing is saved."""
    content = content_of(g.study)
    chosen = {
        "lang": _one_of("lang", languages_of(content)), "form": _one_of("form", form_codes(content)),
        "width": _one_of("width", ["phone"]),
    }  # fmt: skip

    def link(step: int, **other: str | None) -> str:
        return url_for("survey.preview", study_id=study_id, page=step, **{**chosen, **other})

    return render_preview(
        content, request.args.get("page", 1, type=int), link=link, leave_url=url_for("survey.index", study_id=study_id),
        language=chosen["lang"], form_code=chosen["form"], phone=chosen["width"] is not None,
    )  # fmt: skip


def _one_of(name: str, known: Sequence[str]) -> str | None:
    found = request.args.get(name)
    return found if found in known else None


@bp.route("/launch", methods=["GET", "POST"])
def launch(study_id: int) -> ResponseReturnValue:
    """Show what would be frozen, then launch."""
    form = LaunchForm()
    if form.validate_on_submit():
        try:
            survey_launch.launch(current_actor(), study_id, seen_hash=form.seen.data or None)
        except StateError as error:
            error.way_out = WayOut("Look at the survey again", url_for("survey.index", study_id=study_id))
            raise
        flash("The survey is open. Everything respondents see is frozen now.", "success")
        return _to_index(study_id)
    if g.study.stage not in BEFORE_LAUNCH:
        return _to_index(study_id)
    checklist = survey_launch.load_checklist(g.study)
    form.seen.data = checklist.content_hash
    minutes = estimate_minutes(dict(checklist.content))
    return render_template("survey/launch.html", form=form, checklist=checklist, minutes=minutes)


@bp.route("/close", methods=["GET", "POST"])
def close(study_id: int) -> ResponseReturnValue:
    """Ask, then close the survey."""
    if request.method == "POST":
        survey_launch.close(current_actor(), study_id)
        flash("The survey is closed. Nobody can start, save or submit any more.", "success")
        return _to_index(study_id)
    if g.study.stage != "fielding":
        return _to_index(study_id)
    return render_template("survey/close.html", counts=total(count_by_stratum(study_id)))


@bp.route("/reopen", methods=["GET", "POST"])
def reopen(study_id: int) -> ResponseReturnValue:
    """Ask for the reason, then open a closed survey again."""
    survey_launch.require_reopenable(g.study)
    form = ReopenForm()
    if form.validate_on_submit():
        survey_launch.reopen(current_actor(), study_id, reason=form.reason.data or "")
        flash("The survey is open again.", "success")
        return _to_index(study_id)
    return render_template("survey/reopen.html", form=form), 422 if form.is_submitted() else 200
