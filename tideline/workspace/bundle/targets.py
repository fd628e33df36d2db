"""Which target is meant, and what it changes."""

from __future__ import annotations

from tideline.workspace.bundle.merge import merge, merge_keyed_lists, refuse_repeated_keys
from tideline.workspace.bundle.nodes import Node
from tideline.workspace.bundle.suggest import did_you_mean
from tideline.workspace.errors import BundleError

ADDED = ("bundle", "workspace", "artifacts", "resources", "sync", "permissions", "presets")
REPLACED = ("run_as", "mode")
MODES = ("development", "production")


def choose_target(tree: Node, wanted: str | None) -> str:
    """The target asked for, else the default one, else the only one; `default` where none is declared."""
    targets = tree.entries("targets")
    if wanted is not None:
        if wanted not in targets and (targets or wanted != "default"):
            place = tree.get("targets")
            raise BundleError(
                f"there is no target `{wanted}`",
                place=place.place if place else tree.place,
                hint=did_you_mean(wanted, targets, what="targets"),
            )
        return wanted
    defaults = [name for name, target in targets.items() if (target.get("default") or target).value is True]
    if len(defaults) > 1:
        second = targets[defaults[1]]
        raise BundleError(f"targets {', '.join(defaults)} are all the default; keep one", place=second.place)
    if not defaults and len(targets) > 1:
        raise BundleError(
            f"the bundle has targets {', '.join(targets)} and none is the default",
            place=tree.get("targets").place if tree.get("targets") else None,  # type: ignore[union-attr]  # asked in the same line
            hint="name one with --target, or set `default: true`",
        )
    return defaults[0] if defaults else next(iter(targets), "default")


def with_target(tree: Node, name: str) -> Node:
    """The tree with what the target adds and replaces; tasks and parameters merged by their keys."""
    target = tree.get("targets", name)
    if target is None or target.value is None:
        return merge_keyed_lists(tree)
    refuse_repeated_keys(target)
    for section in ADDED:
        addition = target.get(section)
        if addition is not None:
            existing = tree.get(section)
            tree = tree.put((section,), merge(existing, addition) if existing is not None else addition)
    for section in REPLACED:
        replacement = target.get(section)
        if replacement is not None:
            tree = tree.put((section,), replacement)
    _check_mode(tree)
    return merge_keyed_lists(tree)


def _check_mode(tree: Node) -> None:
    mode = tree.get("mode")
    if mode is not None and mode.value not in MODES:
        raise BundleError(
            f"`mode` is `{mode.value}`, expected one of {', '.join(MODES)}",
            place=mode.place,
            hint=did_you_mean(str(mode.value), MODES),
        )
