"""The parts of a survey as respondents meet them: scales, cards, pages, and how far somebody has come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple

TASKS, KSA = "rate", "ksa"  # the two decks of cards, as addresses and forms name them
CARD_STEPS = {"ratings": TASKS, "ksa": KSA}
CARDS_PER_PAGE = 10


@dataclass(frozen=True)
class SurveyAnchor:
    """One answer of a rating scale, in words."""

    id: int
    label: str
    not_performed: bool


@dataclass(frozen=True)
class SurveyScale:
    """A rating scale of the card; ``is_gate`` says that its "not performed" answer completes the card."""

    id: int
    code: str
    title: str
    prompt: str
    anchors: tuple[SurveyAnchor, ...]
    is_gate: bool

    @cached_property
    def labels(self) -> dict[int, str]:
        """Words of each anchor by its id."""
        return {anchor.id: anchor.label for anchor in self.anchors}


@dataclass(frozen=True)
class SurveyTask:
    """One card: a task statement with its code and the title of its subdomain."""

    id: int
    code: str
    statement: str
    subdomain: str


@dataclass(frozen=True)
class SurveyPage:
    """One page of cards, all of one content domain."""

    number: int
    domain_code: str
    domain_title: str
    tasks: tuple[SurveyTask, ...]

    @property
    def groups(self) -> list[tuple[str, list[SurveyTask]]]:
        """The cards in order, in runs of the same subdomain."""
        runs: list[tuple[str, list[SurveyTask]]] = []
        for task in self.tasks:
            if not runs or runs[-1][0] != task.subdomain:
                runs.append((task.subdomain, []))
            runs[-1][1].append(task)
        return runs


class Stored(NamedTuple):
    """A rating as it stands: the anchor (None when it was taken back), its version, when it was saved (UTC)."""

    anchor_id: int | None
    version: int
    saved_at: datetime | None = None


NOT_RATED = Stored(None, 0)
Key = tuple[int, int]  # task id, scale id
Ratings = Mapping[Key, Stored]


@dataclass(frozen=True)
class Stop:
    """One page on the way through a survey: ``kind`` and ``number`` make its address."""

    kind: str
    number: int
    step: Mapping[str, Any] = field(repr=False)

    @property
    def key(self) -> str:
        """Name of the page in the record of visits."""
        return f"{self.step['id']}" if self.kind == "page" else f"{self.step['id']}.{self.number}"


@dataclass(frozen=True)
class Progress:
    """Complete cards, all cards, minutes still to expect."""

    done: int
    total: int
    minutes_left: int


@dataclass
class DomainOverview:
    """One content domain on the review page: its first page, its cards, and those still open with their page."""

    code: str
    title: str
    first_page: int
    n_tasks: int = 0
    gaps: list[tuple[int, SurveyTask]] = field(default_factory=list)

    @property
    def done(self) -> int:
        """Complete cards."""
        return self.n_tasks - len(self.gaps)


@dataclass(frozen=True)
class Overview:
    """The review page: every content domain, and the whole."""

    domains: list[DomainOverview]
    progress: Progress

    @property
    def open_tasks(self) -> int:
        """Cards that are not complete."""
        return self.progress.total - self.progress.done


def statement_pages(step: Mapping[str, Any]) -> tuple[SurveyPage, ...]:
    """The statements of a step as pages of cards."""
    cards = [SurveyTask(s["id"], s["code"], s["statement"], s.get("group") or "") for s in step["statements"]]
    parts = [cards[start : start + CARDS_PER_PAGE] for start in range(0, len(cards), CARDS_PER_PAGE)]
    return tuple(SurveyPage(n, "", step["title"], tuple(part)) for n, part in enumerate(parts, start=1))


def read_page(page: Mapping[str, Any]) -> SurveyPage:
    """Turn one page of cards of an instrument's content into a `SurveyPage`."""
    tasks = tuple(SurveyTask(t["id"], t["code"], t["statement"], t.get("subdomain") or "") for t in page["tasks"])
    return SurveyPage(page["number"], page["domain"]["code"], page["domain"]["title"], tasks)


def read_scales(scales: list[Mapping[str, Any]]) -> tuple[SurveyScale, ...]:
    """Turn the scales of an instrument's content into `SurveyScale` objects, and find the one that opens the card."""
    anchors = [
        tuple(SurveyAnchor(a["id"], a["label"], bool(a["not_performed"])) for a in scale["anchors"]) for scale in scales
    ]
    # One scale opens the card: the first frequency scale that offers "I do not perform this task".
    gate = next(
        (s["id"] for s, own in zip(scales, anchors, strict=True) if s["kind"] == "frequency" and _offers_skip(own)),
        None,
    )
    return tuple(
        SurveyScale(s["id"], s["code"], s["title"], s["prompt"], own, s["id"] == gate)
        for s, own in zip(scales, anchors, strict=True)
    )


def _offers_skip(anchors: tuple[SurveyAnchor, ...]) -> bool:
    return any(anchor.not_performed for anchor in anchors)
