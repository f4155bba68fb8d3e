"""How fast the analysis is, beside lower bounds and other programs, each case in a process of its own.

``python benchmarks/analysis.py [--only WORD] [--runs N] [--million] [--write FILE]``
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
import pandas as pd

from benchmarks.study import SCALES, form_codes, importance_codes, simulate

Work = Callable[[], object]
NOTES: dict[str, str] = {}  # what a case found beside its time


def _matrix(codes: np.ndarray):
    from analysis.frames import text_array
    from analysis.ratings import RatingMatrix

    ids, tasks = ([f"{letter}{i:07}" for i in range(n)] for letter, n in zip("RT", codes.shape, strict=True))
    return RatingMatrix(SCALES[0], text_array(ids), text_array(tasks), codes)


def task_statistics_ours() -> Work:
    from analysis.tasks import task_statistics

    matrix = _matrix(importance_codes(200_000, 200))
    return lambda: task_statistics(matrix)


def task_statistics_floor() -> Work:
    codes = importance_codes(200_000, 200)
    places = (6 * np.arange(codes.shape[1])).astype(np.uint16)

    def work():
        blocks = (codes[start : start + 4096] for start in range(0, len(codes), 4096))
        return sum(np.bincount((block + places).ravel(), minlength=6 * len(places)) for block in blocks)

    return work


def task_statistics_pandas() -> Work:
    codes = importance_codes(200_000, 200)
    return lambda: pd.DataFrame(np.where(codes == 0, np.nan, codes)).describe()


def _long(respondents: int, tasks: int) -> dict[str, np.ndarray]:
    codes = importance_codes(respondents, tasks)
    r, t = np.nonzero(codes)
    return {"task": t.astype(np.int16), "value": codes[r, t].astype(np.int8)}


def task_statistics_duckdb() -> Work:
    import duckdb
    import pyarrow as pa

    link = duckdb.connect()
    link.execute("SET threads = 1")
    link.register("ratings", pa.table(_long(200_000, 200)))
    query = """SELECT task, count(value), avg(value), stddev_samp(value), median(value), min(value), max(value),
        count(*) FILTER (value = 1), count(*) FILTER (value = 2), count(*) FILTER (value = 3),
        count(*) FILTER (value = 4), count(*) FILTER (value = 5) FROM ratings GROUP BY task"""
    return lambda: link.execute(query).fetchall()


def task_statistics_polars() -> Work:
    os.environ["POLARS_MAX_THREADS"] = "1"
    import polars as pl

    value = pl.col("value")
    counts = [(value == k).sum().alias(f"count_{k}") for k in range(1, 6)]
    named = {"mean": value.mean(), "sd": value.std(), "median": value.median(), "min": value.min(), "max": value.max()}
    wanted = [value.count().alias("n"), *(part.alias(name) for name, part in named.items()), *counts]
    frame = pl.DataFrame(_long(200_000, 200))
    return lambda: frame.group_by("task").agg(wanted)


def icc_ours() -> Work:
    from analysis.reliability_icc import complete_sums, icc_family, mean_squares_of

    X = importance_codes(20_000, 200, 0.0).astype(float)
    return lambda: icc_family(mean_squares_of(complete_sums(X)), 0.95)


def icc_floor() -> Work:
    X = importance_codes(20_000, 200, 0.0).astype(float)
    return lambda: (X.sum(axis=0), X.sum(axis=1), np.einsum("ij,ij->", X, X))


def icc_pingouin() -> Work:
    import pingouin

    X = importance_codes(20_000, 200, 0.0)
    long = pd.DataFrame({
        "judge": np.repeat(np.arange(len(X)), X.shape[1]), "task": np.tile(np.arange(X.shape[1]), len(X)),
        "rating": X.ravel(),
    })  # fmt: skip
    return lambda: pingouin.intraclass_corr(long, targets="task", raters="judge", ratings="rating")


def bootstrap_ours() -> Work:
    from analysis.bootstrap import resample_sums
    from analysis.criticality import sum_ratings
    from analysis.laboratory import bootstrap_items
    from analysis.plan import AnalysisPlan
    from analysis.weight_tables import bootstrap_weights, index_methods
    from analysis.weights import units_of

    data = simulate(20_000, 100)
    one, two = data.matrices["importance"], data.matrices["frequency"]
    levels, plan = [units_of(data.tasks, "domain")], AnalysisPlan(bootstrap_resamples=1000)

    def work():
        drawn = index_methods(resample_sums(one, two, resamples=1000))
        methods = index_methods(sum_ratings(one, two))
        return bootstrap_weights(methods, drawn, levels), bootstrap_items(methods, drawn, levels, plan)

    return work


def bootstrap_floor() -> Work:
    data = simulate(20_000, 100)
    values = data.matrices["importance"].values()
    domain = np.stack([np.nansum(values[:, d::6], axis=1) for d in range(6)], axis=1)
    rng = np.random.default_rng(1)
    n = len(values)
    return lambda: [np.bincount(rng.integers(0, n, n), minlength=n) @ domain for _ in range(1000)]


def joint_rasch_ours() -> Work:
    from analysis.rasch_jmle import joint_ml

    X = form_codes(20_000).astype(np.int16) - 1
    return lambda: joint_ml(X)


def joint_rasch_raschpy() -> Work:
    """RaschPy's rating scale model (pairwise composite likelihood; it has no joint one) on the same ratings.

    Its task locations are set beside ours without the known stretch of joint estimates, (L - 1) / L.
    """
    import warnings

    from raschpy import RSM

    from analysis.rasch_jmle import joint_ml

    warnings.simplefilter("ignore")  # its own, of constant items and the like
    X = form_codes(20_000).astype(float) - 1
    frame = pd.DataFrame(np.where(X < 0, np.nan, X), columns=[f"T{t}" for t in range(X.shape[1])])
    rated = float((X >= 0).sum(axis=1).mean())
    mine = joint_ml(X).delta * (rated - 1) / rated

    def work() -> None:
        model = RSM(frame, max_score=4)
        model.calibrate()
        theirs = model.items.to_numpy(dtype=float)
        off = np.abs(theirs - theirs.mean() - mine)
        NOTES["rasch"] = (
            f"RaschPy's task locations beside ours without the stretch of joint estimates (all minus their mean): "
            f"r = {np.corrcoef(theirs, mine)[0, 1]:.6f}, largest difference {off.max():.4f}, "
            f"median {np.median(off):.4f} logits."
        )

    return work


def conditional_rasch_ours() -> Work:
    from analysis.rasch_cml import conditional_ml

    X = importance_codes(420, 96, 0.2).astype(np.int16) - 1
    return lambda: conditional_ml(X)


CASES: dict[str, tuple[str, Callable[[], Work]]] = {
    "task statistics, 200,000 x 200: this program": ("task", task_statistics_ours),
    "task statistics, 200,000 x 200: numpy counts (floor)": ("task", task_statistics_floor),
    "task statistics, 200,000 x 200: pandas describe": ("task", task_statistics_pandas),
    "task statistics, 200,000 x 200: DuckDB, one thread": ("task", task_statistics_duckdb),
    "task statistics, 200,000 x 200: Polars, one thread": ("task", task_statistics_polars),
    "ICC family, 20,000 x 200: this program": ("icc", icc_ours),
    "ICC family, 20,000 x 200: numpy sums (floor)": ("icc", icc_floor),
    "ICC family, 20,000 x 200: pingouin": ("icc", icc_pingouin),
    "1,000 resamples of weights and items, 20,000 x 100 x 2: this program": ("bootstrap", bootstrap_ours),
    "1,000 resamples, 20,000: counts x domain sums, one scale (floor)": ("bootstrap", bootstrap_floor),
    "joint Rasch, 20,000 x 200, 60 % missing by form: this program": ("rasch", joint_rasch_ours),
    "pairwise Rasch, 20,000 x 200, 60 % missing by form: RaschPy": ("rasch", joint_rasch_raschpy),
    "conditional Rasch, 420 x 96: this program": ("rasch", conditional_rasch_ours),
}
SIZES = (2_000, 20_000, 200_000)
MILLION = 1_000_000
STANDARD = """
import os, resource, sys, time
sys.path.insert(0, sys.argv[1])
from analysis.further import all_statistics
from analysis.parquet import from_parquet
from analysis.pipeline import run_analysis
from analysis.plan import AnalysisPlan
import hashlib
with open(sys.argv[2], "rb") as file:
    data = from_parquet(file.read())
