"""Rows that break a rule, kept with the rule, the reason and where they came from; nothing is lost.

The table stays with its system (`<system>_raw.quarantine`), because it may hold personal data.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from engine.catalog import create_table, follow_declaration, stored_columns
from engine.merge import merge_difference, update_matched
from engine.spec import Column

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from engine.run import Run
    from utils.settings import Settings

GRAIN = "one row per bad record and rule"
COLUMNS = (
    Column(
        "quarantine_id",
        "string",
        "Hash of source position, table, rule and content: the same bad row has one id.",
    ),
    Column("table_name", "string", "Table that did not take the row, as layer.name."),
    Column("check_name", "string", "First rule that the row breaks."),
    Column("reason", "string", "Every rule that the row breaks."),
    Column("record", "string", "The record, as JSON or as the delivered text.", personal=True),
    Column("source", "string", "File that delivered it, relative to the landing folder."),
    Column("position", "bigint", "Place of the record in its file, from 0."),
    Column("content_hash", "string", "SHA-256 of the record's text."),
    Column("run_id", "string", "Run that set it aside first."),
    Column("quarantined_at", "timestamp", "When, by the clock of the run."),
    Column("status", "string", "open; replayed: it passed later; replaced: it breaks another rule now."),
    Column("settled_at", "timestamp", "When a replay closed it, by the clock; null while it is open."),
)


def ensure_quarantine(run: Run) -> str:
    """The quarantine's full name; the table is made on first use."""
    name = run.settings.name_of("raw.quarantine")
    stored = stored_columns(run.spark, name)
    if stored is None:
        create_table(run.spark, name, COLUMNS, comment=GRAIN)
    else:
        follow_declaration(run.spark, name, COLUMNS, stored, GRAIN)
    return name


def bad_rows(run: Run, table_path: str, rows: DataFrame) -> DataFrame:
    """`rows` (with `_reasons`, `_record` and where they came from) in the shape of the quarantine."""
    check = F.get("_reasons", F.lit(0))
    identity = F.concat_ws(
        "\0", "_source", F.col("_position").cast("string"), F.lit(table_path), check, "_record_hash"
    )
    return rows.select(
        F.sha2(identity, 256).alias("quarantine_id"),
        F.lit(table_path).alias("table_name"),
        check.alias("check_name"),
        F.concat_ws("; ", "_reasons").alias("reason"),
        F.col("_record").alias("record"),
        F.col("_source").alias("source"),
        F.col("_position").alias("position"),
        F.col("_record_hash").alias("content_hash"),
        F.lit(run.settings.run_id).alias("run_id"),
        F.current_timestamp().alias("quarantined_at"),
        F.lit("open").alias("status"),
        F.lit(None).cast("timestamp").alias("settled_at"),
    )


def set_aside(run: Run, batches: Sequence[DataFrame]) -> None:
    """Write the bad rows of a layer in one commit; rows that are there already are left as they are."""
    if not batches:
        return
    rows = batches[0]
    for more in batches[1:]:
        rows = rows.unionByName(more)
    rows = rows.dropDuplicates(["quarantine_id"])
    name = ensure_quarantine(run)
    types = {column.name: column.type for column in COLUMNS}
    unchanging = [name for name in types if name != "quarantine_id"]
    merge_difference(
        run.spark,
        name,
        rows,
        run.spark.table(name),
        key=["quarantine_id"],
        types=types,
        ignored=unchanging,
        may_delete=False,
        effect="set bad rows aside",
    )


def settle(run: Run, held: DataFrame, bad: DataFrame | None) -> None:
    """Close the rows of `held` that are not among `bad` any more, in one commit; without such rows there is none."""
    name = run.settings.name_of("raw.quarantine")
    place = ["source", "position", "content_hash"]
    rows = held.select("quarantine_id", *place)
    if bad is None:
        closed = rows.select("quarantine_id", F.lit("replayed").alias("status"))
    else:
        still = bad.select("quarantine_id").distinct()
        elsewhere = bad.select(*place, F.lit(True).alias("_fails")).distinct()
        left = rows.join(still, on="quarantine_id", how="left_anti").join(elsewhere, on=place, how="left")
        status = F.when(F.col("_fails"), F.lit("replaced")).otherwise(F.lit("replayed"))
        closed = left.select("quarantine_id", status.alias("status"))
    update_matched(
        run.spark, name, closed, key="quarantine_id", condition="t.status = 'open'",
        values={"status": "s.status", "settled_at": "current_timestamp()"},
        effect="settle quarantined rows",
    )  # fmt: skip


def summary(spark: SparkSession, settings: Settings) -> list[dict[str, object]]:
    """Rows for people: table, first rule, status, how many; empty where nothing was ever set aside."""
    name = settings.name_of("raw.quarantine")
    if stored_columns(spark, name) is None:
        return []
    rows = spark.table(name).groupBy("table_name", "check_name", "status").count()
    return [row.asDict() for row in rows.orderBy("table_name", "check_name", "status").collect()]
