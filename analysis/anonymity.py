"""Background answers made coarse enough that no combination of them points to few people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from analysis.errors import AnalysisError
from analysis.frames import RESPONDENT, require_columns

OTHER = "(joined small groups)"
WITHHELD = "(withheld)"
# Up to this share of people may have their answers withheld before a whole field is left out instead.
MOST_WITHHELD = 0.05


class TooFewPeopleError(AnalysisError):
    """There are fewer people than a group must have, so that nothing about single ones may be given away."""


@dataclass(frozen=True)
class Coarsening:
    """One thing that was done to the background answers.

    Parameters
    ----------
    field : str
        The background field; empty where all fields are concerned.
    action : {"joined", "withheld", "left out"}
    n : int
        How many people it concerns.
    levels : tuple of str
        The levels that were joined, where levels were joined.
    """

    field: str
    action: str
    n: int
    levels: tuple[str, ...] = ()


@dataclass(frozen=True)
class Coarse:
    """Background answers of which every combination is shared by ``k`` people or more, and what was done."""

    frame: pd.DataFrame
    changes: tuple[Coarsening, ...]
    k: int


def coarsen(background: pd.DataFrame, k: int = 10) -> Coarse:
    """Return background answers of which every combination is shared by at least ``k`` people.

    Three steps, in this order, until the smallest combination has ``k`` people:

    1. in each field, levels of fewer than ``k`` people are joined into one; where they have fewer than ``k``
       people together, the next smallest level joins them;
    2. where at most 5 % of the people are in combinations of fewer than ``k``, all their fields are withheld; if
       they are fewer than ``k``, the next smallest combinations join them;
    3. otherwise the field whose absence leaves the fewest people in such combinations is left out (of equals, the
       last), and step 2 is tried again.

    Parameters
    ----------
    background : DataFrame
        ``respondent_id`` and one column of text for each field. An empty answer is a level of its own.
    k : int
        People, 2 or more.

    Returns
    -------
    Coarse
        The rows in the order given; fields that were left out are not in it.

    Raises
    ------
    TooFewPeopleError
        If there are fewer than ``k`` people.
    AnalysisError
        If ``k`` is below 2 or ``respondent_id`` is missing.

    Notes
    -----
    The condition is k-anonymity (Sweeney, 2002, International Journal of Uncertainty, Fuzziness and
    Knowledge-Based Systems, 10, 557-570). Every table of fewer fields inherits it. The same answers give the same
    result whatever their order.
    """
    if k < 2:
        raise AnalysisError(f"A combination must be shared by 2 people or more, not {k}.")
    require_columns(background, [RESPONDENT], "background")
    fields = [name for name in background.columns if name != RESPONDENT]
    if len(background) < k:
        raise TooFewPeopleError(f"There are {len(background)} people; {k} are needed.")
    frame = background.reset_index(drop=True).copy()
    changes: list[Coarsening] = []
    for name in fields:
        frame[name], joined = _join_small(frame[name].astype(str), name, k)
        changes += joined
    while fields:
        small = _in_small(frame, fields, k)
        if not small.any():
            break
        if small.mean() <= MOST_WITHHELD:
            held = _widen(frame, fields, small, k)
            frame.loc[held, fields] = WITHHELD
            changes.append(Coarsening("", "withheld", int(held.sum())))
            break
        worst = _worst_field(frame, fields, k)
        fields.remove(worst)
        frame = frame.drop(columns=worst)
        changes.append(Coarsening(worst, "left out", len(frame)))
    return Coarse(frame, tuple(changes), k)


def smallest_combination(frame: pd.DataFrame) -> int:
    """Return how many people share the rarest combination of all fields; all of them where there is no field."""
    fields = [name for name in frame.columns if name != RESPONDENT]
    return int(_sizes(frame, fields).min()) if len(frame) else 0


def _join_small(values: pd.Series, name: str, k: int) -> tuple[pd.Series, list[Coarsening]]:
    counts = values.value_counts()
    order = sorted(counts.index, key=lambda level: (counts[level], level))
    joined = [level for level in order if counts[level] < k]
    rest = order[len(joined) :]
    if not joined:
        return values, []
    # A level joined by itself would only have changed its name.
    while rest and (sum(counts[level] for level in joined) < k or len(joined) < 2):
        joined.append(rest.pop(0))
    n = int(sum(counts[level] for level in joined))
    return values.where(~values.isin(joined), OTHER), [Coarsening(name, "joined", n, tuple(sorted(joined)))]


def _sizes(frame: pd.DataFrame, fields: Sequence[str]) -> pd.Series:
    """Return for each person how many share the combination of these fields."""
    if not fields:
        return pd.Series(len(frame), index=frame.index)
    sizes: pd.Series = frame.groupby(list(fields), sort=False, dropna=False)[RESPONDENT].transform("size")
    return sizes


def _in_small(frame: pd.DataFrame, fields: Sequence[str], k: int) -> pd.Series:
    return _sizes(frame, fields) < k


def _widen(frame: pd.DataFrame, fields: list[str], held: pd.Series, k: int) -> pd.Series:
    """Return the people to withhold: those given and, while they are fewer than k, the next smallest combinations."""
    sizes = _sizes(frame, fields)
    groups = frame.loc[~held].assign(size=sizes).groupby(fields, sort=True, dropna=False)["size"].first()
    order = sorted(groups.items(), key=lambda item: (item[1], str(item[0])))
    keys = pd.Series(list(map(tuple, frame[fields].itertuples(index=False))), index=frame.index)
    for combination, _ in order:
        if held.sum() >= k:
            break
        wanted = combination if isinstance(combination, tuple) else (combination,)
        held = held | (keys == wanted)
    return held


def _worst_field(frame: pd.DataFrame, fields: Sequence[str], k: int) -> str:
    def left(name: str) -> int:
        return int(_in_small(frame, [field for field in fields if field != name], k).sum())

    return min(reversed(fields), key=left)
