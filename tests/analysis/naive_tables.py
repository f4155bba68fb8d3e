"""A second, naive implementation of the tables: plain loops, standard library only, no shared code.

``ratings[scale][respondent][task]`` is a number or None; importance of non-performers is None already.
"""

from __future__ import annotations

import itertools
import math
import statistics


def column(matrix, task):
    return [row[task] for row in matrix if row[task] is not None]


def complete(matrix, tasks):
    return [[row[t] for t in tasks] for row in matrix if all(row[t] is not None for t in tasks)]


def variance(values):
    return statistics.variance(values) if len(values) > 1 else None


def rwg(values, points):
    s2 = variance(values)
    return None if s2 is None else 1 - s2 / ((points**2 - 1) / 12)


def mean_deviation(values, centre):
    return math.fsum(abs(v - centre) for v in values) / len(values)


def covariance(matrix, a, b):
    """Covariance of two tasks over the respondents who answered both; of one task over all who did."""
    both = [(row[a], row[b]) for row in matrix if row[a] is not None and row[b] is not None]
    if len(both) < 2:
        return None
    x, y = statistics.fmean(p[0] for p in both), statistics.fmean(p[1] for p in both)
    return math.fsum((p - x) * (q - y) for p, q in both) / (len(both) - 1)


def alpha(matrix, tasks):
    """Raw alpha from pairwise covariances; None where DEFINITIONS.md leaves it empty."""
    k = len(tasks)
    C = [[covariance(matrix, a, b) for b in tasks] for a in tasks]
    if k < 2 or len(matrix) < 3 or any(c is None for row in C for c in row) or any(C[i][i] <= 1e-12 for i in range(k)):
        return None
    total = math.fsum(itertools.chain.from_iterable(C))
    return (
        k / (k - 1) * (1 - math.fsum(C[i][i] for i in range(k)) / total) if total > 1e-9 else None
    )  # a negative one gives more than 1


def icc(rows):
    """ICC(1,1), ICC(A,1), ICC(C,1) and their averages with tasks as targets, respondents as judges."""
    k, n = len(rows), len(rows[0])
    grand = statistics.fmean(v for row in rows for v in row)
    by_task = [statistics.fmean(row[t] for row in rows) for t in range(n)]
    by_judge = [statistics.fmean(row) for row in rows]
    total = math.fsum((v - grand) ** 2 for row in rows for v in row)
    between = k * math.fsum((m - grand) ** 2 for m in by_task)
    judges = n * math.fsum((m - grand) ** 2 for m in by_judge)
    msb, msw = between / (n - 1), (total - between) / (n * (k - 1))
    msj, mse = judges / (k - 1), (total - between - judges) / ((n - 1) * (k - 1))
    return {
        "ICC1": (msb - msw) / (msb + (k - 1) * msw),
        "ICC2": (msb - mse) / (msb + (k - 1) * mse + k * (msj - mse) / n),
        "ICC3": (msb - mse) / (msb + (k - 1) * mse),
        "ICC1k": (msb - msw) / msb,
        "ICC2k": (msb - mse) / (msb + (msj - mse) / n),
        "ICC3k": (msb - mse) / msb,
    }


def krippendorff_interval(matrix, tasks):
    """Alpha from all pairs of values within and across units, interval metric."""
    units = [values for t in tasks if len(values := column(matrix, t)) > 1]
    everything = [v for unit in units for v in unit]
    if len(set(everything)) < 2:
        return None
    n = len(everything)
    observed = math.fsum(math.fsum((a - b) ** 2 for a in unit for b in unit) / (len(unit) - 1) for unit in units) / n
    expected = math.fsum((a - b) ** 2 for a in everything for b in everything) / (n * (n - 1))
    return 1 - observed / expected


def longest_run(row, order):
    best = run = 0
    last = None
    for t in order:
        if row[t] is None:
            continue
        run = run + 1 if row[t] == last else 1
        last, best = row[t], max(best, run)
    return best


