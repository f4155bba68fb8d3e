"""Collects what a reader finds on its way: problems, and what was cleaned, with the first place of each."""

from __future__ import annotations

from jta.imports.result import Problem


class Collector:
    """Problems (the first ``most`` one by one) and notes of one file."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._problems: list[Problem] = []
        self._unlisted = 0
        self._first_unlisted = 0
        self._notes: dict[str, tuple[int, int, str]] = {}
        self.bad_rows: set[int] = set()

    def problem(self, row: int, column: str, reason: str) -> None:
        """Record one problem; beyond the limit it is only counted."""
        self.bad_rows.add(row)
        if len(self._problems) < self._most:
            self._problems.append(Problem(row, column, reason))
            return
        self._first_unlisted = self._first_unlisted or row
        self._unlisted += 1

    def note(self, what: str, row: int, column: str) -> None:
        """Record that a cell was cleaned."""
        count, first_row, first_column = self._notes.get(what, (0, row, column))
        self._notes[what] = (count + 1, first_row, first_column)

    def problems(self) -> list[Problem]:
        """Return the problems in the file's order; the last entry says how many are not listed."""
        listed = sorted(self._problems, key=lambda p: p.row)
        if self._unlisted:
            listed.append(
                Problem(
                    self._first_unlisted,
                    "",
                    f"And {self._unlisted:,} more problems from here on are not listed.",
                )
            )
        return listed

    def cleaned(self) -> list[str]:
        """Return one sentence for each kind of cleaning."""
        return [_sentence(what, *found) for what, found in self._notes.items()]


def _sentence(what: str, count: int, row: int, column: str) -> str:
    place = f"row {row}, {column}" if column else f"row {row}"
    where = place if count == 1 else f"{count:,} times, first in {place}"
    return f"{what} ({where})."
