"""The statement checks of a study: remarks on its live statements, and those dismissed with a reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, select

from jta import audit, clock
from jta.audit import Actor
from jta.db import db, transaction
from jta.errors import EditConflictError, InvalidInputError, NotFoundError, StateError
from jta.models.inventory import Knowledge, Task
from jta.models.inventory_record import CheckDismissal, CheckSetting
from jta.services.inventory import live_tasks
from jta.services.inventory_knowledge import live_knowledge
from jta.services.statement_rules import RULES, Remark, Text, check_one, check_starts, defined_acronyms
from jta.services.statement_similarity import LONGEST_LIST, check_duplicates
from jta.services.statement_words import BRANDS
from jta.services.study_stage import lock_study

Statement = Task | Knowledge
MOST_WORDS = 500  # of the study's own lists


@dataclass(frozen=True)
class Line:
    """One remark on a statement of a study; ``dismissal`` says who dismissed it and why, where somebody did."""

    statement: Statement
    remark: Remark
    other: Statement | None = None
    dismissal: CheckDismissal | None = None

    @property
    def key(self) -> str:
        """The rule, with the other statement's code where there is one: what a dismissal is about."""
        return _key(self.remark)

    @property
    def is_task(self) -> bool:
        """Whether it is about a task statement."""
        return isinstance(self.statement, Task)


@dataclass(frozen=True)
class CheckReport:
    """All remarks of a study, open and dismissed, with counts by rule; ``too_long``: not compared for duplicates."""

    open: list[Line]
    dismissed: list[Line]
    counts: dict[str, int]
    n_statements: int
    too_long: bool


def load_report(study_id: int) -> CheckReport:
    """Check every live statement of a study."""
    statements: list[Statement] = [*live_tasks(study_id), *live_knowledge(study_id)]
    setting = get_setting(study_id)
    texts = [_text(one) for one in statements]
    defined = defined_acronyms(text.statement for text in texts) | set(setting.acronyms)
    remarks = [remark for text in texts for remark in check_one(text, setting.brands, defined)]
    remarks += check_starts(texts) + check_duplicates(texts)
    lines = _lines(study_id, statements, remarks)
    waiting = [line for line in lines if line.dismissal is None]
    counts = Counter(line.remark.rule for line in waiting)
    return CheckReport(
        waiting, [line for line in lines if line.dismissal is not None], {rule: counts[rule] for rule in RULES},
        len(statements), len(statements) > LONGEST_LIST,
    )  # fmt: skip


def _text(one: Statement) -> Text:
    return Text(one.code, one.statement, str(one.domain_id), isinstance(one, Task))


def _lines(study_id: int, statements: Sequence[Statement], remarks: Sequence[Remark]) -> list[Line]:
    by_code = {one.code: one for one in statements}
    place = {one.code: number for number, one in enumerate(statements)}
    dismissed = _dismissals(study_id)
    ordered = sorted(remarks, key=lambda remark: (place[remark.code], list(RULES).index(remark.rule), remark.other))
    found = []
    for remark in ordered:
        one = by_code[remark.code]
        other = by_code.get(remark.other)
        known = dismissed.get((isinstance(one, Task), one.id, _key(remark)))
        holds = known is not None and known.wording == _wording(one, other)
        found.append(Line(one, remark, other, known if holds else None))
    return found


def _key(remark: Remark) -> str:
    return f"{remark.rule} {remark.other}".strip()


def _wording(one: Statement, other: Statement | None) -> str:
    """Return the words a dismissal is about: those of both statements where the remark compares two."""
    return one.statement if other is None else f"{one.statement}\n{other.statement}"


def _dismissals(study_id: int) -> dict[tuple[bool, int, str], CheckDismissal]:
    found = select(CheckDismissal).where(CheckDismissal.study_id == study_id).order_by(CheckDismissal.id)
    return {
        (one.task_id is not None, one.task_id or one.knowledge_id or 0, one.rule): one
        for one in db.session.scalars(found)
    }


def dismiss(actor: Actor, study_id: int, *, code: str, key: str, reason: str) -> None:
    """Set a remark aside with a reason; it comes back when the wording changes.

    Raises
    ------
    InvalidInputError
        If no reason is given.
    StateError
        If there is no such remark any more.
    """
    if not reason.strip():
        raise InvalidInputError("Say why this remark does not hold.", field="reason")
    with transaction():
        lock_study(study_id)
        line = next((x for x in load_report(study_id).open if (x.statement.code, x.key) == (code, key)), None)
        if line is None:
            raise StateError("This remark is gone: the statement was changed, or somebody dismissed it already.")
        ids = {"task_id" if line.is_task else "knowledge_id": line.statement.id}
        _forget(study_id, line)
        db.session.add(
            CheckDismissal(
                study_id=study_id, rule=key, wording=_wording(line.statement, line.other), reason=reason.strip(),
                by_name=actor.name, at=clock.now(), **ids,
            )
        )  # fmt: skip
        audit.record(actor, "dismissed check", f"{code}: {key}", study_id=study_id, note=reason.strip())


def _forget(study_id: int, line: Line) -> None:
    column = CheckDismissal.task_id if line.is_task else CheckDismissal.knowledge_id
    db.session.execute(
        delete(CheckDismissal).where(
            CheckDismissal.study_id == study_id, column == line.statement.id, CheckDismissal.rule == line.key
        )
    )


def take_back(actor: Actor, study_id: int, dismissal_id: int) -> None:
    """Let a dismissed remark count again.

    Raises
    ------
    NotFoundError
        If the study has no such dismissal.
    """
    with transaction():
        lock_study(study_id)
        one = db.session.get(CheckDismissal, dismissal_id)
        if one is None or one.study_id != study_id:
            raise NotFoundError
        audit.record(actor, "took back dismissal", f"{one.rule}", study_id=study_id, before=one.reason, note=one.reason)
        db.session.delete(one)


def get_setting(study_id: int) -> CheckSetting:
    """Return the lists of a study: product names to look for, acronyms to let pass; at first the usual ones."""
    found = db.session.get(CheckSetting, study_id)
    return found or CheckSetting(study_id=study_id, brands=list(BRANDS), acronyms=[], version=0)


def save_setting(
    actor: Actor, study_id: int, *, brands: Sequence[str], acronyms: Sequence[str], version: int
) -> CheckSetting:
    """Save the lists of a study; ``version`` is the one the writer saw, 0 where none was saved.

    Raises
    ------
    InvalidInputError
        If a list is too long.
    EditConflictError
        If somebody else saved them since.
    """
    if max(len(brands), len(acronyms)) > MOST_WORDS:
        raise InvalidInputError(f"Use {MOST_WORDS} entries or fewer.", field="brands")
    with transaction():
        lock_study(study_id)
        setting = get_setting(study_id)
        if (setting.version or 0) != version:
            raise EditConflictError(
                "Nothing was saved. Compare both lists, then save what should stand.",
                theirs=", ".join(setting.brands), yours=", ".join(brands),
            )  # fmt: skip
        setting.brands, setting.acronyms = list(brands), list(acronyms)
        db.session.add(setting)
        db.session.flush()
        audit.record(
            actor, "saved check lists", f"study {study_id}", study_id=study_id, after=[list(brands), list(acronyms)],
            note=f"{len(brands)} product names, {len(acronyms)} acronyms",
        )  # fmt: skip
    return setting
