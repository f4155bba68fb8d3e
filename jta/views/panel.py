"""The panel as the director sees it: overview, statements, make-up. People and rounds have their own files."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from jta.errors import EditConflictError, InvalidInputError
from jta.forms.common import sent_id
from jta.forms.panel import SPARE_ROWS, TextsForm, read_targets, target_choices
from jta.permissions import allows, current_actor
from jta.services import panel_composition as composition
from jta.services import panel_statements as statements
from jta.services.panel_overview import load_overview
from jta.views import panel_files as files
from jta.views import panel_ksa as ksa
from jta.views import panel_people as people
from jta.views import panel_rounds as rounds
from jta.views.panelist import enter
from jta.views.study_attempt import attempt

bp = Blueprint("panel", __name__, url_prefix="/studies/<int:study_id>/panel")
_BOTH = ["GET", "POST"]
bp.add_url_rule("/enter", view_func=enter, methods=["POST"])
bp.add_url_rule("/people", view_func=people.people)
bp.add_url_rule("/people/new", view_func=people.add_panelist, methods=_BOTH)
bp.add_url_rule("/people/links", view_func=people.links, methods=_BOTH)
bp.add_url_rule("/people/import", view_func=files.upload, methods=_BOTH)
bp.add_url_rule("/people/import/apply", view_func=files.apply_import, methods=["POST"])
bp.add_url_rule("/people/template.<any(csv, xlsx):form>", view_func=files.template)
bp.add_url_rule("/people/<int:panelist_id>", view_func=people.edit_panelist, methods=_BOTH)
bp.add_url_rule("/people/<int:panelist_id>/leave", view_func=people.part, methods=_BOTH)
bp.add_url_rule("/people/<int:panelist_id>/link", view_func=people.replace_link, methods=_BOTH)
bp.add_url_rule("/rounds/new", view_func=rounds.choose_round)
bp.add_url_rule("/rounds/new/<round_kind>", view_func=rounds.create_round, methods=_BOTH)
bp.add_url_rule("/rounds/<int:round_id>", view_func=rounds.round_page)
bp.add_url_rule("/rounds/<int:round_id>/edit", view_func=rounds.edit_round, methods=_BOTH)
bp.add_url_rule("/rounds/<int:round_id>/act", view_func=rounds.act, methods=["POST"])
bp.add_url_rule("/rounds/<int:round_id>/remind", view_func=rounds.remind, methods=["POST"])
bp.add_url_rule("/rounds/<int:round_id>/reopen", view_func=rounds.reopen, methods=_BOTH)
bp.add_url_rule("/rounds/<int:round_id>/results", view_func=rounds.results)
bp.add_url_rule("/rounds/<int:round_id>/results.csv", view_func=files.results_file)
bp.add_url_rule("/rounds/<int:round_id>/decisions", view_func=rounds.decisions, methods=_BOTH)
bp.add_url_rule("/rounds/<int:round_id>/decisions/<subject>", view_func=rounds.decide, methods=_BOTH)
bp.add_url_rule("/ksa-weights", view_func=ksa.ksa_weights)
bp.add_url_rule("/ksa-weights.csv", view_func=ksa.ksa_file)


@bp.get("")
def index(study_id: int) -> ResponseReturnValue:
    """Show the panel at a glance, with the one next step."""
    overview = load_overview(study_id)
    reads = allows("panel.round_page", g.roles)
    step_url = None
    if allows(overview.step.endpoint, g.roles):
        step_url = url_for(overview.step.endpoint, study_id=study_id, **overview.step.values)
    return render_template("panel/index.html", overview=overview, step_url=step_url, reads=reads)


@bp.route("/statements", methods=["GET", "POST"])
def texts(study_id: int) -> ResponseReturnValue:
    """Show the statements that panelists sign, and change them."""
    now = {text.kind: text for text in statements.list_texts(study_id)}
    form = TextsForm(data={kind: text.text for kind, text in now.items()} | _seen(now))
    tried = attempt(
        form,
        lambda: statements.save_texts(
            current_actor(), study_id, {kind: form[kind].data or "" for kind in now},
            seen={kind: sent_id(f"seen_{kind}") for kind in now},
        ),
    )  # fmt: skip
    if tried.done:
        flash("Saved. Panelists are asked to sign what changed." if tried.result else "Nothing was changed.", "success")
        return redirect(url_for("panel.index", study_id=study_id), 303)
    if tried.conflict:
        for name, number in _seen({t.kind: t for t in statements.list_texts(study_id)}).items():
            form[name].data = number
    return render_template("panel/texts.html", form=form, conflict=tried.conflict), tried.status


def _seen(texts: dict[str, statements.StatementText]) -> dict[str, int]:
    return {f"seen_{kind}": text.number for kind, text in texts.items()}


@bp.route("/targets", methods=["GET", "POST"])
def targets(study_id: int) -> ResponseReturnValue:
    """Say what the panel should look like: how many of each kind."""
    error, status = None, 200
    rows = [composition.TargetRow(t.attribute, t.value, t.target) for t in composition.list_targets(study_id)]
    if request.method == "POST":
        try:
            rows = read_targets(request.form)
            composition.save_targets(current_actor(), study_id, rows, seen=request.form.get("seen", ""))
            flash("The target make-up is saved.", "success")
            return redirect(url_for("panel.index", study_id=study_id), 303)
        except (InvalidInputError, EditConflictError) as refused:
            error, status = refused, refused.status
    page = render_template(
        "panel/targets.html", rows=rows, spare=SPARE_ROWS, choices=target_choices(), error=error,
        seen=composition.targets_state(study_id), composition=composition.load_composition(study_id),
    )  # fmt: skip
    return page, status
