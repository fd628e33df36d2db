"""The chain `entry_point.getDbutils().notebook().getContext()`, as far as a laptop has an answer."""

from __future__ import annotations

import json
from typing import Any

from tideline.workspace.notebook.kernel.dbutils.utility import Utility
from tideline.workspace.notebook.kernel.errors import NotEmulated


class Option:
    """A Scala Option as notebooks use it."""

    def __init__(self, name: str, value: str) -> None:
        self._name, self._value = name, value

    def get(self) -> str:
        if not self._value:
            raise NotEmulated(f"{self._name}().get", "there is no job in this run")
        return self._value

    def getOrElse(self, default: Any) -> Any:
        return self._value or (default() if callable(default) else default)

    def isDefined(self) -> bool:
        return bool(self._value)

    def isEmpty(self) -> bool:
        return not self._value

    def toString(self) -> str:
        return f"Some({self._value})" if self._value else "None"


class Tags:
    """A Scala Map of the run's tags."""

    def __init__(self, values: dict[str, str]) -> None:
        self._values = {name: value for name, value in values.items() if value}

    def apply(self, name: str) -> str:
        return self._values[name]

    def get(self, name: str) -> Option:
        return Option(name, self._values.get(name, ""))

    def getOrElse(self, name: str, default: Any) -> Any:
        return self._values.get(name) or (default() if callable(default) else default)


class Context(Utility):
    """notebookPath, ids and user of this attempt; a token or a host would be a lie and is refused."""

    prefix = "dbutils.notebook.getContext()"

    def __init__(self, given: dict[str, Any]) -> None:
        context = given["context"]
        self._values = {
            "notebookPath": given["notebook_path"],
            "jobId": context["job_id"],
            "jobName": context["job_name"],
            "currentRunId": context["task_run_id"],
            "jobRunId": context["run_id"],
            "multitaskParentRunId": context["run_id"],
            "runId": context["task_run_id"],
            "taskKey": context["task_key"],
            "userName": context["user"],
            "user": context["user"],
        }

    def __getattr__(self, name: str) -> Any:
        values = self.__dict__.get("_values", {})
        if name not in values:
            return super().__getattr__(name)
        return lambda: Option(name, values[name])

    def tags(self) -> Tags:
        return Tags(self._values)

    def toJson(self) -> str:
        path = self._values["notebookPath"]
        return json.dumps(
            {"extraContext": {"notebook_path": path}, "tags": {k: v for k, v in self._values.items() if v}}
        )

    safeToJson = toJson


class _Notebook(Utility):
    prefix = "dbutils.notebook"

    def __init__(self, given: dict[str, Any]) -> None:
        self._context = Context(given)

    def getContext(self) -> Context:
        return self._context


class _Inner(Utility):
    prefix = "dbutils.notebook.entry_point.getDbutils()"

    def __init__(self, given: dict[str, Any]) -> None:
        self._notebook = _Notebook(given)

    def notebook(self) -> _Notebook:
        return self._notebook


class EntryPoint(Utility):
    """dbutils.notebook.entry_point"""

    prefix = "dbutils.notebook.entry_point"

    def __init__(self, given: dict[str, Any]) -> None:
        self._inner = _Inner(given)

    def getDbutils(self) -> _Inner:
        return self._inner
