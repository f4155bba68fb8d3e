"""A second, naive implementation: plain loops over rows, standard library only, no shared code.

Rows are (respondent, task, scale, value) with value a whole number; frequency 0 is "not performed".
"""

from __future__ import annotations

import math
import statistics
from fractions import Fraction


def answers(rows, task, scale):
    """Return the values of one task on one scale, importance without that of non-performers."""
    skipped = {r for r, t, s, v in rows if t == task and s == "frequency" and v == 0}
    return [v for r, t, s, v in rows if t == task and s == scale and not (scale == "importance" and r in skipped)]


def describe(values):
    if not values:
        return {"n": 0}
    found = {"n": len(values), "mean": statistics.fmean(values), "median": statistics.median(values),
             "min": min(values), "max": max(values)}  # fmt: skip
    if len(values) > 1:
        found["sd"] = statistics.stdev(values)
        found["se"] = found["sd"] / math.sqrt(len(values))
    return found


def share_performing(rows, task):
    often = answers(rows, task, "frequency")
    return sum(v >= 1 for v in often) / len(often) if often else None


def index(rows, task, method):
    """Return the exact index of a task, 0 where it is undefined."""
    important, often = answers(rows, task, "importance"), answers(rows, task, "frequency")
    if method == "mean_of_products":
        return mean_product(rows, task)
    if not important or (method != "importance" and not often):
        return Fraction(0)
    mean = Fraction(sum(important), len(important))
    return mean if method == "importance" else mean * Fraction(sum(often), len(often))


def mean_product(rows, task):
    important = {r: v for r, t, s, v in rows if t == task and s == "importance"}
    products = []
    for r, t, s, v in rows:
        if t != task or s != "frequency":
            continue
        if v == 0:
            products.append(0)
        elif r in important:
            products.append(v * important[r])
    return Fraction(sum(products), len(products)) if products else Fraction(0)


def weights(rows, domain_of, method, within="sum"):
    """Return the weight of each domain in order of first appearance, or None where the total is 0."""
    members = {}
    for task, domain in domain_of.items():
        members.setdefault(domain, []).append(index(rows, task, method))
    sums = {d: sum(x) / (len(x) if within == "mean" else 1) for d, x in members.items()}
    total = sum(sums.values())
    return {d: x / total for d, x in sums.items()} if total else None


def largest_remainder(weights, total):
    quotas = [Fraction(w) * total / sum(map(Fraction, weights)) for w in weights]
    items = [math.floor(q) for q in quotas]
    while sum(items) < total:
        best = max(range(len(quotas)), key=lambda i: (quotas[i] - items[i], -i))
        items[best] += 1
    return items
