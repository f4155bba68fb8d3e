"""What the pages and files of a market study hold, put together for whoever reads them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jta.db import db
from jta.errors import NotFoundError
from jta.models.review import Dataset
from jta.models.study import Study
from jta.models.survey import Question
from jta.services.dispositions import SUBMITTED, count_by_stratum, total
from jta.services.market_data import FREEZABLE
from jta.services.market_results import MarketResults, list_datasets, load_results
from jta.services.market_themes import (
    CommentPage,
    ThemeLine,
    comment_questions,
    list_themes,
    load_comments,
    theme_lines,
)
from jta.services.results_privacy import Reader, reader_of
from jta.services.results_release import require_released, why_withheld
from jta.services.review import get_dataset


@dataclass(frozen=True)
class MarketPage:
    """The results page; ``results`` is None where there is none, or ``withheld`` says why it is not shown."""

    datasets: list[Dataset]
    results: MarketResults | None
    withheld: str | None
    reader: Reader
    may_freeze: bool
    submitted: int
    has_comments: bool


def load_page(study: Study, roles: Iterable[str], *, by: str = "", number: str = "") -> MarketPage:
    """Return the results of a data set (the newest, or the one chosen) as somebody with these roles may see them.

    Raises
    ------
    NotFoundError
        If there is no data set of this number.
    InvalidInputError
        If the question to group by is none.
    """
    reader = reader_of(roles, study.smallest_group)
    datasets = list_datasets(study.id)
    shown = _chosen(datasets, number)
    withheld = None if shown is None or reader.full else why_withheld(shown, study.smallest_group)
    return MarketPage(
        datasets=datasets,
        results=None if shown is None or withheld else load_results(shown, reader, by),
        withheld=withheld,
        reader=reader,
        may_freeze=study.stage in FREEZABLE,
        submitted=total(count_by_stratum(study.id))[SUBMITTED],
        has_comments=bool(comment_questions(study.id)),
    )


def _chosen(datasets: list[Dataset], number: str) -> Dataset | None:
    if not number:
        return datasets[0] if datasets else None
    found = next((dataset for dataset in datasets if str(dataset.number) == number), None)
    if found is None:
        raise NotFoundError
    return found


def results_workbook(study: Study, roles: Iterable[str], number: int) -> bytes:
    """Return the results of a data set as a workbook, with what this reader may see.

    Raises
    ------
    NotFoundError
        If there is no such data set.
    ResultsWithheldError
        If its results are not released to this reader.
    """
    from jta.exports.market_book import BookHead, write_market_book

    reader = reader_of(roles, study.smallest_group)
    dataset, alone, crossed = _every_result(study, reader, number)
    head = BookHead(
        study.title, study.notice or "", dataset.number, alone.n, dataset.data_hash, reader.minimum, reader.full
    )
    themes = [(line.theme.code, line.theme.label, line.theme.definition) for line in theme_lines(study.id, reader)]
    return write_market_book(head, alone.results, crossed, themes)


def results_csv(study: Study, roles: Iterable[str], number: int) -> bytes:
    """Return the numbers of the workbook as one long table in CSV; raises as `results_workbook`."""
    from jta.exports.market_csv import write_market_csv

    _, alone, crossed = _every_result(study, reader_of(roles, study.smallest_group), number)
    return write_market_csv(alone.results, crossed)


def _every_result(
    study: Study, reader: Reader, number: int
) -> tuple[Dataset, MarketResults, list[tuple[Any, Sequence[Any]]]]:
    """Return a data set, each question alone, and each by the groups of every other, as this reader may see them."""
    dataset = get_dataset(study.id, number)
    require_released(dataset, reader, study.smallest_group)
    alone = load_results(dataset, reader)
    crossed = [load_results(dataset, reader, by=question.code) for question in alone.groupings]
    return dataset, alone, [(page.by, page.results) for page in crossed]


def dataset_file(study_id: int, number: int) -> bytes:
    """Return a data set's bytes as they were frozen."""
    return bytes(get_dataset(study_id, number).content)


@dataclass(frozen=True)
class Codebook:
    """The codebook with counts."""

    lines: list[ThemeLine]
    reader: Reader
    has_comments: bool


def load_codebook(study: Study, roles: Iterable[str]) -> Codebook:
    """Return the codebook as somebody with these roles may see it."""
    reader = reader_of(roles, study.smallest_group)
    return Codebook(theme_lines(study.id, reader), reader, bool(comment_questions(study.id)))


@dataclass(frozen=True)
class CommentPlace:
    """Which page of which question's comments."""

    question: int
    page: int

    def values(self) -> dict[str, int]:
        """Return it as arguments of an address."""
        return {"question": self.question, "page": self.page}


def comment_place(study_id: int, args: Mapping[str, str]) -> CommentPlace:
    """Read the place from an address; what is missing is the first question and page."""
    known = [question.id for question in comment_questions(study_id)]
    asked, page = args.get("question", ""), args.get("page", "")
    question = int(asked) if asked.isdigit() and int(asked) in known else next(iter(known), 0)
    return CommentPlace(question, max(1, int(page)) if page.isdigit() and len(page) < 6 else 1)


@dataclass(frozen=True)
class CodingPage:
    """Comments to be coded: the question, all such questions, the codebook, the comments."""

    question: Question | None
    questions: list[Question]
    themes: list[tuple[int, str]]
    comments: CommentPage


def load_comment_page(study_id: int, place: CommentPlace) -> CodingPage:
    """Return the comments at a place with the codebook."""
    themes = [(theme.id, theme.label) for theme in list_themes(study_id)]
    question = db.session.get(Question, place.question) if place.question else None
    comments = load_comments(study_id, place.question, place.page)
    return CodingPage(question, comment_questions(study_id), themes, comments)
