"""A study as a folder of CSV files: ``tasks.csv``, ``ratings.csv`` and, where present, others.

Codes are text, as they stand (``007`` stays ``007``, ``NA`` is a code). Faults of all files are gathered
and told together; what no file says is taken as `FolderStudy.assumptions` states.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.choices import FREQUENCY_NAMES, find_scale
from analysis.csv_text import Problems, StudyFolderError, Table, code_fault, open_table
from analysis.folder_faults import Finding, Findings
from analysis.folder_ratings import COLUMNS, Offered, RatingsReader, Survey, survey_ratings
from analysis.folder_tables import (
    read_forms,
    read_population,
    read_respondents,
    read_scales,
    read_tasks,
    scale_of_range,
)
from analysis.frames import FORM, TASK
from analysis.ratings import StudyData, study_from_codes
from analysis.scales import RatingScale, integer_scale

Progress = Callable[[str], None]
RATINGS = "ratings.csv"


@dataclass(frozen=True)
class FolderStudy:
    """A study read from a folder.

    Parameters
    ----------
    data : StudyData
    findings : tuple of Finding
        Known faults that were cleaned, in the order of rows; empty unless cleaning was asked for.
    assumptions : tuple of str
        What was taken as given because no file says it.
    """

    data: StudyData
    findings: tuple[Finding, ...]
    assumptions: tuple[str, ...]


@dataclass
class _Files:
    """What the small files hold; ``None`` where there is no such file or it is at fault."""

    folder: Path
    problems: Problems
    tasks: pd.DataFrame | None
    scales: list[RatingScale] | None
    respondents: pd.DataFrame | None
    population: pd.DataFrame | None
    forms: pd.DataFrame | None
    ratings: Table | None

    def has(self, name: str) -> bool:
        """Return whether the folder holds a file of this name."""
        return (self.folder / name).is_file()


def read_study_folder(
    folder: Path, *, frequency: str | None = None, clean: bool = False, progress: Progress | None = None
) -> FolderStudy:
    """Read a study.

    Parameters
    ----------
    folder : Path
    frequency : str, optional
        Code of the frequency scale; by default the scale of that name.
    clean : bool
        Whether known faults of ratings are dealt with by the rules of `analysis.folder_faults` instead
        of being refused.
    progress : callable, optional
        Called with a sentence after each block of rows.

    Raises
    ------
    StudyFolderError
        With every fault found, if one is there that may not be cleaned.
    """
    files = _read_files(folder)
    if files.tasks is None or files.ratings is None or _is_lost(files):
        raise _failure(files.problems)
    survey = survey_ratings(files.ratings) if files.respondents is None or files.scales is None else Survey()
    before = files.problems.total
    scales, said = _scales(files, survey, frequency)
    ids, more = _respondents(files, survey)
    if files.problems.total > before:
        raise _failure(files.problems)
    chosen = frequency or find_scale({scale.code: scale for scale in scales}, FREQUENCY_NAMES)
    findings = Findings(RATINGS, clean, files.problems)
    reader = RatingsReader(
        table=files.ratings,
        scales=scales,
        respondents=ids,
        tasks=files.tasks["task_id"].tolist(),
        frequency=chosen,
        findings=findings,
        progress=progress or (lambda _text: None),
        offered=_offered(files),
    )
    codes = reader.read()
    files.problems.raise_any()
    data = study_from_codes(
        *(files.tasks, scales, ids, codes),
        respondents=files.respondents,
        population=files.population,
        forms=files.forms,
    )
    return FolderStudy(data, tuple(sorted(findings.kept)), (*said, *more))


def _read_files(folder: Path) -> _Files:
    problems = Problems()
    for name in ("tasks.csv", RATINGS):
        if not (folder / name).is_file():
            problems.add(name, 0, "", f"the file is missing; the study folder {folder.name!r} must hold it.")
    tasks = read_tasks(folder / "tasks.csv", problems) if (folder / "tasks.csv").is_file() else None
    known = None if tasks is None else set(tasks["task_id"])
    return _Files(
        folder,
        problems,
        tasks,
        read_scales(folder / "scales.csv", problems) if (folder / "scales.csv").is_file() else None,
        read_respondents(folder / "respondents.csv", problems),
        read_population(folder / "population.csv", problems),
        read_forms(folder / "forms.csv", known, problems),
        open_table(folder / RATINGS, COLUMNS, problems) if (folder / RATINGS).is_file() else None,
    )


def _is_lost(files: _Files) -> bool:
    """Return whether a file that the ratings must be checked against is there but at fault."""
    lost = (
        files.scales is None and files.has("scales.csv"),
        files.respondents is None and files.has("respondents.csv"),
    )
    return any(lost)


def _offered(files: _Files) -> Offered | None:
    """Return which tasks each respondent was given, ``None`` where there are no forms."""
    people, forms, tasks = files.respondents, files.forms, files.tasks
    if people is None or forms is None or tasks is None or FORM not in people:
        return None
    names, codes = forms[FORM].unique().tolist(), tasks[TASK].tolist()
    on_form = np.zeros((len(names), len(codes)), dtype=bool)
    places = pd.Index(codes).get_indexer(forms[TASK])  # unknown tasks are told as faults of forms.csv
    rows = pd.Index(names).get_indexer(forms[FORM])
    on_form[rows[places >= 0], places[places >= 0]] = True
    return Offered(pd.Index(names).get_indexer(people[FORM]).astype(np.int64), on_form)


def _failure(problems: Problems) -> StudyFolderError:
    return StudyFolderError(problems.kept, problems.total)


def _scales(files: _Files, survey: Survey, frequency: str | None) -> tuple[list[RatingScale], list[str]]:
    if files.scales is not None:
        return files.scales, []
    codes = sorted(survey.smallest)
    named = {code: integer_scale(code, 0, 1) for code in codes if not code_fault(code)}
    often = frequency or find_scale(named, FREQUENCY_NAMES)
    scales, said = [], []
    for code in named:
        low, high = survey.smallest[code], survey.largest[code]
        scale = scale_of_range(code, low, high, frequency=code == often)
        if scale is None:
            text = f"the ratings of {code!r} run from {low} to {high}, which is no rating scale; add a scales.csv."
            files.problems.add(RATINGS, 0, "value", text)
            continue
        zero = ", 0 meaning 'not performed'" if scale.not_performed_code else ""
        said.append(f"No scales.csv: the scale {code!r} is taken to run from {min(1, low)} to {high}{zero}.")
        scales.append(scale)
    return scales, said


def _respondents(files: _Files, survey: Survey) -> tuple[list[str], list[str]]:
    if files.respondents is not None:
        return files.respondents["respondent_id"].tolist(), []
    for code in sorted(survey.respondents):
        if fault := code_fault(code):
            files.problems.add(RATINGS, 0, "respondent_id", fault)
    said = f"No respondents.csv: the respondents are the {len(survey.respondents)} named in {RATINGS}."
    return sorted(survey.respondents), [said]
