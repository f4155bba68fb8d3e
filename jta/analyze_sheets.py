"""The workbook's sheets that show an analysis: methods, groups, respondents, tasks left out.

They are made from the tables as their reader may see them: where `results_shield.shield` emptied a row, its
numbers become `SUPPRESSED`, so that an empty cell and a hidden one are never taken for each other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

from jta.exports.book_parts import (
    DIFFERENT,
    SUPPRESSED,
    Area,
    CognitiveMatrix,
    ExcludedLine,
    GroupLine,
    MatrixLine,
    MethodLine,
    ProfileLine,
)
from jta.exports.text import told_share

if TYPE_CHECKING:
    import pandas as pd

    from analysis.ratings import StudyData
    from analysis.result import AnalysisResult
    from jta.exports.book_parts import Shown

DIFFER = 0.05  # corrected p below which groups count as different
FLAGS = {True: DIFFERENT, False: "no difference shown"}
NOT_TESTED = "not tested"
EXCLUSION = "exclude by "
Row = dict[str, Any]


def _same(text: str) -> str:
    return text


def _plain(name: str) -> str:
    words = name.replace("_", " ")
    return words[:1].upper() + words[1:]


def _as_they_come(_variable: str, levels: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(levels))


@dataclass(frozen=True)
class Labels:
    """What codes of the tables are called: methods, background questions, their groups, and the groups' order."""

    method: Callable[[str], str] = _plain
    variable: Callable[[str], str] = _same
    group: Callable[[str, str], str] = lambda _variable, level: level
    in_order: Callable[[str, Iterable[str]], list[str]] = _as_they_come


def rows_of(result: AnalysisResult, name: str, **wanted: Any) -> list[Row]:
    """Return the rows of a table that have these values as plain values, missing ones as None; none without a table."""
    import pandas as pd

    table = result.tables.get(name)
    if table is None:
        return []
    for key, value in wanted.items():
        table = table[table[key] == value]
    columns = {column: table[column].tolist() for column in table.columns}
    plain = {name: [None if pd.isna(v) else v for v in values] for name, values in columns.items()}
    return [dict(zip(plain, values, strict=True)) for values in zip(*plain.values(), strict=True)]


def _is_hidden(row: Row) -> bool:
    return row.get("suppressed") == "yes"


def _shown(row: Row, name: str) -> Shown:
    """Return a number of a row, or that it is suppressed."""
    if _is_hidden(row):
        return SUPPRESSED
    value = row.get(name)
    return None if value is None else float(value)


def _counted(row: Row, name: str) -> Shown:
    value = _shown(row, name)
    return int(value) if isinstance(value, float) else value


def _answering(row: Row, name: str) -> Shown:
    """Return a share of people by what they answered."""
    value = _shown(row, name)
    return told_share(value) if isinstance(value, float) else value


def areas_of(result: AnalysisResult) -> tuple[Area, ...]:
    """Return the content domains of the blueprint in its order."""
    return tuple(Area(row["unit"], row["name"]) for row in rows_of(result, "blueprint", level="domain"))


def matrix_of(result: AnalysisResult) -> CognitiveMatrix | None:
    """Return content by cognitive level as the analysis shared it out; None where the plan sets no levels."""
    cells: dict[str, dict[str, int]] = {}
    for row in rows_of(result, "blueprint_two_way"):
        cells.setdefault(row["unit"], {})[row["cognitive_level"]] = int(row["items"])
    shares = dict(result.plan.cognitive_levels)
    levels, whole = list(next(iter(cells.values()), {})), sum(shares.values())
    if not levels or not whole:
        return None
    lines = tuple(
        MatrixLine(area.code, area.name, "domain", tuple(cells[area.code][x] for x in levels), (None,) * len(levels))
        for area in areas_of(result) if area.code in cells
    )  # fmt: skip
    return CognitiveMatrix(tuple(map(_plain, levels)), tuple(shares[level] / whole for level in levels), lines)


def method_lines(result: AnalysisResult, labels: Labels) -> tuple[MethodLine, ...]:
    """Return weights and items of the content domains under each method, then under each other choice of the plan."""
    areas = [area.code for area in areas_of(result)]
    found: dict[str, dict[str, Row]] = {}
    for row in rows_of(result, "method_comparison", level="domain"):
        found.setdefault(row["method"], {})[row["unit"]] = row
    tasks = int(result.counts["tasks"])
    lines = [_method_line(labels.method(name), by_unit, areas, tasks) for name, by_unit in found.items()]
    return (*lines, *_choice_lines(result, areas))


def _method_line(name: str, by_unit: dict[str, Row], areas: list[str], tasks: int) -> MethodLine:
    rows = [by_unit.get(code, {}) for code in areas]
    changes = [row.get("items_change") for row in rows]
    known = [abs(change) for change in changes if change is not None]
    return MethodLine(
        "method", name, tuple(row.get("weight") for row in rows), tuple(_whole(row.get("items")) for row in rows),
        int(sum(known)) // 2 if len(known) == len(areas) else None, tasks,
        is_plan=any(row.get("chosen") == "yes" for row in rows),
    )  # fmt: skip


def _whole(value: float | None) -> int | None:
    return None if value is None else int(value)


