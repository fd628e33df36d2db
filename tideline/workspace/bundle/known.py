"""The keys that a bundle's root, its targets and its variables may hold; anything else is refused by name."""

from __future__ import annotations

from collections.abc import Iterable

from tideline.workspace.bundle.nodes import Node
from tideline.workspace.bundle.suggest import did_you_mean
from tideline.workspace.errors import BundleError


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


ROOT_KEYS = _names(
    "bundle include sync artifacts variables workspace presets permissions run_as resources targets scripts "
    "python experimental"
)
TARGET_KEYS = _names(
    "default mode bundle workspace artifacts resources sync permissions presets variables run_as git cluster_id"
)
SECTION_KEYS = {
    "bundle": _names("name uuid databricks_cli_version deployment engine cluster_id git"),
    "sync": _names("paths include exclude"),
    "workspace": _names(
        "host profile root_path file_path artifact_path state_path resource_path account_id auth_type "
        "client_id google_service_account azure_client_id azure_environment azure_login_app_id "
        "azure_tenant_id azure_use_msi azure_workspace_resource_id workspace_id"
    ),
    "presets": _names(
        "name_prefix tags trigger_pause_status jobs_max_concurrent_runs pipelines_development "
        "source_linked_deployment artifacts_dynamic_version"
    ),
    "run_as": _names("user_name service_principal_name"),
    "experimental": _names(
        "scripts python_wheel_wrapper immutable_folder record_deployment_history use_legacy_run_as "
        "skip_name_prefix_for_schema skip_artifact_cleanup python pydabs"
    ),
}
VARIABLE_KEYS = _names("description default type lookup")
AUTH_KEYS = SECTION_KEYS["workspace"] - _names("root_path file_path artifact_path state_path resource_path")


def refuse_unknown_keys(root: Node) -> None:
    """BundleError at the first key that no bundle has, with the one that was probably meant."""
    _refuse(root, ROOT_KEYS, "a bundle file")
    for name, target in root.entries("targets").items():
        _refuse(target, TARGET_KEYS, f"target `{name}`")
    for holder in [root, *root.entries("targets").values()]:
        for section, keys in SECTION_KEYS.items():
            found = holder.get(section)
            if found is not None:
                _refuse(found, keys, f"`{section}`")
    for name, variable in root.entries("variables").items():
        _refuse(variable, VARIABLE_KEYS, f"variable `{name}`")


def refuse_what_is_not_loaded(root: Node) -> None:
    """Resources made by Python code are not emulated: BundleError instead of a bundle that lacks them."""
    for path in (("python",), ("experimental", "python"), ("experimental", "pydabs")):
        found = root.get(*path)
        if found is not None and (
            found.entries("resources") or found.items("resources") or found.items("mutators")
        ):
            raise BundleError(
                f"`{'.'.join(path)}` makes resources in Python, which is not emulated here",
                place=found.place,
                hint="write the resources in YAML, or run this bundle in a workspace",
            )


def refuse_variables_in_auth(root: Node) -> None:
    """Hosts, profiles and client ids are read before any variable is known."""
    for holder in [root, *root.entries("targets").values()]:
        for key, node in holder.entries("workspace").items():
            if key in AUTH_KEYS and isinstance(node.value, str) and "${" in node.value:
                raise BundleError(
                    f"`workspace.{key}` takes no variables, found `{node.value}`",
                    place=node.place,
                    hint="leave it out and choose the workspace by profile or environment",
                )
        name = holder.get("bundle", "name")
        if name is not None and isinstance(name.value, str) and "${" in name.value:
            raise BundleError("`bundle.name` takes no variables", place=name.place)


def _refuse(node: Node, keys: Iterable[str], owner: str) -> None:
    if node.value is None:
        return
    if not node.is_map:
        raise BundleError(f"{owner} is {node.kind}, expected a map", place=node.place)
    for key, child in node.value.items():
        if key not in keys:
            raise BundleError(f"{owner} has no key `{key}`", place=child.place, hint=did_you_mean(key, keys))
