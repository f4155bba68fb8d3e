"""All tables of statistics: the judge of the reference, poor studies, forms, order and repetition."""

import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from analysis import tables_persons, tables_study, weight_tables
from analysis.choices import make_choices
from analysis.criticality import sum_ratings
from analysis.folder import read_study_folder
from analysis.further import all_statistics
from analysis.pipeline import run_analysis
from analysis.plan import AnalysisPlan
from analysis.ratings import study_from_codes
from analysis.scales import Anchor, RatingScale, integer_scale
from analysis.tables import referee_tables
from analysis.weights import units_of
from tests.analysis.reference_study import REFERENCE, random_ratings

IMPORTANCE = integer_scale("importance", 1, 5)
FREQUENCY = integer_scale("frequency", 0, 5, zero_not_performed=True)
PLAN = AnalysisPlan(bootstrap_resamples=50)


def every_table(data, plan):
    """All tables of a study, weights by every method included."""
    found, plain = referee_tables(data, plan), run_analysis(data, plan, further=all_statistics())
    choices = make_choices(data, plan)
    sums = sum_ratings(choices.importance_matrix, choices.frequency_matrix, choices.not_performed)
    methods = weight_tables.index_methods(sums) | found.bases
    levels = [units_of(data.tasks, level) for level in ("domain", "subdomain")]
    weights = weight_tables.domain_weights(methods, levels)
    weighing = {
        "task_weight_basis": weight_tables.task_weight_basis(data.tasks, methods),
        "domain_weights": weights,
        "allocation": weight_tables.allocation(weights, [100, 125, 150]),
        "bootstrap_weights": plain.tables["bootstrap_weights"],
    }
    return plain.tables | found.tables | weighing


@pytest.mark.parametrize("name", ["small", pytest.param("medium", marks=pytest.mark.slow)])
def test_every_table_and_cell_agrees_with_the_reference(name, tmp_path):
    data = read_study_folder(REFERENCE / name / "data").data
    for table, frame in every_table(data, AnalysisPlan(seed=20)).items():
        frame.to_csv(tmp_path / f"{table}.csv", index=False)
    judge = [sys.executable, REFERENCE / "compare.py", tmp_path, REFERENCE / name / "expected"]
    judged = subprocess.run(judge, capture_output=True, text=True, check=False)
    assert judged.returncode == 0, judged.stdout
    assert "OFF" not in judged.stdout


def study(codes, *, scales=(IMPORTANCE, FREQUENCY), domains=None, **more):
    rows, columns = next(iter(codes.values())).shape
    tasks = pd.DataFrame({"task_id": [f"T{t}" for t in range(columns)], "domain_id": domains or ["D1"] * columns})
    ids = [f"R{r:03}" for r in range(rows)]
    background = more.pop("background", None)
    respondents = None if background is None else pd.DataFrame({"respondent_id": ids, **background})
    return study_from_codes(tasks, scales, ids, codes, respondents=respondents, **more)


def filled(rows=40, columns=6, seed=1, missing=0.1, **more):
    codes = {
        "importance": np.nan_to_num(random_ratings(seed, rows, columns, missing), nan=0).astype(np.uint8),
        "frequency": np.random.default_rng(seed).integers(1, 7, (rows, columns), dtype=np.uint8),
    }
    more.setdefault("domains", [f"D{1 + t // 2}" for t in range(columns)])
    return study(codes, **more)


def assert_no_nonsense(found):
    """No infinity, no text that stands for a missing number, documents that JSON can hold."""
    for name, table in found.tables.items():
        for column in table.select_dtypes("number"):
            assert not np.isinf(table[column].astype(float)).any(), (name, column)
        for column in table.select_dtypes(exclude="number"):
            assert not table[column].astype(str).str.lower().isin({"nan", "inf", "none", "<na>"}).any(), (name, column)
    for name, basis in found.bases.items():
        assert not np.isinf(basis).any(), name
    json.dumps(found.documents, allow_nan=False)
    assert all(reason.endswith((".", "listed.")) or reason for reason in found.left_out.values())


ROLES = {"role": ["CTO", "Manager"] * 20, "region": ["N", "S", "W", ""] * 10, "years": ["3", "10"] * 20}
POPULATION = pd.DataFrame(
    {"variable": ["role", "role"], "level": ["CTO", "Manager"], "share": [0.4, 0.6], "count": [400.0, 600.0]}
)


