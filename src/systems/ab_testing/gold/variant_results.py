"""Gold: participants, buyers and purchases of every variant, per local day and over the whole period, by both rules.

`later_purchase`: the user buys at or after the first exposure of the period, within the window.
`same_item`: the user buys an item that was seen under the tag, at or after it was first seen, within the window.
A day's number is counted over the day, never summed from hours. Contaminated users are left out; the columns that end
in `_all` count them too.
"""

from __future__ import annotations

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from engine.checks import Check
from engine.spec import Column, Derived, Input, Lookup
from systems.ab_testing.config import (
    ATTRIBUTION_WINDOW_HOURS,
    INTERVAL_Z,
    LATER_PURCHASE,
    SAME_ITEM,
    WHOLE_PERIOD,
)

PERIOD = ["experiment", "variant", "day"]


def variant_results(exposures: DataFrame, purchases: DataFrame) -> DataFrame:
    """Counts, conversion rate and its Wilson interval per experiment, variant, period and attribution rule."""
    periods = F.explode(F.array(F.date_format("local_day", "yyyy-MM-dd"), F.lit(WHOLE_PERIOD)))
    seen = exposures.withColumn("day", periods)
    people = seen.groupBy(*PERIOD, "user_id").agg(
        F.min("first_exposed_at").alias("from_at"), F.first("is_contaminated").alias("is_contaminated")
    )
    results = (
        _participants(people)
        .crossJoin(_rules(exposures))
        .join(
            _later_purchases(people, purchases).unionByName(_same_item_purchases(seen, purchases)),
            on=[*PERIOD, "attribution"],
            how="left",
        )
    )
    counts = [name for name in results.columns if name not in (*PERIOD, "attribution")]
    filled = results.select(
        *PERIOD, "attribution", *[F.coalesce(name, F.lit(0)).alias(name) for name in counts]
    )
    return filled.withColumns(
        {
            "attribution_window_hours": F.lit(ATTRIBUTION_WINDOW_HOURS),
            "conversion_rate": _rate(F.col("n_buyers"), F.col("n_participants")),
            "conversion_low": _wilson(-1),
            "conversion_high": _wilson(1),
        }
    )


def _rules(rows: DataFrame) -> DataFrame:
    """Both rules as rows, made from whatever session the inputs come from."""
    rules = F.array(F.lit(LATER_PURCHASE), F.lit(SAME_ITEM))
    return rows.sparkSession.range(1).select(F.explode(rules).alias("attribution"))


def _participants(people: DataFrame) -> DataFrame:
    clean = ~F.col("is_contaminated")
    return people.groupBy(*PERIOD).agg(
        F.count_if(clean).alias("n_participants"), F.count(F.lit(1)).alias("n_participants_all")
    )


def _later_purchases(people: DataFrame, purchases: DataFrame) -> DataFrame:
    pairs = people.join(purchases, on="user_id", how="inner").where(_is_within("from_at"))
    return _counted(pairs, LATER_PURCHASE)


def _same_item_purchases(seen: DataFrame, purchases: DataFrame) -> DataFrame:
    items = seen.select(*PERIOD, "user_id", "is_contaminated", F.explode("items").alias("item"))
    first = (
        items.select(*PERIOD, "user_id", "is_contaminated", "item.item_id", "item.first_seen_at")
        .groupBy(*PERIOD, "user_id", "is_contaminated", "item_id")
        .agg(F.min("first_seen_at").alias("from_at"))
    )
    pairs = first.join(purchases, on=["user_id", "item_id"], how="inner").where(_is_within("from_at"))
    return _counted(pairs, SAME_ITEM)


def _is_within(start: str) -> SparkColumn:
    window = F.expr(f"INTERVAL {ATTRIBUTION_WINDOW_HOURS} HOURS")
    return (F.col("purchased_at") >= F.col(start)) & (F.col("purchased_at") <= F.col(start) + window)


def _counted(pairs: DataFrame, attribution: str) -> DataFrame:
    """Buyers and purchases of pairs; a purchase is one per user, item and moment."""
    clean = ~F.col("is_contaminated")
    purchase = F.struct("user_id", "item_id", "purchased_at")
    return (
        pairs.groupBy(*PERIOD)
        .agg(
            F.countDistinct(F.when(clean, F.col("user_id"))).alias("n_buyers"),
            F.countDistinct(F.when(clean, purchase)).alias("n_purchases"),
            F.countDistinct("user_id").alias("n_buyers_all"),
            F.countDistinct(purchase).alias("n_purchases_all"),
        )
        .withColumn("attribution", F.lit(attribution))
    )


def _rate(part: SparkColumn, whole: SparkColumn) -> SparkColumn:
    return F.when(whole > 0, part / whole).otherwise(F.lit(0.0))


def _wilson(side: int) -> SparkColumn:
    """A bound of Wilson's score interval (1927); 0 and 1 where nobody took part."""
    n, p, z = F.col("n_participants"), _rate(F.col("n_buyers"), F.col("n_participants")), F.lit(INTERVAL_Z)
    centre = p + z * z / (2 * n)
    half = z * F.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    bound = (centre + side * half) / (1 + z * z / n)
    return F.when(n > 0, F.greatest(F.lit(0.0), F.least(F.lit(1.0), bound))).otherwise(F.lit(float(side > 0)))


VARIANT_RESULTS = Derived(
    build=variant_results,
    layer="gold",
    inputs={"exposures": Input("silver.exposures"), "purchases": Lookup("silver.purchases", on="user_id")},
    key=["experiment", "variant", "day", "attribution"],
    slice_by="experiment",
    grain="one row per experiment, variant, period (local day or whole) and attribution rule",
    columns=[
        Column("experiment", "string", "Name of the experiment; may hold slashes."),
        Column("variant", "string", "Variant, as text."),
        Column("day", "string", "Local day, YYYY-MM-DD, cut at -04:00; `whole` for all days together."),
        Column("attribution", "string", "Rule by which purchases count: later_purchase or same_item."),
        Column(
            "attribution_window_hours", "int", "A purchase counts this many hours after the exposure at most."
        ),
        Column(
            "n_participants",
            "bigint",
            "Users with an event tagged in the period, contaminated ones left out.",
        ),
        Column("n_buyers", "bigint", "Those of them who bought."),
        Column("n_purchases", "bigint", "Their purchases."),
        Column("conversion_rate", "double", "Buyers per participant."),
        Column("conversion_low", "double", "Lower bound of the 95 % Wilson interval."),
        Column("conversion_high", "double", "Upper bound of the 95 % Wilson interval."),
        Column("n_participants_all", "bigint", "Participants, contaminated ones included."),
        Column("n_buyers_all", "bigint", "Buyers, contaminated ones included."),
        Column("n_purchases_all", "bigint", "Purchases, contaminated ones included."),
    ],
    checks=[Check("buyers are participants", "n_buyers <= n_participants", "fail")],
)
