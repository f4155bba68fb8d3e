"""Comments that leave with the data: each read and kept or struck, nobody named, in a file of their own."""

from __future__ import annotations

import base64
import hashlib
import hmac
import io
import secrets
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass

from flask import current_app
from sqlalchemy import func, select

from jta import audit, clock
from jta.db import db, transaction
from jta.errors import EditConflictError, InvalidInputError, StateError
from jta.models.delivery import Person
from jta.models.report import Document
from jta.models.response import Answer, Response
from jta.models.review import CommentDecision, Dataset
from jta.models.study import Study
from jta.models.survey import Question
from jta.services.comment_words import REMOVED, Masker
from jta.services.documents import Made, keep_document
from jta.services.review import get_dataset
from jta.services.study_stage import lock_study

PAGE, LONGEST = 20, 500
KEEP, STRIKE = "keep", "strike"
_FIXED = (1980, 1, 1, 0, 0, 0)  # the earliest time a zip can hold


@dataclass(frozen=True)
class Comment:
    """One comment of a data set as it would leave; ``mark`` names it on a page and nowhere else."""

    mark: str
    response_id: int
    question_id: int
    text: str
    verdict: str
    reason: str

    @property
    def masked(self) -> bool:
        """Whether words were taken out of it."""
        return REMOVED in self.text


@dataclass(frozen=True)
class AskedComments:
    """The comments to one question; too few are withheld, and then there are none here."""

    question: Question
    n: int
    comments: tuple[Comment, ...]


