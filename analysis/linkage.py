"""From task weights to the weights of knowledge and skill statements (KSAs) through linkage ratings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.agreement_counts import Flags, Floats, Ints, divide


def mean_linkage(X: Floats) -> tuple[Floats, Ints]:
    """Mean linkage rating of each task and KSA over the panelists.

    Parameters
    ----------
    X : float array, (panelists, T, K)
        0 = not needed, 1 = useful, 2 = essential (or 0/1), NaN = not judged.

    Returns
    -------
    (float array (T, K), int array (T, K))
        Mean (NaN where nobody judged) and number of panelists.
    """
    seen = ~np.isnan(X)
    n = seen.sum(axis=0)
    return divide(np.where(seen, X, 0.0).sum(axis=0), n), n


def share_linking(X: Floats) -> Floats:
    """Share of panelists who link a task and a KSA at all (rating above 0), (T, K); NaN if unjudged."""
    return divide((X > 0).sum(axis=0), (~np.isnan(X)).sum(axis=0))


def kept_links(X: Floats, share: float = 0.5, mean: float | None = None) -> Flags:
    """Links that enough of the panel made.

    Parameters
    ----------
    X : float array, (panelists, T, K)
        Linkage ratings, NaN = not judged.
    share : float
        Smallest share of panelists who link (0.5, often 0.6 to 0.7).
    mean : float, optional
        A mean rating that also suffices, such as the scale's midpoint.

    Returns
    -------
    bool array, (T, K)
    """
    enough = share_linking(X) >= share
    return enough if mean is None else enough | (mean_linkage(X)[0] >= mean)


@dataclass(frozen=True)
class KsaWeights:
    """Weights of the KSAs and what the links leave open.

    ``weights`` (K,) sum to 1 (NaN when no weighted task has a link); ``orphan_tasks`` have no
    link and lose their weight to the others, ``lost_weight`` says how much; ``orphan_ksas`` have
    no link.
    """

    weights: Floats
    orphan_tasks: Ints
    orphan_ksas: Ints
    lost_weight: float


def ksa_weights(task_weights: Floats, linkage: Floats, kept: Flags | None = None) -> KsaWeights:
    """Split each task's weight over its KSAs in proportion to the linkage.

    Parameters
    ----------
    task_weights : float array, (T,)
        Weights of the tasks, at least 0, summing to 1; NaN counts as 0.
    linkage : float array, (T, K)
        Mean linkage ratings, NaN = not judged.
    kept : bool array, (T, K), optional
        Links that count, from `kept_links`.

    Returns
    -------
    KsaWeights
        v_k = sum_t w_t L_tk / sum_k' L_tk', rescaled to 1 over the tasks that have a link.

    References
    ----------
    Wang, Schnipke & Witt 2005, Educational Measurement: Issues and Practice 24(1), 15-22.
    """
    links = np.nan_to_num(linkage, nan=0.0)
    links = np.where(kept, links, 0.0) if kept is not None else links
    w = np.nan_to_num(task_weights, nan=0.0)
    row = links.sum(axis=1)
    linked = row > 0
    split = np.where(linked[:, None], links / np.where(linked, row, 1.0)[:, None], 0.0)
    total = float(w[linked].sum())
    return KsaWeights(
        weights=divide(w @ split, total),
        orphan_tasks=np.flatnonzero(~linked),
        orphan_ksas=np.flatnonzero(links.sum(axis=0) == 0),
        lost_weight=float(w[~linked].sum()),
    )


def domain_weights_of_ksas(weights: Floats, domains: Ints) -> Floats:
    """Weight of each domain of KSAs: the sum over its KSAs, (D,).

    Parameters
    ----------
    weights : float array, (K,)
    domains : int array, (K,)
        Domain number of each KSA, 0 .. D - 1.
    """
    return np.bincount(domains, weights=weights).astype(np.float64)
