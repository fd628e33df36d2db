"""The one place that writes tables: a single SQL MERGE (or the first load) per table and batch, columns listed.

Counts come from the commit's own metrics. No commit means that nothing differed.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from engine.catalog import quoted
from engine.outcomes import Counts

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

# Up to here rows are fetched once and handed over as they are, instead of being computed by every reader of the plan.
FEW_ROWS, FEW_BYTES = 5_000, 16 * 1024**2
# Types that have no equality in SQL compare by their JSON text.
UNORDERED = ("variant", "map")


@contextmanager
def temporary_view(spark: SparkSession, rows: DataFrame) -> Iterator[str]:
    """A view with a name of its own: views are per session, and tables run in threads of one session."""
    name = f"batch_{uuid.uuid4().hex}"
    rows.createOrReplaceTempView(name)
    try:
        yield name
    finally:
        spark.catalog.dropTempView(name)


def first_load(spark: SparkSession, target: str, rows: DataFrame, columns: Sequence[str]) -> Counts:
    """Fill an empty table in one pass. An overwrite, so that of two first loads at once one wins whole."""
    listed = ", ".join(map(quoted, columns))
    with temporary_view(spark, rows) as view:
        spark.sql(f"INSERT OVERWRITE {target} ({listed}) SELECT {listed} FROM {view}").collect()
    version, metrics = last_commit(spark, target)
    return Counts(
        version=version,
        inserted=metrics.get("numOutputRows", 0),
        files_added=metrics.get("numFiles", 0),
        bytes_added=metrics.get("numOutputBytes", 0),
    )


def merge_ordered(
    spark: SparkSession,
    target: str,
    winners: DataFrame,
    *,
    key: Sequence[str],
    columns: Sequence[str],
    bounds: str = "",
) -> Counts:
    """Update where the source is newer by (_sequence, _content_hash), insert what is absent. Stale rows make no commit."""
    source = settled(spark, winners)
    if source.is_empty:
        return Counts()
    is_newer = (
        "(s._sequence > t._sequence OR (s._sequence = t._sequence AND s._content_hash > t._content_hash))"
    )
    updates = ", ".join(f"t.{quoted(name)} = s.{quoted(name)}" for name in columns if name not in key)
    return _merge(
        spark,
        target,
        source.rows,
        key,
        bounds,
        f"WHEN MATCHED AND {is_newer} THEN UPDATE SET {updates} {_insert(columns)}",
    )


def merge_difference(
    spark: SparkSession,
    target: str,
    rows: DataFrame,
    old: DataFrame,
    *,
    key: Sequence[str],
    types: Mapping[str, str],
    ignored: Sequence[str] = (),
    may_delete: bool = True,
) -> Counts:
    """Make the rows `old` of the target equal to `rows`: what differs is updated or inserted, what is absent deleted.

    `types` names the columns with their SQL types; `ignored` ones are written but make no difference by themselves.
    Without a difference nothing is executed on the target.
    """
    source = settled(spark, _differences(rows, old, key, types, ignored, may_delete))
    if source.is_empty:
        return Counts()
    updates = ", ".join(f"t.{quoted(name)} = s.{quoted(name)}" for name in types if name not in key)
    delete = "WHEN MATCHED AND s._is_gone THEN DELETE" if may_delete else ""
    update = f"WHEN MATCHED AND NOT s._is_gone THEN UPDATE SET {updates}" if updates else ""
    insert = _insert(list(types), "AND NOT s._is_gone")
    return _merge(spark, target, source.rows, key, "", f"{delete} {update} {insert}")


@dataclass(frozen=True)
class Settled:
    """Rows to be read more than once. `is_empty` is false where it is not known."""

    rows: DataFrame
    is_empty: bool = False


def settled(spark: SparkSession, rows: DataFrame) -> Settled:
    """The same rows, computed once where they are few.

    Few rows are fetched and handed over as they are; many, and those with a VARIANT, stay a plan, which every reader
    (a MERGE is two) computes again.
    """
    schema = rows.schema
    if any("variant" in field.dataType.simpleString() for field in schema.fields):
        return Settled(rows)
    fetched = rows.limit(FEW_ROWS + 1).toArrow()
    if fetched.num_rows == 0:  # first: asking an empty map column for its size ends the process (pyarrow 25)
        return Settled(spark.createDataFrame([], schema), is_empty=True)
    if fetched.num_rows > FEW_ROWS or fetched.nbytes > FEW_BYTES:
        return Settled(rows)
    return Settled(spark.createDataFrame(fetched, schema))


def _differences(
    rows: DataFrame,
    old: DataFrame,
    key: Sequence[str],
    types: Mapping[str, str],
    ignored: Sequence[str],
    may_delete: bool,
) -> DataFrame:
    new = rows.select(*types, F.lit(True).alias("_is_given")).alias("s")
    kept = old.select(*types, F.lit(True).alias("_is_stored")).alias("t")
    on = F.expr(" AND ".join(f"t.{quoted(name)} = s.{quoted(name)}" for name in key))
    compared = [name for name in types if name not in key and name not in ignored]
    differs = " OR ".join(_differs(name, types[name]) for name in compared) or "false"
    gone = "OR s._is_given IS NULL" if may_delete else ""
    both = new.join(kept, on=on, how="full" if may_delete else "left")
    keys = [F.coalesce(f"s.{name}", f"t.{name}").alias(name) for name in key]
    values = [F.col(f"s.{quoted(name)}").alias(name) for name in types if name not in key]
    changed = both.where(f"t._is_stored IS NULL {gone} OR ({differs})")
    return changed.select(*keys, *values, F.col("s._is_given").isNull().alias("_is_gone")).select(
        *types, "_is_gone"
    )


def last_commit(spark: SparkSession, target: str) -> tuple[int, dict[str, int]]:
    """The table's version, and the metrics of the commit that made it, as numbers."""
    row = spark.sql(f"DESCRIBE HISTORY {target} LIMIT 1").collect()[0]
    metrics = (row["operationMetrics"] or {}).items()
    return int(row["version"]), {name: int(value) for name, value in metrics if str(value).lstrip("-").isdigit()}


