"""The survey builder: pages in order, their words and questions, rating scales. Everything is locked at launch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from jta.errors import InvalidInputError, NotFoundError
from jta.forms.common import sent_steps
from jta.forms.study import seen_version
from jta.forms.survey_builder import (
    KIND_WORDS,
    OwnScaleForm,
    build_page_form,
    build_question_form,
    sent_act,
)
from jta.models.survey import QUESTION_KINDS
from jta.permissions import current_actor
from jta.services import survey_builder as pages
from jta.services import survey_questions as questions
from jta.services import survey_scales as scales
from jta.services.content import estimate_minutes
from jta.services.instrument import build_content, list_scales
from jta.services.instrument_steps import WITH_QUESTIONS
from jta.services.study_strata import list_strata
from jta.services.survey_pages_view import describe_pages
from jta.views import builder_acts  # noqa: F401  the other addresses of this blueprint
from jta.views.builder_base import bp, may_edit, to_index
from jta.views.study_attempt import attempt


def _to_page(study_id: int, page_id: int, anchor: str | None = None) -> ResponseReturnValue:
    return redirect(url_for("builder.page", study_id=study_id, page_id=page_id, _anchor=anchor), 303)


@bp.get("")
def index(study_id: int) -> ResponseReturnValue:
    """Show the pages of the survey in order, with what each holds."""
    content = build_content(g.study)
    return render_template(
        "builder/index.html", rows=describe_pages(content), removed=pages.removed_pages(study_id),
        minutes=estimate_minutes(content),
        library=pages.available_pages(study_id), may_edit=may_edit(), content=content,
    )  # fmt: skip


@bp.post("/pages")
def add_page(study_id: int) -> ResponseReturnValue:
    """Add a page of the library."""
    try:
        page = pages.add_page(current_actor(), study_id, request.form.get("key", ""))
    except InvalidInputError as error:
        flash(error.message, "error")
        return to_index(study_id)
    flash(f"The page “{page.title}” is added. Look at its words.", "success")
    return _to_page(study_id, page.id)


@bp.route("/pages/<int:page_id>", methods=["GET", "POST"])
def page(study_id: int, page_id: int) -> ResponseReturnValue:
    """Change the words of a page, order its questions, move or remove it."""
    shown = pages.get_page(study_id, page_id)
    if request.method == "POST" and sent_act():
        return _act_on_page(study_id, page_id, sent_act())
    form = build_page_form(shown)
    tried = attempt(
        form,
        lambda: pages.edit_page(current_actor(), study_id, page_id, form.words(shown), version=seen_version(form)),
        version=lambda: pages.get_page(study_id, page_id).version,
    )
    if tried.done:
        flash("Saved.", "success")
        return to_index(study_id, f"page-{page_id}")
    return _page_html(study_id, shown, form, tried.conflict), tried.status


def _page_html(study_id: int, page: Any, form: Any, conflict: Any) -> str:
    own = [q for q in questions.list_questions(study_id) if q.page_id == page.id]
    return render_template(
        "builder/page.html", page=page, form=form, conflict=conflict, may_edit=may_edit(), questions=own,
        removed=questions.removed_questions(page.id), kinds=KIND_WORDS, takes_questions=page.kind in WITH_QUESTIONS,
    )  # fmt: skip


def _act_on_page(study_id: int, page_id: int, act: str) -> ResponseReturnValue:
    actor = current_actor()
    acts: Mapping[str, Callable[[], Any]] = {
        "up": lambda: pages.move_page(actor, study_id, page_id, up=True, steps=sent_steps()),
        "down": lambda: pages.move_page(actor, study_id, page_id, up=False, steps=sent_steps()),
        "remove": lambda: pages.remove_page(actor, study_id, page_id),
        "restore": lambda: pages.restore_page(actor, study_id, page_id),
    }
    _do(acts, act)
    return to_index(study_id, "removed" if act == "remove" else f"page-{page_id}")


def _do(acts: Mapping[str, Callable[[], Any]], act: str) -> None:
    if act not in acts:
        raise InvalidInputError("This button is not known. Reload the page and try again.")
    acts[act]()
    words = {"remove": "Removed. You can bring it back below.", "restore": "It is back."}
    if act in words:
        flash(words[act], "success")


@bp.route("/pages/<int:page_id>/questions", methods=["GET", "POST"])
def add_question(study_id: int, page_id: int) -> ResponseReturnValue:
    """Write a new question of the kind chosen."""
    shown, kind = pages.get_page(study_id, page_id), request.args.get("kind", "single")
    if kind not in QUESTION_KINDS or shown.kind not in WITH_QUESTIONS:
        raise NotFoundError
    form: Any = build_question_form(kind, None, on_screener=shown.kind == "screener")
    tried = attempt(
        form,
        lambda: questions.add_question(
            current_actor(), study_id, page_id, form.words(), kind=kind, code=form.code.data or ""
        ),
    )
    if tried.done:
        flash("The question is added.", "success")
        return _to_page(study_id, page_id, f"question-{tried.result.id}")
    return render_template(
        "builder/question.html", page=shown, form=form, question=None, kind=KIND_WORDS[kind], may_edit=may_edit()
    ), tried.status


@bp.route("/questions/<int:question_id>", methods=["GET", "POST"])
def question(study_id: int, question_id: int) -> ResponseReturnValue:
    """Change a question and its choices, move or remove it."""
    shown = questions.get_question(study_id, question_id)
    if request.method == "POST" and sent_act():
        return _act_on_question(study_id, shown, sent_act())
    home = pages.get_page(study_id, shown.page_id)
    form: Any = build_question_form(
        shown.kind, shown, on_screener=home.kind == "screener", strata=list_strata(study_id)
    )
    tried = attempt(
        form,
        lambda: questions.edit_question(
            current_actor(), study_id, question_id, form.words(), version=seen_version(form)
        ),
        version=lambda: questions.get_question(study_id, question_id).version,
    )
    if tried.done:
        flash("Saved.", "success")
        return _to_page(study_id, shown.page_id, f"question-{question_id}")
    return render_template(
        "builder/question.html", page=home, form=form, question=shown, kind=KIND_WORDS[shown.kind],
        conflict=tried.conflict, may_edit=may_edit(),
    ), tried.status  # fmt: skip


def _act_on_question(study_id: int, shown: Any, act: str) -> ResponseReturnValue:
    actor, key, page_id = current_actor(), shown.id, shown.page_id
    acts: Mapping[str, Callable[[], Any]] = {
        "up": lambda: questions.move_question(actor, study_id, key, up=True, steps=sent_steps()),
        "down": lambda: questions.move_question(actor, study_id, key, up=False, steps=sent_steps()),
        "remove": lambda: questions.remove_question(actor, study_id, key),
        "restore": lambda: questions.restore_question(actor, study_id, key),
    }
    _do(acts, act)
    return _to_page(study_id, page_id, "removed" if act == "remove" else f"question-{key}")


@bp.route("/scales", methods=["GET", "POST"])
def scale_list(study_id: int) -> ResponseReturnValue:
    """Show the rating scales in card order and the library; add, move, remove, bring back."""
    if request.method == "POST":
        return _act_on_scale(study_id, sent_act())
    return render_template(
        "builder/scales.html", scales=list_scales(study_id), library=scales.addable_scales(study_id),
        removed=scales.removed_scales(study_id), may_edit=may_edit(),
    )  # fmt: skip


def _act_on_scale(study_id: int, act: str) -> ResponseReturnValue:
    actor, key = current_actor(), request.form.get("scale_id", type=int) or 0
    acts: Mapping[str, Callable[[], Any]] = {
        "add": lambda: scales.add_library_scale(actor, study_id, request.form.get("key", "")),
        "up": lambda: scales.move_scale(actor, study_id, key, up=True),
        "down": lambda: scales.move_scale(actor, study_id, key, up=False),
        "remove": lambda: scales.set_scale_removed(actor, study_id, key, removed=True),
        "restore": lambda: scales.set_scale_removed(actor, study_id, key, removed=False),
    }
    _do(acts, act)
    return redirect(url_for("builder.scale_list", study_id=study_id, _anchor=f"scale-{key}" if key else None), 303)


@bp.route("/scales/own", methods=["GET", "POST"])
def own_scale(study_id: int) -> ResponseReturnValue:
    """Write a rating scale of one's own."""
    form = OwnScaleForm(data={"first": 1, "use": "task"})
    tried = attempt(form, lambda: scales.add_own_scale(current_actor(), study_id, form.own_scale()))
    if tried.done:
        flash(f"The scale “{tried.result.title}” is added.", "success")
        return redirect(url_for("builder.scale_list", study_id=study_id), 303)
    return render_template("builder/own_scale.html", form=form, may_edit=may_edit()), tried.status
