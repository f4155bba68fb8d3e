"""What the demo study asks: its task inventory, rating scales and background questions.

The texts live in data files beside this module, so that they can be read and corrected without
reading code. ``framework.csv`` has the columns of an inventory import and can be uploaded as it is.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

FOLDER = Path(__file__).parent
FRAMEWORK_CSV = FOLDER / "framework.csv"


class DemoTask(NamedTuple):
    """One line of an inventory; the fields are the columns of an inventory import."""

    domain_code: str
    domain: str
    subdomain_code: str
    subdomain: str
    task_code: str
    task_statement: str


@dataclass(frozen=True)
class DemoAnchor:
    """One point of a rating scale; ``value`` is None where the anchor has no number."""

    code: str
    label: str
    value: float | None
    not_performed: bool


@dataclass(frozen=True)
class DemoScale:
    """A rating scale in the words the respondent reads; ``kind`` is "frequency" or "importance"."""

    code: str
    kind: str
    title: str
    prompt: str
    anchors: tuple[DemoAnchor, ...]


class Choice(NamedTuple):
    """One answer to a background question."""

    code: str
    label: str


@dataclass(frozen=True)
class BackgroundQuestion:
    """One background question with a fixed list of choices, of which one may be picked."""

    code: str
    prompt: str
    help: str
    is_stratum: bool
    choices: tuple[Choice, ...]


class RatingRow(NamedTuple):
    """One rating, as stored: the anchor chosen, never a number."""

    person_code: str
    task_code: str
    scale_code: str
    anchor_code: str


def load_framework() -> tuple[DemoTask, ...]:
    """Return the 100 task statements of the demo study, in their order in the inventory."""
    return read_inventory(FRAMEWORK_CSV)


def read_inventory(path: Path) -> tuple[DemoTask, ...]:
    """Return the lines of one of the demo's own inventory files. Codes stay text."""
    return tuple(DemoTask(**row) for row in read_csv(path))


def read_csv(path: Path) -> list[dict[str, str]]:
    """Return the rows of a data file of the demo, every cell as text."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def load_knowledge() -> list[dict[str, str]]:
    """Return the KSAs of the demo study as the rows of an inventory import; Core Values & Skills stand last."""
    return read_csv(FOLDER / "ksas.csv")


def load_json(name: str) -> Any:
    """Return the content of a JSON data file of the demo, named from this folder."""
    return json.loads((FOLDER / name).read_text(encoding="utf-8"))


def load_scales(name: str = "scales.json") -> tuple[DemoScale, ...]:
    """Return the rating scales in the order they are asked: frequency first."""
    return tuple(_scale(entry) for entry in load_json(name)["scales"])


def _scale(entry: Mapping[str, Any]) -> DemoScale:
    anchors = tuple(DemoAnchor(**anchor) for anchor in entry["anchors"])
    return DemoScale(**{**entry, "anchors": anchors})


def load_background() -> tuple[BackgroundQuestion, ...]:
    """Return the questions of the background page."""
    return tuple(_question(entry) for entry in load_json("background.json")["questions"])


def _question(entry: Mapping[str, Any]) -> BackgroundQuestion:
    choices = tuple(Choice(**choice) for choice in entry["choices"])
    return BackgroundQuestion(**{**entry, "choices": choices})
