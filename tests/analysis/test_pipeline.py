"""The whole analysis: retention, the blueprint, studies with little or nothing in them."""

import csv
import json
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from analysis.errors import AllocationError, PlanError
from analysis.further import Further
from analysis.pipeline import run_analysis
from analysis.plan import AnalysisPlan, RetentionCut
from analysis.ratings import study_from_codes
from analysis.retention import Criterion, apply_retention
from analysis.scales import Anchor, RatingScale, integer_scale

GOLDEN = Path(__file__).parents[1] / "reference" / "golden"
IMPORTANCE = integer_scale("importance", 1, 5)
FREQUENCY = integer_scale("frequency", 0, 5, zero_not_performed=True)
QUICK = AnalysisPlan(bootstrap_resamples=50)


def study(codes, *, domains=None, subdomains=None, scales=(IMPORTANCE, FREQUENCY), respondents=None):
    rows, columns = next(iter(codes.values())).shape if codes else (0, len(domains))
    domains = domains or ["D1"] * columns
    table = {"task_id": [f"T{t}" for t in range(columns)], "domain_id": domains}
    if subdomains:
        table["subdomain_id"] = subdomains
    ids = [f"R{r:03}" for r in range(rows)]
    return study_from_codes(pd.DataFrame(table), scales, ids, codes, respondents=respondents)


def filled(rows=40, columns=6, seed=1, **more):
    rng = np.random.default_rng(seed)
    codes = {
        "importance": rng.integers(1, 6, (rows, columns), dtype=np.uint8),
        "frequency": rng.integers(1, 7, (rows, columns), dtype=np.uint8),
    }
    more.setdefault("domains", ["D1", "D1", "D2", "D2", "D3", "D3"])
    return study(codes, **more)


def assert_no_nonsense(result):
    """No infinity anywhere, and no text that stands for a missing number."""
    for name, table in result.tables.items():
        for column in table.select_dtypes("number"):
            assert not np.isinf(table[column].astype(float)).any(), (name, column)
        for column in table.select_dtypes(exclude="number"):
            assert not table[column].astype(str).str.lower().isin({"nan", "inf", "none", "<na>"}).any(), (name, column)
    json.loads(result.summary_json(), parse_constant=lambda text: pytest.fail(text))


def test_onet_core_and_supplemental_tasks_reproduce():
    with (GOLDEN / "onet_11-3021_2016.csv").open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle))
    relevance = np.array([float(row["rt_pct"]) / 100 for row in rows])
    importance = np.array([float(row["im_mean"]) for row in rows])
    rule = [
        Criterion(RetentionCut("performing", 0.67), "relevance", "share who call it relevant", relevance),
        Criterion(RetentionCut("mean", 3.0), "importance", "mean importance", importance),
    ]
    table = apply_retention(rule, [row["task_id"] for row in rows])
    names = {"keep": "Core", "drop": "Supplemental"}
    assert [names[decision] for decision in table["decision"]] == [row["published_type"] for row in rows]
    reason = table.set_index("task_id")["reason"]["966"]
    assert reason == "share who call it relevant 0.66 is below 0.67"


def decide(values, cuts, combine="all"):
    criteria = [
        Criterion(cut, f"m{i}", f"measure {i}", np.array([v]))
        for i, (v, cut) in enumerate(zip(values, cuts, strict=True))
    ]
    row = apply_retention(criteria, ["T"], combine).iloc[0]
    return row["decision"], row["reason"]


MEAN = RetentionCut("mean", 2.5, review=2.4)
SHARE = RetentionCut("performing", 0.5)


