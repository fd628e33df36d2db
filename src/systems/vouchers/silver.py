"""Silver: uses that may be counted, with both segments of the customer at that time."""

from __future__ import annotations

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from engine.checks import Check
from engine.spec import Column, Derived, Input
from systems.vouchers.config import COUNTRIES, FREQUENCY, RECENCY
from systems.vouchers.segments import Segmentation


def voucher_uses(uses: DataFrame) -> DataFrame:
    """Uses in the countries of interest whose amount and order count are known; exact repeats count once.

    A use on a day before that of the order it follows is kept, flagged, and has no recency segment.
    """
    is_complete = F.col("voucher_amount").isNotNull() & F.col("total_orders").isNotNull()
    days_since_order = F.date_diff("used_at", "last_order_at")
    return (
        uses.where(is_of_interest("country") & is_complete)
        .dropDuplicates(["content_hash"])
        .select(
            "content_hash",
            "country",
            "used_at",
            "last_order_at",
            "voucher_amount",
            "total_orders",
            days_since_order.alias("days_since_order"),
            label_of(FREQUENCY, F.col("total_orders")).alias("frequent_segment"),
            label_of(RECENCY, days_since_order).alias("recency_segment"),
            (days_since_order < 0).alias("is_time_impossible"),
        )
    )


def is_of_interest(country: str) -> SparkColumn:
    """Whether a country is one that is asked about."""
    return F.col(country).isin(*COUNTRIES)


def label_of(segmentation: Segmentation, number: SparkColumn) -> SparkColumn:
    """The name of a number's segment; null for a number below 0, and for none."""
    rest = F.lit(None).cast("string")
    for segment in segmentation.segments:  # from the first one up: the last condition that holds is asked first
        rest = F.when(number >= segment.low, F.lit(segment.name)).otherwise(rest)
    return rest


VOUCHER_USES = Derived(
    build=voucher_uses,
    layer="silver",
    inputs={"uses": Input("bronze.uses")},
    key=["content_hash"],
    slice_by="content_hash",  # repeats share a hash: nothing outside it matters
    grain="one row per distinct voucher use in a country of interest",
    columns=[
        Column("content_hash", "string", "Hash of the delivered values; repeats share it."),
        Column("country", "string", "Name of the country."),
        Column("used_at", "timestamp", "When the voucher was used, UTC."),
        Column("last_order_at", "timestamp", "The customer's last order, UTC."),
        Column("voucher_amount", "double", "Amount of the voucher in the country's currency."),
        Column("total_orders", "int", "Orders of the customer."),
        Column("days_since_order", "int", "Days (UTC) from the last order to the use; negative where the use came before."),
        Column("frequent_segment", "string", "Band of the customer's orders."),
        Column("recency_segment", "string", "Band of days since the last order; null if the use came before it."),
        Column("is_time_impossible", "boolean", "Whether the use came on a day before that of the order it follows."),
    ],
    checks=[
        Check("amount is not negative", "voucher_amount >= 0", "fail"),
        Check("every use has a frequent segment", "frequent_segment IS NOT NULL", "fail"),
        Check("only impossible times have no recency segment", "(recency_segment IS NULL) = is_time_impossible", "fail"),
    ],
)
