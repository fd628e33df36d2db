"""Where a control plane answers and which process it is; kept in a file that only its owner reads."""

from __future__ import annotations

import contextlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

import psutil

from tideline.workspace.layout import Layout
from tideline.workspace.private import write_private


@dataclass(frozen=True)
class ControlAddress:
    """What a client needs: `WorkspaceClient(host=address.host, token=address.token)`."""

    host: str
    token: str = field(repr=False)

    def env(self) -> dict[str, str]:
        """The same for a process whose client looks into its environment."""
        return {"DATABRICKS_HOST": self.host, "DATABRICKS_TOKEN": self.token, "DATABRICKS_AUTH_TYPE": "pat"}


@dataclass(frozen=True)
class Served:
    """A process that serves `target` (None: the bundle's default one) on `port`; its birth tells it from a later one."""

    pid: int
    born: float
    port: int
    token: str = field(repr=False)
    target: str | None = None

    @property
    def address(self) -> ControlAddress:
        return ControlAddress(f"http://127.0.0.1:{self.port}", self.token)

    def process(self) -> psutil.Process | None:
        """The process; None where it ended, or its id is another's by now."""
        with contextlib.suppress(psutil.Error):
            process = psutil.Process(self.pid)
            if abs(process.create_time() - self.born) < 1 and process.status() != psutil.STATUS_ZOMBIE:
                return process
        return None


def folder(layout: Layout) -> Path:
    return layout.home / "control"


def read(layout: Layout) -> Served | None:
    """The recorded process, or None; a file that cannot be read counts as none."""
    try:
        return Served(**json.loads((folder(layout) / "address.json").read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def write(layout: Layout, served: Served) -> None:
    write_private(folder(layout) / "address.json", asdict(served))


def forget(layout: Layout) -> None:
    (folder(layout) / "address.json").unlink(missing_ok=True)