@pytest.mark.parametrize(
    ("values", "combine", "decision", "reason"),
    [
        ((2.5, 0.5), "all", "keep", "measure 0 2.50 is at least 2.5; measure 1 0.50 is at least 0.5"),
        ((2.45, 0.5), "all", "review", "measure 0 2.45 is below 2.5 but not below 2.4"),
        ((2.39, 0.5), "all", "drop", "measure 0 2.39 is below 2.4"),
        ((2.45, 0.49), "all", "drop", "measure 1 0.49 is below 0.5"),
        ((math.nan, 0.5), "all", "review", "measure 0: not enough ratings"),
        ((math.nan, 0.1), "all", "drop", "measure 1 0.10 is below 0.5"),
        ((2.39, 0.5), "any", "keep", "measure 1 0.50 is at least 0.5"),
        ((2.45, 0.1), "any", "review", "measure 0 2.45 is below 2.5 but not below 2.4"),
        ((2.0, 0.1), "any", "drop", "measure 0 2.00 is below 2.4; measure 1 0.10 is below 0.5"),
        ((2.4999, 0.5), "all", "review", "measure 0 2.4999 is below 2.5 but not below 2.4"),
    ],
)
def test_any_mix_of_cuts_decides_with_its_reason(values, combine, decision, reason):
    assert decide(values, (MEAN, SHARE), combine) == (decision, reason)


def test_without_a_rule_every_task_is_kept():
    assert decide((), ()) == ("keep", "The plan has no retention rule, so every task is kept.")


def test_the_rule_acts_on_the_blueprint_and_not_on_the_tables():
    data = filled()
    means = run_analysis(data, QUICK).tables["task_stats"].query("scale == 'importance'")["mean"].to_numpy()
    cut = float(np.median(means))
    plan = AnalysisPlan.from_json(
        {
            "bootstrap_resamples": 50,
            "retention": [
                {"measure": "mean", "cut": cut},
                {"measure": "lower_bound", "cut": 0},
                {"measure": "at_or_above", "anchor": 2, "cut": 0.1},
                {"measure": "performing", "cut": 0.1},
                {"measure": "mean", "cut": 0.1, "scale": "frequency"},
            ],
        }
    )
    result = run_analysis(data, plan)
    kept = result.tables["retention"]["retained"] == "yes"
    assert kept.tolist() == (means >= cut).tolist()
    assert {"importance_mean", "importance_lower_bound", "importance_at_or_above_2", "share_performing"} < set(
        result.tables["retention"]
    )
    blueprint = result.tables["blueprint"].set_index("unit")
    assert blueprint["n_retained"].sum() == kept.sum() == result.counts["tasks_retained"]
    basis = result.tables["task_weight_basis"]
    for unit, row in blueprint.iterrows():
        chosen = kept & (basis["domain_id"] == unit)
        share = (
            basis.loc[chosen, "sum_importance_x_frequency"].sum() / basis.loc[kept, "sum_importance_x_frequency"].sum()
        )
        assert row["weight"] == pytest.approx(share)
    assert result.tables["domain_weights"]["n_tasks"].max() == 2
    assert_no_nonsense(result)


def test_tasks_up_for_review_can_be_kept_out():
    rule = {"retention": [{"measure": "mean", "cut": 5, "review": 0}], "bootstrap_resamples": 0}
    assert run_analysis(filled(), AnalysisPlan.from_json(rule)).counts["tasks_retained"] == 6
    result = run_analysis(filled(), AnalysisPlan.from_json({**rule, "review_tasks": "drop"}))
    assert result.left_out["blueprint"] == "The retention rule keeps no task."
    assert result.left_out["bootstrap_weights"] == "The plan asks for no resamples."
    assert result.weights == result.items == {}


def nested(**options):
    data = filled(subdomains=["D1.1", "D1.2", "D2.1", "D2.1", "D3.1", "D3.2"])
    plan = AnalysisPlan.from_json({"bootstrap_resamples": 60, "items": 37, **options})
    return run_analysis(data, plan)


@pytest.mark.parametrize("within", ["sum", "mean"])
def test_subdomains_share_the_weight_and_items_of_their_domain(within):
    table = nested(within=within).tables["blueprint"]
    domains, subdomains = (table[table["level"] == level] for level in ("domain", "subdomain"))
    assert domains["items"].sum() == 37
    assert subdomains.groupby("parent")["items"].sum().tolist() == domains["items"].tolist()
    assert_allclose(subdomains.groupby("parent")["weight"].sum(), domains["weight"])
    assert_allclose(subdomains.groupby("parent")["quota"].sum(), domains["items"].astype(float))
    assert (table["ci_low"] < table["weight"]).all()
    assert (table["weight"] < table["ci_high"]).all()


