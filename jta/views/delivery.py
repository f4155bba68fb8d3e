"""The roster, its people and their links; the page of responses."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from jta.errors import EditConflictError, InvalidInputError
from jta.forms.common import show_error
from jta.forms.delivery import AddPersonForm, PersonForm
from jta.jobs import worker_is_running
from jta.permissions import current_actor
from jta.services import delivery as service
from jta.services.delivery_roster import NO_STRATUM, get_person, load_roster, person_state, read_filter
from jta.services.monitor import MEANING, SMALLEST_GROUP, STATUSES, load_monitor, statuses
from jta.services.person_story import load_story
from jta.services.precision import ask_precision, load_precision
from jta.services.recipients import is_mailed
from jta.services.survey_overview import monitor_step
from jta.views import delivery_files as files

bp = Blueprint("delivery", __name__, url_prefix="/studies/<int:study_id>")
bp.add_url_rule("/roster/import", view_func=files.upload, methods=["GET", "POST"])
bp.add_url_rule("/roster/import/apply", view_func=files.apply_import, methods=["POST"])
bp.add_url_rule("/roster/template.<any(csv, xlsx):form>", view_func=files.template)


def _is_open() -> bool:
    return g.study.stage in service.OPEN_STAGES


def _to_roster(study_id: int) -> ResponseReturnValue:
    return redirect(url_for("delivery.roster", study_id=study_id), 303)


@bp.get("/roster")
def roster(study_id: int) -> ResponseReturnValue:
    """Show who is invited and where each person stands; never an answer."""
    page = load_roster(study_id, read_filter(request.args))
    return render_template(
        "delivery/roster.html", page=page, is_open=_is_open(), meaning=MEANING, statuses=STATUSES, no_stratum=NO_STRATUM
    )


@bp.route("/roster/new", methods=["GET", "POST"])
def add_person(study_id: int) -> ResponseReturnValue:
    """Add one person."""
    form = AddPersonForm(strata=service.list_strata(study_id))
    if form.validate_on_submit():
        try:
            person = service.add_person(current_actor(), study_id, form.details(), code=form.code.data or "")
        except InvalidInputError as error:
            show_error(form, error)
        else:
            flash(f"{person.name} is on the roster with the code {person.code}.", "success")
            return _to_roster(study_id)
    page = render_template("delivery/add_person.html", form=form, is_open=_is_open())
    return page, 422 if form.is_submitted() else 200


@bp.route("/roster/<int:person_id>", methods=["GET", "POST"])
def edit_person(study_id: int, person_id: int) -> ResponseReturnValue:
    """Change what the roster says of a person."""
    person = get_person(study_id, person_id)
    form = PersonForm(strata=service.list_strata(study_id), data=_stored(person))
    conflict, status = None, 422 if form.is_submitted() else 200
    if form.validate_on_submit():
        try:
            service.edit_person(current_actor(), study_id, person_id, form.details(), seen=form.seen.data or "")
        except InvalidInputError as error:
            show_error(form, error)
        except EditConflictError as error:
            conflict, status = error, 409
            form.seen.data = person_state(get_person(study_id, person_id))
        else:
            flash("Saved.", "success")
            return _to_roster(study_id)
    page = render_template(
        "delivery/person.html", person=person, form=form, conflict=conflict, is_open=_is_open(),
        status=statuses(study_id, [person_id])[person_id], meaning=MEANING, story=load_story(person),
        mailed=is_mailed(person_id),
    )  # fmt: skip
    return page, status


def _stored(person: service.Person) -> dict[str, str]:
    return {
        "name": person.name, "email": person.email or "", "organization": person.organization,
        "stratum_id": str(person.stratum_id or ""), "seen": person_state(person),
    }  # fmt: skip


@bp.route("/roster/<int:person_id>/remove", methods=["GET", "POST"])
def remove_person(study_id: int, person_id: int) -> ResponseReturnValue:
    """Ask, then take a person off the roster."""
    person = get_person(study_id, person_id)
    if request.method == "POST":
        name = person.name
        service.remove_person(current_actor(), study_id, person_id)
        flash(f"{name} is off the roster.", "success")
        return _to_roster(study_id)
    service.require_removable(person)
    return render_template("delivery/remove_person.html", person=person, is_open=_is_open())


@bp.route("/roster/links", methods=["GET", "POST"])
def links(study_id: int) -> ResponseReturnValue:
    """Say how many people have no link; make links and show them this once, or hand them out as a file."""
    if request.method != "POST":
        waiting, counts = service.count_without_link(study_id), load_roster(study_id).counts
        return render_template(
            "delivery/links.html", waiting=waiting, counts=counts, is_open=_is_open(),
            renewable=service.count_renewable(study_id),
        )  # fmt: skip
    make = service.renew_links if request.form.get("for") == "lost" else service.make_links
    made = make(current_actor(), study_id)
    if not made:
        flash("Nobody needed a new link.", "info")
        return redirect(url_for("delivery.links", study_id=study_id), 303)
    if request.form.get("as") == "csv":
        return files.links_file(study_id, made)
    return render_template("delivery/made_links.html", made=made)


@bp.route("/roster/<int:person_id>/link", methods=["GET", "POST"])
def replace_link(study_id: int, person_id: int) -> ResponseReturnValue:
    """Ask, then make a new link for one person and show it this once."""
    person = get_person(study_id, person_id)
    if request.method != "POST":
        has_link = person.token_hash is not None
        return render_template("delivery/replace_link.html", person=person, has_link=has_link, is_open=_is_open())
    made = service.replace_link(current_actor(), study_id, person_id)
    return render_template("delivery/made_links.html", made=[made], replaced=True)


@bp.get("/responses")
def monitor(study_id: int) -> ResponseReturnValue:  # noqa: ARG001  the guard has loaded the study
    """Show how the survey goes, in counts."""
    shown = load_monitor(g.study)
    return render_template(
        "delivery/monitor.html", monitor=shown, step=monitor_step(g.study, shown), meaning=MEANING,
        statuses=STATUSES, smallest=SMALLEST_GROUP, precision=load_precision(g.study), working=worker_is_running(),
    )  # fmt: skip


@bp.post("/responses/precision")
def precision(study_id: int) -> ResponseReturnValue:
    """Ask for the precision reached so far."""
    ask_precision(current_actor(), study_id)
    return redirect(url_for("delivery.monitor", study_id=study_id, _anchor="precision-title"), 303)


@bp.get("/responses.<any(csv, xlsx):form>")
def counts_file(study_id: int, form: str) -> ResponseReturnValue:
    """Hand out the counts of the page as a file."""
    return files.counts_file(study_id, form, load_monitor(g.study))
