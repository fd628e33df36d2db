"""Money with a season: in every month some patrons pay double, most of them in winter.

Only deliveries with monthly exports have it. The totals that follow grow with the community, swing over the year, and
scatter from month to month.
"""

from __future__ import annotations

import math
from datetime import datetime
from functools import lru_cache

from tideline.samples.draws import rng

USUAL, SWING, SCATTER = 0.25, 0.2, 0.03
PEAK = 12  # December
GOLDEN = (math.sqrt(5) - 1) / 2


@lru_cache(maxsize=1024)
def doubled_share(seed: int, year: int, month: int) -> float:
    """The share of patrons who pay double in a month."""
    season = SWING * math.cos(2 * math.pi * (month - PEAK) / 12)
    return min(0.9, max(0.0, USUAL + season + rng(seed, "month", year, month).gauss(0, SCATTER)))


def times(seed: int, number: int, moment: datetime) -> int:
    """2 where the patron pays double in the month of `moment`, else 1; the same all over the month."""
    place = (_place(seed, number) + GOLDEN * (moment.year * 12 + moment.month)) % 1
    return 2 if place < doubled_share(seed, moment.year, moment.month) else 1


@lru_cache(maxsize=100_000)
def _place(seed: int, number: int) -> float:
    return rng(seed, "doubles", number).random()
