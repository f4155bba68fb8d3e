"""The tables of a run as pages read them, with small groups hidden, and the words that go with their codes."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from jta.db import db
from jta.errors import NotFoundError
from jta.models.inventory import Task
from jta.models.results import AnalysisRun
from jta.models.study import Stratum
from jta.models.survey import Choice, Instrument, Question
from jta.services.results import read_table, table_bytes
from jta.services.results_privacy import group_sizes, is_personal, shield

if TYPE_CHECKING:
    import pandas as pd

Row = dict[str, Any]
OLDER = "This run was made before this table was part of the analysis. Run the analysis again to get it."
PERSONAL_READER = "psychometrician"


@dataclass
class Tables:
    """A run's tables, read at most once; small groups are already hidden."""

    run: AnalysisRun
    _read: dict[str, list[Row]] = field(default_factory=dict)

    def has(self, name: str) -> bool:
        """Say whether the run holds a table."""
        return name in self.run.summary["tables"]

    def rows(self, name: str, **wanted: Any) -> list[Row]:
        """Return the rows of a table, those that have the values wanted; none where there is no such table."""
        if name not in self._read:
            self._read[name] = self._load(name)
        return [row for row in self._read[name] if all(row.get(key) == value for key, value in wanted.items())]

    def one(self, name: str, **wanted: Any) -> Row:
        """Return the first such row, empty where there is none."""
        return next(iter(self.rows(name, **wanted)), {})

    def why_not(self, name: str) -> str | None:
        """Return why there is no such table, or None where there is one."""
        if self.has(name):
            return None
        return str(self.run.summary["left_out"].get(name, OLDER))

    def document(self, name: str) -> Row:
        """Return results that are no table."""
        found: Row = self.run.summary.get("document_values", {}).get(name, {})
        return found

    @cached_property
    def sizes(self) -> dict[tuple[str, str], int]:
        """Respondents by (variable, level)."""
        return group_sizes(_plain(read_table(self.run, "group_means"))) if self.has("group_means") else {}

    def _load(self, name: str) -> list[Row]:
        return _plain(shield(read_table(self.run, name), self.sizes)) if self.has(name) else []


def _plain(table: pd.DataFrame) -> list[Row]:
    columns = [str(name) for name in table.columns]
    return [
        {name: _cell(value) for name, value in zip(columns, row, strict=True)}
        for row in table.astype(object).itertuples(index=False, name=None)
    ]


def _cell(value: Any) -> Any:
    if value is None or not isinstance(value, Hashable):
        return None
    if isinstance(value, str | int | bool):
        return value
    return float(value) if isinstance(value, float) and not math.isnan(value) else _number(value)


def _number(value: Any) -> Any:
    import pandas as pd

    if pd.isna(value):
        return None
    return value.item() if hasattr(value, "item") else value


def table_file(run: AnalysisRun, name: str, roles: frozenset[str]) -> bytes:
    """Return a table as CSV for somebody with these roles.

    The psychometrician, who works with the answers without names, gets every table as it is stored. Everybody
    else gets no table of persons, and tables of groups with the small ones empty.

    Raises
    ------
    NotFoundError
        If the run holds no such table, or this person may not have it.
    """
    from jta.exports.tables import table_csv

    if PERSONAL_READER in roles:
        return table_bytes(run, name)
    table = read_table(run, name)
    if is_personal(table):
        raise NotFoundError
    tables = Tables(run)
    shown = shield(table, tables.sizes)
    return table_bytes(run, name) if shown is table else table_csv(shown)


def files_for(run: AnalysisRun, roles: frozenset[str]) -> list[str]:
    """Return the names of the tables that somebody with these roles may download."""
    from jta.exports.table_pack import unpack_header

    names = list(run.summary["tables"])
    if PERSONAL_READER in roles:
        return names
    return [name for name in names if not _PERSONS & set(unpack_header(run.tables, name))]


_PERSONS = {"respondent_id", "respondent_a", "respondent_b"}


@dataclass(frozen=True)
class Words:
    """What codes of a study mean: statements of tasks, labels of groups, titles of scales and their anchors."""

    statements: dict[str, str]
    groups: dict[tuple[str, str], str]
    variables: dict[str, str]
    scales: dict[str, Row]
    units: dict[str, str]

    def group(self, variable: str, level: str) -> str:
        """Return the label of a group, its code where it has none."""
        return self.groups.get((variable, level), level)

    def variable(self, name: str) -> str:
        """Return the background question behind a variable."""
        return self.variables.get(name, name)

    def scale(self, code: str) -> str:
        """Return the title of a scale."""
        if code.endswith("_performers") and code.removesuffix("_performers") in self.scales:
            return f"{self.scale(code.removesuffix('_performers'))}, performers only"
        return str(self.scales[code]["title"]) if code in self.scales else code

    def unit(self, code: str) -> str:
        """Return the title of a domain or subdomain."""
        return self.units.get(code, code)


def pick_scale(run: AnalysisRun, scales: Sequence[str], asked: str | None) -> str:
    """Return the scale asked for if the run has it, else importance, else the first, else an empty text."""
    importance = run.summary["choices"].get("importance_scale")
    return next((code for code in (asked, importance) if code in scales and code is not None), next(iter(scales), ""))


def words_of(run: AnalysisRun) -> Words:
    """Return the words of a run's study, in four queries."""
    study_id = run.study_id
    tasks = select(Task.code, Task.statement).where(Task.study_id == study_id)
    choices = select(Question.code, Question.prompt, Choice.code, Choice.label).join(
        Choice, Choice.question_id == Question.id
    )
    answers = list(db.session.execute(choices.where(Question.study_id == study_id)))
    strata = db.session.execute(select(Stratum.code, Stratum.label).where(Stratum.study_id == study_id))
    groups = {(variable, code): label for variable, _, code, label in answers}
    return Words(
        statements={code: text for code, text in db.session.execute(tasks)},
        groups=groups | {("stratum", code): label for code, label in strata},
        variables={variable: prompt for variable, prompt, _, _ in answers} | {"stratum": "Stratum of the frame"},
        scales=_scales(study_id),
        units={u["code"]: u["title"] for u in run.summary["units"]},
    )


def _scales(study_id: int) -> dict[str, Row]:
    found = select(Instrument.content).where(Instrument.study_id == study_id).order_by(Instrument.number.desc())
    content = db.session.scalar(found.limit(1)) or {"scales": []}
    return {scale["code"]: scale for scale in content["scales"]}
