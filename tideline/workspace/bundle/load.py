"""From a folder to a resolved bundle: read, choose the target, fill variables in, apply mode and defaults."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from tideline.workspace.bundle.fanout import fan_out
from tideline.workspace.bundle.files import read_files, refuse_shared_names
from tideline.workspace.bundle.interpolate import Interpolator
from tideline.workspace.bundle.known import (
    refuse_unknown_keys,
    refuse_variables_in_auth,
    refuse_what_is_not_loaded,
)
from tideline.workspace.bundle.model import Bundle
from tideline.workspace.bundle.modes import apply_mode
from tideline.workspace.bundle.namespaces import EARLY, LATE, EarlyNames, LateNames
from tideline.workspace.bundle.nodes import Node
from tideline.workspace.bundle.paths import absolute_paths
from tideline.workspace.bundle.resources import refuse_odd_resources
from tideline.workspace.bundle.targets import choose_target, with_target
from tideline.workspace.bundle.user import LocalUser, local_user
from tideline.workspace.bundle.variables import Given, variable_values
from tideline.workspace.errors import BundleError


def load_bundle(
    root: Path,
    *,
    target: str | None = None,
    variables: Mapping[str, str] | None = None,
    environment: Mapping[str, str] | None = None,
    has_local_settings: bool = True,
    user: LocalUser | None = None,
) -> Bundle:
    """The bundle of the folder `root`, as `target` sees it (None: the default target).

    `environment` holds the BUNDLE_VAR_ values (None: this process's). Without `has_local_settings` values are
    those of a workspace. Raises BundleError, with its place, for whatever does not resolve.
    """
    root = Path(root).resolve()
    written, sources = read_files(root)
    refuse_unknown_keys(written)
    refuse_variables_in_auth(written)
    refuse_what_is_not_loaded(written)
    name = _name(written)
    chosen = choose_target(written, target)
    given = Given(variables or {}, os.environ if environment is None else environment, has_local_settings)
    values = variable_values(root, written, chosen, given)
    whole = with_target(written, chosen)
    refuse_shared_names(whole)
    refuse_odd_resources(whole)
    who = user or local_user()
    early = Interpolator(EarlyNames(whole, chosen, who, values, root), EARLY)
    resolved = _resolve(whole, early, who)
    return Bundle(
        root=root,
        name=name,
        target=chosen,
        mode=resolved.text("mode") or "",
        variables={key: early.resolve(node).plain() for key, node in values.items()},
        resources={kind: node.plain() or {} for kind, node in resolved.entries("resources").items()},
        sources=sources,
        user=who,
        tree=resolved,
    )


def _resolve(whole: Node, early: Interpolator, user: LocalUser) -> Node:
    """Everything but the other targets and the declarations of variables, which stay as written."""
    aside = {key: whole.value[key] for key in ("targets", "variables") if key in whole.value}
    rest = {key: node for key, node in whole.value.items() if key not in aside}
    resolved = apply_mode(early.resolve(whole.with_value(rest)), user)
    resolved = Interpolator(LateNames(resolved), LATE).resolve(resolved)
    resolved = absolute_paths(fan_out(resolved))
    return resolved.with_value({**resolved.value, **aside})


def _name(tree: Node) -> str:
    name = tree.text("bundle", "name")
    if not name:
        place = tree.get("bundle")
        raise BundleError("`bundle.name` is missing", place=place.place if place else tree.place)
    return name
