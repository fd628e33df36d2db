"""Bronze: uses of vouchers, typed, in UTC; a record that breaks a rule goes to quarantine with the reason."""

from __future__ import annotations

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from engine.checks import Check
from engine.spec import Column, Latest
from engine.times import time_of

DELIVERED = ("timestamp", "country_code", "last_order_ts", "first_order_ts", "total_orders", "voucher_amount")
# "3.0" is three orders; "3.5" is none.
WHOLE = r"^\s*-?[0-9]+([.]0*)?\s*$"
# A country's name without blanks around it; null without one.
COUNTRY = "nullif(trim(country_code), '')"


def uses(drops: DataFrame) -> DataFrame:
    """Delivered records with typed fields. A record has no id of its own: content, file and place in it tell it apart."""
    orders = orders_of("total_orders")
    return drops.withColumns(
        {
            "use_id": F.sha2(F.concat_ws("\0", "_source", F.col("_position").cast("string"), "_record_hash"), 256),
            "content_hash": F.col("_record_hash"),
            "country": F.expr(COUNTRY),
            "used_at": time_of("timestamp"),
            "last_order_at": time_of("last_order_ts"),
            "first_order_at": F.col("first_order_ts"),
            "total_orders": orders,
            "is_count_readable": orders.isNotNull() | F.coalesce(F.trim("total_orders") == "", F.lit(True)),
            "voucher_amount": amount_of("voucher_amount"),
            "document": F.struct(*DELIVERED),  # what the quarantine shows of a record: the values as they came
        }
    )


def orders_of(name: str) -> SparkColumn:
    """A whole number of orders from its text; null for anything else."""
    return F.when(F.col(name).rlike(WHOLE), F.substring_index(F.trim(name), ".", 1).try_cast("int"))


def amount_of(name: str) -> SparkColumn:
    """An amount; null for what is not a number, by which some writers say that there is none."""
    return F.when(~F.isnan(name), F.col(name))


USES = Latest(
    build=uses,
    source="raw.drops",
    key=["use_id"],
    sequence="used_at",
    grain="one row per delivered use of a voucher",
    columns=[
        Column("use_id", "string", "Hash of the record's content, its file and its place there."),
        Column("content_hash", "string", "Hash of the delivered values; exact repeats share it."),
        Column("country", "string", "Name of the country."),
        Column("used_at", "timestamp", "When the voucher was used, UTC; some lie years before the order they follow."),
        Column("last_order_at", "timestamp", "The customer's last order, UTC."),
        Column("first_order_at", "timestamp", "The customer's first order, UTC."),
        Column("total_orders", "int", "Orders of the customer; null where the delivered text was empty."),
        Column("is_count_readable", "boolean", "Whether the delivered count of orders is a whole number, or empty."),
        Column("voucher_amount", "double", "Amount of the voucher in the country's currency; null for some."),
    ],
    checks=[
        Check("country_code names a country", "country IS NOT NULL", "quarantine"),
        Check("timestamp is a time", "used_at IS NOT NULL", "quarantine"),
        Check("last_order_ts is a time", "last_order_at IS NOT NULL", "quarantine"),
        Check("first_order_ts is a time", "first_order_at IS NOT NULL", "quarantine"),
        Check("total_orders is a whole number or empty", "is_count_readable", "quarantine"),
        Check("total_orders is not negative", "total_orders >= 0", "quarantine"),
        Check("voucher_amount is a finite number", "abs(voucher_amount) < double('infinity')", "quarantine"),
        Check("voucher_amount is not negative", "voucher_amount >= 0", "quarantine"),
        Check("the first order is not after the last one", "first_order_at <= last_order_at", "quarantine"),
    ],
)
