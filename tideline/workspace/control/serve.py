"""The process: `python -m tideline.workspace.control.serve --root DIR`. Where it answers stands in the address file."""

from __future__ import annotations

import argparse
import os
import secrets
import signal
import socket
import sys
from pathlib import Path

import psutil
import uvicorn

from tideline.workspace.control import address as state
from tideline.workspace.control.address import Served
from tideline.workspace.control.app import create_app
from tideline.workspace.control.state import Workspace
from tideline.workspace.redaction import log_without_secrets
from tideline.workspace.server import ServerAddress

CLOSE_SECONDS = 5


def main() -> None:
    """Serve on loopback, on a port that is free and with a token of its own, until the process is ended."""
    arguments = _arguments()
    workspace = Workspace(Path(arguments.root), arguments.target, _remote(arguments.remote))
    log_without_secrets(workspace.layout, workspace.remote)
    token = secrets.token_urlsafe(32)
    # The protocol is named, or asyncio leaves Nagle's algorithm on and every answer takes 40 ms longer.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(128)
        port = int(listening.getsockname()[1])
        served = Served(os.getpid(), psutil.Process().create_time(), port, token, arguments.target)
        state.write(workspace.layout, served)
        os.close(arguments.lock)  # held until here, so that a starter which is killed leaves no unknown process
        config = uvicorn.Config(
            create_app(workspace, token), log_config=None, log_level="warning", access_log=False,
            timeout_graceful_shutdown=CLOSE_SECONDS,
        )  # fmt: skip
        # The server ends by its own signal once it has closed; without this the process would die of it at once.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        try:
            uvicorn.Server(config).run(sockets=[listening])
        finally:
            if state.read(workspace.layout) == served:
                state.forget(workspace.layout)


def _remote(remote: str) -> ServerAddress | None:
    return ServerAddress(remote, os.environ.get("SPARK_CONNECT_AUTHENTICATE_TOKEN", "")) if remote else None


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--root", required=True)
    parser.add_argument("--lock", type=int, required=True)
    parser.add_argument("--target", default=None)
    parser.add_argument("--remote", default="")
    return parser.parse_args()


if __name__ == "__main__":
    main()
