"""Blocks of text put into YAML files where they belong. Nothing is dumped again: comments, anchors and order stay.

Each raises LookupError where the place is not there.
"""

from __future__ import annotations

import yaml


def put_after(text: str, keys: tuple[str, ...], block: str) -> str:
    """`block` below the last entry of the map or list that stands at `keys`."""
    line = _last_line(_at(text, keys))
    lines = text.splitlines(keepends=True)
    return "".join([*lines[: line + 1], block, *lines[line + 1 :]])


def put_before(text: str, keys: tuple[str, ...], block: str) -> str:
    """`block` above the entry that stands at `keys`."""
    parent, name = _at(text, keys[:-1]), keys[-1]
    line = next((key.start_mark.line for key, _ in parent.value if key.value == name), None)
    if line is None:
        raise LookupError(f"no `{'.'.join(keys)}`")
    lines = text.splitlines(keepends=True)
    return "".join([*lines[:line], block, *lines[line:]])


def has(text: str, keys: tuple[str, ...]) -> bool:
    """Whether something stands at `keys`."""
    try:
        _at(text, keys)
    except LookupError:
        return False
    return True


def _at(text: str, keys: tuple[str, ...]) -> yaml.Node:
    node: yaml.Node | None = yaml.compose(text, Loader=yaml.SafeLoader)
    for depth, name in enumerate(keys, 1):
        pairs = node.value if isinstance(node, yaml.MappingNode) else []
        node = next((value for key, value in pairs if key.value == name), None)
        if node is None:
            raise LookupError(f"no `{'.'.join(keys[:depth])}`")
    if node is None:
        raise LookupError("nothing stands in the file")
    return node


def _last_line(node: yaml.Node) -> int:
    """The line of its last leaf: the end mark of a block lies behind the blank lines and comments that follow it.

    What an alias stands for was written elsewhere, before its key: then the key's own line counts.
    """
    if isinstance(node, yaml.MappingNode) and node.value:
        key, value = node.value[-1]
        is_alias = value.start_mark.index < key.start_mark.index
        return int(key.end_mark.line) if is_alias else max(_last_line(value), int(key.end_mark.line))
    if isinstance(node, yaml.SequenceNode) and node.value:
        entry = node.value[-1]
        if entry.start_mark.index < node.start_mark.index:
            raise LookupError("a list that ends with an alias")
        return max(_last_line(entry), node.start_mark.line)
    # the end mark of a block scalar lies on the line behind it
    is_block = isinstance(node, yaml.ScalarNode) and node.style in ("|", ">")
    return int(node.end_mark.line - 1 if is_block else node.end_mark.line)
