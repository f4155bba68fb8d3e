"""Indices, domain weights and their bootstrap intervals."""

import csv
from collections import Counter
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from analysis import bootstrap
from analysis.allocation import largest_remainder
from analysis.bootstrap import percentile_interval, resample_sums, resampling_counts
from analysis.criticality import INDEX_FUNCTIONS, TaskSums, exact_index, sum_ratings
from analysis.ratings import study_from_codes, study_from_long
from analysis.scales import Anchor, RatingScale, integer_scale
from analysis.tasks import drop_not_performed
from analysis.weights import shares, unit_sums, unit_weights, units_of, why_no_weights
from tests.analysis import naive

GOLDEN = Path(__file__).parents[1] / "reference" / "golden"
IMPORTANCE = integer_scale("importance", 1, 5)
FREQUENCY = integer_scale("frequency", 0, 5, zero_not_performed=True)
METHODS = tuple(INDEX_FUNCTIONS)


def random_study(rows, columns, seed, domains=3):
    rng = np.random.default_rng(seed)
    tasks = pd.DataFrame({"task_id": [f"T{t}" for t in range(columns)], "domain_id": rng.integers(0, domains, columns)})
    codes = {
        "importance": rng.integers(0, 6, (rows, columns), dtype=np.uint8),
        "frequency": rng.integers(0, 7, (rows, columns), dtype=np.uint8),
    }
    return study_from_codes(tasks.astype(str), [IMPORTANCE, FREQUENCY], [f"R{r:03}" for r in range(rows)], codes)


def matrices(data):
    frequency = data.matrices["frequency"]
    return drop_not_performed(data.matrices["importance"], frequency), frequency


def rows_of(data):
    found = []
    for code, matrix in data.matrices.items():
        for r, t in zip(*np.nonzero(matrix.codes), strict=True):
            found.append((r, matrix.tasks[t], code, int(matrix.scale.anchors[matrix.codes[r, t] - 1].code)))
    return found


def synthetic():
    with (GOLDEN / "synthetic_small_raw.csv").open(encoding="utf-8", newline="") as handle:
        raw = pd.DataFrame(list(csv.DictReader(handle)))
    with (GOLDEN / "synthetic_small_expected.csv").open(encoding="utf-8", newline="") as handle:
        expected = pd.DataFrame(list(csv.DictReader(handle))).set_index("task")
    long = raw.melt(["respondent", "task"], ["frequency", "importance"], "scale", "anchor").query("anchor != ''")
    long = long.rename(columns={"respondent": "respondent_id", "task": "task_id"})
    tasks = raw[["task", "domain"]].drop_duplicates().rename(columns={"task": "task_id", "domain": "domain_id"})
    return study_from_long(tasks, [IMPORTANCE, FREQUENCY], long), expected


def test_the_hand_checked_table_reproduces():
    data, expected = synthetic()
    sums = sum_ratings(*matrices(data))
    number = expected.loc[data.task_ids].astype(float, errors="ignore")
    product, products = (INDEX_FUNCTIONS[name](sums) for name in ("product_of_means", "mean_of_products"))
    assert_allclose(product, number["I_perf_x_F_zeros"].astype(float), atol=1e-6)
    assert_allclose(products, number["mean_of_products_zeros"].astype(float), atol=1e-6)
    assert_allclose(100 * shares(product), number["w1_I_perf_x_F_zeros_pct"].astype(float), atol=1e-6)
    assert_allclose(100 * shares(products), number["w2_mean_products_pct"].astype(float), atol=1e-6)
    assert largest_remainder(product.tolist(), 50).items == (16, 7, 12, 4, 11)
    assert largest_remainder(products.tolist(), 50).items == (17, 7, 12, 3, 11)


@pytest.mark.parametrize(
    ("index", "within", "percents"),
    [
        ("product_of_means", "sum", (46.0940, 53.9060)),
        ("mean_of_products", "sum", (46.2898, 53.7102)),
        ("product_of_means", "mean", (56.1907, 43.8093)),
        ("mean_of_products", "mean", (56.3845, 43.6155)),
    ],
)
def test_sum_and_mean_within_a_domain_give_the_hand_checked_weights(index, within, percents):
    data, _ = synthetic()
    basis = INDEX_FUNCTIONS[index](sum_ratings(*matrices(data)))
    table = unit_weights(basis, units_of(data.tasks, "domain"), within)
    assert_allclose(100 * table["weight"], percents, atol=1e-4)
    if within == "sum":
        assert largest_remainder(table["weight"].tolist(), 50).items == (23, 27)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 10), st.integers(1, 6), st.integers(0, 2**32), st.sampled_from(METHODS), st.booleans())
