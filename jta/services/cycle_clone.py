"""Cloning a study for the next cycle, or for a transportability check: everything but people and answers."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Table, and_, insert, select, update

from analysis.plan import AnalysisPlan
from jta import audit, clock
from jta.audit import Actor
from jta.db import db, transaction
from jta.errors import InvalidInputError
from jta.models.account import Membership
from jta.models.cycle import CYCLE, TRANSPORT, CrosswalkLink, FormerList, StudyOrigin
from jta.models.inventory import Knowledge, StatementVersion, Task
from jta.models.study import Study
from jta.models.survey import Anchor, RatingScale
from jta.services.cycle import SAME_WORDING, FormerText, NewList, write_list
from jta.services.cycle_sources import texts_of_study, weights_of_study
from jta.services.study import LONGEST, get_study
from jta.services.study_plan_versions import keep_version

# Tables that are cloned, those that others point to first. A table that is not named here stays behind: people,
# answers, data sets, results, the blueprint, the panel's work, the audit trail.
CLONED = (
    "stratum", "domain", "rating_scale", "anchor", "survey_page", "question", "choice", "block", "form", "form_block",
    "task", "knowledge", "reference", "statement_reference", "check_setting", "translation",
)  # fmt: skip
SCALES = frozenset({"rating_scale", "anchor"})
_OWN = frozenset({"id", "title", "stage", "created_at", "plan_saved_at", "version"})
PERFORMED = "performed"
RATED_ELSE = ("ksa", "points")  # pages that a short confirmation leaves out
Ids = dict[tuple[str, int], int]


def clone_study(actor: Actor, study_id: int, *, title: str, kind: str = CYCLE) -> Study:
    """Make a new study of this one's description, strata, scales, survey, inventory, KSAs and plan.

    The cloned study's own list becomes a former list of the new one, with a crosswalk to decide. ``kind`` `TRANSPORT`
    asks two things of each task instead of the study's scales: whether it is performed, and how important it is, on
    the study's own importance scale where it has one, so that means can be compared. Its crosswalk is decided at once.

    Raises
    ------
    InvalidInputError
        If the title is empty or too long (field ``title``).
    """
    if not title.strip() or len(title) > LONGEST["title"]:
        raise InvalidInputError(f"Give the new study a title of at most {LONGEST['title']} characters.", field="title")
    former = get_study(study_id)
    texts, weights = texts_of_study(former), weights_of_study(former)
    with transaction():
        study = _new_study(former, title.strip(), kind)
        _copy_tables(former.id, study.id, kind)
        _begin_histories(former, study, actor)
        if kind == TRANSPORT:
            db.session.add_all(_transport_scales(former.id, study.id))
        keep_version(study, actor.name, departure=False)
        now = clock.now()
        db.session.add(Membership(user_id=actor.user_id, study_id=study.id, role="director", granted_at=now))
        db.session.add(
            StudyOrigin(
                study_id=study.id, cloned_from=former.id, title=former.title, kind=kind, by_name=actor.name, at=now
            )
        )
        _keep_former(actor, former, study, texts, weights)
        if kind == TRANSPORT:
            _settle_same(study.id, actor)
        _record(actor, former, study, kind)
    return study


def _new_study(former: Study, title: str, kind: str) -> Study:
    names = [column.name for column in Study.__table__.columns if column.name not in _OWN]
    values: dict[str, Any] = {name: getattr(former, name) for name in names}
    now = clock.now()
    if kind == TRANSPORT:
        values["plan"] = _transport_plan(former)
    study = Study(**values, title=title, stage="inventory", created_at=now, plan_saved_at=now)
    db.session.add(study)
    db.session.flush()
    return study


def _transport_plan(former: Study) -> dict[str, Any]:
    """Return a plan that takes the answers to "performed?" for what they are; weights come from importance."""
    own = _own_importance(former.id)
    plan = AnalysisPlan(
        items=former.exam_items, frequency_scale=PERFORMED, index="importance",
        importance_scale=own.code if own else "importance",
    )  # fmt: skip
    return plan.to_dict()


def _copy_tables(former_id: int, study_id: int, kind: str) -> Ids:
    ids: Ids = {("study", former_id): study_id}
    for name in CLONED:
        if kind == TRANSPORT and name in SCALES:
            continue
        _copy_table(db.metadata.tables[name], former_id, ids, kind)
    return ids


def _copy_table(table: Table, former_id: int, ids: Ids, kind: str) -> None:
    found = select(table).where(_of_study(table, former_id))
    if kind == TRANSPORT and table.name == "survey_page":
        found = found.where(table.c.kind.not_in(RATED_ELSE))
    rows = db.session.execute(found).mappings().all()
    for row in sorted(rows, key=lambda one: (one.get("parent_id") is not None, one.get("id", 0))):
        values = _moved(table, dict(row), ids)
        if values is None:
            continue
        own = values.pop("id", None)
        if own is None:
            db.session.execute(insert(table).values(**values))
        else:
            ids[table.name, own] = db.session.execute(insert(table).values(**values).returning(table.c.id)).scalar_one()


def _moved(table: Table, values: dict[str, Any], ids: Ids) -> dict[str, Any] | None:
    """Return a row that points to the new study's rows; None for one that hangs on something left behind."""
    for key in table.foreign_keys:
        name = str(key.parent.name)
        if values[name] is None:
            continue
        found = ids.get((key.column.table.name, values[name]))
        if found is None:
            return None
        values[name] = found
    if table.name == "translation":
        values["key"] = _moved_key(values["key"], ids)
    return values | ({"version": 1} if "version" in values else {})


