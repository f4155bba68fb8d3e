"""KSA weights from task weights and single linkage ratings, as tables with codes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.agreement_counts import Floats
from analysis.errors import AnalysisError, shown
from analysis.frames import TASK, require_columns
from analysis.linkage import kept_links, ksa_weights, mean_linkage, share_linking

KSA = "ksa_id"
PANELIST = "panelist"
LINKAGE_COLUMNS = (PANELIST, TASK, KSA, "value")


@dataclass(frozen=True)
class KsaTables:
    """What task weights come to for knowledge and skill statements.

    ``weights`` has a row for each KSA: ``ksa_id, weight, n_tasks`` (links that count), ``note`` (why a
    KSA has no weight). ``links`` has a row for each pair that was judged: ``task_id, ksa_id,
    n_panelists, mean, share, kept`` ("yes" or "no"). ``orphan_tasks`` have a weight and no link;
    ``lost_weight`` is their share, which went to the other tasks.
    """

    weights: pd.DataFrame
    links: pd.DataFrame
    orphan_tasks: tuple[str, ...]
    lost_weight: float


def ksa_weight_tables(
    task_weights: pd.Series,
    linkage: pd.DataFrame,
    *,
    ksas: Sequence[str] = (),
    share: float = 0.5,
    mean: float | None = None,
) -> KsaTables:
    """Return the weight of each KSA: every task's weight split over its KSAs by the panel's mean linkage.

    Parameters
    ----------
    task_weights : Series
        Weight (or index) of each retained task by ``task_id``, at least 0; it is divided by its sum.
    linkage : DataFrame
        One row for each judgment: ``panelist, task_id, ksa_id, value`` (0 not needed, 1 useful,
        2 essential, or 0/1; NaN = not judged). A pair without a row was not judged. Rows of tasks
        without a weight are left out.
    ksas : sequence of str
        Codes of all KSAs in order, so that those nobody judged are listed; those of ``linkage`` by
        first appearance if not given.
    share, mean : float, optional
        A link counts when this share of the panelists who judged it made it (rating above 0), or when
        its mean rating reaches ``mean``.

    Returns
    -------
    KsaTables
        v_k = sum_t w_t L_tk / sum_k' L_tk' over the tasks with a link, rescaled to 1; all NaN when no
        weighted task has a link.

    Raises
    ------
    AnalysisError
        If a column is missing, a panelist judged a pair twice, a rating or weight is negative, or a
        KSA of the linkage is not in ``ksas``.

    References
    ----------
    Wang, Schnipke & Witt 2005, Educational Measurement: Issues and Practice 24(1), 15-22.

    Examples
    --------
    >>> judged = pd.DataFrame({"panelist": "P1", "task_id": ["T1", "T1", "T2", "T2"],
    ...                        "ksa_id": ["K1", "K2", "K1", "K2"], "value": [2, 1, 0, 1]})
    >>> found = ksa_weight_tables(pd.Series({"T1": 0.6, "T2": 0.4}), judged)
    >>> found.weights["weight"].round(3).tolist()
    [0.4, 0.6]
    """
    weights = _shares(task_weights)
    X, tasks, names = _cube(linkage, list(weights.index), ksas)
    L, n = mean_linkage(X)
    kept = kept_links(X, share, mean)
    found = ksa_weights(weights.to_numpy(dtype=float), L, kept)
    counted = kept & (np.nan_to_num(L) > 0)
    table = pd.DataFrame({KSA: names, "weight": found.weights, "n_tasks": counted.sum(axis=0)})
    table["note"] = [_note(weight, links) for weight, links in zip(table["weight"], table["n_tasks"], strict=True)]
    t, k = np.nonzero(n)
    links = pd.DataFrame(
        {
            TASK: [tasks[i] for i in t],
            KSA: [names[j] for j in k],
            "n_panelists": n[t, k],
            "mean": L[t, k],
            "share": share_linking(X)[t, k],
            "kept": np.where(counted[t, k], "yes", "no"),
        }
    )
    orphans = tuple(tasks[i] for i in found.orphan_tasks if weights.iloc[i] > 0)
    return KsaTables(table, links, orphans, found.lost_weight)


def _note(weight: float, links: int) -> str:
    if not links:
        return "no link to a retained task that enough of the panel made"
    return "no task with a link has a weight" if np.isnan(weight) else ""


def _shares(task_weights: pd.Series) -> pd.Series:
    numbers = task_weights.astype(float).fillna(0.0)
    if (numbers < 0).any() or numbers.index.has_duplicates:
        raise AnalysisError("Task weights must be 0 or more, one for each task.")
    total = float(numbers.sum())
    return numbers / total if total > 0 else numbers


def _cube(linkage: pd.DataFrame, tasks: list[str], ksas: Sequence[str]) -> tuple[Floats, list[str], list[str]]:
    """Return the judgments as an array (panelists, T, K) with the codes of tasks and KSAs."""
    require_columns(linkage, LINKAGE_COLUMNS, "linkage")
    rows = linkage[linkage[TASK].isin(tasks)]
    names = [str(code) for code in (ksas or dict.fromkeys(linkage[KSA]))]
    if unknown := sorted({str(code) for code in rows[KSA]} - set(names)):
        raise AnalysisError(f"The linkage names KSA(s) that the study does not have: {shown(unknown)}.")
    if rows.duplicated([PANELIST, TASK, KSA]).any():
        raise AnalysisError("A panelist judged the same task and KSA twice.")
    values = rows["value"].to_numpy(dtype=float)
    if (values < 0).any():
        raise AnalysisError("Linkage ratings must be 0 or more.")
    panel = list(dict.fromkeys(rows[PANELIST]))
    X = np.full((len(panel), len(tasks), len(names)), np.nan)
    places = (pd.Index(codes).get_indexer(pd.Index(rows[column])) for codes, column in _axes(panel, tasks, names))
    X[tuple(places)] = values
    return X, [str(task) for task in tasks], names


def _axes(panel: list[str], tasks: list[str], names: list[str]) -> list[tuple[list[str], str]]:
    return [(panel, PANELIST), (tasks, TASK), (names, KSA)]
