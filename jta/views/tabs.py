"""The row of tabs of a study: only those that this person may open."""

from __future__ import annotations

from flask import Flask, g, request, url_for

from jta.models.study import MARKET
from jta.permissions import allows

TABS = (
    ("Overview", "study.overview", {"study"}),
    ("Inventory", "inventory.index", {"inventory", "inventory_checks", "cycle"}),
    ("Panel", "panel.index", {"panel", "meeting"}),
    ("Survey", "survey.index", {"survey", "builder", "languages"}),
    ("Roster", "delivery.roster", {"delivery"}),
    ("Messages", "sending.index", {"sending", "letters", "open_link"}),
    ("Responses", "delivery.monitor", set()),
    ("Data sets", "review.datasets", {"review"}),
    ("Results", "results.index", {"results"}),
    ("Blueprint", "blueprint.index", {"blueprint"}),
    ("Documents", "report.documents", {"report", "data_out", "evidence"}),
)
# A market study has questions only.
MARKET_TABS = (
    *(tab for tab in TABS if tab[0] in ("Overview", "Survey", "Roster", "Messages", "Responses")),
    ("Results", "market.index", {"market"}),
)


def _is_current(endpoint: str, words: set[str]) -> bool:
    here = request.endpoint or ""
    own = {name for _, name, _ in (*TABS, *MARKET_TABS)}
    return here == endpoint or (here not in own and here.split(".")[0] in words)


def study_tabs() -> list[dict[str, object]]:
    """Return the tabs of the study at hand."""
    roles = g.get("roles", frozenset())
    return [
        {
            "href": url_for(endpoint, study_id=g.study.id),
            "label": label,
            "current": _is_current(endpoint, words),
        }
        for label, endpoint, words in (MARKET_TABS if g.study.kind == MARKET else TABS)
        if allows(endpoint, roles)
    ]


def _context() -> dict[str, object]:
    if g.get("study") is None:
        return {}
    return {"study": g.study, "study_tabs": study_tabs()}


def register(app: Flask) -> None:
    """Give every page of a study its study and tabs."""
    app.context_processor(_context)