def test_indices_and_weights_agree_with_plain_loops(rows, columns, seed, method, mean):
    data = random_study(rows, columns, seed)
    within = "mean" if mean else "sum"
    sums = sum_ratings(*matrices(data))
    long = rows_of(data)
    exact = [naive.index(long, task, method) for task in data.task_ids]
    assert exact_index(sums, method) == exact
    basis = INDEX_FUNCTIONS[method](sums)
    assert_allclose(np.nan_to_num(basis), [float(x) for x in exact], rtol=1e-12)
    expected = naive.weights(long, dict(zip(data.task_ids, data.tasks["domain_id"], strict=True)), method, within)
    found = unit_weights(basis, units_of(data.tasks, "domain"), within)["weight"]
    if expected is None:
        assert found.isna().all()
        assert why_no_weights(basis)
    else:
        assert_allclose(found, [float(x) for x in expected.values()], rtol=1e-12, atol=1e-15)
        assert found.sum() == pytest.approx(1)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32), st.permutations(range(8)))
def test_weights_ignore_the_order_of_tasks(seed, order):
    data = random_study(12, 8, seed)
    basis = INDEX_FUNCTIONS["product_of_means"](sum_ratings(*matrices(data)))
    assume(why_no_weights(basis) is None)
    turned = data.tasks.iloc[list(order)]
    one = unit_weights(basis, units_of(data.tasks, "domain")).set_index("unit")["weight"]
    two = unit_weights(basis[list(order)], units_of(turned, "domain")).set_index("unit")["weight"]
    pd.testing.assert_series_equal(one.sort_index(), two.sort_index(), check_exact=False, rtol=1e-12)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32))
def test_a_respondent_who_answers_nothing_moves_nothing(seed):
    data = random_study(9, 6, seed)
    codes = {code: np.vstack([m.codes, np.zeros((1, 6), dtype=np.uint8)]) for code, m in data.matrices.items()}
    more = study_from_codes(data.tasks, [IMPORTANCE, FREQUENCY], [*data.respondent_ids, "X"], codes)
    for name in METHODS:
        assert exact_index(sum_ratings(*matrices(data)), name) == exact_index(sum_ratings(*matrices(more)), name)


def test_doubling_the_values_of_a_scale_moves_no_weight():
    data = random_study(20, 6, 4)
    twice = RatingScale("importance", "x", tuple(Anchor(a.code, a.label, 2 * a.value) for a in IMPORTANCE.anchors))
    codes = {code: m.codes for code, m in data.matrices.items()}
    other = study_from_codes(data.tasks, [twice, FREQUENCY], data.respondent_ids, codes)
    units = units_of(data.tasks, "domain")
    for name in METHODS:
        weights = [
            unit_weights(INDEX_FUNCTIONS[name](sum_ratings(*matrices(d))), units)["weight"] for d in (data, other)
        ]
        assert_allclose(*weights, rtol=1e-12)


def test_non_performers_can_be_left_out_instead_of_counted_as_zero():
    data = random_study(30, 4, 1)
    importance, frequency = matrices(data)
    zero, missing = (sum_ratings(importance, frequency, value) for value in (0.0, None))
    assert (missing.n_frequency < zero.n_frequency).all()
    assert_array_equal(missing.frequency, zero.frequency)
    assert_array_equal(missing.product, zero.product)
    assert (missing.n_product < zero.n_product).all()


def test_an_index_without_its_scale_is_undefined():
    sums = TaskSums(np.array([3.0]), np.array([1.0]))
    assert np.isnan(INDEX_FUNCTIONS["product_of_means"](sums)).all()
    assert np.isnan(INDEX_FUNCTIONS["mean_of_products"](sums)).all()
    assert exact_index(sums, "importance") == [Fraction(3)]


def test_why_there_are_no_weights_is_said():
    assert "ratings" in why_no_weights(np.array([np.nan]))
    assert "negative" in why_no_weights(np.array([1.0, -1.0]))
    assert "index of every task is 0" in why_no_weights(np.array([0.0, np.nan]))
    assert why_no_weights(np.array([0.0, 1.0])) is None
    assert np.isnan(shares(np.array([2.0, -1.0]))).all()


def test_tasks_that_are_not_kept_do_not_count():
    data = random_study(12, 5, 8, domains=2)
    units = units_of(data.tasks, "domain")
    basis = np.array([1.0, 2.0, 3.0, 4.0, np.nan])
    kept = np.array([True, False, True, False, True])
    for within in ("sum", "mean"):
        whole = unit_sums(np.where(kept, basis, 0), units, within)
        n, all_n = units.n_tasks(kept), units.n_tasks()
        factor = np.where(n > 0, all_n / np.maximum(n, 1), 1) if within == "mean" else 1
        assert_allclose(unit_sums(basis, units, within, kept), whole * factor)


