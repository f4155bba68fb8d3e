"""What every page with a form does: try the act, put a refusal beside its field, keep a conflict to show."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask_wtf import FlaskForm

from jta.errors import EditConflictError, InvalidInputError
from jta.forms.common import show_error


@dataclass(frozen=True)
class Attempt:
    """How an act went: ``done`` with its ``result``, or the status of the page that shows the form again."""

    done: bool
    status: int
    result: Any = None
    conflict: EditConflictError | None = None


def attempt(form: FlaskForm, act: Callable[[], Any], *, version: Callable[[], int] | None = None) -> Attempt:
    """Do an act if the form was sent and is in order.

    After a conflict the form carries the version that ``version`` returns, so that saving it again counts.
    """
    if not form.validate_on_submit():
        return Attempt(False, 422 if form.is_submitted() else 200)
    try:
        return Attempt(True, 303, act())
    except InvalidInputError as error:
        show_error(form, error)
        return Attempt(False, 422)
    except EditConflictError as error:
        if version is not None:
            form["version"].data = version()
        return Attempt(False, 409, conflict=error)
