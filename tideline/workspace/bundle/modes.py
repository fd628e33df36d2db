"""Mode development and presets: what they fill in, and the names that they prefix."""

from __future__ import annotations

import re

from tideline.workspace.bundle.nodes import Node, node_of
from tideline.workspace.bundle.user import LocalUser
from tideline.workspace.errors import BundleError

DEVELOPMENT_RUNS = 4

# The field with the name that gets a prefix: as it is, or reduced to what a catalogue name may hold.
PLAIN_NAMES = {
    "jobs": "name",
    "pipelines": "name",
    "clusters": "cluster_name",
    "dashboards": "display_name",
    "alerts": "display_name",
    "sql_warehouses": "name",
    "models": "name",
}
CATALOGUE_NAMES = {"schemas": "name", "registered_models": "name", "model_serving_endpoints": "name"}
TAG_MAPS = {"jobs": "tags", "clusters": "custom_tags"}
TAG_LISTS = ("experiments", "models")
TRIGGERS = ("schedule", "trigger", "continuous")


def apply_mode(tree: Node, user: LocalUser) -> Node:
    """The tree with its names prefixed, tags added and triggers paused as mode and presets ask."""
    presets = _presets(tree, user)
    prefix = presets.text("name_prefix") or ""
    if prefix:
        tree = _prefix_names(tree, prefix)
    tree = _add_tags(tree, presets.entries("tags"))
    for key, job in tree.entries("resources", "jobs").items():
        tree = tree.put(("resources", "jobs", key), _fill_job(job, presets))
    if tree.text("mode") == "development" or presets.text("pipelines_development") == "true":
        for key, pipeline in tree.entries("resources", "pipelines").items():
            if pipeline.get("development") is None:
                flag = Node(True, pipeline.place)
                tree = tree.put(("resources", "pipelines", key, "development"), flag)
    return tree


def _presets(tree: Node, user: LocalUser) -> Node:
    """The presets as written, over those of the mode; BundleError where development would lose its safety."""
    written = tree.get("presets") or Node({}, tree.place)
    if tree.text("mode") != "development":
        return written
    status = written.get("trigger_pause_status")
    if status is not None and status.value == "UNPAUSED":
        raise BundleError(
            "mode development keeps triggers paused; UNPAUSED contradicts it", place=status.place
        )
    prefix = written.get("name_prefix")
    if prefix is not None and user.short_name not in str(prefix.value):
        raise BundleError(
            f"in mode development `name_prefix` must hold the user's short name, found `{prefix.value}`",
            place=prefix.place,
            hint="write ${workspace.current_user.short_name} into it",
        )
    mode = {
        "name_prefix": f"[dev {user.short_name}] ",
        "trigger_pause_status": "PAUSED",
        "jobs_max_concurrent_runs": DEVELOPMENT_RUNS,
    }
    tags = {"dev": user.short_name}
    filled = {**node_of(mode, tree.place).value, **written.entries()}
    return Node({**filled, "tags": node_of({**tags, **_plain(written, "tags")}, tree.place)}, written.place)


def _plain(node: Node, key: str) -> dict[str, object]:
    found = node.get(key)
    return dict(found.plain()) if found is not None and found.is_map else {}


def _prefix_names(tree: Node, prefix: str) -> Node:
    catalogue = catalogue_prefix(prefix)
    keeps_schemas = tree.text("experimental", "skip_name_prefix_for_schema") == "true"
    for kinds, text in ((PLAIN_NAMES, prefix), (CATALOGUE_NAMES, catalogue)):
        for kind, field in kinds.items():
            if kind == "schemas" and keeps_schemas:
                continue
            for key, resource in tree.entries("resources", kind).items():
                name = resource.get(field)
                if name is not None and isinstance(name.value, str):
                    named = name.with_value(text + name.value)
                    tree = tree.put(("resources", kind, key, field), named)
    return _prefix_experiments(tree, prefix)


def _prefix_experiments(tree: Node, prefix: str) -> Node:
    """An experiment's name is a path: its last part is prefixed."""
    for key, experiment in tree.entries("resources", "experiments").items():
        name = experiment.get("name")
        if name is not None and isinstance(name.value, str):
            folder, slash, last = name.value.rpartition("/")
            named = name.with_value(f"{folder}{slash}{prefix}{last}")
            tree = tree.put(("resources", "experiments", key, "name"), named)
    return tree


def catalogue_prefix(prefix: str) -> str:
    """`[dev ada] ` -> `dev_ada_`: letters, digits and single underscores only."""
    return re.sub(r"[^0-9A-Za-z]+", "_", prefix).strip("_") + "_"


def _add_tags(tree: Node, tags: dict[str, Node]) -> Node:
    """Tags where there are none of the same name: a map for jobs and clusters, a list for what MLflow keeps."""
    for kind, field in TAG_MAPS.items() if tags else ():
        for key, resource in tree.entries("resources", kind).items():
            together = {**tags, **resource.entries(field)}
            tree = tree.put(("resources", kind, key, field), Node(together, resource.place))
    for kind in TAG_LISTS if tags else ():
        for key, resource in tree.entries("resources", kind).items():
            own = resource.items("tags")
            named = {tag.text("key") for tag in own}
            added = [
                Node({"key": Node(name, value.place), "value": value}, value.place)
                for name, value in tags.items()
                if name not in named
            ]
            tree = tree.put(("resources", kind, key, "tags"), Node([*own, *added], resource.place))
    return tree


def _fill_job(job: Node, presets: Node) -> Node:
    """Pause what has no pause status of its own, and set the number of concurrent runs where it is unset."""
    status = presets.get("trigger_pause_status")
    for trigger in TRIGGERS if status is not None else ():
        found = job.get(trigger)
        if found is not None and found.is_map and found.get("pause_status") is None:
            job = job.put((trigger, "pause_status"), Node(status.value if status else None, found.place))
    runs = presets.get("jobs_max_concurrent_runs")
    if runs is not None and job.get("max_concurrent_runs") is None:
        job = job.put(("max_concurrent_runs",), Node(runs.value, job.place))
    return job
