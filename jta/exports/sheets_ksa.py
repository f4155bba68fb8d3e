"""The KSA sheets: the panel's linkage of tasks and KSAs, and the weights that follow from it."""

from __future__ import annotations

from xlsxwriter.worksheet import Worksheet

from jta.exports.book import BlueprintBook
from jta.exports.sheet import DASH, Column, Desk, Grid, Value, or_dash, title_rows, write_list
from jta.exports.working import Working

LINKAGE = "KSA linkage"
WEIGHTS = "KSA blueprint"
LINKAGE_BASIS = "Links that count, of all tasks and KSAs the panel judged; then tasks and KSAs without a link."
WEIGHTS_BASIS = "Retained tasks: each task's weight is split over its KSAs in proportion to the mean linkage rating."


def linkage_grid(book: BlueprintBook, _lines: tuple[Working, ...]) -> Grid:
    """Lay out the linkage: one row for each link that counts, and for each orphan."""
    columns = (
        Column("task_code", "Task code", 9, "code", lambda d, i: d.book.links[i].task_code or DASH),
        Column("statement", "Task statement", 48, "text", lambda d, i: d.book.links[i].statement or DASH),
        Column("ksa_code", "KSA code", 9, "code", lambda d, i: d.book.links[i].ksa_code or DASH),
        Column("ksa", "Knowledge or skill statement", 44, "text", lambda d, i: d.book.links[i].ksa or DASH),
        Column("n", "Panelists", 9, "whole", lambda d, i: or_dash(d.book.links[i].n)),
        Column("mean", "Mean rating, 0 to 2", 13, "fine", lambda d, i: or_dash(d.book.links[i].mean)),
        Column("share", "Share who link", 11, "percent", lambda d, i: or_dash(d.book.links[i].share)),
        Column("note", "Note", 30, "text", lambda d, i: d.book.links[i].note or DASH),
    )
    return Grid(LINKAGE, columns, len(book.links), title_rows(book))


def weights_grid(book: BlueprintBook, _lines: tuple[Working, ...]) -> Grid:
    """Lay out the KSA weights: one row for each KSA."""
    columns = (
        Column("code", "KSA code", 9, "code", lambda d, i: d.book.ksas[i].code),
        Column("ksa", "Knowledge or skill statement", 56, "text", lambda d, i: d.book.ksas[i].statement),
        Column("kind", "Kind", 12, "text", lambda d, i: d.book.ksas[i].kind),
        Column("group", "Group", 26, "text", lambda d, i: d.book.ksas[i].group),
        Column("tasks", "Tasks linked", 9, "whole", lambda d, i: d.book.ksas[i].n_tasks),
        Column("weight", "Weight", 10, "percent", lambda d, i: or_dash(d.book.ksas[i].weight)),
        Column("items", "Items (unrounded)", 11, "fine", _quota),
        Column("note", "Note", 34, "text", lambda d, i: d.book.ksas[i].note or DASH),
    )
    return Grid(WEIGHTS, columns, len(book.ksas), title_rows(book))


def _quota(desk: Desk, row: int) -> Value:
    weight = desk.book.ksas[row].weight
    return DASH if weight is None else weight * desk.book.items


def write_linkage(desk: Desk, sheet: Worksheet) -> None:
    """Write the panel's linkage."""
    write_list(desk, sheet, LINKAGE, "Tasks and the knowledge and skills they need", LINKAGE_BASIS, held=1)


def write_weights(desk: Desk, sheet: Worksheet) -> None:
    """Write the KSA weights."""
    write_list(desk, sheet, WEIGHTS, "Weights of knowledge and skill statements", WEIGHTS_BASIS, held=1)
