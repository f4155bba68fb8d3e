"""The blueprint workbook of a study analysed from a folder: an `AnalysisResult` as a `BlueprintBook`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jta.exports.book import (
    BlueprintBook,
    BlueprintLine,
    CodebookAnchor,
    CodebookScale,
    DetailLine,
    Measure,
    MeasureStatistics,
    StatLine,
)

if TYPE_CHECKING:
    import pandas as pd

    from analysis.ratings import StudyData
    from analysis.result import AnalysisResult

STATISTICS = ("mean", "sd", "se", "ci_low", "ci_high", "median")
DECISIONS = {"keep": "retain"}
INDEX_WORDS = {
    "importance": "Task index: mean importance of those who rated the task.",
    "product_of_means": "Task index: mean importance times mean frequency.",
    "mean_of_products": "Task index: mean over respondents of importance times frequency.",
    "mean_of_scales": "Task index: mean of mean importance and mean frequency.",
    "z_mix": "Task index: 3 + mean of standardised importance and frequency.",
    "time_share": "Task index: mean share of a respondent's own frequencies.",
    "kane_log_performers": "Task index: Kane-type, task effect on the logarithm of importance times frequency.",
    "kane_log_x_performing": "Task index: Kane-type, times the share performing.",
    "kane_equalised": "Task index: Kane-type, powers of importance and frequency with equal pull.",
    "rasch_expected_jmle": "Task index: Rasch, expected rating (joint).",
    "rasch_exp_jmle": "Task index: Rasch, exp(-delta) (joint).",
    "rasch_expected_cml": "Task index: Rasch, expected rating (conditional).",
    "rasch_exp_cml": "Task index: Rasch, exp(-delta) (conditional).",
}
FREQUENCY_WORDS = {
    "zero": "Frequency of a respondent who does not perform the task: 0.",
    "missing": "Frequency of a respondent who does not perform the task: left out.",
}

MEASURE_WORDS = {
    "mean": "mean {scale}",
    "lower_bound": "lower bound of mean {scale}",
    "performing": "share performing",
    "at_or_above": "share rating {scale} {anchor:g} or higher",
}


def build_book(study: str, data: StudyData, result: AnalysisResult) -> BlueprintBook:
    """Return the workbook of an analysis that has a blueprint.

    Parameters
    ----------
    study : str
        Name of the study.
    data : StudyData
    result : AnalysisResult
        Its tables hold ``blueprint``.
    """
    from analysis.criticality import METHODS

    index = result.tables["retention"].set_index("task_id")["task_index"]
    versions = result.versions
    return BlueprintBook(
        study=study,
        credential="",
        version="1",
        status="DRAFT",
        items=result.plan.items,
        lines=_lines(result.tables["blueprint"]),
        details=_details(data, result, index),
        measures=_measures(data, result),
        task_statistics=_statistics(data, result, index),
        scales=_scales(data),
        respondents=(
            ("In the data set", result.counts["respondents"]),
            ("With at least one rating", result.counts["respondents_with_ratings"]),
        ),
        method=_method(result),
        method_code=METHODS[result.choices["index"]],
        weight_rule=result.plan.within,
        confidence=result.plan.confidence,
        data_hash=result.data_hash,
        plan_hash=result.plan_hash,
        software=", ".join(f"{name} {version}" for name, version in versions.items()),
        left_out=tuple(f"{name}: {reason}" for name, reason in sorted(result.left_out.items())),
    )


def _lines(blueprint: pd.DataFrame) -> tuple[BlueprintLine, ...]:
    placed = blueprint[blueprint["items"].notna()]
    return tuple(_line(row) for row in placed.to_dict("records"))


def _line(row: dict[Any, Any]) -> BlueprintLine:
    weight = float(row["weight"])
    return BlueprintLine(
        code=row["unit"],
        name=row["name"],
        level=row["level"],
        parent_code=row["parent"] or None,
        n_tasks=int(row["n_retained"]),
        empirical_weight=weight,
        proposed_weight=weight,
        quota=float(row["quota"]),
        items=int(row["items"]),
        ci_low=_number(row["ci_low"]),
        ci_high=_number(row["ci_high"]),
        minimum=_bound(row["minimum"]),
        maximum=_bound(row["maximum"]),
        allocation_note=row["note"] or None,
    )


def _number(value: Any) -> float | None:
    import pandas as pd

    return None if pd.isna(value) else float(value)


def _count(value: Any) -> int | None:
    number = _number(value)
    return None if number is None else int(number)


def _bound(value: Any) -> int | None:
    """Return a minimum or maximum; a minimum of 0 bounds nothing and is not shown."""
    import pandas as pd

    return None if pd.isna(value) or not value else int(value)


def _details(data: StudyData, result: AnalysisResult, index: pd.Series) -> tuple[DetailLine, ...]:
    retention = result.tables["retention"].set_index("task_id")
    rows = [row for row in data.tasks.to_dict("records") if retention["retained"][row["task_id"]] == "yes"]
    return tuple(
        DetailLine(
            domain_code=row["domain_id"],
            domain=row["domain_name"],
            task_code=row["task_id"],
            statement=row["task_text"],
            weight=_number(index[row["task_id"]]) or 0.0,
            status=_decision(retention["decision"][row["task_id"]]),
            subdomain_code=row["subdomain_id"] or None,
            subdomain=row["subdomain_name"] or None,
        )
        for row in rows
    )


def _decision(decision: str) -> str:
    return DECISIONS.get(decision, decision)


def _measures(data: StudyData, result: AnalysisResult) -> tuple[Measure, ...]:
    frequency = result.choices["frequency_scale"]
    found = []
    for code, scale in data.scales.items():
        note = "all who rated it"
        if code == frequency:
            note = "all who answered, not performed counted as 0"
        elif frequency is not None and data.scales[frequency].not_performed_code:
            note = "respondents who perform the task"
        found.append(Measure(code, scale.title, note))
    if frequency is not None:
        title = f"{data.scales[frequency].title}, performers"
        found.append(Measure(f"{frequency}_performers", title, "respondents who perform the task"))
    return tuple(found)


def _statistics(data: StudyData, result: AnalysisResult, index: pd.Series) -> tuple[StatLine, ...]:
    measures = [measure.code for measure in _measures(data, result)]
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
            statistics=tuple(_measure(table[code, row["task_id"]]) for code in measures),
            index=_number(index[row["task_id"]]),
            rank=None if index.isna()[row["task_id"]] else int(ranks[row["task_id"]]),
            decision=_decision(retention[row["task_id"]]["decision"]),
            reason=retention[row["task_id"]]["reason"],
            **_share(shares.get(row["task_id"])),
        )
        for row in data.tasks.to_dict("records")
    )


def _measure(row: dict[Any, Any]) -> MeasureStatistics:
    return MeasureStatistics(_count(row["n"]), *(_number(row[name]) for name in STATISTICS))


def _share(row: dict[Any, Any] | None) -> dict[str, Any]:
    if row is None:
        return {}
    return {
        "n_answered": _count(row["n_answered"]),
        "n_performing": _count(row["n_performing"]),
        "share_performing": _number(row["share_performing"]),
        "performing_low": _number(row["wilson_low"]),
        "performing_high": _number(row["wilson_high"]),
    }


def _scales(data: StudyData) -> tuple[CodebookScale, ...]:
    return tuple(
        CodebookScale(
            scale.code,
            scale.title,
            "",
            tuple(CodebookAnchor(a.code, a.label, a.value, a.not_performed) for a in scale.anchors),
        )
        for scale in data.scales.values()
    )


def _method(result: AnalysisResult) -> tuple[str, ...]:
    plan = result.plan
    index = result.choices["index"]
    said = [INDEX_WORDS.get(index, f"Task index: {index.replace('_', ' ')}; its formula stands in analysis/README.md.")]
    if result.choices["frequency_scale"] is not None:
        said.append(FREQUENCY_WORDS[plan.non_performers])
    said.append(_rule(result))
    said.append(f"Weight of a domain: {plan.within} of its retained tasks' indices, as a share.")
    if plan.bootstrap_resamples:
        said.append(
            f"Intervals: {plan.confidence:.0%} percentile intervals from {plan.bootstrap_resamples:,} bootstrap "
            f"samples of respondents, seed {plan.seed}."
        )
    said.append("Items: largest remainder, domains first, then subdomains within each domain.")
    return (*said, *result.assumptions, *result.notes)


def _rule(result: AnalysisResult) -> str:
    """Return the retention rule in words."""
    plan = result.plan
    if not plan.retention:
        return "Retained: every task (the plan has no retention rule)."
    cuts = []
    for cut in plan.retention:
        scale = cut.scale or result.choices["importance_scale"]
        words = MEASURE_WORDS[cut.measure].format(scale=scale, anchor=cut.anchor or 0)
        review = "" if cut.review is None else f" (review from {cut.review:g})"
        cuts.append(f"{words} at least {cut.cut:g}{review}")
    counted = "counted as retained" if plan.review_tasks == "keep" else "left out"
    joint = " and " if plan.retention_combine == "all" else " or "
    return f"Retained: tasks with {joint.join(cuts)}; tasks up for review are {counted}."
