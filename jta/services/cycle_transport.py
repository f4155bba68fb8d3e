"""Which tasks of a list hold for the people who were asked to confirm it: performed there, and as important there."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jta.models.cycle import TRANSPORT
from jta.services.cycle import list_former, origin_of
from jta.services.cycle_figures import Comparison, FigureLine

if TYPE_CHECKING:
    from analysis.transport import Estimate, TransportRule

LABELS = {"holds": "Transports", "open": "Open", "fails": "Does not", "unknown": "Not known"}


@dataclass(frozen=True)
class TransportLine:
    """One task with its judgement; ``gap`` is present less former mean importance, None where one is not known."""

    line: FigureLine
    performed: str
    important: str
    verdict: str
    gap: Estimate | None


@dataclass(frozen=True)
class Transport:
    """The tasks of a confirmation survey by their code, judged by one rule."""

    rule: TransportRule
    lines: dict[str, TransportLine]

    @property
    def counts(self) -> dict[str, int]:
        """Tasks by judgement, in the order of `LABELS`."""
        found = Counter(line.verdict for line in self.lines.values())
        return {name: found[name] for name in LABELS}

    @property
    def not_held(self) -> list[TransportLine]:
        """Tasks that do not transport, or of which it stays open."""
        return [line for line in self.lines.values() if line.verdict in ("fails", "open")]


def confirmed_list(study_id: int) -> int | None:
    """Return the list that a transportability check is about, None for any other study."""
    origin, lists = origin_of(study_id), list_former(study_id)
    return lists[-1].id if lists and origin is not None and origin.kind == TRANSPORT else None


def judge_transport(study_id: int, comparison: Comparison) -> Transport | None:
    """Judge the tasks of a comparison; None where the study is no transportability check, or has no analysis."""
    from analysis.transport import TransportRule

    origin = origin_of(study_id)
    if origin is None or origin.kind != TRANSPORT or comparison.run is None:
        return None
    rule = TransportRule()
    return Transport(rule, {line.code: _judged(line, rule) for line in comparison.lines})


def _judged(line: FigureLine, rule: TransportRule) -> TransportLine:
    from analysis.transport import difference, judge_difference, judge_share, judge_task

    then, now = _estimate(line.former, "importance", "mean"), _estimate(line.present, "importance", "mean")
    gap = None if then is None or now is None else difference(then, now)
    performed = judge_share(_estimate(line.present, "performing", "share"), rule)
    important = judge_difference(gap, rule)
    return TransportLine(line, performed, important, judge_task(performed, important), gap)


def _estimate(figures: Any, kind: str, name: str) -> Estimate | None:
    from analysis.transport import Estimate

    found = figures.get(kind, {})
    if found.get(name) is None:
        return None
    low, high = (float("nan") if found.get(end) is None else float(found[end]) for end in ("low", "high"))
    return Estimate(float(found[name]), low, high)


def comparison_csv(comparison: Comparison, transport: Transport | None) -> bytes:
    """Return the tasks of a comparison as CSV, unrounded; empty cells for what is not known or hidden."""
    from jta.exports.csv_text import write_csv

    headers = (
        "former_code", "code", "statement", "relation", "former_mean", "former_n", "mean", "n", "difference",
        "former_share_performing", "share_performing", "share_low", "share_high", "rwg", "transports",
    )  # fmt: skip
    return write_csv(headers, [_row(line, transport) for line in comparison.lines])


def _row(line: FigureLine, transport: Transport | None) -> tuple[Any, ...]:
    judged = transport.lines.get(line.code) if transport else None
    return (
        line.former_code, line.code, line.statement, line.relation, *_of(line.former, "importance", "mean", "n"),
        *_of(line.present, "importance", "mean", "n"), line.difference, *_of(line.former, "performing", "share"),
        *_of(line.present, "performing", "share", "low", "high"), *_of(line.present, "agreement", "rwg"),
        judged.verdict if judged else None,
    )  # fmt: skip


def _of(figures: Any, kind: str, *names: str) -> list[Any]:
    return [figures.get(kind, {}).get(name) for name in names]
