"""Does a variant's conversion rise or fall from day to day? A straight line through its days, with what chance leaves open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from systems.ab_testing.config import INTERVAL_Z


@dataclass(frozen=True)
class Trend:
    """Change of a rate per day, in buyers per participant, with its 95 % interval; the line's rate on each day."""

    per_day: float
    low: float
    high: float
    line: tuple[float, ...]

    @property
    def is_clear(self) -> bool:
        """Whether the interval leaves out no change at all."""
        return self.low > 0 or self.high < 0


def trend(days: Sequence[str], buyers: Sequence[int], participants: Sequence[int]) -> Trend | None:
    """Least squares, each day weighted by how well its rate is known; None with fewer than two days that had participants.

    A day's variance is p (1 - p) / n with p = (buyers + 1) / (n + 2), so that a day without buyers is not taken for certain.
    Days share users, and a user who buys late counts late: the interval is a guide, not a test.
    """
    n = np.asarray(participants, dtype=float)
    kept = n > 0
    if kept.sum() < 2:
        return None
    x = np.array([date.fromisoformat(day).toordinal() for day in days], dtype=float)
    n, b, at = n[kept], np.asarray(buyers, dtype=float)[kept], x[kept]
    p = (b + 1) / (n + 2)
    weights = n / (p * (1 - p))
    middle = float((weights * at).sum() / weights.sum())
    spread = float((weights * (at - middle) ** 2).sum())
    rates = b / n
    slope = float((weights * (at - middle) * rates).sum() / spread)
    reach = INTERVAL_Z / spread**0.5
    level = float((weights * rates).sum() / weights.sum())
    return Trend(slope, slope - reach, slope + reach, tuple(level + slope * (x - middle)))
