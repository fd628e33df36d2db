"""Silver: who saw which variant when, who bought what, and when each user came to which step.

Everything about a user depends on that user's events alone, so all tables are sliced by user.
"""

from __future__ import annotations

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from engine.spec import Column, Derived, Input
from systems.ab_testing.config import ATTRIBUTION_WINDOW_HOURS, EVENT_NAMES, REPEAT_SECONDS


def exposures(events: DataFrame) -> DataFrame:
    """User x experiment x variant x local hour: first exposure, events, and items that were seen under the tag.

    A SEARCH has no item; it inherits the item of the user's next event, if that has one. A user is contaminated in an
    experiment if tagged with more than one of its variants, ever. Flags say what followed this hour's exposure, by each rule.
    """
    in_order = Window.partitionBy("user_id").orderBy("event_at", "event_id")
    next_item = F.lead("item_id").over(in_order)
    seen = F.coalesce("item_id", F.when(F.col("event_name") == "SEARCH", next_item))
    tagged = events.withColumn("seen_item_id", seen).select(
        "user_id",
        "event_at",
        "local_hour",
        "local_day",
        "seen_item_id",
        F.explode("experiment_variants").alias("experiment", "variant"),
    )
    key = ["user_id", "experiment", "variant", "local_hour"]
    per_item = tagged.groupBy(*key, "local_day", "seen_item_id").agg(
        F.min("event_at").alias("first_seen_at"), F.count(F.lit(1)).alias("n")
    )
    item = F.when(
        F.col("seen_item_id").isNotNull(), F.struct(F.col("seen_item_id").alias("item_id"), "first_seen_at")
    )
    hours = per_item.groupBy(*key, "local_day").agg(
        F.min("first_seen_at").alias("first_exposed_at"),
        F.sum("n").alias("n_events"),
        F.array_sort(F.collect_list(item)).alias("items"),
    )
    whole = Window.partitionBy("user_id", "experiment").rowsBetween(
        Window.unboundedPreceding, Window.unboundedFollowing
    )
    is_contaminated = F.min("variant").over(whole) != F.max("variant").over(whole)
    has_later, has_same_item = _attributed()
    return hours.join(_purchases_by_user(events), on="user_id", how="left").select(
        *key, "local_day", "first_exposed_at", "n_events", "items", is_contaminated.alias("is_contaminated"),
        has_later.alias("has_later_purchase"), has_same_item.alias("has_same_item_purchase"),
    )  # fmt: skip


def _purchases_by_user(events: DataFrame) -> DataFrame:
    return purchases(events).groupBy("user_id").agg(F.collect_list(F.struct("item_id", "purchased_at")).alias("bought"))


def _attributed() -> tuple[SparkColumn, SparkColumn]:
    """Whether a purchase in `bought` counts for an exposure, by `later_purchase` and by `same_item`."""
    has_later = F.exists("bought", lambda purchase: _is_within(purchase, F.col("first_exposed_at")))
    has_same_item = F.exists(
        "items",
        lambda item: F.exists(
            "bought", lambda purchase: (purchase["item_id"] == item["item_id"]) & _is_within(purchase, item["first_seen_at"])
        ),
    )
    return F.coalesce(has_later, F.lit(False)), F.coalesce(has_same_item, F.lit(False))


def _is_within(purchase: SparkColumn, start: SparkColumn) -> SparkColumn:
    end = start + F.expr(f"INTERVAL {ATTRIBUTION_WINDOW_HOURS} HOURS")
    return (purchase["purchased_at"] >= start) & (purchase["purchased_at"] <= end)


