"""Gold as an app reads it: whole tables into memory, from Delta files, without a JVM.

A version is one commit of each table, so that a snapshot never holds half of a table's change.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import pyarrow as pa


class Field(NamedTuple):
    """A column as a table describes it."""

    name: str
    type: str
    comment: str


@dataclass(frozen=True)
class Description:
    """What a table says of itself; its comment is its grain."""

    comment: str
    fields: tuple[Field, ...]
    n_rows: int
    commit: int
    changed_at: datetime


class Gold(Protocol):
    """A place with gold tables. Names are relative to a system: `ab_testing_gold.experiment_results`."""

    def version(self, tables: Sequence[str]) -> str | None:
        """`name@commit` of every table; None while one does not exist yet."""
        ...

    def read(self, table: str, version: str, columns: Sequence[str] = ()) -> Iterator[pa.RecordBatch]:
        """Rows of a table as of a version that `version` gave, without views of texts; these columns only, if any are named."""
        ...

    def describe(self, table: str) -> Description | None:
        """A table by its newest commit; None where there is none. Raises SourceError where it cannot be seen."""
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

    def describe(self, table: str) -> Description | None:
        from deltalake import DeltaTable, QueryBuilder

        if self.version([table]) is None:
            return None
        found = DeltaTable(self._folder(table))
        count = QueryBuilder().register("t", found).execute("SELECT count(*) AS n FROM t")
        newest = found.history(1)[0]
        columns = found.schema().fields
        fields = tuple(Field(each.name, _type_text(each.type), str(each.metadata.get("comment", ""))) for each in columns)
        return Description(
            found.metadata().description or "", fields, pa.RecordBatchReader.from_stream(count).read_all()["n"][0].as_py(),
            newest["version"], datetime.fromtimestamp(newest["timestamp"] / 1000, UTC),
        )  # fmt: skip

    def _folder(self, table: str) -> Path:
        schema, _, name = table.partition(".")
        return self.warehouse / f"{self.prefix}{schema}.db" / name


# Delta's names of types that SQL calls otherwise.
_SQL_NAMES = {"long": "bigint", "integer": "int", "short": "smallint", "byte": "tinyint"}


def _type_text(kind: Any) -> str:
    """A column's type as SQL writes it."""
    if hasattr(kind, "element_type"):
        return f"array<{_type_text(kind.element_type)}>"
    if hasattr(kind, "key_type"):
        return f"map<{_type_text(kind.key_type)},{_type_text(kind.value_type)}>"
    if hasattr(kind, "fields"):
        return f"struct<{','.join(f'{each.name}:{_type_text(each.type)}' for each in kind.fields)}>"
    return _SQL_NAMES.get(kind.type, str(kind.type))


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
