"""`${...}` to values: exactly one reference keeps the type, several become text; cycles are found.

`{{...}}` belongs to the job service and is never touched.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from tideline.workspace.bundle.nodes import Node
from tideline.workspace.errors import BundleError

# Letters first, then letters and digits with - or _ inside; no text can be matched in two ways.
_NAME = r"_*[^\W\d_](?:[^\W_]|[-_]+[^\W_])*"
REFERENCE = re.compile(rf"(?<!\$)\$\{{({_NAME}(?:\.{_NAME}(?:\[[0-9]+\])*)*(?:\[[0-9]+\])*)\}}")
STEP = re.compile(r"\[([0-9]+)\]|([^.\[\]]+)")

# Gives the node of a reference's steps; None leaves the reference standing for a later pass.
Lookup = Callable[[tuple[str | int, ...], Node], Node | None]


def steps_of(reference: str) -> tuple[str | int, ...]:
    """`var.list[2].x` -> ("var", "list", 2, "x")."""
    return tuple(int(number) if number else name for number, name in STEP.findall(reference))


def references_in(text: str) -> list[str]:
    """The references of a text, in order, without `${` and `}`."""
    return [match.group(1) for match in REFERENCE.finditer(text)]


def as_text(value: object) -> str:
    """A scalar as it stands in a text: true and false in small letters, empty as nothing."""
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


class Interpolator:
    """Replaces references by what `lookup` gives, which may hold references itself."""

    def __init__(self, lookup: Lookup, roots: Iterable[str]) -> None:
        self.lookup, self.roots = lookup, frozenset(roots)
        self.open: list[str] = []

    def resolve(self, node: Node) -> Node:
        """The node with every reference of the known roots replaced; other roots stay as they are."""
        if node.is_map:
            return node.with_value({key: self.resolve(child) for key, child in node.value.items()})
        if node.is_list:
            return node.with_value([self.resolve(child) for child in node.value])
        return self._text(node) if isinstance(node.value, str) and "${" in node.value else node

    def _text(self, node: Node) -> Node:
        whole = REFERENCE.fullmatch(node.value)
        if whole:
            found = self._follow(whole.group(1), node)
            return node if found is None else node.with_value(found.value)
        return node.with_value(REFERENCE.sub(lambda match: self._as_text(match, node), node.value))

    def _as_text(self, match: re.Match[str], node: Node) -> str:
        found = self._follow(match.group(1), node)
        if found is None:
            return match.group(0)
        if found.is_map or found.is_list:
            raise BundleError(
                f"`{match.group(0)}` is {found.kind} and cannot stand inside a text",
                place=node.place,
                hint="use it as the whole value, or name one of its fields",
            )
        return as_text(found.value)

    def _follow(self, reference: str, node: Node) -> Node | None:
        if steps_of(reference)[0] not in self.roots:
            return None
        if reference in self.open:
            circle = " -> ".join([*self.open[self.open.index(reference) :], reference])
            raise BundleError(f"references go in a circle: {circle}", place=node.place)
        found = self.lookup(steps_of(reference), node)
        if found is None:
            return None
        self.open.append(reference)
        try:
            return self.resolve(found)
        finally:
            self.open.pop()
