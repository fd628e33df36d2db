"""What a system of the project declares, for whoever adds to it: its code is imported, no Spark is started."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tideline.workspace.bundle.suggest import did_you_mean
from tideline.workspace.errors import WorkspaceError

if TYPE_CHECKING:
    from engine.spec import Column
    from engine.system import System

# Values that a test can put into a column of the type, as Python writes them: two of them, in order.
VALUES = {
    "string": ('"a"', '"b"'), "bigint": ("1", "2"), "int": ("1", "2"), "boolean": ("False", "True"),
    "date": ("date(2024, 1, 1)", "date(2024, 1, 2)"),
}  # fmt: skip
NUMBERS = ("bigint", "int", "double", "decimal")


@dataclass(frozen=True)
class Read:
    """A table that the new thing reads, with its declared columns."""

    path: str
    columns: Sequence[Column]

    @property
    def name(self) -> str:
        return self.path.partition(".")[2]

    def column(self, name: str) -> Column:
        found = next((column for column in self.columns if column.name == name), None)
        if found is None:
            hint = did_you_mean(name, [column.name for column in self.columns], what="columns")
            raise WorkspaceError(f"`{self.path}` has no column `{name}`", hint=hint)
        return found


def declared_system(root: Path, name: str) -> System:
    """The declaration in `src/systems`; WorkspaceError for an unknown system, or one that cannot be imported."""
    known = sorted(file.parent.name for file in root.glob("src/systems/*/system.py"))
    if name not in known:
        raise WorkspaceError(f"there is no system `{name}`", hint=did_you_mean(name, known, what="systems"))
    source = str(root / "src")
    if source not in sys.path:
        sys.path.insert(0, source)
    try:
        found: System = importlib.import_module(f"systems.{name}.system").SYSTEM
    except Exception as error:  # whatever its code raises is its author's to mend
        said = f"{type(error).__name__}: {error}"
        raise WorkspaceError(f"src/systems/{name}/system.py cannot be imported: {said}", hint="mend it first") from None
    return found


def tables_of(system: System, *layers: str) -> list[Read]:
    """Tables of the layers, in the order of the layers and then as they are declared; sources are of the layer raw."""
    found = []
    for layer in layers:
        if layer == "raw":
            found += [Read(source.path, source.all_columns) for source in system.sources]
        found += [Read(table.path, table.visible_columns) for table in system.tables_of(layer)]
    return found


def chosen(tables: Sequence[Read], path: str, what: str) -> Read:
    """The table that was named, else the first one."""
    known = [table.path for table in tables]
    if not tables:
        raise WorkspaceError(f"there is no {what}", hint="declare one first: tideline new table SYSTEM LAYER NAME")
    if path and path not in known:
        raise WorkspaceError(f"`{path}` is no {what}", hint=did_you_mean(path, known, what="tables"))
    return next(table for table in tables if not path or table.path == path)
