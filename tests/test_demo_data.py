"""The demo study's texts, its simulated people and ratings, and the O*NET answers."""

from __future__ import annotations

import csv
import difflib
import hashlib
import itertools
import re
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pytest

from jta.demo import NOTICE, onet
from jta.demo.content import (
    FOLDER,
    FRAMEWORK_CSV,
    DemoTask,
    RatingRow,
    load_background,
    load_framework,
    load_json,
    load_scales,
)
from jta.demo.simulate import DAY, SimulatedStudy, simulate

REFERENCE = Path(__file__).parent / "reference"
GUIDE = Path(__file__).parents[1] / "docs" / "demo-study.md"
# Published weights of the exam, percent: "to echo" is all the demo claims (docs/demo-study.md).
PUBLISHED = {
    "1.1": 15, "1.2": 15, "1.3": 10, "2.1": 12, "2.2": 9,
    "2.3": 9, "3.1": 9, "3.2": 7, "3.3": 7, "3.4": 7,
}  # fmt: skip
DOMAINS = {
    "1": "Leadership & Vision",
    "2": "Understanding the Educational Environment",
    "3": "Managing Technology & Support Resources",
}
VERBS = set(
    re.findall(
        r"\w+",
        """
    Adapt Advise Advocate Analyze Apply Approve Arrange Articulate Assess Assign Audit Benchmark Build
    Calculate Chair Choose Coach Compare Conduct Configure Consult Convene Coordinate Create Define
    Delegate Demonstrate Design Develop Direct Disclose Dispose Document Draft Enforce Establish
    Evaluate Explain Forecast Identify Integrate Interpret Investigate Justify Lead Maintain Map Mediate
    Meet Mentor Monitor Negotiate Observe Organize Plan Prepare Present Prioritize Publicize Recommend
    Recruit Report Represent Require Resolve Respond Restrict Retain Review Revise Schedule Secure
    Select Set Specify Standardize Supervise Survey Test Track Train Validate Verify Vet Write
    """,
    )
)
# Words that hide what is done, and words that give the frequency away before it is asked.
VAGUE = re.compile(
    r"\b(ensure|support(s|ed)? (the|a)\b|facilitate|utili[sz]e|leverage|understand how|handle|foster|promote|"
    r"participate|be aware|as needed|etc|various|appropriate|and/or)\b",
    re.IGNORECASE,
)
HOW_OFTEN = re.compile(
    r"\b(regular(ly)?|annually|monthly|weekly|each (day|week|month|year)|every (day|week|month|year)|often)\b"
)


@pytest.fixture(scope="module")
def tasks() -> tuple[DemoTask, ...]:
    return load_framework()


@pytest.fixture(scope="module")
def study() -> SimulatedStudy:
    return simulate()


class Tables:
    """A study's ratings as two tables, respondents by tasks, NaN where there is no row."""

    def __init__(self, study: SimulatedStudy) -> None:
        person = {response.person_code: row for row, response in enumerate(study.responses)}
        column = {task.task_code: position for position, task in enumerate(study.tasks)}
        self.frequency = np.full((len(person), len(column)), np.nan)
        self.importance = self.frequency.copy()
        tables = {"frequency": self.frequency, "importance": self.importance}
        for rating in study.ratings:
            cell = person[rating.person_code], column[rating.task_code]
            assert np.isnan(tables[rating.scale_code][cell]), f"two ratings for {rating}"
            tables[rating.scale_code][cell] = int(rating.anchor_code)
        self.subdomain = np.array([task.subdomain_code for task in study.tasks])
        self.role = np.array([response.background.get("role", "") for response in study.responses])
        stratum = {invited.person_code: invited.stratum for invited in study.roster}
        self.stratum = np.array([stratum[response.person_code] for response in study.responses])

    def weights(self, *, retained_only: bool = False) -> dict[str, float]:
        """Percent of each subdomain: product of mean importance and mean frequency with zeros."""
        importance, frequency = np.nanmean(self.importance, axis=0), np.nanmean(self.frequency, axis=0)
        index = importance * frequency * (self.retained() if retained_only else 1)
        return {code: 100 * index[self.subdomain == code].sum() / index.sum() for code in PUBLISHED}

    def performing(self) -> np.ndarray:
        return np.nanmean(np.where(np.isnan(self.frequency), np.nan, self.frequency > 0), axis=0)

    def retained(self) -> np.ndarray:
        return (np.nanmean(self.importance, axis=0) >= 3.0) & (self.performing() >= 0.5)


