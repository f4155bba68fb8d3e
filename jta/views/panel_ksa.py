"""The KSA blueprint on a page and as CSV. The addresses stand in panel.py."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue

from jta.errors import NotFoundError
from jta.services.panel_ksa import ksa_csv, load_ksa_blueprint, why_no_ksa_blueprint
from jta.views.attachment import attachment


def ksa_weights(study_id: int) -> ResponseReturnValue:
    """Show the weights of KSAs beside those of the content domains."""
    return render_template(
        "panel/ksa.html", blueprint=load_ksa_blueprint(study_id), missing=why_no_ksa_blueprint(study_id)
    )


def ksa_file(study_id: int) -> ResponseReturnValue:
    """Hand out the weights of KSAs as CSV."""
    blueprint = load_ksa_blueprint(study_id)
    if blueprint is None:
        raise NotFoundError
    return attachment(ksa_csv(blueprint), f"study-{study_id}-ksa-weights.csv")
