"""The task inventory: look, search, add, edit, move, retire, restore; the addresses of all its pages."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from jta.errors import InvalidInputError
from jta.forms.common import sent_id, sent_ids
from jta.forms.inventory import AddTaskForm, RetireForm, TaskForm, area_choices
from jta.forms.study import seen_version
from jta.permissions import allows, current_actor
from jta.services import inventory as service
from jta.services import inventory_references as references
from jta.services import inventory_tasks as acts
from jta.services.inventory_log import last_change
from jta.services.study_stage import BEFORE_LAUNCH
from jta.views import inventory_areas as areas
from jta.views import inventory_changes as changes
from jta.views import inventory_files as files
from jta.views import inventory_knowledge as knowledge
from jta.views.study_attempt import attempt

bp = Blueprint("inventory", __name__, url_prefix="/studies/<int:study_id>/inventory")
_BOTH = ["GET", "POST"]
for address, view, methods in (
    ("/import", files.upload, _BOTH),
    ("/import/apply", files.apply_import, ["POST"]),
    ("/template.<any(csv, xlsx):form>", files.template, ["GET"]),
    ("/export.<any(csv, xlsx, json):form>", files.export, ["GET"]),
    ("/export.case.json", files.export_case, ["GET"]),
    ("/domains/new", areas.add_domain, _BOTH),
    ("/domains/<int:domain_id>", areas.edit_domain, _BOTH),
    ("/knowledge", knowledge.list_knowledge, ["GET"]),
    ("/knowledge/new", knowledge.add_knowledge, _BOTH),
    ("/knowledge/<int:knowledge_id>", knowledge.edit_knowledge, _BOTH),
    ("/knowledge/<int:knowledge_id>/retire", knowledge.retire_knowledge, _BOTH),
    ("/knowledge/<int:knowledge_id>/move", knowledge.move_knowledge, ["POST"]),
    ("/references", changes.list_references, ["GET"]),
    ("/references/new", changes.add_reference, _BOTH),
    ("/references/<int:reference_id>", changes.edit_reference, _BOTH),
    ("/changes", changes.list_changes, ["GET"]),
    ("/undo", changes.undo, ["POST"]),
    ("/tasks/<int:task_id>/split", changes.split_task, _BOTH),
    ("/tasks/<int:task_id>/merge", changes.merge_tasks, _BOTH),
):
    bp.add_url_rule(address, view_func=view, methods=methods)


@bp.app_template_global("may_edit_inventory")
def may_edit() -> bool:
    """Say whether this person can change the inventory now: by role, and while it is not locked."""
    return g.study.stage in BEFORE_LAUNCH and allows("inventory.add_task", g.roles, "POST")


def _to_index(study_id: int, anchor: str | None = None) -> ResponseReturnValue:
    return redirect(url_for("inventory.index", study_id=study_id, _anchor=anchor), 303)


@bp.get("")
def index(study_id: int) -> ResponseReturnValue:
    """Show the inventory, or what a search finds in it."""
    query, area, lacking = service.read_filter(request.args)
    inventory = service.load_inventory(study_id, query, area=area, lacking=lacking)
    editing = may_edit()
    return render_template(
        "inventory/index.html", inventory=inventory, query=query, area=area, lacking=lacking, may_edit=editing,
        is_editor=allows("inventory.add_task", g.roles, "POST"), last=last_change(study_id) if editing else None,
        areas=area_choices(service.load_tree(study_id)), sources=references.references_of_tasks(study_id),
    )  # fmt: skip


@bp.route("/tasks/new", methods=["GET", "POST"])
def add_task(study_id: int) -> ResponseReturnValue:
    """Add a task statement."""
    known = references.list_references(study_id)
    form = AddTaskForm(domains=service.load_tree(study_id), references=known)
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
    stored = {"area": str(task.domain_id), "references": references.reference_ids(task)}
    known = references.list_references(study_id)
    form = TaskForm(obj=task, data=stored, domains=service.load_tree(study_id), references=known)
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
        history=service.wording_history(task), sources=references.references_of_tasks(study_id).get(task_id, []),
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


@bp.post("/tasks/place")
def place_tasks(study_id: int) -> ResponseReturnValue:
    """Move the chosen task statements into an area, before one of its tasks where one is named."""
    try:
        moved = acts.place_tasks(
            current_actor(), study_id, sent_ids("task"), area_id=sent_id("area") or None,
            before_id=sent_id("before") or None,
        )  # fmt: skip
    except InvalidInputError as error:
        flash(error.message, "error")
        return _to_index(study_id)
    flash("The task statement is moved." if moved == 1 else f"{moved} task statements are moved.", "success")
    return _to_index(study_id, f"area-{sent_id('area')}")