@pytest.fixture(scope="module")
def tables(study) -> Tables:
    return Tables(study)


# The inventory ---------------------------------------------------------------------------------


def test_framework_has_100_tasks_in_three_domains_and_ten_subdomains(tasks):
    assert len(tasks) == 100
    assert dict((task.domain_code, task.domain) for task in tasks) == DOMAINS
    assert list(dict.fromkeys(task.subdomain_code for task in tasks)) == list(PUBLISHED)
    assert len({task.subdomain for task in tasks}) == 10
    assert all(7 <= n <= 14 for n in Counter(task.subdomain_code for task in tasks).values())


def test_framework_has_exactly_the_columns_of_an_inventory_import():
    with FRAMEWORK_CSV.open(encoding="utf-8", newline="") as file:
        header = next(csv.reader(file))
    assert header == ["domain_code", "domain", "subdomain_code", "subdomain", "task_code", "task_statement"]


def test_codes_are_unique_texts_that_lead_to_their_subdomain_and_domain(tasks):
    assert len({task.task_code for task in tasks}) == 100
    assert {"1.1.1", "1.1.10"} <= {task.task_code for task in tasks}  # would be one number, are two codes
    for task in tasks:
        assert task.task_code.rsplit(".", 1)[0] == task.subdomain_code
        assert task.subdomain_code.split(".")[0] == task.domain_code


def test_numbers_run_without_a_gap_in_every_subdomain(tasks):
    by_subdomain = defaultdict(list)
    for task in tasks:
        by_subdomain[task.subdomain_code].append(int(task.task_code.rsplit(".", 1)[1]))
    assert all(numbers == list(range(1, len(numbers) + 1)) for numbers in by_subdomain.values())


def test_every_statement_starts_with_a_verb_that_can_be_observed(tasks):
    assert {task.task_statement.split()[0] for task in tasks} <= VERBS


def test_every_statement_is_one_plain_sentence_of_8_to_22_words(tasks):
    for task in tasks:
        text = task.task_statement
        assert 8 <= len(text.split()) <= 22, text
        assert text.count(" and ") <= 1, text
        assert text.endswith(".")
        assert text.count(".") == 1
        assert text == " ".join(text.split())
        assert text.isascii()


def test_no_statement_is_vague_or_says_how_often(tasks):
    for task in tasks:
        assert not VAGUE.search(task.task_statement), task.task_statement
        assert not HOW_OFTEN.search(task.task_statement), task.task_statement


def test_no_statement_names_a_product(tasks):
    """Within a sentence only "English" (the language) is written with a capital."""
    for task in tasks:
        inner = task.task_statement.split()[1:]
        assert [word for word in inner if not word.islower() and word.isalpha()] in ([], ["English"])


def test_no_two_statements_are_near_duplicates(tasks):
    for one, other in itertools.combinations([task.task_statement.lower() for task in tasks], 2):
        assert difflib.SequenceMatcher(None, one, other).ratio() < 0.7, (one, other)


# Scales and background -------------------------------------------------------------------------


