"""Former lists: comparing with a former study, O*NET or former weights; the crosswalk; cloning a study."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from jta.forms.cycle import CloneForm, DecideForm, FormerStudyForm, OnetForm, WeightsForm
from jta.forms.study import seen_version
from jta.permissions import allows, current_actor
from jta.services import cycle as service
from jta.services import cycle_sources as sources
from jta.services.crosswalk_rules import candidates
from jta.services.cycle_again import propose_again
from jta.services.cycle_clone import clone_study
from jta.services.cycle_figures import compare_cycles
from jta.services.cycle_onet import import_onet
from jta.services.cycle_transport import comparison_csv, judge_transport
from jta.services.inventory import live_tasks
from jta.views.attachment import attachment
from jta.views.study_attempt import attempt

bp = Blueprint("cycle", __name__, url_prefix="/studies/<int:study_id>/cycles")


def _to(study_id: int, list_id: int) -> ResponseReturnValue:
    return redirect(url_for("cycle.show", study_id=study_id, list_id=list_id), 303)


@bp.get("")
def index(study_id: int) -> ResponseReturnValue:
    """List what the study is compared with, and the ways to add more."""
    return render_template(
        "cycle/index.html", lists=service.list_former(study_id), origin=service.origin_of(study_id),
        may_edit=allows("cycle.add", g.roles, "POST"),
    )  # fmt: skip


@bp.route("/new", methods=["GET", "POST"])
def add(study_id: int) -> ResponseReturnValue:
    """Compare with another study of this installation."""
    actor = current_actor()
    studies = sources.comparable_studies(actor.user_id, study_id)
    form = FormerStudyForm(studies=studies)
    tried = attempt(
        form,
        lambda: service.add_list(
            actor, study_id, sources.list_of_study(form.study.data, actor.user_id, study_id)
        ),
    )  # fmt: skip
    if tried.done:
        flash("The crosswalk is proposed. Decide what became of each statement.", "success")
        return _to(study_id, tried.result.id)
    return render_template("cycle/add.html", form=form, studies=studies), tried.status


@bp.route("/onet", methods=["GET", "POST"])
def onet(study_id: int) -> ResponseReturnValue:
    """Take an occupation of O*NET as a list to compare with, or to begin with."""
    form = OnetForm()
    tried = attempt(
        form,
        lambda: import_onet(
            current_actor(), study_id, form.statements.data.read(), _content(form),
            occupation=form.occupation.data or "", seed=bool(form.seed.data),
        ),
    )  # fmt: skip
    if tried.done:
        flash(f"{tried.result.title} is here: {len(tried.result.statements)} tasks.", "success")
        return _to(study_id, tried.result.id)
    return render_template("cycle/onet.html", form=form), tried.status


def _content(form: OnetForm) -> bytes | None:
    return form.ratings.data.read() if form.ratings.data else None


@bp.route("/weights", methods=["GET", "POST"])
def add_weights(study_id: int) -> ResponseReturnValue:
    """Enter the weights of a former exam by hand."""
    form = WeightsForm()
    tried = attempt(
        form,
        lambda: service.add_list(
            current_actor(), study_id,
            service.NewList(form.title.data, form.source.data or "", weights=service.checked_weights(form.weights())),
        ),
    )  # fmt: skip
    if tried.done:
        return redirect(url_for("cycle.compare", study_id=study_id, list_id=tried.result.id), 303)
    form.add_empty()
    return render_template("cycle/weights.html", form=form, former=None), tried.status


@bp.route("/<int:list_id>/weights", methods=["GET", "POST"])
def weights(study_id: int, list_id: int) -> ResponseReturnValue:
    """Change the former exam's weights of a list."""
    former = service.get_former(study_id, list_id)
    rows = [{**row, "percent": round(100 * row["weight"], 4)} for row in former.weights]
    form = WeightsForm(data={"title": former.title, "source": former.source, "rows": rows, "version": former.version})
    tried = attempt(
        form,
        lambda: service.save_weights(current_actor(), study_id, list_id, form.weights(), version=seen_version(form)),
        version=lambda: service.get_former(study_id, list_id).version,
    )
    if tried.done:
        flash("Saved.", "success")
        return redirect(url_for("cycle.compare", study_id=study_id, list_id=list_id), 303)
    form.add_empty()
    return render_template("cycle/weights.html", form=form, former=former, conflict=tried.conflict), tried.status