def test_a_full_study_has_every_table_and_nothing_left_out():
    found = referee_tables(filled(background=ROLES, population=POPULATION), PLAN)
    assert_no_nonsense(found)
    assert not [name for name in found.left_out if ":" not in name]
    assert set(found.tables) >= {
        "rwg", "rwgj", "krippendorff", "alpha", "alpha_if_deleted", "icc", "variance_components", "g_coefficients",
        "d_study", "group_means", "profile_correlations", "agreement_index", "group_tests", "two_group_effects",
        "representativeness", "representativeness_cells", "rake_weights", "weighted_means", "domain_weights_raked",
        "person_quality", "identical_respondents", "rasch_tasks", "rasch_thresholds", "rasch_persons_jmle",
        "rasch_categories",
    }  # fmt: skip
    assert set(found.tables["group_tests"]["variable"]) == {"role", "region"}  # years are numbers
    assert set(found.bases) >= {"kane_log_performers", "rasch_expected_cml"}


def one_value(code):
    return {"importance": np.full((12, 4), code, np.uint8), "frequency": np.full((12, 4), 3, np.uint8)}


DEGENERATE = {
    "no ratings": lambda: study(
        {"importance": np.zeros((5, 4), np.uint8), "frequency": np.zeros((5, 4), np.uint8)},
        background={"role": ["a", "b", "a", "b", "a"]},
    ),
    "one respondent": lambda: filled(rows=1, background={"role": ["a"]}, population=POPULATION),
    "one task": lambda: filled(columns=1, background=ROLES, population=POPULATION),
    "nobody performs": lambda: study(
        {"importance": np.full((9, 4), 3, np.uint8), "frequency": np.ones((9, 4), np.uint8)}
    ),
    "zero variance": lambda: study(one_value(3), background={"role": ["a", "b"] * 6}),
    "all at the top": lambda: study(one_value(5)),
    "subgroup of one": lambda: filled(background={"role": ["b"] + ["a"] * 39}, population=POPULATION),
    "absent stratum": lambda: filled(background={"role": ["CTO"] * 40}, population=POPULATION),
    "unknown strata": lambda: filled(background={"role": ["x"] * 40}, population=POPULATION),
    "population without respondents' column": lambda: filled(population=POPULATION),
    "no background": lambda: filled(),
    "a domain without ratings": lambda: study(
        {
            "importance": np.where(np.arange(6) < 4, filled().matrices["importance"].codes, 0).astype(np.uint8),
            "frequency": np.ones((40, 6), np.uint8) * 3,
        },
        domains=["D1", "D1", "D2", "D2", "D3", "D3"],
    ),
    "two answers only": lambda: study(
        {"importance": np.eye(6, 4, dtype=np.uint8), "frequency": np.eye(6, 4, dtype=np.uint8)}
    ),
}


@pytest.mark.parametrize("kind", DEGENERATE)
def test_poor_studies_give_empty_cells_with_reasons_and_no_nonsense(kind):
    found = referee_tables(DEGENERATE[kind](), PLAN)
    assert_no_nonsense(found)
    for table in ("alpha", "variance_components", "rasch_tasks"):
        frame = found.tables[table]
        numbers = {"alpha": "raw_alpha", "variance_components": "variance", "rasch_tasks": "delta"}[table]
        empty = frame[frame[numbers].isna()]
        assert (empty["note"] != "").all(), (kind, table)


def test_an_absent_stratum_is_named():
    found = referee_tables(DEGENERATE["absent stratum"](), PLAN)
    assert "a level of role has no respondents" in found.left_out["rake_weights"]
    assert "rake_weights" not in found.tables
    assert found.tables["representativeness"]["chi2"].notna().all()


def test_a_population_table_with_a_level_twice_or_without_counts_is_not_used():
    twice = pd.concat([POPULATION, POPULATION.iloc[:1]])
    found = referee_tables(filled(background=ROLES, population=twice), PLAN)
    assert "twice" in found.left_out["population: role"]
    assert "representativeness" not in found.tables
    uncounted = POPULATION.assign(count=[400.0, np.nan])
    found = referee_tables(filled(background=ROLES, population=uncounted), PLAN)
    assert "lacks a count" in found.left_out["rake_weights"]
    assert_no_nonsense(found)
    assert found.tables["representativeness"]["chi2"].notna().all()  # the shares are there