def test_frequency_comes_first_and_its_zero_means_not_performed():
    frequency, importance = load_scales()
    assert (frequency.code, frequency.kind) == ("frequency", "frequency")
    assert [anchor.code for anchor in frequency.anchors] == ["0", "1", "2", "3", "4", "5"]
    assert [anchor.value for anchor in frequency.anchors] == [None, 1, 2, 3, 4, 5]
    assert [anchor.not_performed for anchor in frequency.anchors] == [True] + [False] * 5
    assert frequency.anchors[0].label == "I do not perform this task"
    assert (importance.code, importance.kind) == ("importance", "importance")
    assert [anchor.code for anchor in importance.anchors] == ["1", "2", "3", "4", "5"]
    assert [anchor.value for anchor in importance.anchors] == [1, 2, 3, 4, 5]
    assert importance.prompt == "How important is this task to the work of a K-12 chief technology officer?"


def test_every_anchor_and_choice_has_words_of_its_own():
    for entry in (*load_scales(), *onet.load_onet_scales()):
        labels = [anchor.label for anchor in entry.anchors]
        assert len(set(labels)) == len(labels)
        assert all(len(label) >= 5 for label in labels)
    for question in load_background():
        labels = [choice.label for choice in question.choices]
        assert len(set(labels)) == len(labels) == len({choice.code for choice in question.choices})


def test_background_page_holds_the_six_questions_and_one_stratum():
    questions = load_background()
    assert [q.code for q in questions] == ["role", "enrolment", "locale", "region", "years", "certified"]
    assert [q.code for q in questions if q.is_stratum] == ["enrolment"]


def test_strata_and_settings_use_the_codes_of_the_background_questions():
    settings = load_json("population.json")
    codes = {q.code: {choice.code for choice in q.choices} for q in load_background()}
    assert set(settings["strata"]) == set(settings["size_effects"]) == codes["enrolment"]
    assert set(settings["role_effects"]) == set(settings["certified_share"]) == codes["role"]
    assert set(settings["region"]) == codes["region"]
    assert set(settings["years"]) == codes["years"]
    for stratum in settings["strata"].values():
        assert set(stratum["locale"]) == codes["locale"]
        assert set(stratum["role"]) == codes["role"]


def test_effects_name_existing_subdomains():
    settings = load_json("population.json")
    for effects in (*settings["role_effects"].values(), *settings["size_effects"].values()):
        assert set(effects) == {"importance", "frequency", "performing"}
        assert all(set(shift) <= set(PUBLISHED) for shift in effects.values())


# The simulated study ---------------------------------------------------------------------------


def test_every_text_file_of_the_demo_says_simulated(study):
    for path in (*FOLDER.glob("*.json"), *FOLDER.glob("onet/*.json")):
        assert "simulat" in load_json(str(path.relative_to(FOLDER)))["notice"].lower(), path
    assert study.notice == NOTICE
    assert "Simulated" in NOTICE
    assert "not endorsed" in NOTICE
    assert onet.NOTICE.startswith("Simulated")
    assert "simulated" in GUIDE.read_text(encoding="utf-8")


def test_study_has_300_respondents_of_520_invited(study):
    assert len(study.roster) == 520
    assert len(study.responses) == 300
    assert sum(response.submitted is None for response in study.responses) == 22
    invited = {person.person_code for person in study.roster}
    assert len(invited) == 520
    assert {response.person_code for response in study.responses} <= invited
    assert {rating.person_code for rating in study.ratings} == {r.person_code for r in study.responses}


def test_people_are_invented_and_can_never_be_written_to(study):
    assert len({person.email for person in study.roster}) == 520
    assert len({person.name for person in study.roster}) == 520
    assert len({person.organization for person in study.roster}) == 520
    assert all(re.fullmatch(r"[a-z]+\.[a-z]+@example\.org", person.email) for person in study.roster)


def test_the_same_seed_gives_the_same_study(study):
    assert simulate() == study
    assert simulate(7) != study


def test_the_same_seed_gives_the_same_study_in_another_process(study):
    code = "import hashlib; from jta.demo.simulate import simulate; s = simulate();"
    code += "print(hashlib.sha256(repr((s.roster, s.responses, s.ratings, s.careless)).encode()).hexdigest())"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[1],
        env={"PYTHONHASHSEED": "12345"},
    )
    here = repr((study.roster, study.responses, study.ratings, study.careless)).encode()
    assert done.stdout.strip() == hashlib.sha256(here).hexdigest()


