"""A study: who may create one, its first content, its description."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from functools import cache
from zoneinfo import available_timezones

from sqlalchemy import func, select
from sqlalchemy.orm import contains_eager

from analysis.plan import AnalysisPlan
from jta import audit, clock
from jta.audit import Actor
from jta.db import db, transaction
from jta.errors import EditConflictError, InvalidInputError, NotFoundError
from jta.models.account import Membership, User
from jta.models.study import MARKET, Study
from jta.services import market_template
from jta.services.account import find_user
from jta.services.inventory_merge import merge_inventory
from jta.services.inventory_rows import InventoryRow
from jta.services.results_privacy import MINIMA
from jta.services.results_release import require_group_not_lowered
from jta.services.standard_pages import standard_pages
from jta.services.standard_scales import CONSENT, standard_questions, standard_scales
from jta.services.study_plan_versions import keep_version
from jta.services.study_stage import BEFORE_LAUNCH, lock_study, reach_stage

EMPTY, FRAMEWORK, MARKET_STUDY = "empty", "framework", "market study"
_KSA_COLUMNS = ("domain_code", "domain", "subdomain_code", "subdomain", "task_code", "task_statement", "kind")
FRAMEWORK_NOTICE = (
    "Task list: simulated example of the K-12 CTO framework. Not CoSN's task list, and not endorsed by CoSN."
)
LONGEST = {
    "title": 200,
    "credential": 200,
    "contact": 300,
    "notice": 300,
    "purpose": 4000,
    "population": 4000,
}


@dataclass(frozen=True)
class StudyDetails:
    """What a director writes down about a study; ``exam_items`` is the exam length in items."""

    title: str
    credential: str = ""
    purpose: str = ""
    population: str = ""
    contact: str = ""
    time_zone: str = "UTC"
    exam_items: int = 100
    notice: str = ""
    smallest_group: int = 10


@cache
def time_zones() -> tuple[str, ...]:
    """Return the names of time zones that a study can have, places only, UTC first."""
    places = sorted(name for name in available_timezones() if "/" in name and not name.startswith("Etc/"))
    return ("UTC", *places)


def may_create(user: User) -> bool:
    """Say whether an account may create a study: an administrator, or the director of any study."""
    return user.is_administrator or any(m.role == "director" for m in user.memberships)


def get_study(study_id: int) -> Study:
    """Return a study.

    Raises
    ------
    NotFoundError
        If there is none with this id.
    """
    study = db.session.get(Study, study_id)
    if study is None:
        raise NotFoundError
    return study


def list_studies(user: User) -> list[tuple[Study, tuple[str, ...]]]:
    """Return the studies in which an account has a role, newest first, with its roles in each."""
    roles: dict[int, list[str]] = {}
    for member in user.memberships:
        roles.setdefault(member.study_id, []).append(member.role)
    found = select(Study).where(Study.id.in_(roles)).order_by(Study.created_at.desc(), Study.id.desc())
    return [(study, tuple(sorted(roles[study.id]))) for study in db.session.scalars(found)]


def list_people(study_id: int) -> list[Membership]:
    """Return the roles given in a study with their accounts, by name, in two queries."""
    found = select(Membership).join(Membership.user).options(contains_eager(Membership.user))
    found = found.where(Membership.study_id == study_id)
    return list(db.session.scalars(found.order_by(func.lower(User.name), Membership.role, Membership.id)))


def check_details(details: StudyDetails) -> None:
    """Refuse details that a study cannot have.

    Raises
    ------
    InvalidInputError
        Naming the field.
    """
    if not details.title.strip():
        raise InvalidInputError("Give the study a title.", field="title")
    for name, limit in LONGEST.items():
        if len(getattr(details, name)) > limit:
            raise InvalidInputError(f"Use {limit} characters or fewer.", field=name)
    if details.time_zone not in available_timezones():
        raise InvalidInputError("Choose a time zone of the list.", field="time_zone")
    if details.smallest_group not in MINIMA:
        raise InvalidInputError("Choose 10 or 15: fewer people could be recognised.", field="smallest_group")
    if not 1 <= details.exam_items <= 2000:
        raise InvalidInputError("Enter a whole number of items from 1 to 2,000.", field="exam_items")


def create_study(
    actor: Actor,
    creator: User,
    details: StudyDetails,
    *,
    start: str = EMPTY,
    director_email: str | None = None,
) -> Study:
    """Create a study with two rating scales, background questions, consent text and the default plan.

    A director becomes director of the new study. An administrator names another account. ``start`` is
    `EMPTY`, `FRAMEWORK` (the example inventory of 100 task statements) or `MARKET_STUDY` (questions only).

    Raises
    ------
    NotFoundError
        If the account may not create studies.
    InvalidInputError
        If the details are impossible, or the director named is not an active account other than the creator.
    """
    if not may_create(creator):
        raise NotFoundError
    check_details(details)
    with transaction():
        director = choose_director(creator, director_email)
        study = _new_study(details, start)
        db.session.add(study)
        db.session.flush()
        _add_first_content(study, actor, start)
        keep_version(study, actor.name, departure=False)
        db.session.add(Membership(user_id=director.id, study_id=study.id, role="director", granted_at=clock.now()))
        _record_creation(actor, study, director)
    return study


def choose_director(creator: User, email: str | None) -> User:
    """Return who directs a new study: its creator, or whom an administrator names.

    Raises
    ------
    InvalidInputError
        If the one named is not an active account other than the creator.
    """
    if not creator.is_administrator:
        return creator
    found = find_user(email or "")
    if found is None or not found.active:
        raise InvalidInputError("No active account has this address. Create the account first.", field="director_email")
    if found.id == creator.id:
        raise InvalidInputError(
            "Name somebody else: an administrator never takes a role in a study.", field="director_email"
        )
    return found


def _new_study(details: StudyDetails, start: str) -> Study:
    values = asdict(details) | {"notice": details.notice or (FRAMEWORK_NOTICE if start == FRAMEWORK else None)}
    now = clock.now()
    plan = AnalysisPlan(items=details.exam_items).to_dict()
    is_market = start == MARKET_STUDY
    words = {"kind": MARKET, "consent_text": market_template.CONSENT} if is_market else {"consent_text": CONSENT}
    return Study(**values, **words, plan=plan, plan_saved_at=now, created_at=now)


def _add_first_content(study: Study, actor: Actor, start: str) -> None:
    if start == MARKET_STUDY:
        market_template.add_market_content(study)
        return
    scales, questions = standard_scales(), standard_questions()
    for scale in scales:
        scale.study_id = study.id
    pages = standard_pages(study.id)
    db.session.add_all([*scales, *pages])
    db.session.flush()
    background = next(page for page in pages if page.kind == "questions")
    for question in questions:
        question.study_id, question.page_id = study.id, background.id
    db.session.add_all(questions)
    if start == FRAMEWORK:
        rows = [*framework_rows(), *framework_knowledge()]
        merge_inventory(study, rows, actor, reason="Example of the K-12 CTO framework")
        reach_stage(study, "inventory", actor)


def framework_rows() -> list[InventoryRow]:
    """Return the 100 task statements of the example as rows of an import."""
    from jta.demo.content import load_framework

    return [InventoryRow(**task._asdict(), number=n) for n, task in enumerate(load_framework(), start=2)]


def framework_knowledge() -> list[InventoryRow]:
    """Return the KSAs of the example as rows of an import: its Core Values & Skills run through all domains."""
    from jta.demo.content import load_knowledge

    return [
        InventoryRow(
            **{name: row[name] for name in _KSA_COLUMNS}, number=n, through=row["runs_through_all"] == "yes" or None
        )
        for n, row in enumerate(load_knowledge(), start=102)
    ]


def _record_creation(actor: Actor, study: Study, director: User) -> None:
    audit.record(
        actor, "created study", f"study {study.id}", study_id=study.id,
        after=asdict(details_of(study)), note=study.title,
    )  # fmt: skip
    audit.record(
        actor, "granted role", f"account {director.id}", study_id=study.id,
        after={"role": "director"}, note="director",
    )  # fmt: skip
    audit.record(actor, "created study", f"study {study.id}", note=study.title)


def details_of(study: Study) -> StudyDetails:
    """Return the details of a study as stored."""
    return StudyDetails(
        study.title, study.credential, study.purpose, study.population, study.contact,
        study.time_zone, study.exam_items, study.notice or "", study.smallest_group,
    )  # fmt: skip


def edit_study(actor: Actor, study_id: int, details: StudyDetails, *, version: int) -> Study:
    """Change the description of a study; ``version`` is the one the writer saw.

    Raises
    ------
    InvalidInputError
        If the details are impossible, the exam length is changed after launch (the analysis plan takes it then,
        with a reason), or the smallest group is lowered after results were shown.
    EditConflictError
        If somebody else changed the description since.
    """
    check_details(details)
    with transaction():
        study = lock_study(study_id)
        before = details_of(study)
        if before == details:
            return study
        if study.version != version:
            raise EditConflictError(
                "Nothing was saved. Compare both texts, then save what should stand.",
                theirs=_as_text(before), yours=_as_text(details),
            )  # fmt: skip
        _require_same_length(study, details)
        require_group_not_lowered(study, details.smallest_group)
        _write_details(study, details)
        if before.exam_items != details.exam_items:
            keep_version(study, actor.name, departure=False)
        audit.record(
            actor, "edited study", f"study {study.id}", study_id=study.id,
            before=asdict(before), after=asdict(details), note=", ".join(_changed(before, details)),
        )  # fmt: skip
    return study


def _require_same_length(study: Study, details: StudyDetails) -> None:
    if details.exam_items != study.exam_items and study.stage not in BEFORE_LAUNCH:
        raise InvalidInputError(
            f"Leave {study.exam_items} here. After launch the analysis plan changes the exam length, with a reason.",
            field="exam_items",
        )


def _write_details(study: Study, details: StudyDetails) -> None:
    for name, value in asdict(details).items():
        setattr(study, name, value)
    study.notice = details.notice or None
    if study.plan is not None:
        study.plan = {**study.plan, "items": details.exam_items}


def _changed(before: StudyDetails, after: StudyDetails) -> list[str]:
    return [f.name for f in fields(before) if getattr(before, f.name) != getattr(after, f.name)]


def _as_text(details: StudyDetails) -> str:
    return "\n".join(f"{name.replace('_', ' ')}: {value}" for name, value in asdict(details).items())


def count_studies() -> int:
    """Return how many studies this installation holds."""
    return db.session.scalar(select(func.count(Study.id))) or 0
