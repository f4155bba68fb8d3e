"""The blueprint: look, propose, adjust, submit, decide, publish."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from jta.errors import InvalidInputError
from jta.forms.blueprint import DecideForm
from jta.forms.common import sent_id, show_error
from jta.permissions import current_actor
from jta.services import blueprint as service
from jta.services import blueprint_approval as approval
from jta.services import results as results_service
from jta.services.blueprint_alternatives import columns_of
from jta.services.blueprint_page import blueprint_page
from jta.services.two_way import two_way_table
from jta.views import blueprint_dates as more
from jta.views import blueprint_two_way as matrix
from jta.views import blueprint_workbook as workbook
from jta.views import blueprint_workshop as workshop

bp = Blueprint("blueprint", __name__, url_prefix="/studies/<int:study_id>/blueprints")
bp.add_url_rule("/<int:number>/read-back", view_func=workbook.read_back, methods=["GET", "POST"])
bp.add_url_rule("/<int:number>/take-back", view_func=workbook.take_back, methods=["POST"])
bp.add_url_rule("/<int:number>/dates", view_func=more.dates, methods=["GET", "POST"])
bp.add_url_rule("/<int:number>/adjust", view_func=workshop.adjust, methods=["GET", "POST"])
bp.add_url_rule("/<int:number>/preview", view_func=workshop.preview, methods=["POST"])
bp.add_url_rule("/<int:number>/alternatives", view_func=workshop.keep_alternative, methods=["POST"])
bp.add_url_rule(
    "/<int:number>/alternatives/<int:alternative_id>/remove",
    view_func=workshop.drop_alternative,
    methods=["GET", "POST"],
)
bp.add_url_rule("/compare", view_func=more.compare)
bp.add_url_rule("/<int:number>/two-way", view_func=matrix.two_way)
bp.add_url_rule("/<int:number>/two-way/targets", view_func=matrix.targets, methods=["GET", "POST"])
bp.add_url_rule("/<int:number>/two-way/forms", view_func=matrix.set_forms, methods=["POST"])
bp.add_url_rule("/<int:number>/two-way/counts", view_func=matrix.upload_counts, methods=["GET", "POST"])
bp.add_url_rule("/<int:number>/two-way/counts/take", view_func=matrix.take_counts, methods=["POST"])
bp.add_url_rule("/<int:number>/two-way/counts/template.<any(csv, xlsx):form>", view_func=matrix.counts_template)
bp.add_url_rule("/<int:number>/two-way/form-limits.csv", view_func=matrix.limits_file)
bp.add_url_rule("/<int:number>/two-way/gap.csv", view_func=matrix.gap_file)


def _to(study_id: int, number: int) -> ResponseReturnValue:
    return redirect(url_for("blueprint.show", study_id=study_id, number=number), 303)


@bp.get("")
def index(study_id: int) -> ResponseReturnValue:
    """List the versions of the blueprint."""
    return render_template(
        "blueprint/index.html",
        blueprints=service.list_blueprints(study_id),
        runs=results_service.list_runs(study_id),
    )


@bp.post("")
def propose(study_id: int) -> ResponseReturnValue:
    """Make a draft from an analysis."""
    blueprint = service.propose(current_actor(), study_id, sent_id("run_id"))
    flash(f"Blueprint {blueprint.number} is proposed. Adjust it with reasons, or submit it as it is.", "success")
    return _to(study_id, blueprint.number)


@bp.get("/<int:number>")
def show(study_id: int, number: int) -> ResponseReturnValue:
    """Show one version: weights with intervals, items, ledger, approval."""
    page = blueprint_page(service.get_blueprint(study_id, number), current_actor())
    return render_template(
        "blueprint/show.html",
        page=page,
        decide_form=DecideForm(data={"seen_hash": page.content_hash}),
        columns=columns_of(page.blueprint),
    )


@bp.post("/<int:number>/submit")
def submit(study_id: int, number: int) -> ResponseReturnValue:
    """Hand the draft to the approver."""
    approval.submit(current_actor(), study_id, number)
    flash("The blueprint is with the approver now.", "success")
    return _to(study_id, number)


@bp.route("/<int:number>/decide", methods=["GET", "POST"])
def decide(study_id: int, number: int) -> ResponseReturnValue:
    """Approve or return a submitted blueprint."""
    blueprint = service.get_blueprint(study_id, number)
    form = DecideForm(data={"seen_hash": service.content_hash(blueprint)})
    if form.validate_on_submit():
        decision = "approved" if form.decision.data == "approved" else "returned"
        try:
            approval.decide(
                current_actor(),
                study_id,
                number,
                decision=decision,
                seen_hash=form.seen_hash.data,
                reason=form.reason.data or "",
            )
        except InvalidInputError as error:
            show_error(form, error)
        else:
            flash(
                "The blueprint is approved." if decision == "approved" else "The blueprint is returned.",
                "success",
            )
            return _to(study_id, number)
    page = render_template(
        "blueprint/decide.html", form=form, page=blueprint_page(blueprint, current_actor()),
        table=two_way_table(blueprint),
    )  # fmt: skip
    return page, 422 if form.is_submitted() else 200


@bp.post("/<int:number>/publish")
def publish(study_id: int, number: int) -> ResponseReturnValue:
    """Lock the approved blueprint."""
    approval.publish(current_actor(), study_id, number)
    flash("The blueprint is published and locked.", "success")
    return _to(study_id, number)
