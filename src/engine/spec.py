"""Declarations of tables. Each kind has only the fields that it can use, and refuses wrong ones at import.

A declaration knows nothing of a session: names are relative (`bronze.users`), and `catalog.py` turns it into DDL.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from engine.checks import Check
from utils.errors import SpecError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

LAYERS = ("raw", "bronze", "silver", "gold")
# A builder that takes one of these gets it from the run; everything else it asks for is an input.
RUN_PARAMETERS = ("as_of", "pseudonym")
IDENTIFIER = re.compile(r"[a-z][a-z0-9_]*")

Builder = Callable[..., "DataFrame"]


@dataclass(frozen=True)
class Column:
    """One column: its SQL type and a sentence that goes to the catalogue.

    `path` (documents only) is the dotted place in the delivered document, e.g. `_id.$oid`; the name must be what
    `column_name` makes of it, so that declared and discovered columns are named by one rule.
    `personal` columns are masked in previews and may not reach gold.
    """

    name: str
    type: str
    comment: str
    path: str = ""
    personal: bool = False


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


@dataclass(frozen=True)
class Latest:
    """The latest version per key of what one raw table delivered (slowly changing dimension, type 1).

    `build` takes the raw records, already flattened where columns have a `path`, and returns the declared columns.
    Of several records of a key the one with the greatest (`sequence`, content hash) wins, whatever their order.
    A record for which `deleted_when` holds is a tombstone: it wins and loses like any other; readers do not see it.
    `partial` records leave the old value where a field is absent and set null where it is present and null.
    `new_columns` says what a field nobody declared does: widen the table, be ignored, or stop the table.
    """

    build: Builder
    source: str
    key: Sequence[str]
    sequence: str
    grain: str
    columns: Sequence[Column]
    checks: Sequence[Check] = ()
    deleted_when: str = ""
    tombstone_days: int | None = None
    normalise: Mapping[str, str] = field(default_factory=dict)
    partial: bool = False
    new_columns: Literal["evolve", "ignore", "fail"] = "ignore"
    without: Sequence[str] = ()
    cluster_by: Sequence[str] = ()
    future_tolerance_hours: int = 24
    layer: str = "bronze"

    def __post_init__(self) -> None:
        _check_table(self)
        _require(self, self.sequence in self.column_names, f"sequence `{self.sequence}` is not a column")
        for name in self.cluster_by:
            _require(self, name in self.key, f"cluster_by `{name}` is not part of the key", _BOUNDS_HINT)
        for name in self.normalise:
            _require(self, name in self.key, f"normalise `{name}` is not part of the key")
        _require(
            self, not self.tombstone_days or self.deleted_when != "", "tombstone_days without deleted_when"
        )
        _require(self, not self.partial or self.is_flattened, "partial records need columns with a path")
        _require(
            self, self.layer_of(self.source) == "raw", f"reads `{self.source}`", "Latest reads a raw table."
        )

    @property
    def name(self) -> str:
        """The builder's name is the table's name."""
        return self.build.__name__

    @property
    def path(self) -> str:
        return f"{self.layer}.{self.name}"

    @property
    def column_names(self) -> list[str]:
        return [column.name for column in self.columns]

    @property
    def is_flattened(self) -> bool:
        return any(column.path for column in self.columns)

    @property
    def reads(self) -> dict[str, str]:
        """Builder's parameter -> table path."""
        return {_parameters(self.build)[0]: self.source}

    @staticmethod
    def layer_of(path: str) -> str:
        return path.split(".")[0]


@dataclass(frozen=True)
class Derived:
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
    checks: Sequence[Check] = ()
    cluster_by: Sequence[str] = ()

    def __post_init__(self) -> None:
        _check_table(self)
        _check_inputs(self)
        for name in self.cluster_by:
            _require(self, name in self.key, f"cluster_by `{name}` is not part of the key", _BOUNDS_HINT)
        for check in self.checks:
            _require(
                self,
                check.severity != "quarantine",
                f"check `{check.name}` has severity quarantine",
                "Quarantine belongs to bronze: taking a row out of a derived batch would leave its old row standing.",
            )

    @property
    def name(self) -> str:
        """The builder's name is the table's name."""
        return self.build.__name__

    @property
    def path(self) -> str:
        return f"{self.layer}.{self.name}"

    @property
    def column_names(self) -> list[str]:
        return [column.name for column in self.columns]

    @property
    def reads(self) -> dict[str, str]:
        return {parameter: source.table for parameter, source in self.inputs.items()}

    @property
    def run_parameters(self) -> list[str]:
        """Which of `as_of` and `pseudonym` the builder asks for."""
        return [name for name in _parameters(self.build) if name in RUN_PARAMETERS]

    def slice_of(self, source: Input) -> str:
        return source.slice_by or self.slice_by


