"""Forms in a data set: who was asked about which task. "Not offered" is not "not answered"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from jta.db import db
from jta.models.response import Response
from jta.services.content import form_codes, tasks_of

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

    from analysis.ratings import StudyData


def load_forms(content: Mapping[str, Any]) -> pd.DataFrame | None:
    """Return which task stands on which form, or None where everybody was asked about all.

    Columns ``form_id, task_id, position, block``: the table that the analysis reads.
    """
    import pandas as pd

    codes = form_codes(content)
    if not codes:
        return None
    rows = [
        {"form_id": code, "task_id": task["code"], "position": str(n), "block": task.get("block") or ""}
        for code in codes
        for n, task in enumerate(tasks_of(content, code), start=1)
    ]
    return pd.DataFrame(rows)


def count_offered(content: Mapping[str, Any]) -> dict[str | None, int]:
    """Return how many tasks a respondent of each form is asked about; under None without a form."""
    return {None: len(tasks_of(content)), **{code: len(tasks_of(content, code)) for code in form_codes(content)}}


def forms_of_responses(study_id: int) -> dict[str, str]:
    """Return the form of each response by its random code, empty where it has none."""
    found = select(Response.code, Response.form_code).where(Response.study_id == study_id)
    return {row.code: row.form_code or "" for row in db.session.execute(found)}


def offered(data: StudyData) -> npt.NDArray[np.int64]:
    """Return how many tasks each respondent of a data set was asked about, shape (R,)."""
    import numpy as np

    everything = len(data.tasks)
    if data.forms is None or data.form_of is None:
        return np.full(len(data.respondent_ids), everything, dtype=np.int64)
    sizes = data.forms.groupby("form_id").size().to_dict()
    return np.array([sizes.get(form, everything) for form in data.form_of.tolist()], dtype=np.int64)
