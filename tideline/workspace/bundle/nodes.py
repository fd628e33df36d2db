"""The tree of a bundle: every value knows the file, line and column that said it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from tideline.workspace.errors import Place

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Node:
    """A map of nodes, a list of nodes, or a scalar. The place of a map's entry is the place of its key."""

    value: Any
    place: Place

    @property
    def is_map(self) -> bool:
        return isinstance(self.value, dict)

    @property
    def is_list(self) -> bool:
        return isinstance(self.value, list)

    @property
    def kind(self) -> str:
        """How a person would call it: map, list, text, number, true/false or empty."""
        if self.is_map or self.is_list:
            return "a map" if self.is_map else "a list"
        if self.value is None:
            return "empty"
        if isinstance(self.value, bool):
            return "true or false"
        return "text" if isinstance(self.value, str) else "a number"

    def get(self, *path: str | int) -> Node | None:
        """The node at `path` below this one, or None where the path leaves the tree."""
        here: Node | None = self
        for step in path:
            here = here.child(step) if here else None
        return here

    def child(self, step: str | int) -> Node | None:
        if self.is_map:
            return self.value.get(step)  # type: ignore[no-any-return]  # YAML is untyped
        if self.is_list and isinstance(step, int) and 0 <= step < len(self.value):
            return self.value[step]  # type: ignore[no-any-return]  # YAML is untyped
        return None

    def entries(self, *path: str | int) -> dict[str, Node]:
        """The entries of the map at `path`; empty where there is none."""
        found = self.get(*path)
        return found.value if found is not None and found.is_map else {}

    def items(self, *path: str | int) -> list[Node]:
        """The elements of the list at `path`; empty where there is none."""
        found = self.get(*path)
        return found.value if found is not None and found.is_list else []

    def text(self, *path: str | int) -> str | None:
        """The scalar at `path` as text; None for maps, lists, empty and missing."""
        found = self.get(*path)
        if found is None or found.is_map or found.is_list or found.value is None:
            return None
        return str(found.value).lower() if isinstance(found.value, bool) else str(found.value)

    def with_value(self, value: Any) -> Node:
        return replace(self, value=value)

    def put(self, path: Path, node: Node) -> Node:
        """A copy of this tree with `node` at `path`; missing maps on the way get this node's place."""
        if not path:
            return node
        step, rest = path[0], path[1:]
        below = (self.child(step) or Node({}, self.place)).put(rest, node)
        if self.is_list:
            return self.with_value([below if n == step else old for n, old in enumerate(self.value)])
        return self.with_value({**(self.value or {}), step: below})

    def plain(self) -> Any:
        """The same data without places, as Python maps, lists and scalars."""
        if self.is_map:
            return {key: child.plain() for key, child in self.value.items()}
        if self.is_list:
            return [child.plain() for child in self.value]
        return self.value

    def walk(self, path: Path = ()) -> Iterator[tuple[Path, Node]]:
        """Every node with its path, parents before children, in the order of the files."""
        yield path, self
        if self.is_map:
            for key, child in self.value.items():
                yield from child.walk((*path, key))
        elif self.is_list:
            for number, child in enumerate(self.value):
                yield from child.walk((*path, number))


def node_of(data: Any, place: Place) -> Node:
    """Plain data as a tree, every node at the same place."""
    if isinstance(data, Mapping):
        return Node({str(key): node_of(value, place) for key, value in data.items()}, place)
    if isinstance(data, list | tuple):
        return Node([node_of(value, place) for value in data], place)
    return Node(data, place)
