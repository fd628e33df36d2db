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
from tideline.workspace.server import java, state
from tideline.workspace.server.address import ServerAddress
from tideline.workspace.server.sessions import answers, open_session

START_SECONDS = 120.0


def ensure_server(
    layout: Layout,
    *,
    heap: str = "4g",
    idle_minutes: float = 120,
    on_progress: Callable[[str], None] = lambda text: None,
) -> ServerAddress:
    """The running server's address; starts one where none answers. Two callers at once start one.

    Raises ServerError with the end of the server's log if it does not come up.
    """
    running = running_server(layout)
    if running:
        return running
    with _start_lock(layout):
        running = running_server(layout)
        if running:
            return running
        _clear_remains(layout)
        on_progress("starting Spark")
        return _start(layout, heap=heap, idle_minutes=idle_minutes, on_progress=on_progress)


def running_server(layout: Layout) -> ServerAddress | None:
    """The address of the server, if its process lives and its port answers."""
    known = state.read(layout)
    if known is None or not known.is_alive or not answers(known.port):
        return None
    return _address(known)


def stop_server(layout: Layout) -> bool:
    """End the server that this bundle started; False where none runs. Tables stay."""
    known = state.read(layout)
    process = state.process_of(known.pid, known.born) if known else None
    state.forget(layout)
    if process is None:
        return False
    process.terminate()
    try:
        process.wait(timeout=20)
    except psutil.TimeoutExpired:
        process.kill()
    return True


def _start(
    layout: Layout, *, heap: str, idle_minutes: float, on_progress: Callable[[str], None]
) -> ServerAddress:
    port = _port()
    java.find_java(), java.jars(layout)
    supervisor = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "tideline.workspace.server.supervise",
            "--root",
            str(layout.root),
            "--home",
            str(layout.home),
            "--port",
            str(port),
            "--heap",
            heap,
            "--idle-minutes",
            str(idle_minutes),
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        cwd=installation_root(),
        env=os.environ | {"PYTHONPATH": str(installation_root())},
    )
    known = _wait(layout, supervisor)
    on_progress("Spark is up")
    address = _address(known)
    session = open_session(address)
    session.sql("SELECT 1").collect()
    session.stop()
    return address


def _wait(layout: Layout, supervisor: subprocess.Popen[bytes]) -> state.ServerState:
    limit = time.monotonic() + START_SECONDS
    while time.monotonic() < limit:
        known = state.read(layout)
        if known and known.is_alive and answers(known.port):
            return known
        if supervisor.poll() is not None:
            break
        time.sleep(0.1)
    stop_server(layout)
    raise ServerError(
        f"the Spark server did not start; {_last_lines(layout)}",
        hint="`tideline doctor` checks what it needs",
    )


def _last_lines(layout: Layout) -> str:
    lines: list[str] = []
    for name in ("server.out", "spark.log"):
        path = layout.server / name
        if path.is_file():
            lines += path.read_text(errors="replace").splitlines()
    said = [line for line in lines if "Error" in line or "Exception" in line] or lines
    return (
        f"its log in {layout.server} ends: {' | '.join(said[-3:])}"
        if said
        else f"it wrote no log in {layout.server}"
    )


def _clear_remains(layout: Layout) -> None:
    """What a killed server leaves: a process that no longer answers, scratch files, the catalogue's lock."""
    stop_server(layout)
    shutil.rmtree(layout.server / "scratch", ignore_errors=True)
    for lock in layout.metastore.glob("*.lck"):
        lock.unlink(missing_ok=True)


def _port() -> int:
    """A free port, or the one that TIDELINE_PORT asks for."""
    wanted = os.environ.get("TIDELINE_PORT", "0")
    if not wanted.isdigit() or int(wanted) > 65535:
        raise ServerError(
            f"TIDELINE_PORT is {wanted!r}", hint="a number from 1024 to 65535, or 0 for any free port"
        )
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", int(wanted)))
        except OSError:
            raise ServerError(
                f"port {wanted} is in use", hint="set TIDELINE_PORT to another one, or to 0 for any"
            ) from None
        return int(probe.getsockname()[1])


def _address(known: state.ServerState) -> ServerAddress:
    return ServerAddress(f"sc://localhost:{known.port}", known.token)


@contextmanager
def _start_lock(layout: Layout) -> Iterator[None]:
    layout.server.mkdir(parents=True, exist_ok=True)
    layout.server.chmod(0o700)
    with (layout.server / "start.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
