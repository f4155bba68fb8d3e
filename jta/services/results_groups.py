"""The page of subgroups: where groups of respondents see the job differently. Small groups are hidden."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

from jta.charts import Axis, Mark, axis_for
from jta.services.results_tables import Row, Tables, Words, domains_of, pick_scale, tasks_in, words_of
from jta.services.results_task_lines import ends_of

IMPORTANCE_CUT = 3.0


@dataclass(frozen=True)
class GroupTask:
    """One task: the mean of each group that may be shown, and the test of their difference."""

    code: str
    statement: str
    marks: tuple[Mark, ...]
    means: tuple[Row, ...]
    test: Row


@dataclass(frozen=True)
class GroupsPage:
    """One background question's groups on one scale."""

    variable: str
    variables: dict[str, str]
    scale: str
    scales: dict[str, str]
    domains: dict[str, str]
    levels: tuple[Row, ...]
    level_names: tuple[str, ...]
    tasks: tuple[GroupTask, ...]
    total: int
    only: bool
    tested: bool
    axis: Axis
    pairs: tuple[Row, ...]
    hidden: tuple[str, ...]
    why_not: str | None


def groups_page(
    tables: Tables,
    *,
    variable: str | None = None,
    scale: str | None = None,
    domain: str | None = None,
    only: bool = False,
) -> GroupsPage:
    """Return the groups of a background question; ``only`` keeps tasks whose groups differ (Holm p below .05)."""
    run, words = tables.run, words_of(tables.run)
    variables = list(dict.fromkeys(name for name, _ in tables.sizes))
    scales = list(dict.fromkeys(row["scale"] for row in tables.rows("group_means")))
    name = variable if variable is not None and variable in variables else next(iter(variables), "")
    shown = pick_scale(run, scales, scale)
    levels = _levels(tables, words, name)
    lines = _lines(tables, words, (name, shown), levels)
    here = [t for t in lines if t.code in tasks_in(tables, domain)]
    kept = [t for t in here if not only or (t.test.get("p_kw_holm") is not None and t.test["p_kw_holm"] < 0.05)]
    visible = tuple(level for level in levels if not level["hidden"])
    return GroupsPage(
        variable=name,
        variables={code: words.variable(code) for code in variables},
        scale=shown,
        scales={code: words.scale(code) for code in scales},
        domains=domains_of(tables, words),
        levels=visible,
        level_names=tuple(level["title"] for level in visible),
        tasks=tuple(sorted(kept, key=lambda t: -(t.test.get("eta2") or 0.0))),
        total=len(lines),
        only=only,
        tested=any(t.test.get("eta2") is not None for t in lines),
        axis=axis_for([], within=ends_of(tables, shown)),
        pairs=tuple(_pairs(tables, words, name, shown)),
        hidden=tuple(level["title"] for level in levels if level["hidden"]),
        why_not=tables.why_not("group_means"),
    )


def _levels(tables: Tables, words: Words, variable: str) -> list[Row]:
    return [
        {"code": level, "title": words.group(name, level), "n": n, "hidden": (name, level) in tables.hidden_groups}
        for level in words.in_order(variable, (level for name, level in tables.sizes if name == variable))
        for name, n in ((variable, tables.sizes[variable, level]),)
    ]


def _lines(tables: Tables, words: Words, shown: tuple[str, str], levels: list[Row]) -> list[GroupTask]:
    variable, scale = shown
    rows = tables.rows("group_means", scale=scale, variable=variable)
    cells: dict[tuple[Hashable, Hashable], Row] = {(row["task_id"], row["level"]): row for row in rows}
    tests = {row["task_id"]: row for row in tables.rows("group_tests", variable=variable)}
    is_importance = scale == tables.run.summary["choices"].get("importance_scale")
    visible = [level for level in levels if not level["hidden"]]
    return [
        GroupTask(
            code=task,
            statement=words.statements.get(task, ""),
            marks=tuple(
                Mark(cells[task, level["code"]]["mean"], kind, level["title"])
                for kind, level in enumerate(visible)
                if cells[task, level["code"]]["mean"] is not None
            ),
            means=tuple(cells[task, level["code"]] for level in visible),
            test=tests.get(task, {}) if is_importance else {},
        )
        for task in dict.fromkeys(row["task_id"] for row in rows)
    ]


def _pairs(tables: Tables, words: Words, variable: str, scale: str) -> list[Row]:
    """Return each pair of groups that may be shown: how alike their profiles of means are."""
    is_importance = scale == tables.run.summary["choices"].get("importance_scale")
    index = {
        (row["group_a"], row["group_b"]): row["index"]
        for row in tables.rows("agreement_index", variable=variable, cut=IMPORTANCE_CUT)
        if is_importance
    }
    sizes = {r["level"]: r["n"] for r in tables.rows("participation", variable=variable) if not r["suppressed"]}
    return [
        row
        | {
            "a": words.group(variable, row["group_a"]),
            "b": words.group(variable, row["group_b"]),
            "n_a": sizes.get(row["group_a"]),
            "n_b": sizes.get(row["group_b"]),
            "index": index.get((row["group_a"], row["group_b"])),
        }
        for row in tables.rows("profile_correlations", variable=variable, scale=scale)
        if not row["suppressed"]
    ]