def test_without_anything_there_is_one_reason():
    nothing = study({"importance": np.zeros((0, 3), np.uint8), "frequency": np.zeros((0, 3), np.uint8)})
    found = referee_tables(nothing, PLAN)
    assert found.tables == {}
    assert "no respondents" in found.left_out["statistics"]


def test_a_study_with_one_agreement_scale_gets_what_makes_sense_for_it():
    scale = RatingScale(
        "agree",
        "Agreement",
        tuple(Anchor(code, code, value) for code, value in [("sd", 1), ("d", 2), ("a", 3), ("sa", 4), ("dk", None)]),
    )
    codes = {"agree": np.random.default_rng(4).integers(1, 6, (40, 6), dtype=np.uint8)}
    found = referee_tables(study(codes, scales=(scale,), background=ROLES), PLAN)
    assert_no_nonsense(found)
    assert set(found.tables["rwg"]["scale"]) == {"agree"}
    assert {"rasch_tasks", "group_tests", "person_quality"} <= set(found.tables)
    assert "importance and frequency" in found.left_out["task_weight_basis: kane_log_performers"]
    counted = found.tables["rwg"].query("group == 'ALL'")["n"]
    assert (counted == ((codes["agree"] > 0) & (codes["agree"] < 5)).sum(axis=0)).all()  # "don't know" is no number


def test_two_scales_without_importance_leave_out_what_needs_one():
    scales = (integer_scale("useful", 1, 5), integer_scale("difficult", 1, 5))
    codes = {s.code: np.random.default_rng(i).integers(1, 6, (20, 4), dtype=np.uint8) for i, s in enumerate(scales)}
    found = referee_tables(study(codes, scales=scales, background={"role": ["a", "b"] * 10}), PLAN)
    assert_no_nonsense(found)
    assert {"rwg", "alpha", "group_means"} <= set(found.tables)
    for name in ("group_tests", "agreement_index", "person_quality", "rasch_tasks"):
        assert name not in found.tables
        assert "importance" in found.left_out[name]


def test_without_frequency_means_are_weighted_but_domains_are_not():
    data = study(
        {"importance": filled().matrices["importance"].codes},
        scales=(IMPORTANCE,),
        background=ROLES,
        population=POPULATION,
    )
    found = referee_tables(data, PLAN)
    assert_no_nonsense(found)
    assert "weighted_means" in found.tables
    assert "importance and a frequency scale" in found.left_out["domain_weights_raked"]


def test_a_population_of_one_level_has_no_two_groups():
    found = referee_tables(filled(background={"role": ["CTO"] * 40}, population=POPULATION.iloc[:1]), PLAN)
    assert "only one level" in found.left_out["two_group_effects"]
    assert_no_nonsense(found)


def test_a_larger_study_is_read_in_chunks_with_the_same_digits(monkeypatch):
    data = filled(background=ROLES, population=POPULATION)
    whole = referee_tables(data, PLAN)
    monkeypatch.setattr(tables_study, "_CHUNK", 7)
    parts = referee_tables(data, PLAN)
    assert set(whole.tables) == set(parts.tables)
    for name, table in whole.tables.items():
        pd.testing.assert_frame_equal(table, parts.tables[name], check_exact=False, rtol=1e-5, atol=1e-8, obj=name)


