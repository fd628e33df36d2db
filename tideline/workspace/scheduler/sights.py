"""What stands in a folder, and the version of a table: read without Spark."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tideline.workspace.errors import WorkspaceError
from tideline.workspace.layout import Layout

DATA_ACTIONS = ("add", "remove")


@dataclass(frozen=True)
class Commit:
    """A version of a table that changed its data, and when: UTC milliseconds."""

    version: int
    at: int

    def __str__(self) -> str:
        return f"{self.version}@{self.at}"

    @classmethod
    def parse(cls, mark: str) -> Commit:
        version, _, at = mark.partition("@")
        return cls(int(version), int(at))


def folder_of(url: str, layout: Layout) -> Path:
    """The folder that a trigger's url means here. WorkspaceError for a store that is no folder of this machine."""
    path = url.removeprefix("dbfs:").removeprefix("file:")
    if "://" in path or not path.startswith("/"):
        raise WorkspaceError(f"file arrival at `{url}` cannot be watched here", hint="watch a volume: /Volumes/...")
    path = "/" + path.strip("/")
    return layout.volumes / path.removeprefix("/Volumes/") if path.startswith("/Volumes/") else Path(path)


def files_in(folder: Path) -> dict[str, str] | None:
    """The files below the folder, each with an empty mark: only a new name counts. None where there is no such folder.

    Hidden files, and what is in hidden folders, are still being written.
    """
    if not folder.is_dir():
        return None
    found: dict[str, str] = {}
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        below = Path(place).relative_to(folder)
        found |= {str(below / name): "" for name in names if not name.startswith(".")}
    return found


class Tables:
    """The last commits of tables of the bundle's own warehouse."""

    def __init__(self, layout: Layout) -> None:
        self._warehouse = layout.warehouse
        self._read: dict[Path, tuple[str, Commit | None]] = {}

    def marks(self, names: tuple[str, ...]) -> dict[str, str] | None:
        """Per table that exists the last commit that changed data, as text. None where there is no warehouse."""
        if not self._warehouse.is_dir():
            return None
        found = {name: self.last_change(name) for name in names}
        return {name: str(commit) for name, commit in found.items() if commit}

    def last_change(self, name: str) -> Commit | None:
        """None for a table that does not exist or never held data."""
        log = folder_of_table(name, self._warehouse) / "_delta_log"
        commits = sorted((file for file in log.glob("*.json") if file.stem.isdecimal()), reverse=True)
        if not commits:
            return None
        head = f"{commits[0].name} {commits[0].stat().st_mtime_ns}"
        if self._read.get(log, ("", None))[0] != head:
            self._read[log] = (head, next(filter(None, map(_data_change, commits)), None))
        return self._read[log][1]


def folder_of_table(name: str, warehouse: Path) -> Path:
    """Where Hive's catalogue puts a managed table. WorkspaceError for a name without a schema."""
    parts = [part.strip("`").lower() for part in name.split(".")][-2:]
    if len(parts) != 2 or any("/" in part or part in ("", "..") for part in parts):
        raise WorkspaceError(f"`{name}` names no table", hint="write catalog.schema.table")
    schema, table = parts
    return warehouse / table if schema == "default" else warehouse / f"{schema}.db" / table


def _data_change(file: Path) -> Commit | None:
    """The commit, if it changed data: not one that only rearranges files or says something about the table."""
    at, has_changed = 0, False
    try:
        with file.open(encoding="utf-8") as lines:
            for line in lines:
                kind, action = _action(line)
                at = int(action["timestamp"]) if kind == "commitInfo" and "timestamp" in action else at
                has_changed = has_changed or (kind in DATA_ACTIONS and bool(action.get("dataChange", True)))
                if at and has_changed:
                    break
        at = at or int(file.stat().st_mtime * 1000)
    except (OSError, ValueError):  # cleaned up meanwhile, or half written: the next look sees it
        return None
    return Commit(int(file.stem), at) if has_changed else None


def _action(line: str) -> tuple[str, dict[str, Any]]:
    [(kind, action), *_] = json.loads(line).items()
    return str(kind), action if isinstance(action, dict) else {}
