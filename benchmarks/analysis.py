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

from benchmarks.study import SCALES, importance_codes, simulate

Work = Callable[[], object]


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

    X = importance_codes(20_000, 200, 0.6).astype(np.int16) - 1
    return lambda: joint_ml(X)


def conditional_rasch_ours() -> Work:
    from analysis.rasch_cml import conditional_ml

    X = importance_codes(420, 96, 0.2).astype(np.int16) - 1
    return lambda: conditional_ml(X)


def _standard(respondents: int) -> Work:
    from analysis.further import all_statistics
    from analysis.parquet import from_parquet, to_parquet
    from analysis.pipeline import run_analysis
    from analysis.plan import AnalysisPlan

    content, plan = to_parquet(simulate(respondents, 100)), AnalysisPlan(conditional_rasch="off")
    return lambda: run_analysis(from_parquet(content), plan, None, all_statistics())


CASES: dict[str, tuple[str, Callable[[], Work]]] = {
    "task statistics, 200,000 x 200: this program": ("task", task_statistics_ours),
    "task statistics, 200,000 x 200: numpy counts (floor)": ("task", task_statistics_floor),
    "task statistics, 200,000 x 200: pandas describe": ("task", task_statistics_pandas),
    "ICC family, 20,000 x 200: this program": ("icc", icc_ours),
    "ICC family, 20,000 x 200: numpy sums (floor)": ("icc", icc_floor),
    "ICC family, 20,000 x 200: pingouin": ("icc", icc_pingouin),
    "1,000 resamples of weights and items, 20,000 x 100 x 2: this program": ("bootstrap", bootstrap_ours),
    "1,000 resamples, 20,000: counts x domain sums, one scale (floor)": ("bootstrap", bootstrap_floor),
    "joint Rasch, 20,000 x 200, 60 % missing: this program": ("rasch", joint_rasch_ours),
    "conditional Rasch, 420 x 96: this program": ("rasch", conditional_rasch_ours),
    "standard analysis, 2,000 x 100 x 2 from Parquet": ("standard", lambda: _standard(2_000)),
    "standard analysis, 4,000 x 100 x 2 from Parquet": ("standard", lambda: _standard(4_000)),
    "standard analysis, 8,000 x 100 x 2 from Parquet": ("standard", lambda: _standard(8_000)),
}
MILLION = {"standard analysis, 1,000,000 x 100 x 2 from Parquet": ("standard", lambda: _standard(1_000_000))}


def measure(name: str, runs: int) -> dict[str, object]:
    """Run one case here: medians of CPU and wall seconds, memory at its peak and before the work, in MB."""
    work = (CASES | MILLION)[name][1]()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    times = []
    for _ in range(runs):
        cpu, wall = time.process_time(), time.perf_counter()
        work()
        times.append((time.process_time() - cpu, time.perf_counter() - wall))
    cpu, wall = (statistics.median(part) for part in zip(*times, strict=True))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"case": name, "cpu": cpu, "wall": wall, "peak": peak, "above": peak - before}


def _line(found: list[dict[str, object]]) -> str:
    """Fit the standard analyses' CPU seconds by a line in respondents."""
    points = [
        (int(str(row["case"]).split(",", 1)[1].split(" x")[0].replace(",", "")), float(str(row["cpu"])))
        for row in found
        if str(row["case"]).startswith("standard")
    ]
    if len(points) < 2:
        return ""
    slope, start = np.polyfit(*zip(*points, strict=True), 1)
    return f"Standard analysis: {start:.2f} s + {1000 * slope:.3f} s per 1,000 respondents (line fitted to the above)."


def report(found: list[dict[str, object]], command: str) -> str:
    """Return the results as a page."""
    rows = [f"| {r['case']} | {r['cpu']:.3f} | {r['wall']:.3f} | {r['peak']:.0f} | {r['above']:.0f} |" for r in found]
    load = os.getloadavg()[0]
    where = f"Python {platform.python_version()}, numpy {np.__version__}, {os.cpu_count()} cores, load {load:.1f}"
    head = "| case | CPU s | wall s | peak MB | of it by the work |\n|---|---|---|---|---|"
    return (
        "# Benchmarks\n\nMedians; one linear-algebra thread; each case in a process of its own. Written by "
        f"`{command}`. {where}. On a busy machine only CPU seconds compare, and even they run high.\n\n{head}\n"
        + "\n".join(rows)
        + f"\n\n{_line(found)}\n"
    )


def main() -> None:
    """Measure the cases asked for; print, and write where asked."""
    parser = argparse.ArgumentParser(description="Measure the analysis.")
    parser.add_argument("--only", default="", help="word that a case's group or name holds")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--million", action="store_true", help="also a million respondents (minutes)")
    parser.add_argument("--write", type=Path, help="file for the page")
    parser.add_argument("--case", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.case:
        print(json.dumps(measure(given.case, given.runs)))
        return
    cases = CASES | (MILLION if given.million else {})
    found = []
    for name, (group, _) in cases.items():
        if given.only in group or given.only in name:
            command = [sys.executable, __file__, "--case", name, "--runs", str(given.runs)]
            found.append(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))
            print(f"{found[-1]['cpu']:9.3f} s  {found[-1]['peak']:6.0f} MB  {name}", flush=True)
    page = report(found, "./run bench analysis")
    if given.write:
        given.write.write_text(page, encoding="utf-8")
    print(page.splitlines()[-1])


if __name__ == "__main__":
    main()
