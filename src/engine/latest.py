"""Latest version per key: the winner of each key by (sequence, content), merged where it is newer than what is stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from pyspark.errors import PySparkException
from pyspark.sql import functions as F

from engine import partial
from engine.batch import Measured, judge_fail_checks, measure_records
from engine.catalog import (
    SchemaChange,
    create_table,
    follow_declaration,
    quoted,
    stored_columns,
)
from engine.changes import Window, feed_is_gone, read_appended, read_at
from engine.documents import Leaf, flatten, leaves_of
from engine.merge import first_load, merge_difference, merge_ordered
from engine.outcomes import Counts, Result
from engine.quarantine import bad_rows
from engine.rules import reasons
from engine.spec import Column, Latest
from utils.errors import DriftError, SpecError

if TYPE_CHECKING:
    from pyspark.sql import Column as SparkColumn
    from pyspark.sql import DataFrame

    from engine.run import Run

ENGINE_COLUMNS = (
    Column("_sequence", "timestamp", "Orders versions of a key."),
    Column("_content_hash", "string", "SHA-256 of the row's values; orders versions of one sequence."),
    Column("_is_deleted", "boolean", "A tombstone: the key was deleted at this sequence."),
    Column("_run_id", "string", "Run that wrote this version."),
)


def bring_up_to_date(run: Run, table: Latest, window: Window) -> Result:
    """Read new records, judge them, and write winners with one commit at most.

    Raises CheckFailed, DriftError or SpecError before anything is written.
    """
    try:
        records = _records(run, table, window)
        leaves = _leaves(table, records)
    except PySparkException as error:
        if window.path == "full" or not feed_is_gone(error):
            raise
        window = window.in_full("the change feed of the input is gone")
        records = _records(run, table, window)
        leaves = _leaves(table, records)
    target = run.name_of(table)
    columns, drifts, is_new = _prepare(run, table, target, leaves)
    rows = _judged(run, table, target, _typed(run, table, records, columns))
    is_bad = F.size("_reasons") > 0
    measured = measure_records(rows, table, is_bad=is_bad, bounded=table.cluster_by)
    if measured.read == 0:
        return Result(Counts(), window, (), tuple(drifts))
    judge_fail_checks(table, measured.checks)
    good = rows.where(~is_bad)
    counts = _write(run, table, window, target, good, columns, measured, is_new=is_new)
    bad = bad_rows(run, table.path, rows.where(is_bad)) if measured.quarantined else None
    return Result(_reckon(counts, measured), window, measured.checks, tuple(drifts), bad)


def _records(run: Run, table: Latest, window: Window) -> DataFrame:
    name, head = run.settings.name_of(table.source), window.heads[table.source]
    if window.path == "full":
        return read_at(run.spark, name, head.version)
    return read_appended(run.spark, name, window.start[table.source].version, head.version)


def _leaves(table: Latest, records: DataFrame) -> list[Leaf]:
    """Fields of the batch that nobody declared."""
    if not table.is_flattened or table.new_columns == "ignore":
        return []
    schema = records.agg(F.expr("schema_of_variant_agg(document)")).collect()[0][0] or "VOID"
    declared = set(table.column_names)
    found = {
        leaf.column.name: leaf
        for leaf in leaves_of(schema, table.without)
        if leaf.column.name not in declared
    }
    if found and table.new_columns == "fail":
        raise DriftError(
            table.path,
            f"undeclared fields {', '.join(leaf.path for leaf in found.values())}",
            expected=f"only {', '.join(sorted(declared))}",
            hint="Declare them, or let the table evolve.",
        )
    return list(found.values())


def _prepare(
    run: Run, table: Latest, target: str, leaves: Sequence[Leaf]
) -> tuple[list[Column], list[SchemaChange], bool]:
    """Make or widen the table; its business columns, discovered ones included, what drifted, and whether it is new."""
    engine_columns = [*ENGINE_COLUMNS, *([partial.SEQUENCES] if table.partial else [])]
    stored = stored_columns(run.spark, target)
    if stored is None:
        columns = [*table.columns, *(leaf.column for leaf in leaves)]
        create_table(
            run.spark, target, [*columns, *engine_columns], comment=table.grain, cluster_by=table.cluster_by
        )
        if table.deleted_when:
            _create_live_view(run, table, target)
        return columns, [SchemaChange(leaf.column.name, "added", leaf.type, "") for leaf in leaves], True
    discovered = _discovered(table, leaves, stored)
    drifts = follow_declaration(run.spark, target, [*table.columns, *discovered], stored, table.grain)
    return [*table.columns, *discovered], drifts, False


def _discovered(table: Latest, leaves: Sequence[Leaf], stored: dict[str, Column]) -> list[Column]:
    """Columns beyond the declared ones: those the table has, with its types (wider where allowed), and new ones."""
    found = {leaf.column.name: leaf.column for leaf in leaves}
    engine_names = {column.name for column in ENGINE_COLUMNS} | {partial.SEQUENCES.name}
    old = [name for name in stored if name not in table.column_names and name not in engine_names]
    kept = [
        replace(found[name], type=_wider(stored[name].type, found[name].type), comment=stored[name].comment)
        if name in found
        else stored[name]
        for name in old
    ]
    return [*kept, *(column for name, column in found.items() if name not in stored)]


def _wider(stored: str, found: str) -> str:
    return (
        found if (stored, found) in {("int", "bigint"), ("bigint", "double"), ("int", "double")} else stored
    )


def _create_live_view(run: Run, table: Latest, target: str) -> None:
    view = run.settings.name_of(f"{table.layer}.{table.name}_live")
    names = ", ".join(quoted(name) for name in table.column_names)
    run.spark.sql(
        f"CREATE OR REPLACE VIEW {view} AS SELECT {names} FROM {target} WHERE NOT _is_deleted"
    ).collect()


def _typed(run: Run, table: Latest, records: DataFrame, columns: Sequence[Column]) -> DataFrame:
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


def _value(table: Latest, built: DataFrame, column: Column) -> SparkColumn:
    if column.name not in built.columns:
        return F.lit(None).cast(column.type).alias(column.name)
    value = F.expr(table.normalise[column.name]) if column.name in table.normalise else F.col(column.name)
    return value.cast(column.type).alias(column.name)


def _content_hash(columns: Sequence[Column]) -> SparkColumn:
    """SHA-256 over the values in the order of their names; null and empty are distinct, absent and null are not."""
    values = F.struct(*[F.col(name) for name in sorted(column.name for column in columns)])
    return F.sha2(F.to_json(values, {"timestampFormat": "yyyy-MM-dd'T'HH:mm:ss.SSSSSS'Z'"}), 256)


def _judged(run: Run, table: Latest, target: str, rows: DataFrame) -> DataFrame:
    horizon = horizon_of(run, target) if table.tombstone_days else None
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


def horizon_of(run: Run, target: str) -> str | None:
    """Below this time tombstones may be gone: the table property that purging sets, or None."""
    properties = run.spark.sql(f"DESCRIBE DETAIL {target}").select("properties").collect()[0][0]
    value = (properties or {}).get("tideline.horizon")
    return str(value) if value else None


def purge_tombstones(run: Run, table: Latest) -> int:
    """Delete tombstones older than the declared lifetime, counted back from `as_of`; returns how many.

    The horizon is set first: dying in between reports a few late records too many, and loses none.
    """
    if not table.tombstone_days:
        return 0
    target = run.name_of(table)
    horizon = f"{run.settings.as_of.isoformat()} 00:00:00"
    row = run.spark.sql(
        f"SELECT timestamp'{horizon}' - make_dt_interval({table.tombstone_days:d})"
    ).collect()[0]
    run.spark.sql(
        f"ALTER TABLE {target} SET TBLPROPERTIES ('tideline.horizon' = '{row[0].isoformat()}')"
    ).collect()
    gone = run.spark.sql(
        f"DELETE FROM {target} WHERE _is_deleted AND _sequence < timestamp'{row[0].isoformat()}'"
    ).collect()
    return int(gone[0][0])


def _write(
    run: Run,
    table: Latest,
    window: Window,
    target: str,
    good: DataFrame,
    columns: Sequence[Column],
    measured: Measured,
    *,
    is_new: bool,
) -> Counts:
    spark = run.spark
    stored = [*columns, *ENGINE_COLUMNS]
    if table.partial:
        return partial.write(run, table, target, good, columns, is_full=window.path == "full", is_new=is_new)
    winners = _winners(good, table.key, [column.name for column in stored])
    if is_new or (window.path == "full" and spark.table(target).isEmpty()):
        return first_load(spark, target, winners, [column.name for column in stored])
    if window.path == "full" and window.why != "first run":
        types = {column.name: column.type for column in stored}
        old = spark.table(target)
        return merge_difference(
            spark, target, winners, old, key=list(table.key), types=types, ignored=["_run_id"]
        )
    return merge_ordered(
        spark,
        target,
        winners,
        key=list(table.key),
        columns=[column.name for column in stored],
        bounds=_bounds(measured),
    )


def _winners(good: DataFrame, key: Sequence[str], names: Sequence[str]) -> DataFrame:
    whole = F.struct(*[F.col(name) for name in names])
    order = F.struct("_sequence", "_content_hash")
    return good.groupBy(*[F.col(name) for name in key]).agg(F.max_by(whole, order).alias("w")).select("w.*")


def _bounds(measured: Measured) -> str:
    """Literal bounds on clustered key columns: only predicates on the target alone let MERGE skip files."""
    said = []
    for name, (low, high) in measured.bounds.items():
        if low is not None:
            said.append(f" AND t.{quoted(name)} BETWEEN {_literal(low)} AND {_literal(high)}")
    return "".join(said)


def _literal(value: object) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return repr(value)
    escaped = str(value).replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _reckon(counts: Counts, measured: Measured) -> Counts:
    good = measured.read - measured.quarantined
    return replace(
        counts,
        read=measured.read,
        quarantined=measured.quarantined,
        duplicate=good - measured.distinct_keys,
        stale=measured.distinct_keys - counts.inserted - counts.updated,
    )
