"""Comments coded to themes: a codebook, which comment belongs where, and quotes that are released to be shown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, select

from jta import audit, clock
from jta.audit import Actor
from jta.db import db, transaction
from jta.errors import EditConflictError, InvalidInputError, NotFoundError
from jta.models.market import CommentCode, Quote, Theme
from jta.models.response import Answer, Response
from jta.models.survey import Question
from jta.services.links import trail_name
from jta.services.results_privacy import Reader
from jta.services.study_stage import lock_study

LONGEST = {"label": 80, "definition": 1000, "quote": 1000}
MOST_THEMES = 60
PAGE = 20


@dataclass(frozen=True)
class ThemeLine:
    """One theme with how many comments belong to it, None where that is hidden, and the quotes released."""

    theme: Theme
    count: int | None
    quotes: tuple[str, ...]


@dataclass(frozen=True)
class Comment:
    """One comment without a name: its response's random code, its themes, the quote made from it."""

    response_id: int
    question_id: int
    code: str
    text: str
    themes: frozenset[int]
    quote: str | None


@dataclass(frozen=True)
class CommentPage:
    """The comments of one question; ``n_coded`` of ``n`` have a theme."""

    comments: tuple[Comment, ...]
    n: int
    n_coded: int
    page: int
    pages: int


def list_themes(study_id: int) -> list[Theme]:
    """Return the codebook in order."""
    return list(db.session.scalars(select(Theme).where(Theme.study_id == study_id).order_by(Theme.position, Theme.id)))


def comment_questions(study_id: int) -> list[Question]:
    """Return the questions whose answers are texts."""
    found = select(Question).where(Question.study_id == study_id, Question.kind == "text")
    return list(db.session.scalars(found.order_by(Question.position, Question.id)))


def theme_lines(study_id: int, reader: Reader) -> list[ThemeLine]:
    """Return the codebook with counts; a quote is shown where its theme's count is large enough for this reader."""
    counts = {theme: n for theme, n in db.session.execute(_theme_counts(study_id))}
    quotes: dict[int, list[str]] = {}
    for theme, text in db.session.execute(_theme_quotes(study_id)):
        quotes.setdefault(theme, []).append(text)
    themes = list_themes(study_id)
    sizes = {theme.id: counts.get(theme.id, 0) for theme in themes}
    hidden = set() if reader.full else {key for key, n in sizes.items() if n < reader.minimum}
    return [
        ThemeLine(
            theme,
            None if theme.id in hidden else sizes[theme.id],
            () if theme.id in hidden else tuple(quotes.get(theme.id, ())),
        )
        for theme in themes
    ]


def _theme_counts(study_id: int) -> Any:
    return (
        select(CommentCode.theme_id, func.count())
        .join(Response, Response.id == CommentCode.response_id)
        .where(Response.study_id == study_id, *_counted())
        .group_by(CommentCode.theme_id)
    )


def _theme_quotes(study_id: int) -> Any:
    same = (Quote.response_id == CommentCode.response_id) & (Quote.question_id == CommentCode.question_id)
    return (
        select(CommentCode.theme_id, Quote.text)
        .join(Quote, same)
        .join(Response, Response.id == CommentCode.response_id)
        .where(Response.study_id == study_id, *_counted())
        .order_by(Quote.text)
    )


def _counted() -> tuple[Any, ...]:
    return Response.withdrawn_at.is_(None), Response.submitted_at.is_not(None), Response.is_pilot.is_(False)


def add_theme(actor: Actor, study_id: int, label: str, definition: str) -> Theme:
    """Add a theme to the codebook; its code is made from the label and never changes.

    Raises
    ------
    InvalidInputError
        If the label is missing, too long or there already (field ``label``), or the codebook is full.
    """
    label, definition = _checked(label, definition)
    with transaction():
        lock_study(study_id)
        themes = list_themes(study_id)
        _check_label(themes, label)
        if len(themes) >= MOST_THEMES:
            raise InvalidInputError(f"A codebook holds {MOST_THEMES} themes. Join some first.", field="label")
        theme = Theme(
            study_id=study_id, code=_free_code(label, [t.code for t in themes]), label=label, definition=definition,
            position=max((t.position for t in themes), default=0) + 1,
        )  # fmt: skip
        db.session.add(theme)
        audit.record(actor, "added theme", f"theme {theme.code}", study_id=study_id, after=[label, definition])
    return theme


def _checked(label: str, definition: str) -> tuple[str, str]:
    label, definition = label.strip(), definition.strip()
    if not label:
        raise InvalidInputError("Give the theme a name.", field="label")
    for name, text in (("label", label), ("definition", definition)):
        if len(text) > LONGEST[name]:
            raise InvalidInputError(f"Use {LONGEST[name]} characters or fewer.", field=name)
    return label, definition


def _check_label(themes: Iterable[Theme], label: str, own: int | None = None) -> None:
    if any(theme.label.casefold() == label.casefold() and theme.id != own for theme in themes):
        raise InvalidInputError("There is a theme of this name already.", field="label")


def _free_code(label: str, taken: Sequence[str]) -> str:
    stem = re.sub(r"[^a-z0-9]+", "_", label.casefold()).strip("_")[:30] or "theme"
    number, code = 1, stem
    while code in {*taken, "uncoded"}:
        number += 1
        code = f"{stem}_{number}"
    return code


def get_theme(study_id: int, theme_id: int) -> Theme:
    """Return a theme of a study.

    Raises
    ------
    NotFoundError
        If there is none with this id.
    """
    theme = db.session.get(Theme, theme_id)
    if theme is None or theme.study_id != study_id:
        raise NotFoundError
    return theme


