"""Items and changes of a blueprint: arithmetic without a database."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jta.errors import InvalidInputError
from jta.models.blueprint import Blueprint, BlueprintRow
from jta.services.blueprint_changes import RowInput, apply_changes, find_changes, shown_percent
from jta.services.blueprint_items import allocate_rows


def row(code: str, weight: float, parent: str | None = None, **limits: int) -> BlueprintRow:
    return BlueprintRow(
        code=code,
        title=code,
        level="subdomain" if parent else "domain",
        parent_code=parent,
        weight=weight,
        empirical_weight=weight,
        minimum=limits.get("minimum"),
        maximum=limits.get("maximum"),
        items=0,
        n_tasks=3,
        position=0,
        rationale="",
    )


def small() -> list[BlueprintRow]:
    return [
        row("1", 0.403), row("1.1", 0.2, "1"), row("1.2", 0.203, "1"),
        row("2", 0.597), row("2.1", 0.297, "2"), row("2.2", 0.3, "2"),
    ]  # fmt: skip


def typed(rows, **weights):
    return [
        RowInput(
            r.code,
            Decimal(weights.get(f"w{r.code.replace('.', '_')}", shown_percent(r.weight))),
            r.minimum,
            r.maximum,
            r.rationale,
        )
        for r in rows
    ]


def blueprint(rows) -> Blueprint:
    return Blueprint(rows=rows, items=100, number=1)


def test_subdomains_share_their_domains_items():
    items = {code: r.items for code, r in allocate_rows(small(), 100).items()}
    assert items == {"1": 40, "1.1": 20, "1.2": 20, "2": 60, "2.1": 30, "2.2": 30}


def test_limits_that_cannot_be_met_are_named():
    rows = [row("1", 0.5, minimum=80), row("2", 0.5, minimum=30)]
    with pytest.raises(InvalidInputError, match="the exam: The minima sum to 110"):
        allocate_rows(rows, 100)


def test_nothing_typed_changes_nothing_even_where_the_page_rounds():
    rows = [row("1", 1 / 3), row("2", 2 / 3)]
    assert find_changes(blueprint(rows), typed(rows), 100, share_rest=True) == []


def test_the_rest_is_shared_in_proportion_and_so_are_subdomains():
    rows = small()
    b = blueprint(rows)
    changes = find_changes(b, typed(rows, w1="50"), 100, share_rest=True)
    apply_changes(b, changes)
    weights = {r.code: r.weight for r in rows}
    assert weights["1"] == 0.5
    assert weights["2"] == pytest.approx(0.5)
    assert weights["1.1"] / weights["1.2"] == pytest.approx(0.2 / 0.203)
    assert weights["2.1"] + weights["2.2"] == pytest.approx(0.5)
    assert [(c.code, c.derived) for c in changes if c.code == "1"] == [("1", False)]
    assert all(c.derived for c in changes if c.code != "1")


def test_without_sharing_a_wrong_sum_is_refused_with_the_sum():
    rows = small()
    with pytest.raises(InvalidInputError, match=r"come to 109\.70 %, not 100\.00 %"):
        find_changes(blueprint(rows), typed(rows, w1="50"), 100, share_rest=False)


def test_more_than_everything_is_refused():
    rows = small()
    with pytest.raises(InvalidInputError, match=r"subdomains of 1 come to 90\.00 %"):
        find_changes(blueprint(rows), typed(rows, w1="70", w1_1="50", w1_2="40"), 100, share_rest=True)


def test_rows_of_another_blueprint_are_refused():
    rows = small()
    with pytest.raises(InvalidInputError, match="not those of the blueprint"):
        find_changes(blueprint(rows), typed(rows)[:-1], 100, share_rest=True)


@given(
    st.lists(st.floats(0.01, 1), min_size=2, max_size=8),
    st.decimals("0.01", "60", places=2),
    st.integers(1, 300),
)
def test_weights_always_sum_to_one_and_items_to_the_length(raw, new, length):
    total = sum(raw)
    rows = [row(str(n), w / total) for n, w in enumerate(raw)]
    b = blueprint(rows)
    apply_changes(b, find_changes(b, typed(rows, w0=str(new)), length, share_rest=True))
    assert sum(r.weight for r in rows) == pytest.approx(1, abs=1e-9)
    assert sum(r.items for r in allocate_rows(rows, b.items).values()) == length == b.items
