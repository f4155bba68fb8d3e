"""The frozen data set: which responses are in it, and the bytes that every analysis reads."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, func, select

from jta import audit, clock
from jta.db import db, transaction
from jta.errors import NotFoundError, StateError
from jta.models.inventory import Domain, Task
from jta.models.response import Answer, Rating, Response
from jta.models.review import Dataset
from jta.models.study import Stratum
from jta.models.survey import Choice, Question
from jta.services.content import background_of, form_codes, scales_of
from jta.services.results_release import decide_release
from jta.services.review_decisions import REVIEWABLE
from jta.services.review_forms import forms_of_responses, load_forms
from jta.services.review_inclusion import frozen_instrument, list_candidates, preview_inclusion, rule_text
from jta.services.study_stage import lock_study, move_stage

if TYPE_CHECKING:
    import pandas as pd

    from analysis.ratings import Codes, StudyData

FREEZABLE = REVIEWABLE
WAVE, EARLY, LATE = "wave", "early", "late"


def freeze_dataset(actor: audit.Actor, study_id: int, *, minimum_share: float = 0.5) -> Dataset:
    """Write the included responses once, in canonical order, and hash them.

    Raises
    ------
    StateError
        If the survey is still open or no response qualifies.
    """
    from analysis.parquet import to_parquet

    with transaction():
        study = lock_study(study_id)
        if study.stage not in FREEZABLE:
            raise StateError("Close the survey first: a data set is frozen from answers that no longer change.")
        inclusion = preview_inclusion(study_id, minimum_share)
        if not inclusion.included:
            raise StateError("No response qualifies under this rule, so there is nothing to freeze.")
        data = load_study_data(study_id, [c.code for c in inclusion.included])
        content = to_parquet(data)
        released, changed = decide_release(study_id, data, study.smallest_group)
        dataset = Dataset(
            study_id=study_id,
            number=_next_number(study_id),
            content=content,
            data_hash=data.data_hash,
            file_hash=hashlib.sha256(content).hexdigest(),
            rule=rule_text(minimum_share, inclusion.n_excluded),
            counts=inclusion.counts() | {"ratings": count_ratings(data)},
            frozen_by=actor.name,
            frozen_at=clock.now(),
            released=released,
            changed_people=changed,
        )
        db.session.add(dataset)
        db.session.flush()
        if study.stage == "closed":
            move_stage(study, "data review", actor)
        audit.record(
            actor,
            "froze data set",
            f"data set {dataset.number}",
            study_id=study_id,
            after=data.data_hash,
            note=f"{len(inclusion.included)} responses, {inclusion.n_excluded} left out in review",
        )
    return dataset


def _next_number(study_id: int) -> int:
    return (db.session.scalar(select(func.max(Dataset.number)).where(Dataset.study_id == study_id)) or 0) + 1


def count_ratings(data: StudyData) -> int:
    """Return the number of ratings given, all scales together."""
    return sum(int((matrix.codes > 0).sum()) for matrix in data.matrices.values())


def load_study_data(study_id: int, codes: list[str]) -> StudyData:
    """Return the answers of these responses as the analysis reads them; no name is in it."""
    from analysis.ratings import study_from_codes

    tasks = load_tasks(study_id)
    return study_from_codes(
        tasks,
        load_scales(study_id),
        codes,
        _load_codes(study_id, codes, tasks["task_id"].tolist()),
        respondents=_load_background(study_id, codes),
        population=load_population(study_id),
        forms=load_forms(frozen_instrument(study_id).content),
    )


def load_tasks(study_id: int) -> pd.DataFrame:
    """Return the tasks of the frozen instrument in their order, with domain and subdomain."""
    import pandas as pd

    content = frozen_instrument(study_id).content
    order = [task["id"] for page in content["pages"] for task in page["tasks"]]
    found = select(Task, Domain).join(Domain, Domain.id == Task.domain_id).where(Task.id.in_(order))
    by_id = {task.id: _task_row(task, domain) for task, domain in db.session.execute(found)}
    return pd.DataFrame([by_id[key] | {"position": n} for n, key in enumerate(order, 1)])


def _task_row(task: Task, domain: Domain) -> dict[str, Any]:
    top = domain.parent or domain
    return {
        "task_id": task.code,
        "task_text": task.statement,
        "domain_id": top.code,
        "domain_name": top.title,
        "subdomain_id": domain.code if domain.parent else "",
        "subdomain_name": domain.title if domain.parent else "",
    }


def load_scales(study_id: int) -> list[Any]:
    """Return the frozen rating scales as the analysis knows them."""
    from analysis import scales

    return [
        scales.RatingScale(
            scale["code"], scale["title"],
            tuple(scales.Anchor(a["code"], a["label"], a["value"], a["not_performed"]) for a in scale["anchors"]),
        )
        for scale in scales_of(frozen_instrument(study_id).content)
    ]  # fmt: skip


def _load_codes(study_id: int, codes: list[str], tasks: list[str]) -> dict[str, Codes]:
    """Fill one matrix of anchor codes for each scale; ids travel instead of texts, for speed."""
    import numpy as np

    rows, columns = {code: n for n, code in enumerate(codes)}, {code: n for n, code in enumerate(tasks)}
    found = select(Response.id, Response.code).where(Response.study_id == study_id, Response.withdrawn_at.is_(None))
    row_of = {key: rows[code] for key, code in db.session.execute(found) if code in rows}
    by_code = select(Task.id, Task.code).where(Task.study_id == study_id)
    column_of = {key: columns[code] for key, code in db.session.execute(by_code) if code in columns}
    filled: dict[str, Codes] = {}
    for scale in scales_of(frozen_instrument(study_id).content):
        matrix = np.zeros((len(codes), len(tasks)), dtype=np.uint8)
        anchor_of = {anchor["id"]: n for n, anchor in enumerate(scale["anchors"], 1)}
        for response, task, anchor in db.session.execute(_ratings_of(study_id, scale["id"])):
            if response in row_of:
                matrix[row_of[response], column_of[task]] = anchor_of[anchor]
        filled[scale["code"]] = matrix
    return filled


def _ratings_of(study_id: int, scale_id: int) -> Select[int, int, int | None]:
    return (
        select(Rating.response_id, Rating.task_id, Rating.anchor_id)
        .join(Response, Response.id == Rating.response_id)
        .where(Response.study_id == study_id, Rating.scale_id == scale_id, Rating.anchor_id.is_not(None))
    )


def _load_background(study_id: int, codes: list[str]) -> pd.DataFrame:
    import pandas as pd

    found = (
        select(Response.code, Question.code, Choice.code)
        .select_from(Answer)
        .join(Response, Response.id == Answer.response_id)
        .join(Question, Question.id == Answer.question_id)
        .join(Choice, Choice.id == Answer.choice_id)
        .where(Response.study_id == study_id)
    )
    given: dict[str, dict[str, str]] = {code: {} for code in codes}
    for response, question, choice in db.session.execute(found):
        if response in given:
            given[response][question] = choice
    content = frozen_instrument(study_id).content
    names = [q["code"] for q in background_of(content)]
    forms = forms_of_responses(study_id) if form_codes(content) else {}
    strata = {c.code: c.stratum for c in list_candidates(study_id)}
    waves = _waves(study_id, codes)
    rows = [
        {
            "respondent_id": code,
            **{name: given[code].get(name, "") for name in names},
            "stratum": strata[code],
            **({"form_id": forms[code]} if forms else {}),
            **({} if WAVE in names else {WAVE: waves[code]}),
        }
        for code in codes
    ]
    return pd.DataFrame(rows)


def _waves(study_id: int, codes: list[str]) -> dict[str, str]:
    """Return whether each response was started in the first or the second half: no time leaves the database.

    Late answers resemble those who never answer (Armstrong & Overton 1977), so the groups are compared.
    """
    found = select(Response.code, Response.started_at).where(Response.study_id == study_id)
    started = {code: at for code, at in db.session.execute(found)}
    order = sorted(codes, key=lambda code: (started[code], code))
    return {code: EARLY if 2 * n < len(order) else LATE for n, code in enumerate(order)}


def load_population(study_id: int) -> pd.DataFrame | None:
    """Return the frame's counts by stratum, or None where they are not all known."""
    import pandas as pd

    found = select(Stratum.code, Stratum.frame_count).where(Stratum.study_id == study_id).order_by(Stratum.position)
    counts = {level: count or 0 for level, count in db.session.execute(found)}
    total = sum(counts.values())
    if not all(counts.values()) or not total:
        return None
    return pd.DataFrame(
        [
            {"variable": "stratum", "level": level, "share": str(count / total), "count": str(count)}
            for level, count in counts.items()
        ]
    )


