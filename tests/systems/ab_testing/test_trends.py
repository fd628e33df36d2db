"""The line through a variant's days, against NumPy's own weighted fit and against simulated days."""

from __future__ import annotations

import numpy as np
import pytest

from systems.ab_testing.trends import trend

DAYS = ["2021-07-30", "2021-07-31", "2021-08-02", "2021-08-03"]


def test_the_line_is_that_of_a_weighted_fit_and_days_without_data_keep_their_distance() -> None:
    buyers, participants = [40, 66, 61, 90], [400, 500, 450, 610]
    found = trend(DAYS, buyers, participants)
    assert found is not None
    x, n, b = np.array([0.0, 1, 3, 4]), np.array(participants), np.array(buyers)
    p = (b + 1) / (n + 2)
    (slope, level), covariance = np.polyfit(x, b / n, 1, w=1 / np.sqrt(p * (1 - p) / n), cov="unscaled")
    reach = 1.959963984540054 * covariance[0, 0] ** 0.5
    assert (found.per_day, found.low, found.high) == pytest.approx((slope, slope - reach, slope + reach))
    assert found.line == pytest.approx(tuple(level + slope * x))


def test_one_day_has_no_trend_and_days_without_participants_are_none() -> None:
    assert trend(["2021-08-01"], [5], [50]) is None
    assert trend(DAYS[:2], [5, 0], [50, 0]) is None
    assert trend([], [], []) is None


def test_a_clear_rise_is_told_from_one_that_may_be_chance() -> None:
    rises, may_be_chance = (trend(DAYS[:2], buyers, [1000, 1000]) for buyers in ([100, 160], [100, 110]))
    assert rises is not None and may_be_chance is not None
    assert rises.is_clear and not may_be_chance.is_clear


def test_days_without_buyers_are_not_taken_for_certain() -> None:
    found = trend(DAYS, [0, 0, 0, 1], [20, 20, 20, 20])
    assert found is not None and not found.is_clear


def test_the_interval_covers_the_true_change_in_19_of_20_simulations() -> None:
    drawn = np.random.default_rng(7)
    true = np.array([0.10, 0.11, 0.13, 0.14])
    covered = 0
    for _ in range(1000):
        found = trend(DAYS, drawn.binomial(800, true).tolist(), [800] * 4)
        assert found is not None
        covered += found.low <= 0.01 <= found.high
    assert 930 <= covered <= 970
