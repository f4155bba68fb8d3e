"""The inventory as a 1EdTech CASE package (CFPackage, CASE 1.0): document, items, isChildOf associations.

The same inventory gives the same identifiers, so that a later package of the study is known as a new state of it.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from jta.exports.inventory_file import InventoryLine
from jta.imports.case_json import RUNS_THROUGH
from jta.imports.inventory import REFERENCE, REFERENCE_SIGN


def normalized(text: str) -> str:
    """Return a text as CASE's NormalizedString: without tabs and line breaks."""
    return re.sub(r"[\t\r\n]", " ", text)


@dataclass(frozen=True)
class CaseDocument:
    """What a package says of itself; ``address`` is the study's own, from which all identifiers are made."""

    address: str
    title: str
    creator: str
    description: str
    changed: datetime


@dataclass
class Package:
    """A package in the making: its items and associations, the same identifiers for the same content.

    Within a package, CASE lets no part name its document or package; single parts of a service would.
    """

    document: CaseDocument
    items: list[dict[str, Any]] = field(default_factory=list)
    associations: list[dict[str, Any]] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def stamp(self) -> str:
        """The moment of the last change, as CASE writes it."""
        return self.document.changed.isoformat(timespec="seconds")

    def link(self, identifier: str, title: str) -> dict[str, str]:
        """Return a link as CASE writes it."""
        return {"title": normalized(title), "identifier": identifier, "uri": f"urn:uuid:{identifier}"}

    def identifier(self, *key: str) -> str:
        """Return the identifier of something of this study, always the same one."""
        return str(uuid.uuid5(uuid.NAMESPACE_URL, "|".join((self.document.address, *key))))

    def add(self, kind: str, code: str, text: str, parent: tuple[str, str] | None, **more: Any) -> tuple[str, str]:
        """Add an item below another one, or below the document; return its identifier and code."""
        own = self.identifier(kind, code)
        item = {
            "identifier": own, "uri": f"urn:uuid:{own}", "fullStatement": normalized(text), "humanCodingScheme": code,
            "CFItemType": kind, "lastChangeDateTime": self.stamp, **more,
        }  # fmt: skip
        self.items.append(item)
        above, name = parent or (self.identifier("document"), self.document.title)
        self.counts[above] = self.counts.get(above, 0) + 1
        self._associate("isChildOf", (kind, code), (own, code), (above, name), sequenceNumber=self.counts[above])
        return own, code

    def relate(self, one: tuple[str, str], other: tuple[str, str]) -> None:
        """Say that an item is related to another one."""
        self._associate("isRelatedTo", (one[0], other[0]), one, other)

    def _associate(
        self, kind: str, key: tuple[str, ...], one: tuple[str, str], other: tuple[str, str], **more: Any
    ) -> None:
        link = self.identifier(kind, *key)
        self.associations.append(
            {
                "identifier": link, "uri": f"urn:uuid:{link}", "associationType": kind,
                "originNodeURI": self.link(*one), "destinationNodeURI": self.link(*other), **more,
                "lastChangeDateTime": self.stamp,
            }
        )  # fmt: skip

    def written(self, more: Mapping[str, Any] | None = None, **head: Any) -> bytes:
        """Return the package as JSON; ``more`` are further parts of it, ``head`` further facts of its document."""
        own = self.identifier("document")
        about = {
            "identifier": own, "uri": f"urn:uuid:{own}", "creator": normalized(self.document.creator),
            "title": normalized(self.document.title), "description": normalized(self.document.description),
            "lastChangeDateTime": self.stamp, "adoptionStatus": "Draft", "language": "en", **head,
        }  # fmt: skip
        whole = {"CFDocument": about, "CFItems": self.items, "CFAssociations": self.associations, **(more or {})}
        return json.dumps(whole, ensure_ascii=False, indent=1).encode("utf-8")


def inventory_case(lines: Sequence[InventoryLine], document: CaseDocument) -> bytes:
    """Return the inventory as a CASE package, in the order given."""
    package = Package(document)
    areas: dict[tuple[str, ...], tuple[str, str]] = {}
    made: dict[int, tuple[str, str]] = {}
    for number, line in enumerate(lines):
        place = _area(package, areas, line)
        notes = {"notes": line.references} if line.references else {}
        made[number] = package.add(_ITEM_TYPES[line.kind], line.task_code, line.task_statement, place, **notes)
    references = {line.task_code: made[n] for n, line in enumerate(lines) if line.kind == REFERENCE}
    for number, line in enumerate(lines):
        for code in filter(None, line.reference_codes.split(f"{REFERENCE_SIGN} ")):
            package.relate(made[number], references[code])
    return package.written()


_ITEM_TYPES = {
    "task": "Task Statement", "knowledge": "Knowledge Statement", "skill": "Skill Statement",
    "ability": "Ability Statement", "value": "Value Statement",
    REFERENCE: "Reference",
}  # fmt: skip


def _area(
    package: Package, areas: dict[tuple[str, ...], tuple[str, str]], line: InventoryLine
) -> tuple[str, str] | None:
    """Return the area of a line, added on its first line; None for a KSA of no domain."""
    if not line.domain_code:
        return None
    top = (line.domain_code,)
    if top not in areas:
        more = {"conceptKeywords": [RUNS_THROUGH]} if line.runs_through_all == "yes" else {}
        areas[top] = package.add("Content Domain", line.domain_code, line.domain, None, **more)
    if not line.subdomain_code:
        return areas[top]
    below = (line.domain_code, line.subdomain_code)
    if below not in areas:
        areas[below] = package.add("Subdomain", line.subdomain_code, line.subdomain, areas[top])
    return areas[below]
