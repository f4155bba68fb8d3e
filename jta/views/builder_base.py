"""What the pages of the survey builder share: their address, who may edit, the way back."""

from __future__ import annotations

from flask import Blueprint, g, redirect, url_for
from flask.typing import ResponseReturnValue

from jta.permissions import allows
from jta.services.study_stage import BEFORE_LAUNCH

bp = Blueprint("builder", __name__, url_prefix="/studies/<int:study_id>/survey/build")


def may_edit() -> bool:
    """Say whether this person may change the survey now."""
    return g.study.stage in BEFORE_LAUNCH and allows("builder.add_page", g.roles, "POST")


def to_index(study_id: int, anchor: str | None = None) -> ResponseReturnValue:
    """Go back to the list of pages."""
    return redirect(url_for("builder.index", study_id=study_id, _anchor=anchor), 303)
