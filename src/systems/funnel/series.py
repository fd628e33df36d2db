"""What the detector looks at: daily counts of every step, for everybody and for every value of every dimension.

Counted is the closed funnel: only there those who go on are some of those who were at the step, so that their share is a rate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from systems.funnel.breaks import EVERYBODY, Series
from systems.funnel.config import DIMENSIONS, FUNNELS, Funnel
from systems.funnel.gold import has_passed, walkers


@dataclass(frozen=True)
class Family:
    """All series of a funnel, which are tested together: per step everybody's, and per dimension one per value."""

    funnel: Funnel
    everybody: dict[str, Series]
    parts: dict[str, dict[str, list[Series]]]

    @property
    def series(self) -> list[Series]:
        """Everybody's first, then the values' in the order of steps, dimensions and values."""
        values = [each for by in self.parts.values() for part in by.values() for each in part]
        return [*self.everybody.values(), *values]


def daily_counts(users: DataFrame, visits: DataFrame, dimensions: Sequence[str] = DIMENSIONS) -> DataFrame:
    """Per funnel, day, dimension and value: `n_1`, `n_2` ... users who passed each step, and the day of the last visit.

    `users` and `visits` are silver's; a user counts for its `period_date`. One aggregate over people, small.
    """
    pairs = [(F.lit(EVERYBODY), F.lit(EVERYBODY)), *((F.lit(name), F.col(name)) for name in dimensions)]
    whose = [F.struct(name.alias("dimension"), value.alias("value")) for name, value in pairs]
    numbers = range(1, max(len(funnel.steps) for funnel in FUNNELS) + 1)
    people = walkers(users, visits).select(
        "funnel",
        F.col("period_date").alias("day"),
        F.inline(F.array(*whose)),
        "last_step_at",
        *[has_passed(n).alias(f"passed_{n}") for n in numbers],
    )
    return people.groupBy("funnel", "day", "dimension", "value").agg(
        *[F.count_if(f"passed_{n}").alias(f"n_{n}") for n in numbers],
        F.max(F.to_date("last_step_at")).alias("last_visit_day"),
    )


def families_of(counts: pd.DataFrame) -> list[Family]:
    """The family of every funnel, from `daily_counts`."""
    return [_family(funnel, counts[counts["funnel"] == funnel.name]) for funnel in FUNNELS]


def _family(funnel: Funnel, counts: pd.DataFrame) -> Family:
    days = _settled_days(funnel, counts)
    values = {
        (str(name), str(value)): rows.set_index("day").reindex(days, fill_value=0)
        for (name, value), rows in counts.groupby(["dimension", "value"])
    }
    dimensions = sorted({name for name, _ in values} - {EVERYBODY})
    everybody, parts = {}, {}
    for number, step in enumerate(funnel.names[:-1], start=1):
        if (EVERYBODY, EVERYBODY) in values:
            everybody[step] = _series(step, number, EVERYBODY, EVERYBODY, values[EVERYBODY, EVERYBODY])
        by_dimension = {
            name: [_series(step, number, name, value, values[name, value]) for other, value in values if other == name]
            for name in dimensions
        }
        # A single value would say everybody's series a second time.
        parts[step] = {name: series for name, series in by_dimension.items() if len(series) > 1}
    return Family(funnel, everybody, parts)


def _settled_days(funnel: Funnel, counts: pd.DataFrame) -> list[date]:
    """The days with users, in order, without those whose users may be on their way still when the last visit was made."""
    last = counts["last_visit_day"].dropna()
    if last.empty:
        return []
    until = last.max() - timedelta(days=funnel.settles_in_days)
    return sorted(day for day in set(counts["day"]) if day <= until)


def _series(step: str, number: int, dimension: str, value: str, rows: pd.DataFrame) -> Series:
    reached, went_on = (rows[f"n_{n}"].to_numpy(dtype="int64") for n in (number, number + 1))
    return Series(step, dimension, value, list(rows.index), reached, went_on)
