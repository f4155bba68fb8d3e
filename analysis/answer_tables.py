"""Results of single questions: counts with intervals, numbers, and one question by another."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.answers import MULTIPLE, NUMBER, AnswerData, SurveyQuestion
from analysis.crosstabs import Association, CrossTab, association, multiple_choice, single_choice
from analysis.errors import AnalysisError
from analysis.tasks import wilson_interval

EXPECTED = 5.0  # the smallest expected count under which a chi-square test is called rough


def choice_table(data: AnswerData, question: SurveyQuestion, confidence: float = 0.95) -> pd.DataFrame:
    """Return how many respondents chose what.

    Parameters
    ----------
    data : AnswerData
    question : SurveyQuestion
        Of kind single or multiple.
    confidence : float
        Coverage of the Wilson interval.

    Returns
    -------
    DataFrame
        ``choice, label, count, n, share, low, high``; n is who answered the question, the base of every share. Shares
        of a question with several answers may sum to more than 1.
    """
    chosen, n = data.chosen(question), int(data.answered(question).sum())
    counts = chosen.sum(axis=0).astype(np.int64)
    base = np.full(len(counts), n, dtype=np.int64)
    low, high = wilson_interval(counts, base, confidence)
    share = counts / n if n else np.full(len(counts), np.nan)
    return pd.DataFrame(
        {
            "choice": [code for code, _ in question.choices], "label": question.labels, "count": counts, "n": base,
            "share": share, "low": low, "high": high,
        }
    )  # fmt: skip


def number_table(data: AnswerData, question: SurveyQuestion) -> pd.DataFrame:
    """Return one row: ``n, mean, sd, median, q1, q3, minimum, maximum`` of a question that asks for a number.

    SD has the divisor n - 1; quartiles interpolate linearly (R type 7). NaN where too few answered.
    """
    values = data.numbers(question)
    given = values[~np.isnan(values)]
    n = len(given)
    q1, median, q3 = np.quantile(given, [0.25, 0.5, 0.75]) if n else (np.nan,) * 3
    row = {
        "n": n, "mean": given.mean() if n else np.nan, "sd": given.std(ddof=1) if n > 1 else np.nan,
        "median": median, "q1": q1, "q3": q3,
        "minimum": given.min() if n else np.nan, "maximum": given.max() if n else np.nan,
    }  # fmt: skip
    return pd.DataFrame([row])


@dataclass(frozen=True)
class Crossed:
    """A question by the groups of another one, with the test where it has one answer."""

    question: SurveyQuestion
    by: SurveyQuestion
    tab: CrossTab
    test: Association

    @property
    def is_rough(self) -> bool:
        """Whether an expected count is so small that the p-value is rough."""
        return bool(self.test.smallest_expected < EXPECTED)


def cross(data: AnswerData, question: SurveyQuestion, by: SurveyQuestion, confidence: float = 0.95) -> Crossed:
    """Cross-tabulate a question by the groups of another one.

    Parameters
    ----------
    question : SurveyQuestion
        Of kind single or multiple. One with several answers gets no test: its counts are not of different people.
    by : SurveyQuestion
        Of kind single.

    Raises
    ------
    AnalysisError
        If a question does not fit, or both are the same.
    """
    if question.kind == NUMBER or by.kind in (NUMBER, MULTIPLE):
        raise AnalysisError("A question is crossed by one with a single answer; numbers are not crossed.")
    if question.code == by.code:
        raise AnalysisError("Choose two different questions.")
    group = data.choice_of(by)
    if question.kind == MULTIPLE:
        chosen, answered = data.chosen(question), data.answered(question)
        tab = multiple_choice(chosen, answered, group, question.labels, by.labels, confidence)
        empty = float("nan")
        reason = "a respondent may have marked several choices, so no chi-square test applies"
        return Crossed(question, by, tab, Association(int(tab.n.sum()), empty, 0, empty, empty, empty, reason))
    tab = single_choice(data.choice_of(question), group, question.labels, by.labels, confidence)
    return Crossed(question, by, tab, association(tab.counts))


def all_tables(data: AnswerData) -> dict[str, pd.DataFrame]:
    """Return every question's result in two long tables: ``choices`` and ``numbers``, and all pairs in ``crosstab``.

    Every question with choices is crossed by every question with one answer; themes are crossed too.
    """
    choices, numbers, crossed, tests = [], [], [], []
    for question in data.questions:
        if question.kind == NUMBER:
            numbers.append(number_table(data, question).assign(question=question.code))
            continue
        choices.append(choice_table(data, question).assign(question=question.code))
        for by in data.questions:
            if by.kind in (NUMBER, MULTIPLE) or by.code == question.code:
                continue
            found = cross(data, question, by)
            crossed.append(cross_table(found))
            tests.append(association_row(found))
    return {
        name: pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
        for name, parts in (("choices", choices), ("numbers", numbers), ("crosstab", crossed))
    } | {"crosstab_tests": pd.DataFrame(tests)}


def cross_table(found: Crossed) -> pd.DataFrame:
    """Return a cross-tabulation as a long table: ``question, by, group, choice, count, n, share, low, high``."""
    tab = found.tab
    rows = [
        {
            "question": found.question.code, "by": found.by.code, "group": group, "choice": choice,
            "count": int(tab.counts[g, c]), "n": int(tab.n[g]), "share": float(tab.share[g, c]),
            "low": float(tab.low[g, c]), "high": float(tab.high[g, c]),
        }
        for g, (group, _) in enumerate(found.by.choices)
        for c, (choice, _) in enumerate(found.question.choices)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def association_row(found: Crossed) -> dict[str, object]:
    """Return the test of a cross-tabulation as one row."""
    test = found.test
    return {
        "question": found.question.code, "by": found.by.code, "n": test.n, "chi2": test.chi2, "df": test.df,
        "p": test.p, "cramers_v": test.cramers_v, "smallest_expected": test.smallest_expected, "reason": test.reason,
    }  # fmt: skip
