"""Pages of tables for a bundle that is not ours: what it declares, where its logs are and how it replays is told as data."""

from __future__ import annotations

import socket
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import requests
import uvicorn
from pyspark.sql import SparkSession

from tests.workspace.bundle.bundles import write
from tests.workspace.web.conftest import Site as Served
from tests.workspace.web.table_world import pieces
from tests.workspace.web.test_tables import table_of, words
from tideline.workspace.control.state import Workspace
from tideline.workspace.declared import DeclaredCheck, DeclaredColumn, DeclaredTable, Freshness
from tideline.workspace.server import ServerAddress
from tideline.workspace.web.app import Site
from tideline.workspace.web.project import Logs, Project, Question, Replay

FILES = {
    "databricks.yml": """
        bundle: {name: foreign}
        targets: {dev: {default: true}}
        resources:
          jobs:
            once_more:
              parameters: [{name: what, default: nothing}]
              tasks: [{task_key: judge, spark_python_task: {python_file: judge.py, parameters: ["{{job.parameters.what}}"]}}]
        """,
    "judge.py": "import sys\n\nprint('judged', sys.argv[1])\n",
}


@contextmanager
def served(workspace: Workspace, project: Project) -> Iterator[Served]:
    """The site in a thread of this process."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(16)
        port = int(listening.getsockname()[1])
        server = uvicorn.Server(uvicorn.Config(Site(workspace, "token", port, project), log_level="warning"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            while not server.started:
                time.sleep(0.02)
            yield Served(workspace.root, f"http://127.0.0.1:{port}", "token")
        finally:
            server.should_exit = True
            thread.join(60)


@pytest.fixture(scope="module")
def place(
    spark: SparkSession, spark_server: ServerAddress, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Served, str]]:
    """A site, and the address of its one declared table; orders were set aside in another one."""
    schema = f"shop{uuid.uuid4().hex[:8]}"
    spark.sql(f"CREATE SCHEMA `{schema}`")
    spark.sql(f"CREATE TABLE `{schema}`.`orders` USING DELTA AS SELECT timestamp'2023-06-02 08:30:00' AS at, 'Ada' AS who")
    spark.sql(f"CREATE TABLE `{schema}`.`aside` USING DELTA AS SELECT 'too old' AS rule, 3 AS n_rows")
    orders = DeclaredTable(
        f"{schema}.orders", "shop", "bronze", "latest", "one row per order", "by hand",
        (DeclaredColumn("at", "timestamp", "When."), DeclaredColumn("who", "string", "Buyer.", is_personal=True)),
        checks=(DeclaredCheck("is recent", "warn", "at > '2023-01-01'"),), freshness=Freshness("at", 30, "warn"),
    )  # fmt: skip
    aside = Question(f"{schema}.aside", f"SELECT * FROM `{schema}`.`aside` WHERE rule <> :r", {"r": "x"})
    project = Project(
        lambda: {orders.name: orders},
        lambda table, prefix: Logs(quarantine=aside),
        lambda table, prefix: Replay("once_more", {"what": table.system}),
    )
    try:
        with served(Workspace(write(tmp_path_factory.mktemp("foreign"), FILES), remote=spark_server), project) as site:
            yield site, f"/tables/{schema}/orders"
    finally:
        spark.sql(f"DROP SCHEMA `{schema}` CASCADE")


def test_freshness_is_what_was_declared_and_the_newest_row(place: tuple[Served, str]) -> None:
    site, orders = place
    visitor = site.visitor()
    page = words(visitor.get(f"{site.host}{orders}/checks", timeout=60).text)
    assert "the newest at is at most 30 hours older than the end of the day that counts as now; otherwise warn" in page
    assert "is recent warn" in page
    assert table_of(pieces(visitor, f"{site.host}{orders}/ask/newest")["newest"]) == [["2023-06-02 08:30:00"]]


def test_logs_are_asked_with_their_values_and_pages_without_a_log_are_left_out(place: tuple[Served, str]) -> None:
    site, orders = place
    visitor = site.visitor()
    page = visitor.get(f"{site.host}{orders}/quarantine", timeout=60).text
    assert f'href="{orders}/quarantine"' in page and f'href="{orders}/runs"' not in page
    assert table_of(pieces(visitor, f"{site.host}{orders}/ask/quarantine")["quarantine"]) == [["too old", "3"]]


def test_a_replay_starts_the_job_with_its_parameters_and_its_run_is_followed(place: tuple[Served, str]) -> None:
    site, orders = place
    visitor = site.visitor()
    headers = {"Origin": site.host}
    answer = visitor.post(f"{site.host}{orders}/replay", headers=headers, timeout=120, allow_redirects=False)
    assert answer.status_code == 303, answer.text
    address = answer.headers["location"]
    run_id = address.partition("run=")[2]
    assert address == f"{orders}/quarantine?run={run_id}"
    assert "ask/replay?run=" in visitor.get(site.host + address, timeout=60).text
    last = words(pieces(visitor, f"{site.host}{orders}/ask/replay?run={run_id}")["replay"])
    assert last.startswith("SUCCESS Replay: 1 of 1 tasks have ended.")
    run = Workspace(site.root).store.load(run_id)
    assert run.parameters["what"] == "shop" and "judged shop" in run.tasks["judge"].attempts[0].output


def test_a_run_that_is_none_is_refused(place: tuple[Served, str]) -> None:
    site, orders = place
    for run_id in ("..%2f..%2fsecrets", "x", ""):
        assert site.visitor().get(f"{site.host}{orders}/ask/replay?run={run_id}", timeout=60).status_code == 400


def test_a_table_that_nobody_declares_has_no_replay(place: tuple[Served, str]) -> None:
    site, orders = place
    address = orders.replace("orders", "other")
    answer = site.visitor().post(f"{site.host}{address}/replay", headers={"Origin": site.host}, timeout=60)
    assert answer.status_code == 400 and "no job replays" in answer.text
    assert requests.get(f"{site.host}{address}", timeout=60).status_code == 401
