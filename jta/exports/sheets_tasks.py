"""The Detail and Task statistics sheets: the retained tasks by area, and the figures of all tasks."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from xlsxwriter.worksheet import Worksheet

from jta.exports.book import BlueprintBook, DetailLine, StatLine
from jta.exports.sheet import (
    DASH,
    Column,
    Desk,
    Formula,
    Grid,
    Value,
    freeze,
    or_dash,
    protect,
    set_up_page,
    title_rows,
    unless,
    write_grid,
    write_title,
)
from jta.exports.text import one_line, percent_title
from jta.exports.working import Working

DETAIL = "Detail"
STATISTICS = "Task statistics"
DETAIL_BASIS = "Retained tasks only. A task's weight is its index; its share is of all retained tasks."
STATISTICS_BASIS = (
    "All tasks of the study, retained or not. Shares of people above 95 % or below 5 % are told as such. {notes}"
)
# Spelled so, a character is decoded in a cell but not in a table's list of columns: the two would differ.
_ESCAPE = re.compile("_x[0-9A-Fa-f]{4}_")
DECISION_WORDS = {"retain": "Retain", "review": "Review", "drop": "Drop"}


def detail_grid(book: BlueprintBook, _lines: tuple[Working, ...]) -> Grid:
    """Lay out the Detail sheet."""
    return Grid(DETAIL, detail_columns(book), len(book.details), title_rows(book))


def detail_columns(book: BlueprintBook) -> tuple[Column, ...]:
    """Return the columns of the Detail sheet, those without data among them."""
    area = _presence(book.details, "subdomain_code", "the study has no subdomains")
    return (
        Column("domain_code", "Domain code", 8, "code", _detail("domain_code")),
        Column("domain", "Domain", 22, "text", _detail("domain")),
        Column("subdomain_code", "Subdomain code", 11.5, "code", _detail("subdomain_code"), area),
        Column("subdomain", "Subdomain", 24, "text", _detail("subdomain"), area),
        Column("task_code", "Task code", 9, "code", _detail("task_code")),
        Column("statement", "Task statement", 58, "text", _detail("statement")),
        Column("weight", "Task weight", 9, "fine", _detail("weight")),
        Column("share", "Share of weights", 9, "percent", _share),
        Column("items", "Items", 8, "whole", _detail("items"),
               _presence(book.details, "items", "items are set for content domains, not for single tasks")),
        Column("cognitive", "Cognitive level", 12, "text", _detail("cognitive_level"),
               _presence(book.details, "cognitive_level", "no cognitive levels were assigned")),
        Column("minimum", "Min", 8, "whole", _detail("minimum"),
               _presence(book.details, "minimum", "no minimum was set for a task")),
        Column("maximum", "Max", 8, "whole", _detail("maximum"),
               _presence(book.details, "maximum", "no maximum was set for a task")),
        Column("ksa", "KSA codes", 16, "text", _joined("ksa_codes"),
               _presence(book.details, "ksa_codes", "tasks are not linked to KSAs")),
        Column("references", "References", 22, "text", _joined("references"),
               _presence(book.details, "references", "no references were recorded")),
        Column("status", "Status", 9, "centre", lambda d, i: _decision(d.book.details[i].status)),
    )  # fmt: skip


def statistics_grid(book: BlueprintBook, _lines: tuple[Working, ...]) -> Grid:
    """Lay out the Task statistics sheet."""
    return Grid(STATISTICS, statistics_columns(book), len(book.task_statistics), title_rows(book))


def statistics_columns(book: BlueprintBook) -> tuple[Column, ...]:
    """Return the columns of Task statistics: a group for each measure, then the task's fate."""
    lines = book.task_statistics
    # A title on end must not break between the number and its per cent sign.
    level = percent_title(book.confidence).replace(" ", "\N{NO-BREAK SPACE}")
    groups = tuple(
        column
        for place, title in enumerate(measure_titles(book))
        for column in (*_measure_columns(place, title, level), *_further_columns(book, place, title))
    )
    return (
        Column("domain_code", "Domain code", 9, "code", _stat("domain_code")),
        Column("subdomain_code", "Subdomain code", 11.5, "code", _stat("subdomain_code"),
               _presence(lines, "subdomain_code", "the study has no subdomains")),
        Column("task_code", "Task code", 9, "code", _stat("task_code")),
        Column("statement", "Task statement", 42, "text", _stat("statement")),
        *groups,
        _performing(lines, "n_answered", "Said if they perform: N", "whole"),
        _performing(lines, "share_performing", "Perform the task", "percent"),
        _performing(lines, "performing_low", f"Perform: {level} low", "percent"),
        _performing(lines, "performing_high", f"Perform: {level} high", "percent"),
        Column("index", "Task index", 8, "fine", _stat("index"),
               _presence(lines, "index", "no task index was computed"), upright=True),
        Column("rank", "Rank", 6, "whole", _stat("rank"),
               _presence(lines, "rank", "tasks were not ranked"), upright=True),
        Column("decision", "Decision", 10, "centre", lambda d, i: _decision(_statistics(d, i).decision),
               _presence(lines, "decision", "no retention rule was applied")),
        Column("reason", "Reason", 24, "text", _stat("reason"),
               _presence(lines, "reason", "no reasons were recorded")),
    )  # fmt: skip


def _performing(lines: tuple[StatLine, ...], field: str, title: str, style: str) -> Column:
    absent = _presence(lines, field, "no scale tells who performs a task")
    return Column(field, title, 8, style, _stat(field), absent, upright=True)


