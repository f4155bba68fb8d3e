"""Meetings and focus groups: sessions, coded notes, themes, the decision log, the appendix."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from jta.forms.meeting import LogForm, MeetingForm, NoteForm, ThemeForm, stored_meeting
from jta.forms.study import seen_version
from jta.permissions import current_actor
from jta.services import panel_appendix as appendix
from jta.services import panel_meetings as service
from jta.services import panel_themes as themes
from jta.services.panel import list_panelists
from jta.views.attachment import attachment
from jta.views.study_attempt import attempt

bp = Blueprint("meeting", __name__, url_prefix="/studies/<int:study_id>/panel")


def _to_session(study_id: int, meeting_id: int, anchor: str | None = None) -> ResponseReturnValue:
    return redirect(url_for("meeting.session", study_id=study_id, meeting_id=meeting_id, _anchor=anchor), 303)


@bp.get("/meetings")
def index(study_id: int) -> ResponseReturnValue:
    """List the sessions."""
    return render_template("meeting/index.html", meetings=service.list_meetings(study_id))


@bp.route("/meetings/new", methods=["GET", "POST"])
def add(study_id: int) -> ResponseReturnValue:
    """Add a session."""
    form = MeetingForm(people=list_panelists(study_id, with_left=False))
    tried = attempt(form, lambda: service.add_meeting(current_actor(), study_id, form.words()))
    if tried.done:
        flash("The session is added. Write its notes below.", "success")
        return _to_session(study_id, tried.result.id)
    return render_template("meeting/edit.html", form=form, meeting=None), tried.status


@bp.get("/meetings/<int:meeting_id>")
def session(study_id: int, meeting_id: int) -> ResponseReturnValue:
    """Show a session with its notes."""
    meeting = service.get_meeting(study_id, meeting_id)
    form = NoteForm(themes=themes.list_themes(study_id))
    return render_template("meeting/session.html", meeting=meeting, form=form, codes_of=appendix.codes_of)


@bp.route("/meetings/<int:meeting_id>/edit", methods=["GET", "POST"])
def edit(study_id: int, meeting_id: int) -> ResponseReturnValue:
    """Change a session."""
    meeting = service.get_meeting(study_id, meeting_id)
    form = MeetingForm(people=list_panelists(study_id), data=stored_meeting(meeting))
    tried = attempt(
        form,
        lambda: service.edit_meeting(current_actor(), study_id, meeting_id, form.words(), version=seen_version(form)),
        version=lambda: service.get_meeting(study_id, meeting_id).version,
    )
    if tried.done:
        flash("Saved.", "success")
        return _to_session(study_id, meeting_id)
    return render_template("meeting/edit.html", form=form, meeting=meeting, conflict=tried.conflict), tried.status


@bp.post("/meetings/<int:meeting_id>/notes")
def add_note(study_id: int, meeting_id: int) -> ResponseReturnValue:
    """Add a note to a session."""
    form = NoteForm(themes=themes.list_themes(study_id))
    tried = attempt(form, lambda: service.add_note(current_actor(), study_id, meeting_id, form.words()))
    if tried.done:
        flash("The note is saved.", "success")
        return _to_session(study_id, meeting_id, f"note-{tried.result.id}")
    meeting = service.get_meeting(study_id, meeting_id)
    page = render_template("meeting/session.html", meeting=meeting, form=form, codes_of=appendix.codes_of)
    return page, tried.status


@bp.route("/notes/<int:note_id>", methods=["GET", "POST"])
def note(study_id: int, note_id: int) -> ResponseReturnValue:
    """Change a note, or delete it."""
    meeting, found = service.get_note(study_id, note_id)
    if request.method == "POST" and request.form.get("act") == "delete":
        service.delete_note(current_actor(), study_id, note_id)
        flash("The note is deleted.", "success")
        return _to_session(study_id, meeting.id)
    form = NoteForm(themes=themes.list_themes(study_id), data=appendix.note_starts(found))
    tried = attempt(
        form,
        lambda: service.edit_note(current_actor(), study_id, note_id, form.words(), version=seen_version(form)),
        version=lambda: service.get_note(study_id, note_id)[1].version,
    )
    if tried.done:
        flash("Saved.", "success")
        return _to_session(study_id, meeting.id, f"note-{note_id}")
    page = render_template("meeting/note.html", form=form, meeting=meeting, note=found, conflict=tried.conflict)
    return page, tried.status


@bp.route("/themes", methods=["GET", "POST"])
def codebook(study_id: int) -> ResponseReturnValue:
    """Show the codebook, and add a theme."""
    form = ThemeForm()
    tried = attempt(
        form,
        lambda: themes.add_theme(
            current_actor(), study_id, code=form.code.data or "", title=form.title.data or "",
            description=form.description.data or "",
        ),
    )  # fmt: skip
    if tried.done:
        flash("The theme is in the codebook.", "success")
        return redirect(url_for("meeting.codebook", study_id=study_id), 303)
    found, counts = themes.list_themes(study_id), themes.count_notes(study_id)
    return render_template("meeting/codebook.html", form=form, themes=found, counts=counts), tried.status


@bp.route("/themes/<int:theme_id>", methods=["GET", "POST"])
def theme(study_id: int, theme_id: int) -> ResponseReturnValue:
    """Reword a theme."""
    found = themes.get_theme(study_id, theme_id)
    form = ThemeForm(obj=found)
    tried = attempt(
        form,
        lambda: themes.edit_theme(
            current_actor(), study_id, theme_id, title=form.title.data or "",
            description=form.description.data or "", version=seen_version(form),
        ),
        version=lambda: themes.get_theme(study_id, theme_id).version,
    )  # fmt: skip
    if tried.done:
        flash("Saved.", "success")
        return redirect(url_for("meeting.codebook", study_id=study_id), 303)
    return render_template("meeting/theme.html", form=form, theme=found, conflict=tried.conflict), tried.status


@bp.route("/log", methods=["GET", "POST"])
def log(study_id: int) -> ResponseReturnValue:
    """Show every decision of the panel, and write one that was made in a meeting."""
    form = LogForm(meetings=service.list_meetings(study_id))
    tried = attempt(
        form,
        lambda: themes.log_decision(
            current_actor(), study_id, decided=form.decided.data or "", vote=form.vote(), reason=form.reason.data or "",
            meeting_id=int(form.meeting.data) if form.meeting.data else None,
        ),
    )  # fmt: skip
    if tried.done:
        flash("The decision is in the log. It cannot be changed; a later one can replace it.", "success")
        return redirect(url_for("meeting.log", study_id=study_id), 303)
    return render_template("meeting/log.html", form=form, lines=themes.decision_log(study_id)), tried.status


@bp.get("/appendix.<any(docx, csv):form>")
def appendix_file(study_id: int, form: str) -> ResponseReturnValue:
    """Hand out the appendix in Word, or the notes as CSV."""
    if form == "docx":
        return attachment(appendix.appendix_docx(g.study), f"study-{study_id}-panel-appendix.{form}")
    return attachment(appendix.notes_csv(study_id), f"study-{study_id}-panel-notes.{form}")


@bp.get("/log.csv")
def log_file(study_id: int) -> ResponseReturnValue:
    """Hand out the decision log as CSV."""
    return attachment(appendix.log_csv(g.study), f"study-{study_id}-panel-decisions.csv")
