"""The pages of one run, each a question that a director asks. Their addresses stand in results.py."""

from __future__ import annotations

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm

from jta.forms.results import build_method_form
from jta.forms.study import seen_version
from jta.permissions import allows, current_actor
from jta.services import results_methods as methods_service
from jta.services.plan_words import steps_in_words
from jta.services.results_agreement import agreement_page
from jta.services.results_crosstab import crosstab_page
from jta.services.results_groups import groups_page
from jta.services.results_methods import MethodsPage
from jta.services.results_people import precision_page
from jta.services.results_rasch import rasch_page
from jta.services.results_retention import retention_page
from jta.services.results_sensitivity import sensitivity_page
from jta.services.results_tables import open_results
from jta.services.results_task_lines import tasks_page
from jta.services.study import get_study
from jta.services.study_plan import FINAL
from jta.views.study_attempt import attempt


def tasks(study_id: int, run_id: int) -> ResponseReturnValue:  # noqa: ARG001  the guard has loaded the study
    """Show every task: ratings, share performing, decision."""
    tables, asked = open_results(g.study, run_id, g.roles), request.args
    wanted = {name: asked.get(name, "") for name in ("domain", "decision")}
    page = tasks_page(tables, scale=asked.get("scale"), **wanted)
    return render_template("results/tasks.html", run=tables.run, page=page)


def agreement(study_id: int, run_id: int) -> ResponseReturnValue:  # noqa: ARG001  the guard has loaded the study
    """Show how far respondents agree, and how reliable the picture of the tasks is."""
    tables, asked = open_results(g.study, run_id, g.roles), request.args
    page = agreement_page(tables, scale=asked.get("scale"), domain=asked.get("domain"))
    return render_template("results/agreement.html", run=tables.run, page=page)


def subgroups(study_id: int, run_id: int) -> ResponseReturnValue:  # noqa: ARG001  the guard has loaded the study
    """Show where groups see the job differently."""
    tables, asked = open_results(g.study, run_id, g.roles), request.args
    page = groups_page(
        tables,
        variable=asked.get("group"),
        scale=asked.get("scale"),
        domain=asked.get("domain"),
        only="differ" in asked,
    )
    return render_template("results/subgroups.html", run=tables.run, page=page)


def retention(study_id: int, run_id: int) -> ResponseReturnValue:  # noqa: ARG001  the guard has loaded the study
    """Show which task falls where, and recount for cuts tried out."""
    tables = open_results(g.study, run_id, g.roles)
    return render_template("results/retention.html", run=tables.run, page=retention_page(tables, request.args))


def crosstab(study_id: int, run_id: int) -> ResponseReturnValue:  # noqa: ARG001  the guard has loaded the study
    """Show two background questions against each other."""
    tables, asked = open_results(g.study, run_id, g.roles), request.args
    page = crosstab_page(tables, rows=asked.get("rows"), columns=asked.get("columns"))
    return render_template("results/crosstab.html", run=tables.run, page=page)


def precision(study_id: int, run_id: int) -> ResponseReturnValue:  # noqa: ARG001  the guard has loaded the study
    """Show who took part, and how many more responses would settle the weights."""
    tables = open_results(g.study, run_id, g.roles)
    return render_template("results/precision.html", run=tables.run, page=precision_page(tables))


def sensitivity(study_id: int, run_id: int) -> ResponseReturnValue:  # noqa: ARG001  the guard has loaded the study
    """Show what moves the weights."""
    tables = open_results(g.study, run_id, g.roles)
    page = sensitivity_page(tables)
    return render_template("results/sensitivity.html", run=tables.run, page=page, steps=steps_in_words(page.steps))


def rasch(study_id: int, run_id: int) -> ResponseReturnValue:  # noqa: ARG001  the guard has loaded the study
    """Show respondents and tasks on one scale."""
    tables = open_results(g.study, run_id, g.roles)
    return render_template(
        "results/rasch.html", run=tables.run, page=rasch_page(tables, domain=request.args.get("domain"))
    )


def methods(study_id: int, run_id: int) -> ResponseReturnValue:
    """Show every method side by side; make one the plan's, with a reason."""
    tables = open_results(g.study, run_id, g.roles)
    page = methods_service.methods_page(tables, level=request.args.get("level", "domain"))
    form = _method_form(page)
    tried = attempt(form, lambda: _choose(study_id, form), version=lambda: get_study(study_id).version)
    if tried.done:
        flash("The plan now names this method. Run the analysis again to see it in the results.", "success")
        return redirect(url_for("review.datasets", study_id=study_id), 303)
    shown = render_template(
        "results/methods.html", run=tables.run, page=page, form=form, conflict=tried.conflict, may_choose=_may_choose()
    )
    return shown, tried.status


def _method_form(page: MethodsPage) -> FlaskForm:
    choices = [(m["name"], m["title"]) for m in page.methods if m["index"]]
    return build_method_form(choices)(data={"method": page.chosen, "version": g.study.version})


def _choose(study_id: int, form: FlaskForm) -> None:
    methods_service.choose_method(
        current_actor(), study_id,
        method=form["method"].data, reason=form["reason"].data, version=seen_version(form),
    )  # fmt: skip


def _may_choose() -> bool:
    return allows("results.methods", g.roles, "POST") and g.study.stage not in FINAL
