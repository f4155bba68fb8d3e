"""Acts on the survey as a whole: forms and order, copying, the pilot, wordings put right after launch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from jta.audit import Actor
from jta.errors import EditConflictError, InvalidInputError, NotFoundError
from jta.formats import plural
from jta.forms.common import sent_id
from jta.forms.survey_sampling import SamplingForm, WordingForm, build_sampling_form, read_blocks
from jta.language import english_name_of
from jta.permissions import allows, current_actor
from jta.services import survey_blocks, survey_pilot, survey_sampling, survey_wording
from jta.services.content import tasks_of
from jta.services.content_language import languages_of
from jta.services.instrument import build_content, content_of
from jta.services.survey_copy import copy_survey, list_sources
from jta.services.survey_launch import count_people, load_checklist, versions
from jta.services.survey_places import text_places
from jta.views.builder_base import bp, may_edit, to_index
from jta.views.study_attempt import attempt


@bp.route("/forms", methods=["GET", "POST"])
def sampling(study_id: int) -> ResponseReturnValue:
    """Show what blocks and forms would bring; set them up."""
    content, stored = build_content(g.study), survey_sampling.get_plan(study_id)
    form = build_sampling_form(stored, count_people(study_id)[0])
    actor = current_actor()
    tried = attempt(form, lambda: _save_or_look(actor, study_id, form, content))
    if tried.done and request.form.get("act") == "save":
        flash("Blocks and forms are set up.", "success")
        return redirect(url_for("builder.sampling", study_id=study_id), 303)
    plan = stored if tried.status == 422 or not form.is_submitted() else form.plan()
    return render_template(
        "builder/sampling.html", form=form, may_edit=may_edit(), plan=plan, stored=stored,
        n_tasks=len(tasks_of(content)),
        expected=survey_sampling.expect_plan(content, plan, form.assumed(), stored=plan == stored),
        responses=form.assumed().responses,
        forms=survey_sampling.planned_forms(content), loose=survey_sampling.count_loose(content),
    ), 200 if tried.done else tried.status  # fmt: skip


def _save_or_look(
    actor: Actor, study_id: int, form: SamplingForm, content: Mapping[str, Any]
) -> survey_sampling.SamplingPlan:
    """Keep the plan where the button says so; else only see whether it can be."""
    if request.form.get("act") == "save":
        return survey_sampling.save_plan(actor, study_id, form.plan(), content)
    survey_sampling.check_plan(form.plan(), len(tasks_of(content)))
    return form.plan()


@bp.route("/forms/blocks", methods=["GET", "POST"])
def blocks(study_id: int) -> ResponseReturnValue:
    """Choose the block of each task by hand."""
    typed, error, status = read_blocks(request.form), "", 200
    if request.method == "POST":
        try:
            moved = survey_blocks.place_in_blocks(current_actor(), study_id, typed, seen=request.form.get("seen", ""))
            flash(f"{plural(moved, 'task')} moved to another block.", "success")
            return redirect(url_for("builder.sampling", study_id=study_id), 303)
        except (InvalidInputError, EditConflictError) as refused:
            error, status = refused.message, refused.status
    return render_template(
        "builder/blocks.html", tasks=survey_blocks.list_placed(build_content(g.study)), typed=typed, error=error,
        blocks=survey_blocks.list_blocks(study_id), mark=survey_blocks.blocks_mark(study_id), may_edit=may_edit(),
    ), status  # fmt: skip


@bp.route("/copy", methods=["GET", "POST"])
def copy(study_id: int) -> ResponseReturnValue:
    """Choose one of one's other studies and take its survey over."""
    if request.method == "POST":
        copied = copy_survey(current_actor(), study_id, sent_id("source"))
        flash(
            f"{copied.pages} pages, {copied.questions} questions and {copied.scales} rating scales are copied.",
            "success",
        )
        return to_index(study_id)
    sources = list_sources(current_user.id, study_id)
    return render_template("builder/copy.html", sources=sources, may_edit=may_edit())


@bp.route("/pilot", methods=["GET", "POST"])
def pilot(study_id: int) -> ResponseReturnValue:
    """Begin a pilot, see how it goes, end it."""
    if request.method == "POST":
        if request.form.get("act") == "end":
            survey_pilot.end_pilot(current_actor(), study_id)
            flash("The pilot has ended. Put right what it showed, then launch the survey.", "success")
        else:
            survey_pilot.launch_pilot(current_actor(), study_id)
            flash("The pilot is open to everyone with a personal link.", "success")
        return redirect(url_for("builder.pilot", study_id=study_id), 303)
    checklist = load_checklist(g.study)
    return render_template(
        "builder/pilot.html", pilot=survey_pilot.load_pilot(study_id), checklist=checklist, may_edit=may_edit()
    )


@bp.get("/wording")
def wordings(study_id: int) -> ResponseReturnValue:
    """List the words of the launched survey that can be put right, and the versions so far."""
    content = content_of(g.study)
    languages = languages_of(content)
    language = request.args.get("lang", languages[0])
    may = g.study.stage == "fielding" and allows("builder.wording", g.roles, "POST")
    return render_template(
        "builder/wordings.html",
        texts=survey_wording.texts_in(content, language),
        places=text_places(content),
        languages=[(code, english_name_of(code)) for code in languages],
        language=language,
        versions=versions(study_id),
        may_change=may,
        may_edit=True,
    )


@bp.route("/wording/<path:key>", methods=["GET", "POST"])
def wording(study_id: int, key: str) -> ResponseReturnValue:
    """Put one text of the launched survey right, with a reason."""
    texts = {one.key: one.text for one in survey_wording.editable_texts(content_of(g.study))}
    if key not in texts:
        raise NotFoundError
    if g.study.stage != "fielding":
        return redirect(url_for("builder.wordings", study_id=study_id), 303)
    form = WordingForm(data={"seen": texts[key], "text": texts[key]})
    actor = current_actor()
    tried = attempt(
        form,
        lambda: survey_wording.change_wording(
            actor, study_id, key, seen=(form.seen.data or "").replace("\r\n", "\n"), text=form.text.data or "",
            reason=form.reason.data or "",
        ),
    )  # fmt: skip
    if tried.done:
        flash("The words are put right. Everybody reads them so from now on.", "success")
        return redirect(url_for("builder.wordings", study_id=study_id), 303)
    if tried.conflict:
        form.seen.data = texts[key]
    return render_template(
        "builder/wording.html", form=form, text=texts[key], conflict=tried.conflict, may_edit=True
    ), tried.status
