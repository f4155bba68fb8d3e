"""What a study sets before its survey opens: strata of the frame, and the analysis plan.

The addresses of these pages stand in study.py.
"""

from __future__ import annotations

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from jta.errors import EditConflictError, InvalidInputError
from jta.forms.common import show_error
from jta.forms.study import StrataForm, seen_version
from jta.forms.study_plan import build_plan_form, cut_numbers, form_values, lines_for, option_of, typed_plan
from jta.permissions import allows, current_actor
from jta.services import study_plan as plan_service
from jta.services import study_strata as strata_service
from jta.services.study import get_study
from jta.services.study_stage import was_launched


def strata(study_id: int) -> ResponseReturnValue:
    """Show and change the strata of the frame."""
    form = StrataForm() if request.method == "POST" else _filled_strata(study_id)
    conflict, status = None, 422 if form.is_submitted() else 200
    if form.validate_on_submit():
        try:
            strata_service.save_strata(current_actor(), study_id, form.rows(), version=seen_version(form))
        except InvalidInputError as error:
            show_error(form, error)
        except EditConflictError as error:
            conflict, status = error, 409
            form.version.data = get_study(study_id).version
        else:
            flash("The strata are saved.", "success")
            return redirect(url_for("study.strata", study_id=study_id), 303)
    people, locked = strata_service.people_by_stratum(study_id), was_launched(study_id)
    return render_template("study/strata.html", form=form, conflict=conflict, people=people, locked=locked), status


def _filled_strata(study_id: int) -> StrataForm:
    """Return the form with the strata stored, or with those suggested, where asked for."""
    stored = strata_service.list_strata(study_id)
    start = strata_service.suggested_strata(study_id) if "suggest" in request.args and not stored else []
    lines = [
        {"stratum_id": s.id, "code": s.code, "label": s.label, "frame_count": s.frame_count, "target": s.target}
        for s in stored
    ] or [{"code": row.code, "label": row.label} for row in start]
    form = StrataForm(formdata=None, data={"lines": lines, "version": g.study.version})
    if not was_launched(study_id):
        form.add_empty()
    return form


def plan(study_id: int) -> ResponseReturnValue:
    """Show the analysis plan, and change it; after launch a change is a departure with a reason."""
    saved = plan_service.plan_of(g.study)
    made = build_plan_form(plan_service.scale_titles(study_id), lines_for(saved))
    form = made(data={**form_values(saved), "version": g.study.version})
    conflict, status = None, 422 if form.is_submitted() else 200
    if form.validate_on_submit():
        try:
            plan_service.save_plan(
                current_actor(), study_id, typed_plan(form),
                version=seen_version(form), reason=form["reason"].data or "",
            )  # fmt: skip
        except InvalidInputError as error:
            show_error(form, error)
        except EditConflictError as error:
            conflict, status = error, 409
            form["version"].data = get_study(study_id).version
        else:
            flash("The analysis plan is saved.", "success")
            return redirect(url_for("study.plan", study_id=study_id), 303)
    return _plan_page(study_id, form, conflict), status


def _plan_page(study_id: int, form: object, conflict: EditConflictError | None) -> str:
    return render_template(
        "study/plan.html", form=form, conflict=conflict, sections=_sections(), cuts=cut_numbers(form),
        defaults=_default_words(), may_edit=_may_edit_plan(), departs=plan_service.departures_open(g.study),
        departures=plan_service.list_departures(study_id),
    )  # fmt: skip


def _may_edit_plan() -> bool:
    return allows("study.plan", g.roles, "POST") and g.study.stage not in plan_service.FINAL


def _default_words() -> dict[str, str]:
    """Return each option's default in the words of its form."""
    words = {}
    for described in plan_service.plan_options():
        choices = option_of(described["name"]).choices or {}
        value = described["default"]
        words[described["name"]] = choices.get(value or "", plan_service.in_words(value))
    return words


def _sections() -> list[tuple[str, list[str]]]:
    """Return the options by heading, in the plan's order; one without a heading comes under "Other"."""
    names = [described["name"] for described in plan_service.plan_options()]
    placed = {name for _, part in SECTIONS for name in part}
    rest = [name for name in names if name not in placed]
    parts = [(title, [n for n in part if n in names]) for title, part in SECTIONS]
    return [(title, part) for title, part in (*parts, ("Other options", rest)) if part]


SECTIONS = (
    ("Ratings and task weights", ("importance_scale", "frequency_scale", "non_performers", "index", "within")),
    ("Which tasks are retained", ("retention", "retention_combine", "review_tasks")),
    ("Items", ("items", "extra_totals", "minimum_items", "domain_minimum", "domain_maximum")),
    ("Intervals", ("confidence", "bootstrap_resamples", "seed")),
)
