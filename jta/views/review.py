"""Data sets: review the responses, preview who is in, freeze, download."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from jta.forms.review import FreezeForm
from jta.permissions import current_actor
from jta.services import results as results_service
from jta.services import review as service
from jta.services.results_release import why_withheld
from jta.services.review_inclusion import preview_inclusion, rule_text
from jta.views import review_responses as pages
from jta.views.attachment import attachment

bp = Blueprint("review", __name__, url_prefix="/studies/<int:study_id>/data-sets")
bp.add_url_rule("/review", view_func=pages.responses)
bp.add_url_rule("/review/<code>", view_func=pages.response)
bp.add_url_rule("/review/<code>/decision", view_func=pages.decide, methods=["POST"])


@bp.get("")
def datasets(study_id: int) -> ResponseReturnValue:
    """List the frozen data sets and what was analysed from each."""
    return render_template(
        "review/datasets.html",
        datasets=service.list_datasets(study_id),
        runs=results_service.list_runs(study_id),
        can_freeze=g.study.stage in service.FREEZABLE,
        why_withheld=why_withheld,
    )


@bp.route("/freeze", methods=["GET", "POST"])
def freeze(study_id: int) -> ResponseReturnValue:
    """Show who would be in the data set under the rule, then freeze it."""
    form = FreezeForm(
        request.form if request.method == "POST" else request.args, meta={"csrf": request.method == "POST"}
    )
    share = (form.minimum_percent.data if form.minimum_percent.data is not None else 50) / 100
    if request.method == "POST" and form.validate():
        dataset = service.freeze_dataset(current_actor(), study_id, minimum_share=share)
        flash(f"Data set {dataset.number} is frozen: {dataset.counts['included']} responses.", "success")
        return redirect(url_for("review.datasets", study_id=study_id), 303)
    inclusion = preview_inclusion(study_id, min(max(share, 0.0), 1.0))
    page = render_template("review/freeze.html", form=form, inclusion=inclusion, rule=rule_text(share), share=share)
    return page, 422 if request.method == "POST" else 200


@bp.post("/<int:number>/ratings.parquet")
def download(study_id: int, number: int) -> ResponseReturnValue:
    """Hand the frozen file to the psychometrician, byte for byte, and record that it left."""
    dataset = service.hand_out(current_actor(), study_id, number)
    return attachment(dataset.content, f"study-{study_id}-data-set-{number}.parquet")
