"""One Spark server per test run, whatever the number of its workers; a session per module; names of their own per test."""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings
from pyspark.sql import SparkSession

from tideline.workspace.layout import Layout
from tideline.workspace.server import ServerAddress, ensure_server, open_session, stop_server

if TYPE_CHECKING:
    from playwright.sync_api import Browser

HOME = "TIDELINE_TEST_HOME"

settings.register_profile("unhurried", deadline=None)  # a busy machine is no reason for an example to fail
settings.load_profile("unhurried")


def pytest_configure(config: pytest.Config) -> None:
    """Workers inherit the folder of the process that started them, and with it the server."""
    if not _is_worker(config):
        os.environ[HOME] = tempfile.mkdtemp(prefix="tideline-tests-")


def pytest_unconfigure(config: pytest.Config) -> None:
    home = os.environ.get(HOME)
    if home and not _is_worker(config):
        stop_server(Layout(Path(home)))
        shutil.rmtree(home, ignore_errors=True)


def _is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")


@pytest.fixture(scope="session")
def spark_server() -> ServerAddress:
    """The run's Spark server; `TIDELINE_TEST_REMOTE=sc://localhost:PORT` uses one that runs already."""
    remote = os.environ.get("TIDELINE_TEST_REMOTE")
    if remote:
        return ServerAddress(remote, os.environ.get("SPARK_CONNECT_AUTHENTICATE_TOKEN", ""))
    return ensure_server(Layout(Path(os.environ[HOME])), heap="3g", idle_minutes=120)


@pytest.fixture(scope="module")
def spark(spark_server: ServerAddress) -> Iterator[SparkSession]:
    """A session of the module's own: temporary views and settings do not reach other modules."""
    session = _client(spark_server)
    yield session
    session.stop()


def _client(address: ServerAddress) -> SparkSession:
    """The session of Databricks Connect where that is installed (`make test-connect`), else the ordinary one."""
    if find_spec("databricks.connect") is None:
        return open_session(address)
    from databricks.connect import DatabricksSession

    return DatabricksSession.builder.remote(address.remote).create()


@pytest.fixture
def schema_prefix(spark_server: ServerAddress) -> Iterator[str]:
    """A prefix for schema names that no other test has; its schemas are dropped afterwards."""
    prefix = f"t{uuid.uuid4().hex[:8]}_"
    yield prefix
    session = open_session(spark_server)
    for row in session.sql(f"SHOW SCHEMAS LIKE '{prefix}*'").collect():
        session.sql(f"DROP SCHEMA `{row[0]}` CASCADE")
    session.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A real browser. It ends with its module: while it is there, nothing else in the process may run an event loop."""
    # Imported here, as what needs no browser runs where this is missing.
    from playwright.sync_api import expect, sync_playwright

    chromium = os.environ.get("TIDELINE_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if not chromium:
        pytest.skip("NO BROWSER: pages were not looked at; install chromium, or set TIDELINE_CHROMIUM")
    expect.set_options(timeout=90_000)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def repository() -> Path:
    """The folder of databricks.yml."""
    return Path(__file__).resolve().parents[1]
