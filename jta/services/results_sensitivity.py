"""The page of sensitivity: how far each choice, and chance, moves the weight of each content domain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from jta.charts import Axis, Line, Mark, Picture, axis_for
from jta.services.results import method_of
from jta.services.results_methods import method_title
from jta.services.results_tables import Row, Tables, Words, words_of


@dataclass(frozen=True)
class SensitivityPage:
    """A tornado for each domain, its numbers, and the table of every single step where the run has it."""

    pictures: tuple[Picture, ...]
    rows: tuple[Row, ...]
    steps: tuple[Row, ...]
    method_title: str
    why_not: str | None
    no_steps: str | None


def sensitivity_page(tables: Tables) -> SensitivityPage:
    """Return what moves the weights of a run, the largest effect first."""
    run, words = tables.run, words_of(tables.run)
    chosen = method_of(run.summary["method"])
    rows = [
        row
        for base in tables.rows("domain_weights", level="domain", method=chosen)
        for row in sorted(_factors(tables, words, base, chosen), key=lambda r: r["low"] - r["high"])
    ]
    axis = axis_for([r[end] for r in rows for end in ("low", "high", "base")], percent=True)
    return SensitivityPage(
        pictures=tuple(
            _picture(axis, [r for r in rows if r["unit"] == u]) for u in dict.fromkeys(r["unit"] for r in rows)
        ),
        rows=tuple(rows),
        steps=tuple(tables.rows("sensitivity")),
        method_title=method_title(chosen),
        why_not=tables.why_not("domain_weights"),
        no_steps=tables.why_not("sensitivity"),
    )


def _factors(tables: Tables, words: Words, base: Row, chosen: str) -> list[Row]:
    unit, weight, level = base["unit"], base["weight"], 100 * tables.run.plan["confidence"]
    here = {"level": "domain", "unit": unit}
    boot = tables.one("bootstrap_weights", **here, method=chosen)
    raked = tables.one("domain_weights_raked", **here, method=chosen).get("weight")
    kept = tables.one("blueprint", **here)
    found = [
        _methods(tables, here, weight),
        ("Who happened to answer", boot.get("perc_low"), boot.get("perc_high"), f"{level:.0f} % bootstrap interval"),
        ("Weighting to the frame", raked, raked, "unweighted against raked"),
        ("The retention rule", kept.get("weight"), kept.get("weight"), "all tasks against retained tasks"),
    ]
    return [
        {"unit": unit, "title": words.unit(unit), "factor": name, "about": about, "base": weight,
         "low": min(weight, low), "high": max(weight, high)}
        for name, low, high, about in found if low is not None and high is not None and weight is not None
    ]  # fmt: skip


def _methods(tables: Tables, here: dict[str, Any], weight: float | None) -> tuple[str, Any, Any, str]:
    rows = [r for r in tables.rows("domain_weights", **here) if r["weight"] is not None]
    if not rows or weight is None:
        return "The task index", None, None, ""
    low, high = min(rows, key=lambda r: r["weight"]), max(rows, key=lambda r: r["weight"])
    about = f"lowest: {method_title(low['method'])}; highest: {method_title(high['method'])}"
    return "The task index", low["weight"], high["weight"], about


def _picture(axis: Axis, rows: list[Row]) -> Picture:
    lines = tuple(Line(r["factor"], (Mark(r["base"]),), r["low"], r["high"], note=r["about"]) for r in rows)
    title = f"What moves the weight of {rows[0]['unit']} {rows[0]['title']}"
    return Picture(
        title,
        axis,
        lines,
        rule=rows[0]["base"],
        about="The dashed line is the weight under the plan's method, all tasks.",
    )
