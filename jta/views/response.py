"""Pages of response."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("response", __name__)
