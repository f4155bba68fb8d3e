"""CASE packages have the fields, types and forms that the standard's own definition gives them.

The facts are those of 1EdTech's CASE 1.0 OpenAPI definition (CFPackage and what is in it), as clients made from it
state them: which fields there are, which must be there, how they are written. No other field is allowed.
"""

from __future__ import annotations

import json
import re
import uuid
from datetime import UTC, date, datetime

import pytest

from jta.exports.case_blueprint import CaseRow, CaseTask, blueprint_case
from jta.exports.case_file import CaseDocument, inventory_case
from jta.exports.inventory_file import InventoryLine

NAMED = {"identifier", "uri", "lastChangeDateTime"}
DOCUMENT = NAMED | {
    "creator", "title", "officialSourceURL", "publisher", "description", "subject", "subjectURI", "language",
    "version", "adoptionStatus", "statusStartDate", "statusEndDate", "licenseURI", "notes",
}  # fmt: skip
ITEM = NAMED | {
    "fullStatement", "alternativeLabel", "CFItemType", "humanCodingScheme", "listEnumeration", "abbreviatedStatement",
    "conceptKeywords", "conceptKeywordsURI", "notes", "language", "educationLevel", "CFItemTypeURI", "licenseURI",
    "statusStartDate", "statusEndDate",
}  # fmt: skip
ENDS = {"associationType", "originNodeURI", "destinationNodeURI"}
ASSOCIATION = NAMED | ENDS | {"sequenceNumber", "CFAssociationGroupingURI"}
RUBRIC = NAMED | {"title", "description", "CFRubricCriteria"}
CRITERION = NAMED | {
    "category", "description", "CFItemURI", "weight", "position", "rubricId", "CFRubricCriterionLevels",
}  # fmt: skip
LEVEL = NAMED | {"description", "quality", "score", "feedback", "position", "rubricCriterionId"}
KINDS = {
    "isChildOf", "isPeerOf", "isPartOf", "exactMatchOf", "precedes", "isRelatedTo", "replacedBy", "exemplar",
    "hasSkillLevel",
}  # fmt: skip
STATES = {"Private Draft", "Draft", "Adopted", "Deprecated"}
LINES = {"notes", "description", "feedback"}  # texts that may have line breaks, but for a document's description
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)")
ABOUT = CaseDocument(
    "https://x.example/1", "Study\twith a tab", "Board", "Two\nlines", datetime(2026, 11, 1, tzinfo=UTC)
)


def packages() -> list[bytes]:
    rows = [
        CaseRow("1", "One", None, 0.6, 6, 5, 7, 1, (("Recall", 2), ("Application", 4))),
        CaseRow("1.1", "Inner", "1", 0.6, 6, 6, 6, 0),
    ]
    tasks = [CaseTask("1.1", "1.1.1", "Do a thing", "Recall")]
    lines = [
        InventoryLine("1", "One", "1.1", "Inner", "1.1.1", "Do a thing", "A\nB"),
        InventoryLine("", "", "", "", "K1", "Knowledge of it", "", "knowledge"),
        InventoryLine("4", "Values", "", "", "V1", "Integrity", "", "value", "yes"),
    ]
    return [
        blueprint_case(rows, tasks, ABOUT, adopted=True, effective_on="2027-01-01"), inventory_case(lines, ABOUT)
    ]  # fmt: skip


def check(part: dict, allowed: set[str], needed: set[str]) -> None:
    assert set(part) <= allowed
    assert NAMED | needed <= set(part)
    assert str(uuid.UUID(part["identifier"])) == part["identifier"]
    assert part["uri"] == f"urn:uuid:{part['identifier']}"
    assert MOMENT.fullmatch(part["lastChangeDateTime"])
    assert None not in part.values()
    for name, value in part.items():
        if isinstance(value, str) and (name not in LINES or allowed is DOCUMENT):
            assert not re.search(r"[\t\r\n]", value), name


def check_link(link: dict) -> None:
    assert set(link) == {"title", "identifier", "uri"}
    assert link["uri"] == f"urn:uuid:{uuid.UUID(link['identifier'])}"


@pytest.mark.parametrize("content", packages(), ids=["blueprint", "inventory"])
def test_packages_follow_the_definition_of_the_standard(content):
    package = json.loads(content)
    assert {"CFDocument", "CFItems", "CFAssociations"} <= set(package) <= {
        "CFDocument", "CFItems", "CFAssociations", "CFDefinitions", "CFRubrics"
    }  # fmt: skip
    document = package["CFDocument"]
    check(document, DOCUMENT, {"creator", "title"})
    assert document["adoptionStatus"] in STATES
    date.fromisoformat(document.get("statusStartDate", "2027-01-01"))
    known = {document["identifier"]}
    for item in package["CFItems"]:
        check(item, ITEM, {"fullStatement"})
        known.add(item["identifier"])
    for association in package["CFAssociations"]:
        check(association, ASSOCIATION, ENDS)
        assert association["associationType"] in KINDS
        assert type(association["sequenceNumber"]) is int
        for end in ("originNodeURI", "destinationNodeURI"):
            check_link(association[end])
            assert association[end]["identifier"] in known
    for rubric in package.get("CFRubrics", ()):
        check_rubric(rubric, known)
    assert len(known) == len(package["CFItems"]) + 1


def check_rubric(rubric: dict, known: set[str]) -> None:
    check(rubric, RUBRIC, set())
    for criterion in rubric["CFRubricCriteria"]:
        check(criterion, CRITERION, set())
        check_link(criterion["CFItemURI"])
        assert criterion["CFItemURI"]["identifier"] in known
        assert criterion["rubricId"] == rubric["identifier"]
        assert isinstance(criterion["weight"], float)
        for level in criterion["CFRubricCriterionLevels"]:
            check(level, LEVEL, set())
            assert level["rubricCriterionId"] == criterion["identifier"]
            assert isinstance(level["score"], float)
            assert type(level["position"]) is int
