"""Random small studies, table by table, against the naive implementation: gaps, non-performers, groups, forms."""

import math
import os
import statistics

import numpy as np
import pandas as pd
import pytest

from analysis.further import all_statistics
from analysis.pipeline import run_analysis
from analysis.plan import AnalysisPlan
from analysis.ratings import study_from_codes
from analysis.scales import integer_scale
from tests.analysis import naive_tables as naive
from tests.analysis.naive import largest_remainder
from tests.analysis.test_pipeline import assert_no_nonsense

PLAN = AnalysisPlan(bootstrap_resamples=0, conditional_rasch="off")
# Other seeds, or more of them: JTA_FUZZ=5000:5200 pytest tests/analysis/test_random_studies.py
FIRST, LAST = (int(part) for part in os.environ.get("JTA_FUZZ", "0:40").split(":"))
BATCH = 20


class Random:
    """A study, its ratings as nested lists, and what the tables of it came to."""

    def __init__(self, seed):
        rng = np.random.default_rng(seed)
        self.R, self.T = int(rng.integers(2, 26)), int(rng.integers(2, 15))
        self.top, self.often = int(rng.integers(2, 8)), int(rng.integers(2, 7))
        missing, idle = rng.choice([0.0, 0.05, 0.3]), rng.choice([0.0, 0.2, 0.6])
        level = rng.normal(self.top / 2, 1, self.T) + rng.normal(0, 0.7, (self.R, 1))
        rated = np.clip(np.rint(level + rng.normal(0, 0.8, (self.R, self.T))), 1, self.top)
        F = rng.integers(1, self.often + 1, (self.R, self.T)).astype(float)
        F[rng.random(F.shape) < idle] = 0
        self.forms = self._forms(rng) if rng.random() < 0.3 and self.T >= 6 and self.R >= 6 else None
        offered = np.ones(F.shape, dtype=bool)
        if self.forms is not None:
            offered = np.array([[t in self.forms[r % 2] for t in range(self.T)] for r in range(self.R)])
        rated[(rng.random(rated.shape) < missing) | ~offered | (F == 0)] = np.nan
        F[(rng.random(F.shape) < missing) | ~offered] = np.nan
        self.offered = offered
        self.importance, self.frequency = _lists(rated), _lists(F)
        self.domain = sorted(int(d) for d in rng.integers(0, 3, self.T))
        self.role = [str(x) for x in rng.choice(["a", "b", ""], self.R, p=[0.5, 0.4, 0.1])]
        self.data = self._data(rated, F)
        self.result = run_analysis(self.data, PLAN, further=all_statistics())
        self.tables = self.result.tables

    def _forms(self, rng):
        core = set(range(3))
        rest = [int(t) for t in rng.permutation(np.arange(3, self.T))]
        return [core | set(rest[::2]), core | set(rest[1::2])]

    def _data(self, rated, F):
        tasks = pd.DataFrame({"task_id": [f"T{t}" for t in range(self.T)], "domain_id": [f"D{d}" for d in self.domain]})
        scales = (
            integer_scale("importance", 1, self.top),
            integer_scale("frequency", 0, self.often, zero_not_performed=True),
        )
        codes = {
            "importance": np.nan_to_num(rated, nan=0).astype(np.uint8),
            "frequency": (np.nan_to_num(F, nan=-1) + 1).astype(np.uint8),
        }
        ids = [f"R{r:02}" for r in range(self.R)]
        people = pd.DataFrame({"respondent_id": ids, "role": self.role})
        forms = None
        if self.forms is not None:
            people["form_id"] = [f"F{r % 2}" for r in range(self.R)]
            rows = [(f"F{n}", f"T{t}") for n, form in enumerate(self.forms) for t in sorted(form)]
            forms = pd.DataFrame(rows, columns=["form_id", "task_id"]).assign(position=1, block="x")
        return study_from_codes(tasks, scales, ids, codes, respondents=people, forms=forms)

    def rows(self, table, **where):
        frame = self.tables[table]
        for column, value in where.items():
            frame = frame[frame[column] == value]
        return frame.to_dict("records")

    def matrices(self):
        performers = [[v if v else None for v in row] for row in self.frequency]
        return {"importance": self.importance, "frequency": self.frequency, "frequency_performers": performers}

    def scopes(self):
        if self.forms is not None:
            people = [[r for r in range(self.R) if r % 2 == n] for n in (0, 1)]
            return {f"form_F{n}": (people[n], sorted(form)) for n, form in enumerate(self.forms)}
        everybody = list(range(self.R))
        by_domain = {f"D{d}": (everybody, [t for t in range(self.T) if self.domain[t] == d]) for d in set(self.domain)}
        return {"total": (everybody, list(range(self.T)))} | by_domain


