"""Reading ratings.csv into matrices of codes: block by block, so that memory stays that of the matrices.

A first pass learns the respondents or scales where no file names them. The second fills the matrices and
finds faults cell by cell. Faults that take the whole file to see (conflicting ratings, ratings of tasks
not performed) are gathered as cells and, only if there are any, found again in a last pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from operator import itemgetter

import numpy as np
import numpy.typing as npt

from analysis.csv_text import Problems, Row, Table, read_blocks
from analysis.errors import shown
from analysis.folder_faults import Finding, Findings
from analysis.folder_values import LARGEST, VALUE_FAULTS, parse_value
from analysis.scales import RatingScale

COLUMNS = ("respondent_id", "task_id", "scale", "value")
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Progress = Callable[[str], None]


@dataclass(frozen=True)
class Block:
    """Some rows of the file, each column as numbers of its different texts.

    ``texts`` holds the different raw cells of each column, ``places`` which of them each row has.
    """

    rows: Ints
    texts: dict[str, list[str]]
    places: dict[str, npt.NDArray[np.intp]]

    def each(self, column: str, meaning: Callable[[str], int]) -> Ints:
        """Return the meaning of a column's trimmed text in each row; each different text is looked up once."""
        known = np.array([meaning(text.strip()) for text in self.texts[column]], dtype=np.int64)
        return known[self.places[column]]

    def blanks(self) -> Bools:
        """Return which rows have a cell with blanks around its text."""
        found = np.zeros(len(self.rows), dtype=bool)
        for column in COLUMNS:
            padded = np.array([text != text.strip() != "" for text in self.texts[column]], dtype=bool)
            found |= padded[self.places[column]]
        return found

    def finding(self, i: int, issue: str) -> Finding:
        """Return a fault of the i-th row of the block."""
        cells = [self.texts[column][self.places[column][i]] for column in COLUMNS]
        return Finding(int(self.rows[i]), issue, *cells)


def blocks_of(table: Table, problems: Problems) -> Iterator[Block]:
    """Yield the rows of ratings.csv in blocks."""
    for numbers, rows in read_blocks(table, problems):
        if rows:
            yield _block(table, numbers, rows)


class _Places(dict[str, int]):
    """Numbers texts in the order in which they are first asked for."""

    def __missing__(self, text: str) -> int:
        self[text] = place = len(self)
        return place


def _block(table: Table, numbers: Sequence[int], rows: list[Row]) -> Block:
    texts: dict[str, list[str]] = {}
    places: dict[str, npt.NDArray[np.intp]] = {}
    for column in COLUMNS:
        known = _Places()
        cells = map(known.__getitem__, map(itemgetter(table.columns[column]), rows))
        places[column] = np.fromiter(cells, np.intp, len(rows))
        texts[column] = list(known)
    return Block(np.array(numbers, dtype=np.int64), texts, places)


@dataclass
class Survey:
    """What the file itself says of respondents and scales, where no other file does."""

    respondents: set[str] = field(default_factory=set)
    smallest: dict[str, int] = field(default_factory=dict)
    largest: dict[str, int] = field(default_factory=dict)

    def see(self, block: Block) -> None:
        """Take in one block."""
        self.respondents.update(text.strip() for text in block.texts["respondent_id"] if text.strip())
        values = block.each("value", parse_value)
        scales = block.places["scale"]
        for i, text in enumerate(block.texts["scale"]):
            given = values[(scales == i) & (values < LARGEST) & (values > -LARGEST)]
            code = text.strip()
            if given.size and code:
                self.smallest[code] = min(int(given.min()), self.smallest.get(code, LARGEST))
                self.largest[code] = max(int(given.max()), self.largest.get(code, -LARGEST))


def survey_ratings(table: Table) -> Survey:
    """Return which respondents and which smallest and largest ratings of each scale the file holds."""
    found = Survey()
    for block in blocks_of(table, Problems()):
        found.see(block)
    return found


@dataclass(frozen=True)
class Offered:
    """Which tasks stand on each respondent's form.

    ``form`` (R,) is the row of ``tasks`` (forms, T); -1 where the respondent's form is not in forms.csv.
    """

    form: Ints
    tasks: Bools

    def refuses(self, respondents: Ints, tasks: Ints) -> Bools:
        """Return which ratings, by the places of respondent and task, are of a task not on the form."""
        if not self.tasks.size:
            return np.zeros(len(respondents), dtype=bool)
        form = self.form[respondents]
        known = (respondents >= 0) & (tasks >= 0) & (form >= 0)
        return known & ~self.tasks[form, tasks]


