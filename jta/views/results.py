"""Results of an analysis: overview, tables, downloads."""

from __future__ import annotations

from flask import Blueprint, flash, make_response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from jta.permissions import current_actor
from jta.services import results as service
from jta.services.results_page import results_page

bp = Blueprint("results", __name__, url_prefix="/studies/<int:study_id>")


@bp.post("/data-sets/<int:number>/analyze")
def analyze(study_id: int, number: int) -> ResponseReturnValue:
    """Run the analysis on a data set."""
    run = service.analyze_dataset(current_actor(), study_id, number)
    flash("The analysis is ready.", "success")
    return redirect(url_for("results.show", study_id=study_id, run_id=run.id), 303)


@bp.get("/results")
def index(study_id: int) -> ResponseReturnValue:
    """Go to the newest run, or say how to get one."""
    runs = service.list_runs(study_id)
    if runs:
        return redirect(url_for("results.show", study_id=study_id, run_id=runs[0].id), 303)
    return render_template("results/empty.html")


@bp.get("/results/<int:run_id>")
def show(study_id: int, run_id: int) -> ResponseReturnValue:
    """Show one run: who is in it, weights, tasks."""
    run = service.get_run(study_id, run_id)
    return render_template("results/show.html", run=run, runs=service.list_runs(study_id), page=results_page(run))


@bp.get("/results/<int:run_id>/<name>.csv")
def table(study_id: int, run_id: int, name: str) -> ResponseReturnValue:
    """Download one table."""
    reply = make_response(service.table_bytes(service.get_run(study_id, run_id), name))
    reply.headers["Content-Type"] = "text/csv; charset=utf-8"
    reply.headers["Content-Disposition"] = f'attachment; filename="study-{study_id}-run-{run_id}-{name}.csv"'
    return reply
