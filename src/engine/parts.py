"""The parts that declarations are made of: columns, and how a table reads another."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    """One column: its SQL type and a sentence that goes to the catalogue.

    `path` (documents only) is the dotted place in the delivered document, e.g. `_id.$oid`; the name must be what
    `column_name` makes of it, so that declared and discovered columns are named by one rule.
    `personal` columns are masked in previews and may not reach gold. A `pseudonym` stands for a person there; by it rows are
    found when the person is forgotten. What `quotes` holds words of persons. None of them has statistics in the table's log,
    which would outlive its rows.
    """

    name: str
    type: str
    comment: str
    path: str = ""
    personal: bool = False
    pseudonym: bool = False
    quotes: bool = False

    @property
    def tells_of_persons(self) -> bool:
        return self.personal or self.pseudonym or self.quotes


@dataclass(frozen=True)
class Input:
    """A table whose rows carry the slice: reduced to the touched slices by `slice_by`, an expression over its columns.

    Empty `slice_by` means: the same expression as the table that reads it.
    """

    table: str
    slice_by: str = ""


@dataclass(frozen=True)
class Lookup:
    """A table that is passed whole; its changed rows are looked up by `on` in the inputs that carry that column.

    `carried_as` is its name there, if it has another one.
    """

    table: str
    on: str
    carried_as: str = ""

    @property
    def foreign_key(self) -> str:
        return self.carried_as or self.on


def column_name(path: str) -> str:
    """The column for a place in a document: parts joined by `_`, without `$` and outer underscores.

    `_id.$oid` -> `id_oid`; `patreon_status.is_patron` -> `patreon_status_is_patron`.
    """
    parts = [re.sub(r"[^0-9A-Za-z]+", "_", part).strip("_").lower() for part in path.split(".")]
    return "_".join(part for part in parts if part) or "value"
