"""Who runs all resources and who may see them; and what a job has when it says nothing."""

from __future__ import annotations

from tideline.workspace.bundle.nodes import Node
from tideline.workspace.errors import BundleError

LEVELS = {
    "jobs": {"CAN_MANAGE": "CAN_MANAGE", "CAN_VIEW": "CAN_VIEW", "CAN_RUN": "CAN_MANAGE_RUN"},
    "pipelines": {"CAN_MANAGE": "CAN_MANAGE", "CAN_VIEW": "CAN_VIEW", "CAN_RUN": "CAN_RUN"},
    "experiments": {"CAN_MANAGE": "CAN_MANAGE", "CAN_VIEW": "CAN_READ"},
    "models": {"CAN_MANAGE": "CAN_MANAGE", "CAN_VIEW": "CAN_READ"},
    "model_serving_endpoints": {"CAN_MANAGE": "CAN_MANAGE", "CAN_VIEW": "CAN_VIEW", "CAN_RUN": "CAN_QUERY"},
    "dashboards": {"CAN_MANAGE": "CAN_MANAGE", "CAN_VIEW": "CAN_READ"},
    "apps": {"CAN_MANAGE": "CAN_MANAGE", "CAN_VIEW": "CAN_USE"},
    "secret_scopes": {"CAN_MANAGE": "MANAGE", "CAN_VIEW": "READ"},
}
PRINCIPALS = ("user_name", "service_principal_name", "group_name")
RUN_AS = ("user_name", "service_principal_name")
RUNS_AS_SOMEONE = ("jobs", "pipelines")


def fan_out(tree: Node) -> Node:
    """Every resource with the permissions and the identity that the root gives, unless it has its own."""
    return _job_defaults(_permissions(_run_as(tree)))


def _run_as(tree: Node) -> Node:
    run_as = tree.get("run_as")
    if run_as is None or run_as.value is None:
        return tree
    given = [name for name in RUN_AS if run_as.get(name) is not None]
    if len(given) != 1:
        raise BundleError(
            "`run_as` takes exactly one of user_name and service_principal_name", place=run_as.place
        )
    if tree.entries("resources", "apps"):
        raise BundleError(
            "a bundle with apps takes no `run_as` at its root",
            place=run_as.place,
            hint="set run_as on the jobs",
        )
    for kind in RUNS_AS_SOMEONE:
        for key, resource in tree.entries("resources", kind).items():
            if resource.get("run_as") is None:
                tree = tree.put(("resources", kind, key, "run_as"), run_as)
    return tree


def _permissions(tree: Node) -> Node:
    for permission in tree.items("permissions"):
        level = permission.text("level")
        if level not in LEVELS["jobs"]:
            expected = ", ".join(LEVELS["jobs"])
            raise BundleError(
                f"permission level `{level}` is unknown, expected {expected}", place=permission.place
            )
        for kind, levels in LEVELS.items():
            if level in levels:
                tree = _permit(tree, kind, permission, levels[level])
    return tree


def _permit(tree: Node, kind: str, permission: Node, level: str) -> Node:
    """A principal that a resource names itself keeps the level that stands there."""
    principal = {name: node for name, node in permission.entries().items() if name in PRINCIPALS}
    for key, resource in tree.entries("resources", kind).items():
        own = resource.items("permissions")
        named = [{name: entry.text(name) for name in PRINCIPALS if entry.get(name)} for entry in own]
        if {name: node.value for name, node in principal.items()} in named:
            continue
        entry = Node({**principal, "level": Node(level, permission.place)}, permission.place)
        tree = tree.put(("resources", kind, key, "permissions"), Node([*own, entry], permission.place))
    return tree


def _job_defaults(tree: Node) -> Node:
    for key, job in tree.entries("resources", "jobs").items():
        if not job.is_map:
            continue
        if job.get("queue") is None:
            queue = Node({"enabled": Node(True, job.place)}, job.place)
            tree = tree.put(("resources", "jobs", key, "queue"), queue)
        if job.get("max_concurrent_runs") is None:
            tree = tree.put(("resources", "jobs", key, "max_concurrent_runs"), Node(1, job.place))
    return tree
