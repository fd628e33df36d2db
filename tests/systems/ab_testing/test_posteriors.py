"""Posteriors of rates against closed forms, SciPy's adaptive quadrature and simulation."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from scipy import integrate, special, stats

from systems.ab_testing.posteriors import Posteriors

COUNTS = [
    ([10, 20], [100, 100]),
    ([0, 0], [10, 5]),
    ([0, 3], [1000, 40]),
    ([0, 10], [10, 10]),
    ([1, 2], [4000, 4100]),
    ([100, 120, 90], [1000, 1100, 900]),
    ([5, 50_000], [100, 900_000]),
    ([3, 3, 3, 4, 5], [20, 3000, 50, 10, 5]),
]


def surely_better(buyers: list[int], participants: list[int]) -> float:
    """P(second rate > first) in closed form: a sum over the second's first parameter (Miller 2015)."""
    (a, c), (n, m) = buyers, participants
    a1, b1, a2, b2 = 1 + a, 1 + n - a, 1 + c, 1 + m - c
    i = np.arange(a2)
    terms = special.betaln(a1 + i, b1 + b2) - np.log(b2 + i) - special.betaln(1 + i, b2) - special.betaln(a1, b1)
    return float(np.exp(terms).sum())


def integral(function: object, edges: list[float]) -> float:
    """SciPy's adaptive quadrature from 0 to 1, cut where the function bends."""
    cuts = sorted({0.0, 1.0, *[min(max(edge, 0.0), 1.0) for edge in edges]})
    return sum(integrate.quad(function, low, high, epsabs=1e-13, limit=400)[0] for low, high in pairwise(cuts))


def edges_of(rates: list[object]) -> list[float]:
    return [float(x) for rate in rates for x in (rate.ppf(1e-12), rate.mean(), rate.ppf(1 - 1e-12))]


@pytest.mark.parametrize(("buyers", "participants"), [each for each in COUNTS if len(each[0]) == 2])
def test_the_better_of_two_is_found_as_by_the_closed_form(buyers: list[int], participants: list[int]) -> None:
    found = Posteriors.of(buyers, participants).probability_best()
    assert found[1] == pytest.approx(surely_better(buyers, participants), abs=1e-9)
    assert found.sum() == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize(("buyers", "participants"), COUNTS)
def test_the_best_and_the_loss_agree_with_adaptive_quadrature(buyers: list[int], participants: list[int]) -> None:
    found = Posteriors.of(buyers, participants)
    rates = [stats.beta(1 + b, 1 + n - b) for b, n in zip(buyers, participants, strict=True)]
    edges = edges_of(rates)
    highest = integral(lambda x: 1 - np.prod([rate.cdf(x) for rate in rates]), edges)
    assert found.expected_loss() == pytest.approx([highest - rate.mean() for rate in rates], abs=1e-9)
    for place, best in enumerate(found.probability_best()):
        others = [rate for other, rate in enumerate(rates) if other != place]
        expected = integral(lambda x, p=place, o=others: rates[p].pdf(x) * np.prod([rate.cdf(x) for rate in o]), edges)
        assert best == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(("buyers", "participants"), COUNTS)
def test_the_difference_has_the_mass_that_it_says_between_its_bounds(buyers: list[int], participants: list[int]) -> None:
    control, other = (stats.beta(1 + buyers[place], 1 + participants[place] - buyers[place]) for place in (0, 1))
    edges = edges_of([control, other])
    for bound, mass in zip(Posteriors.of(buyers, participants).difference(1, 0), (0.025, 0.975), strict=True):
        shifted = [*edges, *[edge - bound for edge in edges]]
        assert integral(lambda x, d=bound: control.pdf(x) * other.cdf(x + d), shifted) == pytest.approx(mass, abs=1e-9)


def test_simulation_says_the_same() -> None:
    buyers, participants = [30, 45, 38], [900, 1000, 950]
    found, rng = Posteriors.of(buyers, participants), np.random.default_rng(3)
    drawn = rng.beta(found.a, found.b, size=(1_000_000, 3))
    best = np.bincount(drawn.argmax(axis=1), minlength=3) / len(drawn)
    assert found.probability_best() == pytest.approx(best, abs=2e-3)
    assert found.expected_loss() == pytest.approx(drawn.max(axis=1).mean() - drawn.mean(axis=0), abs=1e-3)
    assert found.difference(1, 0) == pytest.approx(np.quantile(drawn[:, 1] - drawn[:, 0], [0.025, 0.975]), abs=1e-3)


def test_results_follow_the_variant_whatever_its_place() -> None:
    buyers, participants = [30, 45, 38], [900, 1000, 950]
    there = Posteriors.of(buyers, participants).probability_best()
    back = Posteriors.of(buyers[::-1], participants[::-1]).probability_best()
    assert back[::-1] == pytest.approx(there, abs=1e-14)
    assert there.argmax() == 1


def test_a_single_variant_is_the_best_for_certain_and_loses_nothing() -> None:
    alone = Posteriors.of([3], [100])
    assert alone.probability_best().tolist() == [1.0] and alone.expected_loss() == pytest.approx([0.0], abs=1e-12)


def test_more_buyers_than_participants_are_refused() -> None:
    with pytest.raises(ValueError, match="0 <= buyers <= participants"):
        Posteriors.of([5], [4])


@pytest.mark.parametrize(("rates", "participants"), [((0.1, 0.1), 400), ((0.08, 0.12), 500), ((0.02, 0.02), 500)])
def test_intervals_of_the_difference_cover_the_truth(rates: tuple[float, float], participants: int) -> None:
    """10,000 experiments each; 30 or more expected buyers: 95 % within one point, fewer: 94 % at least."""
    rng = np.random.default_rng(11)
    drawn = rng.binomial(participants, rates, size=(10_000, 2))
    pairs, counts = np.unique(drawn, axis=0, return_counts=True)
    bounds = [Posteriors.of(pair, [participants] * 2).difference(1, 0) for pair in pairs]
    truth = rates[1] - rates[0]
    covered = sum(n for (low, high), n in zip(bounds, counts, strict=True) if low <= truth <= high) / 10_000
    assert covered >= 0.94
    assert covered <= 0.96 or min(rates) * participants < 30


def test_the_density_of_a_difference_is_that_of_simulated_ones() -> None:
    rates = Posteriors.of([90, 30, 130], [900, 400, 1000])
    edges = np.linspace(-0.06, 0.12, 13)
    drawn = np.random.default_rng(3).beta(rates.a, rates.b, size=(400_000, 3))
    counted, _ = np.histogram(drawn[:, 2] - drawn[:, 1], bins=edges)
    fine = np.linspace(edges[0], edges[-1], 12 * 16 + 1)
    density = rates.difference_density(2, 1, fine)
    masses = [np.trapezoid(density[start : start + 17], fine[start : start + 17]) for start in range(0, 192, 16)]
    assert masses == pytest.approx(counted / 400_000, abs=4 * 0.5 / 400_000**0.5)
    assert rates.probability_above(2, 1) == pytest.approx(float((drawn[:, 2] > drawn[:, 1]).mean()), abs=0.003)
    assert rates.some([2, 0]).mean.tolist() == [rates.mean[2], rates.mean[0]]
