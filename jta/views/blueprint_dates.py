"""Dates of a blueprint, and two versions side by side. Addresses: blueprint.py."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from jta.errors import InvalidInputError, NotFoundError
from jta.forms.blueprint_dates import dates_form, sent_pair
from jta.forms.common import show_error
from jta.forms.study import seen_version
from jta.permissions import current_actor
from jta.services import blueprint as blueprints
from jta.services import blueprint_dates as service
from jta.services.blueprint_compare import compare as compared


def dates(study_id: int, number: int) -> ResponseReturnValue:
    """Set when it takes effect, the transition note and the next study."""
    blueprint = blueprints.get_blueprint(study_id, number)
    form = dates_form(blueprint)
    if form.validate_on_submit():
        try:
            changes = service.set_dates(
                current_actor(), study_id, number, seen_version=seen_version(form), dates=form.dates(),
                reason=form.reason.data or "",
            )  # fmt: skip
        except InvalidInputError as error:
            show_error(form, error)
        else:
            flash("The dates are saved." if changes else "Nothing was changed.", "success")
            return redirect(url_for("blueprint.show", study_id=study_id, number=number), 303)
    page = render_template("blueprint/dates.html", form=form, blueprint=blueprint)
    return page, 422 if form.is_submitted() else 200


def compare(study_id: int) -> ResponseReturnValue:
    """Show what differs between two versions."""
    found = blueprints.list_blueprints(study_id)
    if not found:
        raise NotFoundError
    old, new = sent_pair(found, (request.args.get("old", type=int), request.args.get("new", type=int)))
    return render_template(
        "blueprint/compare.html",
        blueprints=found,
        found=compared(blueprints.get_blueprint(study_id, old), blueprints.get_blueprint(study_id, new)),
    )