def _choice_lines(result: AnalysisResult, areas: list[str]) -> list[MethodLine]:
    found: dict[tuple[str, str], dict[str, Row]] = {}
    for row in rows_of(result, "sensitivity"):
        found.setdefault((row["option"], row["value"] or ""), {})[row["unit"]] = row
    return [_choice_line(option, by_unit, areas) for (option, _), by_unit in found.items()]


def _choice_line(option: str, by_unit: dict[str, Row], areas: list[str]) -> MethodLine:
    rows = [by_unit.get(code, {}) for code in areas]
    some = next(row for row in rows if row)
    # Weights without some responses are shown to the psychometrician only; how many items move stays, unless too few
    # are left out.
    held = option.startswith(EXCLUSION) and all(row.get("weight") is None for row in rows)
    name, planned = _choice_words(some)
    return MethodLine(
        "choice", name,
        tuple(SUPPRESSED if held else row.get("weight") for row in rows),
        tuple(SUPPRESSED if held else _whole(row.get("items")) for row in rows),
        SUPPRESSED if _is_hidden(some) else _whole(some["items_moved"]),
        SUPPRESSED if _is_hidden(some) else _whole(some["tasks_retained"]), option == "plan", planned,
    )  # fmt: skip


def _choice_words(row: Row) -> tuple[str, str]:
    """Return a choice in the words of the plan's form, and what the plan has in its place."""
    from jta.services.plan_words import PLAN, steps_in_words

    if row["option"] == PLAN:
        return "As the plan has it", ""
    words = steps_in_words([row])[0]
    return f"{words['option_words']}: {words['value_words'] or 'none'}", words["plan_words"] or "none"


def group_lines(result: AnalysisResult, data: StudyData, labels: Labels) -> tuple[GroupLine, ...]:
    """Return the mean importance of each task in each group, with the test of each question.

    Tasks on which the groups of a question differ stand first: they are what a board reads. Then question by question.
    """
    scale = result.choices.get("importance_scale")
    statements = dict(zip(data.tasks["task_id"], data.tasks["task_text"], strict=True))
    tests = {(row["variable"], row["task_id"]): row for row in rows_of(result, "group_tests")}
    found: dict[str, dict[tuple[str, str], Row]] = {}
    for row in rows_of(result, "group_means", scale=scale):
        found.setdefault(row["variable"], {})[row["task_id"], row["level"]] = row
    lines = [
        _group_line(labels, cells[task, level], statements[task], tests.get((variable, task), {}))
        for variable, cells in found.items()
        for task, level in product(statements, labels.in_order(variable, (level for _, level in cells)))
        if (task, level) in cells
    ]
    return tuple(sorted(lines, key=lambda line: line.flag != DIFFERENT))


def _group_line(labels: Labels, row: Row, statement: str, test: Row) -> GroupLine:
    question, group = labels.variable(row["variable"]), labels.group(row["variable"], row["level"])
    n, mean = _counted(row, "n"), _shown(row, "mean")
    return GroupLine(question, group, row["task_id"], statement, n, mean, *_test_of(test))


def _test_of(test: Row) -> tuple[Shown, Shown, str]:
    """Return effect size, corrected p and flag of a task's differences."""
    effect, p = _shown(test, "eta2"), _shown(test, "p_kw_holm")
    if p == SUPPRESSED:
        return effect, p, SUPPRESSED
    return effect, p, NOT_TESTED if not isinstance(p, float) else FLAGS[p < DIFFER]


def profile_lines(result: AnalysisResult, labels: Labels) -> tuple[ProfileLine, ...]:
    """Return who took part, group by group, against the population where it is known."""
    residuals = {(row["variable"], row["level"]): row for row in rows_of(result, "representativeness_cells")}
    by_variable: dict[str, dict[str, Row]] = {}
    for row in rows_of(result, "participation"):
        if row["variable"] != "all":
            by_variable.setdefault(row["variable"], {})[row["level"]] = row
    return tuple(
        ProfileLine(
            f"Who answered: {labels.variable(variable)}", labels.group(variable, level) or "no answer",
            _counted(rows[level], "n"), None, _answering(rows[level], "share"), _shown(rows[level], "population_share"),
            _shown(residuals.get((variable, level), {}), "std_residual"),
        )
        for variable, rows in by_variable.items()
        for level in labels.in_order(variable, rows)
    )  # fmt: skip


def excluded_lines(result: AnalysisResult, data: StudyData) -> tuple[ExcludedLine, ...]:
    """Return the tasks that the retention rule left out, with their values."""
    shares = {row["task_id"]: row for row in rows_of(result, "performing")}
    known = {row["task_id"]: row for row in rows_of(result, "retention") if row["retained"] != "yes"}
    means = _importance(result)
    return tuple(
        ExcludedLine(
            task["task_id"], task["domain_id"], task["task_text"], _shown(means.get(task["task_id"], {}), "mean"),
            _answering(shares.get(task["task_id"], {}), "share_performing"),
            _shown(known[task["task_id"]], "task_index"),
            known[task["task_id"]]["decision"], known[task["task_id"]]["reason"] or "",
        )
        for task in _records(data.tasks) if task["task_id"] in known
    )  # fmt: skip


def _importance(result: AnalysisResult) -> dict[str, Row]:
    scale = result.choices.get("importance_scale")
    return {row["task_id"]: row for row in rows_of(result, "task_stats", scale=scale)}


def _records(table: pd.DataFrame) -> list[Row]:
    return [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]
