"""The people of the panel: list, add, edit, part from, links. Their addresses stand in panel.py."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from jta.forms.panel import PanelistForm, ReasonForm, stored_panelist
from jta.forms.study import seen_version
from jta.permissions import current_actor
from jta.services import panel as service
from jta.services.panel_mail import came_back
from jta.services.panel_overview import has_signed
from jta.services.panel_statements import list_texts
from jta.services.person_story import load_panel_story
from jta.views.study_attempt import attempt


def _to_people(study_id: int) -> ResponseReturnValue:
    return redirect(url_for("panel.people", study_id=study_id), 303)


def people(study_id: int) -> ResponseReturnValue:
    """Show who is on the panel, what they signed, who has a link."""
    everybody, texts = service.list_panelists(study_id), list_texts(study_id)
    signed = {one.id: has_signed(one, texts) for one in everybody}
    return render_template("panel/people.html", people=everybody, signed=signed, back=came_back(study_id))


def add_panelist(study_id: int) -> ResponseReturnValue:
    """Add one person."""
    form = PanelistForm()
    tried = attempt(form, lambda: service.add_panelist(current_actor(), study_id, form.details()))
    if tried.done:
        flash(f"{tried.result.name} is on the panel with the code {tried.result.code}.", "success")
        return _to_people(study_id)
    return render_template("panel/person.html", form=form, person=None, returned=None), tried.status


def edit_panelist(study_id: int, panelist_id: int) -> ResponseReturnValue:
    """Show a person with what they signed, and change what the roster says."""
    person = service.get_panelist(study_id, panelist_id)
    form = PanelistForm(data=stored_panelist(person))
    tried = attempt(
        form,
        lambda: service.edit_panelist(
            current_actor(), study_id, panelist_id, form.details(), version=seen_version(form)
        ),
        version=lambda: service.get_panelist(study_id, panelist_id).version,
    )
    if tried.done:
        flash("Saved.", "success")
        return _to_people(study_id)
    page = render_template(
        "panel/person.html", form=form, person=person, conflict=tried.conflict, story=load_panel_story(person),
        returned=came_back(study_id).get(panelist_id),
    )  # fmt: skip
    return page, tried.status


def part(study_id: int, panelist_id: int) -> ResponseReturnValue:
    """Ask for the reason, then note that somebody left; or bring them back."""
    person, form = service.get_panelist(study_id, panelist_id), ReasonForm()
    if request.method == "POST" and request.form.get("act") == "back":
        service.bring_back(current_actor(), study_id, panelist_id)
        flash(f"{person.name} is on the panel again. Make a link for them.", "success")
        return _to_people(study_id)
    tried = attempt(
        form, lambda: service.part_from(current_actor(), study_id, panelist_id, reason=form.reason.data or "")
    )
    if tried.done:
        flash(f"{person.name} has left the panel. What they said in rounds stays on record.", "success")
        return _to_people(study_id)
    return render_template("panel/part.html", form=form, person=person), tried.status


def links(study_id: int) -> ResponseReturnValue:
    """Say how many have no link; make links and show them this once."""
    if request.method != "POST":
        everybody = service.list_panelists(study_id, with_left=False)
        return render_template("panel/links.html", waiting=[one for one in everybody if one.token_hash is None])
    made = service.make_panel_links(current_actor(), study_id)
    if not made:
        flash("Everybody has a link.", "info")
        return _to_people(study_id)
    return render_template("panel/made_links.html", made=made)


def replace_link(study_id: int, panelist_id: int) -> ResponseReturnValue:
    """Ask, then make a new link for one person and show it this once."""
    person = service.get_panelist(study_id, panelist_id)
    if request.method != "POST":
        return render_template("panel/replace_link.html", person=person)
    made = service.replace_panel_link(current_actor(), study_id, panelist_id)
    return render_template("panel/made_links.html", made=made)
