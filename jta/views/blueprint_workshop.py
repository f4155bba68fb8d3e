"""The workshop: change figures, see at once what they give, keep alternatives. Addresses: blueprint.py."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from jta.errors import InvalidInputError
from jta.forms.blueprint import AdjustForm, adjust_form, draft_of_form, rows_with_fields
from jta.forms.common import show_error
from jta.forms.study import seen_version
from jta.models.blueprint import Alternative, Blueprint
from jta.permissions import current_actor
from jta.services import blueprint as service
from jta.services import blueprint_alternatives as alternatives
from jta.services.blueprint_beside import weights_beside


def _page(blueprint: Blueprint, form: AdjustForm, status: int, start: Alternative | None = None) -> ResponseReturnValue:
    page = render_template(
        "blueprint/adjust.html", form=form, blueprint=blueprint, pairs=rows_with_fields(form, blueprint), start=start,
        draft=draft_of_form(form, blueprint) if status == 200 else None, beside=weights_beside(blueprint),
    )  # fmt: skip
    return page, status


def adjust(study_id: int, number: int) -> ResponseReturnValue:
    """Change weights, limits, locks, rationale or exam length, with a reason."""
    blueprint = service.get_blueprint(study_id, number)
    service.require_editable(blueprint)
    asked = request.args.get("alternative", type=int)
    start = alternatives.get_alternative(blueprint, asked) if asked else None
    form = adjust_form(blueprint, start)
    if form.validate_on_submit():
        try:
            changes = service.adjust(
                current_actor(), study_id, number, seen_version=seen_version(form), rows=form.row_inputs(),
                items=form.items.data, reason=form.reason.data or "", share_rest=form.share_rest.data,
                pretest=form.pretest.data, vote=form.vote.data or "",
            )  # fmt: skip
        except InvalidInputError as error:
            show_error(form, error)
        else:
            flash("The change is in the ledger, with its reason." if changes else "Nothing was changed.", "success")
            return redirect(url_for("blueprint.show", study_id=study_id, number=number), 303)
    return _page(blueprint, form, 422 if form.is_submitted() else 200, start)


def preview(study_id: int, number: int) -> ResponseReturnValue:
    """Show what the figures on the page give; nothing is saved."""
    blueprint = service.get_blueprint(study_id, number)
    service.require_editable(blueprint)
    form = adjust_form(blueprint)
    if request.headers.get("HX-Request"):
        form.validate()
        return render_template("blueprint/draft.html", draft=draft_of_form(form, blueprint))
    return _page(blueprint, form, 200 if form.validate() else 422)


def keep_alternative(study_id: int, number: int) -> ResponseReturnValue:
    """Keep the figures on the page under a name."""
    blueprint = service.get_blueprint(study_id, number)
    form = adjust_form(blueprint)
    if form.validate_on_submit():
        try:
            kept = alternatives.keep(
                current_actor(), study_id, number, name=form.name.data or "", rows=form.row_inputs(),
                items=form.items.data, share_rest=form.share_rest.data,
            )  # fmt: skip
        except InvalidInputError as error:
            show_error(form, error)
        else:
            flash(f"“{kept.name}” is kept beside the blueprint, which stays as it was.", "success")
            return redirect(url_for("blueprint.show", study_id=study_id, number=number), 303)
    return _page(blueprint, form, 422)


def drop_alternative(study_id: int, number: int, alternative_id: int) -> ResponseReturnValue:
    """Ask first, then remove an alternative."""
    if request.method != "POST":
        blueprint = service.get_blueprint(study_id, number)
        service.require_editable(blueprint)
        found = alternatives.get_alternative(blueprint, alternative_id)
        return render_template("blueprint/remove_alternative.html", blueprint=blueprint, alternative=found)
    name = alternatives.drop(current_actor(), study_id, number, alternative_id)
    flash(f"“{name}” is removed. Its figures stay in the audit trail.", "success")
    return redirect(url_for("blueprint.show", study_id=study_id, number=number), 303)
