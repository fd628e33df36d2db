"""Kernels that wait for whoever presses Run: one pool for the site's life, another where the Spark server is another."""

from __future__ import annotations

import threading

from tideline.workspace.bundle.deploy import deploy_locally
from tideline.workspace.bundle.model import Bundle
from tideline.workspace.control.state import Workspace
from tideline.workspace.notebook.pool import KernelPool
from tideline.workspace.server import ServerAddress, close_session, open_session, running_server

AHEAD = 2
DRAWING = ("matplotlib.pyplot", "matplotlib.backends.backend_agg")  # half a second before the first figure


class WarmPool:
    """The pool is opened by the first that asks; schemas and volumes of the bundle are made where they are missing."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._lock = threading.Lock()
        self._pool: KernelPool | None = None
        self._deployed: tuple[ServerAddress, object] | None = None

    def get(self) -> KernelPool:
        """The pool; starts the Spark server where none runs. ServerError, BundleError."""
        bundle = self._workspace.bundle()
        with self._lock:
            address = self._workspace.spark_address()
            pool = self._at(address)
            self._deploy(bundle, address)
            return pool

    def warm(self) -> None:
        """Start kernels ahead in the background, if a Spark server runs already: looking at a page starts none."""
        if self._pool is None and not self._lock.locked():
            threading.Thread(target=self._warm, name="warm-pool", daemon=True).start()

    def close(self) -> None:
        """End all kernels; what still runs is cancelled."""
        with self._lock:
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.__exit__(None, None, None)

    def _warm(self) -> None:
        address = self._workspace.remote or running_server(self._workspace.layout)
        if address is not None:
            with self._lock:
                self._at(address)

    def _at(self, address: ServerAddress) -> KernelPool:
        if self._pool is None or self._pool.address != address:
            if self._pool is not None:  # its server is gone, and so are the sessions of its kernels
                threading.Thread(target=self._pool.__exit__, args=(None, None, None), name="old-pool", daemon=True).start()
            layout, root = self._workspace.layout, self._workspace.root
            self._pool = KernelPool(address, layout, root, size=AHEAD, imports=DRAWING).__enter__()
        return self._pool

    def _deploy(self, bundle: Bundle, address: ServerAddress) -> None:
        wanted = (address, {kind: bundle.resources.get(kind) for kind in ("schemas", "volumes")})
        if self._deployed != wanted:
            session = open_session(address)
            try:
                deploy_locally(bundle, self._workspace.layout, session)
            finally:
                close_session(address, session)
            self._deployed = wanted