def test_minima_and_maxima_of_the_plan_bind_and_are_told():
    table = nested(minimum_items=9, domain_maximum={"D1": 10}, domain_minimum={"D3": 15}).tables["blueprint"]
    domains = table[table["level"] == "domain"].set_index("unit")
    assert domains["items"].to_dict() == {"D1": 10, "D2": 12, "D3": 15}
    assert domains.loc["D3", "note"] == "at its minimum"
    assert domains.loc["D2", "minimum"] == 9


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"domain_minimum": {"D9": 3}}, PlanError, "bounds the domain.s. 'D9'"),
        ({"minimum_items": 13}, AllocationError, "minima sum to 39 items, more than the 37"),
        (
            {"importance_scale": "harm"},
            PlanError,
            "'harm', which the study does not have; its scales are: 'importance'",
        ),
        ({"retention": [{"measure": "mean", "cut": 3, "scale": "harm"}]}, PlanError, "'harm'"),
    ],
)
def test_a_plan_that_does_not_fit_the_study_is_refused(options, error, message):
    with pytest.raises(error, match=message):
        nested(**options)


def test_an_exact_tie_is_told():
    codes = {"importance": np.full((3, 2), 4, dtype=np.uint8), "frequency": np.full((3, 2), 3, dtype=np.uint8)}
    result = run_analysis(study(codes, domains=["A", "B"]), AnalysisPlan(items=5, bootstrap_resamples=10))
    assert result.items == {"domain": {"A": 3, "B": 2}}
    assert any("'A', 'B' have exactly equal remainders (0.5)" in note for note in result.notes)


def test_a_domain_without_retained_tasks_gets_no_items():
    codes = {"importance": np.array([[5, 1]] * 4, dtype=np.uint8), "frequency": np.full((4, 2), 4, dtype=np.uint8)}
    plan = {"retention": [{"measure": "mean", "cut": 3}], "minimum_items": 5, "items": 20, "bootstrap_resamples": 10}
    result = run_analysis(study(codes, domains=["A", "B"], subdomains=["A1", "B1"]), AnalysisPlan.from_json(plan))
    assert result.items == {"domain": {"A": 20, "B": 0}, "subdomain": {"A1": 20, "B1": 0}}
    assert any("'B' has no retained task" in note for note in result.notes)
    assert_no_nonsense(result)


@pytest.mark.parametrize(
    ("options", "items"),
    [({"domain_maximum": {"A": 12, "C": 20}}, {"A": 12, "B": 0, "C": 8}), ({"domain_maximum": {"A": 9, "C": 9}}, None)],
)
def test_maxima_of_others_give_no_items_to_a_domain_without_retained_tasks(options, items):
    codes = {"importance": np.array([[5, 1, 3]] * 4, np.uint8), "frequency": np.full((4, 3), 4, np.uint8)}
    cuts = {"retention": [{"measure": "mean", "cut": 2}], "items": 20, "bootstrap_resamples": 0}
    data, plan = study(codes, domains=["A", "B", "C"]), AnalysisPlan.from_json(cuts | options)
    if items is None:
        with pytest.raises(AllocationError, match="maxima sum to 18 items, fewer than the 20"):
            run_analysis(data, plan)
        return
    table = run_analysis(data, plan).tables["blueprint"].set_index("unit")
    assert table["items"].to_dict() == items
    assert table["note"]["B"] == ""
    assert pd.isna(table["maximum"]["B"])


