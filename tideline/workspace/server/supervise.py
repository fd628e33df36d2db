"""Stays beside the server: starts it, and ends it when nobody has used it for a while.

Runs detached (`python -m tideline.workspace.server.supervise`), so that the server outlives the command that
started it. Use is seen in two ways: established connections to the server's port, and the state file, which every
command touches that asks for the server.
"""

from __future__ import annotations

import argparse
import os
import secrets
import signal
import subprocess
import time
from pathlib import Path

import psutil

from tideline.workspace.layout import Layout
from tideline.workspace.server import java, log, state
from tideline.workspace.server.probe import answers

POLL_SECONDS = 2.0
STOP_SECONDS = 30.0


def main() -> None:
    """Start the server, write its state, watch it to its end."""
    arguments = _arguments()
    layout = Layout(Path(arguments.root))
    os.environ["TIDELINE_HOME"] = arguments.home
    token = secrets.token_urlsafe(32)
    with log.open_output(layout) as output:
        server = subprocess.Popen(
            java.command(layout, port=arguments.port, heap=arguments.heap), stdin=subprocess.DEVNULL, stdout=output,
            stderr=subprocess.STDOUT, cwd=layout.server, env=java.environment(token))  # fmt: skip
    signal.signal(signal.SIGTERM, lambda *_: _end(server))  # a server without its supervisor would never end
    started = state.ServerState(server.pid, psutil.Process(server.pid).create_time(), arguments.port, token)
    state.write(layout, started)
    os.close(arguments.lock)  # held until here, so that a starter which is killed leaves no unknown server
    _watch(server, layout, port=arguments.port, idle_seconds=arguments.idle_minutes * 60)
    if state.read(layout) == started:
        state.forget(layout)


def _watch(server: subprocess.Popen[bytes], layout: Layout, *, port: int, idle_seconds: float) -> None:
    """Wait for the server's end, and bring it about after `idle_seconds` without use, counted once it answers."""
    while server.poll() is None and not answers(port):
        time.sleep(min(POLL_SECONDS, idle_seconds))
    used = time.monotonic()
    while server.poll() is None:
        time.sleep(min(POLL_SECONDS, idle_seconds))
        used = max(used, time.monotonic() - state.seconds_since_touched(layout))
        if _has_client(server.pid, port):
            used = time.monotonic()
        elif time.monotonic() - used > idle_seconds:
            _end(server)


def _end(server: subprocess.Popen[bytes]) -> None:
    server.terminate()
    try:
        server.wait(timeout=STOP_SECONDS)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def _has_client(pid: int, port: int) -> bool:
    try:
        connections = psutil.Process(pid).net_connections(kind="tcp")
    except psutil.Error:
        return False
    return any(c.status == psutil.CONN_ESTABLISHED and c.laddr and c.laddr.port == port for c in connections)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--root", required=True)
    parser.add_argument("--home", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--heap", required=True)
    parser.add_argument("--idle-minutes", type=float, required=True)
    parser.add_argument("--lock", type=int, required=True)
    return parser.parse_args()


if __name__ == "__main__":
    main()
