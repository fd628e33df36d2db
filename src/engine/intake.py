"""Records of a raw table on their way to bronze: read, typed, judged, measured, then written by their kind's algorithm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from pyspark.errors import PySparkException
from pyspark.sql import functions as F

from engine import history, latest
from engine.batch import Measured, judge_fail_checks, measure_records
from engine.changes import Window, feed_is_gone, read_appended, read_at
from engine.documents import flatten
from engine.outcomes import Counts, Result
from engine.quarantine import bad_rows
from engine.rules import reasons
from engine.set_checks import judge_sets
from engine.shape import Shape, discover, follow
from engine.spec import Column, FromRaw, History, Latest
from utils.errors import SpecError

if TYPE_CHECKING:
    from pyspark.sql import Column as SparkColumn
    from pyspark.sql import DataFrame

    from engine.documents import Leaf
    from engine.run import Run


def bring_up_to_date(run: Run, table: FromRaw, window: Window) -> Result:
    """Read new records, judge them, and write what they change with one commit at most.

    Raises CheckFailed, DriftError or SpecError before anything is written.
    """
    try:
        return _take_in_window(run, table, window)
    except PySparkException as error:  # whichever step reads the feed first
        if window.path == "full" or not feed_is_gone(error):
            raise
    return _take_in_window(run, table, window.in_full("the change feed of the input is gone"))


def _take_in_window(run: Run, table: FromRaw, window: Window) -> Result:
    records = _records(run, table, window)
    return take_in(run, table, records, discover(table, records), window)


def take_in(
    run: Run, table: FromRaw, records: DataFrame, leaves: Sequence[Leaf], window: Window, only: str = ""
) -> Result:
    """Judge raw records and write those that are good; the bad ones are in the result, for the quarantine.

    `only` is a condition over the typed rows; those for which it does not hold are as if they were not there.
    """
    shape = follow(run, table, leaves)
    typed = _typed(run, table, records, shape.columns)
    rows = _judged(run, table, shape.target, typed.where(only) if only else typed)
    is_bad = F.size("_reasons") > 0
    identity = [*table.key, "_sequence"] if isinstance(table, History) else table.key
    measured = measure_records(rows, table, is_bad=is_bad, identity=identity, bounded=table.cluster_by)
    if measured.read == 0 and (shape.is_new or window.path != "full"):  # in full, no record at all empties the table
        return Result(Counts(), window, (), tuple(shape.drifts))
    good = rows.where(~is_bad)
    sets = judge_sets(run, table, window, lambda: _predicted(run, table, window, shape, good))
    checks = (*measured.checks, *sets)
    judge_fail_checks(table, checks)
    counts = _write(run, table, window, shape, good, measured)
    bad = bad_rows(run, table.path, rows.where(is_bad)) if measured.quarantined else None
    return Result(_reckon(counts, measured), window, checks, tuple(shape.drifts), bad)


def _records(run: Run, table: FromRaw, window: Window) -> DataFrame:
    name, head = run.settings.name_of(table.source), window.heads[table.source]
    if window.path == "full":
        return read_at(run.spark, name, head.version)
    return read_appended(run.spark, name, window.start[table.source].version, head.version)


def _write(
    run: Run, table: FromRaw, window: Window, shape: Shape, good: DataFrame, measured: Measured
) -> Counts:
    if isinstance(table, History):
        return history.write(run, table, window, shape, good, measured)
    assert isinstance(table, Latest)
    return latest.write(run, table, window, shape, good, measured)


def _predicted(run: Run, table: FromRaw, window: Window, shape: Shape, good: DataFrame) -> DataFrame:
    is_full = window.path == "full"
    if isinstance(table, History):
        return history.predicted(run, table, shape, good, is_full=is_full)
    assert isinstance(table, Latest)
    return latest.predicted(run, table, shape, good, is_full=is_full)


def _typed(run: Run, table: FromRaw, records: DataFrame, columns: Sequence[Column]) -> DataFrame:
    """Built rows with every business column in its type, the engine's columns, and where each row came from."""
    records = records.withColumnsRenamed({"_content_hash": "_record_hash"})
    if table.is_flattened:
        records = flatten(records, [column for column in columns if column.path])
    else:
        records = records.withColumn("_conflicts", F.expr("cast(array() AS array<string>)"))
    built = table.build(records)
    missing = [column.name for column in table.columns if column.name not in built.columns]
    if missing:
        raise SpecError(
            table.path, f"the builder returns no {', '.join(missing)}", hint="Add columns to what it gets."
        )
    values = [_value(table, built, column) for column in columns]
    rows = built.select(
        *values,
        "text",
        "_source",
        "_position",
        "_record_hash",
        "_landed_at",
        "_conflicts",
        *(["document"] if "document" in built.columns and "document" not in table.column_names else []),
    )
    return rows.withColumns(
        {
            "_sequence": F.col(table.sequence).cast("timestamp"),
            "_is_deleted": F.coalesce(F.expr(table.deleted_when), F.lit(False))
            if table.deleted_when
            else F.lit(False),
            "_run_id": F.lit(run.settings.run_id),
            "_content_hash": _content_hash(columns),
        }
    )


def _value(table: FromRaw, built: DataFrame, column: Column) -> SparkColumn:
    if column.name not in built.columns:
        return F.lit(None).cast(column.type).alias(column.name)
    value = F.expr(table.normalise[column.name]) if column.name in table.normalise else F.col(column.name)
    return value.cast(column.type).alias(column.name)


def _content_hash(columns: Sequence[Column]) -> SparkColumn:
    """SHA-256 over the values in the order of their names; null and empty are distinct, absent and null are not."""
    values = F.struct(*[F.col(name) for name in sorted(column.name for column in columns)])
    return F.sha2(F.to_json(values, {"timestampFormat": "yyyy-MM-dd'T'HH:mm:ss.SSSSSS'Z'"}), 256)


def _judged(run: Run, table: FromRaw, target: str, rows: DataFrame) -> DataFrame:
    horizon = latest.horizon_of(run, target) if isinstance(table, Latest) and table.tombstone_days else None
    if horizon is not None:
        keys = run.spark.table(target).select(*table.key, F.lit(True).alias("_is_known"))
        rows = rows.join(keys, on=list(table.key), how="left")
    return rows.withColumns({"_reasons": reasons(table, horizon), "_record": _record(rows)})


def _record(rows: DataFrame) -> SparkColumn:
    """The record for the quarantine: its text, its document, or its columns as JSON."""
    whole = (
        F.to_json(F.col("document"))
        if "document" in rows.columns
        else F.to_json(
            F.struct(*[name for name in rows.columns if not name.startswith("_") and name != "text"])
        )
    )
    return F.coalesce(F.col("text"), whole)


def _reckon(counts: Counts, measured: Measured) -> Counts:
    good = measured.read - measured.quarantined
    return replace(
        counts,
        read=measured.read,
        quarantined=measured.quarantined,
        duplicate=good - measured.distinct,
        stale=measured.distinct - counts.applied,
    )
