"""What a project says of its tables, as plain data: previews and pages read it, whoever's tables they are.

Names are `schema.table`, as on a laptop: without catalogue and prefix.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

MASKED = "masked"


@dataclass(frozen=True)
class DeclaredColumn:
    """`is_personal`: tells who somebody is or what somebody said, or is a record as it was delivered."""

    name: str
    type: str
    comment: str
    is_personal: bool = False


@dataclass(frozen=True)
class DeclaredCheck:
    """A rule, its SQL, and what breaking it does: info, warn, quarantine or fail. `is_of_set`: judged on the whole table."""

    name: str
    severity: str
    rule: str
    is_of_set: bool = False


@dataclass(frozen=True)
class Freshness:
    """The newest `column` is at most `hours` older than the end of the day that counts as now."""

    column: str
    hours: int
    severity: str


@dataclass(frozen=True)
class DeclaredTable:
    """A table: `made` says in words where its rows come from, `inputs` names the tables that they are made of."""

    name: str
    system: str
    layer: str
    kind: str
    grain: str
    made: str
    columns: tuple[DeclaredColumn, ...]
    key: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    checks: tuple[DeclaredCheck, ...] = ()
    freshness: Freshness | None = None

    def hides(self, column: str) -> bool:
        """Whether a preview masks the column: it is personal, or found in delivered records and nobody declared it.

        Columns with a leading underscore are the engine's own.
        """
        known = {each.name: each.is_personal for each in self.columns}
        return known.get(column, not column.startswith("_"))


def declaration_of(tables: Mapping[str, DeclaredTable], name: str) -> DeclaredTable | None:
    """The declaration of a table by its name in a catalogue, whatever stands before the schema; None where there is none."""
    said = ".".join(name.replace("`", "").split(".")[-2:])
    found: Iterable[str] = (known for known in tables if said == known or said.endswith(f"_{known}"))
    best = max(found, key=len, default=None)
    return tables[best] if best else None
