"""The parts of a book around the blueprint: one set as a study has it, one hostile."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from jta.exports.book import BlueprintLine, StatLine
from jta.exports.book_parts import (
    SUPPRESSED,
    Area,
    CognitiveMatrix,
    CrosswalkRow,
    ExcludedLine,
    GapLine,
    GroupLine,
    MatrixLine,
    MethodLine,
    ProfileLine,
    ReferenceLine,
)


def realistic_parts(lines: Sequence[BlueprintLine], tasks: Sequence[StatLine]) -> dict[str, Any]:
    """Every part filled, small cells suppressed, some values missing."""
    domains = [line for line in lines if line.parent_code is None]
    weights, items = tuple(line.proposed_weight for line in domains), tuple(line.items for line in domains)
    groups = [
        GroupLine("Enrolment of the district", group, task.task_code, task.statement, *values)
        for task in tasks[:12]
        for group, values in (
            ("Under 1,000", (61, 4.31, 0.012, 0.4, "no difference shown")),
            ("25,000 and over", (SUPPRESSED, SUPPRESSED, SUPPRESSED, SUPPRESSED, SUPPRESSED)),
            ("1,000 to 24,999", (None, None, None, None, "not tested")),
        )
    ]
    return {
        "matrix": CognitiveMatrix(
            ("Recall", "Application", "Analysis"), (0.25, 0.5, 0.25),
            tuple(_matrix_line(line) for line in lines),
            (
                GapLine("1", "Leadership & Vision", "All levels", 120, 98, 22),
                GapLine("2", "Environment", "Recall", 24, None, None),
            ),
            3.0,
        ),
        "areas": tuple(Area(line.code, line.name) for line in domains),
        "methods": (
            MethodLine("method", "Importance × frequency, of the means", weights, items, 0, 100, is_plan=True),
            MethodLine("choice", "Exclude by screening: two flags", (SUPPRESSED,) * len(domains),
                       (SUPPRESSED,) * len(domains), 1, 96, planned="nobody"),
            MethodLine("choice", "Items: 150", weights, (None,) * len(domains), None, 96, planned="100"),
        ),
        "groups": tuple(groups),
        "profile": (
            ProfileLine("Who answered: Enrolment of the district", "Under 1,000", 61, None, 0.22, 0.39, -5.65),
            ProfileLine("Who answered: Enrolment of the district", "25,000 and over", SUPPRESSED, None, SUPPRESSED),
            ProfileLine("Response rates after AAPOR", "RR1", share=0.51, note="complete ÷ (eligible + unknown)"),
        ),
        "excluded": (
            ExcludedLine("1.1.10", "1", "Represent the district", 2.83, 0.8, 6.379, "drop", "mean importance 2.83 is "
                         "below 3", "Keep (round 1)", "10 keep as it is, n = 12", date(2026, 9, 8), "As said."),
            ExcludedLine("9.1", "9", "Run the mimeograph", decision="retired", rule="retired before the survey"),
        ),
        "crosswalk": (
            CrosswalkRow("Practice analysis 2018", "F01", "Plan budgets", "same", "1.1", "Plan budgets", "decided"),
            CrosswalkRow("Practice analysis 2018", "", "", "new", "1.10", "Weigh risks", "not decided yet"),
        ),
        "references": (ReferenceLine("R1", "Framework of essential skills", "2nd", ("1.1", "1.10")),),
    }  # fmt: skip


def _matrix_line(line: BlueprintLine) -> MatrixLine:
    recall, analysis = line.items // 4, line.items // 3
    return MatrixLine(
        line.code, line.name, line.level, (recall, line.items - recall - analysis, analysis), (0.2, 0.5, None)
    )


def nasty_parts(h: Sequence[str], lines: Sequence[BlueprintLine]) -> dict[str, Any]:
    """Hostile texts in every field; a matrix that does not belong to the blueprint's lines."""
    return {
        "matrix": CognitiveMatrix(
            (h[0], h[0], h[10]), (0.0, 1.0, 0.0),
            tuple(MatrixLine(x.code, h[1], x.level, (0, x.items, 1), (None, None, None)) for x in lines),
            (GapLine(h[0], h[1], h[2], 0, 0, 0),),
        ),
        "areas": tuple(Area(text, text) for text in h[:8]),
        "methods": tuple(MethodLine("method", text, (None,) * 8, (None,) * 8, planned=text) for text in h),
        "groups": tuple(GroupLine(text, text, f"g{n}", text, None, None, None, None, text) for n, text in enumerate(h)),
        "profile": tuple(ProfileLine(text, text, note=text) for text in h),
        "excluded": tuple(ExcludedLine(text, text, text, rule=text, panel=text, vote=text, why=text) for text in h),
        "crosswalk": tuple(CrosswalkRow(text, text, text, text, text, text, text, text) for text in h),
        "references": tuple(ReferenceLine(text, text, text, (text, text)) for text in h),
        "run": h[0],
    }  # fmt: skip
