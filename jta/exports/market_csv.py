"""The results of a market study as one long table in CSV: each question alone, then by the groups of others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from jta.exports.csv_text import Cell, write_csv

HEAD = (
    "question", "prompt", "by", "group", "choice", "answer", "hidden", "count", "n", "share", "low", "high", "measure",
    "value", "chi_square", "df", "p", "cramers_v",
)  # fmt: skip
_Row = tuple[Cell, ...]


def write_market_csv(alone: Sequence[Any], crossed: Sequence[tuple[Any, Sequence[Any]]]) -> bytes:
    """Return the table; a hidden row says so and holds no number.

    Parameters
    ----------
    alone : sequence of QuestionResult
        Every question alone.
    crossed : sequence of (question to group by, results)
        Every question by the groups of another one, with its test beside each row.
    """
    rows: list[_Row] = [row for result in alone for row in (*_choices(result, ""), *_numbers(result))]
    rows += [row for by, results in crossed for result in results for row in _choices(result, by.code)]
    return write_csv(HEAD, rows)


def _choices(result: Any, by: str) -> Iterator[_Row]:
    question, test = result.question, _test(result)
    for place, group in enumerate([one.label for one in result.groups] if by else [""]):
        for row in result.rows:
            cell = row.cells[place]
            hidden = "yes" if cell.count is None else "no"
            numbers = (cell.count, cell.n, cell.share, cell.low, cell.high)
            yield (
                question.code,
                question.prompt,
                by,
                group,
                row.code,
                row.label,
                hidden,
                *numbers,
                "",
                None,
                *test,
            )


def _numbers(result: Any) -> Iterator[_Row]:
    if result.numbers is None:
        return
    question, empty = result.question, (None,) * 4
    measures: Sequence[tuple[str, float | None]] = list(result.numbers.items()) or [("", None)]
    for name, value in measures:
        hidden = "no" if result.numbers else "yes"
        where = (question.code, question.prompt, "", "", "", "", hidden, None, result.n, None, None, None)
        yield (*where, name, value, *empty)


def _test(result: Any) -> tuple[float | None, ...]:
    test = result.test
    if test is None or test.reason:
        return (None,) * 4
    return (test.chi2, test.df, test.p, test.cramers_v)
