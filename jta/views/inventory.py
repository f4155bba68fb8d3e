"""The task inventory: look, search, add, edit, move, retire, restore, name domains."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from jta.forms.inventory import AddTaskForm, AreaForm, RetireForm, TaskForm
from jta.forms.study import seen_version
from jta.permissions import allows, current_actor
from jta.services import inventory as service
from jta.services import inventory_tasks as acts
from jta.services.study_stage import BEFORE_LAUNCH
from jta.views import inventory_files as files
from jta.views.study_attempt import attempt

bp = Blueprint("inventory", __name__, url_prefix="/studies/<int:study_id>/inventory")
bp.add_url_rule("/import", view_func=files.upload, methods=["GET", "POST"])
bp.add_url_rule("/import/apply", view_func=files.apply_import, methods=["POST"])
bp.add_url_rule("/template.<any(csv, xlsx):form>", view_func=files.template)
bp.add_url_rule("/export.<any(csv, xlsx):form>", view_func=files.export)


def may_edit() -> bool:
    """Say whether this person can change the inventory now: by role, and while it is not locked."""
    return g.study.stage in BEFORE_LAUNCH and allows("inventory.add_task", g.roles, "POST")


def _to_index(study_id: int, anchor: str | None = None) -> ResponseReturnValue:
    return redirect(url_for("inventory.index", study_id=study_id, _anchor=anchor), 303)


@bp.get("")
def index(study_id: int) -> ResponseReturnValue:
    """Show the inventory, or what a search finds in it."""
    query = request.args.get("q", "").strip()[:200]
    return render_template(
        "inventory/index.html", inventory=service.load_inventory(study_id, query), query=query,
        may_edit=may_edit(), is_editor=allows("inventory.add_task", g.roles, "POST"),
    )  # fmt: skip


@bp.route("/tasks/new", methods=["GET", "POST"])
def add_task(study_id: int) -> ResponseReturnValue:
    """Add a task statement."""
    form = AddTaskForm(domains=service.load_inventory(study_id).domains)
    if request.method == "GET" and request.args.get("area"):
        form.area.data = request.args["area"]
    tried = attempt(
        form,
        lambda: acts.add_task(
            current_actor(), study_id, code=form.code.data, words=form.words(), new_area=form.new_area()
        ),
    )
    if tried.done:
        flash(f"Task statement {tried.result.code} is added.", "success")
        return _to_index(study_id, f"task-{tried.result.id}")
    return render_template("inventory/add_task.html", form=form, may_edit=may_edit()), tried.status


@bp.route("/tasks/<int:task_id>", methods=["GET", "POST"])
def edit_task(study_id: int, task_id: int) -> ResponseReturnValue:
    """Show a task statement with the history of its wording, and change it."""
    task = service.get_task(study_id, task_id)
    form = TaskForm(obj=task, data={"area": str(task.domain_id)}, domains=service.load_inventory(study_id).domains)
    tried = attempt(
        form,
        lambda: acts.edit_task(
            current_actor(), study_id, task_id, form.words(),
            version=seen_version(form), reason=form.reason.data or "",
        ),
        version=lambda: service.get_task(study_id, task_id).version,
    )  # fmt: skip
    if tried.done:
        flash(f"Task statement {task.code} is saved.", "success")
        return _to_index(study_id, f"task-{task_id}")
    page = render_template(
        "inventory/task.html", task=task, form=form, conflict=tried.conflict, may_edit=may_edit(),
        history=service.wording_history(task),
    )  # fmt: skip
    return page, tried.status


@bp.route("/tasks/<int:task_id>/retire", methods=["GET", "POST"])
def retire_task(study_id: int, task_id: int) -> ResponseReturnValue:
    """Ask for the reason, then retire a task statement; or restore a retired one."""
    task = service.get_task(study_id, task_id)
    form = RetireForm()
    if request.method == "POST" and request.form.get("act") == "restore":
        acts.restore_task(current_actor(), study_id, task_id)
        flash(f"Task statement {task.code} is back in the survey.", "success")
        return _to_index(study_id, f"task-{task_id}")
    if form.validate_on_submit():
        acts.retire_task(current_actor(), study_id, task_id, reason=form.reason.data)
        flash(f"Task statement {task.code} is retired. You find it at the end of the inventory.", "success")
        return _to_index(study_id)
    page = render_template("inventory/retire_task.html", task=task, form=form, may_edit=may_edit())
    return page, 422 if form.is_submitted() else 200


@bp.post("/tasks/<int:task_id>/move")
def move_task(study_id: int, task_id: int) -> ResponseReturnValue:
    """Move a task statement up or down among those of its area."""
    acts.move_task(current_actor(), study_id, task_id, up=request.form.get("direction") == "up")
    return _to_index(study_id, f"task-{task_id}")


@bp.route("/domains/<int:domain_id>", methods=["GET", "POST"])
def edit_domain(study_id: int, domain_id: int) -> ResponseReturnValue:
    """Rename a content domain or subdomain, move it, or delete it while it is empty."""
    area = service.get_area(study_id, domain_id)
    if request.method == "POST" and (done := _act_on_area(study_id, domain_id, request.form.get("act", ""))):
        return done
    form = AreaForm(obj=area)
    tried = attempt(
        form,
        lambda: acts.edit_area(current_actor(), study_id, domain_id, title=form.title.data, version=seen_version(form)),
        version=lambda: service.get_area(study_id, domain_id).version,
    )
    if tried.done:
        flash("Saved.", "success")
        return _to_index(study_id, f"area-{domain_id}")
    page = render_template(
        "inventory/domain.html", area=area, form=form, conflict=tried.conflict, may_edit=may_edit(),
        is_empty=acts.is_empty_area(domain_id),
    )  # fmt: skip
    return page, tried.status


def _act_on_area(study_id: int, domain_id: int, act: str) -> ResponseReturnValue | None:
    """Do what a button of the domain's page says, or nothing where it is the form's own."""
    if act in ("up", "down"):
        acts.move_area(current_actor(), study_id, domain_id, up=act == "up")
        return _to_index(study_id, f"area-{domain_id}")
    if act == "delete":
        acts.delete_area(current_actor(), study_id, domain_id)
        flash("The empty area is deleted.", "success")
        return _to_index(study_id)
    return None
