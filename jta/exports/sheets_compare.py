"""The sheets that compare: methods and other choices, groups of respondents, respondents with their population."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from itertools import takewhile

from xlsxwriter.worksheet import Worksheet

from jta.exports.book import BlueprintBook
from jta.exports.book_parts import DIFFERENT, SUPPRESSED, GroupLine, MethodLine, ProfileLine
from jta.exports.sheet import Column, Desk, Grid, Value, or_dash, title_rows, unless, write_list
from jta.exports.sheets_tasks import column_titles
from jta.exports.text import one_line
from jta.exports.working import Working

METHODS = "Method comparison"
GROUPS = "Subgroups"
RESPONDENTS = "Respondents"
METHODS_BASIS = (
    "Each row is a way to weigh, each pair of columns a content domain. Methods use all tasks; choices use the "
    "retained tasks under that choice, with all else as the plan has it."
)
GROUPS_BASIS = (
    "All tasks. Mean importance in each group. Effect size: eta squared of the differences between the groups of one "
    "question; p: Kruskal-Wallis test, corrected for many tests (Holm). “suppressed”: so few answers that showing them "
    "could tell what single people answered. Questions, statements and groups are shortened; "
    "Variables, Task statistics and Respondents have them whole. Tasks on which groups differ stand first, and only "
    "they are printed ({printed} of {rows} rows); the sheet holds all."
)
RESPONDENTS_BASIS = (
    "People, never single ones; retained tasks and all tasks rest on the same responses. “suppressed”: so few people "
    "that a number could point to single ones, or would give such a group away."
)
MOST_GROUPS = 20_000  # lines; the table group_means of the results holds any number
KINDS = {"method": "Method", "choice": "Choice"}
MOST_LEVEL = 6  # domains whose titles stand level; more stand on end


def methods_grid(book: BlueprintBook, _lines: tuple[Working, ...]) -> Grid:
    """Lay out the comparison of methods: a pair of columns for each content domain."""
    titles = column_titles([f"{area.code} {area.name}" for area in book.areas], "Domain")
    upright = len(titles) > MOST_LEVEL
    pairs = [column for place, title in enumerate(titles) for column in _area_columns(place, title, upright=upright)]
    some = any(line.moved is not None for line in book.methods)
    columns = (
        Column("kind", "What differs", 10, "text", lambda d, i: KINDS[_method(d, i).kind]),
        Column("name", "Method or choice", 58, "text", lambda d, i: _method(d, i).name),
        Column("planned", "The plan has", 38, "text", lambda d, i: or_dash(_method(d, i).planned)),
        Column("plan", "The plan's", 9, "centre", lambda d, i: "yes" if _method(d, i).is_plan else "no"),
        Column("tasks", "Tasks used", 8, "whole", lambda d, i: or_dash(_method(d, i).tasks)),
        *pairs,
        Column("moved", "Items moved", 8, "whole", lambda d, i: or_dash(_method(d, i).moved),
               unless(some, "the analysis did not count them")),
    )  # fmt: skip
    return Grid(METHODS, columns, len(book.methods), title_rows(book))


def _area_columns(place: int, title: str, *, upright: bool) -> tuple[Column, Column]:
    width = 11 if upright else 16
    return (
        Column(f"{place}:weight", f"{title}: weight", width, "percent",
               lambda d, i: or_dash(_method(d, i).weights[place]), upright=upright),
        Column(f"{place}:items", f"{title}: items", width, "whole",
               lambda d, i: or_dash(_method(d, i).items[place]), upright=upright),
    )  # fmt: skip


def _method(desk: Desk, row: int) -> MethodLine:
    return desk.book.methods[row]


def write_methods(desk: Desk, sheet: Worksheet) -> None:
    """Write weights and items under each method and each other choice."""
    write_list(desk, sheet, METHODS, "Weights and items under each method and choice", METHODS_BASIS, held=2)
    grid = desk.grids[METHODS]
    first, last = grid.top + 1, grid.after - 1
    rule = {"type": "cell", "criteria": "==", "value": '"yes"', "format": desk.formats.rule("good")}
    sheet.conditional_format(first, grid.place("plan"), last, grid.place("plan"), rule)


def groups_grid(book: BlueprintBook, _lines: tuple[Working, ...]) -> Grid:
    """Lay out the groups: one row for each task in each group of each background question."""
    columns = (
        Column("question", "Background question", 40, "text", _group(lambda g: _short(g.question, 40))),
        Column("task_code", "Task code", 9, "code", _group(lambda g: g.task_code)),
        Column("statement", "Task statement, shortened", 62, "text", _group(lambda g: _short(g.statement, 60))),
        Column("group", "Group", 34, "text", _group(lambda g: _short(g.group, 33))),
        Column("n", "N", 11, "whole", _group(lambda g: g.n)),
        Column("mean", "Mean", 11, "decimal", _group(lambda g: g.mean)),
        Column("effect", "Effect size", 11, "fine", _group(lambda g: g.effect)),
        Column("p", "p, Holm", 11, "fine", _group(lambda g: g.p)),
        Column("flag", "Flag", 20, "text", _group(lambda g: g.flag)),
    )
    return Grid(GROUPS, columns, len(book.groups), title_rows(book))


def _group(read: Callable[[GroupLine], Value]) -> Callable[[Desk, int], Value]:
    return lambda desk, row: or_dash(read(desk.book.groups[row]))


@lru_cache(maxsize=4096)
def _short(text: str, length: int) -> str:
    """Return text on one line: a task has as many rows here as there are groups, and stands whole elsewhere."""
    words = one_line(text)
    return words if len(words) <= length else words[: length - 1].rstrip() + "…"


def write_groups(desk: Desk, sheet: Worksheet) -> None:
    """Write the means of each task in each group."""
    rows = desk.book.groups
    printed = sum(1 for _ in takewhile(lambda line: line.flag == DIFFERENT, rows))
    basis = GROUPS_BASIS.format(printed=f"{printed:,}", rows=f"{len(rows):,}")
    write_list(desk, sheet, GROUPS, "Groups of respondents", basis, held=2, printed=printed)
    _mark(desk, sheet, desk.grids[GROUPS], "flag", DIFFERENT)


def profile_grid(book: BlueprintBook, _lines: tuple[Working, ...]) -> Grid:
    """Lay out the respondents: profile, invitations, response rates, exclusions, one below the other."""
    columns = (
        Column("topic", "About", 42, "text", _profile(lambda p: p.topic)),
        Column("group", "Group, rate or reason", 44, "text", _profile(lambda p: p.group)),
        Column("people", "People", 11, "whole", _profile(lambda p: p.people)),
        Column("whole", "Out of", 11, "whole", _profile(lambda p: p.whole)),
        Column("share", "Share", 11, "percent", _profile(lambda p: p.share)),
        Column("frame", "Share of population", 11, "percent", _profile(lambda p: p.frame_share)),
        Column("residual", "Standardised residual", 13, "decimal", _profile(lambda p: p.residual)),
        Column("note", "Note", 44, "text", _profile(lambda p: p.note)),
    )
    return Grid(RESPONDENTS, columns, len(book.profile), title_rows(book))


def _profile(read: Callable[[ProfileLine], Value]) -> Callable[[Desk, int], Value]:
    return lambda desk, row: or_dash(read(desk.book.profile[row]))


def write_profile(desk: Desk, sheet: Worksheet) -> None:
    """Write who took part, against the population, and who was left out."""
    write_list(desk, sheet, RESPONDENTS, "Respondents", RESPONDENTS_BASIS, held=2)
    _mark(desk, sheet, desk.grids[RESPONDENTS], "people", SUPPRESSED)


def _mark(desk: Desk, sheet: Worksheet, grid: Grid, key: str, word: str) -> None:
    place = grid.place(key)
    rule = {"type": "cell", "criteria": "==", "value": f'"{word}"', "format": desk.formats.rule("marked")}
    sheet.conditional_format(grid.top + 1, place, grid.after - 1, place, rule)
