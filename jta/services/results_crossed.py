"""Two crossed background questions: which cells must be hidden so that no row, column or total gives one back.

Hidden counts that keep every row and column total can only move along closed chains of hidden cells. How far a
count can move is therefore a flow through the hidden cells, and whole numbers suffice. Totals of rows and columns
that are hidden themselves move too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from jta.services.results_privacy import NARROWEST, SMALLEST, hide

MOST_LEVELS = 12  # questions with more answers are not crossed: nearly every cell would be small
Place = tuple[int, int]  # row and column from 1; row 0 and column 0 hold the totals
_ENDLESS = 10**9


@dataclass(frozen=True)
class CrossedTable:
    """Counts by (row level, column level); pairs that are not named hold nobody."""

    counts: Mapping[tuple[str, str], int]
    rows: tuple[str, ...] = field(init=False)
    columns: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "rows", tuple(dict.fromkeys(a for a, _ in self.counts)))
        object.__setattr__(self, "columns", tuple(dict.fromkeys(b for _, b in self.counts)))

    def grid(self) -> list[list[int]]:
        """Return the counts with the totals as row 0 and column 0."""
        cells = [[self.counts.get((a, b), 0) for b in self.columns] for a in self.rows]
        body = [[sum(row), *row] for row in cells]
        totals = [sum(column) for column in zip(*body, strict=True)] if body else [0]
        return [totals, *body]


@dataclass(frozen=True)
class Hidden:
    """What is hidden of a crossed table: cells, rows with their totals, columns with their totals."""

    cells: frozenset[tuple[str, str]]
    rows: frozenset[str]
    columns: frozenset[str]


def hide_crossed(table: CrossedTable, minimum: int = SMALLEST) -> Hidden:
    """Return what to hide of a table whose rows, columns and grand total are told.

    Cells of fewer than ``minimum`` people are hidden, levels of fewer people whole. Visible cells that close a
    rectangle of hidden cells, those of the fewest people first, join them until no hidden count is known to lie
    within a range narrower than `NARROWEST`.
    """
    grid = table.grid()
    held = _small(grid, minimum)
    while (exposed := _exposed(grid, held)) is not None:
        more = _next(grid, held, exposed)
        if not more:
            held = {(i, j) for i in range(len(grid)) for j in range(len(grid[0])) if (i, j) != (0, 0)}
            break
        held |= more
    return Hidden(
        frozenset((table.rows[i - 1], table.columns[j - 1]) for i, j in held if i and j),
        frozenset(table.rows[i - 1] for i, j in held if not j),
        frozenset(table.columns[j - 1] for i, j in held if not i),
    )


def _small(grid: list[list[int]], minimum: int) -> set[Place]:
    rows = hide({i: grid[i][0] for i in range(1, len(grid))}, minimum)
    columns = hide({j: grid[0][j] for j in range(1, len(grid[0]))}, minimum)
    held = {(i, 0) for i in range(1, len(grid)) if i in rows} | {(0, j) for j in range(1, len(grid[0])) if j in columns}
    for i in range(1, len(grid)):
        for j in range(1, len(grid[0])):
            if i in rows or j in columns or grid[i][j] < minimum:
                held.add((i, j))
    return held


def _exposed(grid: list[list[int]], held: set[Place]) -> Place | None:
    """Return a hidden count that is known too closely, or None."""
    capacity = _capacities(grid, held)
    return next((place for place in sorted(held) if not _is_free(capacity, place)), None)


def _capacities(grid: list[list[int]], held: set[Place]) -> dict[tuple[str, int], dict[tuple[str, int], int]]:
    """Return how far each hidden entry can move: from its row to its column down, the other way up.

    In the equations of rows and columns a total stands with the opposite sign, so it moves the other way.
    """
    capacity: dict[tuple[str, int], dict[tuple[str, int], int]] = {}
    for i, j in held:
        down, up = (grid[i][j], _ENDLESS) if i and j else (_ENDLESS, grid[i][j])
        capacity.setdefault(("row", i), {})[("column", j)] = down
        capacity.setdefault(("column", j), {})[("row", i)] = up
    return capacity


def _is_free(capacity: dict[tuple[str, int], dict[tuple[str, int], int]], place: Place) -> bool:
    row, column = ("row", place[0]), ("column", place[1])
    up = min(_flow(capacity, row, column), capacity[column][row])
    if up >= NARROWEST:
        return True
    down = min(_flow(capacity, column, row), capacity[row][column])
    return up + down >= NARROWEST


def _flow(
    capacity: dict[tuple[str, int], dict[tuple[str, int], int]], start: tuple[str, int], end: tuple[str, int]
) -> int:
    """Return how much can move from start to end without the direct way, at most `NARROWEST`."""
    left = {node: dict(ways) for node, ways in capacity.items()}
    left[start].pop(end)
    left[end].pop(start)
    moved = 0
    while moved < NARROWEST:
        path = _path(left, start, end)
        if path is None:
            return moved
        step = min(left[a][b] for a, b in path)
        for a, b in path:
            left[a][b] -= step
            left[b][a] += step
        moved += step
    return NARROWEST


def _path(
    left: dict[tuple[str, int], dict[tuple[str, int], int]], start: tuple[str, int], end: tuple[str, int]
) -> list[tuple[tuple[str, int], tuple[str, int]]] | None:
    came: dict[tuple[str, int], tuple[str, int]] = {start: start}
    wave = [start]
    while wave and end not in came:
        fresh = []
        for node in wave:
            for other, room in left[node].items():
                if room > 0 and other not in came:
                    came[other] = node
                    fresh.append(other)
        wave = fresh
    if end not in came:
        return None
    path, node = [], end
    while node != start:
        path.append((came[node], node))
        node = came[node]
    return path


def _next(grid: list[list[int]], held: set[Place], exposed: Place) -> set[Place]:
    """Return what to hide next: what closes the smallest rectangle with the exposed cell, else a cell, else a total."""
    i, j = exposed
    inner = [(r, c) for r in range(1, len(grid)) for c in range(1, len(grid[0])) if (r, c) not in held]
    if i and j:
        corners = [
            {(i, c), (r, j), (r, c)} - held
            for r in range(1, len(grid)) for c in range(1, len(grid[0])) if r != i and c != j
        ]  # fmt: skip
        if found := [corner for corner in corners if corner]:
            return min(found, key=lambda corner: (sum(grid[r][c] for r, c in corner), sorted(corner)))
    totals = [place for place in ((i, 0), (0, j)) if i and j and place not in held]
    for places in (inner, totals):
        if places:
            return {min(places, key=lambda place: (grid[place[0]][place[1]], place))}
    return set()