result = run_analysis(data, AnalysisPlan(conditional_rasch="off"), None, all_statistics(), workers=int(sys.argv[3]))
text = result.summary_json() + "".join(table.to_csv() for _, table in sorted(result.tables.items()))
print(hashlib.sha256(text.encode()).hexdigest())
"""


def measure_standard(respondents: int, workers: int) -> dict[str, object]:
    """Time the standard analysis of a Parquet file as a whole process, from its start to its end."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "study.parquet"
        code = (
            "import sys; sys.path.insert(0, sys.argv[1]); from pathlib import Path; "
            "from analysis.parquet import to_parquet; from benchmarks.study import simulate; "
            "Path(sys.argv[2]).write_bytes(to_parquet(simulate(int(sys.argv[3]), 100)))"
        )
        root = str(Path(__file__).parents[1])
        subprocess.run([sys.executable, "-c", code, root, str(path), str(respondents)], check=True)
        start = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "-c", STANDARD, root, str(path), str(workers)], stdout=subprocess.PIPE, text=True
        )
        output = process.stdout.read() if process.stdout else ""
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"The analysis of {respondents:,} respondents ended with {process.returncode}.")
    return {
        "case": f"standard analysis, {respondents:,} x 100 x 2 from Parquet, {workers} worker(s), whole process",
        "respondents": respondents,
        "cpu": used.ru_utime + used.ru_stime,
        "wall": wall,
        "peak": used.ru_maxrss / 1024,
        "hash": output.strip(),
    }


