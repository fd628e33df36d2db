"""Runs from pages on a Spark server of elsewhere: what is tried before the first task."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.workspace.bundle.bundles import write
from tests.workspace.control.conftest import FILES
from tests.workspace.web.conftest import site_of
from tests.workspace.web.waiting import ended, press
from tideline.workspace.server import ServerAddress


def test_a_run_does_not_begin_where_the_server_cannot_share_the_volumes(
    tmp_path: Path, spark_server: ServerAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPARK_CONNECT_AUTHENTICATE_TOKEN", spark_server.token)
    root = write(tmp_path, FILES)
    with site_of(root, "--remote", spark_server.remote, "--volume-root", "/proc/nowhere") as site:
        run = ended(site, press(site, site.visitor(), "/jobs/greet", {}))
    said = run.tasks["say"].attempts[-1].error
    assert said is not None and "/proc/nowhere cannot be written" in said.message and "--volume-root DIR" in said.message
