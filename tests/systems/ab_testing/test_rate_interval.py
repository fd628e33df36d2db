"""How often the interval of a conversion rate holds the true one: exactly, over every count of buyers that can come about."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pyspark.sql import functions as F
from scipy import stats

from systems.ab_testing.gold.variant_results import bound

PARTICIPANTS = (500, 2000)
# What 10,000 simulations can tell apart: half a standard error. The worst rate of all lies 0.06 points outside.
TOLD_APART = 0.001


@pytest.fixture(scope="module")
def bounds(spark: Any) -> dict[int, tuple[np.ndarray, np.ndarray]]:
    """Participants -> lower and upper ends, by number of buyers."""
    whole = F.explode(F.array(*[F.lit(n) for n in PARTICIPANTS])).alias("n")
    pairs = spark.range(1).select(whole).select("n", F.explode(F.sequence(F.lit(0), "n")).alias("b"))
    ends = [bound(F.col("b"), F.col("n"), side).alias(name) for side, name in ((-1, "low"), (1, "high"))]
    frame = pairs.select("n", "b", *ends).toPandas().sort_values(["n", "b"])
    return {n: (rows["low"].to_numpy(), rows["high"].to_numpy()) for n, rows in frame.groupby("n")}


@pytest.mark.parametrize("participants", PARTICIPANTS)
def test_intervals_cover_95_percent_within_one_point_and_with_few_buyers_94_at_least(
    participants: int, bounds: dict[int, tuple[np.ndarray, np.ndarray]]
) -> None:
    low, high = bounds[participants]
    buyers = np.arange(participants + 1)
    expected = np.linspace(0.5, participants / 2, 600)
    covered = np.array([
        stats.binom.pmf(buyers, participants, rate)[(low <= rate) & (rate <= high)].sum() for rate in expected / participants
    ])  # fmt: skip
    many = expected >= 30
    assert covered[~many].min() >= 0.94
    assert covered[many].min() >= 0.94 - TOLD_APART and covered[many].max() <= 0.96 + TOLD_APART


@pytest.mark.parametrize("participants", PARTICIPANTS)
def test_intervals_hold_the_observed_rate_and_grow_with_it(
    participants: int, bounds: dict[int, tuple[np.ndarray, np.ndarray]]
) -> None:
    low, high = bounds[participants]
    observed = np.arange(participants + 1) / participants
    assert (low <= observed).all() and (observed <= high).all() and low[0] == 0 and high[-1] == 1
    assert low[100] == pytest.approx(stats.binomtest(100, participants).proportion_ci(method="wilson").low, abs=1e-12)
    assert high[5] == pytest.approx(stats.binomtest(5, participants).proportion_ci(method="wilsoncc").high, abs=1e-12)
