"""Participants, buyers and purchases of every variant, per local hour, per local day and over all, by both rules.

`later_purchase`: the user buys at or after the first exposure of the period, within the window.
`same_item`: the user buys an item that was seen under the tag, at or after it was first seen, within the window.
A period's number is counted over the period, never summed from shorter ones. Contaminated users are left out; the columns
that end in `_all` count them too.
"""

from __future__ import annotations

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from engine.checks import Check
from engine.spec import Column, Derived, Input, Lookup
from systems.ab_testing.config import (
    ATTRIBUTION_WINDOW_HOURS,
    CORRECTED_BELOW,
    FADING,
    INTERVAL_Z,
    LATER_PURCHASE,
    SAME_ITEM,
)
from systems.ab_testing.gold.periods import COLUMNS, PERIOD, in_periods, participants


def variant_results(exposures: DataFrame, purchases: DataFrame) -> DataFrame:
    """Counts, conversion rate and its interval per experiment, variant, period and attribution rule."""
    seen = in_periods(exposures)
    people = participants(seen)
    results = (
        _counted_people(people)
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
            "conversion_low": bound(F.col("n_buyers"), F.col("n_participants"), -1),
            "conversion_high": bound(F.col("n_buyers"), F.col("n_participants"), 1),
        }
    )


def _rules(rows: DataFrame) -> DataFrame:
    """Both rules as rows, made from whatever session the inputs come from."""
    rules = F.array(F.lit(LATER_PURCHASE), F.lit(SAME_ITEM))
    return rows.sparkSession.range(1).select(F.explode(rules).alias("attribution"))


def _counted_people(people: DataFrame) -> DataFrame:
    clean = ~F.col("is_contaminated")
    per_variant = people.groupBy(*PERIOD).agg(
        F.count_if(clean).alias("n_participants"), F.count(F.lit(1)).alias("n_participants_all")
    )
    experiment = ["experiment", "day", "period"]
    users = people.groupBy(*experiment).agg(F.countDistinct("user_id").alias("n_users"))
    return per_variant.join(users, on=experiment, how="inner")


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


def bound(part: SparkColumn, whole: SparkColumn, side: int) -> SparkColumn:
    """The lower (side -1) or upper (side 1) end of a rate's 95 % interval; 0 and 1 where nobody took part.

    Wilson's score interval (1927) of the count moved outward by a correction for continuity: half a person with few buyers, or
    few others (Newcombe 1998, method 4), less the more take part otherwise.
    """
    n, z = whole.cast("double"), F.lit(INTERVAL_Z)
    is_few = F.least(part, whole - part) < CORRECTED_BELOW
    correction = F.when(is_few, F.lit(0.5)).otherwise(FADING / F.sqrt(n))
    moved = F.greatest(F.lit(0.0), F.least(n, part + side * correction))
    end = (2 * moved + z * z + side * z * F.sqrt(z * z + 4 * moved * (1 - moved / n))) / (2 * (n + z * z))
    is_certain = part == (F.lit(0) if side < 0 else whole)
    outermost = F.lit(0.0 if side < 0 else 1.0)
    return F.when((n == 0) | is_certain, outermost).otherwise(F.greatest(F.lit(0.0), F.least(F.lit(1.0), end)))


VARIANT_RESULTS = Derived(
    build=variant_results,
    layer="gold",
    inputs={"exposures": Input("silver.exposures"), "purchases": Lookup("silver.purchases", on="user_id")},
    key=["experiment", "variant", "day", "attribution"],
    slice_by="experiment",
    grain="one row per experiment, variant, period (local hour, local day or whole) and attribution rule",
    columns=[
        *COLUMNS,
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
        Column("conversion_low", "double", "Lower end of the rate's 95 % interval."),
        Column("conversion_high", "double", "Upper end of the rate's 95 % interval."),
        Column("n_users", "bigint", "Users of the whole experiment in the period, each once, contaminated ones included."),
        Column("n_participants_all", "bigint", "Participants, contaminated ones included."),
        Column("n_buyers_all", "bigint", "Buyers, contaminated ones included."),
        Column("n_purchases_all", "bigint", "Purchases, contaminated ones included."),
    ],
    checks=[Check("buyers are participants", "n_buyers <= n_participants", "fail")],
)
