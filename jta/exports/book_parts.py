"""What the workbook's sheets around the blueprint are made of: methods, groups, respondents, lists, levels.

Plain, frozen values, as in `jta.exports.book`. ``None`` stands for "cannot be computed, or does not apply";
a number that may not be shown is `SUPPRESSED`, so that nobody takes it for an empty one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

SUPPRESSED = "suppressed"
DIFFERENT = "groups differ"  # the flag of a task that groups of respondents rate differently
Shown = float | int | str | None  # a number, `SUPPRESSED`, or nothing


@dataclass(frozen=True)
class Area:
    """A content domain that weights are compared for."""

    code: str
    name: str


@dataclass(frozen=True)
class MethodLine:
    """Weights and items of every `Area` under one method, or under one other choice of the plan.

    ``kind`` is "method" or "choice"; ``tasks`` is how many tasks count in it, ``moved`` how many items differ from the
    plan's. ``planned`` is what the plan has in its place; ``is_plan`` marks what the plan says.
    """

    kind: str
    name: str
    weights: tuple[Shown, ...]
    items: tuple[Shown, ...]
    moved: Shown = None
    tasks: Shown = None
    is_plan: bool = False
    planned: str = ""


@dataclass(frozen=True)
class GroupLine:
    """One task in one group of respondents, with the test of its differences between the groups of that question."""

    question: str
    group: str
    task_code: str
    statement: str
    n: Shown
    mean: Shown
    effect: Shown
    p: Shown
    flag: str


@dataclass(frozen=True)
class ProfileLine:
    """One line about the respondents as a whole or in groups; never about a person.

    ``people`` of ``whole`` are ``share``; ``frame_share`` is that of the population, ``residual`` how far the group is
    from it in standardised units.
    """

    topic: str
    group: str
    people: Shown = None
    whole: Shown = None
    share: Shown = None
    frame_share: Shown = None
    residual: Shown = None
    note: str = ""


@dataclass(frozen=True)
class ExcludedLine:
    """A task that does not count in the blueprint, with the rule it met and what the panel decided on it."""

    task_code: str
    domain_code: str
    statement: str
    importance: Shown = None
    performing: Shown = None
    index: Shown = None
    decision: str = ""
    rule: str = ""
    panel: str = ""
    vote: str = ""
    on: date | None = None
    why: str = ""


@dataclass(frozen=True)
class CrosswalkRow:
    """A former statement and what became of it, or a new task; ``state`` says whether somebody decided that."""

    former_list: str
    former_code: str
    former_statement: str
    relation: str
    task_code: str
    statement: str
    state: str
    reason: str = ""


@dataclass(frozen=True)
class ReferenceLine:
    """A source with the codes of the statements that come from it."""

    code: str
    citation: str
    edition: str
    statements: tuple[str, ...]


@dataclass(frozen=True)
class MatrixLine:
    """Items of one domain or subdomain by cognitive level; ``panel`` are the shares of its tasks' weight by level."""

    code: str
    name: str
    level: str
    items: tuple[int, ...]
    panel: tuple[float | None, ...]


@dataclass(frozen=True)
class GapLine:
    """Items wanted in the item bank for one part of the blueprint, those in it, and those missing."""

    code: str
    name: str
    cognitive_level: str
    wanted: int
    available: int | None
    missing: int | None


@dataclass(frozen=True)
class CognitiveMatrix:
    """Content by cognitive level: ``targets`` are the shares wanted, in the order of ``levels``."""

    levels: tuple[str, ...]
    targets: tuple[float, ...]
    lines: tuple[MatrixLine, ...]
    gaps: tuple[GapLine, ...] = ()
    forms: float = 0.0
