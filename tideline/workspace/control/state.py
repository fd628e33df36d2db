"""What the families of routes work with: the bundle as it stands now, its runs, its Spark server."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import Request

from tideline.workspace.bundle import Bundle, load_bundle
from tideline.workspace.bundle.stamp import declaration_stamp
from tideline.workspace.control.background import Background, Before
from tideline.workspace.control.deployed import TARGET as DEPLOYED
from tideline.workspace.control.deployed import Deployed
from tideline.workspace.control.kept import Kept
from tideline.workspace.control.kernels import Kernels
from tideline.workspace.control.objects import Objects
from tideline.workspace.control.sql import Statements
from tideline.workspace.jobs import JobRun, RunStore
from tideline.workspace.layout import Layout
from tideline.workspace.server import ensure_server
from tideline.workspace.server.remote import check_server

if TYPE_CHECKING:
    from tideline.workspace.server import ServerAddress


@dataclass
class Workspace:
    """One bundle as one target sees it. `remote` is a Spark server to use in place of the bundle's own.

    `before_run` sees to what a run needs besides, and says what it did; kernels stay `warm_seconds` after the last run.
    """

    root: Path
    target: str | None = None
    remote: ServerAddress | None = None
    started_at: float = field(default_factory=time.time)
    before_run: Before = lambda bundle, key, parameters: ()
    warm_seconds: float = 0.0
    closing: ExitStack = field(default_factory=ExitStack)  # what else ends with the workspace
    _loaded: tuple[int, Bundle] | None = field(default=None, init=False, repr=False)
    _is_fit: bool = field(default=False, init=False, repr=False)

    @cached_property
    def layout(self) -> Layout:
        return Layout(self.root)

    @cached_property
    def store(self) -> RunStore:
        return RunStore(self.layout.runs)

    @cached_property
    def kept(self) -> Kept:
        """What clients created here."""
        return Kept(self.layout.home / "control" / "kept")

    @cached_property
    def objects(self) -> Objects:
        return Objects(self.layout.workspace)

    @cached_property
    def deployed(self) -> Deployed:
        """Jobs that clients created here."""
        return Deployed(self.kept, self.objects.tree)

    @property
    def incoming(self) -> Path:
        """Where files are written before they are moved to their place."""
        return self.layout.home / "control" / "incoming"

    @cached_property
    def background(self) -> Background:
        kernels = Kernels(self.layout, self.root, self.spark_address, keep_seconds=self.warm_seconds)
        return Background(self.store, kernels, self.before_run, server=self.remote.remote if self.remote else "")

    @cached_property
    def statements(self) -> Statements:
        return Statements(self.spark_address)

    def bundle(self) -> Bundle:
        """Read anew whenever a file of it changed: an edit counts as a deployment does. BundleError where it is wrong."""
        stamp, loaded = declaration_stamp(self.root), self._loaded
        if loaded is None or loaded[0] != stamp:
            loaded = self._loaded = (stamp, load_bundle(self.root, target=self.target))
        return loaded[1]

    def bundle_of(self, run: JobRun) -> Bundle:
        """The bundle as the run's own target and variables have it: what a repair of the run needs."""
        if run.target == DEPLOYED:
            return self.deployed.bundle(run.job_key)
        return load_bundle(self.root, target=run.target or self.target, variables=run.variables)

    def spark_address(self) -> ServerAddress:
        """The Spark server's address; starts the bundle's own where it does not run. ServerError where it does not start.

        `remote` is asked at first use, so that pages answer without it; ServerError until it is seen to be fit.
        """
        if self.remote is None:
            return ensure_server(self.layout)
        if not self._is_fit:
            check_server(self.remote)
            self._is_fit = True
        return self.remote

    def close(self) -> None:
        """Stop every run and statement, and wait for their ends."""
        self.background.close()
        self.statements.close()
        self.closing.close()


def workspace_of(request: Request) -> Workspace:
    """For `Depends`: the workspace of the app that is asked."""
    found = request.app.state.workspace
    assert isinstance(found, Workspace)
    return found
