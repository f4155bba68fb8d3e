"""Books to write: one as a real study has it, one as hostile and crooked as a study may come."""

from __future__ import annotations

import csv
from dataclasses import replace
from datetime import UTC, date, datetime
from fractions import Fraction
from pathlib import Path

import numpy as np

from jta.exports.book import (
    BlueprintBook,
    BlueprintLine,
    CodebookAnchor,
    CodebookScale,
    CodebookVariable,
    DetailLine,
    LedgerEntry,
    Measure,
    MeasureStatistics,
    StatLine,
)
from tests.exports.parts import nasty_parts, realistic_parts

FRAMEWORK = Path(__file__).parents[2] / "jta" / "demo" / "framework.csv"
CUT = 3.0
NOTICE = "Simulated data: invented respondents; not CoSN's data and not endorsed by it."
IMPORTANCE = (
    "Not important",
    "Slightly important",
    "Moderately important",
    "Very important",
    "Extremely important",
)
FREQUENCY = ("I do not perform this task", "Once a year or less", "A few times a year", "About once a month",
             "About once a week", "Daily or almost daily")  # fmt: skip


def apportion(weights: list[float], total: int) -> list[int]:
    """Share items by largest remainder with exact fractions: the independent word on the items."""
    exact = [Fraction(weight).limit_denominator(10**12) for weight in weights]
    quotas = [weight / sum(exact) * total for weight in exact]
    items = [int(quota) for quota in quotas]
    order = sorted(range(len(quotas)), key=lambda i: (-(quotas[i] - items[i]), i))
    for i in order[: total - sum(items)]:
        items[i] += 1
    return items


def realistic_book(**changes: object) -> BlueprintBook:
    """3 domains, 10 subdomains, 100 tasks of which a few are dropped, a form of 100 items, approved."""
    statistics = _statistics()
    details = _details(statistics)
    lines = _lines(details, 100)
    book = BlueprintBook(
        study="K-12 chief technology officer practice analysis 2026",
        credential="Certified Education Technology Leader (demo)",
        version="1",
        status="APPROVED",
        items=100,
        lines=lines,
        details=details,
        measures=(
            Measure("importance", "Importance", "respondents who perform the task"),
            Measure("frequency", "Frequency", "all who answered, not performed counted as 0"),
        ),
        task_statistics=statistics,
        scales=_scales(),
        variables=_variables(),
        notice=NOTICE,
        time_zone="America/Chicago",
        dates=(
            ("Survey opened", date(2026, 9, 14)),
            ("Survey closed", date(2026, 10, 16)),
            ("Data set frozen", datetime(2026, 10, 20, 15, 4, tzinfo=UTC)),
            ("Blueprint approved", datetime(2026, 11, 18, 20, 30, tzinfo=UTC)),
        ),
        respondents=(("Invited", 520), ("Started", 331), ("Submitted", 300), ("Used in the analysis", 287)),
        method=(
            "Task index: mean importance of those who perform the task, times mean frequency of all "
            "(not performed = 0).",
            "Retained: tasks with mean importance of 3.00 or more.",
            "Weight of a domain: sum of its retained tasks' indices as a share of all retained tasks.",
            "Intervals: 95 % percentile intervals from 2,000 bootstrap samples of respondents, seed 2026.",
            "Items: largest remainder, domains first, then subdomains within each domain.",
        ),
        method_code="sum_importance_x_frequency",
        data_hash="3f2b9f0d5a0e2f6c1f8f0f4f64a8d7a9be5f6d0e1c2b3a495867768594a3b2c1",
        plan_hash="91c4e2aa07d3b65f0e9d8c7b6a5948372615f4e3d2c1b0a99887766554433221",
        software="practice-analysis 0.1.0, Python 3.11, numpy 2.4",
        left_out=("ksa_weights: the panel has not linked.",),
        ledger=(
            LedgerEntry(datetime(2026, 11, 10, 16, 0, tzinfo=UTC), "Director", "Approved weight of 1.2",
                        "14.6 %", "15.0 %", "The panel restored the published weight; difference within the interval."),
            LedgerEntry(datetime(2026, 11, 18, 20, 30, tzinfo=UTC), "Approver", "Blueprint version 1", "submitted",
                        "approved", "Agrees with the content hash shown on the approval page."),
        ),
        run="run 1 of data set 1",
        **realistic_parts(lines, statistics),
    )  # fmt: skip
    return replace(book, **changes)  # type: ignore[arg-type]  # names are checked by replace itself