def test_importing_the_demo_does_not_load_numpy():
    """The web process imports the demo's loader; it must not pay for arrays it never makes."""
    for module in ("content", "people", "behaviour", "simulate", "onet"):
        head = re.split(r"^if TYPE_CHECKING:|^def |^class ", _source(module), maxsplit=1, flags=re.MULTILINE)[0]
        assert "numpy" not in head, module


def _source(module: str) -> str:
    path = FOLDER / module / "__init__.py" if (FOLDER / module).is_dir() else FOLDER / f"{module}.py"
    return path.read_text(encoding="utf-8")


def test_every_rating_is_an_anchor_of_its_scale(study):
    anchors = {(scale.code, anchor.code) for scale in load_scales() for anchor in scale.anchors}
    assert {(rating.scale_code, rating.anchor_code) for rating in study.ratings} == anchors
    assert {rating.task_code for rating in study.ratings} == {task.task_code for task in study.tasks}


def test_background_answers_are_choices_and_few_are_passed_over(study):
    codes = {q.code: {choice.code for choice in q.choices} for q in load_background()}
    given = [pair for response in study.responses for pair in response.background.items()]
    assert all(answer in codes[question] for question, answer in given)
    assert 0.96 < len(given) / (300 * 6) < 1.0


def test_importance_is_never_given_where_the_task_is_not_performed(tables):
    assert np.isnan(tables.importance[tables.frequency == 0]).all()
    assert (tables.frequency == 0).sum() > 2_000


def test_times_are_in_order_and_within_the_field_period(study):
    close = load_json("population.json")["field_days"] * DAY
    for response in study.responses:
        assert 0 < response.started < response.last_saved
        if response.submitted is not None:
            assert response.last_saved < response.submitted < close


def test_break_offs_stop_at_the_end_of_a_page_and_never_come_back(study, tables):
    for row, response in enumerate(study.responses):
        reached = np.flatnonzero(~np.isnan(tables.frequency[row])).max() + 1
        if response.submitted is None:
            assert reached <= 90
            assert reached % 10 in {0, 9}  # 9: the last task of the page was passed over
        else:
            assert reached > 97


def test_large_districts_answer_more_often_than_small_ones(study, tables):
    """Only the settings' rates are sure; one draw of 50 people strays, so ends are pooled."""
    invited = Counter(person.stratum for person in study.roster)
    answered = Counter(tables.stratum)

    def rate(*strata: str) -> float:
        return sum(answered[s] for s in strata) / sum(invited[s] for s in strata)

    assert rate("10000_24999", "25000_plus") > rate("under_1000", "1000_2499") + 0.05


def test_frame_margins_sum_to_the_same_number_of_districts(study):
    totals = Counter()
    for entry in study.frame:
        totals[entry.variable] += entry.districts
    assert set(totals) == {"enrolment", "locale", "region"}
    assert set(totals.values()) == {4_860}


def test_roles_and_sizes_differ_as_described(tables):
    """Instructional leaders live in 2.1, network managers in 3.1; small districts have no staff to lead."""
    tasks_2_1, tasks_3_1, tasks_2_2 = (tables.subdomain == code for code in ("2.1", "3.1", "2.2"))
    instructional, network = tables.role == "instructional", tables.role == "infrastructure"

    def mean(table: np.ndarray, people: np.ndarray, which: np.ndarray) -> float:
        return float(np.nanmean(table[np.ix_(people, which)]))

    assert mean(tables.importance, instructional, tasks_2_1) > mean(tables.importance, network, tasks_2_1) + 0.3
    assert mean(tables.importance, network, tasks_3_1) > mean(tables.importance, instructional, tasks_3_1) + 0.3
    assert mean(tables.frequency, network, tasks_3_1) > mean(tables.frequency, instructional, tasks_3_1) + 1
    small, large = tables.stratum == "under_1000", tables.stratum == "25000_plus"
    assert mean(tables.frequency == 0, small, tasks_2_2) > mean(tables.frequency == 0, large, tasks_2_2) + 0.1


