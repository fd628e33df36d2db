"""Start the control plane of a bundle if it is not there, find it if it is, stop it when asked."""

from __future__ import annotations

import contextlib
import fcntl
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import requests

from tideline.workspace.control import address as state
from tideline.workspace.control.address import ControlAddress, Served
from tideline.workspace.errors import ServerError
from tideline.workspace.layout import Layout, installation_root
from tideline.workspace.server import ServerAddress

START_SECONDS, STOP_SECONDS, ANSWER_SECONDS = 60.0, 30.0, 5.0


def ensure_control(
    layout: Layout, root: Path, *, target: str | None = None, remote: ServerAddress | None = None
) -> ControlAddress:
    """The address of the bundle's control plane; starts one where none answers. Two callers at once start one.

    `target` None takes whichever runs, or starts the bundle's default one. `remote` is a Spark server to use in place of
    the bundle's own; it holds for a control plane that is started here. ServerError where it does not start, or another
    target is served.
    """
    running = _running(layout)
    if running is None:
        with _lock(layout) as lock:
            running = _running(layout)
            if running is None:
                _end(layout)
                running = _start(layout, root, lock, target, remote)
    if target not in (None, running.target):
        served = f"target `{running.target}`" if running.target else "the bundle's default target"
        raise ServerError(
            f"the control plane that runs serves {served}, not `{target}`", hint="stop it first: tideline control stop"
        )
    return running.address


def running_control(layout: Layout) -> ControlAddress | None:
    """The address, if the process lives and answers."""
    running = _running(layout)
    return running.address if running else None


def stop_control(layout: Layout) -> bool:
    """End the control plane, its runs and its statements, and wait until it is gone; False where none runs."""
    if not state.folder(layout).is_dir():
        return False
    with _lock(layout):
        return _end(layout)


def log_file(layout: Layout) -> Path:
    return state.folder(layout) / "control.log"


def _running(layout: Layout) -> Served | None:
    known = state.read(layout)
    return known if known and known.process() and _answers(known) else None


def _answers(served: Served) -> bool:
    """Whether it is this server that answers: it alone knows the token."""
    headers = {"Authorization": f"Bearer {served.token}"}
    url = f"{served.address.host}/api/2.0/preview/scim/v2/Me"
    with contextlib.suppress(requests.RequestException):
        return requests.get(url, headers=headers, timeout=ANSWER_SECONDS).status_code == 200
    return False


def _start(layout: Layout, root: Path, lock: int, target: str | None, remote: ServerAddress | None) -> Served:
    command = [sys.executable, "-m", "tideline.workspace.control.serve", "--root", str(root.resolve()), "--lock", str(lock)]
    command += ["--target", target] if target else []
    environment = os.environ | {"TIDELINE_HOME": str(layout.home)}
    if remote is not None:
        command += ["--remote", remote.remote]
        environment |= {"SPARK_CONNECT_AUTHENTICATE_TOKEN": remote.token}
    with log_file(layout).open("wb") as log:
        process = subprocess.Popen(
            command, pass_fds=[lock], stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            cwd=installation_root(), env=environment,
        )  # fmt: skip
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        running = _running(layout)
        if running:
            return running
        time.sleep(0.05)
    _end(layout)
    process.kill()
    process.wait()
    raise ServerError("the control plane did not start", hint=_last_words(layout))


def _last_words(layout: Layout) -> str:
    lines = log_file(layout).read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1][:300] if lines else f"it gave no reason in {log_file(layout)}"


def _end(layout: Layout) -> bool:
    known = state.read(layout)
    process = known.process() if known else None
    if process is not None:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except psutil.TimeoutExpired:
                process.kill()
                process.wait(STOP_SECONDS)
    state.forget(layout)
    return process is not None


@contextmanager
def _lock(layout: Layout) -> Iterator[int]:
    """Starting and stopping exclude each other. Gives the lock's file descriptor; it is held while anyone has it open."""
    state.folder(layout).mkdir(parents=True, exist_ok=True)
    state.folder(layout).chmod(0o700)
    with (state.folder(layout) / "start.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield lock.fileno()
