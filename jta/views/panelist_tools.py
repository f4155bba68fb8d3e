"""What every page of a panelist does: know who it is, render with the study, show a page of a round."""

from __future__ import annotations

import json
from typing import Any

from flask import render_template, request, session
from flask_babel import gettext as _
from flask_login import current_user

from jta.language import spoken_by
from jta.models.account import User
from jta.services import panel_pages as pages
from jta.services import panel_visits as visits
from jta.services.links import new_mark
from jta.services.panel_writing import own_proposals

TEMPLATES = {"linkage": "linkage", "weights": "weights", "writing": "writing"}


def user() -> User | None:
    """Return the account that is signed in, if any."""
    return current_user._get_current_object() if current_user.is_authenticated else None


def ticket() -> visits.PanelTicket:
    """Return what the cookie says."""
    return visits.PanelTicket.read(session.get("panel"))


def visit() -> visits.PanelVisit:
    """Return the panelist of this cookie."""
    return visits.get_visit(ticket(), user())


def page(template: str, seen: visits.PanelVisit, **context: Any) -> str:
    """Render a page of the panelist's own."""
    return render_template(
        f"panelist/{template}.html", study=seen.study, visit=seen, **spoken_by(seen.study.languages[0]), **context
    )


def remember(kept: visits.PanelTicket) -> None:
    """Keep in the cookie who came in."""
    session.permanent = True
    session["panel"] = kept.plain()


def round_page(seen: visits.PanelVisit, round_id: int, number: int, **found: Any) -> str:
    """Render a page of a round; after an ``error`` or ``clashes`` with what was typed in its fields."""
    one = visits.visible_round(seen, round_id)
    single = "one" in request.args
    sheets = pages.load_sheets(seen, one, single=single)
    shown = pages.load_page(sheets, number, typed=_typed(found), clashes=found.get("clashes", ()))
    return page(
        TEMPLATES.get(one.kind, "cards"), seen, page=shown, sheets=sheets, round=one, error=found.get("error"),
        single=single, typed=request.form, proposals=own_proposals(seen, round_id), new_mark=new_mark,
        script_words=json.dumps(_script_words()),
    )  # fmt: skip


def _script_words() -> dict[str, str]:
    """Return the words that the page's script says; names in braces are filled in there."""
    return {
        "saved": _("Saved %(time)s", time="{time}"),
        "saving": _("Saving…"),
        "offline": _("Not saved: no connection. Press the button below to try again."),
        "left": _("%(sum)s of 100 points, %(rest)s left", sum="{sum}", rest="{rest}"),
        "over": _("%(sum)s of 100 points, %(rest)s too many", sum="{sum}", rest="{rest}"),
        "complete": _("100 of 100 points: complete"),
    }


def _typed(found: dict[str, Any]) -> dict[str, Any]:
    if found.get("error") is not None:
        return found.get("typed", {})
    return {clash.key: clash.typed for clash in found.get("clashes", ())}