@dataclass(frozen=True)
class CommentReview:
    """All comments of a data set, and why they cannot be released yet, empty where they can."""

    dataset: Dataset
    smallest: int
    asked: tuple[AskedComments, ...]
    refused: str

    @property
    def comments(self) -> tuple[Comment, ...]:
        """Every comment that may be looked at."""
        return tuple(comment for one in self.asked for comment in one.comments)

    def count(self, verdict: str) -> int:
        """Return how many have this verdict; empty: none yet."""
        return sum(comment.verdict == verdict for comment in self.comments)

    @property
    def pages(self) -> int:
        """How many pages there are."""
        return max(1, -(-len(self.comments) // PAGE))

    def page(self, number: int) -> tuple[Comment, ...]:
        """Return one page of comments."""
        start = (min(max(number, 1), self.pages) - 1) * PAGE
        return self.comments[start : start + PAGE]


@dataclass(frozen=True)
class Typed:
    """What a page said of one comment; ``seen`` is the verdict that it showed."""

    mark: str
    seen: str
    verdict: str
    reason: str


def load_review(study_id: int, number: int) -> CommentReview:
    """Return the comments of those in a data set, question by question, in no order that tells who wrote them.

    Raises
    ------
    NotFoundError
        If the study has no such data set.
    """
    dataset, study = get_dataset(study_id, number), db.session.get_one(Study, study_id)
    codes, smallest = _codes_of(dataset), study.smallest_group
    if why := _never(dataset, len(codes), smallest):
        return CommentReview(dataset, smallest, (), why)
    masker = Masker(_names(study_id))
    asked = tuple(_asked(question, codes, masker, smallest) for question in _questions(study_id))
    review = CommentReview(dataset, smallest, tuple(one for one in asked if one.n), "")
    open_ones = review.count("")
    if not review.comments:
        why = f"No question has comments of {smallest} people or more, so none can leave."
    else:
        why = f"{open_ones} of {len(review.comments)} comments are not decided yet." if open_ones else ""
    return CommentReview(dataset, smallest, review.asked, why)


def _never(dataset: Dataset, n: int, smallest: int) -> str:
    if n < smallest:
        return f"The data set has {n} respondents. Comments leave only where there are {smallest} or more."
    if not dataset.released:
        return "This data set is too like an earlier one: both together could tell one person's comments."
    return ""


def _codes_of(dataset: Dataset) -> frozenset[str]:
    import pyarrow.parquet as pq

    table = pq.read_table(io.BytesIO(dataset.content), columns=["respondent_id"])
    return frozenset(table.column("respondent_id").to_pylist())


def _names(study_id: int) -> list[str]:
    found = db.session.execute(
        select(Person.name, Person.email, Person.organization).where(Person.study_id == study_id)
    )
    return [text for row in found for text in row if text]


def _questions(study_id: int) -> list[Question]:
    found = select(Question).where(Question.study_id == study_id, Question.kind == "text")
    return list(db.session.scalars(found.order_by(Question.position, Question.id)))


def _asked(question: Question, codes: frozenset[str], masker: Masker, smallest: int) -> AskedComments:
    mine = (CommentDecision.response_id == Answer.response_id) & (CommentDecision.question_id == Answer.question_id)
    found = (
        select(Response.code, Answer.response_id, Answer.text, CommentDecision.verdict, CommentDecision.reason)
        .join(Response, Response.id == Answer.response_id)
        .outerjoin(CommentDecision, mine)
        .where(
            Answer.question_id == question.id, func.length(func.trim(Answer.text)) > 0, Response.withdrawn_at.is_(None)
        )
    )
    rows = [row for row in db.session.execute(found) if row.code in codes]
    if len(rows) < smallest:
        return AskedComments(question, len(rows), ())
    comments = [
        Comment(
            _mark(r.code, question.id), r.response_id, question.id, masker.mask(r.text), r.verdict or "",
            r.reason or "",
        )
        for r in rows
    ]  # fmt: skip
    return AskedComments(question, len(rows), tuple(sorted(comments, key=lambda comment: comment.mark)))


def _mark(code: str, question_id: int) -> str:
    key = current_app.config["SETTINGS"].link_key.encode()
    digest = hmac.new(key, f"comment.{question_id}.{code}".encode(), hashlib.sha256).digest()
    return base64.b32encode(digest)[:12].decode()


def decide_comments(actor: audit.Actor, study_id: int, number: int, typed: Sequence[Typed]) -> int:
    """Keep or strike comments; return how many were decided anew. All of them or none.

    Raises
    ------
    InvalidInputError
        If one is struck without a reason, or is not there any more.
    EditConflictError
        If somebody else decided one of them since the page was shown.
    """
    with transaction():
        lock_study(study_id)
        held = {comment.mark: comment for comment in load_review(study_id, number).comments}
        if any(one.mark not in held for one in typed):
            raise InvalidInputError("A comment is not there any more: its response was withdrawn. Reload the page.")
        pairs = [(held[one.mark], one) for one in typed]
        meant = [(c, one) for c, one in pairs if (one.verdict, one.reason.strip()) != (c.verdict, c.reason)]
        _refuse_stale(meant)
        changed = len(meant)
        for comment, one in meant:
            _decide(actor, comment, one)
        db.session.flush()
        if changed:
            note = f"{changed} decided anew"
            audit.record(actor, "decided on comments", f"data set {number}", study_id=study_id, note=note)
    return changed


def _refuse_stale(meant: Sequence[tuple[Comment, Typed]]) -> None:
    if all(typed.seen == comment.verdict for comment, typed in meant):
        return
    raise EditConflictError(
        "Nothing was saved, because somebody else decided on these comments meanwhile. Look at the page again.",
        theirs="\n".join(_line(comment, comment.verdict, comment.reason) for comment, _ in meant),
        yours="\n".join(_line(comment, typed.verdict, typed.reason) for comment, typed in meant),
    )


def _line(comment: Comment, verdict: str, reason: str) -> str:
    return f"“{comment.text[:80]}”: {verdict or 'not decided'} {reason}".strip()


def _decide(actor: audit.Actor, comment: Comment, typed: Typed) -> None:
    reason = typed.reason.strip()
    if typed.verdict == STRIKE and not reason:
        raise InvalidInputError(f"Say why this comment is struck: “{comment.text[:80]}”.")
    if len(reason) > LONGEST:
        raise InvalidInputError(f"Keep each reason under {LONGEST} characters.")
    key = (comment.response_id, comment.question_id)
    row = db.session.get(CommentDecision, key)
    if not typed.verdict:
        if row is not None:
            db.session.delete(row)
        return
    if row is None:
        row = CommentDecision(response_id=key[0], question_id=key[1])
        db.session.add(row)
    row.verdict, row.reason, row.by_name, row.at = typed.verdict, reason, actor.name, clock.now()


def release_comments(actor: audit.Actor, study_id: int, number: int) -> Document:
    """Write the comments that were kept, under names made for this file alone, and keep the package as a document.

    Raises
    ------
    StateError
        If too few people wrote, or a comment is not decided yet.
    """
    review = load_review(study_id, number)
    if review.refused:
        raise StateError(review.refused)
    content = _package(review, db.session.get_one(Study, study_id))
    made = Made(
        "Comments, CSV", f"study-{study_id}-data-set-{number}-comments.zip", content, review.dataset.data_hash,
        dataset_id=review.dataset.id,
    )  # fmt: skip
    with transaction():
        return keep_document(actor, study_id, made, "wrote comments file")


def _package(review: CommentReview, study: Study) -> bytes:
    from jta.exports.csv_text import write_csv

    lines = [
        (f"c{secrets.token_hex(6)}", one.question.code, comment.text)
        for one in review.asked
        for comment in one.comments
        if comment.verdict == KEEP
    ]
    table = write_csv(("comment_id", "question", "comment"), sorted(lines))
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as pack:
        for name, content in (("comments.csv", table), ("README.txt", _read_me(review, study).encode())):
            pack.writestr(zipfile.ZipInfo(name, _FIXED), content, zipfile.ZIP_DEFLATED)
    return sink.getvalue()


def _read_me(review: CommentReview, study: Study) -> str:
    lines = [
        f"{study.title}: comments of data set {review.dataset.number}", "",
        f"Kept: {review.count(KEEP)}. Struck by the reviewer, each with a reason on record: {review.count(STRIKE)}.",
        "Every comment has a random name of its own, made for this file: nothing joins two comments of one person,",
        "or a comment and ratings. Rows are in the order of these names.",
        f"Addresses, telephone numbers and names that stand on the roster were replaced by {REMOVED}.", "",
    ]  # fmt: skip
    for one in review.asked:
        said = f"{one.n} comments" if one.comments else f"withheld: fewer than {review.smallest} people wrote one"
        lines.append(f"{one.question.code}: {one.question.prompt} ({said})")
    return "\n".join([*lines, *(["", study.notice] if study.notice else [])]) + "\n"
