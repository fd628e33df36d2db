"""The attempt that this kernel runs: what it was given, where it stands, what it tells the runner."""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
import traceback
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Any

from tideline.workspace.notebook.kernel import trace
from tideline.workspace.notebook.kernel.channel import Channel
from tideline.workspace.notebook.kernel.dbutils import DbUtils
from tideline.workspace.notebook.kernel.errors import NotebookExit, PythonRestart
from tideline.workspace.notebook.kernel.runtime import names_for, serve
from tideline.workspace.notebook.kernel.streams import begin_cell
from tideline.workspace.notebook.outputs import cut_text

LONGEST_WORDS = 100_000
FEW_RETRIES = {"max_retries": 6, "max_backoff": 2000}


class Attempt:
    """Lives as long as the kernel. The runner calls its methods by code that it sends before and as cells."""

    def __init__(self, shell: Any, channel: Channel) -> None:
        self.shell, self.channel = shell, channel
        self.notebooks: set[str] = set()
        self.number = self.cell_line = self.body_line = 0
        self.file = self.body = ""
        self.root = Path()
        self.names: dict[str, Any] = {}
        self._frames: list[AbstractContextManager[None]] = []

    def begin(self, document: str) -> None:
        """Stand in the notebook's folder, open the session, inject the names; tells the runner when it is done."""
        try:
            given = json.loads(document)
            folder, self.root = given["folder"], Path(given["root"])
            os.chdir(folder)
            sys.path[:] = [folder, *[str(self.root)] * (str(self.root) != folder), *_without_cwd(sys.path)]
            self.spark = open_session(given["remote"])
            self.dbutils = DbUtils(given, self.channel)
            self.names = names_for(self.spark, self.dbutils)
            serve(self.names)
            self.shell.user_ns.update(self.names)
        except Exception as error:
            self.channel.ask("failed", **trace.describe(error, set()) | {"number": 0})
            raise
        self.channel.ask("begun")

    def at(self, document: str) -> None:
        """The next code is this cell: its number, file, line, and its body for cells that are not Python."""
        where = json.loads(document)
        begin_cell(where["output_bytes"])
        self.number, self.file = where["number"], where["file"]
        self.cell_line, self.body_line, self.body = where["line"], where["body_line"], where["body"]
        self.notebooks.add(self.file)
        if where["is_python"]:
            self.shell.compile.stand_at(self.file, self.body_line, self.body)
        else:
            self.shell.compile.file = ""

    def enter(self, document: str) -> None:
        """A `%run` begins: its arguments are widget values until `leave`."""
        frame = self.dbutils.widgets._arguments(json.loads(document))
        frame.__enter__()
        self._frames.append(frame)

    def leave(self) -> None:
        self._frames.pop().__exit__(None, None, None)

    def sql(self) -> None:
        from tideline.workspace.notebook.kernel.sql import run_sql

        run_sql(self, self.body)

    def sh(self) -> None:
        from tideline.workspace.notebook.kernel.shell_magic import run_shell

        run_shell(self.body)

    def fs(self) -> None:
        from tideline.workspace.notebook.kernel.fs_magic import run_fs

        run_fs(self.dbutils.fs, self.body)

    def pip(self) -> None:
        from tideline.workspace.notebook.kernel.pip import run_pip

        run_pip(self.body)

    def restart(self) -> None:
        """An empty namespace with the injected names; the user's modules are imported anew when asked for again."""
        self.shell.reset(new_session=False)
        for name, module in list(sys.modules.items()):
            file = getattr(module, "__file__", None) or ""
            if (
                name != "__main__"
                and file.startswith(f"{self.root}{os.sep}")
                and not _is_installed(name, file)
            ):
                del sys.modules[name]
        self.shell.user_ns.update(self.names)

    def end(self) -> None:
        """Release the session; the process ends right after."""
        try:
            self.spark.stop()
        finally:
            self.channel.tell("ended")

    def failed(self, error: BaseException) -> list[str]:
        """Tell the runner what a cell raised; the lines to show below it. An exit or a restart is no failure."""
        if isinstance(error, NotebookExit):
            return []
        if isinstance(error, PythonRestart):
            self.restart()
            return []
        try:
            told = trace.describe(error, self.notebooks)
        except Exception:  # an exception whose own text fails
            told = {
                "name": type(error).__name__,
                "message": "(its message cannot be shown)",
                "line": None,
                "file": "",
            }
            told |= {"is_user_mistake": False, "traceback": traceback.format_exc()}
        told |= {part: cut_text(str(told[part]), LONGEST_WORDS) for part in ("message", "traceback")}
        if told["line"] is None:
            told |= {"line": self.cell_line, "file": self.file}
        self.channel.ask("failed", **told, number=self.number)
        return str(told["traceback"] or f"{told['name']}: {told['message']}").split("\n")


def open_session(remote: str) -> Any:
    """The attempt's own session; a server that died is given seven seconds, not the client's ten minutes."""
    from pyspark.sql.connect.client.retries import DefaultPolicy
    from pyspark.sql.connect.session import SparkSession

    logger = logging.getLogger("SQLQueryContextLogger")
    logger.disabled, logger.propagate = True, False
    session = SparkSession.builder.remote(remote).create()
    session.client.set_retry_policies([DefaultPolicy(**FEW_RETRIES)])
    threading.Thread(target=_greet, args=(session,), name="greet-server", daemon=True).start()
    return session


def _greet(session: Any) -> None:
    """Let the server make its side of the session while the first cells run; what fails here fails there again."""
    with suppress(Exception):
        session.sql("SELECT 1").collect()


def _without_cwd(paths: list[str]) -> list[str]:
    return [path for path in paths if path not in ("", ".")]


def _is_installed(name: str, file: str) -> bool:
    """Packages of an environment inside the root, and this one, are not the user's modules."""
    return name.split(".")[0] == "tideline" or "site-packages" in file