def test_tables_named_as_in_the_definitions_sum_whatever_the_plan_says():
    codes = {"importance": np.array([[5, 1, 3], [4, 2, 3]] * 4, np.uint8), "frequency": np.full((8, 3), 4, np.uint8)}
    data = study(codes, domains=["A", "A", "B"])
    by_sum, by_mean = (
        run_analysis(data, AnalysisPlan(within=rule, bootstrap_resamples=60)) for rule in ("sum", "mean")
    )
    for name in ("domain_weights", "allocation", "bootstrap_weights"):
        assert by_sum.tables[name].equals(by_mean.tables[name])
    assert not by_sum.tables["blueprint"]["weight"].equals(by_mean.tables["blueprint"]["weight"])


def test_negative_ratings_leave_empty_just_what_is_told_to_be_empty():
    scale = integer_scale("importance", -2, 2)
    # Task means -1, 2, 1, 1: negative alone in a subdomain, not in the sum of its domain.
    codes = {"importance": np.array([[2, 5, 4, 4], [1, 5, 5, 4], [3, 5, 3, 4]] * 2, np.uint8)}
    data = study(codes, domains=["A", "A", "B", "B"], subdomains=["A1", "A2", "B1", "B1"], scales=(scale,))
    result = run_analysis(data, AnalysisPlan(items=10, bootstrap_resamples=50))
    weights, intervals = (result.tables[name].set_index("unit") for name in ("domain_weights", "bootstrap_weights"))
    assert_allclose(weights["weight"][["A", "B"]], [1 / 3, 2 / 3])
    assert weights["weight"][["A1", "A2", "B1"]].isna().all()
    assert intervals["perc_low"][["A", "B"]].notna().all()
    empty = intervals.loc[["A1", "A2", "B1"], ["estimate", "boot_mean", "boot_se", "perc_low", "perc_high"]]
    assert empty.isna().all(axis=None)
    assert [note for note in result.notes if "No weights" in note] == [
        "No weights of the subdomains by sum_importance: the index of a task is negative, and a weight cannot be; "
        "its weights, items and intervals are empty."
    ]


def test_items_of_a_domain_without_weight_are_not_placed_within_it():
    codes = {"importance": np.array([[5, 3]] * 4, dtype=np.uint8), "frequency": np.array([[4, 1]] * 4, dtype=np.uint8)}
    plain = integer_scale("frequency", 0, 5)
    data = study(codes, domains=["A", "B"], subdomains=["A1", "B1"], scales=(IMPORTANCE, plain))
    result = run_analysis(data, AnalysisPlan(minimum_items=5, items=20, bootstrap_resamples=10))
    assert result.items == {"domain": {"A": 15, "B": 5}, "subdomain": {"A1": 15, "B1": None}}
    assert any("items of domain 'B' stand by a minimum" in note for note in result.notes)


def zeros(rows, columns=2):
    return np.zeros((rows, columns), dtype=np.uint8)


NOTHING = {"importance": zeros(3), "frequency": zeros(3)}
NOBODY = {"importance": np.full((3, 2), 4, dtype=np.uint8), "frequency": np.ones((3, 2), dtype=np.uint8)}
ONE = {"importance": np.full((1, 2), 4, dtype=np.uint8), "frequency": np.full((1, 2), 3, dtype=np.uint8)}
CONSTANT = {"importance": np.full((9, 2), 4, dtype=np.uint8), "frequency": np.full((9, 2), 3, dtype=np.uint8)}
HALF_EMPTY = {"importance": np.array([[4, 0]] * 5, dtype=np.uint8), "frequency": np.array([[3, 0]] * 5, dtype=np.uint8)}
NO_ONE_THERE = {"importance": zeros(0), "frequency": zeros(0)}


