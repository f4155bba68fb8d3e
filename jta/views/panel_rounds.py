"""Rounds as the director sees them: make, open, follow, close, read, decide. Their addresses stand in panel.py."""

from __future__ import annotations

from typing import Any

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from jta.errors import InvalidInputError, NotFoundError
from jta.formats import plural
from jta.forms.common import sent_id
from jta.forms.panel import DecisionForm, ReasonForm, RoundForm
from jta.forms.study import seen_version
from jta.permissions import allows, current_actor
from jta.services import panel_decisions as decided
from jta.services import panel_mail as messages
from jta.services import panel_rounds as service
from jta.services.inventory import load_inventory
from jta.services.panel_apply import Wish, next_code
from jta.services.panel_kinds import KINDS
from jta.services.panel_overview import load_progress
from jta.services.panel_results import load_results, stopping_rule
from jta.services.panel_rows import decision_page, proposal_tasks
from jta.services.sending_page import mail_state
from jta.views.study_attempt import attempt


def _to_round(study_id: int, round_id: int) -> ResponseReturnValue:
    return redirect(url_for("panel.round_page", study_id=study_id, round_id=round_id), 303)


def choose_round(study_id: int) -> ResponseReturnValue:
    """Show the kinds of rounds with what each is for."""
    made = {one.kind for one in service.list_rounds(study_id)}
    return render_template("panel/choose_round.html", kinds=KINDS.values(), made=made)


def _form(study_id: int, kind: str, one: Any = None, **data: Any) -> RoundForm:
    tops = [branch.area for branch in load_inventory(study_id).domains]
    former = service.former_rounds(study_id, kind, one.number if one else None)
    return RoundForm(kind=KINDS[kind], domains=tops, former=former, data=data)


def create_round(study_id: int, round_kind: str) -> ResponseReturnValue:
    """Make a round as a draft."""
    if round_kind not in KINDS:
        raise NotFoundError
    kind = KINDS[round_kind]
    number = sum(one.kind == round_kind for one in service.list_rounds(study_id)) + 1
    title = kind.label if number == 1 else f"{kind.label}, round {number}"
    form = _form(study_id, round_kind, title=title, instructions=kind.instructions, link_share=50)
    tried = attempt(form, lambda: service.create_round(current_actor(), study_id, round_kind, form.plan()))
    if tried.done:
        flash("The round is a draft. Nobody sees it before you open it.", "success")
        return _to_round(study_id, tried.result.id)
    return render_template("panel/round_form.html", form=form, kind=kind, one=None), tried.status


def edit_round(study_id: int, round_id: int) -> ResponseReturnValue:
    """Change a round; once it is open, only its words and its date."""
    one = service.get_round(study_id, round_id)
    form = _form(
        study_id, one.kind, one, title=one.title, instructions=one.instructions, due_on=one.due_on,
        choice_set=one.settings.get("set"), former=str(one.former_id or ""), version=one.version,
        remind_days=str(one.remind_days),
        domains=[str(i) for i in one.settings.get("domains", ())],
        link_share=round(100 * one.settings.get("link_share", 0.5)),
    )  # fmt: skip
    tried = attempt(
        form,
        lambda: service.edit_round(current_actor(), study_id, round_id, form.plan(one), version=seen_version(form)),
        version=lambda: service.get_round(study_id, round_id).version,
    )
    if tried.done:
        flash("Saved.", "success")
        return _to_round(study_id, round_id)
    page = render_template("panel/round_form.html", form=form, kind=KINDS[one.kind], one=one, conflict=tried.conflict)
    return page, tried.status


def round_page(study_id: int, round_id: int) -> ResponseReturnValue:
    """Show a round: its state, the next act, how far everybody is."""
    one = service.get_round(study_id, round_id)
    people = load_progress(one) if one.state != "draft" else []
    names = allows("panel.people", g.roles)
    undecided = len(decided.load_decisions(one).open_rows) if one.state == "closed" else 0
    outlook = messages.load_outlook(one) if names and one.state == "open" else None
    return render_template(
        "panel/round.html", one=one, kind=KINDS[one.kind], people=people, names=names, undecided=undecided,
        outlook=outlook, mail=mail_state(), sample=messages.sample(outlook, one),
    )  # fmt: skip


