"""Strict validation of resources by the official models, every finding at its own line.

The models of `databricks-bundles` say which fields exist, which are required and what an enumeration holds.
Walking them finds all mistakes at once; `from_dict` has the last word.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Iterator
from enum import Enum
from functools import cache
from typing import Any

from databricks.bundles.core import Variable

from tideline.workspace.bundle.findings import Finding, warning
from tideline.workspace.bundle.interpolate import REFERENCE
from tideline.workspace.bundle.model import Bundle
from tideline.workspace.bundle.nodes import Node
from tideline.workspace.bundle.resources import model_of
from tideline.workspace.bundle.suggest import did_you_mean

RULE = "unknown-or-wrong-field"
TRUTHS = {"true", "false", "yes", "no", "y", "n", "on", "off"}


def strict_findings(bundle: Bundle) -> Iterator[Finding]:
    """Every unknown field, missing field and wrong value of every resource."""
    for kind, group in bundle.tree.entries("resources").items():
        for key, resource in group.entries().items():
            found = list(_check(model_of(kind), resource, f"{kind}.{key}"))
            yield from found or _last_word(model_of(kind), resource, f"{kind}.{key}")


def _last_word(model: Any, resource: Node, owner: str) -> Iterator[Finding]:
    try:
        model.from_dict(resource.plain())
    except (TypeError, ValueError, AssertionError) as error:
        yield Finding(resource.place, RULE, f"{owner}: {error}")


def _check(expected: Any, node: Node, owner: str) -> Iterator[Finding]:
    """Findings of one value against one annotation of a model."""
    expected = _bare(expected)
    if expected is Any or _is_reference(node):
        return
    if node.value is None:
        if isinstance(expected, type) and not dataclasses.is_dataclass(expected):
            message = f"{owner} is empty, expected {_name(expected)}"
            yield warning(node.place, "empty-field", message, "leave the field out")
        return
    if dataclasses.is_dataclass(expected):
        yield from _check_fields(typing.cast(type, expected), node, owner)
    elif typing.get_origin(expected) is list:
        yield from _check_list(typing.get_args(expected)[0], node, owner)
    elif typing.get_origin(expected) is dict:
        yield from _check_map(typing.get_args(expected)[1], node, owner)
    else:
        yield from _check_scalar(expected, node, owner)


def _check_fields(model: type, node: Node, owner: str) -> Iterator[Finding]:
    if not node.is_map:
        yield Finding(node.place, RULE, f"{owner} is {node.kind}, expected a map of {model.__name__} fields")
        return
    hints = _hints(model)
    for name, child in node.value.items():
        if name not in hints:
            hint = did_you_mean(name, hints)
            yield Finding(child.place, RULE, f"{owner} has an unknown field `{name}`", hint)
        else:
            yield from _check(hints[name], child, f"{owner}.{name}")
    for name in _required(model):
        if node.get(name) is None or node.get(name).value is None:  # type: ignore[union-attr]  # asked in the same line
            yield Finding(node.place, RULE, f"{owner} lacks its field `{name}`")


def _check_list(element: Any, node: Node, owner: str) -> Iterator[Finding]:
    if not node.is_list:
        yield Finding(node.place, RULE, f"{owner} is {node.kind}, expected a list")
        return
    for number, child in enumerate(node.value):
        name = child.text("task_key") or child.text("name") or str(number)
        yield from _check(element, child, f"{owner}[{name}]")


def _check_map(element: Any, node: Node, owner: str) -> Iterator[Finding]:
    if not node.is_map:
        yield Finding(node.place, RULE, f"{owner} is {node.kind}, expected a map")
        return
    for name, child in node.value.items():
        yield from _check(element, child, f"{owner}.{name}")


def _check_scalar(expected: type, node: Node, owner: str) -> Iterator[Finding]:
    if node.is_map or node.is_list:
        yield Finding(node.place, RULE, f"{owner} is {node.kind}, expected {_name(expected)}")
    elif isinstance(expected, type) and issubclass(expected, Enum):
        values = [str(member.value) for member in expected]
        if str(node.value) not in values:
            hint = did_you_mean(str(node.value), values)
            yield Finding(
                node.place, RULE, f"{owner} is `{node.value}`, which is no {expected.__name__}", hint
            )
    elif not _fits(expected, node.value):
        yield Finding(node.place, RULE, f"{owner} is `{node.value}`, expected {_name(expected)}")


def _fits(expected: type, value: Any) -> bool:
    if expected is bool:
        return isinstance(value, bool) or str(value).lower() in TRUTHS
    if expected in (int, float):
        try:
            expected(value)
        except ValueError:
            return False
        return not isinstance(value, bool)
    return True


def _is_reference(node: Node) -> bool:
    return isinstance(node.value, str) and REFERENCE.fullmatch(node.value) is not None


def _bare(expected: Any) -> Any:
    """The annotation without Optional and without `or a variable`."""
    if typing.get_origin(expected) in (typing.Union, types.UnionType):
        kept = [
            arg
            for arg in typing.get_args(expected)
            if arg is not types.NoneType and typing.get_origin(arg) is not Variable
        ]
        return _bare(kept[0]) if kept else Any
    return expected


def _name(expected: Any) -> str:
    names = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}
    return names.get(expected, f"a {getattr(expected, '__name__', expected)}")


@cache
def _hints(model: type) -> dict[str, Any]:
    hints = typing.get_type_hints(model)
    return {field.name: hints[field.name] for field in dataclasses.fields(model)}


@cache
def _required(model: type) -> tuple[str, ...]:
    missing = dataclasses.MISSING
    fields = dataclasses.fields(model)
    return tuple(
        field.name for field in fields if field.default is missing and field.default_factory is missing
    )
