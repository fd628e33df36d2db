"""A bundle as one target sees it: plain data, and the place of every value."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tideline.workspace.bundle.nodes import Node
from tideline.workspace.bundle.suggest import did_you_mean
from tideline.workspace.bundle.user import LocalUser
from tideline.workspace.errors import JobError, Place

JOB_ID = re.compile(r"\$\{resources\.jobs\.([\w-]+)\.id\}")


@dataclass(frozen=True)
class Bundle:
    """Everything resolved: no `${...}` is left but the ids that exist only after a deployment.

    `resources` maps kind -> key -> fields; paths of files are absolute; `mode` is empty where none is set.
    """

    root: Path
    name: str
    target: str
    mode: str
    variables: dict[str, Any]
    resources: dict[str, dict[str, Any]]
    sources: tuple[Path, ...]
    user: LocalUser
    tree: Node = field(repr=False)

    @property
    def jobs(self) -> dict[str, dict[str, Any]]:
        return self.resources.get("jobs", {})

    def job(self, key: str) -> dict[str, Any]:
        """The job of this key; JobError with the known keys where there is none."""
        if key not in self.jobs:
            hint = did_you_mean(key, self.jobs, what="jobs")
            raise JobError(
                f"the bundle has no job `{key}`", place=self.place_of("resources", "jobs"), hint=hint
            )
        return self.jobs[key]

    def job_key_of(self, job_id: object) -> str | None:
        """The key of the job that a `run_job_task.job_id` names; None where it is no job of this bundle."""
        match = JOB_ID.fullmatch(str(job_id))
        return match.group(1) if match and match.group(1) in self.jobs else None

    def place_of(self, *path: str | int) -> Place:
        """Where the value at `path` from the root stands; of what was filled in, the nearest above."""
        node = self.tree
        for step in path:
            below = node.child(step)
            if below is None:
                break
            node = below
        return node.place

    def shown(self, place: Place) -> Place:
        """The place with its file relative to the bundle's root, for messages."""
        if place.file.is_absolute() and place.file.is_relative_to(self.root):
            return Place(place.file.relative_to(self.root), place.line, place.column)
        return place
