"""What `${bundle...}`, `${workspace...}`, `${var...}` and `${resources...}` mean on a laptop."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tideline.workspace.bundle.nodes import Node
from tideline.workspace.bundle.nodes import Path as Steps
from tideline.workspace.bundle.suggest import did_you_mean
from tideline.workspace.bundle.user import LocalUser
from tideline.workspace.errors import BundleError

EARLY = ("bundle", "workspace", "var", "variables")
LATE = ("resources", "artifacts")

# Fields that exist once a resource is deployed; of these a laptop can follow a job's id (run_job_task).
AFTER_DEPLOYMENT = frozenset({"id", "url", "uid", "etag", "created_at", "updated_at"})


class EarlyNames:
    """`bundle`, `workspace` and variables, of a tree into which the target is merged already."""

    def __init__(
        self, tree: Node, target: str, user: LocalUser, variables: Mapping[str, Node], root: Path
    ) -> None:
        self.tree, self.target, self.user, self.variables, self.root = tree, target, user, variables, root

    def __call__(self, steps: Steps, node: Node) -> Node | None:
        if steps[0] == "var":
            return self._variable(steps[1:], node)
        if steps[0] == "variables":
            return self._variable(tuple(step for step in steps[1:] if step != "value"), node)
        computed = self._computed()
        if steps in computed:
            value = computed[steps]
            return Node(value() if callable(value) else value, node.place)
        found = self.tree.get(*steps)
        if found is None:
            raise unknown(steps, node, self._known(steps))
        return found

    def _variable(self, steps: Steps, node: Node) -> Node:
        if not steps:
            raise BundleError("`${var}` names no variable", place=node.place, hint="write ${var.<name>}")
        name = str(steps[0])
        declared = self.tree.entries("variables")
        if name not in declared:
            hint = did_you_mean(name, declared, what="variables")
            raise BundleError(f"there is no variable `{name}`", place=node.place, hint=hint)
        if name not in self.variables:
            raise BundleError(
                f"variable `{name}` is looked up in a workspace, which is not possible here",
                place=node.place,
                hint=f"give it with --var {name}=... or [tool.tideline.variables] in pyproject.toml",
            )
        found = self.variables[name]
        for step in steps[1:]:
            below = found.child(step)
            if below is None:
                raise unknown(("var", *steps), node, found.entries())
            found = below
        return found

    def _computed(self) -> dict[Steps, str | Callable[[], str]]:
        home = f"/Workspace/Users/{self.user.name}"
        root = self.tree.text("workspace", "root_path") or "~/.bundle/${bundle.name}/${bundle.target}"
        root = home + root[1:] if root.startswith("~/") else root
        paths: dict[Steps, str | Callable[[], str]] = {
            ("workspace", f"{part}_path"): self.tree.text("workspace", f"{part}_path")
            or f"${{workspace.root_path}}/{folder}"
            for part, folder in (
                ("file", "files"),
                ("artifact", "artifacts"),
                ("state", "state"),
                ("resource", "resources"),
            )
        }
        git: dict[Steps, str | Callable[[], str]] = {
            ("bundle", "git", "branch"): lambda: _git(self.root, "rev-parse", "--abbrev-ref", "HEAD"),
            ("bundle", "git", "commit"): lambda: _git(self.root, "rev-parse", "HEAD"),
            ("bundle", "git", "origin_url"): lambda: _git(self.root, "remote", "get-url", "origin"),
        }
        return {
            ("bundle", "target"): self.target,
            ("bundle", "environment"): self.target,
            ("workspace", "current_user", "userName"): self.user.name,
            ("workspace", "current_user", "user_name"): self.user.name,
            ("workspace", "current_user", "short_name"): self.user.short_name,
            ("workspace", "current_user", "id"): "0",
            ("workspace", "current_user", "domain_friendly_name"): self.user.short_name.replace("_", "-"),
            ("workspace", "root_path"): root,
            **paths,
            **git,
        }

    def _known(self, steps: Steps) -> list[str]:
        depth = len(steps) - 1
        computed = [
            str(path[depth]) for path in self._computed() if path[:depth] == steps[:depth] and path[depth:]
        ]
        return [*computed, *self.tree.entries(*steps[:depth])]


class LateNames:
    """`resources` and `artifacts`, after names have got their prefixes."""

    def __init__(self, tree: Node) -> None:
        self.tree = tree

    def __call__(self, steps: Steps, node: Node) -> Node | None:
        depth = min(3, len(steps)) if steps[0] == "resources" else min(2, len(steps))
        for length in range(2, depth + 1):
            if self.tree.get(*steps[:length]) is None:
                raise unknown(steps[:length], node, self.tree.entries(*steps[: length - 1]))
        found = self.tree.get(*steps)
        if found is not None:
            return found
        kind, fields = str(steps[1]), self.tree.entries(*steps[:3])
        computed = computed_fields(kind, {name: field.value for name, field in fields.items()})
        if len(steps) == 4 and steps[3] in computed:
            return Node(computed[str(steps[3])], node.place)
        if len(steps) == 4 and steps[3] in AFTER_DEPLOYMENT:
            return None
        raise unknown(steps, node, [*fields, *computed, "id"])


def computed_fields(kind: str, fields: Mapping[str, Any]) -> dict[str, str]:
    """Fields that follow from what the YAML says: full names in the catalogue, the path of a volume."""
    catalog, schema, name = fields.get("catalog_name"), fields.get("schema_name"), fields.get("name")
    if kind == "schemas":
        return {"full_name": f"{catalog}.{name}", "id": f"{catalog}.{name}"}
    if kind == "volumes":
        full = f"{catalog}.{schema}.{name}"
        return {"full_name": full, "id": full, "volume_path": f"/Volumes/{catalog}/{schema}/{name}"}
    if kind == "registered_models":
        return {"full_name": f"{catalog}.{schema}.{name}", "id": f"{catalog}.{schema}.{name}"}
    return {"id": str(name)} if kind in {"secret_scopes", "apps"} else {}


def unknown(steps: Steps, node: Node, known: object) -> BundleError:
    """The error for a reference whose last step does not exist."""
    names = [str(name) for name in known] if isinstance(known, (list, tuple, dict, set)) else []
    reference = ".".join(str(step) for step in steps)
    return BundleError(
        f"`${{{reference}}}` names nothing", place=node.place, hint=did_you_mean(str(steps[-1]), names)
    )


def _git(root: Path, *arguments: str) -> str:
    """One line from git, empty where the bundle is no repository."""
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=root, capture_output=True, text=True, timeout=10, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
