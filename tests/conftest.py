"""One Spark server per test run; a session per module; names of their own per test."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from tideline.workspace.layout import Layout
from tideline.workspace.server import ServerAddress, ensure_server, open_session, stop_server


@pytest.fixture(scope="session")
def server_layout(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    """Where this test run's server keeps its state: warehouse, catalogue, log."""
    return Layout(tmp_path_factory.mktemp("workspace"))


@pytest.fixture(scope="session")
def spark_server(server_layout: Layout) -> Iterator[ServerAddress]:
    """The run's Spark server; `TIDELINE_TEST_REMOTE=sc://localhost:PORT` uses one that runs already."""
    remote = os.environ.get("TIDELINE_TEST_REMOTE")
    if remote:
        yield ServerAddress(remote, os.environ.get("SPARK_CONNECT_AUTHENTICATE_TOKEN", ""))
        return
    yield ensure_server(server_layout, heap="2g", idle_minutes=15)
    stop_server(server_layout)


@pytest.fixture(scope="module")
def spark(spark_server: ServerAddress) -> Iterator[SparkSession]:
    """A session of the module's own: temporary views and settings do not reach other modules."""
    session = open_session(spark_server)
    yield session
    session.stop()


@pytest.fixture
def schema_prefix(spark_server: ServerAddress) -> Iterator[str]:
    """A prefix for schema names that no other test has; its schemas are dropped afterwards."""
    prefix = f"t{uuid.uuid4().hex[:8]}_"
    yield prefix
    session = open_session(spark_server)
    for row in session.sql(f"SHOW SCHEMAS LIKE '{prefix}*'").collect():
        session.sql(f"DROP SCHEMA `{row[0]}` CASCADE")
    session.stop()


@pytest.fixture(scope="session")
def repository() -> Path:
    """The folder of databricks.yml."""
    return Path(__file__).resolve().parents[1]
