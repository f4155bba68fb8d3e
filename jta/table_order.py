"""The order of a table's rows that a reader chose, for browsers without script: ``?sort=TABLE.COLUMN.DIRECTION``.

``static/js/tables.js`` orders the same table in the page by the same addresses; a link made by one is read by both.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from flask import Flask, request

DIRECTIONS = ("ascending", "descending")


@dataclass(frozen=True)
class SortLink:
    """Where a press on a column's head leads, and how the column is sorted now (empty: it is not)."""

    href: str
    state: str


def sort_now() -> str:
    """Return the order that the address asks for, empty where it asks for none."""
    return request.args.get("sort", "") if request else ""


def sort_link(at: str, kind: str) -> SortLink:
    """Return the link of the column ``TABLE.COLUMN``: figures begin with the largest, words with A."""
    table, column, direction = _parts(sort_now())
    state = direction if f"{table}.{column}" == at else ""
    wanted = DIRECTIONS[state == "ascending"] if state else DIRECTIONS[kind == "number"]
    asked = {**request.args.to_dict(), "sort": f"{at}.{wanted}"}
    return SortLink(f"{request.path}?{urlencode(asked)}#table-{at.partition('.')[0]}", state)


def in_order(rows: Iterable[Any], table: str, columns: Mapping[int, str]) -> list[Any]:
    """Return rows in the order asked for; rows without a value stand last either way.

    Parameters
    ----------
    table : str
        The table's slug.
    columns : mapping
        The place of each column that sorts, and where a row keeps its value, with dots between the steps.
    """
    name, column, direction = _parts(sort_now())
    path = columns.get(int(column)) if column.isascii() and column.isdigit() else None
    found = list(rows)
    if name != table or path is None or direction not in DIRECTIONS:
        return found
    known = [(key, row) for row in found if (key := _key(_value(row, path))) is not None]
    known.sort(key=lambda pair: pair[0], reverse=direction == "descending")
    return [row for _, row in known] + [row for row in found if _key(_value(row, path)) is None]


def _parts(order: str) -> tuple[str, str, str]:
    name, _, rest = order.partition(".")
    column, _, direction = rest.partition(".")
    return name, column, direction


def _value(row: Any, path: str) -> Any:
    for step in path.split("."):
        if row is None:
            return None
        if isinstance(row, list | tuple):
            row = row[int(step)] if int(step) < len(row) else None
        else:
            row = row.get(step) if isinstance(row, Mapping) else getattr(row, step, None)
    return row


def _key(value: Any) -> Any:
    """Return what a value sorts by: a number by itself, words with their numbers as numbers (1.2 before 1.10)."""
    if value is None or value == "":
        return None
    if isinstance(value, int | float):
        return value
    parts = re.split(r"(\d+)", str(value).casefold())
    return tuple((0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts if part)


def register(app: Flask) -> None:
    """Give templates the order of their tables."""
    app.jinja_env.filters["in_order"] = in_order
    app.jinja_env.globals.update(sort_link=sort_link, sort_now=sort_now)