@pytest.mark.parametrize(
    ("codes", "weights"),
    [
        (NOTHING, None),
        (NO_ONE_THERE, None),
        (NOBODY, None),
        (ONE, [0.5, 0.5]),
        (CONSTANT, [0.5, 0.5]),
        (HALF_EMPTY, [1.0, 0.0]),
    ],
    ids=["no ratings", "no respondents", "nobody performs", "one respondent", "zero variance", "an empty domain"],
)
def test_degenerate_studies_have_empty_cells_with_a_reason(codes, weights):
    result = run_analysis(study(codes, domains=["A", "B"]), QUICK)
    assert_no_nonsense(result)
    table = result.tables["domain_weights"].query("method == 'sum_importance_x_frequency'")
    if weights is None:
        assert table["weight"].isna().all()
        assert result.tables["allocation"]["items_lr"].isna().all()
        assert result.tables["bootstrap_weights"]["perc_low"].isna().all()
        assert "No weights follow" in result.left_out["blueprint"]
        assert any("No weights by sum_importance" in note for note in result.notes)
    else:
        assert_allclose(table["weight"], weights)
        assert result.tables["blueprint"]["items"].sum() == 100
    stats = result.tables["task_stats"]
    assert stats.loc[stats["n"] == 0, "mean"].isna().all()
    if (stats["n"] <= 1).any():
        assert any("rating" in note for note in result.notes)


def test_a_task_nobody_performs_weighs_nothing():
    codes = {"importance": np.array([[4, 4]] * 3, dtype=np.uint8), "frequency": np.array([[3, 1]] * 3, dtype=np.uint8)}
    result = run_analysis(study(codes, domains=["A", "B"]), QUICK)
    basis = result.tables["task_weight_basis"].set_index("task_id")
    assert math.isnan(basis.loc["T1", "sum_importance"])
    assert basis.loc["T1", "mean_of_products"] == 0
    assert result.items["domain"] == {"A": 100, "B": 0}


AGREEMENT = RatingScale("agree", "Agreement", tuple(Anchor(str(k), str(k), k) for k in (-2, -1, 0, 1, 2)))


def test_one_agreement_scale_gets_what_makes_sense_and_reasons_for_the_rest():
    codes = {"agree": np.random.default_rng(0).integers(1, 6, (20, 3), dtype=np.uint8)}
    result = run_analysis(study(codes, domains=["A", "A", "B"], scales=[AGREEMENT]), QUICK)
    assert set(result.tables) == {"task_stats", "retention"}
    assert {"count_-2", "count_0", "count_2"} < set(result.tables["task_stats"])
    assert set(result.left_out) == {
        "performing", "task_weight_basis", "domain_weights", "allocation", "bootstrap_weights", "blueprint",
    }  # fmt: skip
    assert all(reason.endswith(".") for reason in result.left_out.values())
    assert_no_nonsense(result)
    with pytest.raises(PlanError, match="needs an importance scale"):
        run_analysis(study(codes, domains=["A", "A", "B"], scales=[AGREEMENT]), AnalysisPlan(index="importance"))
    plan = AnalysisPlan.from_json({"retention": [{"measure": "performing", "cut": 0.5}]})
    with pytest.raises(PlanError, match="needs a scale that tells who performs"):
        run_analysis(study(codes, domains=["A", "A", "B"], scales=[AGREEMENT]), plan)


def test_negative_importance_gives_no_weights():
    codes = {"agree": np.random.default_rng(0).integers(1, 3, (20, 3), dtype=np.uint8)}
    data = study(codes, domains=["A", "A", "B"], scales=[AGREEMENT])
    result = run_analysis(data, AnalysisPlan(importance_scale="agree", bootstrap_resamples=10))
    assert "negative" in result.left_out["blueprint"]
    assert result.tables["domain_weights"]["weight"].isna().all()
    assert_no_nonsense(result)


def test_importance_alone_tells_who_performs_if_it_has_the_anchor():
    scale = integer_scale("Task importance", 0, 4, zero_not_performed=True)
    codes = {"Task importance": np.array([[1, 3], [4, 5], [0, 2]], dtype=np.uint8)}
    result = run_analysis(study(codes, domains=["A", "B"], scales=[scale]), QUICK)
    assert result.tables["performing"]["n_performing"].tolist() == [1, 3]
    assert result.choices["index"] == "importance"
    assert "task_weight_basis: mean_of_products" in result.left_out
    assert list(result.tables["task_weight_basis"].columns[3:]) == ["sum_importance"]
    with pytest.raises(PlanError, match="needs a frequency scale"):
        run_analysis(study(codes, domains=["A", "B"], scales=[scale]), AnalysisPlan(index="mean_of_products"))


