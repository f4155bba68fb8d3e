"""KSAs: look, search, add, edit, move, retire, restore. Their addresses stand in inventory.py."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from jta.forms.common import sent_steps
from jta.forms.inventory import RetireForm
from jta.forms.inventory_more import KIND_WORDS, AddKnowledgeForm, KnowledgeForm
from jta.forms.study import seen_version
from jta.permissions import current_actor
from jta.services import inventory_knowledge as service
from jta.services import inventory_references as references
from jta.services.inventory import load_tree, wording_history
from jta.views.study_attempt import attempt


def _to_list(study_id: int, anchor: str | None = None) -> ResponseReturnValue:
    return redirect(url_for("inventory.list_knowledge", study_id=study_id, _anchor=anchor), 303)


def list_knowledge(study_id: int) -> ResponseReturnValue:
    """Show the KSAs, or what a search finds among them."""
    query, kind = request.args.get("q", "").strip()[:200], request.args.get("kind", "")
    found = service.load_knowledge(study_id, query, kind if kind in KIND_WORDS else "")
    return render_template(
        "inventory/knowledge.html", found=found, query=query, kind=kind, kinds=KIND_WORDS,
        sources=references.references_of_knowledge(study_id),
    )  # fmt: skip


def add_knowledge(study_id: int) -> ResponseReturnValue:
    """Add a KSA."""
    form = AddKnowledgeForm(domains=load_tree(study_id), references=references.list_references(study_id))
    if request.method == "GET":
        form.area.data = request.args.get("area", "")
    tried = attempt(
        form,
        lambda: service.add_knowledge(current_actor(), study_id, code=form.code.data, words=form.words()),
    )
    if tried.done:
        flash(f"KSA {tried.result.code} is added.", "success")
        return _to_list(study_id, f"ksa-{tried.result.id}")
    return render_template("inventory/knowledge_form.html", form=form, one=None), tried.status


def edit_knowledge(study_id: int, knowledge_id: int) -> ResponseReturnValue:
    """Show a KSA with the history of its wording, and change it."""
    one = service.get_knowledge(study_id, knowledge_id)
    stored = {"area": str(one.domain_id or ""), "references": references.reference_ids(one)}
    form = KnowledgeForm(
        obj=one, data=stored, domains=load_tree(study_id), references=references.list_references(study_id)
    )
    tried = attempt(
        form,
        lambda: service.edit_knowledge(
            current_actor(), study_id, knowledge_id, form.words(),
            version=seen_version(form), reason=form.reason.data or "",
        ),
        version=lambda: service.get_knowledge(study_id, knowledge_id).version,
    )  # fmt: skip
    if tried.done:
        flash(f"KSA {one.code} is saved.", "success")
        return _to_list(study_id, f"ksa-{knowledge_id}")
    page = render_template(
        "inventory/knowledge_form.html", form=form, one=one, conflict=tried.conflict, history=wording_history(one),
        sources=references.references_of_knowledge(study_id).get(knowledge_id, []),
    )  # fmt: skip
    return page, tried.status


def retire_knowledge(study_id: int, knowledge_id: int) -> ResponseReturnValue:
    """Ask for the reason, then retire a KSA; or restore a retired one."""
    one = service.get_knowledge(study_id, knowledge_id)
    form = RetireForm()
    if request.method == "POST" and request.form.get("act") == "restore":
        service.restore_knowledge(current_actor(), study_id, knowledge_id)
        flash(f"KSA {one.code} is back in use.", "success")
        return _to_list(study_id, f"ksa-{knowledge_id}")
    if form.validate_on_submit():
        service.retire_knowledge(current_actor(), study_id, knowledge_id, reason=form.reason.data)
        flash(f"KSA {one.code} is retired. You find it at the end of the list.", "success")
        return _to_list(study_id)
    page = render_template("inventory/retire_knowledge.html", one=one, form=form)
    return page, 422 if form.is_submitted() else 200


def move_knowledge(study_id: int, knowledge_id: int) -> ResponseReturnValue:
    """Move a KSA up or down among those of its domain."""
    up = request.form.get("direction") == "up"
    service.move_knowledge(current_actor(), study_id, knowledge_id, up=up, steps=sent_steps())
    return _to_list(study_id, f"ksa-{knowledge_id}")
