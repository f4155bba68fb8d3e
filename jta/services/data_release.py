"""What of a frozen data set may leave the house, and what was made coarse before it does."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jta.db import db
from jta.models.review import Dataset
from jta.models.study import Study

if TYPE_CHECKING:
    import pandas as pd

    from analysis.anonymity import Coarsening

_NOT_BACKGROUND = {"form_id"}  # drawn at random; which tasks were not asked says it anyway


@dataclass(frozen=True)
class Release:
    """The background answers as they may leave, and what was done to them in words.

    Parameters
    ----------
    background : DataFrame or None
        ``None`` where nothing may leave; ``refused`` says why.
    kept, changes : tuple of str
        Names of the background fields that are in it, and a sentence for each thing that was done.
    """

    n: int
    background: pd.DataFrame | None
    kept: tuple[str, ...]
    changes: tuple[str, ...]
    refused: str = ""


def release_background(dataset: Dataset) -> Release:
    """Return the background answers of a data set, every combination shared by the study's smallest group or more."""
    from analysis.anonymity import TooFewPeopleError, coarsen

    k = db.session.get_one(Study, dataset.study_id).smallest_group
    frame = _read_background(dataset.content)
    try:
        found = coarsen(frame, k)
    except TooFewPeopleError:
        why = f"The data set has {len(frame)} respondents. Single answers leave only where there are {k} or more."
        return Release(len(frame), None, (), (), why)
    fields = tuple(str(name) for name in found.frame.columns if name != "respondent_id")
    return Release(len(frame), found.frame, fields, tuple(_in_words(found.changes, set(fields), k)))


def _read_background(content: bytes) -> pd.DataFrame:
    """Read the background columns alone: a page that shows what leaves must not read every rating."""
    import pyarrow.parquet as pq

    file = pq.ParquetFile(io.BytesIO(content))
    about = json.loads(file.schema_arrow.metadata[b"practice_analysis"])
    names = [n for n in about["background"] or [] if n != "respondent_id" and n not in _NOT_BACKGROUND]
    table = file.read(["respondent_id", "order", *(f"background:{name}" for name in names)])
    frame = table.to_pandas().sort_values("order", kind="stable").drop(columns="order").reset_index(drop=True)
    renamed: pd.DataFrame = frame.rename(columns={f"background:{name}": name for name in names})
    return renamed


def _in_words(changes: Iterable[Coarsening], kept: set[str], k: int) -> Iterator[str]:
    """Yield a sentence for each thing that was done to what is in the file, and one for all that is not."""
    left_out = []
    for change in changes:
        if change.action == "left out":
            left_out.append(change.field)
        elif change.action == "withheld":
            yield f"The background of {change.n} people is withheld: too few people share their combination of answers."
        elif change.field in kept:
            levels = ", ".join(level or "(no answer)" for level in change.levels)
            yield f"{change.field}: {levels} were joined ({change.n} people); fewer than {k} share one of them."
    if left_out:
        yield f"Left out: {', '.join(left_out)}. With them, fewer than {k} people would share many combinations."