@bp.route("/<int:list_id>", methods=["GET", "POST"])
def show(study_id: int, list_id: int) -> ResponseReturnValue:
    """Show the crosswalk; accept proposals, propose again or delete the list by a button."""
    if request.method == "POST":
        return _act_on_list(study_id, list_id, request.form.get("act", ""))
    crosswalk, relation = service.load_crosswalk(study_id, list_id), request.args.get("relation", "")
    lines = [x for x in crosswalk.lines if relation in ("", x.relation) or (relation == "open" and not x.decided)]
    return render_template(
        "cycle/show.html", crosswalk=crosswalk, lines=lines, relation=relation,
        may_edit=allows("cycle.decide", g.roles, "POST"),
    )  # fmt: skip


def _act_on_list(study_id: int, list_id: int, act: str) -> ResponseReturnValue:
    """Do what a button of the crosswalk says."""
    if act == "delete":
        service.delete_list(current_actor(), study_id, list_id)
        flash("The former list is deleted.", "success")
        return redirect(url_for("cycle.index", study_id=study_id), 303)
    if act == "propose":
        propose_again(current_actor(), study_id, list_id)
        flash("What is not decided is proposed again. Look at it, then decide.", "success")
        return _to(study_id, list_id)
    done = service.accept(current_actor(), study_id, list_id, which=request.form.get("which", ""))
    flash(f"Decided: {done}." if done else "Nothing was left to decide there.", "success")
    return _to(study_id, list_id)


@bp.route("/<int:list_id>/statements/<int:former_id>", methods=["GET", "POST"])
def decide(study_id: int, list_id: int, former_id: int) -> ResponseReturnValue:
    """Say what became of a former statement."""
    former, one = service.get_former(study_id, list_id), service.get_former_statement(study_id, list_id, former_id)
    tasks, line = live_tasks(study_id), service.get_line(study_id, list_id, former_id)
    likely = service.likely_tasks(line, tasks, candidates(one.statement, [task.statement for task in tasks]))
    stored = {"relation": line.relation, "tasks": [link.task_id for link in line.links], "version": former.version}
    form = DecideForm(data=stored, likely=likely, tasks=tasks)
    tried = attempt(
        form,
        lambda: service.decide(
            current_actor(), study_id, list_id, former_id, relation=form.relation.data, task_ids=form.task_ids(),
            reason=form.reason.data, version=seen_version(form),
        ),
        version=lambda: service.get_former(study_id, list_id).version,
    )  # fmt: skip
    if tried.done:
        flash(f"{one.code} is decided.", "success")
        return _to(study_id, list_id)
    page = render_template("cycle/decide.html", form=form, former=former, one=one, line=line, conflict=tried.conflict)
    return page, tried.status


@bp.get("/<int:list_id>/comparison")
def compare(study_id: int, list_id: int) -> ResponseReturnValue:
    """Show means, shares performing, weights and items of both cycles side by side."""
    found = compare_cycles(g.study, list_id, g.roles)
    return render_template("cycle/compare.html", comparison=found, transport=judge_transport(study_id, found))


@bp.get("/<int:list_id>/comparison.csv")
def compare_file(study_id: int, list_id: int) -> ResponseReturnValue:
    """Hand out the tasks of a comparison as CSV."""
    found = compare_cycles(g.study, list_id, g.roles)
    return attachment(comparison_csv(found, judge_transport(study_id, found)), f"study-{study_id}-comparison.csv")


@bp.route("/clone", methods=["GET", "POST"])
def clone(study_id: int) -> ResponseReturnValue:
    """Make a new study of this one."""
    form = CloneForm()
    tried = attempt(form, lambda: clone_study(current_actor(), study_id, title=form.title.data, kind=form.kind.data))
    if tried.done:
        flash("The new study is ready. You are its director.", "success")
        return redirect(url_for("study.overview", study_id=tried.result.id), 303)
    return render_template("cycle/clone.html", form=form), tried.status
