"""How often the interval of a conversion rate holds the true one: exactly, over every count of buyers that can come about.

Between two ends of intervals coverage falls to its least at one of them: no rate is left out.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pyspark.sql import functions as F
from scipy import stats

from systems.ab_testing.config import CORRECTED_BELOW, INTERVAL_Z
from systems.ab_testing.gold.variant_results import bound

# Participants -> the most that coverage comes to with 30 or more expected buyers.
MOST = {5: 0, 30: 0, 48: 0, 66: 0.968, 76: 0.968, 80: 0.968, 101: 0.965, 150: 0.965, 200: 0.965, 301: 0.965, 471: 0.965,
        500: 0.962, 776: 0.962, 2000: 0.962, 20000: 0.962}  # fmt: skip
Bounds = dict[int, tuple[np.ndarray, np.ndarray]]


@pytest.fixture(scope="module")
def bounds(spark: Any) -> Bounds:
    """Participants -> lower and upper ends, by number of buyers."""
    whole = F.explode(F.array(*[F.lit(n) for n in MOST])).alias("n")
    pairs = spark.range(1).select(whole).select("n", F.explode(F.sequence(F.lit(0), "n")).alias("b"))
    ends = [bound(F.col("b"), F.col("n"), side).alias(name) for side, name in ((-1, "low"), (1, "high"))]
    frame = pairs.select("n", "b", *ends).toPandas().sort_values(["n", "b"])
    return {n: (rows["low"].to_numpy(), rows["high"].to_numpy()) for n, rows in frame.groupby("n")}


@pytest.mark.parametrize("participants", MOST)
def test_intervals_cover_94_percent_at_least_and_with_many_buyers_hardly_more_than_96(participants: int, bounds: Bounds) -> None:
    low, high = bounds[participants]
    ends = np.concatenate([low, high])
    rates = np.concatenate([ends - 1e-10, ends + 1e-10])
    rates = rates[(rates > 0) & (rates <= 0.5)]
    fewest, most = np.searchsorted(high, rates, "left") - 1, np.searchsorted(low, rates, "right") - 1
    covered = stats.binom.cdf(most, participants, rates) - stats.binom.cdf(fewest, participants, rates)
    many = participants * rates >= 30
    assert covered.min() >= 0.94
    assert covered[many].max(initial=0) <= MOST[participants]


@pytest.mark.parametrize("participants", MOST)
def test_intervals_hold_the_observed_rate_and_grow_with_it(participants: int, bounds: Bounds) -> None:
    low, high = bounds[participants]
    observed = np.arange(participants + 1) / participants
    assert (low <= observed).all() and (observed <= high).all() and low[0] == 0 and high[-1] == 1
    assert (np.diff(low) >= 0).all() and (np.diff(high) >= 0).all()


def test_ends_are_wilson_s_with_few_buyers_as_newcombe_corrects_them(bounds: Bounds) -> None:
    low, high = bounds[2000]
    assert high[5] == pytest.approx(stats.binomtest(5, 2000).proportion_ci(method="wilsoncc").high, abs=1e-12)
    for buyers in (CORRECTED_BELOW, 100, 1000):
        for end, correction in ((low[buyers], -1.6 / 2000**0.5), (high[buyers], 1.6 / 2000**0.5)):
            distance = abs(buyers + correction - 2000 * end)
            assert distance == pytest.approx(INTERVAL_Z * (2000 * end * (1 - end)) ** 0.5, abs=1e-9)
