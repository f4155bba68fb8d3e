"""Other weights to hold a blueprint against: the panel's, and those of the former exam."""

from __future__ import annotations

from sqlalchemy import select

from jta.db import db
from jta.models.blueprint import Blueprint
from jta.models.cycle import FormerList
from jta.models.study import Study
from jta.services.results_privacy import Reader
from jta.services.results_tables import Tables


def weights_beside(blueprint: Blueprint) -> list[tuple[str, dict[str, float]]]:
    """Return each kind of other weights there is, as its name and shares by code."""
    found = [("Panel", _panel(blueprint)), ("Former exam", former_exam(blueprint.study_id))]
    return [(name, weights) for name, weights in found if weights]


def _panel(blueprint: Blueprint) -> dict[str, float]:
    """Return the holistic weights of the panel, as the analysis plan held them."""
    study = db.session.get_one(Study, blueprint.study_id)
    rows = Tables(blueprint.run, Reader(minimum=study.smallest_group)).rows("domain_weights", method="panel")
    return {row["unit"]: row["weight"] for row in rows if row["weight"] is not None}


def former_exam(study_id: int) -> dict[str, float]:
    """Return the weights of the former list that was added last, where it has any."""
    found = db.session.scalars(select(FormerList).where(FormerList.study_id == study_id).order_by(FormerList.id.desc()))
    return next(({w["code"]: w["weight"] for w in one.weights} for one in found if one.weights), {})
