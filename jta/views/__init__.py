"""The pages. Each view reads the request, calls a service and answers: no arithmetic, no database."""

from __future__ import annotations

from importlib import import_module

from flask import Flask

from jta.views import help as help_pages
from jta.views import tabs

NAMES = (
    "health",
    "help",
    "account",
    "admin",
    "study",
    "inventory",
    "panel",
    "panelist",
    "inventory_checks",
    "cycle",
    "meeting",
    "survey",
    "builder",
    "languages",
    "delivery",
    "sending",
    "letters",
    "open_link",
    "mail",
    "collect",
    "response",
    "review",
    "results",
    "market",
    "blueprint",
    "report",
    "data_out",
    "evidence",
)


def register(app: Flask) -> None:
    """Register every blueprint of pages, and the tabs of a study."""
    tabs.register(app)
    help_pages.register(app)
    for name in NAMES:
        app.register_blueprint(import_module(f"jta.views.{name}").bp)
