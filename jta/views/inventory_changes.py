"""What was done to the inventory and how to undo it; splitting and merging; references. Addresses: inventory.py."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from jta.forms.common import sent_id
from jta.forms.inventory_more import MergeForm, ReferenceForm, SplitForm
from jta.forms.study import seen_version
from jta.permissions import current_actor
from jta.services import inventory as service
from jta.services import inventory_log as log
from jta.services import inventory_references as references
from jta.services import inventory_shape as shape
from jta.services.inventory_undo import undo_last, why_not
from jta.views.study_attempt import attempt


def list_changes(study_id: int) -> ResponseReturnValue:
    """Show the newest acts on the inventory, and the button that undoes the last one."""
    last = log.last_change(study_id)
    hindrance = why_not(last) if last else ""
    return render_template("inventory/changes.html", changes=log.list_changes(study_id), last=last, hindrance=hindrance)


def undo(study_id: int) -> ResponseReturnValue:
    """Undo the last act."""
    change = undo_last(current_actor(), study_id, sent_id("change"))
    flash(f"Undone: {change.summary}.", "success")
    return redirect(url_for("inventory.index", study_id=study_id), 303)


def split_task(study_id: int, task_id: int) -> ResponseReturnValue:
    """Make two task statements of one."""
    task = service.get_task(study_id, task_id)
    form = SplitForm(data={"first": task.statement, "version": task.version})
    tried = attempt(
        form,
        lambda: shape.split_task(
            current_actor(), study_id, task_id, form.words(), version=seen_version(form), reason=form.reason.data or ""
        ),
        version=lambda: service.get_task(study_id, task_id).version,
    )
    if tried.done:
        flash(f"{task.code} is two task statements now.", "success")
        return redirect(url_for("inventory.index", study_id=study_id, _anchor=f"task-{task_id}"), 303)
    return render_template("inventory/split.html", task=task, form=form, conflict=tried.conflict), tried.status


def merge_tasks(study_id: int, task_id: int) -> ResponseReturnValue:
    """Make one task statement of two."""
    task, tasks = service.get_task(study_id, task_id), service.live_tasks(study_id)
    form = MergeForm(data={"statement": task.statement, "version": task.version}, task=task, tasks=tasks)
    if request.method == "GET" and request.args.get("other", "").isdecimal():
        form.other.data = int(request.args["other"])
    tried = attempt(
        form,
        lambda: shape.merge_tasks(
            current_actor(), study_id, task_id, form.other.data, form.statement.data,
            version=seen_version(form), reason=form.reason.data,
        ),
        version=lambda: service.get_task(study_id, task_id).version,
    )  # fmt: skip
    if tried.done:
        flash(f"{task.code} holds both now. The other one is retired.", "success")
        return redirect(url_for("inventory.index", study_id=study_id, _anchor=f"task-{task_id}"), 303)
    return render_template("inventory/merge.html", task=task, form=form, conflict=tried.conflict), tried.status


def list_references(study_id: int) -> ResponseReturnValue:
    """Show the sources of the statements."""
    return render_template(
        "inventory/references.html", references=references.list_references(study_id),
        uses=references.uses_of_references(study_id),
    )  # fmt: skip


def add_reference(study_id: int) -> ResponseReturnValue:
    """Add a reference."""
    form = ReferenceForm()
    tried = attempt(form, lambda: references.save_reference(current_actor(), study_id, form.words()))
    if tried.done:
        flash(f"{tried.result.code} is added. Tick it on the pages of the statements that come from it.", "success")
        return redirect(url_for("inventory.list_references", study_id=study_id), 303)
    return render_template("inventory/reference_form.html", form=form, reference=None), tried.status


def edit_reference(study_id: int, reference_id: int) -> ResponseReturnValue:
    """Change a reference, or delete it while no statement comes from it."""
    reference = references.get_reference(study_id, reference_id)
    if request.method == "POST" and request.form.get("act") == "delete":
        references.delete_reference(current_actor(), study_id, reference_id)
        flash("The reference is deleted.", "success")
        return redirect(url_for("inventory.list_references", study_id=study_id), 303)
    form = ReferenceForm(obj=reference)
    tried = attempt(
        form,
        lambda: references.save_reference(
            current_actor(), study_id, form.words(), reference_id=reference_id, version=seen_version(form)
        ),
        version=lambda: references.get_reference(study_id, reference_id).version,
    )
    if tried.done:
        flash("Saved.", "success")
        return redirect(url_for("inventory.list_references", study_id=study_id), 303)
    uses = references.uses_of_references(study_id).get(reference_id, 0)
    page = render_template(
        "inventory/reference_form.html", form=form, reference=reference, uses=uses, conflict=tried.conflict
    )
    return page, tried.status
