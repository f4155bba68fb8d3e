"""The counts of the page of responses as a file: the same function counts for both."""

from __future__ import annotations

from jta.exports.csv_text import Cell
from jta.services.dispositions import STATUSES, StatusCounts
from jta.services.monitor import Monitor

HEAD = (
    "stratum_code", "stratum", "frame", "target", "roster",
    *(status.replace(" ", "_") for status in STATUSES), "collected_elsewhere", "complete",
)  # fmt: skip


def count_rows(monitor: Monitor) -> list[tuple[Cell, ...]]:
    """Return one row for each stratum, then one for all."""
    rows: list[tuple[Cell, ...]] = [
        (row.code, row.label, row.frame_count, row.target, *_counts(row.counts), row.collected, row.complete)
        for row in monitor.strata
    ]
    rows.append(("", "All", None, None, *_counts(monitor.total), monitor.collected, monitor.complete))
    return rows


def _counts(counts: StatusCounts) -> tuple[int, ...]:
    return (counts.people, *(counts[status] for status in STATUSES))


def counts_file(monitor: Monitor, form: str) -> bytes:
    """Return the counts as ``csv`` or ``xlsx``."""
    if form == "csv":
        from jta.exports.csv_text import write_csv

        return write_csv(HEAD, count_rows(monitor))
    from jta.exports.plain_book import write_plain_book

    rates = [(rate.name, rate.formula, rate.value) for rate in monitor.rates.rates]
    groups = [(group.name, group.meaning, group.count) for group in monitor.rates.groups]
    groups += [
        ("Not invited yet", "on the roster; in no rate", monitor.rates.not_sampled),
        ("Open link", "chose themselves; in no rate", monitor.rates.registered.people),
    ]
    days = [(d.day.isoformat(), d.started, d.submitted, d.started_so_far, d.submitted_so_far) for d in monitor.days]
    return write_plain_book(
        {
            "By stratum": (HEAD, count_rows(monitor)),
            "Response rates": (("rate", "formula", "value"), rates),
            "Who counts as what": (("group", "who that is", "people"), groups),
            "Day by day": (("day", "started", "submitted", "started so far", "submitted so far"), days),
        }
    )
