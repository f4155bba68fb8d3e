"""Content domains and subdomains: add, rename, place, delete. Their addresses stand in inventory.py."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from jta.errors import InvalidInputError
from jta.forms.common import sent_id, sent_steps
from jta.forms.inventory import AddAreaForm, AreaForm
from jta.forms.study import seen_version
from jta.permissions import current_actor
from jta.services import inventory as service
from jta.services import inventory_areas as acts
from jta.views.study_attempt import attempt


def _to_index(study_id: int, anchor: str | None = None, **shown: int) -> ResponseReturnValue:
    return redirect(url_for("inventory.index", study_id=study_id, _anchor=anchor, **shown), 303)


def add_domain(study_id: int) -> ResponseReturnValue:
    """Add a content domain or subdomain."""
    form = AddAreaForm(domains=service.load_tree(study_id))
    if request.method == "GET":
        form.new_parent.data = request.args.get("parent", "")
    tried = attempt(form, lambda: acts.add_area(current_actor(), study_id, form.new_area()))
    if tried.done:
        flash(f"{tried.result.code} {tried.result.title} is added.", "success")
        return _to_index(study_id, f"area-{tried.result.id}")
    return render_template("inventory/add_domain.html", form=form), tried.status


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
        "inventory/domain.html", area=area, form=form, conflict=tried.conflict,
        is_empty=acts.is_empty_area(domain_id), domains=service.load_tree(study_id),
    )  # fmt: skip
    return page, tried.status


def _act_on_area(study_id: int, domain_id: int, act: str) -> ResponseReturnValue | None:
    """Do what a button of the domain's page says, or nothing where it is the form's own."""
    if act in ("up", "down"):
        acts.move_area(current_actor(), study_id, domain_id, up=act == "up", steps=sent_steps())
        if "steps" in request.form:  # from the list of their order, which stays open
            return _to_index(study_id, f"order-{domain_id}", order=1)
        return _to_index(study_id, f"area-{domain_id}")
    if act == "place":
        return _place(study_id, domain_id)
    if act in ("through", "tested"):
        acts.set_runs_through(current_actor(), study_id, domain_id, runs_through=act == "through")
        flash("It runs through all domains now." if act == "through" else "It is a tested domain now.", "success")
        return redirect(url_for("inventory.edit_domain", study_id=study_id, domain_id=domain_id), 303)
    if act == "delete":
        acts.delete_area(current_actor(), study_id, domain_id)
        flash("The empty area is deleted.", "success")
        return _to_index(study_id)
    return None


def _place(study_id: int, domain_id: int) -> ResponseReturnValue:
    try:
        acts.place_area(current_actor(), study_id, domain_id, sent_id("parent") or None)
    except InvalidInputError as error:
        flash(error.message, "error")
        return redirect(url_for("inventory.edit_domain", study_id=study_id, domain_id=domain_id), 303)
    return _to_index(study_id, f"area-{domain_id}")
