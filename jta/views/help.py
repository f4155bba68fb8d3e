"""The front door, help and privacy: pages that anybody may open."""

from __future__ import annotations

from flask import Blueprint, Flask, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

bp = Blueprint("help", __name__)


@bp.get("/")
def home() -> ResponseReturnValue:
    """Lead to the studies; whoever is not signed in is asked to."""
    return redirect(url_for("study.index"), 303)


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
