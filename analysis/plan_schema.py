"""The plan for machines and for comparison: its JSON schema, and two plans option by option."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, get_type_hints

from analysis.options import in_order
from analysis.plan import AnalysisPlan, RetentionCut

PLAIN = {str: "string", int: "integer", float: "number", type(None): "null"}
OBJECTS = ("domain_minimum", "domain_maximum", "panel_weights", "cognitive_levels")


def _types(hint: Any) -> list[str]:
    parts = getattr(hint, "__args__", ()) if not isinstance(hint, type) else (hint,)
    return [PLAIN[part] for part in parts if part in PLAIN] or ["array"]


def _property(kind: type, item: Any, default: Any) -> dict[str, Any]:
    types = _types(get_type_hints(kind)[item.name])
    found: dict[str, Any] = {"description": item.metadata["meaning"]}
    if item.name in OBJECTS:
        found |= {"type": "object", "additionalProperties": {"type": "number"}}
    elif item.name == "retention":
        found |= {"type": "array", "items": _object(RetentionCut, {})}
    elif str(get_type_hints(kind)[item.name]).startswith("tuple"):
        found |= {"type": "array"}
    else:
        found |= {"type": types[0] if len(types) == 1 else types}
    if allowed := getattr(item.metadata["check"], "allowed", None):
        found["enum"] = list(allowed)
    if item.metadata["consequence"]:
        found["description"] += f" {item.metadata['consequence']}"
    return found if default is ... else {**found, "default": default}


def _object(kind: type, defaults: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {f.name: _property(kind, f, defaults.get(f.name, ...)) for f in in_order(kind)},
    }


def plan_schema() -> dict[str, Any]:
    """Return the JSON schema (2020-12) of a plan, with every option's meaning and default."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Analysis plan of a practice analysis",
        **_object(AnalysisPlan, AnalysisPlan().to_dict()),
    }


@dataclass(frozen=True)
class PlanDifference:
    """One option in which two plans differ."""

    name: str
    before: Any
    after: Any
    meaning: str
    consequence: str


def compare_plans(before: AnalysisPlan, after: AnalysisPlan) -> list[PlanDifference]:
    """Return the options in which two plans differ, in the plan's order.

    Examples
    --------
    >>> [(d.name, d.before, d.after) for d in compare_plans(AnalysisPlan(), AnalysisPlan(items=125))]
    [('items', 100, 125)]
    """
    one, two = before.to_dict(), after.to_dict()
    return [
        PlanDifference(f.name, one[f.name], two[f.name], f.metadata["meaning"], f.metadata["consequence"])
        for f in in_order(AnalysisPlan)
        if one[f.name] != two[f.name]
    ]
