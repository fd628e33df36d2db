"""A deployed job in the platform's words: what was sent, with the defaults that the platform adds."""

from __future__ import annotations

from typing import Any

from tideline.workspace.control.deployed import TARGET
from tideline.workspace.control.kept import Entry
from tideline.workspace.jobs.numbers import job_number

EXPANDED = frozenset({"tasks", "job_clusters", "environments", "parameters"})
DEFAULTS: dict[str, Any] = {
    "email_notifications": {}, "webhook_notifications": {}, "timeout_seconds": 0, "max_concurrent_runs": 1,
    "format": "MULTI_TASK",
}  # fmt: skip
TASK_DEFAULTS: dict[str, Any] = {"run_if": "ALL_SUCCESS", "timeout_seconds": 0, "email_notifications": {}}


def deployed_view(key: str, entry: Entry, *, is_expanded: bool) -> dict[str, Any]:
    """The job; without its tasks where they are not asked for, as in a list."""
    sent = {name: value for name, value in entry["settings"].items() if is_expanded or name not in EXPANDED}
    settings = {**DEFAULTS, **sent}
    if settings.get("tasks"):
        settings["tasks"] = [_task(task, has_git="git_source" in settings) for task in settings["tasks"]]
    return {
        "job_id": job_number(TARGET, key),
        "created_time": entry["created_time"],
        "creator_user_name": entry["creator_user_name"],
        "settings": settings,
    }


def _task(task: dict[str, Any], *, has_git: bool) -> dict[str, Any]:
    found = {**TASK_DEFAULTS, **task}
    if found.get("depends_on"):
        found["depends_on"] = sorted(found["depends_on"], key=lambda edge: str(edge.get("task_key")))
    if isinstance(found.get("notebook_task"), dict):
        found["notebook_task"] = {"source": "GIT" if has_git else "WORKSPACE", **found["notebook_task"]}
    return found
