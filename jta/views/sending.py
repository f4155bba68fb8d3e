"""Messages of a study: the overview, planning, single waves, wording, settings."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from jta.errors import InvalidInputError, NotFoundError
from jta.forms.common import show_error
from jta.forms.sending import PlanForm, SendingSettingsForm, TextForm, stored_settings
from jta.forms.study import seen_version
from jta.permissions import current_actor
from jta.services import delivery_settings as settings_service
from jta.services import person_story, trial_mail, undecided, waves
from jta.services import sending_page as pages
from jta.services.letters import preview_letter
from jta.services.message_text import FIELDS, NAMES
from jta.services.opt_out import stop_messages
from jta.services.wave_plan import draft_plan
from jta.views.study_attempt import attempt

bp = Blueprint("sending", __name__, url_prefix="/studies/<int:study_id>/messages")


@bp.get("")
def index(study_id: int) -> ResponseReturnValue:  # noqa: ARG001  the guard has loaded the study
    """Show what goes out when, to how many, and the next step."""
    page = pages.load_messages_page(g.study)
    return render_template("sending/index.html", page=page, kinds=pages.KIND_WORDS, states=pages.STATE_WORDS)


@bp.route("/plan", methods=["GET", "POST"])
def plan(study_id: int) -> ResponseReturnValue:
    """Ask what to send, show the counts, then plan it."""
    form, draft = PlanForm(), None
    if form.validate_on_submit():
        try:
            draft = draft_plan(g.study, form.kind.data, form.moment(g.study.time_zone))
            if form.sure.data:
                waves.plan_waves(current_actor(), study_id, [wave.plan for wave in draft])
                flash("Planned. It goes out by itself at the times shown.", "success")
                return redirect(url_for("sending.index", study_id=study_id), 303)
        except InvalidInputError as error:
            show_error(form, error)
            draft = None
    status = 422 if form.is_submitted() and draft is None else 200
    page = render_template("sending/plan.html", form=form, draft=draft, kinds=pages.KIND_WORDS, mail=pages.mail_state())
    return page, status


@bp.get("/waves/<int:wave_id>")
def wave(study_id: int, wave_id: int) -> ResponseReturnValue:
    """Show one wave: counts, reasons, single messages."""
    found, asked = waves.get_wave(study_id, wave_id), request.args
    page = pages.load_wave_page(found, asked.get("state", ""), asked.get("page", 1, type=int))
    return render_template(
        "sending/wave.html", page=page, wave=found, kinds=pages.KIND_WORDS, states=pages.STATE_WORDS,
        mail=pages.mail_state(), left=pages.LEFT_AS_IS,
    )  # fmt: skip


@bp.post("/waves/<int:wave_id>/<any(pause, resume, cancel):act>")
def move_wave(study_id: int, wave_id: int, act: str) -> ResponseReturnValue:
    """Pause, resume or cancel a wave."""
    acts = {"pause": waves.pause_wave, "resume": waves.resume_wave, "cancel": waves.cancel_wave}
    acts[act](current_actor(), study_id, wave_id)
    said = {
        "pause": "Paused. Nothing more of it goes out until you resume it.",
        "resume": "It goes on.", "cancel": "Cancelled. Nothing more of it goes out.",
    }  # fmt: skip
    flash(said[act], "success")
    return redirect(url_for("sending.wave", study_id=study_id, wave_id=wave_id), 303)


@bp.post("/decide/<int:message_id>")
def decide(study_id: int, message_id: int) -> ResponseReturnValue:
    """Send a message of unknown fate again, or leave it."""
    again = request.form.get("do") == "again"
    found = undecided.decide_unknown(current_actor(), study_id, message_id, again=again)
    flash("It is sent again." if again else "Left as it is.", "success")
    return redirect(url_for("sending.wave", study_id=study_id, wave_id=found.id, state="unknown"), 303)


@bp.get("/people/<any(bounced, unknown):reason>")
def people(study_id: int, reason: str) -> ResponseReturnValue:
    """List the people who need the director."""
    found = person_story.list_bounced(study_id) if reason == "bounced" else person_story.list_unknown(study_id)
    return render_template("sending/people.html", reason=reason, rows=found)


@bp.get("/texts")
def texts(study_id: int) -> ResponseReturnValue:
    """List the messages and their wording."""
    found = settings_service.load_texts(study_id)
    return render_template("sending/texts.html", texts=found, names=NAMES, languages=settings_service.LANGUAGES)


@bp.route("/texts/<text_kind>/<language>", methods=["GET", "POST"])
def edit_text(study_id: int, text_kind: str, language: str) -> ResponseReturnValue:
    """Word one message; see it as a person would get it."""
    stored = _text(study_id, text_kind, language)
    form = TextForm(data={"subject": stored.text.subject, "body": stored.text.body, "version": stored.version})
    tried = attempt(
        form,
        lambda: settings_service.save_text(
            current_actor(), study_id, text_kind, language, form.text(), version=seen_version(form)
        ),
        version=lambda: _text(study_id, text_kind, language).version,
    )
    if tried.done:
        flash("Saved. Waves that begin from now on use it.", "success")
        return redirect(request.url, 303)
    return _text_page(study_id, stored, form, tried.conflict), tried.status


def _text(study_id: int, kind: str, language: str) -> settings_service.StoredText:
    found = settings_service.load_texts(study_id).get((kind, language))
    if found is None:
        raise NotFoundError
    return found


def _text_page(study_id: int, stored: settings_service.StoredText, form: TextForm, conflict: object) -> str:
    chosen = request.args.get("person", type=int)
    shown, name = preview_letter(study_id, chosen, stored.text, stored.language)
    return render_template(
        "sending/text.html", stored=stored, form=form, conflict=conflict, preview=shown, person_name=name, names=NAMES,
        fields=FIELDS, mail=pages.mail_state(), people=pages.first_people(study_id, chosen),
    )  # fmt: skip


@bp.post("/texts/<text_kind>/<language>/reset")
def reset_text(study_id: int, text_kind: str, language: str) -> ResponseReturnValue:
    """Go back to the standard text."""
    settings_service.reset_text(current_actor(), study_id, text_kind, language)
    flash("The standard text is back.", "success")
    return redirect(url_for("sending.edit_text", study_id=study_id, text_kind=text_kind, language=language), 303)


@bp.post("/texts/<text_kind>/<language>/trial")
def ask_trial(study_id: int, text_kind: str, language: str) -> ResponseReturnValue:
    """Send a trial of a message to oneself; go to how it went."""
    _text(study_id, text_kind, language)
    trial_id = trial_mail.ask_trial(current_actor(), study_id, text_kind, language)
    return redirect(url_for("sending.trial", study_id=study_id, trial_id=trial_id), 303)


@bp.get("/trials/<int:trial_id>")
def trial(study_id: int, trial_id: int) -> ResponseReturnValue:
    """Show how a trial message went."""
    message = trial_mail.get_trial(study_id, trial_id)
    return render_template("sending/trial.html", message=message, mail=pages.mail_state(), names=NAMES)


@bp.route("/settings", methods=["GET", "POST"])
def settings(study_id: int) -> ResponseReturnValue:
    """Set sender, quiet hours, last day."""
    form = SendingSettingsForm(data=stored_settings(settings_service.get_settings(study_id)))
    tried = attempt(
        form,
        lambda: settings_service.save_settings(current_actor(), study_id, form.given(), version=seen_version(form)),
        version=lambda: settings_service.get_settings(study_id).version,
    )
    if tried.done:
        flash("Saved.", "success")
        return redirect(url_for("sending.index", study_id=study_id), 303)
    return render_template("sending/settings.html", form=form, conflict=tried.conflict), tried.status


@bp.post("/stop/<int:person_id>")
def stop(study_id: int, person_id: int) -> ResponseReturnValue:
    """Stop messages to somebody who asked for it in another way."""
    stop_messages(current_actor(), study_id, person_id)
    flash("This person will not be written to again.", "success")
    return redirect(url_for("delivery.edit_person", study_id=study_id, person_id=person_id), 303)
