"""Which table is looked at: any declared one of any system, with its key and the columns that may be shown by value."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import TYPE_CHECKING

from engine import quarantine
from engine.run_log import OPS_TABLES
from engine.shape import ENGINE_COLUMNS, SHOWN, readable
from engine.sources.ledger import FILES
from engine.sources.spec import DOCUMENT, TEXT
from engine.spec import FromRaw, History
from engine.system import System
from utils.errors import SettingsError
from utils.settings import system_names

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.spec import Column, Table
    from utils.settings import Settings

# What holds a record as it was delivered, whatever that is; no declaration can say what is in it.
DELIVERED = (DOCUMENT.name, TEXT.name, "record")
HIDDEN = tuple(column.name for column in (*ENGINE_COLUMNS, SHOWN))


@dataclass(frozen=True)
class Subject:
    """A declared table. `said` is `schema.table` without prefix; `rows` is SQL that is true for what readers see."""

    said: str
    name: str
    shown: frozenset[str]
    key: tuple[str, ...] = ()
    rows: str = "true"
    hidden: tuple[str, ...] = ()

    def shows(self, column: str) -> bool:
        """Whether values of the column may be shown: it is declared, not personal, and no record as delivered."""
        return column in self.shown


def table_names(settings: Settings) -> list[str]:
    """Every table that can be looked at, gold first."""
    names = [subject.said for subject in _subjects(settings)]
    return sorted(names, key=lambda name: (not name.split(".")[0].endswith("_gold"), name))


def subject_of(settings: Settings, text: str) -> Subject:
    """The table that `layer.table`, `schema.table` or a full name means, in the catalogue and prefix of `settings`.

    Raises SettingsError where it is none or several; the message names near ones.
    """
    known = {subject.said: subject for subject in _subjects(settings)}
    parts = text.replace("`", "").split(".")
    if len(parts) == 3 and parts[0] == settings.catalog:
        parts = parts[1:]
    said = ".".join(parts)
    plain = said.removeprefix(settings.schema_prefix)
    if plain in known:
        return known[plain]
    found = [name for name in known if _layer_of(name) == said]
    if len(found) == 1:
        return known[found[0]]
    near = found or get_close_matches(plain, known, 5, cutoff=0.5) or _same_table(known, parts[-1])
    raise SettingsError(
        "widget `table`",
        f"`{text}` is {'several tables' if found else 'no table of ours'}",
        expected=f"layer.table or a full name, such as {', '.join(near or sorted(known)[:5])}",
    )


def _layer_of(said: str) -> str:
    """`layer.table` of `system_layer.table`."""
    schema, _, table = said.partition(".")
    return f"{schema.rpartition('_')[2]}.{table}"


def _same_table(known: dict[str, Subject], table: str) -> list[str]:
    names = {name.partition(".")[2] for name in known}
    near = get_close_matches(table, names, 3, cutoff=0.5)
    return [name for name in sorted(known) if name.partition(".")[2] in near][:5]


def _subjects(settings: Settings) -> Iterator[Subject]:
    for name in system_names():
        own = replace(settings, system_name=name)
        yield from _of_system(own, own.system)
    logs = {name: columns for name, (columns, _) in OPS_TABLES.items()} | {"files": FILES}
    for name, columns in logs.items():
        yield Subject(f"ops.{name}", settings.name_of(f"ops.{name}"), _shown(columns))


def _of_system(settings: Settings, system: System) -> Iterator[Subject]:
    for source in system.sources:
        yield _subject(settings, source.path, source.all_columns)
    yield _subject(settings, "raw.quarantine", quarantine.COLUMNS, key=("quarantine_id",))
    for table in system.tables:
        yield _of_table(settings, table)


def _of_table(settings: Settings, table: Table) -> Subject:
    key = (*table.key, "valid_from") if isinstance(table, History) else tuple(table.key)
    subject = _subject(settings, table.path, table.visible_columns, key=key)
    return replace(subject, rows=readable(table), hidden=HIDDEN) if isinstance(table, FromRaw) else subject


def _subject(settings: Settings, path: str, columns: Sequence[Column], key: tuple[str, ...] = ()) -> Subject:
    return Subject(f"{settings.system_name}_{path}", settings.name_of(path), _shown(columns), key)


def _shown(columns: Sequence[Column]) -> frozenset[str]:
    return frozenset(column.name for column in columns if not column.personal and column.name not in DELIVERED)
