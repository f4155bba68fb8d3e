"""Matrices of ratings, their hash, and the frozen data set."""

import hashlib

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from analysis import parquet
from analysis.canonical import hash_study
from analysis.counting import count_codes, count_pairs
from analysis.errors import RatingDataError
from analysis.parquet import from_parquet, to_parquet
from analysis.ratings import RatingMatrix, study_from_codes, study_from_long
from analysis.scales import integer_scale

TASKS = pd.DataFrame({"task_id": ["T1", "T2"], "domain_id": ["D1", "D2"]})
SCALES = [integer_scale("importance", 1, 5), integer_scale("frequency", 0, 5, zero_not_performed=True)]
ROWS = [
    ("Rä", "T2", "importance", "5"),
    ("Rä", "T1", "frequency", "0"),
    ("007", "T1", "importance", "1"),
    ("NA", "T1", "importance", "3"),
]


def long(rows):
    return pd.DataFrame(rows, columns=["respondent_id", "task_id", "scale", "anchor"])


def test_long_rows_become_codes_and_unanswered_stays_zero():
    data = study_from_long(TASKS, SCALES, long(ROWS))
    assert data.respondent_ids.tolist() == ["007", "NA", "Rä"]
    assert_array_equal(data.matrices["importance"].codes, [[1, 0], [3, 0], [0, 5]])
    assert_array_equal(data.matrices["frequency"].codes, [[0, 0], [0, 0], [1, 0]])
    assert_array_equal(data.matrices["frequency"].values(0.0)[2], [0.0, np.nan])


def test_the_hash_is_that_of_the_documented_lines():
    lines = [
        '["007","T1","importance","1"]',
        '["NA","T1","importance","3"]',
        '["Rä","T1","frequency","0"]',
        '["Rä","T2","importance","5"]',
    ]
    expected = hashlib.sha256("".join(line + "\n" for line in lines).encode()).hexdigest()
    assert study_from_long(TASKS, SCALES, long(ROWS)).data_hash == expected


def test_the_hash_ignores_order_but_no_rating():
    reference = study_from_long(TASKS, SCALES, long(ROWS)).data_hash
    turned = study_from_long(TASKS[::-1], SCALES[::-1], long(ROWS[::-1])).data_hash
    fewer = study_from_long(TASKS, SCALES, long(ROWS[1:])).data_hash
    other = study_from_long(TASKS, SCALES, long([(*ROWS[0][:3], "4"), *ROWS[1:]])).data_hash
    assert turned == reference
    assert len({reference, fewer, other}) == 3


def test_codes_that_join_alike_have_different_hashes():
    tasks = pd.DataFrame({"task_id": ["1", '1","T'], "domain_id": "D"})
    one = study_from_long(tasks, SCALES, long([('R","1', "1", "importance", "1")]))
    two = study_from_long(tasks, SCALES, long([("R", '1","T', "importance", "1")]))
    assert one.data_hash != two.data_hash


def test_respondents_keep_their_order_and_those_without_a_rating_stay():
    people = pd.DataFrame({"respondent_id": ["Rä", "none", "NA", "007"], "role": ["a", None, "b", "c"]})
    data = study_from_long(TASKS, SCALES, long(ROWS), people)
    assert data.respondent_ids.tolist() == ["Rä", "none", "NA", "007"]
    assert data.respondents["role"].tolist() == ["a", "", "b", "c"]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (("x", "T9", "importance", "1"), "unknown task: 'T9'"),
        (("x", "T1", "harm", "1"), "unknown rating scale: 'harm'"),
        (("x", "T1", "importance", "6"), "unknown anchor of scale 'importance': '6'"),
        (ROWS[0], "twice"),
    ],
)
def test_rows_that_do_not_fit_are_refused_by_name(row, message):
    with pytest.raises(RatingDataError, match=message):
        study_from_long(TASKS, SCALES, long([*ROWS, row]))


def test_unknown_and_repeated_respondents_are_refused():
    with pytest.raises(RatingDataError, match="unknown respondent: '007', 'NA'"):
        study_from_long(TASKS, SCALES, long(ROWS), pd.DataFrame({"respondent_id": ["Rä"]}))
    with pytest.raises(RatingDataError, match="respondent code may occur only once"):
        study_from_codes(TASKS, SCALES, ["a", "a"], {})
    with pytest.raises(RatingDataError, match="belong to other respondents"):
        study_from_codes(TASKS, SCALES, ["a"], {}, respondents=pd.DataFrame({"respondent_id": ["b"]}))


@pytest.mark.parametrize(
    ("tasks", "message"),
    [
        (pd.DataFrame({"task_id": ["T1"]}), "lacks the column"),
        (pd.DataFrame({"task_id": ["T1", "T1"], "domain_id": "D"}), "task code may occur only once"),
        (pd.DataFrame({"task_id": [""], "domain_id": "D"}), "is empty"),
        (pd.DataFrame({"task_id": ["T1"], "domain_id": ""}), "no domain"),
    ],
)
def test_a_task_table_at_fault_is_refused(tasks, message):
    with pytest.raises(RatingDataError, match=message):
        study_from_codes(tasks, SCALES, [], {})


