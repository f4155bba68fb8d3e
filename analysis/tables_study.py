"""A study as the tables of statistics read it: scales as numbers, scopes of tasks, groups of people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.agreement_counts import Flags, Floats, Ints
from analysis.bases_kane import log_products
from analysis.choices import Choices
from analysis.counting import count_codes
from analysis.frames import DOMAIN, FORM, RESPONDENT, TASK
from analysis.ratings import RatingMatrix, StudyData
from analysis.weighting import Margin

_CHUNK = 16_384
MAX_LEVELS = 50


@dataclass(frozen=True)
class ScaleView:
    """The ratings of one scale as numbers.

    ``lookup`` gives the number of each code (NaN = none); ``points`` (K,) are the codes that have
    one, by ascending number ``values`` (K,).
    """

    code: str
    codes: npt.NDArray[np.uint8]
    lookup: Floats

    @cached_property
    def points(self) -> Ints:
        """Codes with a number, ascending by number."""
        numbered = np.flatnonzero(~np.isnan(self.lookup))
        return numbered[np.argsort(self.lookup[numbered], kind="stable")].astype(np.int64)

    @property
    def values(self) -> Floats:
        """Numbers of the points, ascending."""
        return self.lookup[self.points]

    def given(self, tasks: Ints | None = None) -> Flags:
        """Whether each respondent gave each task a rating with a number."""
        codes = self.codes if tasks is None else self.codes[:, tasks]
        return np.asarray(~np.isnan(self.lookup))[codes]

    def n_given(self) -> Ints:
        """Number of ratings with a number of each respondent, (R,)."""
        known = ~np.isnan(self.lookup)
        parts = [
            np.count_nonzero(known[self.codes[start : start + _CHUNK]], axis=1)
            for start in range(0, len(self.codes), _CHUNK)
        ]
        return np.concatenate(parts).astype(np.int64) if parts else np.zeros(0, dtype=np.int64)

    def chunks(self, rows: Flags | None = None, tasks: Ints | None = None) -> Iterator[Floats]:
        """Ratings as numbers (NaN = missing), some thousand respondents at a time."""
        for start in range(0, len(self.codes), _CHUNK):
            part = self.codes[start : start + _CHUNK]
            part = part if rows is None else part[rows[start : start + _CHUNK]]
            yield self.lookup[part if tasks is None else part[:, tasks]]

    def numbers(self, rows: Flags | None = None, tasks: Ints | None = None) -> Floats:
        """Ratings as numbers, all at once."""
        parts = list(self.chunks(rows, tasks))
        width = self.codes.shape[1] if tasks is None else len(tasks)
        return np.concatenate(parts) if parts else np.empty((0, width))

    def counts(self, rows: Flags | None = None, tasks: Ints | None = None) -> Ints:
        """Ratings of each task on each point, (T, K)."""
        part = self.codes if rows is None else self.codes[rows]
        part = part if tasks is None else part[:, tasks]
        return count_codes(part, len(self.lookup))[:, self.points]

    def categories(self) -> npt.NDArray[np.int16]:
        """Number of each rating's point from 0 upward, -1 = missing."""
        rank = np.full(len(self.lookup), -1, dtype=np.int16)
        rank[self.points] = np.arange(len(self.points))
        return rank[self.codes]


def scale_view(matrix: RatingMatrix, not_performed: float | None) -> ScaleView:
    """View a scale with "not performed" as a number or as missing."""
    return ScaleView(matrix.scale.code, matrix.codes, matrix.scale.values(not_performed))


def log_product_parts(importance: ScaleView, frequency: ScaleView) -> Iterator[Floats]:
    """ln(importance x frequency) of each performed pair, some thousand respondents at a time."""
    for a, b in zip(importance.chunks(), frequency.chunks(), strict=True):
        yield log_products(a, b)


@dataclass(frozen=True)
class Grouping:
    """A background question: its levels by code point and each respondent's (-1 = missing)."""

    name: str
    levels: tuple[str, ...]
    level_of: Ints


@dataclass(frozen=True)
class PopulationMargin:
    """One variable of the population table: counts with the respondents' levels, names, shares."""

    margin: Margin
    levels: list[str]
    shares: Floats


