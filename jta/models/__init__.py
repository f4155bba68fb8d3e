"""All models, imported once so that the metadata is whole."""

from jta.models import (
    account,
    audit,
    blueprint,
    collected,
    cycle,
    delivery,
    inventory,
    inventory_record,
    jobs,
    market,
    meeting,
    panel,
    report,
    response,
    results,
    review,
    sending,
    study,
    survey,
)

__all__ = [
    "account", "audit", "blueprint", "collected", "cycle", "delivery", "inventory", "inventory_record", "jobs",
    "market", "meeting", "panel", "report", "response", "results", "review", "sending", "study", "survey",
]  # fmt: skip
