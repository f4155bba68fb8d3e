"""Pages of blueprint."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("blueprint", __name__)