def measure_titles(book: BlueprintBook) -> tuple[str, ...]:
    """Return the measures' titles for column heads; equal ones are told apart by their number."""
    return column_titles([measure.title for measure in book.measures], "Measure")


def column_titles(texts: Sequence[str], kind: str) -> tuple[str, ...]:
    """Return texts of people as titles of columns: short, on one line, no two alike whatever their case."""
    titles = [_ESCAPE.sub("_", one_line(text))[:60] or f"{kind} {n}" for n, text in enumerate(texts, start=1)]
    lowered = [title.lower() for title in titles]
    return tuple(
        f"{title} ({n})" if lowered.count(title.lower()) > 1 else title for n, title in enumerate(titles, start=1)
    )


def _measure_columns(place: int, title: str, level: str) -> tuple[Column, ...]:
    heads: tuple[tuple[str, str, str], ...] = (
        ("n", "N", "whole"),
        ("mean", "mean", "decimal"),
        ("sd", "SD", "decimal"),
        ("se", "SE", "fine"),
        ("ci_low", f"{level} low", "decimal"),
        ("ci_high", f"{level} high", "decimal"),
        ("median", "median", "decimal"),
    )
    return tuple(
        Column(f"{place}:{field}", f"{title}: {words}", 7.5, style, _measure(place, field), upright=True)
        for field, words, style in heads
    )


def _further_columns(book: BlueprintBook, place: int, title: str) -> tuple[Column, ...]:
    """Return the share of high ratings and the agreement of one measure."""
    anchor = book.measures[place].anchor
    high = f"{title}: share {anchor or 0:g} or higher"
    heads = (
        ("high", high, "percent", f"no value of “{title}” was chosen that counts as high"),
        ("agreement", f"{title}: agreement r_wg", "decimal", f"agreement on “{title}” was not worked out"),
    )
    return tuple(
        Column(f"{place}:{field}", words, 7.5, style, _measure(place, field),
               unless(any(getattr(s.statistics[place], field) is not None for s in book.task_statistics), absent),
               upright=True)
        for field, words, style, absent in heads
    )  # fmt: skip


def write_detail(desk: Desk, sheet: Worksheet) -> None:
    """Write the outline down to the task."""
    grid = desk.grids[DETAIL]
    write_title(desk, sheet, "Retained tasks by content domain", DETAIL_BASIS, [c.width for c in grid.columns])
    write_grid(desk, sheet, grid, filters=True)
    if grid.rows:
        for name, key in (("Task_domain", "domain_code"), ("Task_subdomain", "subdomain_code"),
                          ("Task_weight", "weight")):  # fmt: skip
            if grid.has(key):
                desk.workbook.define_name(name, f"={grid.far_span(key)}")
    freeze(sheet, grid, 0)
    protect(sheet)
    set_up_page(desk, sheet, grid.after - 1, len(grid.columns) - 1, grid.width)


def write_statistics(desk: Desk, sheet: Worksheet) -> None:
    """Write the figures of every task."""
    grid, book = desk.grids[STATISTICS], desk.book
    notes = " ".join(
        f"{title}: {measure.note}." for title, measure in zip(measure_titles(book), book.measures, strict=True)
    )
    basis = STATISTICS_BASIS.format(notes=one_line(notes))
    write_title(desk, sheet, "Task statistics", basis, [c.width for c in grid.columns])
    write_grid(desk, sheet, grid, filters=True)
    _colour_decisions(desk, sheet, grid)
    freeze(sheet, grid, grid.place("statement") + 1)
    set_up_page(desk, sheet, grid.after - 1, len(grid.columns) - 1, grid.width)


def _colour_decisions(desk: Desk, sheet: Worksheet, grid: Grid) -> None:
    if not (grid.has("decision") and grid.rows):
        return
    place = grid.place("decision")
    for word, style in (("Retain", "good"), ("Drop", "bad")):
        rule = {"type": "cell", "criteria": "==", "value": f'"{word}"', "format": desk.formats.rule(style)}
        sheet.conditional_format(grid.top + 1, place, grid.after - 1, place, rule)


def _presence(lines: tuple[DetailLine, ...] | tuple[StatLine, ...], field: str, reason: str) -> str | None:
    """Return the reason a column is left out, unless a line has something in that field."""
    return unless(any(getattr(line, field) not in (None, ()) for line in lines), reason)


def _detail(field: str) -> Callable[[Desk, int], Value]:
    return lambda desk, row: or_dash(getattr(_task(desk, row), field))


def _joined(field: str) -> Callable[[Desk, int], Value]:
    return lambda desk, row: ", ".join(getattr(_task(desk, row), field)) or DASH


def _task(desk: Desk, row: int) -> DetailLine:
    return desk.book.details[row]


def _stat(field: str) -> Callable[[Desk, int], Value]:
    return lambda desk, row: or_dash(getattr(_statistics(desk, row), field))


def _statistics(desk: Desk, row: int) -> StatLine:
    return desk.book.task_statistics[row]


def _measure(place: int, field: str) -> Callable[[Desk, int], Value]:
    return lambda desk, row: or_dash(getattr(_statistics(desk, row).statistics[place], field))


def _decision(decision: str | None) -> Value:
    return DASH if decision is None else DECISION_WORDS.get(decision, decision)


def _share(desk: Desk, row: int) -> Value:
    total = sum(task.weight for task in desk.book.details)
    cell = desk.grids[DETAIL].at("weight", row)
    weight = _task(desk, row).weight
    return Formula(f"=IF(SUM(Task_weight)=0,0,{cell}/SUM(Task_weight))", weight / total if total else 0.0)
