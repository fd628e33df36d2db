"""Which files make the bundle: databricks.yml and what its `include` names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tideline.workspace.bundle.merge import merge, refuse_repeated_keys
from tideline.workspace.bundle.nodes import Node
from tideline.workspace.bundle.yaml_reader import read_yaml
from tideline.workspace.errors import BundleError, Place

ROOT_NAMES = ("databricks.yml", "databricks.yaml", "bundle.yml", "bundle.yaml")
WILD = frozenset("*?[")


def root_file(root: Path) -> Path:
    """The bundle's own file; BundleError where the folder has none or several."""
    found = [root / name for name in ROOT_NAMES if (root / name).is_file()]
    if not found:
        raise BundleError(
            "this folder holds no bundle: databricks.yml is missing",
            place=Place(root),
            hint="run the command in the bundle's folder, or name it with --root DIR",
        )
    if len(found) > 1:
        raise BundleError(
            f"{found[0].name} and {found[1].name} stand side by side; keep one", place=Place(root)
        )
    return found[0]


def read_files(root: Path) -> tuple[Node, tuple[Path, ...]]:
    """The merged tree of all files, and the files in the order in which they were merged."""
    main = root_file(root)
    tree = read_yaml(main)
    refuse_repeated_keys(tree)
    files = [main]
    for path in included_files(root, tree):
        included = read_yaml(path)
        _refuse_nested_include(included)
        refuse_repeated_keys(included)
        refuse_second_definitions(tree, included)
        tree = merge(tree, included)
        files.append(path)
    refuse_shared_names(tree)
    return tree, tuple(files)


def included_files(root: Path, tree: Node) -> list[Path]:
    """The files that `include` names, each once, sorted within a pattern.

    A plain name that matches nothing is a BundleError; a pattern may match nothing.
    """
    found: list[Path] = []
    for entry in tree.items("include"):
        for path in _matches(root, entry):
            if path not in found and path != root_file(root):
                found.append(path)
    return found


def _matches(root: Path, entry: Node) -> list[Path]:
    pattern = entry.value
    if not isinstance(pattern, str) or not pattern:
        raise BundleError(f"`include` takes names of files, found {entry.kind}", place=entry.place)
    if Path(pattern).is_absolute():
        raise BundleError(f"`include` takes paths below the bundle, found `{pattern}`", place=entry.place)
    matches = sorted(matching_files(root, pattern))
    if not matches and not WILD & set(pattern):
        raise BundleError(f"`include` names `{pattern}`, which does not exist", place=entry.place)
    for path in matches:
        if path.suffix not in {".yml", ".yaml", ".json"}:
            name = path.relative_to(root)
            raise BundleError(
                f"`include` matches `{name}`, which is neither YAML nor JSON", place=entry.place
            )
    return matches


def matching_files(root: Path, pattern: str) -> Iterator[Path]:
    """The files below `root` that a pattern names; none for a pattern that is not well-formed."""
    try:
        yield from (path for path in root.glob(pattern) if path.is_file())
    except (ValueError, NotImplementedError, RecursionError):
        return


def _refuse_nested_include(included: Node) -> None:
    nested = included.get("include")
    if nested is not None:
        raise BundleError(
            "`include` works in databricks.yml only; here it would be ignored", place=nested.place
        )


def refuse_second_definitions(first: Node, second: Node) -> None:
    """A resource stands in one file; only a target may add to it."""
    for kind, resources in second.entries("resources").items():
        for name, resource in resources.entries().items():
            earlier = first.get("resources", kind, name)
            if earlier is not None:
                raise BundleError(
                    f"resource {kind}.{name} is defined twice (first in {earlier.place})",
                    place=resource.place,
                )


def refuse_shared_names(tree: Node) -> None:
    """A resource's key is unique over all kinds."""
    seen: dict[str, tuple[str, Node]] = {}
    for kind, resources in tree.entries("resources").items():
        for name, resource in resources.entries().items():
            if name in seen:
                other, node = seen[name]
                raise BundleError(
                    f"{kind}.{name} has the key of {other}.{name} ({node.place})",
                    place=resource.place,
                )
            seen[name] = (kind, resource)
