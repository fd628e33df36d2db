"""History: every version of a key with the time it was valid, right whatever the order in which its records come.

The table keeps one row per record, by (key, sequence): a coalesced version forgets the records that confirmed it, and a
late one between them could not be told apart (A at 1, A at 3, then B at 2 is A, B, A). A version is a run of rows with
equal tracked values; its last row is shown and carries the validity, the others wait. So a batch of any order rewrites
only rows whose version changed, by the same MERGE that derived tables use.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pyspark.sql import Window as Sorted
from pyspark.sql import functions as F

from engine.latest import winners_of
from engine.merge import UNORDERED, first_load, merge_difference
from engine.outcomes import Counts
from engine.settle import settled
from engine.spec import VALIDITY

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

    from engine.batch import Measured
    from engine.changes import Window
    from engine.run import Run
    from engine.shape import Shape
    from engine.spec import History

# What this module makes of records; it is never part of one.
MADE = (*(column.name for column in VALIDITY), "_is_shown")
# A record counts as applied where its row is new or replaces one of the same sequence; other rows only move their validity.
IS_APPLIED = "t._is_stored IS NULL OR t._content_hash IS DISTINCT FROM s._content_hash"

def write(
    run: Run, table: History, window: Window, shape: Shape, good: DataFrame, measured: Measured
) -> Counts:
    """Bring the versions of the batch's keys up to date, as one commit at most: no key is ever without its version."""
    spark, names = run.spark, [column.name for column in shape.stored]
    is_full = window.path == "full"
    events = settled(spark, _events(table, shape, good)).rows
    if shape.is_new or (is_full and spark.table(shape.target).isEmpty()):
        rows = versions(events, table, shape).select(*names)
        return first_load(spark, shape.target, rows, columns=names, n=measured.distinct)
    rows, old = _with_stored(run, table, shape, events, bounds=measured.bounds_sql, is_full=is_full)
    return merge_difference(
        spark, shape.target, rows, old, key=_identity(table), types=shape.types, ignored=["_run_id"],
        may_delete=is_full, bounds=measured.bounds_sql, applied=IS_APPLIED,
    )  # fmt: skip


def predicted(run: Run, table: History, shape: Shape, good: DataFrame, *, is_full: bool) -> DataFrame:
    """The table as `write` would leave it."""
    events = _events(table, shape, good)
    rows, _ = _with_stored(run, table, shape, events, bounds="", is_full=is_full)
    if is_full:
        return rows
    stored = run.spark.table(shape.target)
    return rows.unionByName(stored.join(events.select(*table.key), on=list(table.key), how="left_anti"))


def _with_stored(
    run: Run, table: History, shape: Shape, events: DataFrame, *, bounds: str, is_full: bool
) -> tuple[DataFrame, DataFrame]:
    """The rows that the keys of `events` should have, stored records included, and the rows that they have."""
    names, old = [column.name for column in shape.stored], run.spark.table(shape.target)
    if not is_full:
        keys = events.select(*table.key).distinct()
        old = old.alias("t").where(f"true{bounds}").join(keys, on=list(table.key), how="left_semi")
        events = winners_of(events.union(old.select(*events.columns)), _identity(table), events.columns)
    return versions(events, table, shape).select(*names), old


def _events(table: History, shape: Shape, good: DataFrame) -> DataFrame:
    """One record per (key, sequence)."""
    return winners_of(good, _identity(table), [c.name for c in shape.stored if c.name not in MADE])


def _identity(table: History) -> list[str]:
    return [*table.key, "_sequence"]


def versions(events: DataFrame, table: History, shape: Shape) -> DataFrame:
    """One row per (key, sequence) with its place in a version: `_is_shown` on the last row of each, with the validity.

    Tracked values compare null-safe; all deletions are alike.
    """
    in_order = Sorted.partitionBy(*table.key).orderBy("_sequence")
    so_far = in_order.rowsBetween(Sorted.unboundedPreceding, Sorted.currentRow)
    values = F.struct(*[_comparable(name, shape.types[name]) for name in _compared(table, shape)])
    state = F.struct(F.col("_is_deleted"), F.when(~F.col("_is_deleted"), values))
    is_first = F.row_number().over(in_order) == 1
    opens = is_first | ~state.eqNullSafe(F.lag(state).over(in_order))
    marked = events.withColumn("_opens", opens).withColumns(
        {
            "_from": F.last(F.when(F.col("_opens"), F.col("_sequence")), ignorenulls=True).over(so_far),
            "_to": F.lead("_sequence").over(in_order),
            "_is_shown": F.coalesce(F.lead("_opens").over(in_order), F.lit(True)),
        }
    )
    is_shown = F.col("_is_shown")
    return marked.withColumns(
        {
            "valid_from": F.when(is_shown, F.col("_from")),
            "valid_to": F.when(is_shown, F.col("_to")),
            "is_current": is_shown & F.col("_to").isNull() & ~F.col("_is_deleted"),
        }
    )


def join_as_of(rows: DataFrame, history: DataFrame, *, on: Sequence[str], at: str) -> DataFrame:
    """`rows`, each with the columns of the version that was valid at its `at`; nulls where there was none.

    One row per row of `rows`. `on` names the key in both; `history` is a history as builders get it. Columns that both
    have, the key aside, must be renamed before.
    """
    facts, facets = rows.alias("f"), history.alias("h")
    moment = F.col(f"f.{at}")
    is_valid = (F.col("h.valid_from") <= moment) & (
        F.col("h.valid_to").isNull() | (moment < F.col("h.valid_to"))
    )
    same_key = [F.col(f"f.{name}") == F.col(f"h.{name}") for name in on]
    kept = [F.col(f"h.{name}") for name in history.columns if name not in on]
    return facts.join(facets, on=[*same_key, is_valid], how="left").select("f.*", *kept)


def _compared(table: History, shape: Shape) -> list[str]:
    discovered = [] if table.tracked else [c.name for c in shape.columns if c.name not in table.column_names]
    return [*table.compared, *discovered]


def _comparable(name: str, kind: str) -> Column:
    value = F.col(name)
    return (F.to_json(value) if kind.startswith(UNORDERED) else value).alias(name)
