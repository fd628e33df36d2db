"""Values that code writes into the text of SQL, where a parameter belongs: what they hold could end the text."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tideline.workspace.bundle.code_facts import Call
from tideline.workspace.bundle.code_tree import argument, place_of

VALUE_RULE = "value-in-sql-text"
# Statements that take parameters, and what stands before a value; names of tables and DDL have to be written into the text.
_STATEMENT = re.compile(r"\s*(?:SELECT|WITH|INSERT|MERGE|UPDATE|DELETE)\b", re.IGNORECASE)
_BEFORE = re.compile(r"(?:[=<>]|\bLIKE|\b(?:IN|VALUES)\s*\()\s*'\Z", re.IGNORECASE)


def written_values(tree: ast.Module, path: Path, code: str) -> list[Call]:
    """A warning for each value between quotes in an f-string that `.sql` is given. A constant's name is no value."""
    lines, hint = code.split("\n"), "hand it over as a parameter: spark.sql(query, args={...})"
    return [
        Call(VALUE_RULE, place_of(lines, node.func, path=path), f"`{value}` is written into the text of SQL", hint, "warning")
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "sql"
        for value in _values(argument(node, 0, "sqlQuery"))
    ]


def _values(text: ast.expr | None) -> Iterator[str]:
    """The expressions, as they are written."""
    parts = text.values if isinstance(text, ast.JoinedStr) else []
    if not _STATEMENT.match(_constant(parts[:1])):
        return
    for number, part in enumerate(parts):
        before, after = _constant(parts[number - 1 : number]), _constant(parts[number + 1 :])
        is_quoted = bool(_BEFORE.search(before)) and after.startswith("'")
        if isinstance(part, ast.FormattedValue) and is_quoted and not _is_constant(part.value):
            yield ast.unparse(part.value)


def _constant(parts: list[ast.expr]) -> str:
    """The text of the first part; empty where it is none."""
    first = parts[0] if parts else None
    return first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else ""


def _is_constant(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id.isupper()
