"""The tables of a run as pages read them, with small groups hidden, and the words that go with their codes."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from jta.db import db
from jta.errors import NotFoundError
from jta.models.inventory import Task
from jta.models.results import AnalysisRun
from jta.models.study import Stratum, Study
from jta.models.survey import Choice, Instrument, Question
from jta.services.results import get_run, read_table, table_bytes
from jta.services.results_privacy import Known, Reader, hidden_levels, is_known, is_personal, reader_of
from jta.services.results_release import require_released
from jta.services.results_shield import know, shield

if TYPE_CHECKING:
    import pandas as pd

Row = dict[str, Any]
OWN_GROUPS = {"stratum": "Stratum of the frame", "wave": "When the response was begun"}
WAVES = {("wave", "early"): "Early: first half of the responses", ("wave", "late"): "Late: second half"}
OLDER = "This run was made before this table was part of the analysis. Run the analysis again to get it."


REMEMBERED = 32  # runs whose small groups a process keeps in mind: a stored run never changes
_known: dict[tuple[str, int], Known] = {}


@dataclass
class Tables:
    """A run's tables for one reader, read at most once; what is too small for the reader is already hidden."""

    run: AnalysisRun
    reader: Reader = field(default_factory=Reader)
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
        """Return results that are no table; what raking did tells the sizes of strata, so it is hidden with them."""
        if name == "rake_summary" and not self.reader.full and self.known.frames:
            return {}
        found: Row = self.run.summary.get("document_values", {}).get(name, {})
        return found

    @cached_property
    def known(self) -> Known:
        """What is small in this run."""
        key = self.run.result_hash, self.reader.minimum
        if key not in _known:
            scale = self.run.summary["choices"].get("importance_scale")
            found = know(lambda name: self.stored(name) if self.has(name) else None, self.reader.minimum, scale)
            while len(_known) >= REMEMBERED:
                _known.pop(next(iter(_known)))
            _known[key] = found
        return _known[key]

    @property
    def sizes(self) -> dict[tuple[str, str], int]:
        """Respondents by (variable, level)."""
        return dict(self.known.sizes)

    @cached_property
    def hidden_groups(self) -> set[tuple[str, str]]:
        """The (variable, level) that this reader does not see."""
        return set() if self.reader.full else hidden_levels(self.known.sizes, self.reader.minimum)

    def stored(self, name: str) -> pd.DataFrame:
        """Return a table as it is stored, nothing hidden; for counting only, never for a page."""
        return read_table(self.run, name)

    def shown(self, name: str) -> pd.DataFrame:
        """Return a table with what is too small for the reader empty."""
        table = self.stored(name)
        return table if self.reader.full else shield(table, self.known)

    def _load(self, name: str) -> list[Row]:
        if not self.has(name) or not (self.reader.full or is_known(name)):
            return []
        table = self.shown(name)
        return _plain(table if "suppressed" in table.columns else table.assign(suppressed=""))


def open_results(study: Study, run_id: int, roles: frozenset[str]) -> Tables:
    """Return the tables of a run for somebody with these roles.

    Raises
    ------
    NotFoundError
        If the study has no such run.
    ResultsWithheldError
        If the run's data set is too like an earlier one, and the reader is no psychometrician.
    """
    run, reader = get_run(study.id, run_id), reader_of(roles, study.smallest_group)
    require_released(run.dataset, reader, study.smallest_group)
    return Tables(run, reader)


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


def table_file(tables: Tables, name: str) -> bytes:
    """Return a table as CSV for its reader.

    The psychometrician, who works with the answers without names, gets every table as it is stored. Everybody
    else gets no table of persons, and tables of groups with the small ones empty.

    Raises
    ------
    NotFoundError
        If the run holds no such table, or this person may not have it.
    """
    from jta.exports.tables import table_csv

    stored = tables.stored(name)
    if tables.reader.full:
        return table_bytes(tables.run, name)
    if not is_known(name) or is_personal(stored.columns):
        raise NotFoundError
    shown = shield(stored, tables.known)
    return table_bytes(tables.run, name) if shown is stored else table_csv(shown)


def files_for(tables: Tables) -> list[str]:
    """Return the names of the tables that the reader may download."""
    from jta.exports.table_pack import unpack_header

    names = list(tables.run.summary["tables"])
    if tables.reader.full:
        return names
    return [name for name in names if is_known(name) and not is_personal(unpack_header(tables.run.tables, name))]


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

    def in_order(self, variable: str, levels: Iterable[str]) -> list[str]:
        """Return levels in the order that respondents read them; unknown ones last, as they come."""
        place = {level: n for n, (name, level) in enumerate(self.groups) if name == variable}
        return sorted(dict.fromkeys(levels), key=lambda level: place.get(level, len(place)))

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


def domains_of(tables: Tables, words: Words) -> dict[str, str]:
    """Return the content domains of a run's tasks, to choose one from."""
    return {code: words.unit(code) for code in dict.fromkeys(row["domain_id"] for row in tables.rows("retention"))}


def tasks_in(tables: Tables, domain: str | None) -> set[str]:
    """Return the tasks of a domain; of all where there is no such domain."""
    rows = tables.rows("retention")
    found = {row["task_id"] for row in rows if row["domain_id"] == domain}
    return found or {row["task_id"] for row in rows}


def words_of(run: AnalysisRun) -> Words:
    """Return the words of a run's study, in four queries."""
    study_id = run.study_id
    tasks = select(Task.code, Task.statement).where(Task.study_id == study_id)
    choices = select(Question.code, Question.prompt, Choice.code, Choice.label).join(
        Choice, Choice.question_id == Question.id
    )
    asked = choices.where(Question.study_id == study_id).order_by(Question.position, Choice.position, Choice.id)
    answers = list(db.session.execute(asked))
    known = select(Stratum.code, Stratum.label).where(Stratum.study_id == study_id).order_by(Stratum.position)
    strata = db.session.execute(known)
    groups = {(variable, code): label for variable, _, code, label in answers}
    return Words(
        statements={code: text for code, text in db.session.execute(tasks)},
        groups=WAVES | groups | {("stratum", code): label for code, label in strata},
        variables=OWN_GROUPS | {variable: prompt for variable, prompt, _, _ in answers},
        scales=_scales(study_id),
        units={u["code"]: u["title"] for u in run.summary["units"]},
    )


def _scales(study_id: int) -> dict[str, Row]:
    found = select(Instrument.content).where(Instrument.study_id == study_id, Instrument.kind == "main")
    content = db.session.scalar(found.order_by(Instrument.number.desc()).limit(1)) or {"scales": []}
    return {scale["code"]: scale for scale in content["scales"]}
