"""Declarations of tables. Each kind has only the fields that it can use, and refuses wrong ones at import.

A declaration knows nothing of a session: names are relative (`bronze.users`), and `catalog.py` turns it into DDL.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from engine.checks import Check, SetCheck
from engine.parts import Column, Input, Lookup
from engine.spec_rules import (
    RUN_PARAMETERS,
    check_derived,
    check_history,
    check_latest,
    check_published,
    parameters,
)

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

Builder = Callable[..., "DataFrame"]

VALIDITY = (
    Column("valid_from", "timestamp", "When the version began to be true, inclusive."),
    Column("valid_to", "timestamp", "When it ceased to be true, exclusive; null while it is true."),
    Column("is_current", "boolean", "Whether it is true still."),
)


class _Named:
    """What every kind is called by: the builder's name is the table's name."""

    build: Builder
    layer: str
    columns: Sequence[Column]

    @property
    def name(self) -> str:
        return self.build.__name__

    @property
    def path(self) -> str:
        return f"{self.layer}.{self.name}"

    @property
    def column_names(self) -> list[str]:
        """The declared columns."""
        return [column.name for column in self.columns]

    @property
    def visible_columns(self) -> list[Column]:
        """What readers see."""
        return list(self.columns)


@dataclass(frozen=True)
class FromRaw(_Named):
    """What `Latest` and `History` share: the records of one raw table, ordered per key by a sequence.

    `build` takes the raw records, already flattened where columns have a `path`, and returns the declared columns.
    Of several records of a key and sequence the one with the greatest content hash wins, whatever their order.
    A record for which `deleted_when` holds deletes its key at its sequence.
    `new_columns` says what a field nobody declared does: widen the table, be ignored, or stop the table.
    """

    build: Builder
    source: str
    key: Sequence[str]
    sequence: str
    grain: str
    columns: Sequence[Column]
    checks: Sequence[Check | SetCheck] = ()
    deleted_when: str = ""
    normalise: Mapping[str, str] = field(default_factory=dict)
    new_columns: Literal["evolve", "ignore", "fail"] = "ignore"
    without: Sequence[str] = ()
    cluster_by: Sequence[str] = ()
    future_tolerance_hours: int = 24
    layer: str = "bronze"

    @property
    def is_flattened(self) -> bool:
        return any(column.path for column in self.columns)

    @property
    def reads(self) -> dict[str, str]:
        """Builder's parameter -> table path."""
        return {parameters(self.build)[0]: self.source}


@dataclass(frozen=True)
class Latest(FromRaw):
    """The latest version per key (slowly changing dimension, type 1): the record with the greatest sequence.

    A deleted key stays as a tombstone that readers do not see, for `tombstone_days` if given, else for ever.
    `partial` records leave the old value where a field is absent and set null where it is present and null.
    """

    tombstone_days: int | None = None
    partial: bool = False

    def __post_init__(self) -> None:
        check_latest(self)


@dataclass(frozen=True)
class History(FromRaw):
    """Every version per key with the time it was valid (slowly changing dimension, type 2).

    A version is a run of records, in order of the sequence, that agree on the `tracked` columns (all but key and
    sequence where none are named); null equals null. It shows the last of them, and is valid from the first one's
    sequence until the next version begins, or a deletion.
    """

    tracked: Sequence[str] = ()

    def __post_init__(self) -> None:
        check_history(self)

    @property
    def compared(self) -> list[str]:
        """The columns whose change makes a new version."""
        return list(self.tracked) or [
            name for name in self.column_names if name not in (*self.key, self.sequence)
        ]

    @property
    def visible_columns(self) -> list[Column]:
        """What readers see."""
        return [*self.columns, *VALIDITY]


@dataclass(frozen=True)
class Derived(_Named):
    """A pure function of other tables, kept up to date by recomputing touched slices and writing the difference.

    Without `slice_by` every change recomputes all of it; still only the difference is written.
    Names of `inputs` are the names of the builder's parameters.
    """

    build: Builder
    inputs: Mapping[str, Input | Lookup]
    key: Sequence[str]
    grain: str
    columns: Sequence[Column]
    layer: str
    slice_by: str = ""
    checks: Sequence[Check | SetCheck] = ()
    cluster_by: Sequence[str] = ()

    def __post_init__(self) -> None:
        check_derived(self)

    @property
    def reads(self) -> dict[str, str]:
        return {parameter: source.table for parameter, source in self.inputs.items()}

    @property
    def run_parameters(self) -> list[str]:
        """Which of `as_of` and `pseudonym` the builder asks for."""
        return [name for name in parameters(self.build) if name in RUN_PARAMETERS]

    def slice_of(self, source: Input) -> str:
        return source.slice_by or self.slice_by


@dataclass(frozen=True)
class Published(_Named):
    """What a model produces, written by `publish.py` when a notebook asks for it; no layer run touches it.

    `build` makes the rows, out of Spark; it gives the table its name and says which folder's code decides its content.
    `inputs` are the tables ("layer.table") that the model learns from; where none of them moved, nothing is due.
    """

    build: Callable[..., Any]
    inputs: Sequence[str]
    key: Sequence[str]
    grain: str
    columns: Sequence[Column]
    layer: str = "gold"
    checks: Sequence[Check | SetCheck] = ()
    cluster_by: Sequence[str] = ()

    def __post_init__(self) -> None:
        check_published(self)

    @property
    def reads(self) -> dict[str, str]:
        return {path.partition(".")[2]: path for path in self.inputs}


Table = FromRaw | Derived | Published

__all__ = ["VALIDITY", "Column", "Derived", "FromRaw", "History", "Input", "Latest", "Lookup", "Published", "Table"]
