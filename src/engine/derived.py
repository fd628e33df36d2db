"""Derived tables: recompute the slices that a change touches, through the same pure function, and write the difference."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pyspark.errors import PySparkException
from pyspark.sql import functions as F

from engine.batch import judge_fail_checks, measure
from engine.catalog import create_table, follow_declaration, stored_columns
from engine.changes import Window, feed_is_gone, read_at, read_feed
from engine.merge import first_load, merge_difference
from engine.outcomes import Counts, Result
from engine.set_checks import judge_sets
from engine.settle import settled
from engine.spec import Derived, Input, Lookup, Published
from utils.errors import SpecError

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

    from engine.catalog import SchemaChange
    from engine.run import Run

# Beyond this many touched slices a semi-join is cheaper than literals, and their rows are too many to fetch ahead.
FEW_SLICES = 500


@dataclass(frozen=True)
class Slices:
    """The touched values of a table's slice."""

    values: list[Any]
    rows: DataFrame

    @property
    def are_few(self) -> bool:
        return len(self.values) <= FEW_SLICES

    def restrict(self, rows: DataFrame, expression: str) -> DataFrame:
        """The rows whose slice was touched; null is a slice like any other."""
        return self._where(rows, expression, is_touched=True)

    def leave_out(self, rows: DataFrame, expression: str) -> DataFrame:
        """The rows whose slice was not touched."""
        return self._where(rows, expression, is_touched=False)

    def _where(self, rows: DataFrame, expression: str, *, is_touched: bool) -> DataFrame:
        if self.are_few:
            touched_here = self._is_touched(F.expr(expression))
            return rows.where(touched_here if is_touched else ~touched_here)
        named = rows.withColumn("_slice", F.expr(expression))
        touched = self.rows.withColumnRenamed("slice", "_touched")
        how = "left_semi" if is_touched else "left_anti"
        return named.join(touched, F.col("_slice").eqNullSafe(F.col("_touched")), how).drop("_slice")

    def _is_touched(self, slice_: Column) -> Column:
        given = [value for value in self.values if value is not None]
        touched = slice_.isin(given) if given else F.lit(False)
        touched = F.coalesce(touched, F.lit(False))
        return touched | slice_.isNull() if None in self.values else touched


def bring_up_to_date(run: Run, table: Derived, window: Window) -> Result:
    """Compute what `window` asks for and write it with one commit at most.

    Raises CheckFailed or SpecError before anything is written.
    """
    slices = None
    if window.path == "sliced" or window.why == "no slice declared":
        try:
            slices = touched_slices(run, table, window)
        except PySparkException as error:
            if not feed_is_gone(error):
                raise
            window = window.in_full("the change feed of an input is gone")
    if slices is not None and not slices.values:
        return Result(Counts(slices=0), window)
    if window.path == "full":
        slices = None
    return store(run, table, window, _build(run, table, window, slices), slices)


def store(run: Run, table: Derived | Published, window: Window, built: DataFrame, slices: Slices | None = None) -> Result:
    """Make the table, or its touched slices, equal to `built`. Raises CheckFailed or SpecError before anything is written."""
    rows = _selected(table, built)
    if slices is not None and slices.are_few:  # checks and difference both read them
        rows = settled(run.spark, rows).rows
    target = run.name_of(table)
    # A slice is only run under the declaration that the table followed already: the code hash says so.
    drifts, is_new = ([], False) if slices else _prepare(run.spark, table, target)
    slice_by = table.slice_by if slices and isinstance(table, Derived) else ""
    measured = measure(rows, table, slice_by=slice_by, touched=slices.values if slices else [])

    def predicted() -> DataFrame:
        return rows if slices is None else slices.leave_out(run.spark.table(target), slice_by).union(rows)

    checks = (*measured.checks, *judge_sets(run, table, window, predicted))
    judge_fail_checks(table, checks)
    old = None if is_new else slices.restrict(run.spark.table(target), slice_by) if slices else run.spark.table(target)
    counts = _write(run, table, target, rows, old, is_whole=slices is None, n=measured.read)
    counted = replace(counts, read=measured.read, slices=len(slices.values) if slices else None)
    return Result(counted, window, checks, tuple(drifts))


