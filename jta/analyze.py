"""``flask --app app analyze``: from CSV files or a frozen data set to tables, summary and workbook; no database."""

from __future__ import annotations

import os
import sys
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from jta.analyze_answers import answer_files, read_answers
from jta.analyze_output import PROGRAM, SUMMARY, OutputError, check_folder, hash_files, write_all

if TYPE_CHECKING:
    from analysis.answers import AnswerData
    from analysis.csv_text import StudyFolderError
    from analysis.folder import FolderStudy
    from analysis.plan import AnalysisPlan
    from analysis.result import AnalysisResult

SHOWN_PROBLEMS = 20
FILE_ORDER = ("tasks.csv", "scales.csv", "respondents.csv", "population.csv", "forms.csv", "ratings.csv")
REPORT = "validation_report.csv"
PARQUET = ".parquet"
PATH = click.Path(path_type=Path)


@dataclass(frozen=True)
class _Order:
    """What the command line asks for."""

    study: Path
    out: Path
    plan: Path | None
    items: int | None
    workbook: Path | None
    statistics: str
    workers: int
    clean: bool
    force: bool

    @property
    def name(self) -> str:
        """Name of the study: its folder's, or its file's without the ending."""
        place = self.study.resolve()
        return place.stem if self.is_parquet else place.name

    @property
    def is_parquet(self) -> bool:
        """Whether the study is a frozen data set rather than a folder."""
        return self.study.suffix.lower() == PARQUET

    @property
    def workbook_inside(self) -> bool:
        """A bare file name goes into the folder of results, a path with a folder goes there."""
        return self.workbook is not None and self.workbook.name == str(self.workbook)


@click.command("analyze")
@click.argument("study", type=PATH, required=False)
@click.option("--out", type=PATH, help="Folder for the results; made if it is not there.")
@click.option("--plan", type=PATH, help="Analysis plan as JSON; an option it does not name has its default.")
@click.option("--items", type=click.IntRange(1, 100_000), help="Exam length in items (otherwise the plan's).")
@click.option(
    "--workbook",
    type=PATH,
    help="Blueprint workbook (.xlsx). A bare name goes into the folder of results.",
)
@click.option(
    "--statistics",
    type=click.Choice(["core", "all"]),
    default="all",
    show_default=True,
    help="Core: tasks, weights, items only (quick). All: agreement, reliability, subgroups, sample, Rasch too.",
)
@click.option(
    "--explain",
    "table",
    metavar="[TABLE]",
    is_flag=False,
    flag_value="",
    help="Say what a table means, its columns, formula and source; without a name: list the tables.",
)
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    default=os.cpu_count() or 1,
    show_default="the machine's cores",
    help="Threads that share the resamples; no digit depends on them.",
)
@click.option("--clean", is_flag=True, help=f"Deal with known faults of ratings by rule and list them in {REPORT}.")
@click.option("--force", is_flag=True, help="Write although the folder holds other files (they are kept).")
def analyze_command(*, table: str | None, **options: Any) -> None:
    """Analyse STUDY: a folder with tasks.csv, ratings.csv and, where present, scales.csv, respondents.csv,
    population.csv, forms.csv; or a frozen data set (.parquet), of a market study too. Formats: docs/analyze.md.

    Ends with 0 when all that was asked for is written, with 1 when the workbook alone could not be, and with 2,
    having written nothing, when there are no results.
    """
    from analysis.csv_text import StudyFolderError
    from analysis.errors import AnalysisError
    from jta.exports.book import BookError

    if table is not None:
        _explain(table)
        return
    for name, word in (("study", "argument 'STUDY'"), ("out", "option '--out'")):
        if options[name] is None:
            raise click.UsageError(f"Missing {word}.")
    order = _Order(**options)
    try:
        _run(order)
    except StudyFolderError as error:
        _show_problems(error, order)
    except (AnalysisError, OutputError, BookError) as error:
        _fail(str(error))


def _explain(table: str) -> None:
    from analysis.explain import explain, list_tables

    try:
        click.echo(explain(table) if table else list_tables())
    except KeyError:
        _tell(f"There is no table {table!r}. These are the tables:")
        _tell(list_tables())
        sys.exit(2)


def _run(order: _Order) -> None:
    from analysis.further import all_statistics
    from analysis.pipeline import run_analysis

    _check_order(order)
    if order.is_parquet and (answers := read_answers(order.study)) is not None:
        _run_answers(order, answers)
        return
    plan = _read_plan(order)
    study = _read_study(order, plan)
    further = all_statistics() if order.statistics == "all" else None
    result = run_analysis(study.data, plan, _tell, further, workers=order.workers)
    files, outside = _files(order, study, result)
    write_all(order.out, files, outside)
    for text in (*study.assumptions, *result.assumptions):
        _tell(text)
    for name, reason in sorted(result.left_out.items()):
        _tell(f"Left out: {name}. {reason}")
    click.echo(f"Wrote {len(files)} files to {order.out}")
    for path in outside:
        click.echo(f"Wrote {path}")
    if order.workbook and "blueprint" in result.left_out:
        _tell(f"The workbook was not written, as there is no blueprint. {result.left_out['blueprint']}")
        sys.exit(1)