def remind(study_id: int, round_id: int) -> ResponseReturnValue:
    """Write to those who have not sent the round in."""
    count = messages.plan_messages(current_actor(), study_id, round_id, seen=sent_id("seen"))
    flash(f"{plural(count, 'message')} on the way. This page shows what became of them.", "success")
    return _to_round(study_id, round_id)


_ACTS: dict[str, tuple[Any, str]] = {
    "open": (service.open_round, "The round is open. Panelists see it on their page."),
    "close": (service.close_round, "The round is closed. Read the results, then decide."),
    "release": (service.release_results, "The panel can see the group results now."),
    "finish": (decided.finish_decisions, "The round is done."),
}


def act(study_id: int, round_id: int) -> ResponseReturnValue:
    """Do what a button of the round's page says."""
    wanted = request.form.get("act", "")
    if wanted == "delete":
        service.delete_draft(current_actor(), study_id, round_id)
        flash("The draft is deleted.", "success")
        return redirect(url_for("panel.index", study_id=study_id), 303)
    if wanted not in _ACTS:
        raise InvalidInputError("Press one of the buttons of the page.")
    done, said = _ACTS[wanted]
    done(current_actor(), study_id, round_id)
    flash(said, "success")
    return _to_round(study_id, round_id)


def reopen(study_id: int, round_id: int) -> ResponseReturnValue:
    """Ask for the reason, then open a closed round again."""
    one, form = service.get_round(study_id, round_id), ReasonForm()
    tried = attempt(
        form, lambda: service.reopen_round(current_actor(), study_id, round_id, reason=form.reason.data or "")
    )
    if tried.done:
        flash("The round is open again.", "success")
        return _to_round(study_id, round_id)
    return render_template("panel/reopen.html", form=form, one=one), tried.status


def results(study_id: int, round_id: int) -> ResponseReturnValue:
    """Show what the panel said, with n everywhere."""
    found = load_results(service.get_round(study_id, round_id))
    stop = stopping_rule(found) if found.round.kind == "delphi" else ""
    return render_template("panel/results.html", results=found, one=found.round, stop=stop)


def decisions(study_id: int, round_id: int) -> ResponseReturnValue:
    """Show the decision list; decide at once where the panel was clear."""
    one = service.get_round(study_id, round_id)
    form = ReasonForm()
    tried = attempt(
        form,
        lambda: decided.decide_clear(
            current_actor(), study_id, round_id, reason=form.reason.data or "", seen=sent_id("seen")
        ),
    )
    if tried.done:
        flash(f"{tried.result} decided as the panel said.", "success")
        return redirect(url_for("panel.decisions", study_id=study_id, round_id=round_id), 303)
    if not form.is_submitted():
        form.reason.data = "The panel was clear."
    page = render_template(
        "panel/decisions.html", decisions=decided.load_decisions(one), one=one, kind=KINDS[one.kind], form=form,
        conflict=tried.conflict, tasks=proposal_tasks(one), may=allows("panel.decide", g.roles, "POST"),
    )  # fmt: skip
    return page, tried.status


def decide(study_id: int, round_id: int, subject: str) -> ResponseReturnValue:
    """Decide on one item or proposal."""
    one = service.get_round(study_id, round_id)
    shown = decision_page(one, subject)
    code = next_code(study_id, shown.row.item) if one.kind == "writing" else ""
    form = DecisionForm(kind=KINDS[one.kind], one=one, ksas=shown.ksas, data={**shown.suggested, "code": code})
    tried = attempt(form, lambda: decided.decide(current_actor(), study_id, round_id, subject, _wish(form)))
    if tried.done:
        flash(f"{shown.row.item.code}: decided.", "success")
        where = url_for("panel.decisions", study_id=study_id, round_id=round_id, _anchor=subject)
        return redirect(where, 303)
    if tried.conflict:
        shown = decision_page(one, subject)
        form.seen.data, form.task_version.data = shown.suggested["seen"], shown.suggested["task_version"]
    page = render_template(
        "panel/decide.html", form=form, one=one, kind=KINDS[one.kind], shown=shown, conflict=tried.conflict
    )
    return page, tried.status


def _wish(form: DecisionForm) -> Wish:
    texts = {name: form[name].data or "" for name in ("wording", "code", "value") if name in form}
    links = tuple(form.links.data or ()) if "links" in form else ()
    return Wish(
        outcome=form.outcome.data, reason=form.reason.data or "", links=links, seen=sent_id("seen"),
        task_version=sent_id("task_version"), **texts,
    )  # fmt: skip
