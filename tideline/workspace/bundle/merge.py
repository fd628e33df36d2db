"""How two descriptions become one: maps merge, lists concatenate, a later scalar wins, keyed lists merge."""

from __future__ import annotations

from tideline.workspace.bundle.nodes import Node
from tideline.workspace.errors import BundleError

# Lists of a resource whose elements are one thing when their key is equal.
KEYED_LISTS = {
    "jobs": {
        "tasks": "task_key",
        "job_clusters": "job_cluster_key",
        "parameters": "name",
        "environments": "environment_key",
    },
    "pipelines": {"clusters": "label"},
    "apps": {"resources": "name"},
}


def merge(first: Node, second: Node) -> Node:
    """Both, the second winning between scalars; BundleError where one is a map and the other is not."""
    if second.value is None:
        return first
    if first.value is None:
        return second
    if first.is_map and second.is_map:
        together = dict(first.value)
        for key, node in second.value.items():
            together[key] = merge(together[key], node) if key in together else node
        return first.with_value(together)
    if first.is_list and second.is_list:
        return first.with_value([*first.value, *second.value])
    if first.is_map or first.is_list or second.is_map or second.is_list:
        raise BundleError(f"this is {second.kind}, but {first.place} gives {first.kind}", place=second.place)
    return second


def merge_keyed_lists(root: Node) -> Node:
    """Tasks, clusters and parameters of the same key become one; the order of first mention stays."""
    for kind, lists in KEYED_LISTS.items():
        for name in root.entries("resources", kind):
            for field, key in lists.items():
                found = root.get("resources", kind, name, field)
                if found is not None and found.is_list:
                    root = root.put(("resources", kind, name, field), _merged_by(found, key))
    return root


def _merged_by(elements: Node, key: str) -> Node:
    by_key: dict[str, Node] = {}
    for number, element in enumerate(elements.value):
        name = element.text(key) or f"\0{number}"
        by_key[name] = merge(by_key[name], element) if name in by_key else element
    return elements.with_value(list(by_key.values()))


def refuse_repeated_keys(root: Node) -> None:
    """A list that gives one key twice by itself is a slip, not an override: BundleError at the second."""
    for kind, lists in KEYED_LISTS.items():
        for name, resource in root.entries("resources", kind).items():
            for field, key in lists.items():
                _refuse_twice(resource.items(field), key, f"{kind}.{name}")


def _refuse_twice(elements: list[Node], key: str, owner: str) -> None:
    seen: dict[str, Node] = {}
    for element in elements:
        name = element.text(key)
        if name is not None and name in seen:
            raise BundleError(
                f"{owner} gives {key} `{name}` twice (first in {seen[name].place})", place=element.place
            )
        if name is not None:
            seen[name] = element
