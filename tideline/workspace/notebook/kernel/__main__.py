"""Start a kernel ahead of its use: import what notebooks need, serve, and end with the runner."""

from __future__ import annotations

import os
import sys
import threading
from typing import Any

CHANNEL = "TIDELINE_CHANNEL"


def main() -> None:
    """Serve the connection file in argv; the channel's descriptor is in the environment."""
    from tideline.workspace.notebook.kernel.channel import Channel

    channel = Channel(int(os.environ.pop(CHANNEL)))
    os.environ["SPARK_CONNECT_MODE_ENABLED"] = "1"  # a session made by its own class does not say so
    import_ahead()
    from ipykernel.kernelapp import IPKernelApp

    from tideline.workspace.notebook.kernel.live import Attempt
    from tideline.workspace.notebook.kernel.shell import NotebookKernel

    app: Any = IPKernelApp.instance(kernel_class=NotebookKernel, log_level=50)
    app.initialize([*sys.argv[1:], "--HistoryManager.enabled=False"])
    app.shell.attempt = Attempt(app.shell, channel)
    extend(app.shell)
    threading.Thread(target=import_figures, name="import-ahead", daemon=True).start()
    channel.tell("ready")
    app.start()


def import_ahead() -> None:
    """What nearly every notebook needs, before it needs it."""
    import pandas  # noqa: F401 (imported ahead of its use)
    import pyspark.sql.connect.functions
    import pyspark.sql.connect.session
    import pyspark.sql.functions  # noqa: F401 (imported ahead of its use)


def import_figures() -> None:
    """Matplotlib costs a second and not every notebook draws: it comes while the kernel waits."""
    import matplotlib.pyplot  # noqa: F401 (imported ahead of its use)


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