def edit_theme(actor: Actor, study_id: int, theme_id: int, label: str, definition: str, *, version: int) -> Theme:
    """Change a theme's words.

    Raises
    ------
    InvalidInputError
        As `add_theme`.
    EditConflictError
        If somebody else changed them since.
    """
    label, definition = _checked(label, definition)
    with transaction():
        lock_study(study_id)
        theme = get_theme(study_id, theme_id)
        if theme.version != version:
            raise EditConflictError(
                "Nothing was saved. Compare both texts, then save what should stand.",
                theirs=f"{theme.label}\n{theme.definition}", yours=f"{label}\n{definition}",
            )  # fmt: skip
        _check_label(list_themes(study_id), label, own=theme.id)
        before = [theme.label, theme.definition]
        theme.label, theme.definition = label, definition
        audit.record(
            actor, "edited theme", f"theme {theme.code}", study_id=study_id, before=before, after=[label, definition]
        )
    return theme


def remove_theme(actor: Actor, study_id: int, theme_id: int) -> int:
    """Take a theme out of the codebook; return how many comments belonged to it."""
    with transaction():
        lock_study(study_id)
        theme = get_theme(study_id, theme_id)
        count = db.session.scalar(select(func.count()).where(CommentCode.theme_id == theme_id)) or 0
        db.session.delete(theme)
        audit.record(actor, "removed theme", f"theme {theme.code}", study_id=study_id, note=f"{count} comments")
    return count


def load_comments(study_id: int, question_id: int, page: int = 1) -> CommentPage:
    """Return a page of the comments to one question in the order of their random codes; four queries."""
    written = (
        Response.study_id == study_id, Answer.question_id == question_id, func.length(func.trim(Answer.text)) > 0,
        *_counted(),
    )  # fmt: skip
    joined = select(Answer.response_id, Response.code, Answer.text).join(Response, Response.id == Answer.response_id)
    n = db.session.scalar(select(func.count()).select_from(joined.where(*written).subquery())) or 0
    rows = db.session.execute(
        joined.where(*written).order_by(Response.code).offset((page - 1) * PAGE).limit(PAGE)
    ).all()
    ids = [row.response_id for row in rows]
    codes = select(CommentCode.response_id, CommentCode.theme_id).where(
        CommentCode.question_id == question_id, CommentCode.response_id.in_(ids)
    )
    themes: dict[int, set[int]] = {}
    for response, theme in db.session.execute(codes):
        themes.setdefault(response, set()).add(theme)
    quotes = select(Quote.response_id, Quote.text).where(Quote.question_id == question_id, Quote.response_id.in_(ids))
    quote_of = {response: text for response, text in db.session.execute(quotes)}
    comments = [
        Comment(row.response_id, question_id, row.code, row.text, frozenset(themes.get(row.response_id, ())),
                quote_of.get(row.response_id))
        for row in rows
    ]  # fmt: skip
    return CommentPage(tuple(comments), n, _count_coded(study_id, question_id), page, max(1, -(-n // PAGE)))


def _count_coded(study_id: int, question_id: int) -> int:
    found = (
        select(func.count(CommentCode.response_id.distinct()))
        .join(Response, Response.id == CommentCode.response_id)
        .where(Response.study_id == study_id, CommentCode.question_id == question_id, *_counted())
    )
    return db.session.scalar(found) or 0


def code_comment(actor: Actor, study_id: int, code: str, question_id: int, themes: Iterable[int], quote: str) -> None:
    """Say to which themes a comment belongs (none: uncoded), and release a quote from it or take it back.

    Raises
    ------
    NotFoundError
        If there is no such theme.
    InvalidInputError
        If there is no such comment, or the quote is too long (field ``quote``).
    """
    wanted, quote = set(themes), quote.strip()
    if len(quote) > LONGEST["quote"]:
        raise InvalidInputError(f"Use {LONGEST['quote']} characters or fewer.", field="quote")
    with transaction():
        lock_study(study_id)
        response = _response(study_id, code, question_id)
        if wanted - {theme.id for theme in list_themes(study_id)}:
            raise NotFoundError
        here = response, question_id
        db.session.execute(
            delete(CommentCode).where(CommentCode.response_id == here[0], CommentCode.question_id == here[1])
        )
        now = clock.now()
        for theme in sorted(wanted):
            db.session.add(
                CommentCode(response_id=here[0], question_id=here[1], theme_id=theme, coded_by=actor.name, coded_at=now)
            )
        _release(actor, here, quote)
        audit.record(
            actor, "coded comment", f"response {trail_name(code)}", study_id=study_id,
            note=f"{len(wanted)} themes{', quote released' if quote else ''}",
        )  # fmt: skip


def _response(study_id: int, code: str, question_id: int) -> int:
    found = (
        select(Response.id)
        .join(Answer, Answer.response_id == Response.id)
        .where(Response.study_id == study_id, Response.code == code, Answer.question_id == question_id, *_counted())
    )
    response = db.session.scalar(found)
    if response is None:
        raise InvalidInputError("This comment is not there any more: its response was withdrawn.")
    return int(response)


def _release(actor: Actor, here: tuple[int, int], text: str) -> None:
    quote = db.session.get(Quote, here)
    if not text:
        if quote is not None:
            db.session.delete(quote)
        return
    if quote is None:
        quote = Quote(response_id=here[0], question_id=here[1])
        db.session.add(quote)
    quote.text, quote.released_by, quote.released_at = text, actor.name, clock.now()
