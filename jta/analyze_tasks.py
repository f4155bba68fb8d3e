"""The figures of every task as the workbook shows them: measures, statistics, agreement, the share of high ratings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jta.analyze_sheets import rows_of
from jta.exports.book import Measure, MeasureStatistics, StatLine
from jta.exports.text import told_share

if TYPE_CHECKING:
    import pandas as pd

    from analysis.ratings import StudyData
    from analysis.result import AnalysisResult
    from analysis.scales import RatingScale
    from jta.exports.book_parts import Shown

STATISTICS = ("mean", "sd", "se", "ci_low", "ci_high", "median")
DECISIONS = {"keep": "retain"}


def number_of(value: Any) -> float | None:
    """Return a number, None where a table has none."""
    import pandas as pd

    return None if pd.isna(value) else float(value)


def _count(value: Any) -> int | None:
    found = number_of(value)
    return None if found is None else int(found)


def decision_of(decision: str) -> str:
    """Return a decision of the analysis in the words of the workbook."""
    return DECISIONS.get(decision, decision)


def measures_of(data: StudyData, result: AnalysisResult) -> tuple[Measure, ...]:
    """Return each rating scale and whose ratings are in its statistics."""
    frequency = result.choices["frequency_scale"]
    found = []
    for code, scale in data.scales.items():
        note = "all who rated it"
        if code == frequency:
            note = "all who answered, not performed counted as 0"
        elif frequency is not None and data.scales[frequency].not_performed_code:
            note = "respondents who perform the task"
        found.append(Measure(code, scale.title, note, _anchor(scale, result)))
    if frequency is not None:
        title = f"{data.scales[frequency].title}, performers"
        anchor = _anchor(data.scales[frequency], result)
        found.append(Measure(f"{frequency}_performers", title, "respondents who perform the task", anchor))
    return tuple(found)


def _anchor(scale: RatingScale, result: AnalysisResult) -> float | None:
    """Return the value from which a rating counts as high: that of the plan's rule, else the second highest."""
    asked = [cut for cut in result.plan.retention if cut.measure == "at_or_above" and cut.anchor is not None]
    own = [cut.anchor for cut in asked if (cut.scale or result.choices["importance_scale"]) == scale.code]
    values = sorted(anchor.value for anchor in scale.anchors if anchor.value is not None)
    return next(iter(own), values[-2] if len(values) > 2 else None)


def statistics_of(data: StudyData, result: AnalysisResult, index: pd.Series) -> tuple[StatLine, ...]:
    """Return the figures of every task, retained or not."""
    measures = measures_of(data, result)
    agreed = _agreement(result)
    table = result.tables["task_stats"].set_index(["scale", "task_id"]).to_dict("index")
    retention = result.tables["retention"].set_index("task_id").to_dict("index")
    performing = result.tables.get("performing")
    shares = {} if performing is None else performing.set_index("task_id").to_dict("index")
    ranks = index.rank(ascending=False, method="min")
    return tuple(
        StatLine(
            task_code=row["task_id"],
            domain_code=row["domain_id"],
            statement=row["task_text"],
            statistics=tuple(
                _measure(table[m.code, row["task_id"]], m.anchor, agreed.get((m.code, row["task_id"])))
                for m in measures
            ),
            index=number_of(index[row["task_id"]]),
            rank=None if index.isna()[row["task_id"]] else int(ranks[row["task_id"]]),
            decision=decision_of(retention[row["task_id"]]["decision"]),
            reason=retention[row["task_id"]]["reason"],
            subdomain_code=row["subdomain_id"] or None,
            **_share(shares.get(row["task_id"])),
        )
        for row in data.tasks.to_dict("records")
    )


def _agreement(result: AnalysisResult) -> dict[tuple[str, str], float | None]:
    """Return the within-group agreement of all respondents by scale and task."""
    rows = rows_of(result, "rwg", group="ALL")
    return {(row["scale"], row["task_id"]): row["rwg_truncated"] for row in rows}


def _measure(row: dict[Any, Any], anchor: float | None, agreement: float | None) -> MeasureStatistics:
    mean, sd, se, low, high, median = (number_of(row[name]) for name in STATISTICS)
    return MeasureStatistics(_count(row["n"]), mean, sd, se, low, high, median, _high(row, anchor), agreement)


def _high(row: dict[Any, Any], anchor: float | None) -> Shown:
    """Return the share of ratings at or above an anchor, from the counts of each value."""
    counts = {name: number_of(n) for name, n in row.items() if name.startswith("count_")}
    n = sum(count or 0 for count in counts.values())
    if anchor is None or not n or any(count is None for count in counts.values()):
        return None
    high = sum(count or 0 for name, count in counts.items() if float(name.removeprefix("count_")) >= anchor)
    return told_share(high / n)


def _share(row: dict[Any, Any] | None) -> dict[str, Any]:
    if row is None:
        return {}
    told = told_share(number_of(row["share_performing"]))
    exact = isinstance(told, float)  # else its interval would tell it
    return {
        "n_answered": _count(row["n_answered"]),
        "share_performing": told,
        "performing_low": number_of(row["wilson_low"]) if exact else None,
        "performing_high": number_of(row["wilson_high"]) if exact else None,
    }
