"""Where a person is: how many rows of each table of a system hold the id, or the pseudonym."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial, reduce
from operator import or_
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from engine import quarantine
from engine.catalog import quoted
from engine.changes import table_id
from engine.parallel import in_parallel
from engine.spec import Published

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyspark.sql import Column as SparkColumn
    from pyspark.sql import DataFrame

    from engine.parts import Column
    from engine.run import Run

QUARANTINE = "raw.quarantine"
PARTED = ("variant", "struct", "array", "map")


@dataclass(frozen=True)
class Sought:
    """A person: the id as the source writes it, what gold calls it, and the keyed hash for lists and logs."""

    id: str
    pseudonym: str
    hash: str

    def said_without(self, text: str) -> str:
        """A text, an error's for instance, without the id and the pseudonym."""
        return text.replace(self.id, f"[{self.hash}]").replace(self.pseudonym, f"[{self.hash}]")


def columns_of(run: Run) -> dict[str, Sequence[Column]]:
    """The columns of every table that may hold a person, by path: raw, the quarantine, then as declared."""
    raw = {source.path: source.all_columns for source in run.system.sources}
    return raw | {QUARANTINE: quarantine.COLUMNS} | {table.path: table.columns for table in run.system.tables}


def existing(run: Run) -> list[str]:
    """Paths of those tables that exist."""
    paths = list(columns_of(run))
    names = [run.settings.name_of(path) for path in paths]
    found = in_parallel(run.settings.parallel_tables, [partial(table_id, run.spark, name) for name in names])
    return [path for path, id_ in zip(paths, found, strict=True) if id_ is not None]


def counted(run: Run, sought: Sought, paths: Sequence[str]) -> dict[str, int]:
    """Rows per table in which the person stands; tables without any are left out. Reads every table once."""
    counts = in_parallel(run.settings.parallel_tables, [partial(_count, run, sought, path) for path in paths])
    return {path: n for path, n in zip(paths, counts, strict=True) if n}


def _count(run: Run, sought: Sought, path: str) -> int:
    rows = run.spark.table(run.settings.name_of(path))
    condition = holds(run, sought, path, rows)
    return 0 if condition is None else rows.where(condition).count()


def holds(run: Run, sought: Sought, path: str, rows: DataFrame) -> SparkColumn | None:
    """True for rows in which the person stands; None where no column could hold one.

    An id that looks like nothing else counts wherever it stands, another one in the columns that are declared for it.
    """
    assert run.system.person is not None
    declared = {column.name: column for column in columns_of(run)[path]}
    is_telling = bool(run.system.person.looks_like)
    owner = run.system.person.sources.get(path.partition(".")[2]) if path.startswith("raw.") else None
    found: list[SparkColumn] = []
    for name, kind in rows.dtypes:
        column = declared.get(name)
        value = F.to_json(quoted(name)) if kind.startswith(PARTED) else F.col(quoted(name)).cast("string")
        if is_telling and kind.startswith((*PARTED, "string")):
            found.append(value.contains(sought.id) | value.contains(sought.pseudonym))
        elif column and column.pseudonym:
            found.append(value == sought.pseudonym)
        elif (column and column.personal and name not in ("text", "document", "record")) or (owner and owner.owner == name):
            found.append(F.trim(value) == sought.id)
    return F.coalesce(reduce(or_, [F.coalesce(each, F.lit(False)) for each in found]), F.lit(False)) if found else None


def published(run: Run) -> list[Published]:
    """The tables that models write: no layer's run makes them again."""
    return [table for table in run.system.tables if isinstance(table, Published)]
