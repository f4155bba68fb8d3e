"""A round as a panelist fills it in: pages of items with what was answered, what is missing, where to go on."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby

from jta.db import db
from jta.errors import NotFoundError
from jta.models.panel import Participation, Round, RoundAnswer, RoundItem
from jta.services.panel_answers import Clash, Typed, is_live, load_answers, load_items, total_points, typed_of
from jta.services.panel_feedback import Feedback, load_feedback
from jta.services.panel_kinds import KINDS, RoundKind
from jta.services.panel_visits import PanelVisit

PAGE, NEW_AREA_FROM, GRID_PAGE = 10, 5, 8


@dataclass(frozen=True)
class Cell:
    """One pair of a linkage round."""

    key: str
    ksa: RoundItem
    value: str
    clash: Clash | None = None


@dataclass(frozen=True)
class Entry:
    """One item on a page with what stands in its fields; ``cells`` in a linkage round."""

    item: RoundItem
    typed: Typed
    live: bool
    feedback: Feedback | None = None
    clash: Clash | None = None
    cells: tuple[Cell, ...] = ()
    saved_at: datetime | None = None

    @property
    def reworded(self) -> bool:
        """Whether the task statement was reworded since the round opened."""
        return self.item.task is not None and self.item.task.statement != self.item.wording


@dataclass
class Sheets:
    """A whole round of one panelist, cut into pages."""

    visit: PanelVisit
    round: Round
    items: list[RoundItem]
    ksas: list[RoundItem]
    answers: dict[str, RoundAnswer]
    pages: list[list[RoundItem]] = field(default_factory=list)

    @property
    def kind(self) -> RoundKind:
        """What kind of round it is."""
        return KINDS[self.round.kind]

    @property
    def live(self) -> list[RoundItem]:
        """The items that can be answered."""
        return [item for item in self.items if is_live(item)]

    def is_done(self, item: RoundItem) -> bool:
        """Say whether an item has its answer; a rewording needs words or a reason."""
        if self.round.kind == "linkage":
            return all(self._value(f"{item.id}-{ksa.id}") for ksa in self.ksas)
        answer = self.answers.get(str(item.id))
        if answer is None or not answer.value:
            return False
        return answer.value != "revise" or bool(answer.wording or answer.comment)

    def _value(self, key: str) -> str:
        return self.answers[key].value if key in self.answers else ""

    @property
    def gaps(self) -> list[tuple[int, RoundItem]]:
        """The items without an answer, each with the number of its page."""
        return [
            (number, item)
            for number, page in enumerate(self.pages, start=1)
            for item in page
            if is_live(item) and not self.is_done(item)
        ]

    @property
    def n_done(self) -> int:
        """How many items are answered."""
        return len(self.live) - len(self.gaps)

    @property
    def points(self) -> int:
        """The sum of the points given so far, in a round of weights."""
        return total_points(self.answers.values()) if self.round.kind == "weights" else 0

    @property
    def saved_at(self) -> datetime | None:
        """When something was saved last."""
        return max((answer.saved_at for answer in self.answers.values()), default=None)


def load_sheets(visit: PanelVisit, one: Round, *, single: bool = False) -> Sheets:
    """Return a round as this panelist has filled it in; ``single`` puts each task on a page of its own."""
    every = load_items(one.id)
    items = [item for item in every if item.kind != "knowledge"]
    ksas = [item for item in every if item.kind == "knowledge" and is_live(item)]
    sheets = Sheets(visit, one, items, ksas, load_answers(one.id, visit.panelist.id))
    if one.kind in ("weights", "writing"):
        sheets.pages = [items]
    else:
        size = 1 if single else GRID_PAGE if one.kind == "linkage" else PAGE
        sheets.pages = list(_cut(items, size))
    return sheets


def _cut(items: Sequence[RoundItem], size: int) -> Iterator[list[RoundItem]]:
    page: list[RoundItem] = []
    for item in items:
        new_area = page and item.area != page[-1].area and len(page) >= min(NEW_AREA_FROM, size)
        if len(page) >= size or new_area:
            yield page
            page = []
        page.append(item)
    if page:
        yield page


@dataclass(frozen=True)
class RoundPage:
    """One page, ready to show: its entries by area, and the versions it shows as text for a hidden field."""

    sheets: Sheets
    number: int
    groups: list[tuple[str, list[Entry]]]
    seen: str
    n_clashes: int = 0

    @property
    def entries(self) -> list[Entry]:
        """All entries of the page."""
        return [entry for _, entries in self.groups for entry in entries]

    @property
    def is_last(self) -> bool:
        """Whether no page follows."""
        return self.number >= len(self.sheets.pages)


def load_page(
    sheets: Sheets, number: int, *, typed: Mapping[str, Typed] | None = None, clashes: Sequence[Clash] = ()
) -> RoundPage:
    """Return one page; ``typed`` stands in the fields in place of what is stored (after an error or a clash).

    Raises
    ------
    NotFoundError
        If there is no such page.
    """
    if not 1 <= number <= len(sheets.pages):
        raise NotFoundError
    feedback = load_feedback(sheets.round, sheets.visit.panelist.id)
    by_key = {clash.key: clash for clash in clashes}
    entries = [_entry(sheets, item, feedback.get(item.id), typed or {}, by_key) for item in sheets.pages[number - 1]]
    keys = [cell.key for entry in entries for cell in entry.cells] or [str(entry.item.id) for entry in entries]
    seen = {key: sheets.answers[key].version for key in keys if key in sheets.answers}
    groups = [(area, list(found)) for area, found in groupby(entries, lambda entry: entry.item.area)]
    return RoundPage(sheets, number, groups, json.dumps(seen), len(by_key))


def _entry(
    sheets: Sheets, item: RoundItem, feedback: Feedback | None, typed: Mapping[str, Typed], clashes: Mapping[str, Clash]
) -> Entry:
    key, answer = str(item.id), sheets.answers.get(str(item.id))
    stands = typed.get(key) or (typed_of(answer) if answer else Typed())
    cells: tuple[Cell, ...] = ()
    if sheets.round.kind == "linkage":
        cells = tuple(_cell(sheets, item, ksa, typed, clashes) for ksa in sheets.ksas)
    saved_at = answer.saved_at if answer else None
    return Entry(item, stands, is_live(item), feedback, clashes.get(key), cells, saved_at)


def _cell(
    sheets: Sheets, item: RoundItem, ksa: RoundItem, typed: Mapping[str, Typed], clashes: Mapping[str, Clash]
) -> Cell:
    key = f"{item.id}-{ksa.id}"
    stored = sheets.answers[key].value if key in sheets.answers else ""
    return Cell(key, ksa, typed[key].value if key in typed else stored, clashes.get(key))


def is_finished(visit: PanelVisit, one: Round) -> bool:
    """Say whether this panelist has finished the round."""
    part = db.session.get(Participation, (one.id, visit.panelist.id))
    return part is not None and part.finished_at is not None


def first_gap(sheets: Sheets) -> tuple[int, RoundItem | None]:
    """Return where to go on: the page and item of the first gap, else the last page."""
    return next(iter(sheets.gaps), (len(sheets.pages), None))