def _lists(X):
    return [[None if math.isnan(v) else int(v) for v in row] for row in X.tolist()]


def same(mine, theirs, what, close=1e-9):
    """Both empty, or equal to rounding error."""
    empty = mine is None or mine is pd.NA or (isinstance(mine, float) and math.isnan(mine))
    assert empty == (theirs is None), (what, mine, theirs)
    if theirs is not None:
        assert math.isclose(float(mine), float(theirs), rel_tol=close, abs_tol=close), (what, mine, theirs)


def check_tasks(s):
    for scale, matrix in s.matrices().items():
        for t, row in enumerate(s.rows("task_stats", scale=scale)):
            values = naive.column(matrix, t)
            sd = statistics.stdev(values) if len(values) > 1 else None
            expected = {
                "n": len(values),
                "mean": statistics.fmean(values) if values else None,
                "sd": sd,
                "se": None if sd is None else sd / math.sqrt(len(values)),
                "median": statistics.median(values) if values else None,
                "min": min(values, default=None),
                "max": max(values, default=None),
            }
            expected |= {f"count_{k}": values.count(k) for k in range(max(s.top, s.often) + 1)}
            for name, value in expected.items():
                same(row[name], value, (scale, t, name))
    for t, row in enumerate(s.rows("performing")):
        given = naive.column(s.frequency, t)
        same(row["n_answered"], len(given), t)
        same(row["share_performing"], sum(v > 0 for v in given) / len(given) if given else None, t)


def check_agreement(s):
    for scale, points in (("importance", s.top), ("frequency", s.often + 1)):
        matrix = s.matrices()[scale]
        for t, row in enumerate(s.rows("rwg", scale=scale, group="ALL")):
            values = naive.column(matrix, t)
            enough = len(values) > 1
            same(row["rwg_raw"], naive.rwg(values, points) if enough else None, ("rwg", scale, t))
            mean = naive.mean_deviation(values, statistics.fmean(values)) if enough else None
            same(row["ad_mean"], mean, ("ad", scale, t))
            median = naive.mean_deviation(values, statistics.median(values)) if enough else None
            same(row["ad_median"], median, ("ad", scale, t))
        found = s.rows("krippendorff", scale=scale, scope="total", metric="interval")
        same(found[0]["alpha"], naive.krippendorff_interval(matrix, range(s.T)), ("krippendorff", scale))


def check_reliability(s):
    for scale in ("importance", "frequency"):
        matrix = s.matrices()[scale]
        for scope, (people, tasks) in s.scopes().items():
            part = [matrix[r] for r in people]
            row = s.rows("alpha", scale=scale, scope=scope, rule="pairwise")[0]
            same(row["raw_alpha"], naive.alpha(part, tasks), ("alpha", scale, scope), 1e-8)
            rows = naive.complete(part, tasks)
            listwise = s.rows("alpha", scale=scale, scope=scope, rule="listwise")[0]
            same(listwise["n_complete"], len(rows), ("complete", scale, scope))
            whole = naive.alpha(rows, range(len(tasks))) if rows else None
            same(listwise["raw_alpha"], whole, ("alpha listwise", scale, scope), 1e-8)
            found = s.rows("icc", scale=scale, scope=scope, method="anova_complete_respondents")
            assert bool(found) == (len(rows) >= 10 and s.forms is None)
            if found and len(tasks) > 1 and not any(math.isnan(row["icc"]) for row in found):
                expected = naive.icc(rows)
                for row in found:
                    same(row["icc"], expected[row["type"]], ("icc", scale, scope, row["type"]), 1e-8)


def check_groups(s):
    if "group_means" not in s.tables:
        assert len({role for role in s.role if role}) < 2
        assert s.forms is None
        return
    for level in sorted({role for role in s.role if role}):
        for row in s.rows("group_means", scale="importance", variable="role", level=level):
            t = int(row["task_id"][1:])
            values = [s.importance[r][t] for r in range(s.R) if s.role[r] == level and s.importance[r][t] is not None]
            same(row["n"], len(values), ("group n", level, t))
            same(row["mean"], statistics.fmean(values) if values else None, ("group mean", level, t))
    if "group_tests" not in s.tables:
        return
    rows = s.rows("group_tests", variable="role")
    for row in rows:
        t = int(row["task_id"][1:])
        groups = [[s.importance[r][t] for r in range(s.R) if s.role[r] == level and s.importance[r][t] is not None]
                  for level in ("a", "b")]  # fmt: skip
        if all(groups) and not math.isnan(row["H"]):
            same(row["H"], naive.kruskal_wallis(groups), ("H", t))
        if all(groups) and not math.isnan(row["eta2"]):
            same(row["eta2"], naive.eta_squared(groups), ("eta2", t))
    known = [None if math.isnan(row["p_kw"]) else row["p_kw"] for row in rows]
    for row, adjusted in zip(rows, naive.holm(known), strict=True):
        same(row["p_kw_holm"], adjusted, ("holm", row["task_id"]))


