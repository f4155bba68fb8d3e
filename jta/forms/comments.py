"""The form on which comments are kept or struck, a page at a time."""

from __future__ import annotations

from collections.abc import Sequence

from flask_wtf import FlaskForm
from wtforms import FieldList, FormField, HiddenField, RadioField
from wtforms import Form as PlainForm
from wtforms.fields import SelectChoice
from wtforms.validators import Length

from jta.forms.study_fields import LineField
from jta.services.comment_release import KEEP, LONGEST, PAGE, STRIKE, Comment, Typed


class CommentForm(PlainForm):
    """One comment."""

    mark = HiddenField()
    seen = HiddenField()
    verdict = RadioField(
        "What becomes of it",
        choices=[SelectChoice("", "Not decided"), SelectChoice(KEEP, "Keep"), SelectChoice(STRIKE, "Strike")],
    )
    reason = LineField("Reason to strike it", [Length(max=LONGEST, message=f"Use {LONGEST} characters or fewer.")])


class CommentsForm(FlaskForm):
    """A page of comments."""

    comments = FieldList(FormField(CommentForm), max_entries=PAGE)

    def typed(self) -> list[Typed]:
        """Return what was said of each."""
        forms = (entry.form for entry in self.comments)
        return [Typed(f.mark.data or "", f.seen.data or "", f.verdict.data or "", f.reason.data or "") for f in forms]


def comments_form(comments: Sequence[Comment]) -> CommentsForm:
    """Return the form filled with the decisions as they are, or with what was posted."""
    lines = [{"mark": c.mark, "seen": c.verdict, "verdict": c.verdict, "reason": c.reason} for c in comments]
    return CommentsForm(data={"comments": lines})


def with_fields(form: CommentsForm, comments: Sequence[Comment]) -> list[tuple[Comment, CommentForm]]:
    """Pair each comment with its part of the form."""
    by_mark = {entry.form.mark.data: entry.form for entry in form.comments}
    return [(comment, by_mark[comment.mark]) for comment in comments if comment.mark in by_mark]
