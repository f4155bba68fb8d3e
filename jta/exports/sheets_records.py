"""The sheets of records: tasks left out, the crosswalk to former lists, the sources of statements."""

from __future__ import annotations

from collections.abc import Callable

from xlsxwriter.worksheet import Worksheet

from jta.exports.book import BlueprintBook
from jta.exports.book_parts import CrosswalkRow, ExcludedLine, ReferenceLine
from jta.exports.sheet import Column, Desk, Grid, Value, or_dash, title_rows, write_list
from jta.exports.sheets_tasks import DECISION_WORDS
from jta.exports.working import Working

EXCLUDED = "Excluded tasks"
CROSSWALK = "Crosswalk"
REFERENCES = "References"
EXCLUDED_BASIS = (
    "All tasks that are not retained tasks: those the rule of the analysis plan left out, with their values, and those "
    "retired before the survey. The vote counts panelists."
)
CROSSWALK_BASIS = (
    "All tasks and KSAs of former lists, and what became of each. A line that nobody decided yet is a proposal "
    "by likeness of the words."
)
REFERENCES_BASIS = "Sources of statements: all tasks and KSAs, retained or not."
RELATION_WORDS = {
    "same": "Same", "reworded": "Reworded", "split": "Split", "merged": "Merged", "new": "New", "retired": "Retired",
}  # fmt: skip


def excluded_grid(book: BlueprintBook, _lines: tuple[Working, ...]) -> Grid:
    """Lay out the tasks that do not count."""
    columns = (
        Column("task_code", "Task code", 9, "code", _excluded(lambda x: x.task_code)),
        Column("domain_code", "Domain code", 9, "code", _excluded(lambda x: x.domain_code)),
        Column("statement", "Task statement", 46, "text", _excluded(lambda x: x.statement)),
        Column("importance", "Mean importance", 12, "decimal", _excluded(lambda x: x.importance)),
        Column("performing", "Perform the task", 11, "percent", _excluded(lambda x: x.performing)),
        Column("index", "Task index", 11, "fine", _excluded(lambda x: x.index)),
        Column("decision", "Decision", 10, "centre", _excluded(lambda x: DECISION_WORDS.get(x.decision, x.decision))),
        Column("rule", "Rule met", 34, "text", _excluded(lambda x: x.rule)),
        Column("panel", "Panel's decision", 22, "text", _excluded(lambda x: x.panel)),
        Column("vote", "Vote", 24, "text", _excluded(lambda x: x.vote)),
        Column("on", "Date", 11, "centre", _excluded(lambda x: x.on.isoformat() if x.on else None)),
        Column("why", "Reason", 34, "text", _excluded(lambda x: x.why)),
    )
    return Grid(EXCLUDED, columns, len(book.excluded), title_rows(book))


def _excluded(read: Callable[[ExcludedLine], Value]) -> Callable[[Desk, int], Value]:
    return lambda desk, row: or_dash(read(desk.book.excluded[row]))


def write_excluded(desk: Desk, sheet: Worksheet) -> None:
    """Write the tasks that do not count, and why."""
    write_list(desk, sheet, EXCLUDED, "Tasks left out of the blueprint", EXCLUDED_BASIS, held=1)


def crosswalk_grid(book: BlueprintBook, _lines: tuple[Working, ...]) -> Grid:
    """Lay out the crosswalk: one row for each former statement and each task it became; new tasks at the end."""
    columns = (
        Column("list", "Former list", 24, "text", _row(lambda x: x.former_list)),
        Column("former_code", "Former code", 9, "code", _row(lambda x: x.former_code)),
        Column("former", "Former statement", 46, "text", _row(lambda x: x.former_statement)),
        Column("relation", "What became of it", 11, "centre", _row(lambda x: RELATION_WORDS.get(x.relation, ""))),
        Column("task_code", "New code", 9, "code", _row(lambda x: x.task_code)),
        Column("statement", "Statement now", 46, "text", _row(lambda x: x.statement)),
        Column("state", "State", 18, "text", _row(lambda x: x.state)),
        Column("reason", "Reason", 30, "text", _row(lambda x: x.reason)),
    )
    return Grid(CROSSWALK, columns, len(book.crosswalk), title_rows(book))


def _row(read: Callable[[CrosswalkRow], Value]) -> Callable[[Desk, int], Value]:
    return lambda desk, row: or_dash(read(desk.book.crosswalk[row]))


def write_crosswalk(desk: Desk, sheet: Worksheet) -> None:
    """Write what became of the former lists."""
    write_list(desk, sheet, CROSSWALK, "From the former list to this one", CROSSWALK_BASIS, held=2)


def references_grid(book: BlueprintBook, _lines: tuple[Working, ...]) -> Grid:
    """Lay out the sources of statements."""
    columns = (
        Column("code", "Reference", 14, "code", _reference(lambda x: x.code)),
        Column("citation", "Citation", 76, "text", _reference(lambda x: x.citation)),
        Column("edition", "Edition", 18, "text", _reference(lambda x: x.edition)),
        Column("count", "Statements", 11, "whole", _reference(lambda x: len(x.statements))),
        Column("codes", "Statements supported", 50, "text", _reference(lambda x: ", ".join(x.statements))),
    )
    return Grid(REFERENCES, columns, len(book.references), title_rows(book))


def _reference(read: Callable[[ReferenceLine], Value]) -> Callable[[Desk, int], Value]:
    return lambda desk, row: or_dash(read(desk.book.references[row]))


def write_references(desk: Desk, sheet: Worksheet) -> None:
    """Write the sources with the statements that come from them."""
    write_list(desk, sheet, REFERENCES, "Sources of the statements", REFERENCES_BASIS, held=1)