def test_careless_people_do_what_their_kind_says(study, tables):
    assert Counter(study.careless.values()) == {"straight": 6, "random": 4, "fast": 4}
    duration = {r.person_code: r.last_saved - r.started for r in study.responses}
    honest = [seconds for code, seconds in duration.items() if code not in study.careless]
    rows = {response.person_code: row for row, response in enumerate(study.responses)}
    for code, kind in study.careless.items():
        given = tables.importance[rows[code]]
        if kind == "straight":
            assert np.nanstd(given) == 0
        if kind == "random":
            assert np.nanstd(given) > 1.2
        if kind in {"straight", "fast"}:
            assert duration[code] < np.median(honest) / 3


def test_tasks_spread_over_the_scale_and_some_are_dropped_by_a_common_rule(tables):
    importance = np.nanmean(tables.importance, axis=0)
    assert importance.min() < 3 < 4.5 < importance.max()
    assert 0.4 < tables.performing().min() < 0.5 < 0.95 < tables.performing().max() < 1
    assert 0.85 < tables.performing().mean() < 0.9
    dropped = [task.task_code for task, kept in zip(load_framework(), tables.retained(), strict=True) if not kept]
    assert dropped == ["1.1.10", "1.2.3", "2.3.3", "2.3.9"]


@pytest.mark.parametrize("seed", [2026, 1, 2, 3, 4, 5])
@pytest.mark.parametrize("retained_only", [False, True])
def test_weights_echo_the_published_ones(seed, retained_only):
    weights = Tables(simulate(seed)).weights(retained_only=retained_only)
    assert max(abs(weights[code] - PUBLISHED[code]) for code in PUBLISHED) < 1.1
    for domain, published in {"1": 40, "2": 30, "3": 30}.items():
        weight = sum(value for code, value in weights.items() if code.startswith(domain))
        assert abs(weight - published) < 1.1