def _framework() -> list[dict[str, str]]:
    with FRAMEWORK.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _statistics() -> tuple[StatLine, ...]:
    rng = np.random.default_rng(2026)
    rows = _framework()
    importance = rng.normal(3.7, 0.55, len(rows)).clip(2.1, 4.8)
    frequency = rng.normal(2.6, 0.7, len(rows)).clip(0.4, 4.6)
    index = importance * frequency
    ranks = (-index).argsort().argsort() + 1
    return tuple(
        StatLine(
            task_code=row["task_code"],
            domain_code=row["domain_code"],
            statement=row["task_statement"],
            statistics=(
                _measure(int(rng.integers(240, 287)), float(importance[i])),
                _measure(287, float(frequency[i])),
            ),
            n_answered=287,
            share_performing=265 / 287,
            performing_low=0.887,
            performing_high=0.949,
            index=float(index[i]),
            rank=int(ranks[i]),
            decision="retain" if importance[i] >= CUT else "drop",
            reason="Mean importance at or above 3.00."
            if importance[i] >= CUT
            else f"Mean importance {importance[i]:.2f} is below 3.00.",
        )
        for i, row in enumerate(rows)
    )


def _measure(n: int, mean: float) -> MeasureStatistics:
    se = 1.1 / n**0.5
    return MeasureStatistics(n, mean, 1.1, se, mean - 1.96 * se, mean + 1.96 * se, float(round(mean)))


def _details(statistics: tuple[StatLine, ...]) -> tuple[DetailLine, ...]:
    kept = {line.task_code: line.index for line in statistics if line.decision == "retain"}
    return tuple(
        DetailLine(
            domain_code=row["domain_code"],
            domain=row["domain"],
            task_code=row["task_code"],
            statement=row["task_statement"],
            weight=kept[row["task_code"]],
            status="retain",
            subdomain_code=row["subdomain_code"],
            subdomain=row["subdomain"],
        )
        for row in _framework()
        if row["task_code"] in kept
    )


def _lines(details: tuple[DetailLine, ...], items: int) -> tuple[BlueprintLine, ...]:
    """Lines as an engine would give them, worked out here with plain loops and exact fractions."""
    total = sum(task.weight for task in details)
    domains = list(dict.fromkeys((task.domain_code, task.domain) for task in details))
    weights = [sum(t.weight for t in details if t.domain_code == code) / total for code, _ in domains]
    lines = []
    for (code, name), weight, count in zip(domains, weights, apportion(weights, items), strict=True):
        n = sum(task.domain_code == code for task in details)
        lines.append(_line(code, name, None, n, weight, weight * items, count))
        lines += _subdomain_lines(details, code, count, total)
    return tuple(lines)


def _subdomain_lines(details: tuple[DetailLine, ...], parent: str, items: int, total: float) -> list[BlueprintLine]:
    own = [task for task in details if task.domain_code == parent]
    areas = list(dict.fromkeys((task.subdomain_code, task.subdomain) for task in own))
    sums = [sum(t.weight for t in own if t.subdomain_code == code) for code, _ in areas]
    return [
        _line(
            code,
            name,
            parent,
            sum(t.subdomain_code == code for t in own),
            part / total,
            part / sum(sums) * items,
            n,
        )
        for (code, name), part, n in zip(areas, sums, apportion(sums, items), strict=True)
    ]


def _line(code, name, parent, n_tasks, weight, quota, items):
    return BlueprintLine(
        code=code,
        name=name,
        level="subdomain" if parent else "domain",
        parent_code=parent,
        n_tasks=n_tasks,
        empirical_weight=weight,
        proposed_weight=weight,
        quota=quota,
        items=items,
        ci_low=weight * 0.96,
        ci_high=weight * 1.05,
        rationale="" if parent else "Follows the ratings; the panel saw no reason to depart from them.",
    )


def _scales() -> tuple[CodebookScale, ...]:
    return (
        CodebookScale(
            "importance",
            "Importance",
            "How important is this task to the work of a K-12 chief technology officer?",
            tuple(CodebookAnchor(str(v), words, float(v)) for v, words in enumerate(IMPORTANCE, start=1)),
        ),
        CodebookScale(
            "frequency",
            "Frequency",
            "How often do you perform this task in your current position?",
            (
                CodebookAnchor("0", FREQUENCY[0], None, not_performed=True),
                *(CodebookAnchor(str(v), FREQUENCY[v], float(v)) for v in range(1, 6)),
            ),
        ),
    )


