"""Resampling within form and stratum, table by table against a loop over resamples and respondents."""

import numpy as np
import pandas as pd
import pytest

from analysis.bootstrap_strata import resampling_groups
from analysis.errors import PlanError
from analysis.further import all_statistics
from analysis.pipeline import run_analysis
from analysis.plan import AnalysisPlan
from analysis.ratings import study_from_codes
from analysis.scales import integer_scale
from tests.analysis.naive import largest_remainder

IMPORTANCE, FREQUENCY = integer_scale("importance", 1, 5), integer_scale("frequency", 0, 5, zero_not_performed=True)
DOMAINS = ["D1", "D1", "D2", "D2", "D2", "D3"]
# The strata of two forms: on A two of one respondent, on B one, which joins the smaller of the others.
PLACES = [("A", "big")] * 9 + [("A", "mid")] * 5 + [("A", "one"), ("A", "")]
PLACES += [("B", "big")] * 7 + [("B", "mid")] * 4 + [("B", "one")]
JOINED = {("A", "one"): ("A", "-"), ("A", ""): ("A", "-"), ("B", "one"): ("B", "mid")}
RESAMPLES = 40


def study(places=PLACES, **columns):
    rng = np.random.default_rng(8)
    n = len(places)
    often = rng.integers(0, 7, (n, len(DOMAINS))).astype(np.uint8)  # 0 unanswered, 1 not performed
    often[1], often[min(12, n - 1)] = 1, 0  # somebody who performs nothing, somebody who answered nothing
    rated = rng.integers(0, 6, often.shape).astype(np.uint8)
    ids = [f"R{(i * 9 + 5) % n:02}" if n % 3 else f"R{n - i:02}" for i in range(n)]
    background = pd.DataFrame({"respondent_id": ids, "form_id": [form for form, _ in places], **columns})
    tasks = pd.DataFrame({"task_id": [f"T{t}" for t in range(len(DOMAINS))], "domain_id": DOMAINS})
    codes = {"importance": rated, "frequency": often}
    return study_from_codes(tasks, (IMPORTANCE, FREQUENCY), ids, codes, respondents=background)


def strata(places=PLACES):
    return [stratum for _, stratum in places]


def drawn(data, groups, seed):
    """Yield the rows of each resample: groups in the order of their names, respondents in that of their codes."""
    for stream in np.random.SeedSequence(seed).spawn(RESAMPLES):
        generator, rows = np.random.Generator(np.random.PCG64(stream)), []
        for name in sorted(set(groups)):
            members = sorted((r for r in range(len(groups)) if groups[r] == name), key=data.respondent_ids.__getitem__)
            rows += [members[i] for i in generator.integers(0, len(members), size=len(members), dtype=np.int32)]
        yield rows


def mean(values):
    return sum(values) / len(values) if values else float("nan")


def indices(data, rows, zero):
    """Two task indices of some rows, by plain loops; ``zero`` is what a non-performer's frequency counts."""
    rated, often = data.matrices["importance"].codes.tolist(), data.matrices["frequency"].codes.tolist()
    value = {code: code - 1 for code in range(2, 7)} | ({1: 0} if zero else {})
    product, share = [], []
    for t in range(len(DOMAINS)):
        important = [rated[r][t] for r in rows if rated[r][t] and often[r][t] != 1]
        product.append(mean(important) * mean([value[often[r][t]] for r in rows if often[r][t] in value]))
        own = {r: sum(value.get(code, 0) for code in often[r]) for r in rows}
        share.append(mean([value[often[r][t]] / own[r] for r in rows if often[r][t] in value and own[r] > 0]))
    return {"sum_importance_x_frequency": product, "time_share": share}


def weights(index):
    return [
        sum(x for x, d in zip(index, DOMAINS, strict=True) if d == unit) / sum(index) for unit in ("D1", "D2", "D3")
    ]


def quantile(values, p):
    """The (B + 1) p-th ordered value, between two by linear interpolation."""
    ordered, place = sorted(values), (len(values) + 1) * p
    low = int(place)
    return ordered[low - 1] + (place - low) * (ordered[low] - ordered[low - 1])


def analysed(data, **options):
    plan = AnalysisPlan(bootstrap_resamples=RESAMPLES, seed=4, confidence=0.9, conditional_rasch="off", **options)
    return run_analysis(data, plan, further=all_statistics())


@pytest.fixture(scope="module")
def stratified():
    return study(stratum=strata())


