"""Gold as an app reads it: whole tables into memory, from Delta files, without a JVM.

A version is one commit of each table, so that a snapshot never holds half of a table's change.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import pyarrow as pa


class Gold(Protocol):
    """A place with gold tables. Names are relative to a system: `ab_testing_gold.experiment_results`."""

    def version(self, tables: Sequence[str]) -> str | None:
        """`name@commit` of every table; None while one does not exist yet."""
        ...

    def read(self, table: str, version: str, columns: Sequence[str] = ()) -> Iterator[pa.RecordBatch]:
        """Rows of a table as of a version that `version` gave, without views of texts; these columns only, if any are named."""
        ...


def commits(version: str) -> dict[str, int]:
    """Table -> commit, of a version's text."""
    return {name: int(commit) for name, _, commit in (each.partition("@") for each in version.split(", "))}


def named(found: Mapping[str, int]) -> str:
    """A version's text."""
    return ", ".join(f"{name}@{commit}" for name, commit in found.items())


class DeltaGold:
    """Tables as folders of a warehouse: `<warehouse>/<schema>.db/<table>`."""

    def __init__(self, warehouse: Path, prefix: str = "") -> None:
        self.warehouse, self.prefix = warehouse, prefix

    def version(self, tables: Sequence[str]) -> str | None:
        found = {}
        for name in tables:
            log = self._folder(name) / "_delta_log"
            numbers = [int(file.stem) for file in log.glob("*.json") if file.stem.isdecimal()] if log.is_dir() else []
            if not numbers:
                return None
            found[name] = max(numbers)
        return named(found)

    def read(self, table: str, version: str, columns: Sequence[str] = ()) -> Iterator[pa.RecordBatch]:
        from deltalake import DeltaTable, QueryBuilder

        found = DeltaTable(self._folder(table), version=commits(version)[table])
        names = ", ".join(f'"{name}"' for name in columns) or "*"
        rows = QueryBuilder().register("t", found).execute(f"SELECT {names} FROM t")
        yield from plain(pa.RecordBatchReader.from_stream(rows))

    def _folder(self, table: str) -> Path:
        schema, _, name = table.partition(".")
        return self.warehouse / f"{self.prefix}{schema}.db" / name


def plain(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Each batch without views of texts."""
    for batch in batches:
        yield batch.cast(pa.schema([(field.name, _plain(field.type)) for field in batch.schema]))


def _plain(kind: pa.DataType) -> pa.DataType:
    """The type without views of strings, which Arrow can neither sort nor encode yet."""
    if pa.types.is_string_view(kind):
        return pa.string()
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return pa.list_(_plain(kind.value_type))
    if pa.types.is_struct(kind):
        return pa.struct([field.with_type(_plain(field.type)) for field in kind])
    return kind
