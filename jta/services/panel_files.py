"""Results of rounds, KSA weights and the decision log as CSV."""

from __future__ import annotations

from jta.services.panel_results import RoundResults


def results_csv(results: RoundResults) -> bytes:
    """Return the results of a round as CSV: a line for each item, a column for each count and figure, n first."""
    from jta.exports.csv_text import write_csv

    if results.round.kind == "linkage":
        return _linkage_csv(results)
    codes = [str(choice["code"]) for choice in results.choices]
    if results.round.kind == "writing":
        codes = ["proposals"]
    figures = list(dict.fromkeys(name for line in results.lines for name in line.figures))
    headers = ("code", "wording", "area", "retired_since", "n", *(f"n_{code}" for code in codes), *figures)
    rows = [
        (
            line.item.code, line.item.wording, line.item.area, not line.live, line.n,
            *(line.counts.get(code, 0) for code in codes), *(line.figures.get(name) for name in figures),
        )
        for line in results.lines
    ]  # fmt: skip
    return write_csv(headers, rows)


def _linkage_csv(results: RoundResults) -> bytes:
    from jta.exports.csv_text import write_csv

    linkage = results.overall["linkage"]
    rows = [
        (task.code, task.wording, ksa.code, ksa.wording, cell.n, cell.mean, cell.share, cell.kept, cell.decided)
        for task in linkage.tasks
        for ksa in linkage.ksas
        for cell in [linkage.cell(task, ksa)]
    ]
    headers = ("task_code", "task", "ksa_code", "ksa", "n", "mean", "share_linking", "counts", "against_the_rule")
    return write_csv(headers, rows)
