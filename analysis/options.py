"""Checks of the options of a plan: each returns the value to keep, or says what to give instead."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields
from typing import Any

from analysis.errors import PlanError, shown

Check = Callable[[str, Any], Any]


def one_of(*allowed: str | None) -> Check:
    """Return the check that an option has one of these values."""

    def check(name: str, value: Any) -> Any:
        if value not in allowed:
            raise PlanError(f"{name} is {value!r}; choose one of {shown(allowed, limit=20)}.")
        return value

    check.allowed = allowed  # type: ignore[attr-defined]  # a function may carry what it allows, for the schema
    return check


def text_or_none(name: str, value: Any) -> str | None:
    """Check that an option is a text or null."""
    if value is not None and (not isinstance(value, str) or not value):
        raise PlanError(f"{name} is {value!r}; give the code of a rating scale, or null.")
    return value


def whole(minimum: int, maximum: int = 10**9) -> Check:
    """Return the check that an option is a whole number within limits."""

    def check(name: str, value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not minimum <= value <= maximum:
            raise PlanError(f"{name} is {value!r}; give a whole number from {minimum} to {maximum}.")
        return value

    return check


def number(name: str, value: Any) -> float:
    """Check that an option is a finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise PlanError(f"{name} is {value!r}; give a number.")
    return float(value)


def number_or_none(name: str, value: Any) -> float | None:
    """Check that an option is a finite number or null."""
    return None if value is None else number(name, value)


def share(name: str, value: Any) -> float:
    """Check that an option lies strictly between 0 and 1."""
    portion = number(name, value)
    if not 0 < portion < 1:
        raise PlanError(f"{name} is {value!r}; give a share between 0 and 1 (95 % is 0.95).")
    return portion


def totals(name: str, value: Any) -> tuple[int, ...]:
    """Check that an option is a list of whole numbers from 1."""
    if not isinstance(value, list | tuple):
        raise PlanError(f"{name} is {value!r}; give a list of whole numbers.")
    return tuple(whole(1)(name, total) for total in value)


def bounds(name: str, value: Any) -> tuple[tuple[str, int], ...]:
    """Check that an option gives a whole number for each code; sorted by code."""
    pairs = value.items() if isinstance(value, Mapping) else value
    try:
        return tuple(sorted((str(unit), whole(0)(f"{name} of {unit!r}", bound)) for unit, bound in pairs))
    except (TypeError, ValueError) as error:
        raise PlanError(f"{name} is {value!r}; give a number of items for each code, as {{'D1': 5}}.") from error


def option(check: Check, meaning: str) -> dict[str, Any]:
    """Return the metadata of one option: its check and its meaning."""
    return {"check": check, "meaning": meaning, "consequence": "", "further": False}


def further(check: Check, meaning: str, consequence: str) -> dict[str, Any]:
    """Return the metadata of an option that few studies change, with what follows from a choice."""
    return {"check": check, "meaning": meaning, "consequence": consequence, "further": True}


def check_fields(plan: Any) -> None:
    """Check every field of an options class and keep the checked value."""
    for item in fields(plan):
        object.__setattr__(plan, item.name, item.metadata["check"](item.name, getattr(plan, item.name)))


def in_order(kind: type) -> list[Field[Any]]:
    """Return the fields of an options class, the further ones last."""
    return sorted(fields(kind), key=lambda item: bool(item.metadata["further"]))


def no_double_names(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return a JSON object's pairs as a dict, or refuse one that gives a name twice: which is meant?"""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = sorted({name for name in names if names.count(name) > 1})
        raise PlanError(f"The plan gives {shown(twice)} more than once; keep one.")
    return found


def known(kind: type, parts: Any) -> dict[str, Any]:
    """Return the parts as keyword arguments, or name those that the class does not know."""
    if not isinstance(parts, Mapping):
        raise PlanError(f"{parts!r} is not a set of named options.")
    known = [item.name for item in in_order(kind)]
    if unknown := [name for name in parts if name not in known]:
        raise PlanError(f"Unknown option(s) {shown(unknown)}; the options are: {', '.join(known)}.")
    needed = [item.name for item in fields(kind) if item.default is MISSING]
    if absent := [name for name in needed if name not in parts]:
        raise PlanError(f"{dict(parts)!r} lacks the option(s) {shown(absent)}.")
    return dict(parts)
