"""A system: its sources and tables as a record travels, checked as a whole when it is declared."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from engine import ENGINE_VERSION
from engine.person import Person
from engine.sources.spec import Source
from engine.spec import Derived, FromRaw, Input, Table
from engine.spec_rules import IDENTIFIER, LAYERS
from utils.errors import SpecError

# Files that are looked at without knowing the system's figures and questions: those never change a table.
NOT_TABLE_CODE = ("figures.py", "questions.py")  # endings of file names


@dataclass(frozen=True)
class System:
    """The table of contents of a system; refuses unknown inputs, double names and slices that an input does not carry."""

    name: str
    question: str
    time_zone: str
    sources: Sequence[Source]
    tables: Sequence[Table]
    person: Person | None = None
    """Who its records are about; None where nothing identifies anybody."""

    def __post_init__(self) -> None:
        where = f"system `{self.name}`"
        if not IDENTIFIER.fullmatch(self.name):
            raise SpecError(where, "not a system name")
        try:
            ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError):
            raise SpecError(
                where, f"time zone `{self.time_zone}`", expected="a name like America/Bogota"
            ) from None
        paths = [source.path for source in self.sources] + [table.path for table in self.tables]
        for path in {path for path in paths if paths.count(path) > 1}:
            raise SpecError(where, f"`{path}` is declared twice")
        for table in self.tables:
            self._check_reads(table)
        if self.person:
            self.person.refuse_wrong(self)

    def _check_reads(self, table: Table) -> None:
        for parameter, path in table.reads.items():
            if path not in self.columns_of:
                known = ", ".join(sorted(self.columns_of))
                raise SpecError(
                    f"{self.name}: {table.path}",
                    f"input `{parameter}` is `{path}`",
                    expected=f"one of {known}",
                )
        if isinstance(table, Derived):
            self._check_slices(table)

    def _check_slices(self, table: Derived) -> None:
        carried: set[str] = set()
        for parameter, source in table.inputs.items():
            columns = self.columns_of[source.table]
            if isinstance(source, Input):
                carried.update(columns)
                expression = table.slice_of(source)
                if IDENTIFIER.fullmatch(expression) and expression not in columns:
                    raise SpecError(
                        f"{self.name}: {table.path}", f"`{parameter}` does not carry the slice `{expression}`"
                    )
        for parameter, source in table.inputs.items():
            if isinstance(source, Input):
                continue
            where = f"{self.name}: {table.path}"
            if source.on not in self.columns_of[source.table]:
                raise SpecError(where, f"`{parameter}` has no column `{source.on}`")
            if table.slice_by and source.foreign_key not in carried:
                raise SpecError(
                    where, f"no input carries `{source.foreign_key}`, by which `{parameter}` is looked up"
                )

    @cached_property
    def columns_of(self) -> dict[str, list[str]]:
        """Names of the columns that readers see, of every table, raw ones included, by path."""
        raw = {source.path: [column.name for column in source.all_columns] for source in self.sources}
        return raw | {
            table.path: [column.name for column in table.visible_columns] for table in self.tables
        }

    def table(self, path: str) -> Table:
        """The table declared as `layer.name`."""
        for table in self.tables:
            if table.path == path:
                return table
        raise SpecError(
            f"system `{self.name}`", f"no table `{path}`", expected=", ".join(t.path for t in self.tables)
        )

    def tables_of(self, layer: str) -> list[Table]:
        return [table for table in self.tables if table.layer == layer]

    def waves(self, layer: str) -> Iterator[list[Table]]:
        """The layer's tables in groups: a table comes after those of its own layer that it reads."""
        mine = {table.path: table for table in self.tables_of(layer)}
        sorter = TopologicalSorter(
            {path: set(table.reads.values()) & mine.keys() for path, table in mine.items()}
        )
        try:
            sorter.prepare()
        except CycleError as error:
            raise SpecError(
                f"system `{self.name}`", f"tables read each other: {' -> '.join(error.args[1])}"
            ) from None
        while sorter.is_active():
            ready = sorted(sorter.get_ready(), key=list(mine).index)
            yield [mine[path] for path in ready]
            sorter.done(*ready)

    def readers_of(self, path: str) -> list[Table]:
        return [table for table in self.tables if path in table.reads.values()]

    def describe(self, layer: str) -> list[dict[str, str]]:
        """Rows for people: table, kind, grain, what it reads."""
        if layer == LAYERS[0]:
            return [
                {"table": s.path, "kind": s.kind, "grain": s.grain, "reads": s.reads}
                for s in self.sources
            ]
        return [
            {
                "table": t.path,
                "kind": type(t).__name__.lower(),
                "grain": t.grain,
                "reads": ", ".join(t.reads.values()),
            }
            for t in self.tables_of(layer)
        ]


def code_hash(table: Table, folder: Path | None = None) -> str:
    """Hash of the code that decides a table's content: its system's modules, and the engine's version.

    A bronze table depends on its own module, or package, and the configuration only, so that a new gold figure never
    re-reads raw.
    """
    module = Path(inspect.getfile(table.build))
    folder = folder or _folder_of(module)
    files = sorted(path for path in folder.rglob("*.py") if not path.name.endswith(NOT_TABLE_CODE))
    if isinstance(table, FromRaw):
        package = module.parent if module.parent != folder else module
        files = [path for path in files if path.is_relative_to(package) or path.name == "config.py"]
    digest = hashlib.sha256(ENGINE_VERSION.encode())
    for path in files:
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def _folder_of(module: Path) -> Path:
    """The system's folder: the module's own, or the one above where a layer is a package of its own."""
    return next((folder for folder in module.parents[:2] if (folder / "system.py").is_file()), module.parent)
