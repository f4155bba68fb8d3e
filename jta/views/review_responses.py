"""The data review: list of responses by flags, one response, decide. Their addresses stand in review.py."""

from __future__ import annotations

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from jta.errors import EditConflictError, InvalidInputError
from jta.forms.common import show_error
from jta.forms.review_decision import DecisionForm, UndoForm
from jta.permissions import allows, current_actor
from jta.services import review_decisions as service
from jta.services.screening_page import current_flags, response_page, review_page
from jta.services.screening_rules import GRADES

UNDO = "undo"
DONE = {
    "exclude": "The response is left out of the data sets frozen from now on.",
    "keep": "The response is kept.",
    UNDO: "The decision is undone. It stays in the history.",
}


def responses(study_id: int) -> ResponseReturnValue:  # noqa: ARG001  the guard has loaded the study
    """List responses by number of flags; whoever may not see single ones gets counts."""
    page = review_page(
        g.study,
        show=request.args.get("show", "open"),
        page=request.args.get("page", 1, type=int),
        sees_responses=allows("review.response", g.roles),
    )
    return render_template("review/responses.html", page=page, grades=GRADES)


def response(study_id: int, code: str) -> ResponseReturnValue:  # noqa: ARG001  as above
    """Show the evidence on one response."""
    return _page(code, DecisionForm(formdata=None), UndoForm(formdata=None), 200)


def _page(
    code: str, form: DecisionForm, undo_form: UndoForm, status: int, conflict: EditConflictError | None = None
) -> ResponseReturnValue:
    page = response_page(g.study, code)
    form.seen.data = undo_form.seen.data = str(page.standing.id if page.standing else 0)
    text = render_template(
        "review/response.html", page=page, form=form, undo_form=undo_form, grades=GRADES, conflict=conflict
    )
    return text, status


def decide(study_id: int, code: str) -> ResponseReturnValue:
    """Exclude, keep or undo, then show the response again."""
    undoing = request.form.get("act") == UNDO
    form = DecisionForm(formdata=None if undoing else request.form)
    undo_form = UndoForm(formdata=request.form if undoing else None)
    service.get_response(study_id, code)
    if not (undo_form if undoing else form).validate():
        return _page(code, form, undo_form, 422)
    try:
        done = _undo(study_id, code, undo_form) if undoing else _decide(study_id, code, form)
    except InvalidInputError as error:
        show_error(form, error)
        return _page(code, form, undo_form, 422)
    except EditConflictError as error:
        return _page(code, form, undo_form, 409, error)
    flash(DONE[done], "success")
    return redirect(url_for("review.response", study_id=study_id, code=code), 303)


def _decide(study_id: int, code: str, form: DecisionForm) -> str:
    decision = service.decide(
        current_actor(), study_id, code, choice=form.choice.data, ground=form.ground.data or "",
        reason=form.reason.data, flags=current_flags(study_id, code), seen=form.seen_id,
    )  # fmt: skip
    return decision.choice


def _undo(study_id: int, code: str, form: UndoForm) -> str:
    service.undo(current_actor(), study_id, code, reason=form.undo_reason.data, seen=form.seen_id)
    return UNDO