def test_matrix_sampling_has_alpha_by_form_and_no_joint_agreement():
    form_of = ["A", "B"] * 30
    on_form = {"A": ["T0", "T1", "T2", "T3"], "B": ["T2", "T3", "T4", "T5"]}
    forms = pd.DataFrame([(f, t) for f, tasks in on_form.items() for t in tasks], columns=["form_id", "task_id"])
    codes = np.nan_to_num(random_ratings(5, 60, 6, 0), nan=0).astype(np.uint8)
    codes[::2, 4:], codes[1::2, :2] = 0, 0
    frequency = np.where(codes > 0, 3, 0).astype(np.uint8)
    data = study(
        {"importance": codes, "frequency": frequency}, domains=["D1"] * 3 + ["D2"] * 3,
        background={"form_id": form_of}, forms=forms,
    )  # fmt: skip
    found = referee_tables(data, PLAN)
    assert_no_nonsense(found)
    assert set(found.tables["alpha"]["scope"]) == {"form_A", "form_B"}
    assert (found.tables["alpha"]["n_rows"] == 30).all()
    assert "rwgj" not in found.tables
    assert set(found.tables["icc"]["method"]) == {"lmer_reml_all_data"}
    assert (found.tables["person_quality"]["n_importance_asked"] == 4).all()
    assert set(found.tables["group_means"]["variable"]) == {"form_id"}


def test_a_text_answered_differently_by_everybody_is_no_grouping():
    background = {"remark": [f"remark {i}" for i in range(60)], "role": ["a", "b", "c"] * 20}
    found = referee_tables(filled(rows=60, background=background), PLAN)
    assert "60 different answers" in found.left_out["subgroups by remark"]
    assert set(found.tables["group_means"]["variable"]) == {"role"}


def test_identical_respondents_are_listed_in_pairs_up_to_a_limit(monkeypatch):
    codes = filled(rows=6, missing=0.0)
    same = {name: np.vstack([m.codes[:3]] * 2 + [m.codes[:1]]) for name, m in codes.matrices.items()}
    pairs = referee_tables(study(same), PLAN).tables["identical_respondents"].to_numpy().tolist()
    assert pairs == [["R000", "R003"], ["R000", "R006"], ["R003", "R006"], ["R001", "R004"], ["R002", "R005"]]
    monkeypatch.setattr(tables_persons, "MAX_PAIRS", 2)
    limited = referee_tables(study(same), PLAN)
    assert len(limited.tables["identical_respondents"]) == 2
    assert "5 pairs" in limited.left_out["identical_respondents: further pairs"]


def frames_equal(a, b):
    assert set(a) == set(b)
    for name in a:
        pd.testing.assert_frame_equal(a[name], b[name], check_exact=True, obj=name)


def test_the_same_study_gives_the_same_digits():
    data = filled(background=ROLES, population=POPULATION)
    first, second = referee_tables(data, PLAN), referee_tables(data, PLAN)
    frames_equal(first.tables, second.tables)
    assert first.documents == second.documents


def test_the_order_of_respondents_and_of_tasks_does_not_matter():
    data = filled(background=ROLES, population=POPULATION)
    rng = np.random.default_rng(3)
    rows, columns = rng.permutation(40), rng.permutation(6)
    moved = study_from_codes(
        data.tasks.iloc[columns],
        data.scales.values(),
        data.respondent_ids[rows],
        {code: m.codes[np.ix_(rows, columns)] for code, m in data.matrices.items()},
        respondents=data.respondents.iloc[rows].reset_index(drop=True),
        population=POPULATION,
    )
    before, after = referee_tables(data, PLAN).tables, referee_tables(moved, PLAN).tables
    keys = {
        "rwg": ["scale", "task_id", "group"],
        "alpha": ["scale", "scope", "rule"],
        "krippendorff": ["scale", "scope", "metric"],
        "variance_components": ["scale", "model", "component"],
        "group_tests": ["variable", "task_id"],
        "rasch_tasks": ["method", "task_id"],
        "weighted_means": ["scale", "task_id"],
        "rake_weights": ["respondent_id"],
        "domain_weights_raked": ["level", "method", "unit"],
    }
    for name, key in keys.items():
        a, b = (frames[name].set_index(key).sort_index() for frames in (before, after))
        pd.testing.assert_frame_equal(a, b, check_exact=False, rtol=1e-4, atol=1e-6, obj=name)


def test_conditional_rasch_can_be_left_out():
    found = referee_tables(filled(), PLAN, conditional_rasch=False)
    assert set(found.tables["rasch_tasks"]["method"]) == {"jmle"}
    assert "where the plan asks for them" in found.left_out["rasch_tasks: cml_all_data"]
    assert "rasch_exp_cml" not in found.bases


def test_progress_is_told_in_sentences():
    said = []
    referee_tables(filled(), PLAN, progress=said.append)
    assert len(said) >= 4
