"""What is in a table: counted by Spark in four passes over its rows, whatever their number; only counts reach the driver.

1. one aggregate for all columns (nulls, distinct values, least, greatest, quartiles) and all correlations;
2. one count by class for all distributions, with the outliers; 3. rows by key; 4. rows by day, month or year.

Outliers are judged by Tukey's fences (1977): below the first quartile less 1.5 interquartile ranges, or above the third
plus as much. Quartiles are approximate; where both are one value, nothing is judged.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import pandas as pd
from pyspark.sql import functions as F

from engine.catalog import stored_columns
from operations.aggregate import correlated, least_and_greatest, pairs, statistics
from operations.columns import Measured, measured
from utils.errors import SettingsError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from operations.subject import Subject

# Rows; above, distinct values are estimated (HyperLogLog++, relative standard deviation 5 %). Counting them exactly
# multiplies the rows by the columns: 42,009 rows of 14 columns took 22 s on two cores, and 8 s when estimated.
LARGE = 10_000
FEW = 12  # distinct values that are shown one by one; more are put into classes
N_CLASSES = 20
UNITS = ((93, "day"), (3700, "month"))  # days that a span has at most, for rows over time by this unit; else by year


@dataclass(frozen=True)
class Repeats:
    """Rows by the table's key: how many keys stand for more than one row, and how many rows that are too many."""

    key: tuple[str, ...]
    n_keys: int
    n_repeated: int
    n_surplus: int


@dataclass(frozen=True)
class Profile:
    """A table's rows in numbers.

    `columns`: one row per column. `classes`: one per column and class (of values, or from `low` to `high`) with its rows.
    `correlations`: one per pair of numeric columns (Pearson, over rows that have both). `periods`: rows by `unit` of
    `time_column`. `repeats` is None for a table without a key.
    """

    said: str
    n_rows: int
    is_estimated: bool
    columns: pd.DataFrame
    classes: pd.DataFrame
    correlations: pd.DataFrame
    periods: pd.DataFrame
    repeats: Repeats | None
    time_column: str
    unit: str
    window: str


def profile_of(
    spark: SparkSession, subject: Subject, *, start: date | None = None, end: date | None = None, time_column: str = ""
) -> Profile:
    """The profile of a table's rows; of those from day `start` to day `end` by `time_column`, where these are given.

    Without a `time_column`, time is the first declared one that is shown. Raises SettingsError for an unknown column,
    for a range over a table without time, and for a table that is declared and was never made.
    """
    rows = _rows(spark, subject)
    columns = measured(rows.schema, subject)
    time = _time(columns, subject, time_column, is_needed=bool(start or end))
    if start:
        rows = rows.where(F.to_date(time) >= F.lit(start))
    if end:
        rows = rows.where(F.to_date(time) <= F.lit(end))
    n_rows = rows.count()
    is_estimated = n_rows > LARGE
    found = rows.agg(*statistics(columns, is_estimated=is_estimated), *correlated(columns)).collect()[0].asDict()
    summary = pd.DataFrame([column.summary(found, n_rows) for column in columns])
    classes = _classes(rows, columns, summary)
    unit = _unit(least_and_greatest(found, columns, time))
    return Profile(
        said=subject.said, n_rows=n_rows, is_estimated=is_estimated, columns=_with_outliers(summary, classes), classes=classes,
        correlations=pairs(found, columns), periods=_periods(rows, time, unit), repeats=_repeats(rows, subject, n_rows),
        time_column=time, unit=unit, window=_window(time, start, end),
    )  # fmt: skip


def _rows(spark: SparkSession, subject: Subject) -> DataFrame:
    stored = stored_columns(spark, subject.name)
    if stored is None:
        raise SettingsError("widget `table`", f"{subject.said} does not exist yet", hint="Run the layer that makes it first.")
    return spark.table(subject.name).where(subject.rows).select(*[name for name in stored if name not in subject.hidden])


def _time(columns: list[Measured], subject: Subject, chosen: str, *, is_needed: bool) -> str:
    times = [column.name for column in columns if column.kind == "time" and column.is_shown]
    times.sort(key=lambda name: name.startswith("_"))  # when a record landed says less than what it says itself
    if chosen and chosen not in times:
        known = ", ".join(times) or "an empty one: the table has no time"
        raise SettingsError("widget `time_column`", f"`{chosen}`", expected=f"one of {known}" if times else known)
    if is_needed and not times:
        raise SettingsError("widgets `start`, `end`", f"{subject.said} has no time", hint="Leave both empty.")
    return chosen or (times[0] if times else "")


def _classes(rows: DataFrame, columns: list[Measured], summary: pd.DataFrame) -> pd.DataFrame:
    """Rows per class of every column that has classes: column, value or None, low, high, n_rows, n_outliers."""
    facts: dict[str, Any] = {row["column"]: row for row in summary.to_dict("records")}
    parts = [part for column in columns if (part := column.classified(facts[column.name], FEW, N_CLASSES)) is not None]
    names = ["column", "value", "low", "high", "n_rows", "n_outliers"]
    if not parts:
        return pd.DataFrame(columns=names)
    each = rows.select(F.explode(F.array(*parts)).alias("part")).select("part.*").where(F.col("class").isNotNull())
    counted = each.groupBy("column", "class").agg(F.count(F.lit(1)).alias("n_rows"), F.count_if("is_outlier").alias("n_outliers"))
    kinds = {column.name: column for column in columns}
    found = []
    for name, text, n_rows, n_outliers in counted.collect():
        found.append((name, *kinds[name].named_class(text, facts[name], FEW, N_CLASSES), n_rows, n_outliers))
    found.sort(key=lambda row: (row[0], row[2] or 0, _order(kinds[row[0]], row[1]), -row[4]))
    return pd.DataFrame(found, columns=names)


def _order(column: Measured, value: str | None) -> float:
    """The place of a single value: numbers by size, all others by their rows alone."""
    return float(value) if value is not None and column.kind == "number" else 0.0


def _with_outliers(summary: pd.DataFrame, classes: pd.DataFrame) -> pd.DataFrame:
    """Outliers per column; missing where none can be judged."""
    sums = classes.groupby("column")["n_outliers"].sum()
    judged = [sums.get(name, 0) if has else None for name, has in zip(summary["column"], summary["has_fences"], strict=True)]
    return summary.assign(n_outliers=pd.array(judged, dtype="Int64"))


def _repeats(rows: DataFrame, subject: Subject, n_rows: int) -> Repeats | None:
    if not subject.key:
        return None
    by_key = rows.groupBy(*subject.key).agg(F.count(F.lit(1)).alias("n"))
    n_keys, n_repeated = by_key.agg(F.count(F.lit(1)), F.count_if(F.col("n") > 1)).collect()[0]
    return Repeats(subject.key, n_keys, n_repeated, n_rows - n_keys)


def _unit(span: tuple[float, float] | None) -> str:
    days = (span[1] - span[0]) / 86400 if span else 0
    return next((unit for most, unit in UNITS if days <= most), "year")


def _periods(rows: DataFrame, time: str, unit: str) -> pd.DataFrame:
    if not time:
        return pd.DataFrame(columns=["period", "n_rows"])
    period = F.date_format(F.date_trunc(unit, F.col(time)), "yyyy-MM-dd").alias("period")
    found = rows.where(F.col(time).isNotNull()).groupBy(period).agg(F.count(F.lit(1)).alias("n_rows"))
    return found.orderBy("period").toPandas()


def _window(time: str, start: date | None, end: date | None) -> str:
    if not (start or end):
        return "all rows"
    return f"rows with {time} from {start or 'the beginning'} to {end or 'the end'}"
