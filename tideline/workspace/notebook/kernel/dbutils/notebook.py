"""dbutils.notebook: run another notebook in a kernel of its own; end this one with a value."""

from __future__ import annotations

from typing import Any, NoReturn

from tideline.workspace.notebook.kernel.dbutils.context import EntryPoint
from tideline.workspace.notebook.kernel.dbutils.utility import Utility, text_of
from tideline.workspace.notebook.kernel.errors import NotebookExit, WorkflowException

LONGEST_EXIT_BYTES = 5 * 1024 * 1024


class NotebookUtility(Utility):
    """`run` asks the runner for a child kernel: nothing is shared but what the arguments say."""

    prefix = "dbutils.notebook"

    def __init__(self, channel: Any, entry_point: EntryPoint) -> None:
        self._channel, self.entry_point = channel, entry_point

    def run(
        self, path: str, timeout_seconds: float = 0, arguments: dict[str, str] | None = None
    ) -> str | None:
        """The child's exit value, None where it did not exit. 0 seconds: no limit.

        WorkflowException names the child's own error; arguments must be text.
        """
        for name, value in (arguments or {}).items():
            text_of(f"argument `{name}` of notebook.run", value)
        answer = self._channel.ask(
            "notebook_run",
            path=text_of("notebook.run", path),
            timeout_seconds=float(timeout_seconds),
            arguments=dict(arguments or {}),
        )
        if answer["state"] != "SUCCESS":
            raise WorkflowException(f"{answer['state']}: notebook {path}: {answer['error']}")
        exit_value: str | None = answer["exit_value"]
        return exit_value

    def exit(self, value: str = "") -> NoReturn:
        """End the notebook, and whoever runs it by `%run`, as a success; the value is cut at 5 MB."""
        text = str(value).encode()[:LONGEST_EXIT_BYTES].decode(errors="ignore")
        self._channel.ask("exit", value=text)
        raise NotebookExit(text)

    def getContext(self) -> Any:
        return self.entry_point.getDbutils().notebook().getContext()