@pytest.mark.parametrize("method", ["sum_importance_x_frequency", "time_share"])
def test_intervals_of_weights_and_items_are_those_of_a_loop_over_resamples(stratified, method):
    labels = [JOINED.get(place, place) for place in PLACES]
    every = [weights(indices(stratified, rows, zero=True)[method]) for rows in drawn(stratified, labels, 4)]
    result = analysed(stratified)
    for name, found in (("bootstrap_weights", every), ("bootstrap_items", [largest_remainder(w, 100) for w in every])):
        rows = result.tables[name].query("level == 'domain' and method == @method")
        assert rows["R"].tolist() == [RESAMPLES] * 3
        assert rows["boot_mean"].tolist() == pytest.approx([mean(column) for column in zip(*found, strict=True)])
        low = [quantile(column, 0.05) for column in zip(*found, strict=True)]
        low = [np.floor(x) for x in low] if name == "bootstrap_items" else low
        assert rows["perc_low"].tolist() == pytest.approx(low)


@pytest.mark.parametrize("zero", [True, False])
def test_the_blueprint_by_time_share_has_intervals(stratified, zero):
    labels = [JOINED.get(place, place) for place in PLACES]
    every = [weights(indices(stratified, rows, zero)["time_share"]) for rows in drawn(stratified, labels, 4)]
    result = analysed(stratified, index="time_share", non_performers="zero" if zero else "missing")
    rows = result.tables["blueprint"].query("level == 'domain'")
    for column, p in (("ci_low", 0.05), ("ci_high", 0.95)):
        assert rows[column].tolist() == pytest.approx([quantile(w, p) for w in zip(*every, strict=True)])
    assert not [note for note in result.notes if "not resampled" in note]


def test_an_index_of_the_rasch_model_says_why_it_has_no_intervals(stratified):
    result = analysed(stratified, index="rasch_exp_jmle")
    assert result.tables["blueprint"]["ci_low"].isna().all()
    assert [note for note in result.notes if "Rasch model of its own" in note]
    quiet = run_analysis(
        stratified, AnalysisPlan(index="rasch_exp_jmle", bootstrap_resamples=0), further=all_statistics()
    )
    assert not [note for note in quiet.notes if "not resampled" in note]


def test_every_resample_keeps_the_size_of_each_group_and_single_ones_join_others(stratified):
    found = resampling_groups(stratified, AnalysisPlan())
    mine = [JOINED.get(place, place) for place in PLACES]
    assert len(set(zip(found.labels, mine, strict=True))) == len(set(found.labels)) == len(set(mine)) == 5
    assert found.joined == 3
    assert [note for note in analysed(stratified).notes if note.startswith("Resampling: 3 respondent(s)")]


def test_strata_that_all_hold_one_respondent_are_as_if_there_were_none():
    alone = study(number=[str(i) for i in range(len(PLACES))])
    found, plain = analysed(alone, bootstrap_strata="number"), analysed(alone, bootstrap_strata=None)
    for name in ("bootstrap_weights", "bootstrap_items"):
        pd.testing.assert_frame_equal(found.tables[name], plain.tables[name])


def test_a_single_respondent_of_a_form_is_a_group():
    places = [("A", "x"), ("B", "x"), ("B", "y"), ("B", "y")]
    found = resampling_groups(study(places, stratum=strata(places)), AnalysisPlan())
    assert found.labels.tolist() == ["0", "1", "1", "1"]


def test_the_default_needs_no_stratum_and_another_question_must_be_there():
    plain = study(role=["x", "y"] * 14)
    assert resampling_groups(plain, AnalysisPlan()).labels.tolist() == [form for form, _ in PLACES]
    assert resampling_groups(plain, AnalysisPlan(bootstrap_strata="role")).joined == 0
    with pytest.raises(PlanError, match=r"bootstrap_strata is 'shoe'.*it has: 'form_id', 'role'"):
        resampling_groups(plain, AnalysisPlan(bootstrap_strata="shoe"))
    with pytest.raises(PlanError, match="code of a background question"):
        AnalysisPlan(bootstrap_strata="")
    bare = study_from_codes(plain.tasks, plain.scales.values(), plain.respondent_ids, {})
    with pytest.raises(PlanError, match="it has: none"):
        resampling_groups(bare, AnalysisPlan(bootstrap_strata="shoe"))


def test_strata_narrow_the_intervals_where_they_differ():
    rng = np.random.default_rng(2)
    n = 400
    first = np.arange(n) < n // 2
    rated = np.where(first[:, None], [5, 1], [1, 5]).astype(np.uint8)
    rated = np.clip(rated + rng.integers(-1, 2, rated.shape), 1, 5).astype(np.uint8)
    ids = [f"R{i:03}" for i in range(n)]
    background = pd.DataFrame({"respondent_id": ids, "stratum": np.where(first, "a", "b")})
    tasks = pd.DataFrame({"task_id": ["T1", "T2"], "domain_id": ["D1", "D2"]})
    data = study_from_codes(tasks, [IMPORTANCE], ids, {"importance": rated}, respondents=background)
    se = [
        run_analysis(data, AnalysisPlan(bootstrap_resamples=300, bootstrap_strata=name))
        .tables["bootstrap_weights"]["boot_se"].max()
        for name in ("stratum", None)
    ]  # fmt: skip
    assert se[0] < se[1] / 2
