"""A job as the rules look at it: its tasks, nested ones included, and what lies upstream of each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tideline.workspace.bundle.model import Bundle
from tideline.workspace.bundle.nodes import Node

TASK_SUFFIX = "_task"


@dataclass(frozen=True)
class Task:
    """One task; `loop` is the for_each task whose body it is."""

    node: Node
    loop: Task | None = None

    @property
    def key(self) -> str:
        return self.node.text("task_key") or ""

    @property
    def kinds(self) -> list[str]:
        """The fields that say what the task does: one, unless the task is wrong."""
        return [
            name
            for name, node in self.node.entries().items()
            if name.endswith(TASK_SUFFIX) and node.value is not None
        ]

    @property
    def depends_on(self) -> list[Node]:
        return self.node.items("depends_on")

    @property
    def body(self) -> Task | None:
        nested = self.node.get("for_each_task", "task")
        return Task(nested, loop=self) if nested is not None and nested.is_map else None

    @property
    def is_local(self) -> bool:
        """Does the notebook stand in the bundle, and not in a workspace or a Git provider?"""
        return self.node.text("notebook_task", "source") != "GIT"

    @property
    def notebook(self) -> Node | None:
        return self.node.get("notebook_task", "notebook_path")


@dataclass(frozen=True)
class Job:
    """One job of a bundle."""

    bundle: Bundle
    key: str
    node: Node

    @cached_property
    def tasks(self) -> list[Task]:
        """The tasks of the graph, as written."""
        return [Task(node) for node in self.node.items("tasks") if node.is_map]

    @cached_property
    def all_tasks(self) -> list[Task]:
        """The tasks of the graph and the bodies of loops."""
        found: list[Task] = []
        for task in self.tasks:
            body: Task | None = task
            while body is not None:
                found.append(body)
                body = body.body
        return found

    @cached_property
    def by_key(self) -> dict[str, Task]:
        return {task.key: task for task in self.tasks if task.key}

    @cached_property
    def parameters(self) -> dict[str, Node]:
        """Declared parameters: name -> the parameter's node."""
        return {node.text("name") or "": node for node in self.node.items("parameters")}

    def upstream(self, task: Task) -> set[str]:
        """The keys of all tasks that end before `task` starts; a loop's body has those of its loop."""
        start = task
        while start.loop is not None:
            start = start.loop
        found: set[str] = set()
        waiting = [node.text("task_key") or "" for node in start.depends_on]
        while waiting:
            key = waiting.pop()
            if key not in found and key in self.by_key:
                found.add(key)
                waiting += [node.text("task_key") or "" for node in self.by_key[key].depends_on]
        return found

    def texts(self, task: Task) -> Iterator[Node]:
        """Every text of a task that the job service fills in, without the body of a loop."""
        for name, node in task.node.entries().items():
            if name.endswith(TASK_SUFFIX):
                for path, found in node.walk():
                    if isinstance(found.value, str) and not (
                        name == "for_each_task" and path[:1] == ("task",)
                    ):
                        yield found


def jobs_of(bundle: Bundle) -> list[Job]:
    """Every job of the bundle, as written."""
    return [Job(bundle, key, node) for key, node in bundle.tree.entries("resources", "jobs").items()]


def file_of(node: Node | None) -> Path | None:
    """The absolute local path that a resolved node holds; None for what is not a local path."""
    if node is None or not isinstance(node.value, str):
        return None
    path = Path(node.value)
    is_elsewhere = node.value.startswith(("/Workspace/", "/Volumes/", "/Shared/", "/Users/", "/Repos/"))
    return path if path.is_absolute() and not is_elsewhere else None
