"""Gold: which voucher every segment uses most, and what became of every delivered row on the way there."""

from __future__ import annotations

from datetime import date

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from engine.checks import Check, SetCheck, accepted_values
from engine.spec import Column, Derived, Input
from systems.vouchers.bronze import COUNTRY
from systems.vouchers.config import AS_OF, FREQUENCY, NONE, RECENCY, REFERENCES, UNKNOWN, VOUCHER_TIME
from systems.vouchers.silver import is_of_interest, label_of

# A country of raw, with a name for those that have none.
DELIVERED_COUNTRY = f"coalesce({COUNTRY}, '{UNKNOWN}')"
RULES = (
    "delivered again: the same content at the same place of the same file",
    "set aside: a record that breaks a rule is in the quarantine, with the reason",
    "a country that is not of interest",
    "no voucher amount",
    "no count of orders",
    "an exact repeat of another record",
    "used after the day that the tables are as of",
    "flagged: used before the order it follows; kept, without a recency segment at the time of use",
)


def end_of(as_of: date) -> SparkColumn:
    """The midnight (UTC) after a day."""
    return F.date_add(F.lit(as_of), 1).cast("timestamp")


def segment_vouchers(uses: DataFrame, as_of: date) -> DataFrame:
    """Vouchers of every segment by how often they were used until the end of the day `as_of`; rank 1 is the answer.

    Of vouchers that were used equally often the one with the larger total amount comes first, then the smaller amount.
    """
    days_at_as_of = F.date_diff(F.lit(as_of), "last_order_at")
    kinds = F.array(
        _kind(FREQUENCY.name, NONE, F.col("frequent_segment")),
        _kind(RECENCY.name, VOUCHER_TIME, F.col("recency_segment")),
        _kind(RECENCY.name, AS_OF, label_of(RECENCY, days_at_as_of)),
    )
    segment = ["country", "segment_type", "reference", "segment"]
    counted = (
        uses.where(F.col("used_at") < end_of(as_of))
        .select("country", "voucher_amount", F.explode(kinds).alias("kind"))
        .select("country", "kind.*", "voucher_amount")
        .where(F.col("segment").isNotNull())
        .groupBy(*segment, "voucher_amount")
        .agg(F.count(F.lit(1)).alias("uses"))
        .withColumn("total_amount", F.col("uses") * F.col("voucher_amount"))
    )
    whole = Window.partitionBy(*segment)
    order = whole.orderBy(F.desc("uses"), F.desc("total_amount"), "voucher_amount")
    return counted.select(
        *segment, "voucher_amount", "uses", "total_amount",
        (F.col("uses") / F.sum("uses").over(whole)).alias("share"),
        F.row_number().over(order).alias("rank"),
        F.lit(as_of).alias("as_of"),
    )  # fmt: skip


def _kind(segment_type: str, reference: str, segment: SparkColumn) -> SparkColumn:
    return F.struct(
        F.lit(segment_type).alias("segment_type"), F.lit(reference).alias("reference"), segment.alias("segment")
    )


def cleaning_report(drops: DataFrame, uses: DataFrame, counted: DataFrame, as_of: date) -> DataFrame:
    """Rows in and out of every rule, per country: what one rule leaves is what the next one gets."""
    is_known = F.col("voucher_amount").isNotNull()
    delivered = drops.groupBy(F.expr(DELIVERED_COUNTRY).alias("country")).agg(
        F.count(F.lit(1)).alias("delivered"), F.countDistinct("_source", "_position", "_content_hash").alias("records")
    )
    typed = uses.groupBy("country").agg(
        F.count(F.lit(1)).alias("good"), F.count_if(is_known).alias("with_amount"),
        F.count_if(is_known & F.col("total_orders").isNotNull()).alias("with_orders"),
    )  # fmt: skip
    is_counted = F.col("used_at") < end_of(as_of)
    cleaned = counted.groupBy("country").agg(
        F.count(F.lit(1)).alias("distinct"), F.count_if(is_counted).alias("counted"),
        F.count_if(is_counted & F.col("is_time_impossible")).alias("flagged"),
    )  # fmt: skip
    found = delivered.join(typed, "country", "left").join(cleaned, "country", "left").fillna(0)
    of_interest = [
        F.when(is_of_interest("country"), F.col(name)).otherwise(0) for name in ("good", "with_amount", "with_orders")
    ]
    sizes = [
        F.col("delivered"), F.col("records"), F.col("good"), *of_interest,
        F.col("distinct"), F.col("counted"), F.col("counted"),
    ]  # fmt: skip
    steps = F.array(*[_step(place, sizes[place - 1], sizes[place]) for place in range(1, len(RULES) + 1)])
    return found.select("country", F.explode(steps).alias("step")).select("country", "step.*", F.lit(as_of).alias("as_of"))


