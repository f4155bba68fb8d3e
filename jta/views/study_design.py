"""What a study sets before its survey opens: strata of the frame, and the analysis plan.

The addresses of these pages stand in study.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm

from jta.forms.study import StrataForm, seen_version
from jta.forms.study_plan import (
    build_plan_form,
    cut_numbers,
    form_values,
    lines_for,
    typed_plan,
    words_of,
)
from jta.permissions import allows, current_actor
from jta.services import study_plan as plan_service
from jta.services import study_plan_versions as versions_service
from jta.services import study_strata as strata_service
from jta.services.plan_words import COMMON, RARE, option_of
from jta.services.study import get_study
from jta.services.study_stage import was_launched
from jta.views.study_attempt import attempt


def strata(study_id: int) -> ResponseReturnValue:
    """Show and change the strata of the frame."""
    form = StrataForm() if request.method == "POST" else _filled_strata(study_id)
    tried = attempt(
        form,
        lambda: strata_service.save_strata(current_actor(), study_id, form.rows(), version=seen_version(form)),
        version=lambda: get_study(study_id).version,
    )
    if tried.done:
        flash("The strata are saved.", "success")
        return redirect(url_for("study.strata", study_id=study_id), 303)
    people, locked = strata_service.people_by_stratum(study_id), was_launched(study_id)
    page = render_template("study/strata.html", form=form, conflict=tried.conflict, people=people, locked=locked)
    return page, tried.status


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
    saved, scales = plan_service.plan_of(g.study), plan_service.scale_titles(study_id)
    made = build_plan_form(scales, lines_for(saved), _groups(study_id, saved))
    form = made(data={**form_values(saved), "version": g.study.version})
    tried = attempt(form, lambda: _save_plan(study_id, form), version=lambda: get_study(study_id).version)
    if tried.done:
        flash("The analysis plan is saved.", "success")
        return redirect(url_for("study.plan", study_id=study_id), 303)
    page = render_template(
        "study/plan.html", form=form, conflict=tried.conflict, sections=COMMON, rare=RARE, cuts=cut_numbers(form),
        defaults=_in_words(plan_service.default_plan(), {}), values=_in_words(saved, scales),
        may_edit=_may_edit_plan(), departs=plan_service.departures_open(g.study),
        departures=plan_service.list_departures(study_id),
    )  # fmt: skip
    return page, tried.status


def _save_plan(study_id: int, form: FlaskForm) -> None:
    plan_service.save_plan(
        current_actor(), study_id, typed_plan(form),
        version=seen_version(form), reason=form["reason"].data or "",
    )  # fmt: skip


def _may_edit_plan() -> bool:
    return allows("study.plan", g.roles, "POST") and g.study.stage not in plan_service.FINAL


def _in_words(values: Mapping[str, Any], scales: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Return each option's label and value in the words of its form."""
    return {name: (option_of(name).label, words_of(name, value, scales)) for name, value in values.items()}


def _groups(study_id: int, saved: Mapping[str, Any]) -> dict[str, str]:
    """Return the background questions that a plan can name, those of the saved one among them."""
    named = [saved["bootstrap_strata"], *(cut.get("each") for cut in saved["retention"])]
    return {
        **{name: name for name in named if name},
        "stratum": "Stratum of the frame",
        **plan_service.question_titles(study_id),
    }


def compare_plans(study_id: int) -> ResponseReturnValue:
    """Set two plans of the study side by side, option by option."""
    plans, asked = versions_service.list_plans(g.study), request.args
    first, second = versions_service.pick_two(plans, asked.get("first", ""), asked.get("second", ""))
    scales, changed = plan_service.scale_titles(study_id), plan_service.compare_plans(first.plan, second.plan)
    names = {change.name for change in changed}
    rows = [
        (option_of(name).label, words_of(name, first.plan[name], scales), words_of(name, second.plan[name], scales),
         name in names)
        for name in first.plan
        if name in names or "all" in asked
    ]  # fmt: skip
    return render_template(
        "study/plan_compare.html", plans=plans, first=first, second=second, rows=rows, n_changed=len(names)
    )