Table = Latest | Derived

_BOUNDS_HINT = "Bounds on a column outside the key would insert a changed row twice."


def column_name(path: str) -> str:
    """The column for a place in a document: parts joined by `_`, without `$` and outer underscores.

    `_id.$oid` -> `id_oid`; `patreon_status.is_patron` -> `patreon_status_is_patron`.
    """
    parts = [re.sub(r"[^0-9A-Za-z]+", "_", part).strip("_").lower() for part in path.split(".")]
    return "_".join(part for part in parts if part) or "value"


def _parameters(build: Builder) -> list[str]:
    return list(inspect.signature(build).parameters)


def _where(table: Table) -> str:
    code = getattr(table.build, "__code__", None)
    place = f" ({code.co_filename}:{code.co_firstlineno})" if code else ""
    return f"{table.layer}.{table.build.__name__}{place}"


def _require(table: Table, holds: bool, found: str, hint: str = "") -> None:
    if not holds:
        raise SpecError(_where(table), found, hint=hint)


def _check_table(table: Table) -> None:
    names = table.column_names
    known = ", ".join(names)
    _require(table, bool(IDENTIFIER.fullmatch(table.name)), f"`{table.name}` is not a table name")
    _require(
        table, table.layer in LAYERS[1:], f"layer `{table.layer}`", f"Layers are {', '.join(LAYERS[1:])}."
    )
    _require(table, bool(table.grain.strip()), "no grain", "Say what one row is: `one row per order`.")
    _require(table, len(set(names)) == len(names), f"columns are declared twice: {_doubles(names)}")
    _require(table, bool(table.key), "no key")
    for name in table.key:
        _require(table, name in names, f"key `{name}` is not a column; columns are {known}")
    for column in table.columns:
        _check_column(table, column)
    _require(
        table, len({check.name for check in table.checks}) == len(table.checks), "two checks share a name"
    )


def _check_column(table: Table, column: Column) -> None:
    _require(
        table,
        bool(IDENTIFIER.fullmatch(column.name)),
        f"`{column.name}` is not a column name",
        "Names are lower case; those with a leading underscore belong to the engine.",
    )
    _require(table, bool(column.comment.strip()), f"column `{column.name}` has no sentence that describes it")
    _require(
        table,
        not column.path or column_name(column.path) == column.name,
        f"column `{column.name}` has path `{column.path}`",
        f"By the naming rule it is `{column_name(column.path)}`.",
    )
    _require(
        table,
        not (column.personal and table.layer == "gold"),
        f"column `{column.name}` is personal",
        "Personal ids are pseudonymised before gold.",
    )


def _check_inputs(table: Derived) -> None:
    wanted = [name for name in _parameters(table.build) if name not in RUN_PARAMETERS]
    given = ", ".join(table.inputs) or "none"
    for name in wanted:
        _require(table, name in table.inputs, f"`{table.name}` asks for `{name}`; its inputs are {given}")
    for name, source in table.inputs.items():
        _require(
            table, name in wanted, f"input `{name}` is not a parameter of the builder ({', '.join(wanted)})"
        )
        _check_direction(table, source.table)
        _require(
            table,
            not (isinstance(source, Input) and source.slice_by and not table.slice_by),
            f"input `{name}` has slice_by, the table has none",
        )
    is_sliced = bool(table.slice_by)
    has_input = any(isinstance(source, Input) for source in table.inputs.values())
    _require(table, not is_sliced or has_input, "slice_by without an Input that carries the slice")


def _check_direction(table: Derived, path: str) -> None:
    layer, _, name = path.partition(".")
    _require(
        table,
        layer in LAYERS and bool(IDENTIFIER.fullmatch(name)),
        f"reads `{path}`",
        "Inputs are written `layer.table`.",
    )
    upward = LAYERS.index(layer) > LAYERS.index(table.layer)
    _require(
        table,
        not upward,
        f"reads upward: {table.layer} from `{path}`",
        "A layer reads itself or those below it.",
    )
    _require(table, path != table.path, "reads itself")


def _doubles(names: list[str]) -> str:
    return ", ".join(sorted({name for name in names if names.count(name) > 1}))
