"""The tables of the warehouse, as its folders and their Delta logs say: without Spark, in milliseconds."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# What the catalogue takes for a name; nothing that could be a step of a path or end a quoted name.
NAME = re.compile(r"\w+", re.ASCII)
COMMIT = re.compile(r"(\d{20})\.json")
LOG, SCHEMA_END, DEFAULT = "_delta_log", ".db", "default"


@dataclass(frozen=True)
class Folder:
    """A Delta table's folder: its newest version and when that was committed, by the file's clock."""

    schema: str
    table: str
    path: Path
    version: int
    written_at: float

    @property
    def name(self) -> str:
        return f"{self.schema}.{self.table}"


def folders(warehouse: Path) -> list[Folder]:
    """Every table below the warehouse, by name. Views, and tables that lie elsewhere, are not among them."""
    found = (_folder(schema, path) for schema, place in _schemas(warehouse) for path in _below(place))
    return sorted(filter(None, found), key=lambda folder: folder.name)


def folder_of(warehouse: Path, schema: str, table: str) -> Folder | None:
    """The table's folder; None where there is none, and for what is no name of a table."""
    if not (NAME.fullmatch(schema) and NAME.fullmatch(table)):
        return None
    return _folder(schema, (warehouse if schema == DEFAULT else warehouse / f"{schema}{SCHEMA_END}") / table)


def _schemas(warehouse: Path) -> Iterator[tuple[str, Path]]:
    yield DEFAULT, warehouse
    for path in _below(warehouse):
        if path.suffix == SCHEMA_END:
            yield path.stem, path


def _below(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            return [Path(entry.path) for entry in entries if entry.is_dir()]
    except OSError:
        return []


def _folder(schema: str, path: Path) -> Folder | None:
    try:
        with os.scandir(path / LOG) as entries:
            commits = [(int(match.group(1)), entry) for entry in entries if (match := COMMIT.fullmatch(entry.name))]
        version, newest = max(commits, key=lambda each: each[0])
        return Folder(schema, path.name, path, version, newest.stat().st_mtime)
    except (OSError, ValueError):  # no table, one that has no commit yet, or one that is dropped just now
        return None
