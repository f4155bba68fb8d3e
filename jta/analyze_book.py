"""The blueprint workbook of a study analysed from a folder: an `AnalysisResult` as a `BlueprintBook`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jta.analyze_sheets import (
    Labels,
    areas_of,
    excluded_lines,
    group_lines,
    matrix_of,
    method_lines,
    profile_lines,
)
from jta.analyze_tasks import decision_of, measures_of, number_of, statistics_of
from jta.exports.book import (
    BlueprintBook,
    BlueprintLine,
    CodebookAnchor,
    CodebookScale,
    DetailLine,
)

if TYPE_CHECKING:
    import pandas as pd

    from analysis.ratings import StudyData
    from analysis.result import AnalysisResult

PLAIN = Labels()
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


def build_book(
    study: str, data: StudyData, result: AnalysisResult, labels: Labels = PLAIN, told: AnalysisResult | None = None
) -> BlueprintBook:
    """Return the workbook of an analysis that has a blueprint.

    Parameters
    ----------
    study : str
        Name of the study.
    data : StudyData
    result : AnalysisResult
        Its tables hold ``blueprint``; numbers that its reader may not see are empty in them.
    labels : Labels
        What the codes of methods, background questions and groups are called.
    told : AnalysisResult, optional
        The same result as its readers may see groups of people in it, if ``result`` itself shows more.
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
        measures=measures_of(data, result),
        task_statistics=statistics_of(data, result, index),
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
        matrix=matrix_of(result),
        areas=areas_of(result),
        methods=method_lines(told or result, labels),
        groups=group_lines(told or result, data, labels),
        profile=profile_lines(told or result, labels),
        excluded=excluded_lines(result, data),
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
        ci_low=number_of(row["ci_low"]),
        ci_high=number_of(row["ci_high"]),
        minimum=_bound(row["minimum"]),
        maximum=_bound(row["maximum"]),
        allocation_note=row["note"] or None,
    )


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
            weight=number_of(index[row["task_id"]]) or 0.0,
            status=decision_of(retention["decision"][row["task_id"]]),
            subdomain_code=row["subdomain_id"] or None,
            subdomain=row["subdomain_name"] or None,
        )
        for row in rows
    )


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
