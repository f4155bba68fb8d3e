"""Methods and choices side by side, items under resampling, the other rule of apportionment, two-way tables."""

import itertools
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from analysis.allocation import allocate_items
from analysis.allocation_divisor import allocate_many, apportion, controlled_rounding, sainte_lague
from analysis.errors import PlanError
from analysis.folder import read_study_folder
from analysis.further import all_statistics
from analysis.pipeline import run_analysis
from analysis.plan import INDICES, AnalysisPlan
from analysis.precision import responses_still_needed
from analysis.scales import integer_scale
from tests.analysis.reference_study import REFERENCE
from tests.analysis.test_pipeline import IMPORTANCE, assert_no_nonsense, filled, study

DATA = read_study_folder(REFERENCE / "small" / "data").data
NEW = ("method_comparison", "sensitivity", "bootstrap_items", "precision_forecast", "participation")


def analysed(data=DATA, **options):
    options.setdefault("bootstrap_resamples", 100)
    return run_analysis(data, AnalysisPlan.from_json(options), further=all_statistics())


@pytest.fixture(scope="module")
def result():
    rule = [{"measure": "mean", "cut": 3.9, "review": 3.8}, {"measure": "performing", "cut": 0.5}]
    return analysed(retention=rule, panel_weights={"D1": 50, "D2": 30, "D3": 20}, cognitive_levels={"a": 1, "b": 2})


def naive_webster(weights, total):
    items = [0] * len(weights)
    for _ in range(total):
        quotients = [w / (2 * n + 1) for w, n in zip(weights, items, strict=True)]
        items[quotients.index(max(quotients))] += 1
    return tuple(items)


@pytest.mark.parametrize("seed", range(5))
def test_both_rules_one_by_one_and_all_at_once_agree_with_plain_loops(seed):
    weights = np.random.default_rng(seed).dirichlet(np.ones(6), 20)
    many = allocate_many("sainte_lague", weights, 60)
    plain = allocate_many("largest_remainder", weights, 60)
    for row, webster, hamilton in zip(weights.tolist(), many.tolist(), plain.tolist(), strict=True):
        assert tuple(webster) == naive_webster(row, 60) == sainte_lague(row, 60).items
        assert tuple(hamilton) == allocate_items(row, 60).items == apportion("largest_remainder", row, 60).items


def test_sainte_lague_keeps_bounds_tells_ties_and_never_takes_an_item_away():
    found = sainte_lague([6, 3, 1], 10, minimum=[0, 0, 3], maximum=[4, None, None])
    assert sum(found.items) == 10
    assert found.items[0] == 4
    assert found.items[2] >= 3
    assert found.notes[0] == "maximum"
    tie = sainte_lague([1, 1], 1)
    assert (tie.items, tie.ties[0].units, tie.ties[0].winners) == ((1, 0), (0, 1), (0,))
    assert sainte_lague([2, 1], 3).ties == ()
    series = [sainte_lague([47, 31, 22], total).items for total in range(1, 60)]
    assert all(np.subtract(b, a).min() >= 0 for a, b in itertools.pairwise(series))


@pytest.mark.parametrize("seed", range(6))
def test_a_two_way_table_adds_up_and_each_cell_is_next_to_its_quota(seed):
    rng = np.random.default_rng(seed)
    rows, parts = rng.integers(0, 40, 7).tolist(), rng.dirichlet(np.ones(4)).tolist()
    quotas, items = controlled_rounding(rows, parts)
    assert items.sum(axis=1).tolist() == rows
    assert items.sum(axis=0).tolist() == list(allocate_items(parts, sum(rows)).items)
    assert (np.abs(items - quotas) < 1).all()


def test_every_method_has_weights_and_items_beside_the_chosen_one(result):
    table = result.tables["method_comparison"]
    domain = table[table["level"] == "domain"]
    assert set(domain["method"]) > {"panel", "blend", "z_mix", "time_share", "rasch_exp_cml", "sum_importance"}
    assert len(set(domain["method"])) == len(INDICES) + 2
    for _, rows in domain.groupby("method"):
        assert rows["weight"].sum() == pytest.approx(1)
        assert rows["items"].sum() == 100
        assert sorted(rows["rank"]) == [1, 2, 3]
    chosen = domain[domain["chosen"] == "yes"]
    assert set(chosen["method"]) == {"sum_importance_x_frequency"}
    assert (chosen["items_change"] == 0).all()
    given = result.tables["allocation"].query("level == 'domain' and total == 100 and method == 'sum_importance'")
    assert domain[domain["method"] == "sum_importance"]["items"].tolist() == given["items_lr"].tolist()


