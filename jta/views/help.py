"""Help and privacy: pages that anybody may read."""

from __future__ import annotations

from flask import Blueprint, Flask, render_template, url_for
from flask.typing import ResponseReturnValue

bp = Blueprint("help", __name__)


@bp.get("/help")
def index() -> ResponseReturnValue:
    """Say who does what here, and where to ask."""
    return render_template("help/index.html")


@bp.get("/privacy")
def privacy() -> ResponseReturnValue:
    """Say what is kept of whom, and for how long."""
    return render_template("help/privacy.html")


def register(app: Flask) -> None:
    """Put both pages into every footer."""
    app.context_processor(lambda: {"help_url": url_for("help.index"), "privacy_url": url_for("help.privacy")})