def measure(name: str, runs: int) -> dict[str, object]:
    """Run one case here: medians of CPU and wall seconds, memory at its peak in MB."""
    work = CASES[name][1]()
    times = []
    for _ in range(runs):
        cpu, wall = time.process_time(), time.perf_counter()
        work()
        times.append((time.process_time() - cpu, time.perf_counter() - wall))
    cpu, wall = (statistics.median(part) for part in zip(*times, strict=True))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"case": name, "cpu": cpu, "wall": wall, "peak": peak, "notes": NOTES}


def _line(found: list[dict[str, object]]) -> str:
    """Fit the standard analyses' CPU seconds by a line in respondents."""
    points = [(float(str(row["respondents"])), float(str(row["cpu"]))) for row in found if "respondents" in row]
    if len(points) < 2:
        return ""
    slope, start = np.polyfit(*zip(*points, strict=True), 1)
    said = [f"{n:,.0f}: {cpu:.1f} s, line {start + slope * n:.1f} s" for n, cpu in points]
    same = {row["respondents"]: set() for row in found if "hash" in row}
    for row in found:
        if "hash" in row:
            same[row["respondents"]].add(row["hash"])
    several = [f"{n:,}" for n in same if sum(row.get("respondents") == n for row in found) > 1 and len(same[n]) == 1]
    alike = f" Processes with one and with more workers gave the same digits: {', '.join(several)}." if several else ""
    different = [f"{n:,}" for n in same if len(same[n]) > 1]
    alike += f" DIFFERENT DIGITS: {', '.join(different)}." if different else ""
    return (
        f"Standard analysis: {start:.2f} s + {1000 * slope:.3f} s CPU per 1,000 respondents (line fitted; "
        f"{'; '.join(said)}).{alike}"
    )


