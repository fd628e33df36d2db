"""Entries in Python files that are there: an import, an element of a literal. The rest of the text stays as it is.

Each raises LookupError where the place for it is not found.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

WIDEST = 110  # as the formatter breaks lines
OWN = ("engine", "utils", "operations", "systems", "tideline", "apps")

Literal = ast.List | ast.Tuple | ast.Dict


def with_import(text: str, module: str, name: str) -> str:
    """`from module import name`: joined to the import that is there, else a line of its own in its alphabetical place."""
    lines = text.splitlines(keepends=True)
    imports = [node for node in ast.parse(text).body if isinstance(node, ast.ImportFrom) and node.module]
    same = next((node for node in imports if node.module == module), None)
    if same is not None:
        names = sorted({name, *(alias.name for alias in same.names)}, key=str.lower)
        lines[same.lineno - 1 : same.end_lineno] = [_import(module, names)]
        return "".join(lines)
    own = [node for node in imports if (node.module or "").split(".")[0] in OWN]
    if not own:
        raise LookupError(f"no import beside which `{module}` could stand")
    later = next((node for node in own if (node.module or "").lower() > module.lower()), None)
    at = later.lineno - 1 if later else own[-1].end_lineno or 0
    lines.insert(at, _import(module, [name]))
    return "".join(lines)


def _import(module: str, names: Sequence[str]) -> str:
    line = f"from {module} import {', '.join(names)}\n"
    if len(line) <= WIDEST + 1:
        return line
    return f"from {module} import (\n" + "".join(f"    {name},\n" for name in names) + ")\n"


def with_element(text: str, of: str, element: str, *, after: str = "") -> str:
    """One more element in the literal that is assigned to `of`, or passed as it: a list, a tuple or a dict.

    It stands behind the last element whose text begins with `after`, else at the end. A literal in one line is broken up.
    """
    lines = text.splitlines(keepends=True)
    found = _literal(text, of)
    elements = _elements(text, found)
    first, last = found.lineno, found.end_lineno or found.lineno
    if first == last:
        head, tail = lines[first - 1][: found.col_offset + 1], lines[first - 1][(found.end_col_offset or 0) - 1 :]
        margin = head[: len(head) - len(head.lstrip())]
        body = [f"{margin}    {said},\n" for said, _ in _placed(elements, element, after)]
        lines[first - 1 : last] = [f"{head}\n", *body, f"{margin}{tail}"]
        return "".join(lines)
    behind = [end for said, end in elements if after and said.lstrip("*").startswith(after)]
    margin = lines[elements[0][1] - 1][: len(lines[elements[0][1] - 1]) - len(lines[elements[0][1] - 1].lstrip())]
    lines.insert(behind[-1] if behind else last - 1, f"{margin}{element},\n")
    return "".join(lines)


def _placed(elements: list[tuple[str, int]], element: str, after: str) -> list[tuple[str, int]]:
    behind = [place for place, (said, _) in enumerate(elements, 1) if after and said.lstrip("*").startswith(after)]
    at = behind[-1] if behind else len(elements)
    return [*elements[:at], (element, 0), *elements[at:]]


def with_export(text: str, name: str) -> str:
    """One more name in `__all__`, which is kept in order; a short one stays in one line."""
    lines = text.splitlines(keepends=True)
    found = _literal(text, "__all__")
    names = sorted({f'"{name}"', *(said for said, _ in _elements(text, found))})
    whole = f"__all__ = [{', '.join(names)}]\n"
    is_long = found.lineno != found.end_lineno or len(whole) > WIDEST + 1
    broken = "__all__ = [\n" + "".join(f"    {each},\n" for each in names) + "]\n"
    lines[found.lineno - 1 : found.end_lineno] = [broken if is_long else whole]
    return "".join(lines)


def _literal(text: str, name: str) -> Literal:
    for node in ast.walk(ast.parse(text)):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        is_named = any(isinstance(target, ast.Name) and target.id == name for target in targets)
        is_passed = isinstance(node, ast.keyword) and node.arg == name
        if (is_named or is_passed) and isinstance(value := getattr(node, "value", None), Literal):
            return value
    raise LookupError(f"no list, tuple or dict `{name}`")


def _elements(text: str, literal: Literal) -> list[tuple[str, int]]:
    """The source of every element, and the line on which it ends."""
    if not isinstance(literal, ast.Dict):
        return [(ast.get_source_segment(text, each) or "", each.end_lineno or 0) for each in literal.elts]
    pairs = [(key, value) for key, value in zip(literal.keys, literal.values, strict=True) if key is not None]
    segments = [(ast.get_source_segment(text, key), ast.get_source_segment(text, value)) for key, value in pairs]
    return [(f"{key}: {said}", value.end_lineno or 0) for (key, said), (_, value) in zip(segments, pairs, strict=True)]
