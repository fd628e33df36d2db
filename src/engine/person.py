"""How a system's records tell whose they are: what `engine/forgetting` goes by."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from engine.parts import Column
from engine.sources.spec import Files
from utils.errors import SpecError

if TYPE_CHECKING:
    from engine.system import System
    from utils.settings import Settings

Artefacts = Callable[["Settings", str], Mapping[str, int]]


@dataclass(frozen=True)
class Mentions:
    """Where the records of a source name persons; places are dotted paths in documents, names of columns elsewhere.

    A record whose `owner` is a person is that person's as a whole. `parts` are lists within a document, each with the place
    in an item that names a person: the item is that person's, the rest of the document is not.
    """

    owner: str = ""
    parts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Through:
    """Rows of a published table that were made from what a person left.

    `column` is among the values `on` of those rows of `table` whose `owner` is the person.
    """

    column: str
    table: str
    on: str
    owner: str


@dataclass(frozen=True)
class Person:
    """What identifies a person of a system (`noun`), and where.

    `looks_like` is a regular expression for ids that are like nothing else: wherever such an id stands, in a text that
    somebody else wrote too, the person is meant, and it is covered. Without it (small numbers) only declared places count.
    `published` says which rows of models' results go; those with a pseudonym are found by it. `artefacts` removes a
    pseudonym from files that models left, and says how many of each kind it changed.
    """

    noun: str
    sources: Mapping[str, Mentions]
    looks_like: str = ""
    published: Mapping[str, Through] = field(default_factory=dict)
    artefacts: Artefacts | None = None

    def refuse_wrong(self, system: System) -> None:
        """Raises SpecError for places that the system does not have."""
        where = f"system `{system.name}`: person"
        known = {source.name: source for source in system.sources}
        if not self.sources:
            raise SpecError(where, "no source names a person")
        for name, mentions in self.sources.items():
            if name not in known:
                raise SpecError(where, f"source `{name}`", expected=", ".join(known))
            _refuse_place(where, known[name].all_columns, name, mentions)
            if isinstance(known[name], Files) and getattr(known[name], "format", "") == "parquet":
                raise SpecError(where, f"source `{name}` is of Parquet files", hint="A landed one cannot be rewritten yet.")
        for path, through in self.published.items():
            for table, column in ((path, through.column), (through.table, through.on), (through.table, through.owner)):
                if column not in system.columns_of.get(table, []):
                    raise SpecError(where, f"`{table}` has no column `{column}`")
        try:
            re.compile(self.looks_like)
        except re.error as error:
            raise SpecError(where, f"`{self.looks_like}` is no regular expression: {error}") from None


def _refuse_place(where: str, columns: list[Column], name: str, mentions: Mentions) -> None:
    names = [column.name for column in columns]
    if "document" in names:
        return
    if mentions.parts or mentions.owner not in names:
        raise SpecError(where, f"`{mentions.owner}` and parts in source `{name}`", expected=f"one of {', '.join(names)}")
