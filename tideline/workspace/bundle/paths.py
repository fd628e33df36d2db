"""Paths of files: relative to the file that says them, made absolute."""

from __future__ import annotations

from pathlib import Path

from tideline.workspace.bundle.nodes import Node

# Fields of a task that name a file or folder of the bundle.
TASK_PATHS = (
    ("notebook_task", "notebook_path"),
    ("spark_python_task", "python_file"),
    ("sql_task", "file", "path"),
    ("dbt_task", "project_directory"),
)
LIBRARY_FIELDS = ("whl", "jar", "requirements")
RESOURCE_PATHS = {"apps": "source_code_path", "dashboards": "file_path"}


def absolute_paths(tree: Node) -> Node:
    """The tree with every local path of tasks, environments, apps and dashboards absolute."""
    for key, job in tree.entries("resources", "jobs").items():
        if job.get("git_source") is not None:
            continue
        here = ("resources", "jobs", key)
        for number, task in enumerate(job.items("tasks")):
            tree = tree.put((*here, "tasks", number), _task(task))
        for number, environment in enumerate(job.items("environments")):
            tree = tree.put((*here, "environments", number), _environment(environment))
    for kind, field in RESOURCE_PATHS.items():
        for key, resource in tree.entries("resources", kind).items():
            path = resource.get(field)
            if path is not None:
                tree = tree.put(("resources", kind, key, field), _absolute(path))
    return tree


def _task(task: Node) -> Node:
    for steps in TASK_PATHS:
        path = task.get(*steps)
        if path is not None and task.text(steps[0], "source") != "GIT":
            task = task.put(steps, _absolute(path))
    for number, library in enumerate(task.items("libraries")):
        for field in LIBRARY_FIELDS:
            path = library.get(field)
            if path is not None and is_local(path.value):
                task = task.put(("libraries", number, field), _absolute(path))
    nested = task.get("for_each_task", "task")
    return task.put(("for_each_task", "task"), _task(nested)) if nested is not None else task


def _environment(environment: Node) -> Node:
    """A dependency is a path where it looks like one; everything else is the name of a package."""
    for number, entry in enumerate(environment.items("spec", "dependencies")):
        if isinstance(entry.value, str):
            flag, _, name = (
                entry.value.rpartition(" ") if entry.value.startswith("-r ") else ("", "", entry.value)
            )
            if name.startswith((".", "/")) or (is_local(name) and "/" in name and "@" not in name):
                text = str(_absolute(entry.with_value(name)).value)
                named = entry.with_value(f"{flag} {text}" if flag else text)
                environment = environment.put(("spec", "dependencies", number), named)
    return environment


def is_local(path: object) -> bool:
    """Is this text a path on this machine, and not a volume, a workspace path or an address?"""
    if not isinstance(path, str) or not path or "${" in path or "{{" in path:
        return False
    return "://" not in path and not path.startswith(
        ("/Volumes/", "/Workspace/", "dbfs:", "/Shared/", "/Users/")
    )


def _absolute(node: Node) -> Node:
    if not is_local(node.value):
        return node
    path = Path(node.value)
    # A wheel may be named by a pattern, so the path is normalised as text and never looked up.
    return node.with_value(str(path if path.is_absolute() else _normal(node.place.file.parent / path)))


def _normal(path: Path) -> Path:
    parts: list[str] = []
    for part in path.absolute().parts:
        if part == ".." and len(parts) > 1:
            parts.pop()
        elif part not in {".", ".."}:
            parts.append(part)
    return Path(*parts)
