"""What a person can get wrong, and how it is said.

    WorkspaceError          one readable line: place, what was found, what was expected, what to do
    ├── BundleError         databricks.yml, resources, variables, references
    ├── NotebookError       a notebook that cannot be read or started
    ├── JobError            an unknown job, task or parameter
    └── ServerError         the Spark server does not start, answer or stop
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, order=True)
class Place:
    """A spot in a file; lines and columns count from 1, 0 means unknown."""

    file: Path
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        spot = f":{self.line}" if self.line else ""
        return f"{self.file}{spot}:{self.column}" if spot and self.column else f"{self.file}{spot}"


class WorkspaceError(Exception):
    """A mistake that a person can mend; the command prints it as one line and exits with `exit_code`."""

    exit_code = 2

    def __init__(self, message: str, *, place: Place | None = None, hint: str = "") -> None:
        super().__init__(message)
        self.message, self.place, self.hint = message, place, hint

    def __str__(self) -> str:
        where = f"{self.place}: " if self.place else ""
        return f"{where}{self.message}" + (f" ({self.hint})" if self.hint else "")


class BundleError(WorkspaceError):
    """The bundle's files do not say what they must."""


class NotebookError(WorkspaceError):
    """A notebook cannot be read or started."""


class JobError(WorkspaceError):
    """The job, task or parameter that was asked for does not exist or does not fit."""


class ServerError(WorkspaceError):
    """The Spark server does not start, answer or stop."""

    exit_code = 3
