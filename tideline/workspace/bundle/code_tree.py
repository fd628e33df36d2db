"""Small questions to a syntax tree."""

from __future__ import annotations

import ast


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