def test_a_matrix_checks_its_shape_and_codes():
    ids = np.array(["a"], dtype=object)
    with pytest.raises(RatingDataError, match="must be bytes"):
        RatingMatrix(SCALES[0], ids, ids, np.zeros((1, 1)))
    with pytest.raises(RatingDataError, match="have the shape"):
        RatingMatrix(SCALES[0], ids, ids, np.zeros((2, 1), dtype=np.uint8))
    with pytest.raises(RatingDataError, match="beyond its last anchor"):
        RatingMatrix(SCALES[0], ids, ids, np.full((1, 1), 6, dtype=np.uint8))


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 700), st.integers(0, 12), st.integers(0, 2**32))
def test_counts_of_chunks_add_up_to_the_counts_of_the_whole(rows, columns, seed):
    codes = np.random.default_rng(seed).integers(0, 6, size=(rows, columns), dtype=np.uint8)
    naive = [[int((codes[:, t] == k).sum()) for k in range(6)] for t in range(columns)]
    assert count_codes(codes, 6).tolist() == naive
    ids = [np.array([f"{i:04}" for i in range(size)], dtype=object) for size in (rows, columns)]
    chunks = RatingMatrix(SCALES[0], *ids, codes).chunks(97)
    total = sum((chunk.counts() for chunk in chunks), np.zeros((columns, 6), dtype=np.int64))
    assert total.tolist() == naive


def test_pairs_are_counted_over_many_blocks():
    rng = np.random.default_rng(3)
    first, second = rng.integers(0, 6, (9000, 40), dtype=np.uint8), rng.integers(0, 7, (9000, 40), dtype=np.uint8)
    counts = count_pairs(first, second, (6, 7))
    assert counts.shape == (40, 6, 7)
    assert counts[17, 4, 5] == ((first[:, 17] == 4) & (second[:, 17] == 5)).sum()
    assert counts.sum() == first.size


def test_rows_and_tasks_can_be_taken():
    matrix = study_from_long(TASKS, SCALES, long(ROWS)).matrices["importance"]
    assert matrix.take(np.array([2])).codes.tolist() == [[0, 5]]
    assert matrix.take_tasks(np.array([False, True])).codes.ravel().tolist() == [0, 0, 5]


def full_study(order=1):
    people = pd.DataFrame({"respondent_id": ["Rä", "none", "NA", "007"], "role": ["a", "", "b, c", "NA"]})
    margins = pd.DataFrame({"variable": ["role"], "level": ["a"], "share": [0.5], "count": [10.0]})
    forms = pd.DataFrame({"form_id": ["A"], "task_id": ["T1"]})
    return study_from_long(TASKS, SCALES, long(ROWS[::order]), people, population=margins, forms=forms)


def test_the_frozen_data_set_comes_back_whole():
    data = full_study()
    again = from_parquet(to_parquet(data))
    assert again.data_hash == data.data_hash
    assert hash_study(again) == hash_study(data)
    assert again.respondent_ids.tolist() == data.respondent_ids.tolist()
    pd.testing.assert_frame_equal(again.respondents, data.respondents)
    pd.testing.assert_frame_equal(again.tasks, data.tasks)
    pd.testing.assert_frame_equal(again.population, data.population, check_dtype=False)
    assert again.scales == data.scales
    for code, matrix in data.matrices.items():
        assert_array_equal(again.matrices[code].codes, matrix.codes)


def test_the_same_study_gives_the_same_parquet_bytes():
    assert to_parquet(full_study()) == to_parquet(full_study(order=-1))


def test_a_data_set_of_many_row_groups_comes_back_whole(monkeypatch):
    monkeypatch.setattr(parquet, "ROW_GROUP", 7)
    codes = np.random.default_rng(5).integers(0, 6, (50, 2), dtype=np.uint8)
    ids = [f"{(i * 37) % 50:02}" for i in range(50)]
    data = study_from_codes(TASKS, SCALES, ids, {"importance": codes})
    said = []
    again = from_parquet(to_parquet(data), said.append)
    assert again.respondent_ids.tolist() == ids
    assert_array_equal(again.matrices["importance"].codes, codes)
    assert again.data_hash == data.data_hash
    assert len(said) == 8


def test_a_changed_or_foreign_file_is_refused():
    with pytest.raises(RatingDataError, match="not a data set"):
        from_parquet(b"PAR1 nothing")
    plain = to_parquet(full_study())
    import io

    import pyarrow.parquet as pq

    table = pq.read_table(io.BytesIO(plain))
    place = table.column_names.index("rating:importance:T1")
    changed = table.set_column(place, table.column_names[place], table.column("rating:frequency:T1"))
    sink = io.BytesIO()
    pq.write_table(changed, sink)
    with pytest.raises(RatingDataError, match="the file was changed"):
        from_parquet(sink.getvalue())


def test_a_data_set_of_another_format_is_refused(monkeypatch):
    content = to_parquet(full_study())
    monkeypatch.setattr(parquet, "FORMAT", 2)
    with pytest.raises(RatingDataError, match="has format 1; this program reads format 2"):
        from_parquet(content)
