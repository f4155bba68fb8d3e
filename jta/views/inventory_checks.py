"""The statement checks: remarks with their reasons, dismissing them, the study's word lists."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from jta.errors import InvalidInputError, StateError
from jta.forms.inventory_checks import WordListForm
from jta.forms.study import seen_version
from jta.permissions import current_actor
from jta.services import inventory_checks as service
from jta.services.statement_rules import RULES
from jta.views.study_attempt import attempt

bp = Blueprint("inventory_checks", __name__, url_prefix="/studies/<int:study_id>/inventory/checks")


@bp.get("")
def index(study_id: int) -> ResponseReturnValue:
    """Show the remarks on the statements, or those under one rule."""
    rule = request.args.get("rule", "")
    report = service.load_report(study_id)
    shown = [line for line in report.open if rule not in RULES or line.remark.rule == rule]
    return render_template("inventory/checks.html", report=report, shown=shown, rule=rule, rules=RULES)


@bp.post("/dismiss")
def dismiss(study_id: int) -> ResponseReturnValue:
    """Set a remark aside with a reason."""
    sent = request.form
    try:
        service.dismiss(
            current_actor(), study_id, code=sent.get("code", ""), key=sent.get("key", ""), reason=sent.get("reason", "")
        )
    except (InvalidInputError, StateError) as error:
        flash(error.message, "error")
    else:
        flash("The remark is set aside. It comes back when the wording changes.", "success")
    return redirect(url_for("inventory_checks.index", study_id=study_id, rule=sent.get("rule") or None), 303)


@bp.post("/dismissed/<int:dismissal_id>")
def take_back(study_id: int, dismissal_id: int) -> ResponseReturnValue:
    """Let a dismissed remark count again."""
    service.take_back(current_actor(), study_id, dismissal_id)
    flash("The remark counts again.", "success")
    return redirect(url_for("inventory_checks.index", study_id=study_id), 303)


@bp.route("/words", methods=["GET", "POST"])
def words(study_id: int) -> ResponseReturnValue:
    """Change the product names that are looked for and the acronyms that pass."""
    setting = service.get_setting(study_id)
    form = WordListForm(
        data={"brands": "\n".join(setting.brands), "acronyms": "\n".join(setting.acronyms), "version": setting.version}
    )
    tried = attempt(
        form,
        lambda: service.save_setting(
            current_actor(), study_id, brands=form.lines("brands"), acronyms=form.lines("acronyms"),
            version=seen_version(form),
        ),
        version=lambda: service.get_setting(study_id).version,
    )  # fmt: skip
    if tried.done:
        flash("Saved.", "success")
        return redirect(url_for("inventory_checks.index", study_id=study_id), 303)
    return render_template("inventory/check_words.html", form=form, conflict=tried.conflict), tried.status