def list_datasets(study_id: int) -> list[Dataset]:
    """Return the data sets of a study, newest first."""
    found = select(Dataset).where(Dataset.study_id == study_id).order_by(Dataset.number.desc())
    return list(db.session.scalars(found))


def get_dataset(study_id: int, number: int) -> Dataset:
    """Return a data set of a study.

    Raises
    ------
    NotFoundError
        If there is none with this number.
    """
    found = select(Dataset).where(Dataset.study_id == study_id, Dataset.number == number)
    dataset: Dataset | None = db.session.scalar(found)
    if dataset is None:
        raise NotFoundError
    return dataset


def hand_out(actor: audit.Actor, study_id: int, number: int) -> Dataset:
    """Return a data set for download; that its answers left the house is recorded.

    Raises
    ------
    NotFoundError
        If there is none with this number.
    """
    with transaction():
        dataset = get_dataset(study_id, number)
        audit.record(
            actor, "downloaded data set", f"data set {number}",
            study_id=study_id, after=dataset.file_hash, note="Parquet",
        )  # fmt: skip
    return dataset


def is_locked(study_id: int) -> bool:
    """Say whether answers of this study are in a frozen data set."""
    return db.session.scalar(select(Dataset.id).where(Dataset.study_id == study_id).limit(1)) is not None
