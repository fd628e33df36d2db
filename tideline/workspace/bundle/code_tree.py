"""Small questions to a syntax tree."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from pathlib import Path

from tideline.workspace.errors import Place


def argument(node: ast.Call, position: int, name: str) -> ast.expr | None:
    """An argument by its position or its name."""
    if len(node.args) > position:
        return node.args[position]
    return next((keyword.value for keyword in node.keywords if keyword.arg == name), None)


def dotted(node: ast.expr) -> list[str]:
    """`a.b.c` as its parts; empty where it does not begin with a name."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return [node.id, *reversed(parts)] if isinstance(node, ast.Name) else []


def constants_of(tree: ast.Module) -> dict[str, list[str]]:
    """Module-level names that hold one text, or a literal whose elements or keys are texts."""
    found: dict[str, list[str]] = {}
    for statement in tree.body:
        target: ast.expr | None = None
        if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
            target = statement.targets[0]
        elif isinstance(statement, ast.AnnAssign):
            target = statement.target
        value = getattr(statement, "value", None)
        texts = texts_of(value) if isinstance(value, ast.expr) else None
        if isinstance(target, ast.Name) and texts is not None:
            found[target.id] = texts
    return found


def texts_of(node: ast.expr) -> list[str] | None:
    """The texts of a literal: one text, the elements of a list, the keys of a map; None for anything else."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value]
    elements: list[ast.expr | None] = []
    if isinstance(node, ast.Dict):
        elements = list(node.keys)
    elif isinstance(node, ast.List | ast.Tuple | ast.Set):
        elements = list(node.elts)
    else:
        return None
    texts = [element.value for element in elements if isinstance(element, ast.Constant)]
    return [str(text) for text in texts] if len(texts) == len(elements) else None


def place_of(lines: Sequence[str], node: ast.expr | ast.alias, *, path: Path) -> Place:
    """Where a node's own word begins: of an attribute its name, since the expression before it may begin lines above."""
    line, offset = node.lineno, node.col_offset
    if isinstance(node, ast.Attribute) and node.end_lineno is not None and node.end_col_offset is not None:
        line, offset = node.end_lineno, node.end_col_offset - len(node.attr.encode())
    before = lines[line - 1].encode()[:offset] if line <= len(lines) else b" " * offset
    return Place(path, line, len(before.decode(errors="replace")) + 1)


def place_in(lines: Sequence[str], text: str, at: int, *, first: int, path: Path) -> Place | None:
    """Where in a file a position of `text` stands, whose first line is on the file's line `first`.

    None where that line of the file does not hold the text as it is: it was escaped or joined.
    """
    begin = text.rfind("\n", 0, at) + 1
    own = text[begin:].split("\n", 1)[0]
    line = first + text.count("\n", 0, at)
    shift = lines[line - 1].find(own) if line <= len(lines) else -1
    return Place(path, line, shift + at - begin + 1) if shift >= 0 else None
