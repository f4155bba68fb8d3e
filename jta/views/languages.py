"""Languages of a survey: add one, translate its texts here or in Excel, look at the survey in it."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from jta.errors import InvalidInputError, NotFoundError
from jta.formats import plural
from jta.forms.common import ApplyForm, show_error
from jta.forms.languages import AddLanguageForm, TranslationFileForm, read_texts
from jta.language import english_name_of
from jta.permissions import current_actor
from jta.services import translations as service
from jta.services.study_stage import BEFORE_LAUNCH
from jta.views.attachment import attachment

bp = Blueprint("languages", __name__, url_prefix="/studies/<int:study_id>/survey/languages")


def _may_edit() -> bool:
    return g.study.stage in BEFORE_LAUNCH


@bp.route("", methods=["GET", "POST"])
def index(study_id: int) -> ResponseReturnValue:
    """Show the languages of the survey and add one."""
    form = AddLanguageForm()
    if form.validate_on_submit():
        try:
            service.add_language(current_actor(), study_id, form.code.data or "")
        except InvalidInputError as error:
            show_error(form, error)
        else:
            return redirect(url_for("languages.edit", study_id=study_id, text_language=form.code.data), 303)
    page = render_template(
        "languages/index.html", form=form, languages=service.list_languages(g.study), may_edit=_may_edit(),
        name_of=english_name_of,
    )  # fmt: skip
    return page, 422 if form.is_submitted() else 200


@bp.route("/<text_language>", methods=["GET", "POST"])
def edit(study_id: int, text_language: str) -> ResponseReturnValue:
    """Show the texts of the survey beside their translations and save these."""
    if request.method == "POST":
        texts, versions = read_texts(request.form)
        changed = service.save_texts(current_actor(), study_id, text_language, texts, versions)
        flash(f"{plural(changed, 'translation')} saved.", "success")
        show = "missing" if request.args.get("show") == "missing" else None
        return redirect(url_for("languages.edit", study_id=study_id, text_language=text_language, show=show), 303)
    lines = service.list_texts(g.study, text_language)
    missing = [line for line in lines if line.is_missing]
    only_missing = request.args.get("show") == "missing"
    return render_template(
        "languages/edit.html", language=text_language, name=english_name_of(text_language), total=len(lines),
        lines=missing if only_missing else lines, n_missing=len(missing), only_missing=only_missing,
        may_edit=_may_edit(),
    )  # fmt: skip


@bp.route("/<text_language>/remove", methods=["GET", "POST"])
def remove(study_id: int, text_language: str) -> ResponseReturnValue:
    """Ask, then take a language out of the survey."""
    if request.method == "POST":
        service.remove_language(current_actor(), study_id, text_language)
        flash(f"{english_name_of(text_language)} is taken out. Its translations are kept for another time.", "success")
        return redirect(url_for("languages.index", study_id=study_id), 303)
    service.list_texts(g.study, text_language)
    return render_template("languages/remove.html", language=text_language, name=english_name_of(text_language))


@bp.get("/<text_language>/texts.xlsx")
def export(study_id: int, text_language: str) -> ResponseReturnValue:
    """Send the texts and their translations as a workbook."""
    data = service.export_texts(g.study, text_language)
    return attachment(data, f"translations-{study_id}-{text_language}.xlsx")


@bp.route("/<text_language>/upload", methods=["GET", "POST"])
def upload(study_id: int, text_language: str) -> ResponseReturnValue:  # noqa: ARG001  the guard has loaded the study
    """Take a file of translations and show what it would do."""
    if text_language not in g.study.languages:
        raise NotFoundError
    form, name = TranslationFileForm(), english_name_of(text_language)
    if form.validate_on_submit():
        sent = request.files["file"]
        try:
            data = sent.stream.read()
            found = service.preview_file(current_actor(), g.study, text_language, data, sent.filename or "file")
        except InvalidInputError as error:
            show_error(form, error)
        else:
            bad = found.result.refused or found.result.problems
            apply = ApplyForm(token=found.token)
            page = render_template(
                "languages/preview.html", preview=found, language=text_language, name=name, apply=apply
            )  # fmt: skip
            return page, 422 if bad else 200
    page = render_template("languages/upload.html", form=form, language=text_language, name=name)
    return page, 422 if form.is_submitted() else 200


@bp.post("/<text_language>/apply")
def apply_import(study_id: int, text_language: str) -> ResponseReturnValue:
    """Save the translations that a preview showed."""
    changed = service.apply_file(current_actor(), study_id, text_language, request.form.get("token", ""))
    flash(f"{plural(changed, 'translation')} saved.", "success")
    return redirect(url_for("languages.edit", study_id=study_id, text_language=text_language), 303)
