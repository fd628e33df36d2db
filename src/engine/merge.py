"""The one place that writes tables: a single SQL MERGE (or INSERT, the first time) per table and batch, columns listed.

Counts come from the commit's own metrics. No commit means that nothing differed.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from engine.catalog import quoted
from engine.conflicts import MOVED
from engine.effects import about_to
from engine.outcomes import Counts
from engine.settle import FEW_ROWS, Settled, settled

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

# Types that have no equality in SQL compare by their JSON text.
UNORDERED = ("variant", "map")
WRITE = "write a table"


@contextmanager
def temporary_view(spark: SparkSession, rows: DataFrame) -> Iterator[str]:
    """A view with a name of its own: views are per session, and tables run in threads of one session."""
    name = f"batch_{uuid.uuid4().hex}"
    rows.createOrReplaceTempView(name)
    try:
        yield name
    finally:
        spark.catalog.dropTempView(name)


def first_load(spark: SparkSession, target: str, rows: DataFrame, *, columns: Sequence[str], n: int) -> Counts:
    """Fill an empty table with `n` rows; none makes no commit. Ends with a conflict where another run put rows there.

    The INSERT looks at what it fills: Delta then refuses it where another run committed meanwhile, too.
    """
    if n == 0:
        return Counts()
    names = ", ".join(map(quoted, columns))
    is_empty = f"CASE WHEN EXISTS (SELECT 1 FROM {target}) THEN raise_error('{MOVED}') ELSE true END"
    about_to(WRITE)
    with temporary_view(spark, rows) as view:
        spark.sql(f"INSERT INTO {target} ({names}) SELECT {names} FROM {view} WHERE {is_empty}").collect()
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
    at_most: int = 0,
    oldest: str = "",
) -> Counts:
    """Update where the source is newer by (_sequence, _content_hash), insert what is absent. Stale rows make no commit.

    `at_most` is the number of winners or more, where it is known: a large batch need not be fetched to learn its size.
    `oldest` is their least sequence: where the target holds a newer one, stale rows are taken out before the MERGE, which
    would read the files of their keys as a whole to find that nothing is to be done.
    """
    source = settled(spark, winners) if at_most <= FEW_ROWS else Settled(winners)
    if not source.is_empty and oldest:
        source = _without_stale(spark, target, source, key, bounds, oldest)
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


def _without_stale(
    spark: SparkSession, target: str, source: Settled, key: Sequence[str], bounds: str, oldest: str
) -> Settled:
    """The rows that no stored row of their key precedes by its sequence; ties stay. Statistics of files decide mostly."""
    stored = spark.table(target).alias("t").where(f"t._sequence > timestamp'{oldest}'{bounds}").select(*key, "_sequence")
    if stored.isEmpty():
        return source
    batch = F.broadcast(source.rows.select(*key, F.col("_sequence").alias("_given")))
    stale = stored.join(batch, on=list(key), how="inner").where("_sequence > _given").select(*key)
    rows = source.rows.join(F.broadcast(stale), on=list(key), how="left_anti").select(*source.rows.columns)
    return Settled(rows, is_empty=rows.isEmpty())


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
    bounds: str = "",
    applied: str = "",
    effect: str = WRITE,
) -> Counts:
    """Make the rows `old` of the target equal to `rows`: what differs is updated or inserted, what is absent deleted.

    `types` names the columns with their SQL types; `ignored` ones are written but make no difference by themselves.
    `applied` is a condition over a new row `s` and its stored row `t`; where it is given, such rows are counted.
    Without a difference nothing is executed on the target. A row that changed after `old` was read ends the MERGE with a
    conflict (`conflicts.py`).
    """
    differences = _differences(rows, old, key, types, ignored, may_delete, applied)
    source = settled(spark, differences)
    if source.is_empty:
        return Counts()
    n_applied = source.rows.where("_is_applied").count() if applied else None
    updates = ", ".join(f"t.{quoted(name)} = s.{quoted(name)}" for name in types if name not in key)
    delete = "WHEN MATCHED AND s._is_gone THEN DELETE" if may_delete else ""
    update = f"WHEN MATCHED AND NOT s._is_gone THEN UPDATE SET {updates}" if updates else ""
    insert = _insert(list(types), "AND NOT s._is_gone")
    guard = _guard(key, types)
    counts = _merge(spark, target, source.rows, key, bounds, f"{guard} {delete} {update} {insert}", effect)
    return replace(counts, n_applied=n_applied)


def update_matched(
    spark: SparkSession, target: str, rows: DataFrame, *, key: str, condition: str, values: Mapping[str, str],
    effect: str = WRITE,
) -> None:
    """Set columns of the rows of `rows` that are stored and meet a condition over the stored row `t`; else no commit."""
    source = settled(spark, rows)
    if source.is_empty:
        return
    updates = ", ".join(f"t.{quoted(name)} = {value}" for name, value in values.items())
    _merge(spark, target, source.rows, [key], "", f"WHEN MATCHED AND {condition} THEN UPDATE SET {updates}", effect)


def delete_matched(spark: SparkSession, target: str, rows: DataFrame, *, key: Sequence[str], effect: str = WRITE) -> Counts:
    """Delete the rows whose `key` stands in `rows`, null-safe; no commit where there is none. No value gets into the log."""
    source = settled(spark, rows.select(*key).distinct())
    if source.is_empty:
        return Counts()
    on = " AND ".join(f"t.{quoted(name)} <=> s.{quoted(name)}" for name in key)
    return _merge_on(spark, target, source.rows, on, "WHEN MATCHED THEN DELETE", effect)


def _differences(
    rows: DataFrame,
    old: DataFrame,
    key: Sequence[str],
    types: Mapping[str, str],
    ignored: Sequence[str],
    may_delete: bool,
    applied: str,
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
    notes = {
        "_is_gone": F.col("s._is_given").isNull(),
        "_is_applied": F.expr(applied or "false"),
        "_was": F.expr(f"CASE WHEN t._is_stored THEN {_fingerprint(key, types)} END"),
    }
    noted = [value.alias(name) for name, value in notes.items()]
    return changed.select(*keys, *values, *noted).select(*types, *notes)


def last_commit(spark: SparkSession, target: str) -> tuple[int, dict[str, int]]:
    """The table's version, and the metrics of the commit that made it, as numbers."""
    row = spark.sql(f"DESCRIBE HISTORY {target} LIMIT 1").collect()[0]
    metrics = (row["operationMetrics"] or {}).items()
    return int(row["version"]), {name: int(value) for name, value in metrics if str(value).lstrip("-").isdigit()}


