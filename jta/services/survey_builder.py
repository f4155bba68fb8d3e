"""Building the survey before launch: its pages. Welcome stays first, thanks stays last."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from sqlalchemy import func, select

from jta import audit, clock
from jta.audit import Actor
from jta.db import db, transaction
from jta.errors import EditConflictError, InvalidInputError, NotFoundError, StateError
from jta.models.study import Study
from jta.models.survey import Question, SurveyPage
from jta.services.instrument_steps import list_pages
from jta.services.study_stage import lock_study, require_unlocked
from jta.services.survey_library import PAGES, ReadyPage, new_question

FIXED = ("welcome", "thanks")
LONGEST_TITLE, LONGEST_INTRO = 120, 4000
CONFLICT = "Nothing was saved. Compare both texts, then save what should stand."


@dataclass(frozen=True)
class PageText:
    """The words of a page; ``screened_out`` is what a screener tells whom it turns away."""

    title: str
    intro: str = ""
    screened_out: str = ""


def get_page(study_id: int, page_id: int, *, fresh: bool = False) -> SurveyPage:
    """Return a page of this study's survey, removed or not.

    Raises
    ------
    NotFoundError
        If there is none, or it belongs to another study.
    """
    page = db.session.get(SurveyPage, page_id, populate_existing=fresh)
    if page is None or page.study_id != study_id:
        raise NotFoundError
    return page


def removed_pages(study_id: int) -> list[SurveyPage]:
    """Return the pages that were taken out of the survey, the last removed first."""
    found = select(SurveyPage).where(SurveyPage.study_id == study_id, SurveyPage.removed_at.is_not(None))
    return list(db.session.scalars(found.order_by(SurveyPage.removed_at.desc(), SurveyPage.id.desc())))


def words_of(page: SurveyPage) -> PageText:
    """Return the words of a page as stored."""
    return PageText(page.title, page.intro, page.settings.get("screened_out", ""))


def available_pages(study_id: int) -> dict[str, ReadyPage]:
    """Return the pages of the library that can still be added."""
    kinds = {page.kind for page in list_pages(study_id)}
    return {key: ready for key, ready in PAGES.items() if not (ready.once and ready.kind in kinds)}


def open_study(study_id: int) -> Study:
    """Return the study, locked, if its survey can still be changed.

    Raises
    ------
    StateError
        If the survey was launched, or its pilot is open.
    """
    study = lock_study(study_id)
    if study.stage == "pilot":
        raise StateError("The pilot is open, so the survey stays as it is. End the pilot first.")
    require_unlocked(study, "The survey")
    return study


def add_page(actor: Actor, study_id: int, key: str) -> SurveyPage:
    """Add a page of the library before the thanks; a screener after the welcome.

    Raises
    ------
    InvalidInputError
        If the library has no such page, or the survey holds it already.
    StateError
        If the survey was launched.
    """
    with transaction():
        open_study(study_id)
        ready = available_pages(study_id).get(key)
        if ready is None:
            raise InvalidInputError("Choose one of the pages in the list.", field="key")
        others = list_pages(study_id)
        page = SurveyPage(
            study_id=study_id, kind=ready.kind, title=ready.title, intro=ready.intro, position=0, settings={}
        )
        db.session.add(page)
        _place(study_id, [page, *others] if page.kind == "screener" else [*others, page])
        db.session.flush()
        for n, question in enumerate(ready.questions, start=1):
            code = free_code(study_id, question.code)
            db.session.add(new_question(question, study_id, page.id, code, n))
            db.session.flush()
        _record(actor, page, "added survey page", after=asdict(words_of(page)))
    return page


def free_code(study_id: int, wanted: str) -> str:
    """Return this code for a question, or with a number where it is taken."""
    taken = set(db.session.scalars(select(Question.code).where(Question.study_id == study_id)))
    if wanted not in taken:
        return wanted
    return next(f"{wanted}_{n}" for n in range(2, len(taken) + 3) if f"{wanted}_{n}" not in taken)


def _place(study_id: int, pages: list[SurveyPage]) -> None:
    """Number the pages in this order; welcome and thanks keep their places."""
    ends = {page.kind: page for page in list_pages(study_id) if page.kind in FIXED}
    middle = [page for page in pages if page.kind not in FIXED]
    for n, page in enumerate([ends["welcome"], *middle, ends["thanks"]], start=1):
        page.position = n


def edit_page(actor: Actor, study_id: int, page_id: int, words: PageText, *, version: int) -> SurveyPage:
    """Change the words of a page; ``version`` is the one the writer saw.

    Raises
    ------
    InvalidInputError
        If the title is missing, or a text is too long.
    StateError
        If the survey was launched.
    EditConflictError
        If somebody else changed the page since.
    """
    _check(words)
    with transaction():
        open_study(study_id)
        page = get_page(study_id, page_id, fresh=True)
        before = words_of(page)
        if before == words:
            return page
        if page.version != version:
            raise EditConflictError(CONFLICT, theirs=_as_text(before), yours=_as_text(words))
        page.title, page.intro = words.title, words.intro
        if page.kind == "screener":
            page.settings = {**page.settings, "screened_out": words.screened_out}
        _record(actor, page, "edited survey page", asdict(before), asdict(words))
    return page


def _check(words: PageText) -> None:
    if not words.title.strip():
        raise InvalidInputError("Give the page a title.", field="title")
    limits = {"title": LONGEST_TITLE, "intro": LONGEST_INTRO, "screened_out": LONGEST_INTRO}
    for name, most in limits.items():
        if len(getattr(words, name)) > most:
            raise InvalidInputError(f"Use {most:,} characters or fewer.", field=name)


def move_page(actor: Actor, study_id: int, page_id: int, *, up: bool, steps: int = 1) -> SurveyPage:
    """Move a page one place or ``steps`` places; at an end, and for welcome and thanks, nothing happens.

    Raises
    ------
    StateError
        If the survey was launched.
    """
    with transaction():
        open_study(study_id)
        page = get_page(study_id, page_id, fresh=True)
        pages = [p for p in list_pages(study_id) if p.kind not in FIXED]
        if page not in pages:
            return page
        here = pages.index(page)
        there = min(max(here + (-steps if up else steps), 0), len(pages) - 1)
        if here == there:
            return page
        pages.insert(there, pages.pop(here))
        _place(study_id, pages)
        _record(actor, page, "moved survey page", here + 2, there + 2, f"{page.title}: place {there + 2}")
    return page


def remove_page(actor: Actor, study_id: int, page_id: int) -> SurveyPage:
    """Take a page out of the survey with its questions; `restore_page` brings it back.

    Raises
    ------
    StateError
        If the survey was launched, or it is the first or the last page.
    """
    with transaction():
        open_study(study_id)
        page = get_page(study_id, page_id, fresh=True)
        if page.kind in FIXED:
            raise StateError("The survey begins with the welcome and ends with the thanks. Both stay.")
        if page.removed_at is None:
            page.removed_at = clock.now()
            _record(actor, page, "removed survey page", before=asdict(words_of(page)))
    return page


def restore_page(actor: Actor, study_id: int, page_id: int) -> SurveyPage:
    """Bring a page back that was removed, about where it stood.

    Raises
    ------
    StateError
        If the survey was launched, or it holds another page of a kind it may hold once.
    """
    with transaction():
        open_study(study_id)
        page = get_page(study_id, page_id, fresh=True)
        if page.removed_at is None:
            return page
        once = {*FIXED, *(ready.kind for ready in PAGES.values() if ready.once)}
        if page.kind in once and any(other.kind == page.kind for other in list_pages(study_id)):
            raise StateError("The survey holds a page of this kind already. Remove that one first.")
        page.removed_at = None
        db.session.flush()
        _place(study_id, list_pages(study_id))
        _record(actor, page, "restored survey page", after=asdict(words_of(page)))
    return page


def count_questions(study_id: int) -> dict[int, int]:
    """Return how many questions each page has, by its id."""
    found = select(Question.page_id, func.count()).where(Question.study_id == study_id, Question.removed_at.is_(None))
    return {row[0]: row[1] for row in db.session.execute(found.group_by(Question.page_id))}


def _as_text(words: PageText) -> str:
    return "\n".join(f"{name.replace('_', ' ')}: {text}" for name, text in asdict(words).items() if text)


def _record(
    actor: Actor, page: SurveyPage, action: str, before: object = None, after: object = None, note: str = ""
) -> None:
    db.session.flush()
    audit.record(
        actor, action, f"survey page {page.id}", study_id=page.study_id, before=before, after=after,
        note=note or page.title,
    )  # fmt: skip
