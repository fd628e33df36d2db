"""Partial records: a field that is absent leaves the old value, one that is present and null sets null.

One sequence per row is not enough: `{a:1}` at 10 and `{b:2}` at 20 are stored, then `{a:3}` at 15 arrives late and must
win over 10 although the row is at 20. So every column keeps the sequence and content of its own winner.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from engine.catalog import quoted
from engine.documents import presence
from engine.merge import first_load, merge_difference
from engine.outcomes import Counts
from engine.spec import Column, Latest

if TYPE_CHECKING:
    from pyspark.sql import Column as SparkColumn
    from pyspark.sql import DataFrame

    from engine.batch import Measured
    from engine.run import Run
    from engine.shape import Shape

SEQUENCES = Column(
    "_sequences", "map<string,string>", "Per column: sequence and content hash of the record that set it."
)


def write(
    run: Run,
    table: Latest,
    good: DataFrame,
    shape: Shape,
    measured: Measured,
    *,
    is_full: bool,
) -> Counts:
    """Merge partial records column by column, as one commit."""
    target, columns = shape.target, shape.columns
    rows = _winners(good, table, columns)
    types = {column.name: column.type for column in columns}
    types |= {
        "_sequence": "timestamp",
        "_content_hash": "string",
        "_is_deleted": "boolean",
        "_run_id": "string",
        SEQUENCES.name: SEQUENCES.type,
    }
    if shape.is_new or run.spark.table(target).isEmpty():
        return first_load(run.spark, target, rows, columns=list(types), n=measured.distinct)
    if not is_full:
        rows = _united(run, table, target, rows, columns)
    return merge_difference(
        run.spark,
        target,
        rows,
        run.spark.table(target),
        key=list(table.key),
        types=types,
        ignored=["_run_id"],
        may_delete=False,
    )


def predicted(
    run: Run, table: Latest, target: str, good: DataFrame, columns: Sequence[Column], *, is_full: bool
) -> DataFrame:
    """The table as `write` would leave it."""
    rows = _winners(good, table, columns)
    if is_full:
        return rows
    untouched = run.spark.table(target).join(rows.select(*table.key), on=list(table.key), how="left_anti")
    return untouched.unionByName(_united(run, table, target, rows, columns))


def _winners(good: DataFrame, table: Latest, columns: Sequence[Column]) -> DataFrame:
    """Per key and column the value of the newest record that has the column."""
    # Microseconds as text that sorts like the number, from year 1 to 9999.
    micros = F.lpad((F.unix_micros("_sequence") + F.lit(10**17)).cast("string"), 20, "0")
    stamp = F.concat_ws(" ", micros, F.col("_content_hash"))
    marked = good.withColumn("_stamp", stamp)
    values, stamps = [], []
    for column in _valued(table, columns):
        given = F.when(F.expr(_is_given(column)), F.col("_stamp"))
        values.append(F.max_by(F.struct(F.col(column.name)), given).alias(column.name))
        stamps += [F.lit(column.name), F.max(given)]
    newest = F.max_by(
        F.struct("_sequence", "_content_hash", "_is_deleted", "_run_id"), F.col("_stamp")
    ).alias("_newest")
    grouped = marked.groupBy(*table.key).agg(*values, newest, F.create_map(*stamps).alias(SEQUENCES.name))
    valued = [F.col(f"{column.name}.{column.name}").alias(column.name) for column in _valued(table, columns)]
    return grouped.select(
        *table.key,
        *valued,
        "_newest.*",
        F.map_filter(SEQUENCES.name, lambda _, v: v.isNotNull()).alias(SEQUENCES.name),
    )


def _united(run: Run, table: Latest, target: str, rows: DataFrame, columns: Sequence[Column]) -> DataFrame:
    """The batch's winners united with what is stored, column by column; one row per key of the batch."""
    old = run.spark.table(target).alias("o")
    new = rows.alias("n")
    on = [F.col(f"n.{name}") == F.col(f"o.{name}") for name in table.key]
    both = new.join(old, on=on, how="left")
    chosen = [_chosen(column.name) for column in _valued(table, columns)]
    newer_row = F.coalesce(
        F.struct("n._sequence", "n._content_hash") > F.struct("o._sequence", "o._content_hash"), F.lit(True)
    )
    whole = [
        F.when(newer_row, F.col(f"n.{name}")).otherwise(F.col(f"o.{name}")).alias(name)
        for name in ("_sequence", "_content_hash", "_is_deleted", "_run_id")
    ]
    stamps = F.map_zip_with(
        F.col(f"n.{SEQUENCES.name}"),
        F.coalesce(F.col(f"o.{SEQUENCES.name}"), F.expr("cast(map() AS map<string,string>)")),
        lambda _, new_stamp, old_stamp: F.greatest(new_stamp, old_stamp),
    )
    return both.select(
        *[F.col(f"n.{name}").alias(name) for name in table.key], *chosen, *whole, stamps.alias(SEQUENCES.name)
    )


def _chosen(name: str) -> SparkColumn:
    new_stamp = F.col(f"n.{SEQUENCES.name}")[name]
    old_stamp = F.col(f"o.{SEQUENCES.name}")[name]
    wins = new_stamp.isNotNull() & (old_stamp.isNull() | (new_stamp > old_stamp))
    return F.when(wins, F.col(f"n.{name}")).otherwise(F.col(f"o.{name}")).alias(name)


def _valued(table: Latest, columns: Sequence[Column]) -> list[Column]:
    return [column for column in columns if column.name not in table.key]


def _is_given(column: Column) -> str:
    return presence(column) if column.path else f"{quoted(column.name)} IS NOT NULL"
