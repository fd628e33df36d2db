"""Files that tasks name: they exist, are of the right kind, and lie inside the bundle."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path

from tideline.workspace.bundle.findings import Finding, warning
from tideline.workspace.bundle.nodes import Node
from tideline.workspace.bundle.notebooks import is_notebook, notebook_file
from tideline.workspace.bundle.suggest import did_you_mean
from tideline.workspace.bundle.views import Job, Task, file_of


def check(job: Job) -> Iterator[Finding]:
    if job.node.get("git_source") is not None:
        return
    for task in job.all_tasks:
        if task.is_local:
            yield from _notebook(job, task)
        yield from _plain_file(job, task, task.node.get("sql_task", "file", "path"), "sql-file-missing")
        yield from _plain_file(
            job, task, task.node.get("spark_python_task", "python_file"), "python-file-missing"
        )
        yield from _script_is_no_notebook(task)
        yield from _entry_point(job, task)


def _notebook(job: Job, task: Task) -> Iterator[Finding]:
    node, path = task.notebook, file_of(task.notebook)
    if node is None or path is None:
        return
    found = notebook_file(path)
    shown = _shown(job, path)
    if found is None:
        yield Finding(
            node.place, "notebook-missing", f"`{task.key}`: notebook {shown} does not exist", _near(path)
        )
    elif not is_notebook(found):
        hint = "its first line must be `# Databricks notebook source`"
        yield Finding(node.place, "notebook-without-header", f"`{task.key}`: {shown} is no notebook", hint)
    elif not _is_deployed(job, found):
        yield Finding(node.place, "file-outside-bundle", f"`{task.key}`: {path} lies outside the bundle")


def _plain_file(job: Job, task: Task, node: Node | None, rule: str) -> Iterator[Finding]:
    path = file_of(node)
    if node is None or path is None:
        return
    if not path.is_file():
        yield Finding(node.place, rule, f"`{task.key}`: {_shown(job, path)} does not exist", _near(path))
    elif not _is_deployed(job, path):
        yield Finding(node.place, "file-outside-bundle", f"`{task.key}`: {path} lies outside the bundle")


def _script_is_no_notebook(task: Task) -> Iterator[Finding]:
    node = task.node.get("spark_python_task", "python_file")
    path = file_of(node)
    if node is not None and path is not None and path.is_file() and is_notebook(path):
        yield Finding(
            node.place, "script-is-notebook", f"`{task.key}`: {path.name} is a notebook", "use notebook_task"
        )


def _entry_point(job: Job, task: Task) -> Iterator[Finding]:
    """Only where the wheel is the bundle's own project, whose pyproject.toml can be read."""
    package = task.node.text("python_wheel_task", "package_name")
    entry = task.node.get("python_wheel_task", "entry_point")
    path = job.bundle.root / "pyproject.toml"
    if package is None or entry is None or not path.is_file():
        return
    try:
        project = tomllib.loads(path.read_text(encoding="utf-8")).get("project", {})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        return
    if project.get("name", "").replace("-", "_") != package.replace("-", "_"):
        return
    groups = [project.get("scripts", {}), *project.get("entry-points", {}).values()]
    names = {name for group in groups for name in group}
    if entry.value not in names:
        hint = did_you_mean(str(entry.value), names, what="entry points")
        message = f"`{task.key}`: package `{package}` has no entry point `{entry.value}`"
        yield warning(entry.place, "entry-point-missing", message, hint)


def _near(path: Path) -> str:
    folder = path.parent
    if not folder.is_dir():
        return f"the folder {folder.name}/ does not exist"
    return did_you_mean(
        path.name, [child.name for child in folder.iterdir() if child.is_file()], what="files there"
    )


def _is_deployed(job: Job, path: Path) -> bool:
    """Does the file lie in the bundle, or in a folder that `sync.paths` adds?"""
    root = job.bundle.root
    added = [root / str(entry.value) for entry in job.bundle.tree.items("sync", "paths")]
    return any(path.is_relative_to(folder.resolve()) for folder in (root, *added))


def _shown(job: Job, path: Path) -> Path:
    return path.relative_to(job.bundle.root) if path.is_relative_to(job.bundle.root) else path