def _machine() -> str:
    """Say on which processor this runs, where the system tells."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.machine())


# What is set against what: words, the case, and the one it is compared with.
RATIOS = (
    ("task statistics {:.1f} times the numpy floor", "task statistics, 200,000 x 200: this program",
     "task statistics, 200,000 x 200: numpy counts (floor)"),
    ("ICC family {:.1f} times numpy sums", "ICC family, 20,000 x 200: this program",
     "ICC family, 20,000 x 200: numpy sums (floor)"),
    ("pingouin takes {:,.0f} times as long as the ICC family", "ICC family, 20,000 x 200: pingouin",
     "ICC family, 20,000 x 200: this program"),
    ("RaschPy takes {:.1f} times as long as the joint fit",
     "pairwise Rasch, 20,000 x 200, 60 % missing by form: RaschPy",
     "joint Rasch, 20,000 x 200, 60 % missing by form: this program"),
)  # fmt: skip


def _ratios(found: list[dict[str, object]]) -> str:
    seconds = {str(row["case"]): float(str(row["cpu"])) for row in found}
    said = [
        words.format(seconds[one] / seconds[other])
        for words, one, other in RATIOS
        if one in seconds and other in seconds and seconds[other] > 0
    ]
    return f"Ratios of CPU seconds: {'; '.join(said)}." if said else ""


def report(found: list[dict[str, object]], command: str, runs: int, load: tuple[float, float]) -> str:
    """Return the results as a page.

    Parameters
    ----------
    load : tuple of float
        Load of the machine when measuring began and when it ended.
    """
    cores = os.cpu_count() or 1
    where = f"{cores} cores ({_machine()}), Python {platform.python_version()}, numpy {np.__version__}"
    low, high = sorted(load)
    busy = " The machine was busy, so only CPU seconds compare, and they run high." if high > cores else ""
    rows = [f"| {r['case']} | {float(str(r['cpu'])):.3f} | {float(str(r['peak'])):.0f} |" for r in found]
    notes = [text for row in found for text in dict(row.get("notes", {})).values()]
    parts = [
        "# Benchmarks",
        f"Measured by `{command}` on {where}, one linear-algebra thread, each case in a process of its own, medians of "
        f"{runs} run(s) (the standard analysis: one). Load {low:.1f} to {high:.1f}.{busy}",
        "\n".join(["| case | CPU s | peak MB |", "|---|---|---|", *rows]),
        _line(found),
        *notes,
        _ratios(found),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _standard_runs(*, million: bool) -> list[tuple[int, int]]:
    """Sizes and workers of the standard analysis; the smaller sizes also with four workers."""
    runs = [(size, 1) for size in SIZES] + [(SIZES[0], 4), (SIZES[1], 4)]
    return [*runs, (MILLION, 1), (MILLION, 2)] if million else runs


def main() -> None:
    """Measure the cases asked for; print, and write where asked."""
    parser = argparse.ArgumentParser(description="Measure the analysis.")
    parser.add_argument("--only", default="", help="word that a case's group or name holds")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--million", action="store_true", help="also a million respondents (minutes)")
    parser.add_argument("--write", type=Path, help="file for the page; without it, the page is printed")
    parser.add_argument("--case", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.case:
        print(json.dumps(measure(given.case, given.runs)))
        return
    found, load = [], os.getloadavg()[0]
    for name, (group, _) in CASES.items():
        if given.only in group or given.only in name:
            case = [sys.executable, __file__, "--case", name, "--runs", str(given.runs)]
            found.append(json.loads(subprocess.run(case, check=True, capture_output=True, text=True).stdout))
            print(f"{found[-1]['cpu']:9.3f} s  {found[-1]['peak']:6.0f} MB  {name}", flush=True)
    if given.only in "standard":
        for respondents, workers in _standard_runs(million=given.million):
            found.append(measure_standard(respondents, workers))
            print(f"{found[-1]['cpu']:9.3f} s  {found[-1]['peak']:6.0f} MB  {found[-1]['case']}", flush=True)
    command = "./run bench analysis" + (" --million" if given.million else "")
    page = report(found, command, given.runs, (load, os.getloadavg()[0]))
    if given.write:
        given.write.write_text(page, encoding="utf-8")
    else:
        print(page)


if __name__ == "__main__":
    main()
