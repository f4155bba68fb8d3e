"""JSON: a list of flat objects, one a row; read record by record so that a hostile file stays small."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from jta.imports.case_json import is_case, open_case
from jta.imports.encoding import decode
from jta.imports.kinds import INVENTORY, Kind
from jta.imports.limits import Limits
from jta.imports.result import RefusedError
from jta.imports.source import Cell, NumberedRow, Source, Typed
from jta.imports.text import shown

_SPACE = re.compile(r"[ \t\r\n]*")
_WRAPPER = re.compile(r'\{\s*"(\w{1,30})"\s*:\s*(?=\[)')
_WRAPPERS = {"rows", "records", "data", "inventory", "tasks", "roster", "people", "panel", "ratings", "counts", "bank"}


class _DoubleKeyError(Exception):
    """An object names the same key twice."""


def open_json(data: bytes, kind: Kind, limits: Limits) -> Source:
    """Open a JSON file: ``[{...}, ...]`` or ``{"rows": [{...}, ...]}``; for an inventory also a CASE package.

    Raises
    ------
    RefusedError
        If it is not valid JSON of that shape, names a key twice, is nested, or has too many records.
    """
    text = decode(data)
    if kind is INVENTORY and is_case(text):
        return open_case(text, limits)
    most = limits.rating_rows if kind.name == "ratings" else limits.rows
    # Flat records need one bracket each; far more means nesting, which costs memory before it can be judged.
    if text.count("[") + text.count("{") > 2 * most + 1000:
        raise RefusedError("The JSON has too many records or lists inside records. Give one flat object for each row.")
    records = list(_records(text, most))
    keys = list(dict.fromkeys(key for record in records for key in record))
    header: list[Cell] = list(keys)
    return Source(_rows(header, keys, records), first_row=0)


def _rows(header: list[Cell], keys: list[str], records: list[dict[str, Any]]) -> Iterator[NumberedRow]:
    yield 0, header
    for number, record in enumerate(records, start=1):
        yield number, [_cell(record.get(key)) for key in keys]


def _cell(value: Any) -> Cell:
    if value is None:
        return ""
    if isinstance(value, str | Typed):
        return value
    if isinstance(value, bool):
        return Typed("boolean", str(value).lower())
    return Typed("list", "[…]")


def _records(text: str, most: int) -> Iterator[dict[str, Any]]:
    place, closing = _open_list(text)
    decoder = _decoder()
    number = 0
    while text[place : place + 1] != "]":
        number += 1
        if number > most:
            raise RefusedError(f"The file has more than {most:,} records. Split it, or ask for a higher limit.")
        record, place = _take(decoder, text, place, number)
        yield record
        place = _next(text, place, number)
    if text[place + 1 :].strip(" \t\r\n") != closing:
        raise RefusedError("The JSON has more text after its list of records.")


def _open_list(text: str) -> tuple[int, str]:
    """Return where the first record begins and what must stand behind the list."""
    start, closing = _skip(text, 0), ""
    if match := _WRAPPER.match(text, start):
        if match[1].lower() not in _WRAPPERS:
            raise RefusedError(f"The JSON has the key {shown(match[1])} where a list of records is expected.")
        start, closing = match.end(), "}"
    if text[start : start + 1] != "[":
        raise RefusedError("The JSON must be a list of objects, one for each row.")
    return _skip(text, start + 1), closing


def _take(decoder: json.JSONDecoder, text: str, place: int, number: int) -> tuple[dict[str, Any], int]:
    try:
        record, end = decoder.raw_decode(text, place)
    except _DoubleKeyError as double:
        raise RefusedError(f"Record {number} names the key {shown(str(double))} twice.") from None
    except RecursionError:
        raise RefusedError(f"Record {number} is nested too deep. Give one flat object for each row.") from None
    except json.JSONDecodeError as error:
        raise RefusedError(_damage(text, error, number)) from None
    if not isinstance(record, dict):
        raise RefusedError(f"Record {number} is not an object. Give one object with named values for each row.")
    return record, end


def _damage(text: str, error: json.JSONDecodeError, number: int) -> str:
    if error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated"):
        return f"The JSON is cut off in record {number}. Send the whole file."
    return f"The JSON is damaged in record {number} (line {error.lineno}, position {error.colno})."


def _next(text: str, place: int, number: int) -> int:
    """Return the start of the next record, or the place of the closing bracket."""
    place = _skip(text, place)
    sign = text[place : place + 1]
    if sign == "]":
        return place
    follows = _skip(text, place + 1)
    if sign == "," and text[follows : follows + 1] not in ("]", ""):
        return follows
    if follows >= len(text) and sign in ("", ","):
        raise RefusedError(f"The JSON is cut off after record {number}. Send the whole file.")
    raise RefusedError(f"The JSON is damaged after record {number}: a comma or ] is expected.")


def _skip(text: str, place: int) -> int:
    match = _SPACE.match(text, place)
    return match.end() if match else place


def _decoder() -> json.JSONDecoder:
    """Return a decoder that keeps numbers as written and refuses keys named twice."""
    seen: dict[str, Typed] = {}

    def number(text: str) -> Typed:
        if text not in seen and len(seen) > 10_000:
            seen.clear()
        whole = text.isascii() and text.removeprefix("-").isdigit() and len(text) <= 15
        return seen.setdefault(text, Typed("integer" if whole else "number", text))

    return json.JSONDecoder(
        object_pairs_hook=_no_double_keys,
        parse_int=number,
        parse_float=number,
        parse_constant=lambda name: Typed("number", name),
    )


def _no_double_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    if len(record) < len(pairs):
        names = [key for key, _ in pairs]
        raise _DoubleKeyError(next(key for key in names if names.count(key) > 1))
    return record
