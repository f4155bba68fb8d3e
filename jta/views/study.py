"""Studies: the list, a new one, where one stands, its description, people and audit trail."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from jta import audit
from jta.errors import InvalidInputError, NotFoundError
from jta.forms.account import MemberForm
from jta.forms.study import CreateStudyForm, StageForm, StudyForm, seen_version
from jta.permissions import allows, current_actor
from jta.services import account as account_service
from jta.services import study as service
from jta.services.study_counts import count_all, count_study
from jta.services.study_currency import currency_of
from jta.services.study_progress import NextStep, next_step, stage_track
from jta.services.study_stage import BEFORE_LAUNCH, USED, is_before
from jta.services.study_stage import change_stage as move_to_stage
from jta.services.study_trail import load_trail, recent_events
from jta.sessions import current_user
from jta.views import study_design
from jta.views.study_attempt import attempt

bp = Blueprint("study", __name__, url_prefix="/studies")
bp.add_url_rule("/<int:study_id>/strata", view_func=study_design.strata, methods=["GET", "POST"])
bp.add_url_rule("/<int:study_id>/plan", view_func=study_design.plan, methods=["GET", "POST"])
bp.add_url_rule("/<int:study_id>/plan/compare", view_func=study_design.compare_plans)


@bp.get("")
def index() -> ResponseReturnValue:
    """List the studies in which this account has a role, each with its next step."""
    studies = service.list_studies(current_user)
    counts = count_all([study.id for study, _ in studies])
    rows = [(study, roles, next_step(study, counts[study.id])) for study, roles in studies]
    return render_template(
        "study/index.html", rows=rows, currency=currency_of(list(counts)), may_create=service.may_create(current_user)
    )


@bp.route("/new", methods=["GET", "POST"])
def create() -> ResponseReturnValue:
    """Create a study."""
    user = current_user._get_current_object()
    if not service.may_create(user):
        raise NotFoundError
    form = CreateStudyForm(names_director=user.is_administrator)
    tried = attempt(
        form,
        lambda: service.create_study(
            current_actor(), user, form.details(), start=form.start.data, director_email=form.director
        ),
    )
    if tried.done:
        return _created(tried.result, form.director)
    return render_template("study/create.html", form=form), tried.status


def _created(study: service.Study, director: str | None) -> ResponseReturnValue:
    if director is not None:
        flash(f"The study “{study.title}” is ready. {director} is its director and goes on from here.", "success")
        return redirect(url_for("study.index"), 303)
    flash("The study is ready, with a survey to start from. All of it can be changed until launch.", "success")
    return redirect(url_for("study.overview", study_id=study.id), 303)


@bp.get("/<int:study_id>")
def overview(study_id: int) -> ResponseReturnValue:
    """Say where the study stands, what is missing and what comes next."""
    counts = count_study(study_id)
    step = next_step(g.study, counts)
    reads_trail = allows("study.audit", g.roles)
    return render_template(
        "study/overview.html", counts=counts, step=step, step_url=_step_url(step, study_id),
        stages=stage_track(g.study.stage, {change.to_stage for change in g.study.stage_changes}, g.study.kind),
        earlier=_earlier_stages(), currency=currency_of([study_id]).get(study_id),
        events=recent_events(study_id) if reads_trail else [],
    )  # fmt: skip


def _step_url(step: NextStep, study_id: int) -> str | None:
    """Return where the next step is done, or None for somebody who may not do it."""
    if not allows(step.endpoint, g.roles, "POST" if step.post else "GET"):
        return None
    return url_for(step.endpoint, study_id=study_id, **step.values)


def _earlier_stages() -> list[str]:
    if g.study.stage not in BEFORE_LAUNCH or not allows("study.change_stage", g.roles):
        return []
    return [stage for stage in USED if is_before(stage, g.study.stage)]


@bp.route("/<int:study_id>/stage", methods=["GET", "POST"])
def change_stage(study_id: int) -> ResponseReturnValue:
    """Go on to the next stage before launch, or back to an earlier one with a reason."""
    form = StageForm(to=request.args.get("to", ""))
    if form.to.data not in USED:
        raise InvalidInputError("There is no such stage. Go back to the overview and choose one there.")
    to, reason = form.to.data, form.reason.data or ""
    tried = attempt(form, lambda: move_to_stage(current_actor(), study_id, to=to, reason=reason))
    if tried.done:
        flash(f"The study is now at the stage “{to.capitalize()}”.", "success")
        return redirect(url_for("study.overview", study_id=study_id), 303)
    return render_template("study/change_stage.html", form=form), tried.status


@bp.route("/<int:study_id>/edit", methods=["GET", "POST"])
def edit(study_id: int) -> ResponseReturnValue:
    """Change the description of the study."""
    form = StudyForm(obj=g.study)
    tried = attempt(
        form,
        lambda: service.edit_study(current_actor(), study_id, form.details(), version=seen_version(form)),
        version=lambda: service.get_study(study_id).version,
    )
    if tried.done:
        flash("Saved.", "success")
        return redirect(url_for("study.overview", study_id=study_id), 303)
    return render_template("study/edit.html", form=form, conflict=tried.conflict), tried.status


@bp.route("/<int:study_id>/people", methods=["GET", "POST"])
def members(study_id: int) -> ResponseReturnValue:
    """Show who has which role in the study, and give roles."""
    form = MemberForm()
    tried = attempt(
        form,
        lambda: account_service.grant_role(
            current_actor(), study_id=study_id, email=form.email.data, role=form.role.data
        ),
    )
    if tried.done:
        flash(f"{tried.result.user.name} is {tried.result.role} of this study now.", "success")
        return redirect(url_for("study.members", study_id=study_id), 303)
    return render_template("study/members.html", form=form, members=service.list_people(study_id)), tried.status


@bp.route("/<int:study_id>/people/<int:membership_id>/remove", methods=["GET", "POST"])
def remove_member(study_id: int, membership_id: int) -> ResponseReturnValue:
    """Ask, then take a role away."""
    member = next((m for m in service.list_people(study_id) if m.id == membership_id), None)
    if member is None:
        raise NotFoundError
    if request.method != "POST":
        return render_template("study/remove_member.html", member=member)
    own = member.user_id == current_user.id
    try:
        account_service.revoke_role(current_actor(), study_id=study_id, membership_id=membership_id)
    except InvalidInputError as error:
        flash(error.message, "error")
        return redirect(url_for("study.members", study_id=study_id), 303)
    flash("The role is taken away.", "success")
    return redirect(url_for("study.index") if own else url_for("study.members", study_id=study_id), 303)


@bp.get("/<int:study_id>/audit", endpoint="audit")
def audit_trail(study_id: int) -> ResponseReturnValue:
    """Show the study's audit trail and whether its chain is whole."""
    page = request.args.get("page", 1, type=int)
    trail = load_trail(audit.study_chain(study_id), page=page, check="check" in request.args)
    return render_template("study/audit.html", trail=trail)
