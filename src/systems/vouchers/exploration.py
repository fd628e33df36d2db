"""Gold for exploring what was delivered: its rows, columns and amounts, per country, before anything is cleaned."""

from __future__ import annotations

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from engine.spec import Column, Derived, Input
from engine.times import time_of
from systems.vouchers.bronze import amount_of, orders_of
from systems.vouchers.gold import DELIVERED_COUNTRY

# Per delivered column: its type, and what it is read as.
DELIVERED_AS = {
    "timestamp": ("string", "timestamp"), "country_code": ("string", "string"), "last_order_ts": ("string", "timestamp"),
    "first_order_ts": ("timestamp", "timestamp"), "total_orders": ("string", "int"), "voucher_amount": ("double", "double"),
}  # fmt: skip
READ_BY = {"timestamp": time_of, "last_order_ts": time_of, "total_orders": orders_of, "voucher_amount": amount_of}


def drop_profile(drops: DataFrame) -> DataFrame:
    """Delivered rows of every country and what is odd about them; one row may be odd in several ways."""
    used, last, orders = time_of("timestamp"), time_of("last_order_ts"), orders_of("total_orders")
    first = F.col("first_order_ts")
    return drops.groupBy(F.expr(DELIVERED_COUNTRY).alias("country")).agg(
        F.count(F.lit(1)).alias("n_rows"),
        F.size(F.collect_set("_source")).cast("bigint").alias("n_files"),
        (F.count(F.lit(1)) - F.countDistinct("_content_hash")).alias("n_repeats"),
        F.count("text").alias("n_misfits"),
        F.count_if(amount_of("voucher_amount").isNull() & F.col("text").isNull()).alias("n_without_amount"),
        F.count_if(_is_empty("total_orders") & F.col("text").isNull()).alias("n_without_orders"),
        F.count_if(F.date_diff(used, last) < 0).alias("n_used_before_order"),
        F.count_if(first > last).alias("n_first_after_last"),
        F.count_if((orders == 0) & (F.to_date(first) < F.to_date(last))).alias("n_no_orders_two_dates"),
        F.min(used).alias("first_used_at"),
        F.max(used).alias("last_used_at"),
        F.median(orders).alias("median_orders"),
        F.max(orders).alias("most_orders"),
    )


def drop_columns(drops: DataFrame) -> DataFrame:
    """Every delivered column of every country: how much of it is there, and what it is read as."""
    values = F.explode(F.array(*[_value(name) for name in DELIVERED_AS])).alias("found")
    found = drops.where(F.col("text").isNull()).select(F.expr(DELIVERED_COUNTRY).alias("country"), values)
    is_given, is_read = F.col("given").isNotNull(), F.col("read").isNotNull()
    return (
        found.select("country", "found.*")
        .groupBy("country", "column_name", "delivered_type", "read_as")
        .agg(
            F.count(F.lit(1)).alias("n_rows"),
            F.count_if(~is_given).alias("n_null"),
            F.count_if(is_given & (F.trim("given") == "")).alias("n_empty"),
            F.count_if((F.trim("given") != "") & ~is_read).alias("n_unreadable"),
            F.countDistinct("given").alias("n_distinct"),
            F.min(F.when(is_read, F.struct("place", "read"))).getField("read").alias("least"),
            F.max(F.when(is_read, F.struct("place", "read"))).getField("read").alias("greatest"),
        )
    )


def _value(name: str) -> SparkColumn:
    """A column's value as it came and as it is read, both as text, and a number by which it has its place among others."""
    kind, read_as = DELIVERED_AS[name]
    read = READ_BY[name](name) if name in READ_BY else F.col(name)
    place = F.lit(0) if read_as == "string" else F.unix_micros(read) if read_as == "timestamp" else read
    return F.struct(
        F.lit(name).alias("column_name"), F.lit(kind).alias("delivered_type"), F.lit(read_as).alias("read_as"),
        F.col(name).cast("string").alias("given"), read.cast("string").alias("read"),
        place.cast("double").alias("place"),
    )  # fmt: skip


def _is_empty(name: str) -> SparkColumn:
    return F.coalesce(F.trim(F.col(name).cast("string")) == "", F.lit(True))


def amount_rows(drops: DataFrame) -> DataFrame:
    """Delivered rows of every amount and country, repeats and all."""
    amount = amount_of("voucher_amount")
    return (
        drops.select(F.expr(DELIVERED_COUNTRY).alias("country"), amount.alias("voucher_amount"))
        .where(F.col("voucher_amount").isNotNull())
        .groupBy("country", "voucher_amount")
        .agg(F.count(F.lit(1)).alias("n_rows"))
    )


DROPS = {"drops": Input("raw.drops", slice_by=DELIVERED_COUNTRY)}
COUNTRY_COLUMN = Column("country", "string", "Name of the country as delivered, or unknown.")

DROP_PROFILE = Derived(
    build=drop_profile,
    layer="gold",
    inputs=DROPS,
    key=["country"],
    slice_by="country",
    grain="one row per delivered country",
    columns=[
        COUNTRY_COLUMN,
        Column("n_rows", "bigint", "Delivered rows."),
        Column("n_files", "bigint", "Files that had some of them."),
        Column("n_repeats", "bigint", "Rows that repeat another one exactly."),
        Column("n_misfits", "bigint", "Rows with a value that the declared type of its column cannot say."),
        Column("n_without_amount", "bigint", "Rows without a voucher amount."),
        Column("n_without_orders", "bigint", "Rows with an empty count of orders."),
        Column("n_used_before_order", "bigint", "Rows whose use came on a day before that of the last order."),
        Column("n_first_after_last", "bigint", "Rows whose first order came after the last one."),
        Column("n_no_orders_two_dates", "bigint", "Rows with 0 orders and two different order dates."),
        Column("first_used_at", "timestamp", "Earliest use, UTC."),
        Column("last_used_at", "timestamp", "Latest use, UTC."),
        Column("median_orders", "double", "Median of the counts of orders that can be read."),
        Column("most_orders", "int", "Largest of them."),
    ],
)

DROP_COLUMNS = Derived(
    build=drop_columns,
    layer="gold",
    inputs=DROPS,
    key=["country", "column_name"],
    slice_by="country",
    grain="one row per delivered country and column",
    columns=[
        COUNTRY_COLUMN,
        Column("column_name", "string", "Column as delivered."),
        Column("delivered_type", "string", "Its type in the drop."),
        Column("read_as", "string", "The type that bronze makes of it."),
        Column("n_rows", "bigint", "Delivered rows that fit the declared types."),
        Column("n_null", "bigint", "Rows without a value."),
        Column("n_empty", "bigint", "Rows with nothing but blanks."),
        Column("n_unreadable", "bigint", "Rows with a value that cannot be read."),
        Column("n_distinct", "bigint", "Different values."),
        Column("least", "string", "Least value that can be read, as text."),
        Column("greatest", "string", "Greatest one."),
    ],
)

AMOUNT_ROWS = Derived(
    build=amount_rows,
    layer="gold",
    inputs=DROPS,
    key=["country", "voucher_amount"],
    slice_by="country",
    grain="one row per delivered country and voucher amount",
    columns=[
        COUNTRY_COLUMN,
        Column("voucher_amount", "double", "Amount in the country's currency."),
        Column("n_rows", "bigint", "Delivered rows with it, repeats included."),
    ],
)
