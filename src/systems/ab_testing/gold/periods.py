"""The periods in which a user takes part: the local hour, the local day, the whole."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from engine.spec import Column
from systems.ab_testing.config import DAY, HOUR, WHOLE, WHOLE_PERIOD

PERIOD = ["experiment", "variant", "day", "period"]
COLUMNS = [
    Column("experiment", "string", "Name of the experiment; may hold slashes."),
    Column("variant", "string", "Variant, as text."),
    Column("day", "string", "Local time, cut at -04:00: day YYYY-MM-DD, hour YYYY-MM-DD HH, or `whole` for all together."),
    Column("period", "string", "What `day` names: hour, day or whole."),
]


def in_periods(exposures: DataFrame) -> DataFrame:
    """Every exposure once per period that it lies in, with `day` and `period`."""
    each = F.array(
        F.struct(F.date_format("local_hour", "yyyy-MM-dd HH").alias("day"), F.lit(HOUR).alias("period")),
        F.struct(F.date_format("local_day", "yyyy-MM-dd").alias("day"), F.lit(DAY).alias("period")),
        F.struct(F.lit(WHOLE_PERIOD).alias("day"), F.lit(WHOLE).alias("period")),
    )
    return exposures.withColumn("_period", F.explode(each)).select("*", "_period.day", "_period.period").drop("_period")


def participants(seen: DataFrame) -> DataFrame:
    """Every user once per experiment, variant and period, with the first exposure in it."""
    return seen.groupBy(*PERIOD, "user_id").agg(
        F.min("first_exposed_at").alias("from_at"), F.first("is_contaminated").alias("is_contaminated")
    )