@dataclass
class RatingsReader:
    """Fills the matrices of codes from the blocks of a file.

    Parameters
    ----------
    scales : sequence of RatingScale
        Of whole numbers.
    respondents, tasks : sequence of str
    frequency : str or None
        Code of the scale whose "not performed" makes other ratings of the task void.
    offered : Offered, optional
        Which tasks each respondent was given; without it, all.
    """

    table: Table
    scales: Sequence[RatingScale]
    respondents: Sequence[str]
    tasks: Sequence[str]
    frequency: str | None
    findings: Findings
    progress: Progress
    offered: Offered | None = None
    codes: npt.NDArray[np.uint8] = field(init=False)
    doubles: list[tuple[int, Finding]] = field(default_factory=list)
    conflicts: set[int] = field(default_factory=set)
    _unknown_scales: set[str] = field(default_factory=set, init=False)  # each is told once, not once a block

    def __post_init__(self) -> None:
        shape = (len(self.scales), len(self.respondents), len(self.tasks))
        self.codes = np.zeros(shape, dtype=np.uint8)
        self._positions: dict[str, dict[str, int]] = {
            "respondent_id": {code: i for i, code in enumerate(self.respondents)},
            "task_id": {code: i for i, code in enumerate(self.tasks)},
            "scale": {scale.code: i for i, scale in enumerate(self.scales)},
        }
        self._low = np.array([int(scale.minimum) for scale in self.scales] or [0], dtype=np.int64)
        self._points = np.array([len(scale.anchors) for scale in self.scales] or [0], dtype=np.int64)

    def read(self) -> dict[str, npt.NDArray[np.uint8]]:
        """Return the matrix of codes of each scale; faults go to the findings."""
        seen = 0
        for block in blocks_of(self.table, self.findings.problems):
            self._take(block)
            seen += len(block.rows)
            self.progress(f"Read {seen:,} rows of {self.table.path.name}")
        self._settle()
        return {scale.code: self.codes[i] for i, scale in enumerate(self.scales)}

    def _take(self, block: Block) -> None:
        self._note_unknown_scales(block)
        found, cells, codes = self._check(block)
        good = np.flatnonzero(codes > 0)
        first, again = self._split_repeated(cells[good])
        self.codes.reshape(-1)[cells[good[first]]] = codes[good[first]]
        for i in good[again]:
            self._repeat(block, int(i), int(cells[i]), int(codes[i]))
        self.findings.add(found)

    def _note_unknown_scales(self, block: Block) -> None:
        told = self._unknown_scales
        known = self._positions["scale"]
        unknown = [i for i, text in enumerate(block.texts["scale"]) if text.strip() not in known and text not in told]
        for i in unknown:
            told.add(block.texts["scale"][i])
            row = int(block.rows[np.argmax(block.places["scale"] == i)])
            name = block.texts["scale"][i]
            codes = shown([scale.code for scale in self.scales], limit=20)
            text = f"the scale {name!r} is not in scales.csv (its scales: {codes}); correct it or add it there."
            self.findings.problems.add(self.table.path.name, row, "scale", text)

    def _check(self, block: Block) -> tuple[list[Finding], Ints, Ints]:
        """Return the faults of single rows, and cell and code (0: none to keep) of each row."""
        place = {name: self._place(block, name) for name in COLUMNS[:3]}
        values = block.each("value", parse_value)
        known_scale = place["scale"] >= 0
        code = values - self._low[place["scale"]] + 1
        outside = known_scale & (values <= LARGEST) & ((code < 1) | (code > self._points[place["scale"]]))
        faults = {"unknown_respondent": place["respondent_id"] < 0, "unknown_task": place["task_id"] < 0}
        if self.offered is not None:
            faults["not_on_form"] = self.offered.refuses(place["respondent_id"], place["task_id"])
        faults |= {issue: values == mark for mark, issue in VALUE_FAULTS.items()}
        faults["out_of_range"] = outside
        bad = np.logical_or.reduce(list(faults.values())) | ~known_scale
        faults["surrounding_blanks"] = block.blanks() & ~bad
        found = [block.finding(int(i), issue) for issue, rows in faults.items() for i in np.flatnonzero(rows)]
        cells = (place["scale"] * len(self.respondents) + place["respondent_id"]) * len(self.tasks) + place["task_id"]
        return found, cells, np.where(bad, 0, code)

    def _place(self, block: Block, column: str) -> Ints:
        positions = self._positions[column]
        return block.each(column, lambda text: positions.get(text, -1))

    def _split_repeated(self, cells: Ints) -> tuple[Ints, Ints]:
        """Return positions of cells met for the first time, and of those met before, in order."""
        _, first = np.unique(cells, return_index=True)
        is_first = np.zeros(len(cells), dtype=bool)
        is_first[first] = True
        is_first &= self.codes.reshape(-1)[cells] == 0
        return np.flatnonzero(is_first), np.flatnonzero(~is_first)

    def _repeat(self, block: Block, i: int, cell: int, code: int) -> None:
        if self.codes.reshape(-1)[cell] == code:
            self.doubles.append((cell, block.finding(i, "duplicate")))
        else:
            self.conflicts.add(cell)

    def _settle(self) -> None:
        """Deal with what takes the whole file to see."""
        self.findings.add(finding for cell, finding in self.doubles if cell not in self.conflicts)
        flat = self.codes.reshape(-1)
        conflicts = np.array(sorted(self.conflicts), dtype=np.int64)
        flat[conflicts] = 0
        void = self._void_cells()
        if conflicts.size or void.size:
            self._locate({"conflicting": conflicts, "not_performed": void})
        flat[void] = 0

    def _void_cells(self) -> Ints:
        """Return the cells of ratings given although frequency says the task is not performed."""
        names = [scale.code for scale in self.scales]
        if self.frequency not in names:
            return np.empty(0, dtype=np.int64)
        often = names.index(self.frequency)
        skip = self.scales[often].not_performed_code
        if not skip:
            return np.empty(0, dtype=np.int64)
        void = (self.codes != 0) & (self.codes[often] == skip)
        void[often] = False
        return np.flatnonzero(void)

    def _locate(self, targets: dict[str, Ints]) -> None:
        """Find the rows of the target cells again and note them; a void rating once, however often it stands."""
        told: set[int] = set()
        for block in blocks_of(self.table, Problems()):
            _, cells, codes = self._check(block)
            good = np.flatnonzero(codes > 0)
            hits = good[np.isin(cells[good], targets["conflicting"])]
            self.findings.add(block.finding(int(i), "conflicting") for i in hits)
            for i in good[np.isin(cells[good], targets["not_performed"])]:
                if int(cells[i]) not in told:
                    told.add(int(cells[i]))
                    self.findings.add([block.finding(int(i), "not_performed")])