def purchases(events: DataFrame) -> DataFrame:
    """User x item purchases; BUY rows of one user and item within a minute of the one before are one purchase."""
    bought = events.where(F.col("event_name") == "BUY").select(
        "user_id", F.coalesce("item_id", F.lit("unknown")).alias("item_id"), "event_at", "event_id"
    )
    in_order = Window.partitionBy("user_id", "item_id").orderBy("event_at", "event_id")
    gap = F.unix_micros("event_at") - F.unix_micros(F.lag("event_at").over(in_order))
    is_first = gap.isNull() | (gap > REPEAT_SECONDS * 1_000_000)
    running = in_order.rowsBetween(Window.unboundedPreceding, Window.currentRow)
    numbered = bought.withColumn("_starts", is_first.cast("int")).withColumn(
        "_purchase", F.sum("_starts").over(running)
    )
    return (
        numbered.groupBy("user_id", "item_id", "_purchase")
        .agg(
            F.min("event_at").alias("purchased_at"),
            F.count(F.lit(1)).alias("n_rows"),
        )
        .select("user_id", "item_id", "purchased_at", "n_rows")
    )


def user_steps(events: DataFrame) -> DataFrame:
    """Per user the times of every step; of BUY those of purchases, so that a repeated row is none."""
    others = events.where(F.col("event_name") != "BUY").select("user_id", "event_name", F.col("event_at").alias("at"))
    bought = purchases(events).select("user_id", F.lit("BUY").alias("event_name"), F.col("purchased_at").alias("at"))
    times = [
        F.array_sort(F.collect_set(F.when(F.col("event_name") == name, F.col("at")))).alias(column_of(name))
        for name in EVENT_NAMES
    ]
    return others.unionByName(bought).groupBy("user_id").agg(*times)


def column_of(event_name: str) -> str:
    """The column of `user_steps` with a step's times."""
    return f"{event_name.lower()}_at"


EXPOSURES = Derived(
    build=exposures,
    layer="silver",
    inputs={"events": Input("bronze.events")},
    key=["user_id", "experiment", "variant", "local_hour"],
    slice_by="user_id",
    grain="one row per user, experiment, variant and local hour",
    columns=[
        Column("user_id", "string", "User.", personal=True),
        Column("experiment", "string", "Name of the experiment; may hold slashes."),
        Column("variant", "string", "Variant, as text; DEFAULT is one."),
        Column("local_hour", "timestamp", "Local hour, cut at -04:00, written as if it were UTC."),
        Column("local_day", "date", "Local day, cut at -04:00."),
        Column("first_exposed_at", "timestamp", "First event with the tag in the hour, UTC."),
        Column("n_events", "bigint", "Events with the tag in the hour."),
        Column(
            "items",
            "array<struct<item_id: string, first_seen_at: timestamp>>",
            "Items seen under the tag and when first, UTC.",
        ),
        Column(
            "is_contaminated", "boolean", "Whether the user met several variants of the experiment, ever."
        ),
        Column(
            "has_later_purchase", "boolean",
            f"Whether the user bought at or after the first exposure, within {ATTRIBUTION_WINDOW_HOURS} h.",
        ),
        Column(
            "has_same_item_purchase", "boolean",
            f"Whether the user bought one of the items, at or after it was first seen, within {ATTRIBUTION_WINDOW_HOURS} h.",
        ),
    ],
)

PURCHASES = Derived(
    build=purchases,
    layer="silver",
    inputs={"events": Input("bronze.events")},
    key=["user_id", "item_id", "purchased_at"],
    slice_by="user_id",
    grain="one row per purchase: user, item and moment",
    columns=[
        Column("user_id", "string", "Buyer.", personal=True),
        Column("item_id", "string", "Item; unknown where the row has none."),
        Column("purchased_at", "timestamp", "First BUY row, UTC."),
        Column("n_rows", "bigint", "BUY rows that are this purchase."),
    ],
)

USER_STEPS = Derived(
    build=user_steps,
    layer="silver",
    inputs={"events": Input("bronze.events")},
    key=["user_id"],
    slice_by="user_id",
    grain="one row per user",
    columns=[
        Column("user_id", "string", "User.", personal=True),
        *[Column(column_of(name), "array<timestamp>", f"When the user did {name}, UTC, in order.") for name in EVENT_NAMES],
    ],
)
