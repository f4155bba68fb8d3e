"""The Calculation sheet: from task weights to whole items, one step a column, all live."""

from __future__ import annotations

from xlsxwriter.worksheet import Worksheet

from jta.exports.book import DOMAIN, BlueprintBook
from jta.exports.sheet import (
    DASH,
    Column,
    Desk,
    Formula,
    Grid,
    Value,
    freeze,
    protect,
    put,
    set_up_page,
    title_rows,
    unless,
    write_grid,
    write_title,
)
from jta.exports.sheets_blueprint import LEVEL_WORDS
from jta.exports.working import TIE_DECIMALS, Working

NAME = "Calculation"
BASIS = (
    "Retained tasks only. Largest remainder: each line gets the whole part of its unrounded items; "
    "items left over go to the largest remainders; equal remainders (to 9 decimals) go to the earlier line."
)
TIED = "tie: earlier line first"


def calculation_grid(book: BlueprintBook, lines: tuple[Working, ...]) -> Grid:
    """Lay out the Calculation sheet."""
    return Grid(NAME, calculation_columns(book, lines), len(lines), title_rows(book))


def calculation_columns(book: BlueprintBook, lines: tuple[Working, ...]) -> tuple[Column, ...]:
    """Return the columns of the Calculation sheet, those without data among them."""
    summed = unless(any(w.basis is not None for w in lines), "the weights of the analysis stand as values")
    mean = summed or unless(book.weight_rule == "mean", "weights are sums, not means, of task weights")
    return (
        Column("level", "Level", 11, "text", lambda d, i: LEVEL_WORDS[d.steps[i].line.level]),
        Column("code", "Domain code", 8, "code", lambda d, i: d.steps[i].line.code),
        Column("name", "Domain", 32, "text", lambda d, i: d.steps[i].line.name),
        Column("tasks", "Tasks retained", 9, "whole", _tasks),
        Column("task_sum", "Sum of task weights", 11, "decimal", _task_sum, summed),
        Column("basis", "Mean task weight", 10, "decimal", _mean, mean),
        Column("empirical", "Empirical weight", 10.5, "percent", _empirical),
        Column("used", "Weight in use", 9, "percent", _used),
        Column("to_share", "Items to share", 8, "whole", _to_share),
        Column("group", "Weight of the group", 9.5, "percent", _group),
        Column("quota", "Items (unrounded)", 10.5, "fine", _quota),
        Column("whole", "Whole part", 7, "whole", _whole),
        Column("remainder", "Remainder", 11, "long", _remainder),
        Column("left_over", "Left over in the group", 9, "whole", _left_over),
        Column("rank", "Rank of remainder", 10.5, "whole", _rank),
        Column("extra", "Extra item", 7, "whole", _extra),
        Column("tie", "Tie", 11, "centre", _tie),
        Column("shared", "Items by largest remainder", 10.5, "whole", _shared),
        Column("items", "Items on the blueprint", 10, "whole", _items),
        Column("difference", "Difference", 10.5, "whole", _difference),
    )


def write_calculation(desk: Desk, sheet: Worksheet) -> None:
    """Write the working behind the Blueprint sheet."""
    grid = desk.grids[NAME]
    write_title(desk, sheet, "How weights and items are worked out", BASIS, [c.width for c in grid.columns])
    domains = [w.step for w in desk.steps if w.line.level == DOMAIN]
    write_grid(desk, sheet, grid, filters=False, bold=domains)
    look = desk.formats.get("cell", "indent")
    for work in desk.steps:
        if work.parent is not None:
            put(sheet, grid.top + 1 + work.step, grid.place("name"), work.line.name, look)
    freeze(sheet, grid, grid.place("name") + 1)
    protect(sheet)
    set_up_page(desk, sheet, grid.after - 1, len(grid.columns) - 1, grid.width)


def _grid(desk: Desk) -> Grid:
    return desk.grids[NAME]


def _of_level(desk: Desk, key: str, row: int) -> str:
    """Return the sum of a column over the lines of the same level, which stand together."""
    rows = [w.step for w in desk.steps if w.line.level == desk.steps[row].line.level]
    return f"SUM({_grid(desk).span(key, rows[0], rows[-1])})"


def _in_area(desk: Desk, row: int) -> str:
    """Return the arguments that pick the tasks of a line. EXACT keeps 1.10 apart from 1.1."""
    grid, work = _grid(desk), desk.steps[row]
    own = grid.at("code", row)
    if work.parent is None:
        return f"--EXACT(Task_domain,{own})"
    domain = grid.at("code", desk.lines[work.parent].step)
    return f"--EXACT(Task_domain,{domain}),--EXACT(Task_subdomain,{own})"


def _tasks(desk: Desk, row: int) -> Value:
    work = desk.steps[row]
    if work.n_tasks != work.line.n_tasks or not _tasks_are_listed(desk, work):
        return work.line.n_tasks
    return Formula(f"=SUMPRODUCT({_in_area(desk, row)})", work.n_tasks)


