"""Delivered documents (VARIANT) to flat, typed columns, one per leaf.

Typed reads follow MongoDB's extended JSON: a date is ISO text or milliseconds under `$numberLong`, a number may be
wrapped in `$numberLong`, `$numberInt` or `$numberDouble`. A value that does not fit its column's type is a conflict
that the caller sees in `_conflicts`; it never becomes a null by accident.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from engine.parts import Column, column_name

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

NUMBERS = ("$numberLong", "$numberInt", "$numberDouble", "$numberDecimal")
# A field's name comes from outside and stands in SQL text: with one of these in it, it is not read as a column.
UNSAFE = re.compile(r"""["'`\\.\x00-\x1f]""")


@dataclass(frozen=True)
class Leaf:
    """A place in the documents of a batch and the SQL type that holds what was found there."""

    path: str
    type: str

    @property
    def column(self) -> Column:
        return Column(
            column_name(self.path),
            self.type,
            f"Found in delivered documents at `{self.path}`.",
            path=self.path,
        )


def flatten(documents: DataFrame, columns: Sequence[Column]) -> DataFrame:
    """`documents` with one column for each of `columns`, and `_conflicts`: names of columns whose value did not fit."""
    typed = [F.expr(_typed(column)).alias(column.name) for column in columns]
    conflicts = [_conflict(column) for column in columns if column.type not in ("string", "variant")]
    found = f"filter(array({', '.join(conflicts)}), name -> name IS NOT NULL)" if conflicts else "array()"
    return documents.select("*", *typed, F.expr(f"cast({found} AS array<string>)").alias("_conflicts"))


def presence(column: Column) -> str:
    """SQL that is true where the document has the field, null value included."""
    return f"{_get(column.path, 'variant')} IS NOT NULL"


def leaves_of(schema: str, without: Sequence[str] = ()) -> list[Leaf]:
    """The leaves of a schema as `schema_of_variant_agg` prints it; fields named in `without` and all-null ones are left out.

    Arrays, and fields that hold different types in different documents, stay whole as VARIANT.
    """
    return [leaf for leaf in _leaves(_Reader(schema).read(), ()) if leaf.path.split(".")[0] not in without]


def _json_path(path: str) -> str:
    return "$" + "".join(f'["{part}"]' for part in path.split("."))


def _get(path: str, kind: str) -> str:
    return f"try_variant_get(document, '{_json_path(path)}', '{kind}')"


def _typed(column: Column) -> str:
    if column.type == "timestamp":
        text = f"coalesce({_get(column.path + '.$numberLong', 'string')}, {_get(column.path, 'string')})"
        millis = f"timestamp_millis(try_cast({text} AS bigint))"
        return f"coalesce(try_cast({text} AS timestamp), {millis})"
    if column.type in ("bigint", "int", "double", "float"):
        wrapped = [
            f"try_cast({_get(f'{column.path}.{name}', 'string')} AS {column.type})" for name in NUMBERS[:3]
        ]
        return f"coalesce({_get(column.path, column.type)}, {', '.join(wrapped)})"
    return _get(column.path, column.type)


def _conflict(column: Column) -> str:
    value = _get(column.path, "variant")
    is_given = f"({value} IS NOT NULL AND NOT is_variant_null({value}))"
    return f"CASE WHEN {is_given} AND ({_typed(column)}) IS NULL THEN '{column.name}' END"


Node = str | dict[str, "Node"]


def _leaves(node: Node, path: tuple[str, ...]) -> Iterator[Leaf]:
    if isinstance(node, str):
        if node != "VOID" and path:
            yield Leaf(".".join(path), _sql_type(node, path[-1]))
        return
    if path and path[-1] == "$date":
        yield Leaf(".".join(path), "timestamp")
        return
    if path and node and set(node) <= set(NUMBERS):
        yield Leaf(".".join(path), "double" if "$numberDouble" in node else "bigint")
        return
    for name, child in node.items():
        if not UNSAFE.search(name):
            yield from _leaves(child, (*path, name))


def _sql_type(found: str, name: str) -> str:
    if name == "$date":
        return "timestamp"
    if found.startswith(("ARRAY", "VARIANT")):
        return "variant"
    if found.startswith("DECIMAL"):
        return "double"
    return {"BIGINT": "bigint", "BOOLEAN": "boolean", "DOUBLE": "double", "TIMESTAMP": "timestamp"}.get(
        found, "string"
    )


class _Reader:
    """Reads `OBJECT<a: BIGINT, b: OBJECT<...>>` into nested dicts; arrays stay text."""

    TOKEN = re.compile(r"\s*(`(?:[^`]|``)*`|[^\s<>,:`]+|[<>,:])")

    def __init__(self, schema: str) -> None:
        self.tokens: list[str] = self.TOKEN.findall(
            re.sub(r"\(\d+,\s*\d+\)", "", schema)
        )  # DECIMAL(p,s): the kind is enough
        self.at = 0

    def read(self) -> Node:
        head = self._next()
        if head == "OBJECT":
            return self._object() if self._peek() == "<" else {}
        return head + self._skip() if self._peek() == "<" else head

    def _object(self) -> Node:
        fields: dict[str, Node] = {}
        self._next()
        while self._peek() != ">":
            name = self._next().strip("`").replace("``", "`")
            self._next()
            fields[name] = self.read()
            if self._peek() == ",":
                self._next()
        self._next()
        return fields

    def _skip(self) -> str:
        """Passes over the `<...>` of an array."""
        opened = self._next()
        depth, text = 1, opened
        while depth:
            token = self._next()
            depth += (token == "<") - (token == ">")
            text += token
        return text

    def _peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def _next(self) -> str:
        self.at += 1
        return self.tokens[self.at - 1]
