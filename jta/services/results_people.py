"""The page of precision: who took part, how steady the weights and items are, how many more responses they need."""

from __future__ import annotations

from dataclasses import dataclass

from jta.charts import Line, Mark, Picture, axis_for
from jta.services.results import method_of
from jta.services.results_methods import method_title
from jta.services.results_tables import Row, Tables, Words, words_of

WAVE = "wave"
DIFFERS = 0.05  # Holm p below which a difference counts as more than chance


@dataclass(frozen=True)
class PrecisionPage:
    """Participation by group, early against late, intervals of weights and items, and the forecast."""

    everybody: Row
    groups: tuple[tuple[str, tuple[Row, ...]], ...]
    late: tuple[Row, ...]
    n_late_tested: int
    forecast: tuple[Row, ...]
    picture: Picture | None
    settled: int
    wanted_items: float
    items: tuple[Row, ...]
    method: str
    total: int
    no_participation: str | None
    no_forecast: str | None
    no_items: str | None
    no_waves: str | None


def precision_page(tables: Tables) -> PrecisionPage:
    """Return who took part, and how far the weights and items are settled."""
    run, words = tables.run, words_of(tables.run)
    method = method_of(run.summary["method"])
    wanted = run.plan["precision_wanted"] * run.plan["items"]
    forecast = [_named(row, words) for row in tables.rows("precision_forecast")]
    rows = tables.rows("participation")
    tests = [row for row in tables.rows("group_tests", variable=WAVE) if row["p_kw_holm"] is not None]
    return PrecisionPage(
        everybody=next((row for row in rows if row["variable"] == "all"), {}),
        groups=_groups(rows, words),
        late=tuple(_late(tables, words, row) for row in tests if row["p_kw_holm"] < DIFFERS),
        n_late_tested=len(tests),
        forecast=tuple(forecast),
        picture=_picture(forecast, wanted),
        settled=sum(row["still_needed"] == 0 for row in forecast if row["level"] == "domain"),
        wanted_items=wanted,
        items=tuple(_named(row, words) for row in tables.rows("bootstrap_items", method=method)),
        method=method_title(method),
        total=int(run.plan["items"]),
        no_participation=tables.why_not("participation"),
        no_forecast=tables.why_not("precision_forecast"),
        no_items=tables.why_not("bootstrap_items"),
        no_waves=_no_waves(tables, rows, tests),
    )


def _no_waves(tables: Tables, rows: list[Row], tests: list[Row]) -> str | None:
    if not any(row["variable"] == WAVE for row in rows):
        return "This data set does not say which responses were begun early."
    if tests:
        return None
    return tables.why_not("group_tests") or "No task could be tested: too few answers in one of the halves."


def _named(row: Row, words: Words) -> Row:
    return row | {"title": words.unit(row["unit"])}


def _groups(rows: list[Row], words: Words) -> tuple[tuple[str, tuple[Row, ...]], ...]:
    names = [name for name in dict.fromkeys(row["variable"] for row in rows) if name != "all"]
    titled = [row | {"title": words.group(row["variable"], row["level"])} for row in rows]
    found = []
    for name in names:
        by_level = {r["level"]: r for r in titled if r["variable"] == name}
        found.append((words.variable(name), tuple(by_level[level] for level in words.in_order(name, by_level))))
    return tuple(found)


def _late(tables: Tables, words: Words, test: Row) -> Row:
    scale = tables.run.summary["choices"].get("importance_scale")
    means = {
        half: tables.one("group_means", scale=scale, variable=WAVE, level=half, task_id=test["task_id"]).get("mean")
        for half in ("early", "late")
    }
    return test | means | {"statement": words.statements.get(test["task_id"], "")}


def _picture(forecast: list[Row], wanted: float) -> Picture | None:
    known = [row for row in forecast if row["items_half_width"] is not None]
    if not known:
        return None
    lines = tuple(
        Line(f"{row['unit']} {row['title']}", (Mark(row["items_half_width"]),), 0.0, row["items_half_width"],
             strong=row["level"] == "domain")
        for row in known
    )  # fmt: skip
    about = "A bar that ends before the dashed line is as precise as the plan wants."
    ends = [0.0, wanted, *(row["items_half_width"] for row in known)]
    return Picture("Half width of each interval, in items of the exam", axis_for(ends), lines, rule=wanted, about=about)
