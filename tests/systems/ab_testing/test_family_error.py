"""How often a family of experiments without any effect names a winner: exactly, over all counts that can come about."""

from __future__ import annotations

from math import comb

import numpy as np
import pytest
from scipy import stats

from systems.ab_testing.config import LEAST_BUYERS, SIGNIFICANT
from systems.ab_testing.significance import CHI_SQUARE, FISHER, difference_of_rates

FAMILY = 20
# Weights below this are left out; they count as false winners.
NEGLIGIBLE = 1e-9
EVEN = [((400, 400), 0.1), ((1000, 1000), 0.02), ((1000, 900), 0.1)]
UNEVEN = [((5000, 150), 0.04), ((1900, 100), 0.06), ((2000, 100), 0.055), ((3300, 100), 0.06), ((3000, 300), 0.02)]


def p_values(participants: tuple[int, int], rate: float) -> tuple[np.ndarray, np.ndarray]:
    """The p-values of all counts of buyers that are at all likely, and their weights; too few buyers never give a winner."""
    likely = [range(int(stats.binom.ppf(1e-7, n, rate)), int(stats.binom.isf(1e-7, n, rate)) + 1) for n in participants]
    first, second = (stats.binom.pmf(counts, n, rate) for counts, n in zip(likely, participants, strict=True))
    found, weights = [], []
    for (a, of_a), (b, of_b) in ((x, y) for x in zip(likely[0], first, strict=True) for y in zip(likely[1], second, strict=True)):
        if of_a * of_b > NEGLIGIBLE:
            tested = difference_of_rates([a, b], participants) if a + b >= LEAST_BUYERS else None
            found.append(tested.p_value if tested else 1.0)
            weights.append(of_a * of_b)
    return np.array(found), np.array(weights)


def family_error(p: np.ndarray, weights: np.ndarray) -> float:
    """P(Benjamini and Hochberg reject any of FAMILY such experiments): for some k, k p-values are at most k times the level."""
    below = [0.0, *(1 - weights[p > SIGNIFICANT * k / FAMILY].sum() for k in range(1, FAMILY + 1))]
    none = np.zeros(FAMILY + 1)  # P(so many p-values lie below the k-th threshold, and none is rejected up to it)
    none[0] = 1.0
    for k in range(1, FAMILY + 1):
        share = (below[k] - below[k - 1]) / (1 - below[k - 1])
        more = np.zeros(FAMILY + 1)
        for count in np.flatnonzero(none):
            for new in range(k - count):
                more[count + new] += none[count] * comb(FAMILY - count, new) * share**new * (1 - share) ** (FAMILY - count - new)
        none = more
    return float(1 - none.sum())


@pytest.mark.parametrize(("participants", "rate"), EVEN + UNEVEN)
def test_however_users_are_dealt_at_most_one_family_in_twenty_names_a_winner(participants: tuple[int, int], rate: float) -> None:
    assert family_error(*p_values(participants, rate)) <= 0.05


def test_uneven_splits_are_tested_exactly_and_even_ones_keep_the_power_of_chi_square() -> None:
    assert {difference_of_rates([round(n * rate) for n in sizes], sizes).method for sizes, rate in EVEN} == {CHI_SQUARE}  # type: ignore[union-attr]  # somebody bought
    assert {difference_of_rates([round(n * rate) for n in sizes], sizes).method for sizes, rate in UNEVEN} == {FISHER}  # type: ignore[union-attr]  # somebody bought