def test_resamples_do_not_depend_on_the_size_of_blocks_or_the_order_of_rows(monkeypatch):
    data = random_study(60, 5, 2)
    strata = np.array(["A", "B", "B"] * 20, dtype=object)
    whole = resample_sums(*matrices(data), strata=strata, resamples=40, seed=9)
    monkeypatch.setattr(bootstrap, "BLOCK_BYTES", 700)
    monkeypatch.setattr(bootstrap, "BLOCK_ROWS", 7)
    parts = resample_sums(*matrices(data), strata=strata, resamples=40, seed=9)
    order = np.random.default_rng(0).permutation(60)
    turned = [matrix.take(order) for matrix in matrices(data)]
    mixed = resample_sums(*turned, strata=strata[order], resamples=40, seed=9)
    other = resample_sums(*matrices(data), strata=strata, resamples=40, seed=10)
    for name in ("importance", "n_importance", "frequency", "n_frequency", "product", "n_product"):
        assert_array_equal(getattr(whole, name), getattr(parts, name))
        assert_array_equal(getattr(whole, name), getattr(mixed, name))
    assert (whole.product != other.product).any()


def test_each_stratum_is_resampled_to_its_own_size():
    ids = np.array([f"R{i}" for i in range(10)], dtype=object)
    strata = np.array(["A"] * 3 + ["B"] * 7, dtype=object)
    (block, counts), *rest = resampling_counts(ids, strata, 25, 1)
    assert (block, rest) == (slice(0, 25), [])
    assert_array_equal(counts[:, :3].sum(axis=1), 3)
    assert_array_equal(counts[:, 3:].sum(axis=1), 7)
    assert len({row.tobytes() for row in counts}) == 25


def test_resampled_sums_are_those_of_repeated_people():
    data = random_study(15, 4, 6)
    importance, frequency = matrices(data)
    sums = resample_sums(importance, frequency, resamples=5, seed=3)
    (_, counts), *_ = resampling_counts(importance.respondents, None, 5, 3)
    for b, row in enumerate(counts):
        people = np.repeat(np.arange(15), row.astype(int))
        expected = sum_ratings(importance.take(people), frequency.take(people))
        assert_array_equal(sums.product[b], expected.product)
        assert_array_equal(sums.n_frequency[b], expected.n_frequency)


def test_values_that_are_not_whole_are_summed_in_double_precision():
    scale = RatingScale("importance", "x", tuple(Anchor(str(k), str(k), k / 10) for k in range(1, 6)))
    codes = np.random.default_rng(1).integers(1, 6, (50, 2), dtype=np.uint8)
    tasks = pd.DataFrame({"task_id": ["a", "b"], "domain_id": "D"})
    data = study_from_codes(tasks, [scale], [f"{i:02}" for i in range(50)], {"importance": codes})
    sums = resample_sums(data.matrices["importance"], None, resamples=3, seed=0)
    (_, counts), *_ = resampling_counts(data.respondent_ids, None, 3, 0)
    assert_allclose(sums.importance, counts.astype(float) @ (codes / 10), rtol=1e-14)
    assert sums.frequency is None


def test_the_interval_takes_the_ordered_values_of_boot_ci():
    # R: boot.ci(type = "perc") with R = 39 takes the 1st and 39th of the ordered values
    low, high = percentile_interval(np.random.default_rng(0).permutation(39).astype(float)[:, None])
    assert_allclose([low[0], high[0]], [0, 38], atol=1e-12)


def test_resamples_without_weights_are_left_out_of_the_interval():
    values = np.array([[0.2, 0.8], [np.nan, np.nan], [0.4, 0.6], [0.3, 0.7]])
    low, high = percentile_interval(values, 0.5)
    assert_allclose([low, high], [[0.2, 0.6], [0.4, 0.8]])
    assert np.isnan(percentile_interval(values[:2])).all()


def test_every_respondent_is_drawn_about_as_often():
    ids = np.array([f"R{i}" for i in range(20)], dtype=object)
    total = sum(counts.sum(axis=0, dtype=int) for _, counts in resampling_counts(ids, None, 2000, 5))
    assert total.sum() == 40_000
    assert abs(total - 2000).max() < 5 * np.sqrt(2000)
    assert Counter(np.sign(total - 2000).tolist())[1.0] > 3
