"""What a table's Delta log says: its columns, files and commits. Read without Spark, so a page has it at once."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from tideline.workspace.web.catalog import Folder
from tideline.workspace.web.commits import Commit, commit_of

KEPT = 256
NAMES = {"long": "bigint", "integer": "int", "short": "smallint", "byte": "tinyint"}
FEED = "delta.enableChangeDataFeed"


@dataclass(frozen=True)
class Column:
    name: str
    type: str
    comment: str


@dataclass(frozen=True)
class Snapshot:
    """A table as its newest version has it. `n_bytes` are those of the files that hold rows now."""

    table_id: str
    comment: str
    columns: tuple[Column, ...]
    partitioned_by: tuple[str, ...]
    n_files: int
    n_bytes: int
    properties: Mapping[str, str] = field(default_factory=dict)

    @property
    def has_feed(self) -> bool:
        """Whether the rows that a commit changed can be asked for."""
        return self.properties.get(FEED, "").lower() == "true"


def snapshot(folder: Folder) -> Snapshot | None:
    """The table at its newest version; None where its log cannot be read (Spark may know more)."""
    return _snapshot(str(folder.path), folder.version, folder.written_at)


def commits(folder: Folder, *, before: int | None = None, most: int) -> tuple[Commit, ...]:
    """The latest versions, newest first, or those before one; old ones go with the log's retention. None can be read: none."""
    after = folder.version + 1 if before is None else min(before, folder.version + 1)
    return _commits(str(folder.path), folder.version, folder.written_at, after, most)


@lru_cache(KEPT)
def _snapshot(path: str, version: int, written_at: float) -> Snapshot | None:
    """Kept until a commit comes: the log of a version never changes. The time tells a table from one made again."""
    try:
        table = DeltaTable(path)
        files = table.get_add_actions(flatten=True)
    except (DeltaError, OSError):
        return None
    about = table.metadata()
    fields: Sequence[dict[str, Any]] = json.loads(table.schema().to_json())["fields"]
    sizes = files.column("size_bytes").to_pylist()
    return Snapshot(
        str(about.id), about.description or "",
        tuple(Column(each["name"], type_words(each["type"]), each["metadata"].get("comment", "")) for each in fields),
        tuple(about.partition_columns), len(sizes), sum(sizes), dict(about.configuration),
    )  # fmt: skip


@lru_cache(KEPT)
def _commits(path: str, version: int, written_at: float, after: int, most: int) -> tuple[Commit, ...]:
    """The history counts from the newest version, so what is newer than wanted is read, too."""
    try:
        history = DeltaTable(path).history(version + 1 - after + most)
    except (DeltaError, OSError):
        return ()
    found = (commit_of(entry) for entry in history)
    return tuple([commit for commit in found if commit.version < after][:most])


def type_words(found: Any) -> str:
    """A type of Delta's schema as SQL writes it."""
    if isinstance(found, str):
        return NAMES.get(found, found)
    if found["type"] == "array":
        return f"array<{type_words(found['elementType'])}>"
    if found["type"] == "map":
        return f"map<{type_words(found['keyType'])}, {type_words(found['valueType'])}>"
    fields = [f"{each['name']}: {type_words(each['type'])}" for each in found["fields"]]
    return f"struct<{', '.join(fields)}>"
