"""Whether the limits of a plan can be met: fewest and most items of the content domains that a study has."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select

from analysis.plan import AnalysisPlan
from jta.db import db
from jta.errors import InvalidInputError
from jta.models.inventory import Domain


def check_limits(plan: AnalysisPlan, study_id: int) -> None:
    """Refuse limits that no exam of this length can meet; a study without content domains has nothing to compare.

    Raises
    ------
    InvalidInputError
        Naming the limit, so that it is found before launch and not when the analysis runs.
    """
    found = select(Domain.code).where(Domain.study_id == study_id, Domain.parent_id.is_(None))
    codes = list(db.session.scalars(found.order_by(Domain.position, Domain.id)))
    for field, fault in _faults(plan, codes) if codes else ():
        raise InvalidInputError(fault, field=field)


def _faults(plan: AnalysisPlan, codes: list[str]) -> Iterator[tuple[str, str]]:
    own_least, most = dict(plan.domain_minimum), dict(plan.domain_maximum)
    for name, limits in (("domain_minimum", own_least), ("domain_maximum", most)):
        for code in limits:
            if code not in codes:
                yield name, f"This study has no content domain {code}. It has {', '.join(codes)}."
    least = {code: max(plan.minimum_items, own_least.get(code, 0)) for code in codes}
    for code in codes:
        if code in most and least[code] > most[code]:
            yield "domain_maximum", f"Domain {code} cannot have {least[code]} items or more and {most[code]} or fewer."
    if sum(least.values()) > plan.items:
        name = "domain_minimum" if own_least else "minimum_items"
        yield name, f"The fewest items come to {sum(least.values())}; the exam has only {plan.items}."
    if sum(most.get(code, plan.items) for code in codes) < plan.items:
        yield "domain_maximum", f"The most items come to {sum(most.values())}; the exam has {plan.items} to share out."
