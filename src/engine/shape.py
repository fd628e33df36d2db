"""A bronze table's shape: its declared columns, those discovered in documents, and the engine's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from engine import partial
from engine.catalog import (
    SchemaChange,
    create_table,
    follow_declaration,
    quoted,
    stored_columns,
)
from engine.documents import Leaf, leaves_of
from engine.spec import VALIDITY, Column, FromRaw, History, Latest
from utils.errors import DriftError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from engine.run import Run

ENGINE_COLUMNS = (
    Column("_sequence", "timestamp", "Orders versions of a key."),
    Column("_content_hash", "string", "SHA-256 of the row's values; orders versions of one sequence."),
    Column("_is_deleted", "boolean", "A tombstone: the key was deleted at this sequence."),
    Column("_run_id", "string", "Run that wrote this version."),
)
SHOWN = Column("_is_shown", "boolean", "The last record of a version; the others are kept for late ones.")


@dataclass(frozen=True)
class Shape:
    """A table that stands ready for a batch: `columns` are the declared and the discovered ones."""

    target: str
    columns: list[Column]
    engine_columns: list[Column]
    drifts: list[SchemaChange]
    is_new: bool

    @property
    def stored(self) -> list[Column]:
        return [*self.columns, *self.engine_columns]

    @property
    def types(self) -> dict[str, str]:
        return {column.name: column.type for column in self.stored}


def discover(table: FromRaw, records: DataFrame) -> list[Leaf]:
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


def follow(run: Run, table: FromRaw, leaves: Sequence[Leaf]) -> Shape:
    """Make the table or widen it to its declaration and to the fields that were discovered.

    Raises DriftError where a type would have to narrow; the table is then as it was.
    """
    target, own = run.name_of(table), engine_columns(table)
    stored = stored_columns(run.spark, target)
    if stored is None:
        columns = [*table.columns, *(leaf.column for leaf in leaves)]
        create_table(run.spark, target, [*columns, *own], comment=table.grain, cluster_by=table.cluster_by)
        _create_live_view(run, table, target)
        drifts = [SchemaChange(leaf.column.name, "added", leaf.type, "") for leaf in leaves]
        return Shape(target, columns, own, drifts, is_new=True)
    columns = [*table.columns, *_discovered(table, leaves, stored)]
    drifts = follow_declaration(run.spark, target, columns, stored, table.grain)
    return Shape(target, columns, own, drifts, is_new=False)


def engine_columns(table: FromRaw) -> list[Column]:
    """What the engine keeps beside the business columns."""
    if isinstance(table, History):
        return [*VALIDITY, *ENGINE_COLUMNS, SHOWN]
    is_partial = isinstance(table, Latest) and table.partial
    return [*ENGINE_COLUMNS, *([partial.SEQUENCES] if is_partial else [])]


def readable(table: FromRaw) -> str:
    """SQL that is true for the rows that readers see."""
    return "_is_shown AND NOT _is_deleted" if isinstance(table, History) else "NOT _is_deleted"


def _discovered(table: FromRaw, leaves: Sequence[Leaf], stored: dict[str, Column]) -> list[Column]:
    """Columns beyond the declared ones: those the table has, with its types (wider where allowed), and new ones."""
    found = {leaf.column.name: leaf.column for leaf in leaves}
    engine_names = {column.name for column in engine_columns(table)}
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


def _create_live_view(run: Run, table: FromRaw, target: str) -> None:
    if not table.deleted_when and not isinstance(table, History):
        return
    view = run.settings.name_of(f"{table.path}_live")
    names = ", ".join(quoted(column.name) for column in table.visible_columns)
    run.spark.sql(
        f"CREATE OR REPLACE VIEW {view} AS SELECT {names} FROM {target} WHERE {readable(table)}"
    ).collect()
