"""What the families of routes work with: the bundle as it stands now, its runs, its Spark server."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import Request

from tideline.workspace.bundle import Bundle, load_bundle
from tideline.workspace.control.background import Background
from tideline.workspace.control.kernels import Kernels
from tideline.workspace.control.sql import Statements
from tideline.workspace.jobs import RunStore
from tideline.workspace.layout import Layout
from tideline.workspace.server import ensure_server

if TYPE_CHECKING:
    from tideline.workspace.server import ServerAddress


@dataclass
class Workspace:
    """One bundle as one target sees it. `remote` is a Spark server to use in place of the bundle's own."""

    root: Path
    target: str | None = None
    remote: ServerAddress | None = None
    started_at: float = field(default_factory=time.time)

    @cached_property
    def layout(self) -> Layout:
        return Layout(self.root)

    @cached_property
    def store(self) -> RunStore:
        return RunStore(self.layout.runs)

    @cached_property
    def background(self) -> Background:
        return Background(self.store, Kernels(self.layout, self.root, self.spark_address))

    @cached_property
    def statements(self) -> Statements:
        return Statements(self.spark_address)

    def bundle(self) -> Bundle:
        """Read anew every time (tens of milliseconds): an edit counts as a deployment does. BundleError where it is wrong."""
        return load_bundle(self.root, target=self.target)

    def spark_address(self) -> ServerAddress:
        """The Spark server's address; starts the bundle's own where it does not run. ServerError where it does not start."""
        return self.remote or ensure_server(self.layout)

    def close(self) -> None:
        """Stop every run and statement, and wait for their ends."""
        self.background.close()
        self.statements.close()


def workspace_of(request: Request) -> Workspace:
    """For `Depends`: the workspace of the app that is asked."""
    found = request.app.state.workspace
    assert isinstance(found, Workspace)
    return found
