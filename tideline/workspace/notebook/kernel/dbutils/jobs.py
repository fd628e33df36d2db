"""dbutils.jobs.taskValues: small JSON values from task to task of one job run."""

from __future__ import annotations

import json
from typing import Any

from tideline.workspace.notebook.kernel.dbutils.utility import Utility, text_of
from tideline.workspace.notebook.kernel.errors import TaskValueError

LARGEST_BYTES = 48 * 1024


class TaskValuesUtility(Utility):
    """Values of tasks upstream, and this task's own."""

    prefix = "dbutils.jobs.taskValues"

    def __init__(self, channel: Any, context: dict[str, Any]) -> None:
        self._channel, self._context = channel, context

    def set(self, key: str, value: Any) -> None:
        """Keep a value for tasks downstream; without a job it is checked and dropped.

        TaskValueError where it is no JSON, larger than 48 KiB, or set in the body of a for_each.
        """
        text_of("the key of a task value", key)
        if self._context["in_for_each"]:
            raise TaskValueError(
                f"task value `{key}` is set in the body of a for_each, which the platform refuses"
            )
        try:
            document = json.dumps(value, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise TaskValueError(f"task value `{key}` is not JSON: {error}") from None
        if len(document.encode()) > LARGEST_BYTES:
            raise TaskValueError(
                f"task value `{key}` has {len(document.encode())} bytes of JSON, at most {LARGEST_BYTES}"
            )
        self._channel.ask("task_value", key=key, value=json.loads(document))

    def get(self, taskKey: str, key: str, default: Any = None, debugValue: Any = None) -> Any:
        """In a job: the value, else `default`, else ValueError. Without a job: `debugValue`, else TypeError."""
        if not self._context["in_job"]:
            if debugValue is None:
                raise TypeError(
                    "Must pass debugValue when calling get outside of a job context. debugValue cannot be None."
                )
            return debugValue
        values = self._context["task_values"].get(taskKey, {})
        if key in values:
            return json.loads(json.dumps(values[key]))
        if default is not None:
            return default
        known = {task: sorted(each) for task, each in self._context["task_values"].items()}
        raise TaskValueError(
            f"task `{taskKey}` has no value `{key}`, and no default is given; known: {known or 'none'}"
        )


class JobsUtility(Utility):
    """dbutils.jobs"""

    prefix = "dbutils.jobs"

    def __init__(self, channel: Any, context: dict[str, Any]) -> None:
        self.taskValues = TaskValuesUtility(channel, context)
