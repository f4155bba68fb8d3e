"""Ratings as files for other programs: made beside the web pages, counted again, kept as documents."""

from __future__ import annotations

import io
import secrets
import zipfile
from collections.abc import Callable
from hashlib import sha256
from typing import TYPE_CHECKING, Any, BinaryIO

from jta import audit, jobs
from jta.db import db, transaction
from jta.errors import NotFoundError, StateError
from jta.models.jobs import Job
from jta.models.report import Document
from jta.models.review import Dataset
from jta.models.study import Study
from jta.services.archive import export_study
from jta.services.data_release import Release, release_background
from jta.services.documents import Made, keep_document
from jta.services.review import get_dataset
from jta.services.study_stage import lock_study

if TYPE_CHECKING:
    from jta.exports.rating_table import RatingTable

KIND, ARCHIVE = "ratings file", "study archive"
# What can be asked for: how it is called, and the name of the file in the package.
FORMATS = {
    "wide-csv": ("CSV, one row for each respondent", "ratings-wide.csv"),
    "long-csv": ("CSV, one row for each rating", "ratings-long.csv"),
    "wide-xlsx": ("Excel, one row for each respondent", "ratings-wide.xlsx"),
    "long-xlsx": ("Excel, one row for each rating", "ratings-long.xlsx"),
    "parquet": ("Parquet, one row for each respondent", "ratings.parquet"),
    "sav": ("SPSS, one row for each respondent", "ratings.sav"),
}
_FIXED = (1980, 1, 1, 0, 0, 0)  # the earliest time a zip can hold


def ask_file(actor: audit.Actor, study_id: int, number: int, form: str) -> int:
    """Record that a file of a data set is wanted and return the job's id; one that is at work already is joined.

    Raises
    ------
    NotFoundError
        If there is no such data set or kind of file.
    StateError
        If the data set is too small for single answers to leave.
    """
    if form not in FORMATS:
        raise NotFoundError
    with transaction():
        lock_study(study_id)
        dataset = get_dataset(study_id, number)
        release = release_background(dataset)
        if release.refused:
            raise StateError(release.refused)
        present = jobs.find_at_work(KIND, study_id, {"number": number, "form": form})
        if present is not None:
            return present.id
        return jobs.enqueue(KIND, study_id, {"number": number, "form": form}, actor).id


def ask_archive(actor: audit.Actor, study_id: int) -> int:
    """Record that the study's archive is wanted and return the job's id; one that is at work already is joined."""
    with transaction():
        lock_study(study_id)
        present = jobs.find_at_work(ARCHIVE, study_id, {})
        return present.id if present is not None else jobs.enqueue(ARCHIVE, study_id, {}, actor).id


def get_job(study_id: int, job_id: int) -> Job:
    """Return one file that was asked for.

    Raises
    ------
    NotFoundError
        If the study has none with this id.
    """
    try:
        return jobs.get_job(study_id, job_id, KIND)
    except NotFoundError:
        return jobs.get_job(study_id, job_id, ARCHIVE)


@jobs.handler(ARCHIVE)
def _archive(work: jobs.Work) -> dict[str, Any]:
    study_id = work.study_id or 0
    work.tell("Gathering the study")
    content = export_study(study_id)
    made = Made("Study archive", f"study-{study_id}-archive.zip", content, sha256(content).hexdigest(), restricted=True)
    db.session.rollback()  # nothing was written
    with transaction():
        return {"document": keep_document(work.actor, study_id, made, "wrote archive").id}


@jobs.handler(KIND)
def _make(work: jobs.Work) -> dict[str, Any]:
    document = make_file(
        work.actor, work.study_id or 0, work.args["number"], work.args["form"], tell=work.tell
    )  # fmt: skip
    return {"document": document.id}


def make_file(
    actor: audit.Actor, study_id: int, number: int, form: str, tell: Callable[[str, float], None] = lambda *_: None
) -> Document:
    """Write a data set in one form, count it against the data set, and keep it with its codebook in one package.

    Raises
    ------
    StateError
        If too few people are in it, or the file does not hold exactly the ratings of the data set.
    """
    from analysis.parquet import from_parquet
    from jta.exports.rating_table import build_rating_table

    tell("Reading the data set", 0.0)
    dataset, study = get_dataset(study_id, number), db.session.get_one(Study, study_id)
    release = release_background(dataset)
    if release.background is None:
        raise StateError(release.refused)
    source, notice = from_parquet(dataset.content), study.notice
    about = Made(FORMATS[form][0], _name(study_id, number, form), b"", dataset.data_hash, dataset_id=dataset.id)
    read_me = _read_me(study, dataset, release)
    db.session.rollback()  # nothing was written; the database is free while the file is made
    names = [f"p{secrets.token_hex(6)}" for _ in range(release.n)]
    table = build_rating_table(source, release.background, names)
    tell("Writing the file", 0.3)
    package = _package(table, form, read_me, notice)
    made = Made(about.kind, about.filename, package, about.source_hash, dataset_id=about.dataset_id, restricted=True)
    tell("Storing the file", 0.9)
    with transaction():
        return keep_document(actor, study_id, made, "wrote ratings file")


def _name(study_id: int, number: int, form: str) -> str:
    return f"study-{study_id}-data-set-{number}-{form}.zip"


def _package(table: RatingTable, form: str, read_me: str, notice: str | None) -> bytes:
    from jta.exports import rating_files as files

    writers: dict[str, Callable[[RatingTable, BinaryIO], int]] = {
        "wide-csv": files.write_wide_csv, "long-csv": files.write_long_csv, "wide-xlsx": files.write_wide_excel,
        "long-xlsx": files.write_long_excel, "parquet": files.write_parquet,
        "sav": lambda given, out: out.write(files.write_spss(given)) and len(given.ids),
    }  # fmt: skip
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as pack:
        with pack.open(zipfile.ZipInfo(FORMATS[form][1], _FIXED), "w", force_zip64=True) as out:
            rows = writers[form](table, out)  # type: ignore[arg-type]  # a file in a zip is binary
        check_counts(table, rows, is_long=form.startswith("long"))
        texts = [read_me, *files.missing_lines(table), "", *([notice] if notice else [])]
        pack.writestr(zipfile.ZipInfo("README.txt", _FIXED), "\n".join(texts) + "\n", zipfile.ZIP_DEFLATED)
        pack.writestr(zipfile.ZipInfo("codebook.csv", _FIXED), files.write_codebook(table), zipfile.ZIP_DEFLATED)
    return sink.getvalue()


def check_counts(table: RatingTable, rows: int, *, is_long: bool) -> None:
    """Raise unless a file has as many rows as there are ratings (long) or respondents (wide).

    Raises
    ------
    StateError
    """
    wanted = sum(table.n_ratings().values()) if is_long else len(table.ids)
    if rows != wanted:
        raise StateError(f"The file would hold {rows:,} rows where the data set has {wanted:,}. It was not kept.")


def _read_me(study: Study, dataset: Dataset, release: Release) -> str:
    counts = ", ".join(f"{count:,} {label}" for label, count in dataset.counts.items())
    lines = [
        f"{study.title}: ratings of data set {dataset.number}", "",
        f"Hash of the ratings (SHA-256): {dataset.data_hash}", f"Rule: {dataset.rule}", f"Counts: {counts}", "",
        "Nobody is named. The names of respondents are random and made for this file alone; rows are in their order.",
        "codebook.csv says what each column and each number means.", "",
        f"Background fields: {', '.join(release.kept) or 'none'}", *release.changes, "", "Numbers that are no rating:",
    ]  # fmt: skip
    return "\n".join(lines)