def test_the_guide_shows_the_weights_of_the_default_seed(tables):
    """Lines of the table: | 1.1 Name | tasks | published | all tasks | retained tasks |."""
    lines = re.findall(r"^\| (\d\.\d) [^|]+\|([^\n]+)\|$", GUIDE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    shown = {code: [float(cell) for cell in cells.split("|")] for code, cells in lines}
    every, retained = tables.weights(), tables.weights(retained_only=True)
    counts = Counter(tables.subdomain)
    assert shown == {
        code: [counts[code], PUBLISHED[code], round(every[code], 1), round(retained[code], 1)] for code in PUBLISHED
    }


# O*NET -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def onet_answers() -> dict[tuple[str, str], np.ndarray]:
    """Answers of 20,000 drawn respondents, by task and scale."""
    return collect(onet.draw_onet_respondents(n=20_000, seed=11))


def collect(rows: tuple[RatingRow, ...]) -> dict[tuple[str, str], np.ndarray]:
    answers = defaultdict(list)
    for row in rows:
        answers[row.task_code, row.scale_code].append(int(row.anchor_code))
    return {key: np.array(values) for key, values in answers.items()}


def test_onet_inventory_holds_the_17_published_statements_word_for_word():
    path = REFERENCE / "onet" / "11-3021.00" / "data" / "task_statements.txt"
    with path.open(encoding="utf-8", newline="") as file:
        published = {row["Task ID"]: row["Task"] for row in csv.DictReader(file, delimiter="\t")}
    inventory = {task.task_code: task.task_statement for task in onet.load_onet_inventory()}
    assert inventory == published
    assert len(inventory) == 17


def test_onet_numbers_are_the_published_ones():
    path = REFERENCE / "onet" / "11-3021.00" / "expected" / "tasks_expected.csv"
    with path.open(encoding="utf-8", newline="") as file:
        expected = {row["task_id"]: row for row in csv.DictReader(file)}
    published = onet.load_published()
    assert [p.task_code for p in published] == [task.task_code for task in onet.load_onet_inventory()]
    for task in published:
        row = expected[task.task_code]
        assert task.task_type == row["task_type"]
        assert task.importance_mean == float(row["importance"])
        assert task.importance_se == float(row["importance_se"])
        assert task.importance_n == int(row["importance_n"])
        assert task.relevance == pytest.approx(float(row["relevance"]) / 100)
        assert task.frequency_mean == pytest.approx(float(row["frequency_mean"]), abs=1e-9)
        assert task.frequency_sd == pytest.approx(float(row["frequency_sd_population"]), abs=1e-9)


def test_onet_scale_has_seven_frequencies_and_not_relevant():
    frequency, importance = onet.load_onet_scales()
    assert [anchor.code for anchor in frequency.anchors] == list("01234567")
    assert [anchor.code for anchor in frequency.anchors if anchor.not_performed] == ["0"]
    assert frequency.anchors[0].value is None
    assert [anchor.code for anchor in importance.anchors] == list("12345")


def test_onet_attribution_travels_with_the_data():
    text = onet.ATTRIBUTION_FILE.read_text(encoding="utf-8")
    for phrase in ("USDOL/ETA", "CC BY 4.0", "has not approved, endorsed or tested", "simulated"):
        assert phrase in text
        assert phrase.lower() in onet.NOTICE.lower()


def test_onet_importance_distribution_has_exactly_the_published_mean():
    for task in onet.load_published():
        shares = task.importance_shares
        assert sum(shares) == pytest.approx(1)
        assert min(shares) > 0
        assert np.dot(shares, [1, 2, 3, 4, 5]) == pytest.approx(task.importance_mean, abs=1e-9)


def test_onet_draws_hit_the_published_distributions(onet_answers):
    """20,000 draws: every mean and share within 4 of its standard errors."""
    for task in onet.load_published():
        frequency = onet_answers[task.task_code, "frequency"]
        relevant = frequency[frequency > 0]
        assert len(frequency) == 20_000
        spread = (task.relevance * (1 - task.relevance) / 20_000) ** 0.5
        assert abs(len(relevant) / 20_000 - task.relevance) <= 4 * spread
        n = len(relevant)
        assert abs(relevant.mean() - task.frequency_mean) <= 4 * task.frequency_sd / n**0.5
        for point, share in zip(onet.FREQUENCY_POINTS, task.frequency_shares, strict=True):
            assert abs((relevant == point).mean() - share) <= 4 * (share * (1 - share) / n) ** 0.5
        importance = onet_answers[task.task_code, "importance"]
        assert abs(importance.mean() - task.importance_mean) <= 4 * importance.std() / n**0.5


def test_onet_sixty_respondents_are_within_three_standard_errors():
    answers = collect(onet.draw_onet_respondents())
    for task in onet.load_published():
        relevant = answers[task.task_code, "frequency"]
        relevant = relevant[relevant > 0]
        assert abs(relevant.mean() - task.frequency_mean) <= 3 * task.frequency_sd / len(relevant) ** 0.5


def test_onet_skip_rule_holds_and_everyone_answers_every_task():
    rows = onet.draw_onet_respondents(n=60, seed=3)
    frequency = {(row.person_code, row.task_code): row.anchor_code for row in rows if row.scale_code == "frequency"}
    importance = {(row.person_code, row.task_code) for row in rows if row.scale_code == "importance"}
    assert len(frequency) == 60 * 17
    assert importance == {key for key, anchor in frequency.items() if anchor != "0"}
    assert len(importance) < len(frequency)
    assert len(rows) == len(frequency) + len(importance)


def test_onet_draws_repeat_with_the_seed():
    assert onet.draw_onet_respondents(n=5, seed=1) == onet.draw_onet_respondents(n=5, seed=1)
    assert onet.draw_onet_respondents(n=5, seed=1) != onet.draw_onet_respondents(n=5, seed=2)
