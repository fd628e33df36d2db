"""Executions of notebooks that end in a fault: kept in any case, whatever became of the secrets meanwhile."""

from __future__ import annotations

import socket
import threading
import time
from pathlib import Path

import pytest

from tests.workspace.bundle.bundles import write
from tests.workspace.control.conftest import FILES
from tideline.workspace.control.state import Workspace
from tideline.workspace.errors import NotebookError
from tideline.workspace.server import ServerAddress
from tideline.workspace.server import state as server_state
from tideline.workspace.server.state import ServerState
from tideline.workspace.web.notebook_runs import NotebookRuns


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write(tmp_path / "bundle", FILES)


def test_a_fault_is_kept_without_its_text_where_the_secrets_file_broke_meanwhile(root: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        remote = ServerAddress(f"sc://localhost:{listening.getsockname()[1]}", "token-7f3a")
        workspace = Workspace(root, remote=remote)
        threading.Thread(target=_break_secrets_and_hang_up, args=(listening, workspace), daemon=True).start()
        runs = NotebookRuns(workspace)
        execution_id = runs.start(root / "say.py", 1, {}, {})
        limit = time.monotonic() + 60
        while (found := runs.store.load(execution_id)).is_going and time.monotonic() < limit:
            time.sleep(0.05)
        runs.close()
    assert (found.state, found.note) == ("FAILED", "[REDACTED]")
    assert not runs.cancel(execution_id)  # it goes on no longer


def _break_secrets_and_hang_up(listening: socket.socket, workspace: Workspace) -> None:
    while True:
        try:
            connection, _ = listening.accept()
        except OSError:
            return
        workspace.layout.secrets.write_text("{", encoding="utf-8")
        connection.close()


def test_nothing_begins_where_the_secrets_cannot_be_read(root: Path) -> None:
    workspace = Workspace(root)
    workspace.layout.home.mkdir()
    workspace.layout.secrets.write_text("{", encoding="utf-8")
    runs = NotebookRuns(workspace)
    with pytest.raises(NotebookError, match="the secrets file must be JSON"):
        runs.start(root / "say.py", 1, {}, {})
    assert not runs.store.folder.exists()


def test_pages_of_notebooks_hide_the_token_of_the_bundles_own_server(root: Path) -> None:
    workspace = Workspace(root)
    server_state.write(workspace.layout, ServerState(1, 0.0, 1, "tree-token-7f3a"))
    assert NotebookRuns(workspace).redactor().text("it is tree-token-7f3a") == "it is [REDACTED]"