def test_two_scales_of_like_name_are_not_guessed_between():
    scales = [integer_scale(f"importance of {part}", 1, 5) for part in ("one", "two")]
    codes = {scale.code: np.ones((3, 2), dtype=np.uint8) for scale in scales}
    result = run_analysis(study(codes, domains=["A", "B"], scales=scales), QUICK)
    assert result.choices["importance_scale"] is None
    assert "no single one bears the name" in " ".join(result.assumptions)


def test_a_scale_named_like_a_row_of_results_is_refused():
    scales = [FREQUENCY, integer_scale("frequency_performers", 1, 5)]
    codes = {scale.code: np.ones((3, 2), dtype=np.uint8) for scale in scales}
    with pytest.raises(PlanError, match="rename that scale"):
        run_analysis(study(codes, scales=scales), QUICK)


def test_a_study_without_scales_or_tasks_has_reasons_only():
    result = run_analysis(study({}, domains=["A"], scales=[]), QUICK)
    assert "no rating scale" in result.left_out["task_stats"]
    empty = {"importance": np.zeros((2, 0), dtype=np.uint8), "frequency": np.zeros((2, 0), dtype=np.uint8)}
    assert_no_nonsense(run_analysis(study(empty), QUICK))


def test_the_same_study_and_plan_give_the_same_result():
    one, two = (run_analysis(filled(), QUICK) for _ in range(2))
    assert one.summary_json() == two.summary_json()
    for name, table in one.tables.items():
        pd.testing.assert_frame_equal(table, two.tables[name], check_exact=True)
    other = run_analysis(filled(), AnalysisPlan(bootstrap_resamples=50, seed=2))
    assert not other.tables["bootstrap_weights"].equals(one.tables["bootstrap_weights"])


def test_forms_stratify_the_resampling():
    people = pd.DataFrame({"respondent_id": [f"R{r:03}" for r in range(40)], "form_id": ["A", "B"] * 20})
    plain, formed = (run_analysis(filled(respondents=frame), QUICK) for frame in (None, people))
    assert formed.counts["forms"] == 2
    assert not formed.tables["bootstrap_weights"].equals(plain.tables["bootstrap_weights"])
    assert formed.tables["domain_weights"].equals(plain.tables["domain_weights"])


def test_progress_is_told():
    said = []
    run_analysis(filled(), QUICK, said.append)
    assert said[0] == "Analysing 40 respondents and 6 tasks"
    assert said[-1] == "Resampled respondents 50 of 50 times"


@dataclass(frozen=True)
class FakeTables:
    tables: dict
    documents: dict
    bases: dict
    left_out: dict


def test_further_statistics_join_tables_weights_items_and_intervals():
    basis = np.array([1.0, 1, 1, 1, 2, 2])
    more = FakeTables(
        {"alpha": pd.DataFrame({"raw": [0.5]})}, {"about": {"n": 1}}, {"other": basis}, {"icc": "Too few respondents."}
    )
    further = Further(lambda *_: more)
    result = run_analysis(filled(), QUICK, further=further)
    weights = result.tables["domain_weights"].query("method == 'other'")["weight"]
    assert weights.tolist() == [0.25, 0.25, 0.5]
    assert result.tables["allocation"].query("method == 'other' and total == 100")["items_lr"].tolist() == [25, 25, 50]
    assert "other" not in set(result.tables["bootstrap_weights"]["method"])
    assert "other" in result.tables["task_weight_basis"]
    assert result.tables["alpha"]["raw"].tolist() == [0.5]
    assert result.left_out["icc"] == "Too few respondents."
    assert (result.documents, result.summary()["documents"]) == ({"about": {"n": 1}}, ["about"])
    core = run_analysis(filled(), QUICK)
    assert result.weights == core.weights