def touched_slices(run: Run, table: Derived, window: Window) -> Slices:
    """Slices that a change of any input touches: both images of updates, and deletions.

    For a table without a slice the answer has one value if any row changed, none otherwise.
    """
    found = [
        _touched_by(run, table, window, parameter)
        for parameter, path in table.reads.items()
        if path in window.moved
    ]
    rows = found[0]
    for more in found[1:]:
        rows = rows.union(more)
    rows = rows.distinct()
    return Slices([row[0] for row in rows.collect()], rows)


def _touched_by(run: Run, table: Derived, window: Window, parameter: str) -> DataFrame:
    source = table.inputs[parameter]
    name = run.settings.name_of(source.table)
    feed = read_feed(run.spark, name, window.start[source.table].version, window.heads[source.table].version)
    if not table.slice_by:
        return feed.limit(1).select(F.lit("all").alias("slice"))
    if isinstance(source, Input):
        return feed.select(F.expr(table.slice_of(source)).alias("slice"))
    return _slices_of_lookup(
        run, table, window, feed.select(F.col(source.on).alias("_changed")).distinct(), source
    )


def _slices_of_lookup(
    run: Run, table: Derived, window: Window, changed: DataFrame, lookup: Lookup
) -> DataFrame:
    """Slices of the input rows that look up a changed key."""
    found: DataFrame | None = None
    for source in table.inputs.values():
        if not isinstance(source, Input) or lookup.foreign_key not in run.system.columns_of[source.table]:
            continue
        rows = read_at(run.spark, run.settings.name_of(source.table), window.heads[source.table].version)
        hit = rows.join(changed, rows[lookup.foreign_key].eqNullSafe(changed["_changed"]), "left_semi")
        slices = hit.select(F.expr(table.slice_of(source)).alias("slice"))
        found = slices if found is None else found.union(slices)
    if found is None:
        raise SpecError(table.path, f"no input carries `{lookup.foreign_key}`")
    return found


def _build(run: Run, table: Derived, window: Window, slices: Slices | None) -> DataFrame:
    frames: dict[str, Any] = {}
    for parameter, source in table.inputs.items():
        rows = run.read(source.table, window.heads[source.table].version)
        if slices is not None and isinstance(source, Input):
            rows = slices.restrict(rows, table.slice_of(source))
        frames[parameter] = rows
    given: Mapping[str, Any] = {"as_of": run.settings.as_of, "pseudonym": run.pseudonym}
    return table.build(**frames, **{name: given[name] for name in table.run_parameters})


def _selected(table: Derived | Published, rows: DataFrame) -> DataFrame:
    """The declared columns with their declared types, in their order."""
    missing = [name for name in table.column_names if name not in rows.columns]
    if missing:
        raise SpecError(
            table.path, f"the builder returns no {', '.join(missing)}", expected=", ".join(table.column_names)
        )
    return rows.select(*[F.col(column.name).cast(column.type).alias(column.name) for column in table.columns])


def _prepare(spark: SparkSession, table: Derived | Published, target: str) -> tuple[list[SchemaChange], bool]:
    """Make the table or let it follow its declaration; what drifted, and whether the table is new."""
    stored = stored_columns(spark, target)
    if stored is None:
        create_table(spark, target, table.columns, comment=table.grain, cluster_by=table.cluster_by)
        return [], True
    return follow_declaration(spark, target, table.columns, stored, table.grain), False


def _write(
    run: Run, table: Derived | Published, target: str, rows: DataFrame, old: DataFrame | None, *, is_whole: bool, n: int
) -> Counts:
    """`old` are the stored rows that `rows` takes the place of; None where the table is new."""
    if old is None or (is_whole and old.isEmpty()):
        return first_load(run.spark, target, rows, columns=table.column_names, n=n)
    types = {column.name: column.type for column in table.columns}
    return merge_difference(run.spark, target, rows, old, key=list(table.key), types=types)
