"""The method laboratory: weights and items under every method side by side, and what each choice moves."""

from __future__ import annotations

from dataclasses import dataclass

from jta import audit
from jta.charts import Line, Mark, Picture, axis_for
from jta.errors import InvalidInputError
from jta.services.results import method_of
from jta.services.results_tables import Row, Tables, Words, words_of
from jta.services.study_plan import save_plan

METHOD_WORDS = {
    "sum_importance": "Importance",
    "sum_importance_x_frequency": "Importance × frequency, of the means",
    "mean_of_products": "Importance × frequency, person by person",
    "mean_of_scales": "Mean of importance and frequency",
    "z_mix": "Mean of both, standardised",
    "time_share": "Share of time",
    "panel": "The panel's weights",
    "blend": "Survey and panel blended",
    "kane_log_performers": "Additive model of the logs, performers",
    "kane_log_x_performing": "Additive model × share performing",
    "kane_equalised": "Importance and frequency with equal effect",
    "rasch_expected_jmle": "Rasch, expected rating (joint ML)",
    "rasch_exp_jmle": "Rasch, exponential (joint ML)",
    "rasch_expected_cml": "Rasch, expected rating (conditional ML)",
    "rasch_exp_cml": "Rasch, exponential (conditional ML)",
}
LEVELS = {"domain": "Content domains", "subdomain": "Subdomains"}


@dataclass(frozen=True)
class MethodUnit:
    """One domain or subdomain: weight, items and rank under each method."""

    code: str
    title: str
    cells: tuple[Row, ...]
    fewest: int | None
    most: int | None


@dataclass(frozen=True)
class MethodsPage:
    """All methods, with the plan's marked; weights of all tasks."""

    methods: tuple[Row, ...]
    units: tuple[MethodUnit, ...]
    raked: tuple[Row, ...]
    picture: Picture | None
    level: str
    levels: dict[str, str]
    items: int
    chosen: str
    why_not: str | None


def method_title(name: str) -> str:
    """Return a method in words, its name where it has none."""
    return METHOD_WORDS.get(name, name.replace("_", " "))


def methods_page(tables: Tables, *, level: str = "domain") -> MethodsPage:
    """Return the method laboratory of a run at one level."""
    run, words = tables.run, words_of(tables.run)
    rows = tables.rows("domain_weights")
    levels = {name: title for name, title in LEVELS.items() if any(r["level"] == name for r in rows)}
    shown = level if level in levels else "domain"
    chosen, items = method_of(run.summary["method"]), int(run.plan["items"])
    names, indices = list(dict.fromkeys(r["method"] for r in rows)), _index_of()
    units = _units(tables, words, shown, names, items)
    return MethodsPage(
        methods=tuple(
            {
                "name": n,
                "title": method_title(n),
                "chosen": n == chosen,
                "index": indices.get(n),
                "place": place,
                "weights": [unit.cells[place]["weight"] for unit in units],
            }
            for place, n in enumerate(names)
        ),
        units=units,
        raked=tuple(raked_weights(tables, words, shown, chosen)),
        picture=_picture(units, names, chosen) if units else None,
        level=shown,
        levels=levels,
        items=items,
        chosen=chosen,
        why_not=tables.why_not("domain_weights"),
    )


def _index_of() -> dict[str, str]:
    """Return the index of a plan by the method that it is called in the tables."""
    from analysis.plan import INDICES

    return {method_of(index): index for index in INDICES}


def _units(tables: Tables, words: Words, level: str, methods: list[str], items: int) -> tuple[MethodUnit, ...]:
    weights = {(r["unit"], r["method"]): r for r in tables.rows("domain_weights", level=level)}
    given = {(r["unit"], r["method"]): r for r in tables.rows("allocation", level=level, total=items)}
    ranks = {method: _ranks({u: r["weight"] for (u, m), r in weights.items() if m == method}) for method in methods}
    found = []
    for unit in dict.fromkeys(u for u, _ in weights):
        cells = tuple(
            {
                "method": m,
                "weight": weights[unit, m]["weight"],
                "given": given.get((unit, m), {}).get("items_lr"),
                "rank": ranks[m].get(unit),
                "tied": list(ranks[m].values()).count(ranks[m].get(unit, 0)) > 1,
            }
            for m in methods
        )
        known = [c["given"] for c in cells if c["given"] is not None]
        found.append(MethodUnit(unit, words.unit(unit), cells, min(known, default=None), max(known, default=None)))
    return tuple(found)


def _ranks(weights: dict[str, float | None]) -> dict[str, int]:
    """Return each unit's place, 1 for the largest weight; equal weights share a place."""
    known = {unit: weight for unit, weight in weights.items() if weight is not None}
    return {unit: 1 + sum(other > weight for other in known.values()) for unit, weight in known.items()}


def raked_weights(tables: Tables, words: Words, level: str, method: str) -> list[Row]:
    """Return the weights of the units of a level, unweighted (``plain``) and with responses weighted to the frame."""
    plain = {r["unit"]: r["weight"] for r in tables.rows("domain_weights", level=level, method=method)}
    return [
        {"code": r["unit"], "title": words.unit(r["unit"]), "plain": plain.get(r["unit"]), "raked": r["weight"]}
        for r in tables.rows("domain_weights_raked", level=level, method=method)
    ]


def _picture(units: tuple[MethodUnit, ...], methods: list[str], chosen: str) -> Picture:
    lines = []
    for unit in units:
        others = [c["weight"] for c in unit.cells if c["weight"] is not None]
        marks = [
            Mark(c["weight"], 1 if c["method"] == chosen else 0, method_title(c["method"]))
            for c in sorted(unit.cells, key=lambda c: c["method"] == chosen)
            if c["weight"] is not None
        ]
        low, high = (min(others), max(others)) if others else (None, None)
        lines.append(Line(f"{unit.code} {unit.title}", tuple(marks), low, high))
    axis = axis_for([mark.value for line in lines for mark in line.marks], percent=True)
    return Picture(
        "Weight under every method",
        axis,
        tuple(lines),
        (f"Each of {len(methods)} methods", "The plan's method"),
        about="All tasks. The line joins the lowest and the highest weight and is no interval.",
    )


def choose_method(actor: audit.Actor, study_id: int, *, method: str, reason: str, version: int) -> None:
    """Make a method the plan's task index, with a reason; the change is recorded as one of the plan.

    Raises
    ------
    InvalidInputError
        If the method is none that a plan can name, or no reason is given.
    StateError, EditConflictError
        See `jta.services.study_plan.save_plan`.
    """
    indices = _index_of()
    if method not in indices:
        raise InvalidInputError("Choose one of the methods that a plan can use.", field="method")
    if not reason.strip():
        raise InvalidInputError("Say why this method fits your study better.", field="reason")
    save_plan(actor, study_id, {"index": indices[method]}, version=version, reason=reason)