def _run_answers(order: _Order, answers: AnswerData) -> None:
    """Write the tables of a market study: there are no tasks, so no plan, weights or workbook."""
    if order.workbook or order.plan or order.items:
        raise OutputError("A market study holds no ratings of tasks: leave --plan, --items and --workbook out.")
    files = answer_files(order.name, answers)
    write_all(order.out, files, {})
    click.echo(f"Wrote {len(files)} files to {order.out}")


def _read_study(order: _Order, plan: AnalysisPlan) -> FolderStudy:
    from analysis.folder import FolderStudy, read_study_folder
    from analysis.parquet import from_parquet

    if not order.is_parquet:
        return read_study_folder(order.study, frequency=plan.frequency_scale, clean=order.clean, progress=_tell)
    try:
        content = order.study.read_bytes()
    except OSError as error:
        raise OutputError(f"{order.study} cannot be read: {error.strerror}.") from error
    return FolderStudy(from_parquet(content, _tell), (), ())


def _check_order(order: _Order) -> None:
    if order.is_parquet and order.clean:
        raise OutputError("A frozen data set holds nothing to clean; leave --clean out.")
    if not order.is_parquet and not order.study.is_dir():
        raise OutputError(f"There is no study folder {order.study}.")
    check_folder(order.out, order.study, force=order.force)
    if order.workbook is None:
        return
    if order.workbook.suffix.lower() != ".xlsx":
        raise OutputError(f"The workbook must be named with .xlsx at the end, not {order.workbook.name!r}.")
    if order.workbook_inside:
        return
    if not order.workbook.parent.is_dir():
        raise OutputError(f"There is no folder {order.workbook.parent} for the workbook.")
    if order.workbook.exists() and not order.force:
        raise OutputError(f"{order.workbook} is there already; give another name, or --force to replace it.")


def _read_plan(order: _Order) -> AnalysisPlan:
    from analysis.errors import PlanError
    from analysis.plan import AnalysisPlan

    plan = AnalysisPlan()
    if order.plan is not None:
        try:
            plan = AnalysisPlan.from_json(order.plan.read_text(encoding="utf-8-sig"))
        except OSError as error:
            raise PlanError(f"The plan {order.plan} cannot be read: {error.strerror}.") from error
        except UnicodeDecodeError as error:
            raise PlanError(f"The plan {order.plan} is not UTF-8 text; save it as UTF-8.") from error
        except PlanError as error:
            raise PlanError(f"{order.plan.name}: {error}") from error
    return plan if order.items is None else replace(plan, items=order.items)


def _files(order: _Order, study: FolderStudy, result: AnalysisResult) -> tuple[dict[str, bytes], dict[Path, bytes]]:
    """Return the files of the folder of results, and the workbook where it goes elsewhere."""
    from jta.exports.tables import documents_json, report_csv, tables_csv

    files = tables_csv(result.tables) | documents_json(result.documents)
    outside: dict[Path, bytes] = {}
    if order.clean:
        files[REPORT] = report_csv(study.findings)
    if order.workbook is not None and "blueprint" in result.tables:
        content = _workbook(order, study, result)
        if order.workbook_inside:
            files[order.workbook.name] = content
        else:
            outside[order.workbook] = content
    files[SUMMARY] = _summary(order, study, result, files).encode()
    return files, outside


def _workbook(order: _Order, study: FolderStudy, result: AnalysisResult) -> bytes:
    from jta.analyze_book import build_book
    from jta.exports.blueprint_workbook import write_blueprint_workbook
    from jta.services.results_privacy import SMALLEST
    from jta.services.results_shield import for_everybody

    _tell("Writing the workbook")
    # A workbook goes to people who do not work with the answers: no number of a few people is in its sheets of groups.
    told = for_everybody(result, SMALLEST)
    return write_blueprint_workbook(build_book(order.name, study.data, result, told=told))


def _summary(order: _Order, study: FolderStudy, result: AnalysisResult, files: dict[str, bytes]) -> str:
    found = Counter(finding.issue for finding in study.findings)
    return result.summary_json(
        program=PROGRAM,
        study=order.name,
        assumptions=[*study.assumptions, *result.assumptions],
        cleaned=dict(sorted(found.items())) if order.clean else None,
        files=hash_files(files),
    )


def _tell(text: str) -> None:
    click.echo(text, err=True)


def _fail(text: str) -> NoReturn:
    _tell(f"Error: {text}")
    _tell("Nothing was written.")
    sys.exit(2)


def _show_problems(error: StudyFolderError, order: _Order) -> NoReturn:
    """Print the first problems in the order of files and rows, and end."""
    from analysis.folder_faults import is_cleanable

    ordered = sorted(error.problems, key=lambda problem: (FILE_ORDER.index(problem.file), problem.row))
    for problem in ordered[:SHOWN_PROBLEMS]:
        _tell(str(problem))
    more = error.total - SHOWN_PROBLEMS
    if more > 0:
        _tell(f"... and {more:,} more.")
    _tell(f"{error.total:,} problem(s) found in {order.study}; nothing was written.")
    if not order.clean and any(is_cleanable(problem) for problem in error.problems):
        _tell("With --clean, known faults of ratings are dealt with by rule and listed.")
    sys.exit(2)