def _moved_key(key: str, ids: Ids) -> str:
    """Return the key of a translated text; those of pages name the page by its id."""
    kind, _, rest = key.partition(":")
    old, _, name = rest.partition(":")
    if kind != "page" or not old.isdecimal():
        return key
    return f"page:{ids.get(('survey_page', int(old)), 0)}:{name}"


def _of_study(table: Table, study_id: int) -> ColumnElement[bool]:
    """Return the condition of a table's rows of a study; what is retired or removed stays behind."""
    if "study_id" in table.c:
        ended = [table.c[name] for name in ("retired_at", "removed_at") if name in table.c]
        return and_(table.c.study_id == study_id, *(column.is_(None) for column in ended))
    for key in table.foreign_keys:
        above = key.column.table
        if above.name in CLONED and not key.parent.nullable:
            return key.parent.in_(select(key.column).where(_of_study(above, study_id)))
    raise LookupError(f"Nothing leads from the table {table.name} to a study.")


def _begin_histories(former: Study, study: Study, actor: Actor) -> None:
    for model, name in ((Task, "task_id"), (Knowledge, "knowledge_id")):
        for row_id, statement in db.session.execute(
            select(model.id, model.statement).where(model.study_id == study.id)
        ):
            db.session.add(
                StatementVersion(
                    **{name: row_id}, number=1, statement=statement, reason=f"From the study {former.title}",
                    by_name=actor.name, at=clock.now(),
                )
            )  # fmt: skip
    db.session.flush()


def _transport_scales(former_id: int, study_id: int) -> list[RatingScale]:
    """Return the two scales of a confirmation survey: performed or not, and importance."""
    from jta.services.standard_scales import standard_scales

    performed = RatingScale(
        study_id=study_id, code=PERFORMED, kind="frequency", title="Performed", position=1,
        prompt="Do you perform this task in your present position?",
        anchors=[
            Anchor(code="0", label="No, I do not perform this task", value=None, not_performed=True, position=1),
            Anchor(code="1", label="Yes", value=1.0, not_performed=False, position=2),
        ],
    )  # fmt: skip
    own = _own_importance(former_id)
    importance = _twin(own) if own else next(scale for scale in standard_scales() if scale.kind == "importance")
    importance.study_id, importance.position = study_id, 2
    return [performed, importance]


def _own_importance(study_id: int) -> RatingScale | None:
    found = select(RatingScale).where(
        RatingScale.study_id == study_id, RatingScale.kind == "importance", RatingScale.removed_at.is_(None)
    )
    one: RatingScale | None = db.session.scalar(found.order_by(RatingScale.position).limit(1))
    return one


def _twin(scale: RatingScale) -> RatingScale:
    anchors = [
        Anchor(code=a.code, label=a.label, value=a.value, not_performed=a.not_performed, position=a.position)
        for a in scale.anchors
    ]
    return RatingScale(code=scale.code, kind=scale.kind, title=scale.title, prompt=scale.prompt, anchors=anchors)


def _settle_same(study_id: int, actor: Actor) -> None:
    """Decide the crosswalk of a list that is the very list that was cloned."""
    own = select(FormerList.id).where(FormerList.study_id == study_id)
    same = CrosswalkLink.list_id.in_(own), CrosswalkLink.relation == "same"
    said = {"decided_by": actor.name, "decided_at": clock.now(), "reason": SAME_WORDING}
    db.session.execute(update(CrosswalkLink).where(*same).values(**said))


def _keep_former(
    actor: Actor, former: Study, study: Study, texts: list[FormerText], weights: list[dict[str, Any]]
) -> None:
    source = f"Study “{former.title}” of this installation"
    write_list(actor, study.id, NewList(former.title, source, texts, weights, former.id))


def _record(actor: Actor, former: Study, study: Study, kind: str) -> None:
    said = "as a transportability check" if kind == TRANSPORT else "for the next cycle"
    audit.record(
        actor, "cloned study", f"study {former.id}", study_id=study.id, after=study.title,
        note=f"{former.title}, {said}; without people, answers and results",
    )  # fmt: skip
    audit.record(actor, "was cloned", f"study {study.id}", study_id=former.id, after=study.title, note=study.title)
    audit.record(
        actor, "granted role", f"account {actor.user_id}", study_id=study.id, after={"role": "director"},
        note="director",
    )  # fmt: skip
    audit.record(actor, "created study", f"study {study.id}", note=study.title)