def bases_of(s):
    """The index of each task by the methods that plain sums give, and by the additive model where it is linked."""
    found = {name: [] for name in ("sum_importance", "sum_importance_x_frequency", "mean_of_products")}
    for t in range(s.T):
        important, often = naive.column(s.importance, t), naive.column(s.frequency, t)
        mean = statistics.fmean(important) if important else None
        found["sum_importance"].append(mean)
        found["sum_importance_x_frequency"].append(mean * statistics.fmean(often) if important and often else None)
        products = [
            0 if f[t] == 0 else i[t] * f[t]
            for i, f in zip(s.importance, s.frequency, strict=True)
            if f[t] is not None and (f[t] == 0 or i[t] is not None)
        ]
        found["mean_of_products"].append(statistics.fmean(products) if products else None)
    if naive.is_linked(s.importance, s.frequency):
        effects = naive.additive_effects(s.importance, s.frequency)
        found["kane_log_performers"] = [effects.get(t) for t in range(s.T)]
    return found


def check_weights(s):
    table = s.rows("task_weight_basis")
    for method, basis in bases_of(s).items():
        close = 1e-6 if method == "kane_log_performers" else 1e-9
        for row, value in zip(table, basis, strict=True):
            same(row[method], value, (method, row["task_id"]), close)
        total = math.fsum(x or 0 for x in basis)
        domains = list(dict.fromkeys(s.domain))
        sums = [math.fsum(x or 0 for x, d in zip(basis, s.domain, strict=True) if d == own) for own in domains]
        rows = s.rows("domain_weights", level="domain", method=method)
        for row, value in zip(rows, sums, strict=True):
            same(row["weight"], value / total if total else None, ("weight", method, row["unit"]), close)
        if total:
            items = [row["items_lr"] for row in s.rows("allocation", level="domain", method=method, total=100)]
            assert sum(items) == 100
            quotas = [round(row["weight"], 9) for row in rows]
            assert max(abs(a - b) for a, b in zip(items, largest_remainder(quotas, 100), strict=True)) <= 1


def check_persons(s):
    for r, row in enumerate(s.rows("person_quality")):
        given = [v for v in s.importance[r] if v is not None]
        same(row["n_importance"], len(given), r)
        asked = sum(bool(offered) and f != 0 for offered, f in zip(s.offered[r], s.frequency[r], strict=True))
        same(row["n_importance_asked"], asked, ("asked", r))
        same(row["longstring_importance"], naive.longest_run(s.importance[r], range(s.T)), ("run", r))
        same(row["irv_importance"], statistics.stdev(given) if len(given) > 1 else None, ("irv", r))
        same(row["person_total_r"], naive.person_total(s.importance, r), ("person total", r), 1e-8)
    pairs = {(row["respondent_a"], row["respondent_b"]) for row in s.rows("identical_respondents")}
    both = [(s.importance[r], s.frequency[r]) for r in range(s.R)]
    expected = {
        (f"R{a:02}", f"R{b:02}")
        for a in range(s.R)
        for b in range(a + 1, s.R)
        if both[a] == both[b] and any(v is not None for v in s.importance[a])
    }
    assert pairs == expected


def check_unanswered(s):
    for row in s.rows("unanswered"):
        t = int(row["task_id"][1:])
        matrix = s.matrices()[row["scale"]]
        skipped = [row["scale"] == "importance" and s.frequency[r][t] == 0 for r in range(s.R)]
        asked = [r for r in range(s.R) if s.offered[r][t] and not skipped[r]]
        left = sum(matrix[r][t] is None for r in asked)
        assert (row["n_offered"], row["n_unanswered"]) == (len(asked), left)
        same(row["share_unanswered"], left / len(asked) if asked else None, ("unanswered", t))


CHECKS = (
    check_tasks, check_agreement, check_reliability, check_groups, check_weights, check_persons, check_unanswered,
)  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("start", range(FIRST, LAST, BATCH))
def test_every_table_of_a_random_study_agrees_with_plain_loops(start):
    for seed in range(start, min(start + BATCH, LAST)):
        made = Random(seed)
        assert_no_nonsense(made.result)
        for check in CHECKS:
            check(made)
