"""YAML to nodes: one readable error with its place for whatever is broken.

Scalars follow YAML 1.2, as the official command reads them: `yes`, `no`, `on`, `off` and dates stay text.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from tideline.workspace.bundle.known import ROOT_KEYS
from tideline.workspace.bundle.nodes import Node
from tideline.workspace.errors import BundleError, Place

NULLS = {"", "~", "null", "Null", "NULL"}
BOOLS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
INTEGER = re.compile(r"[-+]?(0|[1-9][0-9_]*|0x[0-9a-fA-F]+|0o[0-7]+)\Z")
FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")


def read_yaml(path: Path) -> Node:
    """The file as a tree; an empty file is an empty map.

    Raises BundleError for a file that cannot be read, broken YAML, a duplicate key, a key that is not text,
    an anchor that contains itself, or a document that is not a map.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise BundleError("the file does not exist", place=Place(path)) from None
    except (OSError, UnicodeDecodeError) as error:
        raise BundleError(f"the file cannot be read as UTF-8 text: {error}", place=Place(path)) from None
    try:
        loader = _AnchorLoader(text)
        document = loader.get_single_node()
    except yaml.MarkedYAMLError as error:
        raise _broken(path, error) from None
    except yaml.YAMLError as error:
        raise BundleError(f"the YAML is broken: {error}", place=Place(path)) from None
    if document is None or (isinstance(document, yaml.ScalarNode) and document.value in NULLS):
        return Node({}, Place(path, 1, 1))
    root = _Converter(path).node(document)
    if not root.is_map:
        raise BundleError(f"the file holds {root.kind}; a bundle file is a map of sections", place=root.place)
    return _without_anchor_holders(root, document, loader.anchored)


class _AnchorLoader(yaml.SafeLoader):
    """Remembers which nodes an anchor names."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.anchored: set[int] = set()

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        event: object = self.peek_event()  # type: ignore[no-untyped-call]  # PyYAML's stubs leave it out
        node = super().compose_node(parent, index)
        if not isinstance(event, yaml.AliasEvent) and getattr(event, "anchor", None):
            self.anchored.add(id(node))
        return node


def _without_anchor_holders(root: Node, document: yaml.Node, anchored: set[int]) -> Node:
    """Top-level keys that no bundle has and whose value is an anchor hold text for reuse: left out."""
    holders = {
        key.value
        for key, value in document.value
        if id(value) in anchored and isinstance(key, yaml.ScalarNode) and key.value not in ROOT_KEYS
    }
    return root.with_value({key: node for key, node in root.value.items() if key not in holders})


def _broken(path: Path, error: yaml.MarkedYAMLError) -> BundleError:
    mark = error.problem_mark or error.context_mark
    place = Place(path, mark.line + 1, mark.column + 1) if mark else Place(path)
    problem = error.problem or "it cannot be parsed"
    if "\\t" in problem:
        return BundleError(
            "the YAML is broken: a tab indents this line", place=place, hint="indent with spaces"
        )
    context = f", {error.context}" if error.context else ""
    return BundleError(f"the YAML is broken: {problem}{context}", place=place)


class _Converter:
    """Composed YAML to nodes; an anchor used twice gives equal trees whose places are the anchor's."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.done: dict[int, Node] = {}
        self.open: set[int] = set()

    def place(self, node: yaml.Node) -> Place:
        return Place(self.path, node.start_mark.line + 1, node.start_mark.column + 1)

    def node(self, node: yaml.Node) -> Node:
        if id(node) in self.open:
            raise BundleError("this anchor contains itself", place=self.place(node))
        if id(node) not in self.done:
            self.open.add(id(node))
            self.done[id(node)] = Node(self.value(node), self.place(node))
            self.open.discard(id(node))
        return self.done[id(node)]

    def value(self, node: yaml.Node) -> Any:
        if isinstance(node, yaml.MappingNode):
            return self.entries(node)
        if isinstance(node, yaml.SequenceNode):
            return [self.node(item) for item in node.value]
        return scalar(node) if isinstance(node, yaml.ScalarNode) else None

    def entries(self, node: yaml.MappingNode) -> dict[str, Node]:
        own: dict[str, Node] = {}
        merged: dict[str, Node] = {}
        for key, value in node.value:
            if key.tag == "tag:yaml.org,2002:merge":
                merged = {**self.merged(value, key), **merged}
                continue
            name = self.key(key)
            if name in own:
                first = own[name].place
                raise BundleError(
                    f"the key `{name}` stands twice in one map (first in line {first.line})",
                    place=self.place(key),
                )
            own[name] = Node(self.node(value).value, self.place(key))
        return {**merged, **own}

    def merged(self, node: yaml.Node, key: yaml.Node) -> dict[str, Node]:
        """What `<<` brings: one alias of a map, or a list of maps of which the earlier win."""
        if isinstance(node, yaml.MappingNode) and node.start_mark.index > key.start_mark.index:
            hint = "give the map an anchor and write <<: *name"
            raise BundleError("`<<` takes an alias, not a map", place=self.place(key), hint=hint)
        sources = node.value if isinstance(node, yaml.SequenceNode) else [node]
        found: dict[str, Node] = {}
        for source in sources:
            tree = self.node(source)
            if not tree.is_map:
                raise BundleError(f"`<<` takes a map or maps, not {tree.kind}", place=self.place(source))
            found = {**tree.value, **found}
        return found

    def key(self, node: yaml.Node) -> str:
        if not isinstance(node, yaml.ScalarNode) or not isinstance(scalar(node), str):
            raise BundleError("a key is not text", place=self.place(node), hint="write the key in quotes")
        return str(node.value)


def scalar(node: yaml.ScalarNode) -> Any:
    """The value of a scalar: typed only where it is plain, text wherever it is quoted or a block."""
    text = node.value
    if node.style is not None or node.tag == "!" or (node.tag.endswith(":str") and text in NULLS):
        return text
    if text in NULLS:
        return None
    if text in BOOLS:
        return BOOLS[text]
    if INTEGER.match(text):
        return int(text.replace("_", ""), 0)
    return float(text) if FLOAT.match(text) else text
