"""Results of an analysis: the runs, downloads, and the addresses of the pages in results_pages.py."""

from __future__ import annotations

from flask import Blueprint, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from jta.jobs import worker_is_running
from jta.permissions import current_actor
from jta.services import results as service
from jta.services import results_jobs as job_service
from jta.services.cycle_transport import confirmed_list
from jta.services.results_charts import chart_file
from jta.services.results_overview import overview
from jta.services.results_release import newest_shown
from jta.services.results_tables import files_for, open_results, table_file
from jta.views import results_pages as pages
from jta.views.attachment import attachment

bp = Blueprint("results", __name__, url_prefix="/studies/<int:study_id>")
for name in ("tasks", "agreement", "subgroups", "crosstab", "precision", "retention", "sensitivity", "rasch"):
    bp.add_url_rule(f"/results/<int:run_id>/{name}", name, getattr(pages, name), methods=["GET"])
bp.add_url_rule("/results/<int:run_id>/methods", "methods", pages.methods, methods=["GET", "POST"])


@bp.post("/data-sets/<int:number>/analyze")
def analyze(study_id: int, number: int) -> ResponseReturnValue:
    """Ask for the analysis of a data set; go to its progress."""
    job_id, _is_new = job_service.ask_analysis(current_actor(), study_id, number)
    return redirect(url_for("results.job", study_id=study_id, job_id=job_id), 303)


@bp.get("/analyses/<int:job_id>")
def job(study_id: int, job_id: int) -> ResponseReturnValue:
    """Show how far an analysis is; go to its results when they are there."""
    found, dataset = job_service.get_job(study_id, job_id)
    if found.state == "done" and found.result:
        return redirect(url_for("results.show", study_id=study_id, run_id=found.result["run"]), 303)
    return render_template("results/job.html", job=found, dataset=dataset, working=worker_is_running())


@bp.get("/results")
def index(study_id: int) -> ResponseReturnValue:
    """Go to the newest run, or say how to get one."""
    run = newest_shown(service.list_runs(study_id), g.roles)
    if run is not None:
        return redirect(url_for("results.show", study_id=study_id, run_id=run.id), 303)
    return render_template("results/empty.html")


@bp.get("/results/<int:run_id>")
def show(study_id: int, run_id: int) -> ResponseReturnValue:
    """Show the overview of a run: who answered, weights, files."""
    tables, runs = open_results(g.study, run_id, g.roles), service.list_runs(study_id)
    return render_template(
        "results/show.html",
        run=tables.run,
        runs=runs,
        page=overview(tables),
        files=files_for(tables),
        confirmed=confirmed_list(study_id),
    )


@bp.get("/results/<int:run_id>/<name>.csv")
def table(study_id: int, run_id: int, name: str) -> ResponseReturnValue:
    """Download one table."""
    content = table_file(open_results(g.study, run_id, g.roles), name)
    return attachment(content, f"study-{study_id}-run-{run_id}-{name}.csv")


@bp.get("/results/<int:run_id>/<picture>.svg")
def chart(study_id: int, run_id: int, picture: str) -> ResponseReturnValue:
    """Download one picture."""
    content = chart_file(open_results(g.study, run_id, g.roles), picture, request.args, g.study.notice or g.study.title)
    return attachment(content, f"study-{study_id}-run-{run_id}-{picture}.svg")
