"""The kernels that runs of this process share: there as long as runs go on, so that an idle server holds none."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tideline.workspace.bundle.deploy import deploy_locally
from tideline.workspace.bundle.model import Bundle
from tideline.workspace.layout import Layout
from tideline.workspace.notebook.pool import KernelPool
from tideline.workspace.server import ServerAddress, close_session, open_session

AHEAD = 2


class Kernels:
    """Lends one pool to all runs. `address` gives the Spark server's address, and starts the server where it must."""

    def __init__(self, layout: Layout, root: Path, address: Callable[[], ServerAddress]) -> None:
        self._layout, self._root, self._address = layout, root, address
        self._lock, self._starting = threading.Lock(), threading.Lock()
        self._opened = ExitStack()
        self._pool: KernelPool | None = None
        self._borrowers = 0

    @contextmanager
    def lend(self, bundle: Bundle) -> Iterator[Callable[[], KernelPool]]:
        """A function that gives the pool, and sees first that server, schemas and volumes of the bundle are there.

        It is asked by the first task that needs Spark: where the server does not start, that task fails and says why.
        """
        with self._lock:
            self._borrowers += 1
        is_ready = False

        def pool() -> KernelPool:
            nonlocal is_ready
            with self._starting:  # not the other lock: a run that begins meanwhile need not wait for Spark
                address = self._address() if not is_ready or self._pool is None else self._pool.address
                if not is_ready:
                    self._deploy(bundle, address)
                    is_ready = True
                return self._for(address)

        try:
            yield pool
        finally:
            self._give_back()

    def _for(self, address: ServerAddress) -> KernelPool:
        """The pool at this address. One at an older address stays until its runs have ended."""
        if self._pool is None or self._pool.address != address:
            pool = KernelPool(address, self._layout, self._root, size=AHEAD)
            self._pool = self._opened.enter_context(pool)
        return self._pool

    def _deploy(self, bundle: Bundle, address: ServerAddress) -> None:
        session = open_session(address)
        try:
            deploy_locally(bundle, self._layout, session)
        finally:
            close_session(address, session)

    def _give_back(self) -> None:
        with self._lock:
            self._borrowers -= 1
            if self._borrowers:
                return
            unused, self._pool = self._opened.pop_all(), None
        unused.close()
