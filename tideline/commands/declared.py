"""The declarations of a project's systems as plain data: grain, columns, inputs, checks, what is expected of freshness."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tideline.workspace.declared import DeclaredCheck, DeclaredColumn, DeclaredTable, Freshness
from tideline.workspace.errors import WorkspaceError

if TYPE_CHECKING:
    from engine.parts import Column
    from engine.sources.spec import Source
    from engine.spec import Table
    from engine.system import System

SYSTEM_FILES = "src/systems/*/system.py"


def declared(root: Path) -> Mapping[str, DeclaredTable]:
    """Every table that the systems below `root` declare, and those of `ops`, by `schema.table`; none in another bundle.

    The declarations are imported, once per process. Raises WorkspaceError where one cannot be.
    """
    names = system_names(root)
    tables = [table for system in _imported(root, names) for table in (*_raw(system), *_others(system))]
    return {table.name: table for table in (*tables, *_ops())} if names else {}


def system_names(root: Path) -> list[str]:
    """The systems below `root`, by folder."""
    return sorted(path.parent.name for path in root.glob(SYSTEM_FILES))


def person_of(root: Path, system: str) -> str | None:
    """What a person is called whom the system's records name; None where they name nobody."""
    person = _imported(root, [system])[0].person
    return person.noun if person else None


def _imported(root: Path, names: Sequence[str]) -> list[System]:
    _put_on_path(root / "src")
    try:
        return [importlib.import_module(f"systems.{name}.system").SYSTEM for name in names]
    except Exception as error:  # whatever a declaration does wrong, the user reads one line
        raise WorkspaceError(f"{root / 'src'}: a declaration cannot be read: {error}", hint="mend it, then try again") from error


def _put_on_path(folder: Path) -> None:
    if str(folder.resolve()) not in sys.path:
        sys.path.insert(0, str(folder.resolve()))


def _raw(system: System) -> Iterator[DeclaredTable]:
    from engine import quarantine
    from engine.forgetting import forgotten

    for source in system.sources:
        yield DeclaredTable(
            f"{system.name}_{source.path}", system.name, "raw", source.kind, source.grain,
            f"{source.kind}: {source.reads}", _columns(source.all_columns), key=_key_of(source),
        )  # fmt: skip
    yield DeclaredTable(
        f"{system.name}_{forgotten.PATH}", system.name, "raw", "list", forgotten.GRAIN, "written by the job `forget`",
        _columns(forgotten.COLUMNS), key=("person",),
    )  # fmt: skip
    made = "rows that broke a rule of bronze, with the rule and the reason"
    sources = tuple(f"{system.name}_{source.path}" for source in system.sources)
    yield DeclaredTable(
        f"{system.name}_raw.quarantine", system.name, "raw", "quarantine", quarantine.GRAIN, made,
        _columns(quarantine.COLUMNS), key=("quarantine_id",), inputs=sources,
    )  # fmt: skip


def _key_of(source: Source) -> tuple[str, ...]:
    """What tells a raw table's rows apart: the record's place in its file, or its content."""
    from engine.sources.spec import Files

    return ("_file_hash", "_position") if isinstance(source, Files) else ("_content_hash",)


def _others(system: System) -> Iterator[DeclaredTable]:
    from engine.spec import History

    for table in system.tables:
        key = (*table.key, "valid_from") if isinstance(table, History) else tuple(table.key)
        yield DeclaredTable(
            f"{system.name}_{table.path}", system.name, table.layer, type(table).__name__.lower(), table.grain, _made(table),
            _columns(table.visible_columns), key, tuple(f"{system.name}_{path}" for path in table.reads.values()),
            _checks(table), _freshness(table),
        )  # fmt: skip


def _made(table: Table) -> str:
    from engine.spec import FromRaw, History, Published

    if isinstance(table, FromRaw):
        kept = "every version" if isinstance(table, History) else "the latest version"
        return f"{kept} per {', '.join(table.key)}, by {table.sequence}"
    if isinstance(table, Published):
        return "what a model says, published by its notebook"
    return f"computed from its inputs, {f'by {table.slice_by}' if table.slice_by else 'as a whole'}"


def _columns(columns: Sequence[Column]) -> tuple[DeclaredColumn, ...]:
    from operations.subject import DELIVERED

    return tuple(DeclaredColumn(c.name, c.type, c.comment, c.personal or c.name in DELIVERED) for c in columns)


def _checks(table: Table) -> tuple[DeclaredCheck, ...]:
    from engine.checks import Check

    return tuple(
        DeclaredCheck(check.name, check.severity, check.condition)
        if isinstance(check, Check)
        else DeclaredCheck(check.name, check.severity, check.query, is_of_set=True)
        for check in table.checks
    )


def _freshness(table: Table) -> Freshness | None:
    from engine.checks import FreshCheck

    found = [check for check in table.checks if isinstance(check, FreshCheck)]
    return Freshness(found[0].column, found[0].hours, found[0].severity) if found else None


def _ops() -> Iterator[DeclaredTable]:
    from engine.run_log import OPS_TABLES
    from engine.sources.ledger import FILES

    logs = {**OPS_TABLES, "files": (FILES, "One row per file and decision.")}
    for name, (columns, comment) in logs.items():
        yield DeclaredTable(
            f"ops.{name}", "", "ops", "log", comment.rstrip("."), "appended by every run", _columns(columns)
        )