def test_the_sensitivity_table_starts_from_the_blueprint_and_moves_one_thing_at_a_time(result):
    table = result.tables["sensitivity"]
    plan = table[table["option"] == "plan"]
    blueprint = result.tables["blueprint"].query("level == 'domain'")
    assert plan["weight"].tolist() == pytest.approx(blueprint["weight"].tolist())
    assert plan["items"].tolist() == blueprint["items"].tolist()
    assert {"index", "within", "review_tasks", "apportionment", "weights_from", "retention",
            "retention 1: mean", "retention 2: performing", "exclude by screen_sd", "exclude by screening",
            } < set(table["option"])  # fmt: skip
    alone = analysed(retention=[{"measure": "mean", "cut": 3.9, "review": 3.8}, {"measure": "performing", "cut": 0.5}],
                     within="mean", bootstrap_resamples=0).tables["blueprint"]  # fmt: skip
    moved = table[(table["option"] == "within") & (table["value"] == "mean")]
    assert moved["items"].tolist() == alone.query("level == 'domain'")["items"].tolist()
    whole = table[table["items"].notna() & (table["option"] != "items")].groupby(["option", "value"])
    assert (whole["items"].sum() == 100).all()
    assert (whole["items_change"].apply(lambda change: change.abs().sum() // 2) == whole["items_moved"].first()).all()


def test_a_cut_that_does_not_move_changes_no_task_and_a_higher_one_keeps_fewer(result):
    table = result.tables["retention_sensitivity"]
    assert (table.query("shift == 0")["changed"] == 0).all()
    means = table[table["measure"] == "mean"]
    assert means["keep"].is_monotonic_decreasing
    assert (table[["keep", "review", "drop"]].sum(axis=1) == 12).all()
    assert [len(tasks.split()) for tasks in table["tasks"]] == table["changed"].tolist()


def test_item_intervals_hold_the_estimate_and_count_whole_items(result):
    table = result.tables["bootstrap_items"]
    assert ((table["perc_low"] <= table["estimate"]) & (table["estimate"] <= table["perc_high"])).all()
    assert table["share_same"].between(0, 1).all()
    assert table.query("level == 'domain'").groupby("method")["boot_mean"].sum().tolist() == pytest.approx([100.0] * 9)


def test_the_forecast_is_that_of_the_formula(result):
    row = result.tables["precision_forecast"].iloc[0]
    assert row["still_needed"] == responses_still_needed(30, row["half_width"], 0.01, 3000.0)
    assert row["items_half_width"] == pytest.approx(100 * row["half_width"])


def test_participation_counts_each_group_beside_the_population(result):
    table = result.tables["participation"]
    first = table.iloc[0]
    assert (first["n"], first["n_rated"], first["population"], first["response_share"]) == (30, 30, 3000, 0.01)
    groups = table[table["variable"] == "district_size"]
    assert groups["n"].sum() == 30
    assert groups["population_share"].sum() == pytest.approx(1)


def test_the_two_way_blueprint_adds_up_to_the_blueprint(result):
    table = result.tables["blueprint_two_way"]
    blueprint = result.tables["blueprint"].query("level == 'domain'").set_index("unit")["items"]
    assert table.groupby("unit")["items"].sum().to_dict() == blueprint.to_dict()
    assert table.groupby("cognitive_level")["items"].sum().to_dict() == {"a": 33, "b": 67}


@pytest.mark.parametrize("index", INDICES)
def test_a_blueprint_follows_from_every_index(index):
    result = analysed(index=index)
    blueprint, weights = result.tables["blueprint"], result.tables["method_comparison"]
    chosen = weights[(weights["chosen"] == "yes") & (weights["level"] == "domain")]
    domains = blueprint[blueprint["level"] == "domain"]
    assert domains["weight"].tolist() == pytest.approx(chosen["weight"].tolist())
    assert domains["items"].tolist() == chosen["items"].tolist()
    told = any("not resampled" in note for note in result.notes)
    assert told == domains["ci_low"].isna().any()


def test_an_index_that_the_core_does_not_make_is_refused_there():
    with pytest.raises(PlanError, match="needs all statistics"):
        run_analysis(DATA, AnalysisPlan(index="rasch_exp_jmle", bootstrap_resamples=0))
    assert run_analysis(DATA, AnalysisPlan(index="z_mix", bootstrap_resamples=0)).tables["blueprint"] is not None


def test_the_panel_s_points_move_the_blueprint_and_narrow_its_intervals():
    points = {"D1": 50, "D2": 30, "D3": 20}
    survey = analysed().tables["blueprint"].set_index("unit")
    panel = analysed(weights_from="panel", panel_weights=points).tables["blueprint"].set_index("unit")
    blend = (
        analysed(weights_from="blend", panel_weights=points, survey_share=0.25).tables["blueprint"].set_index("unit")
    )
    assert panel.loc[["D1", "D2", "D3"], "weight"].tolist() == pytest.approx([0.5, 0.3, 0.2])
    assert panel.loc[["D1", "D2", "D3"], "items"].tolist() == [50, 30, 20]
    assert blend.loc["D1", "weight"] == pytest.approx(0.25 * survey.loc["D1", "weight"] + 0.75 * 0.5)
    width = [(frame["ci_high"] - frame["ci_low"])["D1"] for frame in (survey, blend, panel)]
    assert width[0] > width[1] > width[2] >= 0


def test_a_cut_can_be_asked_of_each_group_and_small_groups_have_no_say():
    rng = np.random.default_rng(2)
    codes = np.full((40, 2), 5, dtype=np.uint8)
    codes[30:, 0] = 1
    role = ["a"] * 30 + ["b"] * 10
    people = pd.DataFrame({"respondent_id": [f"R{r:03}" for r in range(40)], "role": role})
    data = study({"importance": codes}, scales=(IMPORTANCE,), respondents=people)
    cut = {"measure": "mean", "cut": 3, "each": "role"}
    table = run_analysis(data, AnalysisPlan.from_json({"retention": [cut], "bootstrap_resamples": 0})).tables[
        "retention"
    ]
    assert table["decision"].tolist() == ["drop", "keep"]
    assert "role: b" in table["reason"][0]
    plan = AnalysisPlan.from_json({"retention": [cut], "subgroup_minimum": 11, "bootstrap_resamples": 0})
    assert run_analysis(data, plan).tables["retention"]["decision"].tolist() == ["keep", "keep"]
    with pytest.raises(PlanError, match="were not asked"):
        run_analysis(filled(seed=int(rng.integers(9))), plan)


def test_options_of_sample_and_groups_are_followed():
    off = analysed(raking="off", subgroup_variables=["role", "shoe"], conditional_rasch="off", bootstrap_resamples=0)
    assert off.left_out["rake_weights"] == "The plan asks for no raking."
    assert set(off.tables["group_tests"]["variable"]) == {"role"}
    assert "not asked" in off.left_out["subgroups by shoe"]
    assert set(off.tables["rasch_tasks"]["method"]) == {"jmle"}
    assert "bootstrap_items" in off.left_out
    trimmed = analysed(trim_low=0.6, trim_high=1.5, bootstrap_resamples=0)
    assert trimmed.tables["rake_weights"]["weight_mean1"].between(0.6 - 1e-9, 1.5 + 1e-9).all()
    assert trimmed.documents["rake_summary"]["trimmed"] > 0


POOR = {
    "no respondents": np.zeros((0, 4), dtype=np.uint8),
    "nobody answered": np.zeros((5, 4), dtype=np.uint8),
    "all alike": np.full((5, 4), 3, dtype=np.uint8),
    "one respondent": np.array([[1, 2, 3, 4]], dtype=np.uint8),
    "one task rated": np.array([[1, 0, 0, 0], [4, 0, 0, 0]], dtype=np.uint8),
}


@pytest.mark.parametrize("name", POOR)
@pytest.mark.parametrize("performs", [True, False])
def test_poor_studies_have_empty_cells_with_reasons_and_no_nonsense(name, performs):
    codes = POOR[name]
    frequency = np.where(codes > 0, 3 if performs else 1, 0).astype(np.uint8)
    data = study({"importance": codes, "frequency": frequency}, domains=["D1", "D1", "D2", "D2"])
    result = analysed(data, retention=[{"measure": "mean", "cut": 2}], cognitive_levels={"a": 1, "b": 1})
    assert_no_nonsense(result)
    for table in NEW:
        assert table in result.tables or result.left_out[table]
    comparison = result.tables["method_comparison"]
    assert (comparison["note"] != "").eq(comparison["weight"].isna()).all()
    changes = result.tables["sensitivity"]
    assert (changes["note"] != "").eq(changes["weight"].isna()).all()


def test_every_option_of_the_plan_is_tried_or_has_its_reason(result):
    table = result.tables["sensitivity_options"].set_index("option")
    assert list(table.index) == list(AnalysisPlan().to_dict())
    assert ((table["tried"] == "") != (table["reason"] == "")).sum() >= len(table) - 5  # screening has both
    assert (table.loc[(table["tried"] == ""), "reason"] != "").all()
    assert {"retention_combine", "items", "minimum_items", "within", "index"} <= set(table.index[table["tried"] != ""])
    assert "intervals" in table.loc["seed", "reason"]
    longer = result.tables["sensitivity"].query("option == 'items' and value == '125'")
    assert longer["items"].sum() == 125
    assert longer["items_moved"].isna().all()


@pytest.mark.parametrize("index", ["kane_log_performers", "kane_log_x_performing", "time_share", "rasch_exp_jmle"])
def test_excluding_respondents_fits_kane_rasch_and_time_share_anew(index):
    plan = AnalysisPlan(index=index, bootstrap_resamples=0, conditional_rasch="off", screen_sd=0.9)
    result = run_analysis(DATA, plan, further=all_statistics())
    table = result.tables["sensitivity"]
    rows = table[table["option"] == "exclude by screen_sd"]
    people = result.tables["person_quality"]
    kept = np.flatnonzero(~(people["irv_importance"] < 0.9).to_numpy())
    assert 0 < len(kept) < len(people)
    part = replace(
        DATA,
        matrices={code: matrix.take(kept) for code, matrix in DATA.matrices.items()},
        respondents=DATA.respondents.iloc[kept].reset_index(drop=True),
    )
    alone = run_analysis(part, plan, further=all_statistics()).tables["blueprint"].query("level == 'domain'")
    assert rows["weight"].tolist() == pytest.approx(alone["weight"].tolist())
    assert (rows["n_respondents"] == len(kept)).all()
    assert "not performed" in result.tables["sensitivity_options"].set_index("option").loc["non_performers", "reason"]


def test_another_scale_in_the_place_of_importance_is_tried():
    scales = (IMPORTANCE, integer_scale("consequence", 0, 4), integer_scale("frequency", 0, 5, zero_not_performed=True))
    rng = np.random.default_rng(3)
    codes = {scale.code: rng.integers(1, len(scale.anchors) + 1, (40, 4)).astype(np.uint8) for scale in scales}
    data = study(codes, scales=scales, domains=["D1", "D1", "D2", "D2"])
    cut = {"measure": "lower_bound", "cut": 1, "review": 0.5}
    other = {"measure": "mean", "cut": 0.5, "scale": "consequence"}
    table = analysed(data, retention=[cut, other], conditional_rasch="off").tables["sensitivity"]
    found = {(row.option, row.value) for row in table.itertuples()}
    assert {("importance_scale", "consequence"), ("frequency_scale", "consequence"), ("confidence", "0.9"),
            ("retention 1: lower_bound", "no review"), ("retention 2: mean", "without it"),
            ("retention_combine", "any"), ("non_performers", "missing")} <= found  # fmt: skip
    alone = analysed(data, retention=[cut, other], conditional_rasch="off", importance_scale="consequence",
                     frequency_scale="frequency").tables["blueprint"].query("level == 'domain'")  # fmt: skip
    mine = table[(table["option"] == "importance_scale")]
    assert mine["weight"].tolist() == pytest.approx(alone["weight"].tolist())
