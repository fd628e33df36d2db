"""Everything that one aggregate over a table's rows asks: of single columns, and of pairs of numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Any

import pandas as pd
from pyspark.sql import functions as F

if TYPE_CHECKING:
    from pyspark.sql import Column

    from operations.columns import Measured

MOST_CORRELATED = 12
ACCURACY = 10_000  # of quartiles: ranks are right to a ten-thousandth


def statistics(columns: Sequence[Measured], *, is_estimated: bool) -> list[Column]:
    """Everything that is asked of single columns, for one aggregate."""
    asked: list[Column] = [F.count(F.lit(1)).alias("n_rows")]
    for column in columns:
        values = column.values
        asked.append(F.count_if(values.isNull()).alias(column.alias("nulls")))
        if column.kind == "parts":
            continue
        distinct = F.approx_count_distinct(values) if is_estimated else F.count_distinct(values)
        asked.append(distinct.alias(column.alias("distinct")))
        if column.is_shown:
            ends = {"min": F.min(values), "max": F.max(values)}
            is_time = column.kind == "time"  # as text, so that no machine's time zone has a say
            asked += [(end.cast("string") if is_time else end).alias(column.alias(name)) for name, end in ends.items()]
        if column.has_size:
            size = column.size
            quartiles = F.percentile_approx(size, [0.25, 0.5, 0.75], ACCURACY)
            asked += [
                F.min(size).alias(column.alias("low")), F.max(size).alias(column.alias("high")),
                quartiles.alias(column.alias("quartiles")),
            ]  # fmt: skip
    return asked


def numeric(columns: Sequence[Measured]) -> list[Measured]:
    """The numbers that correlations are asked of: the first dozen that may be shown."""
    return [column for column in columns if column.kind == "number" and column.is_shown][:MOST_CORRELATED]


def correlated(columns: Sequence[Measured]) -> list[Column]:
    """Pearson's correlation of every pair of numbers, for the same aggregate; null where one of them does not vary."""
    return [
        _correlation(one.size, other.size).alias(f"r_{one.place}_{other.place}")
        for one, other in combinations(numeric(columns), 2)
    ]


def _correlation(one: Column, other: Column) -> Column:
    """Over rows that have both. Spark's own `corr` raises where a number does not vary."""
    spreads = F.stddev_pop(F.when(other.isNotNull(), one)) * F.stddev_pop(F.when(one.isNotNull(), other))
    return F.try_divide(F.covar_pop(one, other), spreads)


def pairs(found: Mapping[str, Any], columns: Sequence[Measured]) -> pd.DataFrame:
    """One row per pair: column, other, r; r is missing where one of them does not vary."""
    rows = [
        (one.name, other.name, found[f"r_{one.place}_{other.place}"])
        for one, other in combinations(numeric(columns), 2)
    ]
    values = pd.DataFrame(rows, columns=["column", "other", "r"])
    return values.assign(r=values["r"].astype(float))


def least_and_greatest(found: Mapping[str, Any], columns: Sequence[Measured], name: str) -> tuple[float, float] | None:
    """The seconds between which a time column lies; None without values."""
    column = next((column for column in columns if column.name == name), None)
    if column is None or found.get(column.alias("low")) is None:
        return None
    return found[column.alias("low")], found[column.alias("high")]