def person_total(matrix, r):
    pairs = []
    for t, own in enumerate(matrix[r]):
        others = [row[t] for i, row in enumerate(matrix) if i != r and row[t] is not None]
        if own is not None and others:
            pairs.append((own, statistics.fmean(others)))
    return correlation(pairs) if len(pairs) >= 10 else None


def correlation(pairs):
    if len(pairs) < 2:
        return None
    x, y = statistics.fmean(p[0] for p in pairs), statistics.fmean(p[1] for p in pairs)
    sx, sy = math.fsum((p - x) ** 2 for p, _ in pairs), math.fsum((q - y) ** 2 for _, q in pairs)
    if sx <= 1e-12 or sy <= 1e-12:
        return None
    return math.fsum((p - x) * (q - y) for p, q in pairs) / math.sqrt(sx * sy)


def kruskal_wallis(groups):
    """H with the correction for ties, from mid-ranks counted one by one."""
    everything = [v for group in groups for v in group]
    n = len(everything)
    rank = {v: sum(w < v for w in everything) + (sum(w == v for w in everything) + 1) / 2 for v in set(everything)}
    ties = 1 - math.fsum(c**3 - c for c in (everything.count(v) for v in rank)) / (n**3 - n)
    if ties <= 0:
        return None
    spread = math.fsum(math.fsum(rank[v] for v in g) ** 2 / len(g) for g in groups)
    return (12 / (n * (n + 1)) * spread - 3 * (n + 1)) / ties


def eta_squared(groups):
    everything = [v for group in groups for v in group]
    grand = statistics.fmean(everything)
    total = math.fsum((v - grand) ** 2 for v in everything)
    return math.fsum(len(g) * (statistics.fmean(g) - grand) ** 2 for g in groups) / total if total > 1e-12 else None


def holm(p):
    """Adjusted p-values; None stays None and is not counted."""
    known = sorted((v, i) for i, v in enumerate(p) if v is not None)
    out, highest = [None] * len(p), 0.0
    for place, (v, i) in enumerate(known):
        highest = max(highest, min(1.0, v * (len(known) - place)))
        out[i] = highest
    return out


def additive_effects(matrix, other, rounds=4000):
    """exp(a_t) of ln(I F) = mu + a_t + b_r by going to and fro between tasks and respondents."""
    logs = {
        (r, t): math.log(i * f)
        for r, (row, often) in enumerate(zip(matrix, other, strict=True))
        for t, (i, f) in enumerate(zip(row, often, strict=True))
        if i is not None and f is not None and i * f > 0
    }
    tasks, people = sorted({t for _, t in logs}), sorted({r for r, _ in logs})
    of_task = {t: [r for r in people if (r, t) in logs] for t in tasks}
    of_person = {r: [t for t in tasks if (r, t) in logs] for r in people}
    a, b = dict.fromkeys(tasks, 0.0), dict.fromkeys(people, 0.0)
    for _ in range(rounds):
        for r in people:
            b[r] = math.fsum(logs[r, t] - a[t] for t in of_person[r]) / len(of_person[r])
        moved = 0.0
        for t in tasks:
            new = math.fsum(logs[r, t] - b[r] for r in of_task[t]) / len(of_task[t])
            moved, a[t] = max(moved, abs(new - a[t])), new
        if moved < 1e-13:
            break
    middle = statistics.fmean(a.values()) if a else 0.0
    return {t: math.exp(v - middle) for t, v in a.items()}


def is_linked(matrix, other):
    """Whether respondents link all tasks that have a log product."""
    sets = []
    for row, often in zip(matrix, other, strict=True):
        mine = {
            t for t, (i, f) in enumerate(zip(row, often, strict=True)) if i is not None and f is not None and i * f > 0
        }
        if mine:
            joined = [s for s in sets if s & mine]
            sets = [s for s in sets if not s & mine] + [set.union(mine, *joined)]
    return len(sets) == 1
