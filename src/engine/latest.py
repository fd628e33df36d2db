"""Latest version per key: the winner of each key by (sequence, content), merged where it is newer than what is stored."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from engine import partial
from engine.merge import first_load, merge_difference, merge_ordered
from engine.outcomes import Counts

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from engine.batch import Measured
    from engine.changes import Window
    from engine.run import Run
    from engine.shape import Shape
    from engine.spec import Latest


def write(
    run: Run, table: Latest, window: Window, shape: Shape, good: DataFrame, measured: Measured
) -> Counts:
    """Write the winners of good rows, as one commit at most."""
    spark, target = run.spark, shape.target
    if table.partial:
        is_full = window.path == "full"
        return partial.write(run, table, good, shape, measured, is_full=is_full)
    names = [column.name for column in shape.stored]
    winners = winners_of(good, table.key, names)
    if shape.is_new or (window.path == "full" and spark.table(target).isEmpty()):
        return first_load(spark, target, winners, columns=names, n=measured.distinct)
    if window.path == "full" and window.why != "first run":
        old = spark.table(target)
        return merge_difference(
            spark, target, winners, old, key=list(table.key), types=shape.types, ignored=["_run_id"]
        )
    return merge_ordered(
        spark, target, winners, key=list(table.key), columns=names, bounds=measured.bounds_sql,
        at_most=measured.distinct, oldest=measured.oldest,
    )


def predicted(run: Run, table: Latest, shape: Shape, good: DataFrame, *, is_full: bool) -> DataFrame:
    """The table as `write` would leave it."""
    stored = run.spark.table(shape.target)
    if table.partial:
        return partial.predicted(run, table, shape.target, good, shape.columns, is_full=is_full)
    names = [column.name for column in shape.stored]
    rows = good.select(*names) if is_full else good.select(*names).union(stored.select(*names))
    return winners_of(rows, table.key, names)


def winners_of(good: DataFrame, key: Sequence[str], names: Sequence[str]) -> DataFrame:
    """One row per `key`: of several the one with the greatest (sequence, content hash)."""
    whole = F.struct(*[F.col(name) for name in names])
    order = F.struct("_sequence", "_content_hash")
    return good.groupBy(*[F.col(name) for name in key]).agg(F.max_by(whole, order).alias("w")).select("w.*")


def horizon_of(run: Run, target: str) -> str | None:
    """Below this time tombstones may be gone: the table property that purging sets, or None."""
    properties = run.spark.sql(f"DESCRIBE DETAIL {target}").select("properties").collect()[0][0]
    value = (properties or {}).get("tideline.horizon")
    return str(value) if value else None


def purge_tombstones(run: Run, table: Latest) -> int:
    """Delete tombstones older than the declared lifetime, counted back from `as_of`; returns how many.

    The horizon is set first: dying in between reports a few late records too many, and loses none. It never moves back.
    """
    if not table.tombstone_days:
        return 0
    target = run.name_of(table)
    since = f"timestamp'{run.settings.as_of} 00:00:00' - make_dt_interval({table.tombstone_days:d})"
    horizon = str(run.spark.sql(f"SELECT CAST({since} AS string)").collect()[0][0])
    old = f"_is_deleted AND _sequence < timestamp'{horizon}'"
    if run.spark.table(target).where(old).isEmpty():
        return 0
    if horizon > (horizon_of(run, target) or ""):
        run.spark.sql(f"ALTER TABLE {target} SET TBLPROPERTIES ('tideline.horizon' = '{horizon}')").collect()
    return int(run.spark.sql(f"DELETE FROM {target} WHERE {old}").collect()[0][0])
