"""The rules that a declaration is held to when it is made; each refusal names the table, its file and line."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from engine.checks import SetCheck
from engine.parts import Column, Input, column_name
from utils.errors import SpecError

if TYPE_CHECKING:
    from engine.spec import Derived, FromRaw, History, Latest, Published, Table

LAYERS = ("raw", "bronze", "silver", "gold")
# A builder that takes one of these gets it from the run; everything else it asks for is an input.
RUN_PARAMETERS = ("as_of", "pseudonym")
IDENTIFIER = re.compile(r"[a-z][a-z0-9_]*")
VALIDITY_NAMES = ("valid_from", "valid_to", "is_current")
# Types whose least and greatest value of a batch can stand in SQL as they are.
BOUNDED_TYPES = ("string", "bigint", "int", "smallint", "tinyint", "date")
BOUNDED_HINT = f"Bounds of a batch are written for {', '.join(BOUNDED_TYPES)}."
BOUNDS_HINT = "Bounds on a column outside the key would insert a changed row twice."


def check_latest(table: Latest) -> None:
    """Raises SpecError for what a latest version per key cannot be."""
    _check_from_raw(table)
    _require(table, not table.tombstone_days or table.deleted_when != "", "tombstone_days without deleted_when")
    _require(table, not table.partial or table.is_flattened, "partial records need columns with a path")


def check_history(table: History) -> None:
    """Raises SpecError for what a history cannot be."""
    _check_from_raw(table)
    for name in table.tracked:
        _require(table, name in table.column_names, f"tracked `{name}` is not a column")
        _require(
            table, name not in (*table.key, table.sequence), f"tracked `{name}` is the key or the sequence",
            "It cannot change within a version: track what describes the key.",
        )  # fmt: skip
    _require(table, bool(table.compared), "nothing is tracked", "Without a tracked column there is one version for ever.")
    for name in VALIDITY_NAMES:
        _require(table, name not in table.column_names, f"column `{name}` is the engine's in a history")


def check_derived(table: Derived) -> None:
    """Raises SpecError for what a derived table cannot be."""
    _check_table(table)
    _check_inputs(table)
    _refuse_quarantine(table)


def check_published(table: Published) -> None:
    """Raises SpecError for what a table of a model's results cannot be."""
    _check_table(table)
    _require(table, bool(table.inputs), "no inputs", "Name the tables that the model learns from: they say when it is due.")
    for path in table.inputs:
        _check_direction(table, path)
    _refuse_quarantine(table)


def _refuse_quarantine(table: Derived | Published) -> None:
    for check in table.checks:
        _require(
            table,
            check.severity != "quarantine",
            f"check `{check.name}` has severity quarantine",
            "Quarantine belongs to bronze: taking a row out of a derived batch would leave its old row standing.",
        )


def _check_from_raw(table: FromRaw) -> None:
    _check_table(table)
    _require(table, table.sequence in table.column_names, f"sequence `{table.sequence}` is not a column")
    for name in table.normalise:
        _require(table, name in table.key, f"normalise `{name}` is not part of the key")
    _require(table, table.source.split(".")[0] == "raw", f"reads `{table.source}`", "Only raw tables hold records.")


def parameters(build: Callable[..., Any]) -> list[str]:
    """A builder's parameter names, in their order: the inputs, and what it takes from the run."""
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
    for name in table.cluster_by:
        _require(table, name in table.key, f"cluster_by `{name}` is not part of the key", BOUNDS_HINT)
        kind = next(column.type for column in table.columns if column.name == name)
        _require(table, kind in BOUNDED_TYPES, f"cluster_by `{name}` is of type {kind}", BOUNDED_HINT)
    known_names = {"rows", "stored", *table.reads}
    for check in table.checks:
        if isinstance(check, SetCheck):
            for name in re.findall(r"{(\w*)}", check.query):
                _require(
                    table, name in known_names, f"check `{check.name}` reads `{{{name}}}`",
                    f"It can read {', '.join(sorted(known_names))}.",
                )  # fmt: skip
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
    wanted = [name for name in parameters(table.build) if name not in RUN_PARAMETERS]
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


def _check_direction(table: Derived | Published, path: str) -> None:
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
