"""Stays beside the server: starts it, and ends it when no client has been connected for a while.

Runs detached (`python -m tideline.workspace.server.supervise`), so that the server outlives the command that
started it. Use is seen by established connections to the server's port.
"""

from __future__ import annotations

import argparse
import os
import secrets
import subprocess
import time
from pathlib import Path

import psutil

from tideline.workspace.layout import Layout
from tideline.workspace.server import java, state

POLL_SECONDS = 2.0


def main() -> None:
    arguments = _arguments()
    layout = Layout(Path(arguments.root))
    os.environ["TIDELINE_HOME"] = arguments.home
    token = secrets.token_urlsafe(32)
    with (layout.server / "server.out").open("w") as out:
        server = subprocess.Popen(
            java.command(layout, port=arguments.port, heap=arguments.heap),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            cwd=layout.server,
            env=java.environment(layout, token),
        )
    born = psutil.Process(server.pid).create_time()
    state.write(layout, state.ServerState(server.pid, born, arguments.port, token))
    _watch(server, arguments.port, arguments.idle_minutes * 60)
    known = state.read(layout)
    if known and known.pid == server.pid:
        state.forget(layout)


def _watch(server: subprocess.Popen[bytes], port: int, idle_seconds: float) -> None:
    used = time.monotonic()
    while server.poll() is None:
        time.sleep(min(POLL_SECONDS, idle_seconds))
        if _has_client(server.pid, port):
            used = time.monotonic()
        elif time.monotonic() - used > idle_seconds:
            server.terminate()
            try:
                server.wait(timeout=30)
            except subprocess.TimeoutExpired:
                server.kill()


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
    return parser.parse_args()


if __name__ == "__main__":
    main()
