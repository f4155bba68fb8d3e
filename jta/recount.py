"""``flask --app app recount ARCHIVE``: the weights of a study once more, by a path of its own.

Nothing of `analysis/` is used: the ratings come from the Parquet files of the archive as plain rows, and every
number is made by loops over them. It is slow and short on purpose, so that an auditor can read it.
"""

from __future__ import annotations

import csv
import io
import json
import math
import statistics
import sys
import zipfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from jta.imports.result import RefusedError
from jta.imports.study_archive import ArchiveContent, read_archive

TOLERANCE = 1e-9
Ratings = dict[str, dict[str, float]]  # by task, then respondent


@dataclass(frozen=True)
class Line:
    """One number that was compared: what it is, as the archive has it, as it was counted again."""

    what: str
    stored: float | None
    counted: float | None

    @property
    def agrees(self) -> bool:
        """Whether both are absent, or differ by no more than 1e-9."""
        if self.stored is None or self.counted is None:
            return self.stored is None and self.counted is None
        return abs(self.stored - self.counted) <= TOLERANCE


@dataclass(frozen=True)
class Recount:
    """What was compared of one run of the analysis, and why something was not."""

    run: str
    lines: tuple[Line, ...]
    not_counted: tuple[str, ...]


@click.command("recount")
@click.argument("archive", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def recount_command(archive: Path) -> None:
    """Recompute the weights of every run in a study's archive and compare them to 1e-9.

    Exit code 0: all agree; 1: a number differs; 2: the file is no archive; 3: something could not be counted again.
    """
    try:
        content = read_archive(archive.read_bytes())
    except RefusedError as error:
        click.echo(str(error), err=True)
        sys.exit(2)
    found = list(recount(content))
    differing = sum(not line.agrees for run in found for line in run.lines)
    for run in found:
        _tell(run)
    left = sum(len(run.not_counted) for run in found)
    if not found:
        click.echo("The archive holds no run of the analysis, so there is nothing to recount.")
    click.echo(
        f"{sum(len(run.lines) for run in found)} numbers compared, {differing} differ, {left} not counted again."
    )
    sys.exit(1 if differing else 3 if left or not found else 0)


def _tell(run: Recount) -> None:
    click.echo(run.run)
    for line in run.lines:
        if not line.agrees:
            click.echo(f"  DIFFERS {line.what}: archive {line.stored!r}, counted {line.counted!r}")
    agree = sum(line.agrees for line in run.lines)
    click.echo(f"  {agree} of {len(run.lines)} numbers agree to {TOLERANCE:g}")
    for reason in run.not_counted:
        click.echo(f"  Not counted again: {reason}")


def recount(content: ArchiveContent) -> Iterator[Recount]:
    """Yield what came of each run in the archive, oldest first."""
    datasets = {row["id"]: row for row in content.tables.get("dataset", [])}
    for run in content.tables.get("analysis_run", []):
        dataset = datasets[run["dataset_id"]]
        study = read_ratings(content.files[dataset["content"]])
        stored = _stored_tables(content.files[run["tables"]])
        yield _recount_run(f"Run {run['id']} of data set {dataset['number']}", study, run, stored)


@dataclass(frozen=True)
class Study:
    """A data set as plain values; ``ratings`` by scale, task and respondent, without those not performed."""

    tasks: list[dict[str, str]]
    ratings: dict[str, Ratings]
    not_performed: dict[str, dict[str, set[str]]]
    background: dict[str, dict[str, str]]


def read_ratings(content: bytes) -> Study:
    """Return the rows of a frozen data set as numbers by scale, task and respondent."""
    import pyarrow.parquet as pq

    table = pq.read_table(io.BytesIO(content))
    about = json.loads(table.schema.metadata[b"practice_analysis"])
    people = table.column("respondent_id").to_pylist()
    tasks = [dict(zip(about["tasks"]["columns"], row, strict=True)) for row in about["tasks"]["rows"]]
    ratings: dict[str, Ratings] = {}
    never: dict[str, dict[str, set[str]]] = {}
    for scale in about["scales"]:
        ratings[scale["code"]], never[scale["code"]] = {}, {}
        for task in (t["task_id"] for t in tasks):
            chosen = zip(people, table.column(f"rating:{scale['code']}:{task}").to_pylist(), strict=True)
            anchors = {person: scale["anchors"][code - 1] for person, code in chosen if code}
            ratings[scale["code"]][task] = {p: a["value"] for p, a in anchors.items() if a["value"] is not None}
            never[scale["code"]][task] = {p for p, a in anchors.items() if a.get("not_performed")}
    names = [name for name in table.column_names if name.startswith("background:")]
    answers = {name: table.column(name).to_pylist() for name in names}
    background = {p: {n.removeprefix("background:"): answers[n][i] for n in names} for i, p in enumerate(people)}
    return Study(tasks, ratings, never, background)


def _stored_tables(packed: bytes) -> dict[str, list[dict[str, str]]]:
    with zipfile.ZipFile(io.BytesIO(packed)) as pack:
        return {
            name: list(csv.DictReader(io.StringIO(pack.read(f"{name}.csv").decode("utf-8-sig"), newline="")))
            for name in ("blueprint", "retention")
            if f"{name}.csv" in pack.namelist()
        }


def _recount_run(name: str, study: Study, run: Mapping[str, Any], stored: dict[str, Any]) -> Recount:
    choices, plan = run["summary"]["choices"], run["plan"]
    if choices.get("index") is None or "blueprint" not in stored:
        return Recount(name, (), ("the run has no weights, because the study has no importance scale.",))
    index = choices["index"]
    if index not in INDICES:
        return Recount(name, (), (f"the index {index}, which a model is fitted for.",))
    if plan.get("weights_from", "survey") != "survey":
        return Recount(name, (), ("weights that the panel's points moved.",))
    scales = Scales(study, choices, plan)
    basis = INDICES[index](scales)
    kept, unsure = _retained(scales, plan, stored.get("retention", []))
    lines = [
        Line(f"decision on task {row['task_id']}", float(row["decision"] != "drop"), float(row["task_id"] in kept))
        for row in stored.get("retention", [])
        if row["decision"] != "review"
    ]
    lines += _weight_lines(study, basis, kept, plan, stored["blueprint"])
    return Recount(name, tuple(lines), tuple(unsure))


class Scales:
    """Importance among those who perform, and frequency with those who do not as 0 (or missing, by the plan)."""

    def __init__(self, study: Study, choices: Mapping[str, Any], plan: Mapping[str, Any]) -> None:
        self.study, self.choices = study, choices
        self.tasks = [task["task_id"] for task in study.tasks]
        often, important = choices.get("frequency_scale"), choices["importance_scale"]
        self.frequency: Ratings = {task: {} for task in self.tasks}
        self.skipped: dict[str, set[str]] = {task: set() for task in self.tasks}
        if often is not None:
            for task in self.tasks:
                never = study.not_performed[often][task]
                zeros = {p for p, value in study.ratings[often][task].items() if value == 0}
                self.skipped[task] = never | zeros
                counted = dict.fromkeys(never, 0.0) if plan["non_performers"] == "zero" else {}
                self.frequency[task] = study.ratings[often][task] | counted
        self.importance = {
            task: {p: v for p, v in study.ratings[important][task].items() if p not in self.skipped[task]}
            for task in self.tasks
        }

    def means(self, ratings: Ratings) -> dict[str, float | None]:
        """Return the mean of each task, None where nobody rated it."""
        return {task: math.fsum(given.values()) / len(given) if given else None for task, given in ratings.items()}


def _importance(scales: Scales) -> dict[str, float | None]:
    return scales.means(scales.importance)


def _both(scales: Scales, join: Callable[[float, float], float]) -> dict[str, float | None]:
    first, second = scales.means(scales.importance), scales.means(scales.frequency)
    pairs = {task: (first[task], second[task]) for task in scales.tasks}
    return {t: None if i is None or f is None else join(i, f) for t, (i, f) in pairs.items()}


def _mean_of_products(scales: Scales) -> dict[str, float | None]:
    products: Ratings = {task: {} for task in scales.tasks}
    for task, given in scales.frequency.items():
        for person, often in given.items():
            if often == 0:
                products[task][person] = 0.0
            elif person in scales.importance[task]:
                products[task][person] = often * scales.importance[task][person]
    return scales.means(products)


def _z_mix(scales: Scales) -> dict[str, float | None]:
    standardised = []
    for means in (scales.means(scales.importance), scales.means(scales.frequency)):
        known = [m for m in means.values() if m is not None]
        if len(known) < 2 or max(known) == min(known):
            return dict.fromkeys(scales.tasks)
        centre, spread = statistics.fmean(known), statistics.stdev(known)
        standardised.append({t: None if m is None else (m - centre) / spread for t, m in means.items()})
    return {
        t: None if i is None or f is None else max(0.0, 3.0 + (i + f) / 2)
        for t, i, f in ((t, standardised[0][t], standardised[1][t]) for t in scales.tasks)
    }


def _time_share(scales: Scales) -> dict[str, float | None]:
    totals: dict[str, float] = defaultdict(float)
    for given in scales.frequency.values():
        for person, often in given.items():
            totals[person] += often
    shares = {
        task: {p: often / totals[p] for p, often in given.items() if totals[p] > 0}
        for task, given in scales.frequency.items()
    }
    return scales.means(shares)


def _kane_equalised(scales: Scales) -> dict[str, float | None]:
    both = _both(scales, min)
    first, second = scales.means(scales.importance), scales.means(scales.frequency)
    logs = {
        t: (math.log(i), math.log(f)) for t in scales.tasks if (i := first[t]) and (f := second[t]) and i > 0 and f > 0
    }
    if len(logs) < 2:
        return dict.fromkeys(scales.tasks)
    s_i, s_f = (statistics.stdev([pair[k] for pair in logs.values()]) for k in (0, 1))
    if s_i + s_f < 1e-12:
        return dict.fromkeys(scales.tasks)
    return {
        t: None if both[t] is None else 0.0 if t not in logs
        else math.exp(2 * (s_f * logs[t][0] + s_i * logs[t][1]) / (s_i + s_f))
        for t in scales.tasks
    }  # fmt: skip


INDICES: dict[str, Callable[[Scales], dict[str, float | None]]] = {
    "importance": _importance,
    "product_of_means": lambda scales: _both(scales, lambda i, f: i * f),
    "mean_of_products": _mean_of_products,
    "mean_of_scales": lambda scales: _both(scales, lambda i, f: (i + f) / 2),
    "z_mix": _z_mix,
    "time_share": _time_share,
    "kane_equalised": _kane_equalised,
}


def _retained(scales: Scales, plan: Mapping[str, Any], stored: list[dict[str, str]]) -> tuple[set[str], list[str]]:
    """Return the retained tasks, decided again where every cut is a mean or a share in total."""
    cuts = plan["retention"]
    if not cuts:
        return set(scales.tasks), []
    recorded = {
        row["task_id"] for row in stored
        if row["decision"] == "keep" or (row["decision"] == "review" and plan["review_tasks"] == "keep")
    }  # fmt: skip
    if any(cut["measure"] == "lower_bound" or cut.get("each") for cut in cuts):
        return recorded, ["decisions by the lower bound of an interval, or in single groups; taken as they are stored."]
    verdicts = {task: [_verdict(scales, task, cut) for cut in cuts] for task in scales.tasks}
    order = ("drop", "review", "keep") if plan["retention_combine"] == "all" else ("keep", "review", "drop")
    decided = {task: next(v for v in order if v in found) for task, found in verdicts.items()}
    wanted = {"keep", "review"} if plan["review_tasks"] == "keep" else {"keep"}
    return {task for task, decision in decided.items() if decision in wanted}, []


def _verdict(scales: Scales, task: str, cut: Mapping[str, Any]) -> str:
    value = _measure(scales, task, cut)
    if value is None:
        return "review"
    if value >= cut["cut"]:
        return "keep"
    return "review" if cut.get("review") is not None and value >= cut["review"] else "drop"


def _measure(scales: Scales, task: str, cut: Mapping[str, Any]) -> float | None:
    choices = scales.choices
    if cut["measure"] == "performing":
        scale = choices.get("frequency_scale") or choices["importance_scale"]
        said, never = scales.study.ratings[scale][task], scales.study.not_performed[scale][task]
        n = len(said.keys() | never)
        return sum(v > 0 or scale != choices.get("frequency_scale") for v in said.values()) / n if n else None
    scale = cut.get("scale") or choices["importance_scale"]
    if scale == choices.get("frequency_scale"):
        given = scales.frequency[task]
    else:
        given = {p: v for p, v in scales.study.ratings[scale][task].items() if p not in scales.skipped[task]}
    if not given:
        return None
    if cut["measure"] == "mean":
        return math.fsum(given.values()) / len(given)
    return sum(v >= cut["anchor"] for v in given.values()) / len(given)


def _weight_lines(
    study: Study, basis: Mapping[str, float | None], kept: set[str], plan: Mapping[str, Any], rows: list[dict[str, str]]
) -> Iterator[Line]:
    domains = _sums(study, basis, kept, plan, "domain_id")
    total = math.fsum(domains.values())
    for row in rows:
        if row["level"] == "domain":
            counted = domains[row["unit"]] / total if total > 0 else None
        else:
            counted = _nested(study, basis, kept, plan, row, domains, total)
        yield Line(f"weight of {row['level']} {row['unit']}", float(row["weight"]) if row["weight"] else None, counted)


def _nested(
    study: Study, basis: Mapping[str, float | None], kept: set[str], plan: Mapping[str, Any], row: Mapping[str, str],
    domains: Mapping[str, float], total: float,
) -> float | None:  # fmt: skip
    inner = _sums(study, basis, kept, plan, "subdomain_id")
    parents = {task["subdomain_id"]: task["domain_id"] for task in study.tasks}
    within = math.fsum(value for unit, value in inner.items() if parents[unit] == row["parent"])
    if total <= 0:
        return None
    return domains[row["parent"]] / total * (inner[row["unit"]] / within if within > 0 else 0.0)


def _sums(
    study: Study, basis: Mapping[str, float | None], kept: set[str], plan: Mapping[str, Any], level: str
) -> dict[str, float]:
    parts: dict[str, list[float]] = defaultdict(list)
    for task in study.tasks:
        held = parts[task[level]]
        if task["task_id"] in kept:
            held.append(basis[task["task_id"]] or 0.0)
    if plan["within"] == "sum":
        return {unit: math.fsum(values) for unit, values in parts.items()}
    return {unit: math.fsum(values) / max(1, len(values)) for unit, values in parts.items()}
