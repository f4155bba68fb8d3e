"""1EdTech CASE JSON (a CFPackage): its items and "isChildOf" associations, laid out as the rows of an inventory file.

An item is a domain, subdomain or statement by its ``CFItemType``, else by its place: what has children is an area, what
has none a task statement. The code is the ``humanCodingScheme``. Rows are numbered as the items stand in ``CFItems``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from jta.imports.limits import Limits
from jta.imports.result import RefusedError
from jta.imports.source import Cell, NumberedRow, Source
from jta.imports.text import fold, shown

HEADER = (
    "kind", "domain_code", "domain", "subdomain_code", "subdomain", "task_code", "task_statement", "references",
    "runs_through_all", "reference_codes",
)  # fmt: skip
RUNS_THROUGH = "runs through all domains"
_KINDS = ("knowledge", "skill", "ability", "value", "reference")
_AREAS = ("content domain", "domain", "subdomain", "sub domain", "cluster", "strand", "level")
_BRACKETS_OF_AN_ITEM = 14  # an item and its association hold a dozen objects and lists


@dataclass
class _Item:
    number: int
    values: dict[str, Any]
    children: list[_Item] = field(default_factory=list)
    parent: _Item | None = None
    place: float = 0.0
    sources: list[_Item] = field(default_factory=list)

    def text(self, name: str) -> str:
        """Return a text of the item; anything else than a text is empty."""
        found = self.values.get(name)
        return found if isinstance(found, str) else ""

    @property
    def code(self) -> str:
        """Its own code, else its number in a list."""
        return self.text("humanCodingScheme") or self.text("listEnumeration")

    @property
    def kind(self) -> str:
        """What kind of statement it is, or "area"."""
        said = fold(self.text("CFItemType"))
        named = next((kind for kind in _KINDS if said.startswith(kind)), None)
        if named and not self.children:
            return named
        return "area" if self.children or said in _AREAS else "task"


def is_case(text: str) -> bool:
    """Say whether a JSON text is a CASE package."""
    return text.lstrip()[:1] == "{" and '"CFItems"' in text


def open_case(text: str, limits: Limits) -> Source:
    """Open a CASE package as the rows of an inventory.

    Raises
    ------
    RefusedError
        If it is no valid package, has too many items, or its associations run in a circle.
    """
    if text.count("[") + text.count("{") > _BRACKETS_OF_AN_ITEM * limits.rows + 1000:
        raise RefusedError(f"The package has more than {limits.rows:,} items or lists inside lists. Split it.")
    package = _load(text)
    items = _items(package, limits)
    roots = _tree(package, items)
    rows, left = [], 0
    for root in roots:
        left += _lay_out(root, [], rows)
    notes = [f"Left out: {left} domains or subdomains without statements."] if left else []
    return Source(_rows(rows), first_row=0, notes=[*_document_note(package), *notes])


def _load(text: str) -> dict[str, Any]:
    try:
        package = json.loads(text, parse_constant=str, object_pairs_hook=_no_double_keys)
    except json.JSONDecodeError as error:
        raise RefusedError(f"The JSON is damaged (line {error.lineno}, position {error.colno}).") from None
    except ValueError:
        raise RefusedError("The JSON holds a number with too many digits.") from None
    if not isinstance(package, dict) or not isinstance(package.get("CFItems"), list):
        raise RefusedError("The CASE package has no list CFItems.")
    return package


def _no_double_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    if len(record) < len(pairs):
        names = [key for key, _ in pairs]
        doubled = next(key for key in names if names.count(key) > 1)
        raise RefusedError(f"The JSON names the key {shown(doubled)} twice in one object.")
    return record


def _document_note(package: dict[str, Any]) -> list[str]:
    document = package.get("CFDocument")
    title = document.get("title") if isinstance(document, dict) else None
    return [f"The package is called {shown(title, 60)}."] if isinstance(title, str) and title else []


def _items(package: dict[str, Any], limits: Limits) -> dict[str, _Item]:
    found: dict[str, _Item] = {}
    listed = package["CFItems"]
    if not listed:
        raise RefusedError("The CASE package has no items.")
    if len(listed) > limits.rows:
        raise RefusedError(f"The package has more than {limits.rows:,} items. Split it, or ask for a higher limit.")
    for number, values in enumerate(listed, start=1):
        identifier = values.get("identifier") if isinstance(values, dict) else None
        if not isinstance(identifier, str) or not identifier:
            raise RefusedError(f"Item {number} of the CASE package has no identifier.")
        if identifier in found:
            raise RefusedError(f"Items {found[identifier].number} and {number} have the same identifier.")
        found[identifier] = _Item(number, values, place=float(number))
    return found


def _tree(package: dict[str, Any], items: dict[str, _Item]) -> list[_Item]:
    for association in package.get("CFAssociations") or []:
        if isinstance(association, dict) and fold(str(association.get("associationType"))) == "ischildof":
            _adopt(association, items)
        elif isinstance(association, dict) and fold(str(association.get("associationType"))) == "isrelatedto":
            _relate(association, items)
    for item in items.values():
        _require_no_circle(item, len(items))
        item.children.sort(key=lambda child: (child.place, child.number))
    return sorted((i for i in items.values() if i.parent is None), key=lambda item: (item.place, item.number))


def _adopt(association: dict[str, Any], items: dict[str, _Item]) -> None:
    child, parent = (items.get(_node(association.get(name))) for name in ("originNodeURI", "destinationNodeURI"))
    if child is None:
        return
    sequence = association.get("sequenceNumber")
    if isinstance(sequence, int | float) and not isinstance(sequence, bool):
        child.place = float(sequence)
    if parent is None:
        return  # the document, or something outside the package
    if child.parent is not None and child.parent is not parent:
        raise RefusedError(f"Item {child.number} is a child of two items. Give it one place.")
    if child.parent is None:
        child.parent = parent
        parent.children.append(child)


def _relate(association: dict[str, Any], items: dict[str, _Item]) -> None:
    """Note that a statement comes from a reference."""
    one, other = (items.get(_node(association.get(name))) for name in ("originNodeURI", "destinationNodeURI"))
    if one is not None and other is not None and other.kind == "reference":
        one.sources.append(other)


def _node(value: Any) -> str:
    found = value.get("identifier") if isinstance(value, dict) else value
    return found if isinstance(found, str) else ""


def _require_no_circle(item: _Item, most: int) -> None:
    above, steps = item.parent, 0
    while above is not None:
        steps += 1
        if above is item or steps > most:
            raise RefusedError(f"Item {item.number} lies inside itself: the isChildOf associations run in a circle.")
        if steps > 50:
            raise RefusedError(f"Item {item.number} lies more than 50 levels deep. Use domains and subdomains only.")
        above = above.parent


def _lay_out(item: _Item, above: list[_Item], rows: list[tuple[_Item, list[_Item]]]) -> int:
    """Append the statements in and below an item; return how many areas are empty."""
    if item.kind != "area":
        rows.append((item, above))
        return 0
    if len(above) == 2:
        raise RefusedError(f"Item {item.number} is a third level of areas. Use domains and subdomains only.")
    return sum(_lay_out(child, [*above, item], rows) for child in item.children) + (not item.children)


def _rows(rows: list[tuple[_Item, list[_Item]]]) -> Iterator[NumberedRow]:
    yield 0, list(HEADER)
    for item, above in rows:
        yield item.number, _cells(item, above)


def _cells(item: _Item, above: list[_Item]) -> list[Cell]:
    places: list[Cell] = []
    for area in above:
        places += [area.code, area.text("fullStatement")]
    keywords = above[0].values.get("conceptKeywords") if above else None
    through = isinstance(keywords, list) and RUNS_THROUGH in keywords
    places += [""] * (4 - len(places))
    sources = "; ".join(source.code for source in item.sources)
    said: list[Cell] = [item.code, item.text("fullStatement"), item.text("notes"), "yes" if through else "", sources]
    return [item.kind, *places, *said]
