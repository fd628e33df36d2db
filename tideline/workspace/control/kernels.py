"""The kernels that runs of this process share: there as long as runs go on, and a while longer where that is asked for."""

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
    """Lends one pool to all runs. `address` gives the Spark server's address, and starts the server where it must.

    The pool stays for `keep_seconds` after the last run, so that the next one finds kernels that have imported.
    """

    def __init__(
        self, layout: Layout, root: Path, address: Callable[[], ServerAddress], *, keep_seconds: float = 0.0
    ) -> None:
        self.layout, self._root, self._address, self._keep_seconds = layout, root, address, keep_seconds
        self._lock, self._starting = threading.Lock(), threading.Lock()
        self._opened = ExitStack()
        self._pool: KernelPool | None = None
        self._borrowers, self._turns = 0, 0

    @contextmanager
    def lend(self, bundle: Bundle) -> Iterator[Callable[[], KernelPool]]:
        """A function that gives the pool, and sees first that server, schemas and volumes of the bundle are there.

        It is asked by the first task that needs Spark: where the server does not start, that task fails and says why.
        """
        with self._lock:
            self._borrowers, self._turns = self._borrowers + 1, self._turns + 1
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
            if self._borrowers == 1:
                self._opened.pop_all().close()
            pool = KernelPool(address, self.layout, self._root, size=AHEAD)
            self._pool = self._opened.enter_context(pool)
        return self._pool

    def _deploy(self, bundle: Bundle, address: ServerAddress) -> None:
        session = open_session(address)
        try:
            deploy_locally(bundle, self.layout, session)
        finally:
            close_session(address, session)

    def _give_back(self) -> None:
        with self._lock:
            self._borrowers -= 1
            is_last, turn = not self._borrowers, self._turns
        if is_last and self._keep_seconds:
            later = threading.Timer(self._keep_seconds, self._close_unless_lent, [turn])
            later.daemon = True
            later.start()
        elif is_last:
            self._close_unless_lent(turn)

    def close(self) -> None:
        """End the kernels that nobody uses."""
        self._close_unless_lent(self._turns)

    def _close_unless_lent(self, turn: int) -> None:
        """End the kernels, unless a run has begun since `turn`: another end will come."""
        with self._lock:
            if self._borrowers or self._turns != turn:
                return
            unused, self._pool = self._opened.pop_all(), None
        unused.close()
