"""p-values against SciPy, against counting every table with fractions, and against simulation."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import product
from math import comb, prod

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from systems.ab_testing import significance
from systems.ab_testing.significance import (
    CHI_SQUARE,
    EXACT,
    FISHER,
    SAMPLED,
    adjusted,
    difference_of_rates,
    sample_ratio,
)


@st.composite
def counted(draw: st.DrawFn, variants: int, most: int) -> tuple[list[int], list[int]]:
    participants = draw(st.lists(st.integers(1, most), min_size=variants, max_size=variants))
    return [draw(st.integers(0, n)) for n in participants], participants


@settings(deadline=None, max_examples=200)
@given(counted(2, 300))
def test_two_variants_agree_with_scipy(counts: tuple[list[int], list[int]]) -> None:
    buyers, participants = counts
    table = [buyers, [n - b for b, n in zip(buyers, participants, strict=True)]]
    found = difference_of_rates(buyers, participants)
    if found is None:
        assert sum(buyers) in (0, sum(participants))
        return
    expected = [Fraction(sum(row) * n, sum(participants)) for row in table for n in participants]
    is_even = min(expected) >= 5 and abs(stats.hypergeom(sum(participants), sum(buyers), participants[0]).stats("s")) <= 0.05
    assert found.method == (CHI_SQUARE if is_even else FISHER)
    other = stats.chi2_contingency(table, correction=False) if found.method == CHI_SQUARE else stats.fisher_exact(table)
    assert found.p_value == pytest.approx(other.pvalue, abs=1e-9)


def every_table(participants: list[int], n_buyers: int) -> Iterator[tuple[int, ...]]:
    return (each for each in product(*[range(n + 1) for n in participants]) if sum(each) == n_buyers)


def likelihood(table: tuple[int, ...], participants: list[int]) -> Fraction:
    ways = prod(comb(n, b) for n, b in zip(participants, table, strict=True))
    return Fraction(ways, comb(sum(participants), sum(table)))


@pytest.mark.parametrize(("buyers", "participants"), [([8, 10], [14, 14]), ([12, 12], [17, 17]), ([16, 20], [23, 23])])
def test_exactly_five_expected_are_enough_for_chi_square_though_not_in_floating_point(
    buyers: list[int], participants: list[int]
) -> None:
    n, n_bought = sum(participants), sum(buyers)
    assert min(participants) * (n - n_bought) == 5 * n and min(participants) * (1 - n_bought / n) < 5
    found = difference_of_rates(buyers, participants)
    assert found is not None
    assert found.method == CHI_SQUARE


@settings(deadline=None, max_examples=100)
@given(counted(3, 9))
def test_three_variants_agree_with_counting_every_table(counts: tuple[list[int], list[int]]) -> None:
    buyers, participants = counts
    found = difference_of_rates(buyers, participants)
    if found is None or found.method == CHI_SQUARE:
        return
    assert found.method == EXACT
    observed = likelihood(tuple(buyers), participants)
    likely = [likelihood(each, participants) for each in every_table(participants, sum(buyers))]
    assert sum(likely) == 1
    assert found.p_value == pytest.approx(float(sum(p for p in likely if p <= observed)), abs=1e-9)


def test_drawn_permutations_agree_with_all_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    buyers, participants = [60, 55, 6], [600, 640, 30]
    whole = difference_of_rates(buyers, participants)
    monkeypatch.setattr(significance, "MOST_TABLES", 10)
    drawn = difference_of_rates(buyers, participants)
    assert whole and drawn and (whole.method, drawn.method) == (EXACT, SAMPLED)
    assert drawn.p_value == pytest.approx(whole.p_value, abs=4e-3)
    assert drawn == difference_of_rates(buyers, participants)


@pytest.mark.parametrize(("buyers", "participants"), [([], []), ([3], [10]), ([0, 0], [10, 20]), ([10, 20], [10, 20])])
def test_where_nothing_can_be_tested_there_is_no_p_value(buyers: list[int], participants: list[int]) -> None:
    assert difference_of_rates(buyers, participants) is None


def test_a_split_that_is_not_the_meant_one_is_seen() -> None:
    assert sample_ratio([500, 500], [1, 1]) == 1
    assert sample_ratio([500, 600], [1, 1]) == pytest.approx(stats.chisquare([500, 600]).pvalue, abs=1e-9)
    assert sample_ratio([900, 100], [9, 1]) == 1
    assert sample_ratio([500, 600], [1, 1]) < 0.01


def test_p_values_are_adjusted_as_benjamini_and_hochberg_say() -> None:
    values = [0.01, 0.04, 0.03, 0.5]
    ranked = sorted(values)
    by_hand = {value: min(min(p * 4 / rank for rank, p in enumerate(ranked, 1) if p >= value), 1) for value in values}
    assert adjusted(values) == pytest.approx([by_hand[value] for value in values], abs=1e-12)
    assert len(adjusted([])) == 0