def _step(place: int, rows_in: SparkColumn, rows_out: SparkColumn) -> SparkColumn:
    flagged = F.col("flagged") if place == len(RULES) else F.lit(0)
    return F.struct(
        F.lit(place).alias("step"), F.lit(RULES[place - 1]).alias("rule"), rows_in.alias("rows_in"),
        (rows_in - rows_out).alias("rows_removed"), rows_out.alias("rows_out"), flagged.alias("rows_flagged"),
    )  # fmt: skip


SEGMENT_VOUCHERS = Derived(
    build=segment_vouchers,
    layer="gold",
    inputs={"uses": Input("silver.voucher_uses")},
    key=["country", "segment_type", "reference", "segment", "voucher_amount"],
    slice_by="country",
    grain="one row per country, segment (of orders; of days since the last one, by both references) and voucher amount",
    columns=[
        Column("country", "string", "Name of the country."),
        Column("segment_type", "string", "frequent_segment or recency_segment."),
        Column("reference", "string", "Until when days are counted: voucher_time or as_of; none for frequent_segment."),
        Column("segment", "string", "Band of orders or of days since the last order, both ends included."),
        Column("voucher_amount", "double", "Amount of the voucher in the country's currency."),
        Column("uses", "bigint", "Distinct uses of it in the segment until the end of the day as_of (UTC)."),
        Column("total_amount", "double", "The former times the amount."),
        Column("share", "double", "Its uses per all uses in the segment."),
        Column("rank", "int", "Place by uses, from 1; ties: the larger total amount, then the smaller amount."),
        Column("as_of", "date", "The day that counts as now."),
    ],
    checks=[
        Check("share is above 0 and at most 1", "share > 0 AND share <= 1", "fail"),
        accepted_values("reference", (*REFERENCES, NONE), "fail"),
    ],
)

CLEANING_REPORT = Derived(
    build=cleaning_report,
    layer="gold",
    inputs={
        "drops": Input("raw.drops", slice_by=DELIVERED_COUNTRY),
        "uses": Input("bronze.uses"),
        "counted": Input("silver.voucher_uses"),
    },
    key=["country", "step"],
    slice_by="country",
    grain="one row per delivered country (unknown: none that can be read) and rule",
    columns=[
        Column("country", "string", "Name of the country as delivered, or unknown."),
        Column("step", "int", "Place of the rule, from 1."),
        Column("rule", "string", "What the rule takes out, or flags."),
        Column("rows_in", "bigint", "Rows before the rule; for the first one, what was delivered."),
        Column("rows_removed", "bigint", "Rows that it takes out."),
        Column("rows_out", "bigint", "Rows after it."),
        Column("rows_flagged", "bigint", "Rows that it marks and keeps."),
        Column("as_of", "date", "The day that counts as now."),
    ],
    checks=[
        Check("rows in are rows out and those removed", "rows_in = rows_out + rows_removed AND rows_removed >= 0", "fail"),
        SetCheck(
            "every rule begins where the one before it ends",
            "SELECT count(*) FROM (SELECT rows_in, lag(rows_out) OVER (PARTITION BY country ORDER BY step) AS before "
            "FROM {rows}) WHERE before <> rows_in",
        ),
    ],
)