def _merge(
    spark: SparkSession,
    target: str,
    rows: DataFrame,
    key: Sequence[str],
    bounds: str,
    clauses: str,
    effect: str = WRITE,
) -> Counts:
    on = " AND ".join(f"t.{quoted(name)} = s.{quoted(name)}" for name in key)
    return _merge_on(spark, target, rows, f"{on}{bounds}", clauses, effect)


def _merge_on(spark: SparkSession, target: str, rows: DataFrame, on: str, clauses: str, effect: str) -> Counts:
    about_to(effect)
    with temporary_view(spark, rows) as view:
        result = spark.sql(f"MERGE INTO {target} t USING {view} s ON {on} {clauses}").collect()[0]
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


def _guard(key: Sequence[str], types: Mapping[str, str]) -> str:
    """Ends the MERGE where a stored row is not what the difference was computed from. Rows of keys alone cannot differ."""
    values = [name for name in types if name not in key]
    if not values:
        return ""
    name = quoted(values[0])
    moved = _moved(types[values[0]])
    return f"WHEN MATCHED AND NOT (s._was <=> {_fingerprint(key, types)}) THEN UPDATE SET t.{name} = {moved}"


def _moved(type_: str) -> str:
    return f"CAST(raise_error('{MOVED}') AS {type_})"


def _fingerprint(key: Sequence[str], types: Mapping[str, str]) -> str:
    """A hash of a stored row `t`, for telling whether it is still the same."""
    values = [_compared(f"t.{quoted(name)}", kind) for name, kind in types.items() if name not in key]
    return f"xxhash64({', '.join(values)})" if values else "0L"


def _insert(columns: Sequence[str], condition: str = "") -> str:
    names = ", ".join(map(quoted, columns))
    values = ", ".join(f"s.{quoted(name)}" for name in columns)
    return f"WHEN NOT MATCHED {condition} THEN INSERT ({names}) VALUES ({values})"


def _differs(name: str, kind: str) -> str:
    old, new = (_compared(f"{side}.{quoted(name)}", kind) for side in "ts")
    return f"{old} IS DISTINCT FROM {new}"


def _compared(value: str, kind: str) -> str:
    return f"to_json({value})" if kind.startswith(UNORDERED) else value