def _tasks_are_listed(desk: Desk, work: Working) -> bool:
    return desk.grids["Detail"].rows > 0 and (work.parent is None or desk.grids["Detail"].has("subdomain_code"))


def _task_sum(desk: Desk, row: int) -> Value:
    work = desk.steps[row]
    if work.basis is None:
        return DASH
    return Formula(f"=SUMPRODUCT({_in_area(desk, row)},Task_weight)", work.task_sum)


def _mean(desk: Desk, row: int) -> Value:
    work, grid = desk.steps[row], _grid(desk)
    if work.basis is None:
        return DASH
    tasks = grid.at("tasks", row)
    return Formula(f"=IF({tasks}=0,0,{grid.at('task_sum', row)}/{tasks})", work.basis)


def _empirical(desk: Desk, row: int) -> Value:
    work = desk.steps[row]
    if work.basis is None or work.line.empirical_weight is None:
        return DASH if work.line.empirical_weight is None else work.line.empirical_weight
    key = "basis" if _grid(desk).has("basis") else "task_sum"
    share = f"{_grid(desk).at(key, row)}/{_of_level(desk, key, row)}"
    return Formula("=" + share, work.line.empirical_weight)


def _used(desk: Desk, row: int) -> Value:
    blueprint, position = desk.grids["Blueprint"], desk.steps[row].position
    approved, proposed = blueprint.far("approved", position), blueprint.far("proposed", position)
    return Formula(f"=IF(ISNUMBER({approved}),{approved},{proposed})", desk.steps[row].used_weight)


def _to_share(desk: Desk, row: int) -> Value:
    work = desk.steps[row]
    source = "Form_length" if work.parent is None else desk.grids["Blueprint"].far("items", work.parent)
    return Formula(f"={source}", work.to_share)


def _family_sum(desk: Desk, key: str, row: int) -> str:
    """Return the sum of a column over the lines that share one number of items."""
    return f"SUM({_grid(desk).span(key, *desk.steps[row].siblings)})"


def _group(desk: Desk, row: int) -> Value:
    return Formula("=" + _family_sum(desk, "used", row), desk.steps[row].group_weight)


def _quota(desk: Desk, row: int) -> Value:
    used, group, items = (_grid(desk).at(key, row) for key in ("used", "group", "to_share"))
    return Formula(f"=IF({group}=0,0,{used}/{group}*{items})", desk.steps[row].share.quota)


def _whole(desk: Desk, row: int) -> Value:
    # A quota that is whole but for rounding error counts as whole.
    return Formula(f"=INT({_grid(desk).at('quota', row)}+0.000000001)", desk.steps[row].share.whole)


def _remainder(desk: Desk, row: int) -> Value:
    quota, whole = (_grid(desk).at(key, row) for key in ("quota", "whole"))
    return Formula(f"=ROUND({quota}-{whole},{TIE_DECIMALS})", desk.steps[row].share.remainder)


def _left_over(desk: Desk, row: int) -> Value:
    formula = f"={_grid(desk).at('to_share', row)}-{_family_sum(desk, 'whole', row)}"
    return Formula(formula, desk.steps[row].left_over)


def _count(desk: Desk, row: int, sign: str, *, last: int) -> str:
    """Return how many lines of the group, up to row ``last``, have a remainder that is larger (or equal)."""
    grid = _grid(desk)
    remainders = grid.span("remainder", desk.steps[row].siblings[0], last)
    return f"SUMPRODUCT(--({remainders}{sign}{grid.at('remainder', row)}))"


def _rank(desk: Desk, row: int) -> Value:
    work = desk.steps[row]
    larger = _count(desk, row, ">", last=work.siblings[-1])
    return Formula(f"={larger}+{_count(desk, row, '=', last=row)}", work.share.rank)


def _extra(desk: Desk, row: int) -> Value:
    rank, left_over = (_grid(desk).at(key, row) for key in ("rank", "left_over"))
    return Formula(f"=IF({rank}<={left_over},1,0)", desk.steps[row].share.extra)


def _tie(desk: Desk, row: int) -> Value:
    work, left_over = desk.steps[row], _grid(desk).at("left_over", row)
    last = work.siblings[-1]
    larger, equal = _count(desk, row, ">", last=last), _count(desk, row, "=", last=last)
    test = f"AND({larger}<{left_over},{left_over}<{larger}+{equal})"
    return Formula(f'=IF({test},"{TIED}","{DASH}")', TIED if work.share.tied else DASH)


def _shared(desk: Desk, row: int) -> Value:
    whole, extra = (_grid(desk).at(key, row) for key in ("whole", "extra"))
    return Formula(f"={whole}+{extra}", desk.steps[row].share.items)


def _items(desk: Desk, row: int) -> Value:
    work = desk.steps[row]
    return Formula("=" + desk.grids["Blueprint"].far("items", work.position), work.line.items)


def _difference(desk: Desk, row: int) -> Value:
    items, shared = (_grid(desk).at(key, row) for key in ("items", "shared"))
    work = desk.steps[row]
    return Formula(f"={items}-{shared}", work.line.items - work.share.items)
