"""Start the server if it is not there, find it if it is, stop it when asked."""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psutil

from tideline.workspace.errors import ServerError
from tideline.workspace.layout import Layout, installation_root
from tideline.workspace.server import java, log, state
from tideline.workspace.server.address import ServerAddress
from tideline.workspace.server.probe import answers
from tideline.workspace.server.sessions import open_session

START_SECONDS = 180.0
STOP_SECONDS = 20.0


def ensure_server(
    layout: Layout,
    *,
    heap: str = "4g",
    idle_minutes: float = 120,
    on_progress: Callable[[str], None] = lambda text: None,
) -> ServerAddress:
    """The running server's address; starts one where none answers. Two callers at once start one.

    `heap` and `idle_minutes` hold for a server that is started here, not for one that runs already.
    Raises ServerError with the end of the server's log if it does not come up.
    """
    running = running_server(layout)
    if running:
        return running
    with _lock(layout) as lock:
        running = running_server(layout)
        if running:
            return running
        _end(layout)
        shutil.rmtree(layout.server / "scratch", ignore_errors=True)
        on_progress("starting Spark")
        address = _start(layout, lock, heap=heap, idle_minutes=idle_minutes)
        on_progress("Spark is up")
        return address


def running_server(layout: Layout) -> ServerAddress | None:
    """The address of the server, if its process lives and answers; asking counts as use."""
    known = state.read(layout)
    if known is None or not known.is_alive or not answers(known.port):
        return None
    state.touch(layout)
    return _address(known)


def stop_server(layout: Layout) -> bool:
    """End the server of this bundle, waiting until it is gone; False where none runs. Tables stay."""
    if not layout.server.is_dir():
        return False
    with _lock(layout):
        return _end(layout)


def _end(layout: Layout) -> bool:
    known = state.read(layout)
    process = state.process_of(known) if known else None
    if process is not None:
        _terminate(process)
    state.forget(layout)
    return process is not None


def _terminate(process: psutil.Process) -> None:
    try:
        process.terminate()
        process.wait(timeout=STOP_SECONDS)
    except psutil.TimeoutExpired:
        process.kill()
        process.wait(timeout=STOP_SECONDS)
    except psutil.NoSuchProcess:
        return


def _start(layout: Layout, lock: int, *, heap: str, idle_minutes: float) -> ServerAddress:
    port = _port()
    java.find_java()
    java.jars(layout)
    log.start_afresh(layout)
    supervisor = subprocess.Popen(
        [sys.executable, "-m", "tideline.workspace.server.supervise", "--root", str(layout.root),
         "--home", str(layout.home), "--port", str(port), "--heap", heap, "--idle-minutes", str(idle_minutes),
         "--lock", str(lock)], pass_fds=[lock],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log.open_output(layout), start_new_session=True,
        cwd=layout.server, env=os.environ | {"PYTHONPATH": str(installation_root())})  # fmt: skip
    address = _wait(layout, supervisor)
    session = open_session(address)
    # This makes the catalogue's database where there is none: a query that is interrupted while doing so leaves it
    # unusable, and every later one waits for ever.
    session.sql("SHOW SCHEMAS").collect()
    session.stop()
    return address


def _wait(layout: Layout, supervisor: subprocess.Popen[bytes]) -> ServerAddress:
    limit = time.monotonic() + START_SECONDS
    while time.monotonic() < limit:
        known = state.read(layout)
        if known and known.is_alive and answers(known.port):
            return _address(known)
        if supervisor.poll() is not None:
            raise ServerError(
                f"the Spark server did not start; {log.last_words(layout)}", hint=log.advice(layout)
            )
        time.sleep(0.1)
    _end(layout)
    raise ServerError(
        f"the Spark server did not answer within {START_SECONDS:.0f} s; {log.last_words(layout)}",
        hint="the machine may be busy: try again, or see `tideline doctor`",
    )


def _port() -> int:
    """A free port, or the one that TIDELINE_PORT asks for."""
    wanted = os.environ.get("TIDELINE_PORT") or "0"
    if not wanted.isdecimal() or int(wanted) > 65535:
        raise ServerError(
            f"TIDELINE_PORT is {wanted!r}", hint="a number from 1024 to 65535, or 0 for any free port"
        )
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", int(wanted)))
        except OSError:
            hint = "set TIDELINE_PORT to another one, or leave it unset for any free port"
            raise ServerError(f"port {wanted} is in use or not allowed", hint=hint) from None
        return int(probe.getsockname()[1])


def _address(known: state.ServerState) -> ServerAddress:
    return ServerAddress(f"sc://localhost:{known.port}", known.token)


@contextmanager
def _lock(layout: Layout) -> Iterator[int]:
    """Starting and stopping exclude each other. Gives the lock's file descriptor; it is held while anyone has it open."""
    layout.server.mkdir(parents=True, exist_ok=True)
    layout.server.chmod(0o700)
    with (layout.server / "start.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield lock.fileno()
