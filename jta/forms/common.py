"""What several forms share: putting a service's refusal beside its field, safe targets of redirects."""

from __future__ import annotations

from flask import request
from flask_wtf import FlaskForm
from wtforms import Form, HiddenField

from jta.errors import InvalidInputError


class ApplyForm(FlaskForm):
    """A previewed file to be applied; the signed rows travel with it."""

    token = HiddenField()


def show_error(form: Form, error: InvalidInputError) -> None:
    """Put a service's refusal beside the field it names, or on top of the form."""
    if error.field and error.field in form:
        field = form[error.field]
        field.errors = [*field.errors, error.message]
    else:
        form.form_errors.append(error.message)


def sent_id(name: str) -> int:
    """Return the id that a field of the form holds, 0 where it holds none that can be."""
    text = request.form.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def sent_steps() -> int:
    """Return how many places something is moved: one by its buttons, more where it was dragged."""
    return sent_id("steps") or 1


def sent_ids(name: str) -> list[int]:
    """Return the ids that the fields of this name hold, without those that cannot be one."""
    return [int(text) for text in request.form.getlist(name) if text.isascii() and text.isdigit() and len(text) < 10]


def safe_next(default: str) -> str:
    """Return the ``next`` address if it is a path on this site, else the default."""
    target = request.args.get("next", "")
    bad = ("//", "/\\", "/%2f", "/%5c")
    plain = (
        target.startswith("/") and not target.lower().startswith(bad) and target.isprintable() and "\\" not in target
    )
    return target if plain else default
