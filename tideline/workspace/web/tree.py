"""The catalogue as a tree: systems, their schemas in the order in which a record travels, their tables."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tideline.workspace.declared import DeclaredTable, declaration_of
from tideline.workspace.web.catalog import Folder
from tideline.workspace.web.subject import address_of

LAYERS = ("raw", "bronze", "silver", "gold")
OTHERS = "other"


@dataclass(frozen=True)
class Leaf:
    """A table. `written_at` is 0 where it is declared and not made yet."""

    name: str
    schema: str
    declared: DeclaredTable | None
    version: int = 0
    written_at: float = 0.0

    @property
    def table(self) -> str:
        return self.name.partition(".")[2]

    @property
    def address(self) -> str:
        return address_of(self.name)

    @property
    def system(self) -> str:
        """What it stands under: its system, else its layer."""
        return (self.declared.system or self.declared.layer) if self.declared else OTHERS

    @property
    def said(self) -> str:
        return self.declared.grain if self.declared else ""

    @property
    def place(self) -> tuple[bool, str, int, str, str]:
        layer = self.declared.layer if self.declared else ""
        rank = LAYERS.index(layer) if layer in LAYERS else len(LAYERS)
        return not (self.declared and self.declared.system), self.system, rank, self.schema, self.name


Tree = Mapping[str, Mapping[str, list[Leaf]]]


def tree(found: Iterable[Folder], declared: Mapping[str, DeclaredTable], find: str = "") -> Tree:
    """System -> schema -> its tables: those that have a folder, and those that are declared and not made yet.

    With `find` only those whose name or grain holds it.
    """
    made = [
        Leaf(folder.name, folder.schema, declaration_of(declared, folder.name), folder.version, folder.written_at)
        for folder in found
    ]
    known = {leaf.declared.name for leaf in made if leaf.declared}
    planned = [Leaf(name, name.partition(".")[0], table) for name, table in declared.items() if name not in known]
    grown: dict[str, dict[str, list[Leaf]]] = {}
    for leaf in sorted([*made, *planned], key=lambda leaf: leaf.place):
        if find.strip().lower() not in f"{leaf.name} {leaf.said}".lower():
            continue
        grown.setdefault(leaf.system, {}).setdefault(leaf.schema, []).append(leaf)
    return grown


def ago(seconds: float) -> str:
    """How long a moment is past, in the largest unit that fits."""
    past = time.time() - seconds
    for size, unit in ((86400, "days"), (3600, "h"), (60, "min")):
        if past >= 2 * size or (past >= size and unit != "days"):
            return f"{int(past // size)} {unit} ago"
    return "just now"


def bytes_said(count: int) -> str:
    """A size as people say it."""
    size, units = float(count), ["bytes", "kB", "MB", "GB", "TB"]
    while size >= 1000 and len(units) > 1:
        size, units = size / 1000, units[1:]
    return f"{size:.0f} {units[0]}" if units[0] == "bytes" or size >= 100 else f"{size:.1f} {units[0]}"
