"""A small system of derived tables: baskets, their lines, the lines with labels, and two tables per day and for all."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from engine.spec import Column, Derived, Input, Lookup
from tests.engine.world import latest

ID = Column("id", "string", "Key.", path="id")
AT = Column("at", "timestamp", "Sequence.", path="at")


def baskets(records: DataFrame) -> DataFrame:
    return records


def lines(baskets: DataFrame) -> DataFrame:
    """One row per item of a basket: child rows that are replaced with their parent."""
    listed = F.expr("cast(items AS array<string>)")
    return baskets.select(
        "id", F.posexplode(listed).alias("place", "item"), F.to_date("bought_on").alias("day")
    )


def priced(lines: DataFrame, labels: DataFrame) -> DataFrame:
    labels = labels.select(F.col("id").alias("item"), "label")
    return lines.join(labels, on="item", how="left").select("id", "place", "item", "day", "label")


def per_day(lines: DataFrame) -> DataFrame:
    return lines.groupBy("day").agg(F.count(F.lit(1)).alias("n"))


def everything(lines: DataFrame) -> DataFrame:
    return lines.agg(F.count(F.lit(1)).alias("n")).select(F.lit("all").alias("what"), "n")


BASKETS = latest(
    baskets,
    [
        ID,
        AT,
        Column("bought_on", "string", "Day.", path="bought_on"),
        Column("items", "variant", "Items.", path="items"),
        Column("label", "string", "Label of an item, where the record is one.", path="label"),
        Column("gone", "boolean", "Deleted.", path="gone"),
    ],
    deleted_when="gone",
)
LINES = Derived(
    build=lines,
    layer="bronze",
    inputs={"baskets": Input("bronze.baskets")},
    key=["id", "place"],
    slice_by="id",
    grain="one row per basket and item",
    columns=[
        Column("id", "string", "Basket."),
        Column("place", "int", "Place."),
        Column("item", "string", "Item."),
        Column("day", "date", "Day."),
    ],
)
PRICED = Derived(
    build=priced,
    layer="silver",
    key=["id", "place"],
    slice_by="id",
    grain="one row per basket and item",
    inputs={"lines": Input("bronze.lines"), "labels": Lookup("bronze.baskets", on="id", carried_as="item")},
    columns=[*LINES.columns, Column("label", "string", "Label.")],
)
PER_DAY = Derived(
    build=per_day,
    layer="gold",
    inputs={"lines": Input("silver.priced")},
    key=["day"],
    slice_by="day",
    grain="one row per day",
    columns=[Column("day", "date", "Day."), Column("n", "bigint", "Items.")],
)
EVERYTHING = Derived(
    build=everything,
    layer="gold",
    inputs={"lines": Input("silver.priced")},
    key=["what"],
    grain="one row",
    columns=[Column("what", "string", "All."), Column("n", "bigint", "Items.")],
)
TABLES = [BASKETS, LINES, PRICED, PER_DAY, EVERYTHING]
ALL = ("raw", "bronze", "silver", "gold")


def basket(id: str, version: int, day: int, *items: str, **more: object) -> dict[str, object]:
    return {
        "id": id,
        "at": f"2024-03-{version:02d}T00:00:00Z",
        "bought_on": f"2024-01-{day:02d}",
        "items": list(items),
    } | more
