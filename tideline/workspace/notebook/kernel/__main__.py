"""Kernels ahead of their use: import what notebooks need, then fork one for every request, each ending with the runner."""

from __future__ import annotations

import os
import socket
import sys
from contextlib import suppress
from importlib import import_module
from typing import Any


def main() -> None:
    """Serve the runner at the descriptor in argv."""
    from tideline.workspace.notebook.kernel.nursery import serve

    os.environ["SPARK_CONNECT_MODE_ENABLED"] = "1"  # a session made by its own class does not say so
    import_ahead()
    serve(socket.socket(fileno=int(sys.argv[1])), run_kernel)


def import_ahead() -> None:
    """What nearly every notebook needs, before it needs it, and what the runner asks for besides."""
    import pyspark.sql.connect.functions
    import pyspark.sql.connect.session
    import pyspark.sql.functions  # noqa: F401 (imported ahead of its use)

    import tideline.workspace.notebook.kernel.live
    import tideline.workspace.notebook.kernel.shell  # noqa: F401 (imported ahead of its use)

    for name in os.environ.pop("TIDELINE_IMPORT_AHEAD", "").split():
        with suppress(ImportError):
            import_module(name)


def run_kernel(connection_file: str, channel_descriptor: int) -> None:
    """In a process of its own: serve a notebook until the runner ends it."""
    import numpy
    from ipykernel.kernelapp import IPKernelApp

    from tideline.workspace.notebook.kernel.channel import Channel
    from tideline.workspace.notebook.kernel.live import Attempt
    from tideline.workspace.notebook.kernel.shell import NotebookKernel
    from tideline.workspace.notebook.kernel.streams import CellStream

    numpy.random.seed()  # else every kernel draws the same numbers
    channel = Channel(channel_descriptor)
    streams = f"{CellStream.__module__}.{CellStream.__name__}"
    app: Any = IPKernelApp.instance(kernel_class=NotebookKernel, log_level=50, outstream_class=streams)
    app.initialize(["-f", connection_file, "--HistoryManager.enabled=False"])
    app.shell.attempt = Attempt(app.shell, channel)
    extend(app.shell)
    channel.tell("ready")
    app.start()


def extend(shell: Any) -> None:
    """Magics of the platform that IPython would take to the network, and tables for frames that end a cell."""
    from tideline.workspace.notebook.kernel.display import pandas_formats
    from tideline.workspace.notebook.kernel.pip import run_pip

    for name in ("pip", "uv", "conda"):
        shell.register_magic_function(lambda line, name=name: run_pip(f"%{name} {line}"), "line", name)
    formatter = shell.display_formatter.formatters["text/html"]
    formatter.for_type_by_name("pandas", "DataFrame", pandas_formats)
    formatter.for_type_by_name("pandas.core.frame", "DataFrame", pandas_formats)


if __name__ == "__main__":
    main()
