"""What the pages of `tideline ui` ask our logs about a table, and the job that replays its quarantine."""

from __future__ import annotations

import threading
from contextlib import suppress
from pathlib import Path

from tideline.commands.declared import declared
from tideline.workspace.declared import DeclaredTable
from tideline.workspace.errors import WorkspaceError
from tideline.workspace.web.project import Logs, Project, Question, Replay

RUNS = """
SELECT started_at, kind, status, path, read, inserted, updated, deleted, stale, duplicate, quarantined, slices, seconds,
       why, error, run_id
FROM {name} WHERE system = :system AND table_name = :table
ORDER BY started_at DESC, run_id"""
CHECKS = """
SELECT check_name, last.severity, last.read, last.broken, last.checked_at
FROM (SELECT check_name, max_by(struct(severity, read, broken, checked_at), checked_at) AS last
      FROM {name} WHERE system = :system AND table_name = :table GROUP BY check_name)
ORDER BY check_name"""
QUARANTINE = """
SELECT table_name, check_name, status, count(*) AS n_rows, min(quarantined_at) AS first_at, max(quarantined_at) AS last_at
FROM {name} WHERE :table IN ('', table_name)
GROUP BY ALL ORDER BY status, n_rows DESC, table_name, check_name"""
QUARANTINED = """
SELECT quarantined_at, status, table_name, check_name, reason, record, source, position, settled_at, run_id
FROM {name} WHERE :table IN ('', table_name)
ORDER BY status, quarantined_at DESC, quarantine_id"""
REPLAY = "replay_quarantine"


def project(root: Path) -> Project:
    """What the pages are told of the bundle in `root`. The declarations are imported meanwhile, which takes seconds."""
    threading.Thread(target=_import, args=(root,), daemon=True).start()
    return Project(lambda: declared(root), logs, replay)


def _import(root: Path) -> None:
    with suppress(WorkspaceError):  # the page that needs them says it
        declared(root)


def logs(table: DeclaredTable, prefix: str) -> Logs:
    """Rows are set aside where bronze takes them in; `ops` keeps no log of itself."""
    if not table.system:
        return Logs()
    of_table = {"system": table.system, "table": _path(table)}
    runs = _question(f"{prefix}ops.table_runs", RUNS, of_table)
    checks = _question(f"{prefix}ops.checks", CHECKS, of_table)
    if not has_quarantine(table):
        return Logs(runs, checks)
    aside = {"table": "" if table.kind == "quarantine" else _path(table)}
    name = f"{prefix}{table.system}_raw.quarantine"
    return Logs(runs, checks, _question(name, QUARANTINE, aside), _question(name, QUARANTINED, aside))


def replay(table: DeclaredTable, prefix: str) -> Replay | None:
    """A replay judges all rows of the table's system that are still open, in the schemas of this prefix."""
    return Replay(REPLAY, {"system": table.system, "schema_prefix": prefix}) if has_quarantine(table) else None


def has_quarantine(table: DeclaredTable) -> bool:
    return table.layer == "bronze" or table.kind == "quarantine"


def _path(table: DeclaredTable) -> str:
    """`layer.table`, as the logs name tables."""
    return f"{table.layer}.{table.name.partition('.')[2]}"


def _question(name: str, text: str, values: dict[str, str]) -> Question:
    """`prefix` was found in a valid name of a schema, so the name needs no more than quotes."""
    quoted = ".".join(f"`{part}`" for part in name.split("."))
    return Question(name, text.format(name=quoted).strip(), values)