def _variables() -> tuple[CodebookVariable, ...]:
    return (
        CodebookVariable("respondent", "Random number of the respondent within this study", "text", "never missing"),
        CodebookVariable("enrolment", "Enrolment of the district", "under_1000, 1000_4999, 5000_plus", "empty"),
        CodebookVariable("importance", "Importance of a task", "anchor codes 1 to 5", "no row; or task not performed"),
    )


HOSTILE = (
    "=cmd|' /C calc'!A0",
    "{=SUM(A1:A9)}",
    "@SUM(1+1)",
    "+1+1",
    "-2+3",
    "\t=1+1",
    "＝1+1",
    "<script>alert(1)</script>",
    "</t></si><f>1+1</f>",
    "\u202eevil\u202c and \u2066hidden\u2069",
    "x" * 40_000,
    "a\x00b\x1bc\ud800d\ufffee",
    "http://example.org/a?b=1&c=\"2\"",
    "=HYPERLINK(\"http://example.org\",\"x\")",
    "_x0041_ &amp; &D &P",
    "👩🏽‍🏫 línea\r\ndos",
)  # fmt: skip


def nasty_book(*, longest: int = 40_000) -> BlueprintBook:
    """Hostile texts in every field; limits that bind; ties; a domain without tasks; odd codes.

    An office program takes long over many very long texts: ``longest`` spares it that.
    """
    h = tuple(text[:longest] for text in HOSTILE)
    details = tuple(
        DetailLine(
            "1.10",
            h[0],
            code,
            text,
            weight,
            "retain",
            sub,
            h[n % len(h)],
            ksa_codes=(h[4],),
            references=(h[12],),
        )
        for n, (code, text, weight, sub) in enumerate(
            [
                ("1.1", h[1], 2.0, "=1"),
                ("1.10", h[2], 2.0, "*"),
                ("T*", h[3], 4.0, "=1"),
                ("=A1", h[10], 1.5, "?"),
            ]
        )
    ) + tuple(DetailLine("1.1", h[7], f"u{n}", text, 1.0, "review") for n, text in enumerate(h))
    total = sum(task.weight for task in details)
    first, second = 9.5 / total, 16 / total
    lines = (
        BlueprintLine("1.10", h[0], "domain", None, 4, first, 0.4, 4.0, 5, 0.1, 0.5, 0.4, 5, 6, rationale=h[0],
                      allocation_note=h[13]),
        BlueprintLine("=1", h[5], "subdomain", "1.10", 2, 6 / total, 0.2, 2.5, 3, rationale=h[7]),
        BlueprintLine("*", h[9], "subdomain", "1.10", 1, 2 / total, 0.1, 1.25, 1, rationale=h[11]),
        BlueprintLine("?", h[10], "subdomain", "1.10", 1, 1.5 / total, 0.1, 1.25, 1, rationale=h[10]),
        BlueprintLine("1.1", h[7], "domain", None, 16, second, 0.6, 6.0, 5, 0.5, 0.9, 0.6, None, 4, rationale=h[8]),
        BlueprintLine("b", h[15], "domain", None, 0, 0.0, 0.0, 0.0, 0, None, None, None, rationale=h[3],
                      allocation_note="no task was retained"),
    )  # fmt: skip
    figures = tuple(
        StatLine(f"{n}", "1.1", text, (MeasureStatistics(0, None, None, None, None, None, None),) * 2,
                 share_performing=0.5 if n % 2 else None, decision="drop", reason=text, index=None)
        for n, text in enumerate(h)
    )  # fmt: skip
    return BlueprintBook(
        study=h[0],
        credential=h[8],
        version=h[4],
        status=h[2],
        items=10,
        lines=lines,
        details=details,
        measures=(Measure(h[0], h[0], h[1]), Measure(h[0], h[0], h[7])),
        task_statistics=figures,
        scales=(
            CodebookScale(h[0], h[5], h[1], tuple(CodebookAnchor(f"{h[3]}{n}", t, None) for n, t in enumerate(h))),
        ),
        variables=(CodebookVariable(*h[:4]),),
        notice=h[14],
        dates=((h[0], date(2026, 1, 2)),),
        respondents=((h[3], 3),),
        method=h,
        data_hash=h[0],
        plan_hash=h[1],
        software=h[2],
        left_out=h,
        ledger=(LedgerEntry(datetime(2026, 1, 2, tzinfo=UTC), *h[:5]),),
        method_code=h[4],
        paper="a4",
        **nasty_parts(h, lines),
    )
