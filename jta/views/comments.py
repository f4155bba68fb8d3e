"""Comments that leave with the data: read, keep or strike, hand out. Addresses: data_out.py."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from jta.errors import InvalidInputError
from jta.forms.comments import comments_form, with_fields
from jta.forms.common import show_error
from jta.permissions import current_actor
from jta.services import comment_release as service


def comments(study_id: int, number: int) -> ResponseReturnValue:
    """Show a page of comments, and take what was decided on it."""
    page = request.args.get("page", 1, type=int)
    review = service.load_review(study_id, number)
    form = comments_form(review.page(page))
    if form.validate_on_submit():
        try:
            changed = service.decide_comments(current_actor(), study_id, number, form.typed())
        except InvalidInputError as error:
            show_error(form, error)
        else:
            flash(f"Decided anew: {changed}." if changed else "Nothing was changed.", "success")
            return redirect(url_for("data_out.comments", study_id=study_id, number=number, page=page), 303)
    pairs = with_fields(form, review.page(page))
    shown = render_template("data_out/comments.html", review=review, form=form, pairs=pairs, page=page)
    return shown, 422 if form.is_submitted() else 200


def make_comments(study_id: int, number: int) -> ResponseReturnValue:
    """Write the comments that were kept and hand them over."""
    document = service.release_comments(current_actor(), study_id, number)
    return redirect(url_for("report.download", study_id=study_id, document_id=document.id), 303)