def _merge(
    spark: SparkSession, target: str, rows: DataFrame, key: Sequence[str], bounds: str, clauses: str
) -> Counts:
    on = " AND ".join(f"t.{quoted(name)} = s.{quoted(name)}" for name in key)
    with temporary_view(spark, rows) as view:
        result = spark.sql(f"MERGE INTO {target} t USING {view} s ON {on}{bounds} {clauses}").collect()[0]
    if result["num_affected_rows"] == 0:
        return Counts()
    version, metrics = last_commit(spark, target)
    return Counts(
        version=version,
        inserted=result["num_inserted_rows"],
        updated=result["num_updated_rows"],
        deleted=result["num_deleted_rows"],
        files_added=metrics.get("numTargetFilesAdded", 0),
        files_removed=metrics.get("numTargetFilesRemoved", 0),
        files_scanned=metrics.get("numTargetFilesAfterSkipping", 0),
        bytes_added=metrics.get("numTargetBytesAdded", 0),
        rows_copied=metrics.get("numTargetRowsCopied", 0),
    )


def _insert(columns: Sequence[str], condition: str = "") -> str:
    names = ", ".join(map(quoted, columns))
    values = ", ".join(f"s.{quoted(name)}" for name in columns)
    return f"WHEN NOT MATCHED {condition} THEN INSERT ({names}) VALUES ({values})"


def _differs(name: str, kind: str) -> str:
    old, new = f"t.{quoted(name)}", f"s.{quoted(name)}"
    if kind.startswith(UNORDERED):
        old, new = f"to_json({old})", f"to_json({new})"
    return f"{old} IS DISTINCT FROM {new}"
