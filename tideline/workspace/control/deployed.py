"""Jobs that clients created here, by `bundle deploy` or by themselves: kept settings, and the bundle that runs them.

A run of such a job runs what was deployed: its settings as they were sent, over the files that were put into the
workspace. The runner knows bundles, so the settings become one, with this machine's files in place of workspace paths.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from tideline.workspace.bundle.model import Bundle
from tideline.workspace.bundle.nodes import Node, node_of
from tideline.workspace.bundle.paths import TASK_PATHS
from tideline.workspace.bundle.user import local_user
from tideline.workspace.control.errors import ApiError, missing
from tideline.workspace.control.kept import Entry, Kept
from tideline.workspace.control.tree import Tree
from tideline.workspace.errors import Place
from tideline.workspace.jobs.numbers import job_number

# No target of a bundle has such a name, so no id of a bundle's own job is that of a deployed one.
TARGET = "(deployed)"
KIND = "jobs"
# What a deployment notes about itself beside the job's settings.
OF_THE_DEPLOYMENT = frozenset({"deployment", "edit_mode", "format"})
BUNDLE_FILE = "databricks.yml"


class Deployed:
    """The kept jobs, by keys that are made of their names."""

    def __init__(self, kept: Kept, tree: Tree) -> None:
        self._kept, self._tree = kept, tree

    def jobs(self) -> dict[str, Entry]:
        """Every job by its key, the oldest first."""
        return dict(sorted(self._kept.all(KIND).items(), key=lambda item: (item[1]["created_time"], item[0])))

    def key_of(self, number: int) -> str | None:
        return next((key for key in self._kept.all(KIND) if job_number(TARGET, key) == number), None)

    def get(self, number: int) -> tuple[str, Entry]:
        """The key and the entry; RESOURCE_DOES_NOT_EXIST where no deployed job has this id."""
        key = self.key_of(number)
        if key is None:
            raise missing(f"Job {number} does not exist.")
        return key, self._kept.get(KIND, key, f"Job {number}")

    def create(self, settings: Mapping[str, Any]) -> int:
        """Keep a new job and give its id."""
        named = {**settings, "name": settings.get("name") or "Untitled"}
        stem = re.sub(r"[^A-Za-z0-9]+", "_", str(named["name"])).strip("_").lower()[:60] or "job"
        key = f"{stem}-{secrets.token_hex(4)}"
        entry = {"created_time": int(time.time() * 1000), "creator_user_name": local_user().name, "settings": named}
        self._kept.add(KIND, key, entry, f"Job {key}")
        return job_number(TARGET, key)

    def change(self, number: int, settings: Mapping[str, Any]) -> None:
        key, entry = self.get(number)
        self._kept.put(KIND, key, {**entry, "settings": dict(settings)})

    def delete(self, number: int) -> None:
        """The job goes; its runs stay in the store."""
        self._kept.remove(KIND, self.get(number)[0])

    def bundle(self, key: str) -> Bundle:
        """A bundle of this job and of those that it runs. INVALID_STATE where the job is no longer there."""
        entries = self._kept.all(KIND)
        if key not in entries:
            raise ApiError(400, "INVALID_STATE", f"the deployed job `{key}` was deleted: nothing says what it would run")
        numbers = {job_number(TARGET, each): each for each in entries}
        keys = _called(key, entries, numbers)
        plain = {each: _runnable(entries[each]["settings"], self._tree, numbers) for each in keys}
        files = {each: self._kept.file(KIND, each) for each in keys}
        nodes = {each: node_of(job, Place(files[each])) for each, job in plain.items()}
        here = Place(files[key])
        return Bundle(
            root=_root(plain.values(), self._tree.base),
            name="deployed",
            target=TARGET,
            mode="",
            variables={},
            resources={"jobs": plain, "schemas": self._kept.all("schemas"), "volumes": self._kept.all("volumes")},
            sources=tuple(files.values()),
            user=local_user(),
            tree=Node({"resources": Node({"jobs": Node(nodes, here)}, here)}, here),
        )


def tasks_of(settings: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The tasks of the graph and the bodies of loops, as far as the settings are well-formed."""
    for task in settings.get("tasks") or []:
        while isinstance(task, dict):
            yield task
            loop = task.get("for_each_task")
            task = loop.get("task") if isinstance(loop, dict) else None


def _called(key: str, entries: Mapping[str, Entry], numbers: Mapping[int, str]) -> list[str]:
    """The job and all that it runs, directly or not."""
    found, waiting = [key], [key]
    while waiting:
        for task in tasks_of(entries[waiting.pop()]["settings"]):
            other = _job_of(task, numbers)
            if other is not None and other not in found:
                found.append(other)
                waiting.append(other)
    return found


def _runnable(settings: Mapping[str, Any], tree: Tree, numbers: Mapping[int, str]) -> dict[str, Any]:
    """The settings as a bundle would say them. Without a queue a run over the limit is skipped, as on the platform."""
    job = {name: value for name, value in settings.items() if name not in OF_THE_DEPLOYMENT}
    job["tasks"] = [_task(task, tree, numbers) for task in job.get("tasks") or []]
    return {"queue": {"enabled": False}, **job}


def _task(task: Any, tree: Tree, numbers: Mapping[int, str]) -> Any:
    if not isinstance(task, dict):
        return task
    task = dict(task)
    for kind, *steps in TASK_PATHS:
        if isinstance(task.get(kind), dict) and task[kind].get("source") != "GIT":
            task[kind] = _with_local(task[kind], steps, tree)
    called = _job_of(task, numbers)
    if called is not None:
        task["run_job_task"] = {**task["run_job_task"], "job_id": f"${{resources.jobs.{called}.id}}"}
    loop = task.get("for_each_task")
    if isinstance(loop, dict):
        task["for_each_task"] = {**loop, "task": _task(loop.get("task"), tree, numbers)}
    return task


def _job_of(task: Mapping[str, Any], numbers: Mapping[int, str]) -> str | None:
    """The key of the deployed job that a task runs."""
    called = task.get("run_job_task")
    number = called.get("job_id") if isinstance(called, dict) else None
    return numbers.get(number) if isinstance(number, int) else None


def _with_local(fields: dict[str, Any], steps: list[str], tree: Tree) -> dict[str, Any]:
    """The path at `steps` as a file of this machine, where it is one of the workspace."""
    name, *rest = steps
    value = fields.get(name)
    if rest:
        return {**fields, name: _with_local(value, rest, tree)} if isinstance(value, dict) else fields
    if isinstance(value, str) and value.startswith("/") and not value.startswith("/Volumes/"):
        return {**fields, name: str(tree.local(value))}
    return fields


def _root(jobs: Iterable[Mapping[str, Any]], base: Path) -> Path:
    """The folder of the deployed bundle that holds the jobs' files; without one, that of the first file."""
    files = [found for job in jobs for task in tasks_of(job) if (found := _file(task)) is not None]
    for file in files:
        for folder in file.parents:
            if folder.is_relative_to(base) and (folder / BUNDLE_FILE).is_file():
                return folder
    return files[0].parent if files else base


def _file(task: Mapping[str, Any]) -> Path | None:
    for steps in TASK_PATHS:
        found: Any = task
        for step in steps:
            found = found.get(step) if isinstance(found, Mapping) else None
        if isinstance(found, str) and found.startswith("/"):
            return Path(found)
    return None