@dataclass
class StudyView:
    """Everything the tables read, and the reasons of what they leave out."""

    data: StudyData
    choices: Choices
    confidence: float
    variables: tuple[str, ...] = ()
    left_out: dict[str, str] = field(default_factory=dict)

    @cached_property
    def scales(self) -> dict[str, ScaleView]:
        """Scales in the study's order; non-performers count 0 on the frequency scale, whatever the plan says."""
        found = {}
        for code, matrix in self.choices.matrices.items():
            zero = 0.0 if code == self.choices.frequency else None
            found[code] = scale_view(matrix, zero)
        return found

    @property
    def main(self) -> ScaleView | None:
        """The importance scale, or the only scale of a study without one."""
        if self.choices.importance is not None:
            return self.scales[self.choices.importance]
        others = [view for code, view in self.scales.items() if code != self.choices.frequency]
        return others[0] if len(others) == 1 else None

    @property
    def frequency(self) -> ScaleView | None:
        """The frequency scale."""
        return None if self.choices.frequency is None else self.scales[self.choices.frequency]

    @cached_property
    def task_ids(self) -> list[str]:
        """Codes of the tasks in table order."""
        return [str(code) for code in self.data.tasks[TASK]]

    @cached_property
    def respondent_ids(self) -> list[str]:
        """Codes of the respondents in matrix order."""
        return [str(code) for code in self.data.respondent_ids]

    @cached_property
    def domains(self) -> tuple[Ints, list[str]]:
        """Domain number of each task, and the domains' codes by first appearance."""
        members, codes = pd.factorize(self.data.tasks[DOMAIN].to_numpy(dtype=object))
        return members.astype(np.int64), [str(code) for code in codes]

    def scopes(self) -> dict[str, Ints]:
        """Positions of all tasks and of each domain's tasks."""
        members, codes = self.domains
        named = {"total": np.arange(len(members), dtype=np.int64)}
        return named | {code: np.flatnonzero(members == d).astype(np.int64) for d, code in enumerate(codes)}

    @property
    def has_forms(self) -> bool:
        """Whether respondents rated different forms (matrix sampling)."""
        return bool(self.form_scopes)

    @cached_property
    def form_scopes(self) -> dict[str, tuple[Flags, Ints]]:
        """Respondents and tasks of each form, by ``form_<code>``."""
        if self.data.forms is None or self.data.form_of is None:
            return {}
        place = {code: i for i, code in enumerate(self.task_ids)}
        found = {}
        for form, rows in self.data.forms.groupby(FORM, sort=False):
            tasks = np.array([place[str(task)] for task in rows[TASK]], dtype=np.int64)
            found[f"form_{form}"] = (np.asarray(self.data.form_of == form), tasks)
        return found

    def on_form(self) -> Flags | None:
        """Whether each task stands on each respondent's form; None without forms."""
        if not self.has_forms:
            return None
        marks = np.zeros((len(self.respondent_ids), len(self.task_ids)), dtype=bool)
        for rows, tasks in self.form_scopes.values():
            marks[np.ix_(rows, tasks)] = True
        return marks

    def background(self, name: str) -> npt.NDArray[np.object_] | None:
        """Answers to a background question as text ("" = missing), or None if not asked."""
        frame = self.data.respondents
        if frame is None or name not in frame.columns:
            return None
        return frame[name].fillna("").astype(str).to_numpy(dtype=object)

    @cached_property
    def groupings(self) -> list[Grouping]:
        """Background questions with two or more levels: text columns that are no codes or dates."""
        frame = self.data.respondents
        if frame is None:
            return []
        names = [str(name) for name in frame.columns if name != RESPONDENT]
        for name in set(self.variables) - set(names):
            self.left_out[f"subgroups by {name}"] = "Respondents were not asked this background question."
        found = [self._grouping(name) for name in names if not self.variables or name in self.variables]
        return [grouping for grouping in found if grouping is not None]

    def _grouping(self, name: str) -> Grouping | None:
        answers = self.background(name)
        if answers is None or not _is_category(answers):
            return None
        levels = sorted(set(answers.tolist()) - {""})
        if len(levels) > MAX_LEVELS:
            text = f"{name} has {len(levels)} different answers; group them into at most {MAX_LEVELS}."
            self.left_out[f"subgroups by {name}"] = text
            return None
        if len(levels) < 2:
            return None
        level_of = _places(answers, levels)
        return Grouping(name, tuple(levels), level_of)

    @cached_property
    def margins(self) -> list[PopulationMargin]:
        """Population margins with each respondent's level, in the order of the population table."""
        population = self.data.population
        if population is None:
            return []
        found = [self._margin(str(name), rows) for name, rows in population.groupby("variable", sort=False)]
        return [margin for margin in found if margin is not None]

    def _margin(self, name: str, rows: pd.DataFrame) -> PopulationMargin | None:
        answers, levels = self.background(name), [str(level) for level in rows["level"]]
        if answers is None:
            text = f"The respondents have no column {name!r}, which the population table names."
            self.left_out[f"population: {name}"] = text
            return None
        if len(set(levels)) < len(levels):
            self.left_out[f"population: {name}"] = f"The population table has a level of {name} twice."
            return None
        counts, shares = (rows[column].to_numpy(dtype=float) for column in ("count", "share"))
        known = counts if np.isnan(shares).any() else shares
        return PopulationMargin(Margin(name, _places(answers, levels), counts), levels, known)


def _places(answers: npt.NDArray[np.object_], levels: list[str]) -> Ints:
    """Number of each answer's level, -1 for an answer that is no level."""
    return pd.Index(levels, dtype=object).get_indexer(pd.Index(answers, dtype=object)).astype(np.int64)


def _is_category(answers: npt.NDArray[np.object_]) -> bool:
    """Text that is neither a number nor a date."""
    known = pd.Series(answers[answers != ""], dtype=object).drop_duplicates()
    if known.empty or pd.to_numeric(known, errors="coerce").notna().all():
        return False
    return not known.astype(str).str.fullmatch(r"\d{4}-\d{2}-\d{2}([T ].*)?").all()
