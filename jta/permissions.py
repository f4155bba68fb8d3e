"""The rights table: endpoint x role. What is not in it is refused.

A refusal looks like a page that does not exist. Whoever is not signed in is asked to sign in, whether or not
the page exists.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import Flask, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from jta.audit import Actor
from jta.errors import NotFoundError, SignInRequiredError
from jta.models.account import User
from jta.models.study import MARKET, Study

ANYONE = "anyone"  # no account needed: sign-in, a respondent's pages, health
STAFF = "staff"  # any active account
ADMINISTRATOR = "administrator"
ANY_DIRECTOR = "director of a study"  # of whichever: may create another one
DIRECTOR, PSYCHOMETRICIAN, APPROVER, PANELIST, AUDITOR = STUDY = (
    "director",
    "psychometrician",
    "approver",
    "panelist",
    "auditor",
)
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
# Pages that a market study has not: it asks questions only.
ABOUT_RATINGS = frozenset(
    {
        "blueprint", "collect", "cycle", "data_out", "evidence", "inventory", "inventory_checks", "meeting", "panel",
        "report", "results", "review",
    }
)  # fmt: skip
_BEFORE_OWN_PASSWORD = {"account.profile", "account.sign_out"}


@dataclass(frozen=True)
class Rule:
    """Roles that may read (GET, HEAD) and roles that may write (anything else)."""

    read: frozenset[str]
    write: frozenset[str] = frozenset()

    def roles(self, method: str) -> frozenset[str]:
        """Roles that may use this method."""
        return self.read if method in SAFE_METHODS else self.write


def _rule(read: tuple[str, ...] = (), write: tuple[str, ...] = ()) -> Rule:
    return Rule(frozenset(read), frozenset(write))


_open = _rule((ANYONE,), (ANYONE,))
_read_open = _rule((ANYONE,))
_all_study = STUDY
_results = (DIRECTOR, PSYCHOMETRICIAN, AUDITOR)
_editors = (DIRECTOR, PSYCHOMETRICIAN)

RULES: dict[str, Rule] = {
    "static": _read_open,
    "health.healthz": _read_open,
    "help.home": _read_open,
    "help.index": _read_open,
    "help.privacy": _read_open,
    "account.sign_in": _open,
    "account.sign_out": _rule((), (STAFF,)),
    "account.profile": _rule((STAFF,), (STAFF,)),
    "admin.users": _rule((ADMINISTRATOR,), ()),
    "admin.create_user": _rule((ADMINISTRATOR,), (ADMINISTRATOR,)),
    "admin.user": _rule((ADMINISTRATOR,), (ADMINISTRATOR,)),
    "admin.audit_trail": _rule((ADMINISTRATOR,), ()),
    # respondents: the link, then the cookie it leaves, decides; nobody signs in
    "response.welcome": _read_open,
    "response.start": _rule((), (ANYONE,)),
    "response.page": _open,
    "response.ksa": _open,
    "response.ended": _read_open,
    "response.answers": _open,
    "response.language": _open,
    "response.resume": _read_open,
    "response.rate": _open,
    "response.save": _rule((), (ANYONE,)),
    "response.review": _read_open,
    "response.submit": _rule((), (ANYONE,)),
    "response.thanks": _read_open,
    "response.withdraw": _open,
    "response.withdrawn": _read_open,
    "response.privacy": _read_open,
    # panelists: the link, then the cookie it leaves, decides; an account of the panel comes in by panel.enter
    "panelist.welcome": _read_open,
    "panelist.start": _rule((), (ANYONE,)),
    "panelist.leave": _rule((), (ANYONE,)),
    "panelist.home": _read_open,
    "panelist.statements": _open,
    "panelist.resume": _read_open,
    "panelist.rate": _open,
    "panelist.save": _rule((), (ANYONE,)),
    "panelist.propose": _rule((), (ANYONE,)),
    "panelist.proposal": _open,
    "panelist.finish": _open,
    "panelist.results": _read_open,
    # studies
    "study.index": _rule((STAFF,)),
    "study.create": _rule((ADMINISTRATOR, ANY_DIRECTOR), (ADMINISTRATOR, ANY_DIRECTOR)),
    "study.overview": _rule(_all_study),
    "study.change_stage": _rule((DIRECTOR,), (DIRECTOR,)),
    "study.edit": _rule((DIRECTOR,), (DIRECTOR,)),
    "study.members": _rule((DIRECTOR, AUDITOR), (DIRECTOR,)),
    "study.remove_member": _rule((DIRECTOR,), (DIRECTOR,)),
    "study.strata": _rule((DIRECTOR,), (DIRECTOR,)),
    "study.plan": _rule(_results, _editors),
    "study.compare_plans": _rule(_results),
    "study.audit": _rule((DIRECTOR, AUDITOR)),
    "inventory.index": _rule(_all_study),
    "inventory.upload": _rule(_editors, _editors),
    "inventory.apply_import": _rule((), _editors),
    "inventory.template": _rule(_editors),
    "inventory.add_task": _rule(_editors, _editors),
    "inventory.edit_task": _rule(_editors, _editors),
    "inventory.retire_task": _rule(_editors, _editors),
    "inventory.move_task": _rule((), _editors),
    "inventory.edit_domain": _rule(_editors, _editors),
    "inventory.export": _rule(_all_study),
    "inventory.export_case": _rule(_all_study),
    "inventory.place_tasks": _rule((), _editors),
    "inventory.split_task": _rule(_editors, _editors),
    "inventory.merge_tasks": _rule(_editors, _editors),
    "inventory.add_domain": _rule(_editors, _editors),
    "inventory.list_knowledge": _rule(_all_study),
    "inventory.add_knowledge": _rule(_editors, _editors),
    "inventory.edit_knowledge": _rule(_editors, _editors),
    "inventory.retire_knowledge": _rule(_editors, _editors),
    "inventory.move_knowledge": _rule((), _editors),
    "inventory.list_references": _rule(_all_study),
    "inventory.add_reference": _rule(_editors, _editors),
    "inventory.edit_reference": _rule(_editors, _editors),
    "inventory.list_changes": _rule((*_editors, AUDITOR)),
    "inventory.undo": _rule((), _editors),
    "panel.index": _rule(_all_study),  # counts only; names are for the director
    "panel.enter": _rule((), (PANELIST,)),
    "panel.people": _rule((DIRECTOR,)),
    "panel.add_panelist": _rule((DIRECTOR,), (DIRECTOR,)),
    "panel.edit_panelist": _rule((DIRECTOR,), (DIRECTOR,)),
    "panel.part": _rule((DIRECTOR,), (DIRECTOR,)),
    "panel.links": _rule((DIRECTOR,), (DIRECTOR,)),
    "panel.replace_link": _rule((DIRECTOR,), (DIRECTOR,)),
    "panel.upload": _rule((DIRECTOR,), (DIRECTOR,)),
    "panel.apply_import": _rule((), (DIRECTOR,)),
    "panel.template": _rule((DIRECTOR,)),
    "panel.texts": _rule((DIRECTOR,), (DIRECTOR,)),
    "panel.targets": _rule((DIRECTOR,), (DIRECTOR,)),
    "panel.choose_round": _rule((DIRECTOR,)),
    "panel.create_round": _rule((DIRECTOR,), (DIRECTOR,)),
    "panel.edit_round": _rule((DIRECTOR,), (DIRECTOR,)),
    "panel.round_page": _rule(_results),
    "panel.act": _rule((), (DIRECTOR,)),
    "panel.remind": _rule((), (DIRECTOR,)),
    "panel.reopen": _rule((DIRECTOR,), (DIRECTOR,)),
    "panel.results": _rule(_results),
    "panel.results_file": _rule(_results),
    "panel.decisions": _rule(_results, (DIRECTOR,)),
    "panel.decide": _rule((DIRECTOR,), (DIRECTOR,)),
    "meeting.index": _rule(_results),
    "meeting.add": _rule((DIRECTOR,), (DIRECTOR,)),
    "meeting.session": _rule(_results),
    "meeting.edit": _rule((DIRECTOR,), (DIRECTOR,)),
    "meeting.add_note": _rule((), (DIRECTOR,)),
    "meeting.note": _rule((DIRECTOR,), (DIRECTOR,)),
    "meeting.codebook": _rule(_results, (DIRECTOR,)),
    "meeting.theme": _rule((DIRECTOR,), (DIRECTOR,)),
    "meeting.log": _rule(_results, (DIRECTOR,)),
    "meeting.appendix_file": _rule(_results),
    "meeting.log_file": _rule(_results),
    "panel.ksa_weights": _rule((DIRECTOR, PSYCHOMETRICIAN, APPROVER, AUDITOR)),
    "panel.ksa_file": _rule((DIRECTOR, PSYCHOMETRICIAN, APPROVER, AUDITOR)),
    "cycle.index": _rule((*_editors, PANELIST, AUDITOR)),
    "cycle.add": _rule(_editors, _editors),
    "cycle.onet": _rule(_editors, _editors),
    "cycle.add_weights": _rule(_editors, _editors),
    "cycle.weights": _rule(_editors, _editors),
    "cycle.show": _rule((*_editors, PANELIST, AUDITOR), _editors),
    "cycle.decide": _rule(_editors, _editors),
    "cycle.compare": _rule(_results),
    "cycle.compare_file": _rule(_results),
    "cycle.clone": _rule((DIRECTOR,), (DIRECTOR,)),
    "inventory_checks.index": _rule((*_editors, PANELIST, AUDITOR)),
    "inventory_checks.dismiss": _rule((), _editors),
    "inventory_checks.take_back": _rule((), _editors),
    "inventory_checks.words": _rule(_editors, _editors),
    "survey.index": _rule((DIRECTOR, PSYCHOMETRICIAN, AUDITOR)),
    "survey.edit_scale": _rule(_editors, _editors),
    "survey.consent": _rule((DIRECTOR,), (DIRECTOR,)),
    "survey.preview": _rule((DIRECTOR, PSYCHOMETRICIAN, AUDITOR)),
    "languages.index": _rule((DIRECTOR, PSYCHOMETRICIAN, AUDITOR), _editors),
    "languages.edit": _rule((DIRECTOR, PSYCHOMETRICIAN, AUDITOR), _editors),
    "languages.remove": _rule(_editors, _editors),
    "languages.export": _rule((DIRECTOR, PSYCHOMETRICIAN, AUDITOR)),
    "languages.upload": _rule(_editors, _editors),
    "languages.apply_import": _rule((), _editors),
    "survey.launch": _rule((DIRECTOR,), (DIRECTOR,)),
    "builder.index": _rule(_results),
    "builder.add_page": _rule((), (DIRECTOR,)),
    "builder.page": _rule(_results, (DIRECTOR,)),
    "builder.add_question": _rule((DIRECTOR,), (DIRECTOR,)),
    "builder.question": _rule(_results, (DIRECTOR,)),
    "builder.scale_list": _rule(_results, (DIRECTOR,)),
    "builder.own_scale": _rule((DIRECTOR,), (DIRECTOR,)),
    "builder.blocks": _rule(_results, (DIRECTOR,)),
    "builder.sampling": _rule(_results, (DIRECTOR,)),
    "builder.copy": _rule((DIRECTOR,), (DIRECTOR,)),
    "builder.pilot": _rule(_results, (DIRECTOR,)),
    "builder.wordings": _rule(_results),
    "builder.wording": _rule((DIRECTOR,), (DIRECTOR,)),
    "survey.close": _rule((DIRECTOR,), (DIRECTOR,)),
    "survey.reopen": _rule((DIRECTOR,), (DIRECTOR,)),
    "delivery.roster": _rule((DIRECTOR,)),
    "delivery.upload": _rule((DIRECTOR,), (DIRECTOR,)),
    "delivery.apply_import": _rule((), (DIRECTOR,)),
    "delivery.template": _rule((DIRECTOR,)),
    "delivery.add_person": _rule((DIRECTOR,), (DIRECTOR,)),
    "delivery.edit_person": _rule((DIRECTOR,), (DIRECTOR,)),
    "delivery.remove_person": _rule((DIRECTOR,), (DIRECTOR,)),
    "delivery.links": _rule((DIRECTOR,), (DIRECTOR,)),
    "delivery.replace_link": _rule((DIRECTOR,), (DIRECTOR,)),
    "sending.index": _rule((DIRECTOR,)),
    "sending.plan": _rule((DIRECTOR,), (DIRECTOR,)),
    "sending.wave": _rule((DIRECTOR,)),
    "sending.move_wave": _rule((), (DIRECTOR,)),
    "sending.decide": _rule((), (DIRECTOR,)),
    "sending.people": _rule((DIRECTOR,)),
    "sending.texts": _rule((DIRECTOR,)),
    "sending.edit_text": _rule((DIRECTOR,), (DIRECTOR,)),
    "sending.reset_text": _rule((), (DIRECTOR,)),
    "sending.ask_trial": _rule((), (DIRECTOR,)),
    "sending.trial": _rule((DIRECTOR,)),
    "sending.settings": _rule((DIRECTOR,), (DIRECTOR,)),
    "sending.stop": _rule((), (DIRECTOR,)),
    "letters.index": _rule((DIRECTOR,)),
    "letters.make": _rule((), (DIRECTOR,)),
    "open_link.settings": _rule((DIRECTOR,), (DIRECTOR,)),
    # whoever holds the link: of a message, or the study's open one
    "mail.stop": _open,
    "mail.join": _open,
    "mail.confirm": _open,
    "delivery.monitor": _rule(_results),
    "delivery.precision": _rule((), _editors),
    "delivery.counts_file": _rule(_results),
    "market.index": _rule(_results),
    "market.freeze": _rule((), _editors),
    "market.workbook": _rule(_results),
    "market.numbers": _rule(_results),
    "market.download": _rule((PSYCHOMETRICIAN,)),
    "market.themes": _rule(_results, (PSYCHOMETRICIAN,)),
    "market.theme": _rule((PSYCHOMETRICIAN,), (PSYCHOMETRICIAN,)),
    "market.remove_theme": _rule((PSYCHOMETRICIAN,), (PSYCHOMETRICIAN,)),
    "market.comments": _rule((PSYCHOMETRICIAN,), (PSYCHOMETRICIAN,)),
    "collect.index": _rule(_editors, _editors),
    "collect.columns": _rule(_editors, _editors),
    "collect.values": _rule(_editors, _editors),
    "collect.preview": _rule(_editors),
    "collect.apply": _rule((), _editors),
    "collect.discard": _rule((), _editors),
    "collect.again": _rule((), _editors),
    "collect.save_mapping": _rule((), _editors),
    "collect.use_mapping": _rule((), _editors),
    "review.datasets": _rule(_results),
    "review.freeze": _rule(_editors, _editors),
    "review.download": _rule((), (PSYCHOMETRICIAN,)),
    "review.responses": _rule(_results),  # counts; single responses are listed for the psychometrician only
    "review.response": _rule((PSYCHOMETRICIAN,)),
    "review.decide": _rule((), (PSYCHOMETRICIAN,)),
    "results.analyze": _rule((), _editors),
    "results.index": _rule(_results),
    "results.show": _rule(_results),
    "results.table": _rule(_results),
    "results.chart": _rule(_results),
    "results.job": _rule(_results),
    "results.tasks": _rule(_results),
    "results.agreement": _rule(_results),
    "results.subgroups": _rule(_results),
    "results.retention": _rule(_results),
    "results.methods": _rule(_results, _editors),
    "results.sensitivity": _rule(_results),
    "results.rasch": _rule(_results),
    "results.precision": _rule(_results),
    "results.crosstab": _rule(_results),
    "blueprint.index": _rule((DIRECTOR, PSYCHOMETRICIAN, APPROVER, AUDITOR)),
    "blueprint.propose": _rule((), (DIRECTOR,)),
    "blueprint.show": _rule((DIRECTOR, PSYCHOMETRICIAN, APPROVER, AUDITOR)),
    "blueprint.read_back": _rule((DIRECTOR,), (DIRECTOR,)),
    "blueprint.take_back": _rule((), (DIRECTOR,)),
    "blueprint.adjust": _rule((DIRECTOR,), (DIRECTOR,)),
    "blueprint.dates": _rule((DIRECTOR,), (DIRECTOR,)),
    "blueprint.compare": _rule((DIRECTOR, PSYCHOMETRICIAN, APPROVER, AUDITOR)),
    "blueprint.two_way": _rule((DIRECTOR, PSYCHOMETRICIAN, APPROVER, AUDITOR)),
    "blueprint.targets": _rule((DIRECTOR,), (DIRECTOR,)),
    "blueprint.set_forms": _rule((), _editors),
    "blueprint.upload_counts": _rule(_editors, _editors),
    "blueprint.take_counts": _rule((), _editors),
    "blueprint.counts_template": _rule(_editors),
    "blueprint.limits_file": _rule((DIRECTOR, PSYCHOMETRICIAN, APPROVER, AUDITOR)),
    "blueprint.gap_file": _rule((DIRECTOR, PSYCHOMETRICIAN, APPROVER, AUDITOR)),
    "blueprint.preview": _rule((), (DIRECTOR,)),
    "blueprint.keep_alternative": _rule((), (DIRECTOR,)),
    "blueprint.drop_alternative": _rule((DIRECTOR,), (DIRECTOR,)),
    "blueprint.submit": _rule((), (DIRECTOR,)),
    "blueprint.decide": _rule((APPROVER, DIRECTOR), (APPROVER, DIRECTOR)),
    "blueprint.publish": _rule((), (DIRECTOR,)),
    "report.workbook": _rule((), (DIRECTOR, PSYCHOMETRICIAN, APPROVER, AUDITOR)),
    "report.documents": _rule((DIRECTOR, PSYCHOMETRICIAN, APPROVER, AUDITOR)),
    "report.download": _rule((DIRECTOR, PSYCHOMETRICIAN, APPROVER, AUDITOR)),
    "report.make_report": _rule((), _editors),
    "report.job": _rule((DIRECTOR, PSYCHOMETRICIAN)),
    "report.save_template": _rule((), (DIRECTOR,)),
    "evidence.index": _rule((DIRECTOR, PSYCHOMETRICIAN, APPROVER, AUDITOR)),
    "evidence.justify": _rule(_editors, _editors),
    "evidence.export": _rule((DIRECTOR, PSYCHOMETRICIAN, APPROVER, AUDITOR)),
    "report.template": _rule((DIRECTOR,)),
    "data_out.index": _rule((DIRECTOR, PSYCHOMETRICIAN)),
    "data_out.make_ratings": _rule((), (PSYCHOMETRICIAN,)),
    "data_out.make_archive": _rule((), (PSYCHOMETRICIAN,)),
    "data_out.make_item_bank": _rule((), _editors),
    "data_out.comments": _rule((PSYCHOMETRICIAN,), (PSYCHOMETRICIAN,)),
    "data_out.make_comments": _rule((), (PSYCHOMETRICIAN,)),
    "data_out.make_case": _rule((), _editors),
    "data_out.job": _rule((PSYCHOMETRICIAN,)),
    "data_out.bring_in": _rule((ADMINISTRATOR, ANY_DIRECTOR), (ADMINISTRATOR, ANY_DIRECTOR)),
}


def user_roles(user: User, study_id: int | None) -> frozenset[str]:
    """Return every role an active account holds, in this study where one is named."""
    roles = {STAFF}
    if user.is_administrator:
        roles.add(ADMINISTRATOR)
    if any(m.role == DIRECTOR for m in user.memberships):
        roles.add(ANY_DIRECTOR)
    roles |= {m.role for m in user.memberships if m.study_id == study_id}
    return frozenset(roles)


def allows(endpoint: str, roles: frozenset[str], method: str = "GET") -> bool:
    """Say whether somebody with these roles may use an endpoint; pages use it to show only links that work."""
    rule = RULES.get(endpoint)
    return rule is not None and bool((roles | {ANYONE}) & rule.roles(method))


def current_actor() -> Actor:
    """Return who is acting now, with the role that counts in this study."""
    roles: frozenset[str] = g.get("roles", frozenset())
    order = (*STUDY, ADMINISTRATOR, ANY_DIRECTOR, STAFF)
    role = next((r for r in order if r in roles), STAFF)
    return Actor(current_user.name, role, current_user.id)


def guard() -> ResponseReturnValue | None:
    """Let a request through only if its rule says so."""
    if request.endpoint is None:
        return None  # no such address: the router's own 404 or 405 follows
    rule = RULES.get(request.endpoint)
    if rule is None:
        raise NotFoundError
    allowed = rule.roles(request.method)
    if ANYONE in allowed:
        return None
    if not current_user.is_authenticated:
        return _ask_to_sign_in()
    if current_user.must_change_password and request.endpoint not in _BEFORE_OWN_PASSWORD:
        return redirect(url_for("account.profile"), 303)
    study_id = (request.view_args or {}).get("study_id")
    g.roles = user_roles(current_user, study_id)
    if not g.roles & allowed:
        raise NotFoundError
    g.study = _study(study_id)
    if g.study is not None and g.study.kind == MARKET and request.endpoint.split(".")[0] in ABOUT_RATINGS:
        raise NotFoundError
    return None


def _ask_to_sign_in() -> ResponseReturnValue:
    if request.method in SAFE_METHODS:
        return redirect(url_for("account.sign_in", next=request.full_path.rstrip("?")), 303)
    raise SignInRequiredError(
        "You were signed out. Sign in again in another tab, then come back and send this page once more."
    )


def _study(study_id: int | None) -> Study | None:
    from jta.db import db

    if study_id is None:
        return None
    study = db.session.get(Study, study_id)
    if study is None:
        raise NotFoundError
    return study


def register(app: Flask) -> None:
    """Guard every request, and give templates `allows`."""
    app.before_request(guard)
    app.jinja_env.globals["allows"] = lambda endpoint, method="GET": allows(
        endpoint, g.get("roles", frozenset()), method
    )
