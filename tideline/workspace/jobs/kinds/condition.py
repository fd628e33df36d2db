"""condition_task: compares, and its outcome chooses the branch."""

from __future__ import annotations

from tideline.workspace.jobs import states as s
from tideline.workspace.jobs.conditions import holds
from tideline.workspace.jobs.context import Done, Work


def compare(work: Work) -> Done:
    asked = work.scope.fill(work.fields)
    left, right = str(asked.get("left", "")), str(asked.get("right", ""))
    work.task.outcome = "true" if holds(str(asked.get("op")), left, right) else "false"
    work.task.condition = f"{left} {asked.get('op')} {right}"
    return Done(s.SUCCESS, output=f"{work.task.condition}: {work.task.outcome}")
