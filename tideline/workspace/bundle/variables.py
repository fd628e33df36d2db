"""The value of every variable and where it was said.

From strongest to weakest: `--var`, `BUNDLE_VAR_<name>`, `[tool.tideline.variables]` of pyproject.toml,
`.databricks/bundle/<target>/variable-overrides.json`, the target's value, the default.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tideline.workspace.bundle.known import VARIABLE_KEYS
from tideline.workspace.bundle.nodes import Node, node_of
from tideline.workspace.bundle.suggest import did_you_mean
from tideline.workspace.errors import BundleError, Place
from tideline.workspace.layout import Layout


@dataclass(frozen=True)
class Given:
    """Values handed in from outside the bundle's YAML."""

    options: Mapping[str, str]
    environment: Mapping[str, str]
    has_local_settings: bool = True


def variable_values(root: Path, tree: Node, target: str, given: Given) -> dict[str, Node]:
    """One node per declared variable that has a value; a lookup without an override is left out.

    Raises BundleError for a value of a variable that nobody declared, and for a variable without any value.
    """
    declared = {name: _declaration(node) for name, node in tree.entries("variables").items()}
    _apply_target(declared, tree, target)
    layers = [
        _override_file(root, target, declared),
        _local_settings(root, declared) if given.has_local_settings else {},
        _environment(given.environment, declared),
        _options(given.options, declared),
    ]
    values: dict[str, Node] = {}
    for name, declaration in declared.items():
        said = [layer[name] for layer in layers if name in layer]
        if said:
            values[name] = said[-1]
        elif "lookup" not in declaration and "default" in declaration:
            values[name] = declaration["default"]
        elif "lookup" not in declaration:
            raise _no_value(name, tree)
    return values


def _declaration(node: Node) -> dict[str, Node]:
    return dict(node.entries())


def _apply_target(declared: dict[str, dict[str, Node]], tree: Node, target: str) -> None:
    """A target's value replaces the default whole, and a value drops the lookup."""
    for name, value in tree.entries("targets", target, "variables").items():
        _require_declared(name, declared, value.place)
        is_definition = value.is_map and set(value.value) <= VARIABLE_KEYS and bool(value.value)
        override = dict(value.value) if is_definition else {"default": value}
        if "default" in override:
            declared[name].pop("lookup", None)
        if "lookup" in override:
            declared[name].pop("default", None)
        declared[name].update(override)


def _options(options: Mapping[str, str], declared: dict[str, dict[str, Node]]) -> dict[str, Node]:
    place = Place(Path("--var"))
    for name in options:
        _require_declared(name, declared, place)
        _require_scalar(name, declared, place)
    return {name: Node(value, place) for name, value in options.items()}


def _environment(environment: Mapping[str, str], declared: dict[str, dict[str, Node]]) -> dict[str, Node]:
    found: dict[str, Node] = {}
    for name in declared:
        key = f"BUNDLE_VAR_{name}"
        if key in environment:
            _require_scalar(name, declared, Place(Path(key)))
            found[name] = Node(environment[key], Place(Path(key)))
    return found


def _local_settings(root: Path, declared: dict[str, dict[str, Node]]) -> dict[str, Node]:
    path, values = root / "pyproject.toml", local_variables(root)
    for name in values:
        _require_declared(name, declared, _toml_place(path, name))
    return {name: node_of(value, _toml_place(path, name)) for name, value in values.items()}


def local_variables(root: Path) -> dict[str, Any]:
    """The values that variables have on this machine, by `[tool.tideline.variables]`; empty where nothing says so."""
    path = root / "pyproject.toml"
    if not path.is_file():
        return {}
    try:
        settings = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BundleError(f"the TOML is broken: {error}", place=Place(path)) from None
    values = settings.get("tool", {}).get("tideline", {}).get("variables", {})
    return {name: _filled(value, root) for name, value in values.items()}


def _filled(value: Any, root: Path) -> Any:
    return value.replace("{volumes}", str(Layout(root).volumes)) if isinstance(value, str) else value


def _toml_place(path: Path, name: str) -> Place:
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if line.split("=")[0].strip().strip('"') == name:
            return Place(path, number, 1)
    return Place(path)


def _override_file(root: Path, target: str, declared: dict[str, dict[str, Node]]) -> dict[str, Node]:
    path = root / ".databricks" / "bundle" / target / "variable-overrides.json"
    if not path.is_file():
        return {}
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise BundleError(f"the JSON is broken: {error}", place=Place(path)) from None
    if not isinstance(values, dict):
        raise BundleError("the file must hold one JSON object of variables", place=Place(path))
    for name in values:
        _require_declared(name, declared, Place(path))
    return {name: node_of(value, Place(path)) for name, value in values.items()}


def _require_declared(name: str, declared: Mapping[str, object], place: Place) -> None:
    if name not in declared:
        raise BundleError(
            f"there is no variable `{name}`", place=place, hint=did_you_mean(name, declared, what="variables")
        )


def _require_scalar(name: str, declared: dict[str, dict[str, Node]], place: Place) -> None:
    kind = declared[name].get("type")
    if kind is not None and kind.value == "complex":
        raise BundleError(
            f"variable `{name}` holds a map or a list, which {place.file} cannot say",
            place=kind.place,
            hint="use the target's value or .databricks/bundle/<target>/variable-overrides.json",
        )


def _no_value(name: str, tree: Node) -> BundleError:
    return BundleError(
        f"variable `{name}` has no value",
        place=tree.entries("variables")[name].place,
        hint=f"give it with --var {name}=..., BUNDLE_VAR_{name}, the target or a default",
    )
