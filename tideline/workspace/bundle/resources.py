"""The kinds of resources that a bundle may hold, and the official model of each."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from tideline.workspace.bundle.nodes import Node
from tideline.workspace.bundle.suggest import did_you_mean
from tideline.workspace.errors import BundleError

# The package keeps one module per kind here; its version is pinned and a test compares the kinds.
GENERATED = "databricks.bundles.core._generated"


@cache
def resource_kinds() -> tuple[str, ...]:
    """Every kind that the installed `databricks-bundles` knows, as `resources` spells them."""
    package = importlib.import_module(GENERATED)
    return tuple(sorted(module.name for module in pkgutil.iter_modules(package.__path__)))


@cache
def model_of(kind: str) -> type:
    """The dataclass with `from_dict` that validates a resource of this kind; only this kind's models are loaded."""
    model: type = importlib.import_module(f"{GENERATED}.{kind}")._resource_type().resource_type
    return model


def refuse_odd_resources(tree: Node) -> None:
    """BundleError for a kind that does not exist and for a resource that is empty or no map."""
    resources = tree.get("resources")
    if resources is None or resources.value is None:
        return
    if not resources.is_map:
        raise BundleError(f"`resources` is {resources.kind}, expected a map", place=resources.place)
    for kind, group in resources.value.items():
        if kind not in resource_kinds():
            hint = did_you_mean(kind, resource_kinds())
            raise BundleError(f"`resources` has no kind `{kind}`", place=group.place, hint=hint)
        if group.value is not None and not group.is_map:
            raise BundleError(f"`resources.{kind}` is {group.kind}, expected a map", place=group.place)
        for key, resource in group.entries().items():
            if not resource.is_map:
                raise BundleError(
                    f"{kind}.{key} is {resource.kind}, expected its fields", place=resource.place
                )
