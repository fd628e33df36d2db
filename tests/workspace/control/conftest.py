"""A small bundle with its control plane: a real process on loopback, asked by the platform's own client."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.service.jobs import BaseJob
from databricks.sdk.service.sql import StatementResponse, StatementState

from tests.workspace.bundle.bundles import write
from tideline.workspace.control import ControlAddress, ensure_control, stop_control
from tideline.workspace.jobs import RunStore
from tideline.workspace.layout import Layout
from tideline.workspace.server import ServerAddress

FILES = {
    "databricks.yml": """
        bundle: {name: small}
        targets: {dev: {default: true}, prod: {}}
        resources:
          jobs:
            greet:
              name: greet somebody
              parameters: [{name: word, default: hello}, {name: whom, default: "{{job.id}}"}]
              tasks:
                - {task_key: say, notebook_task: {notebook_path: say.py}}
                - task_key: long_word
                  depends_on: [{task_key: say}]
                  condition_task: {op: EQUAL_TO, left: "{{tasks.say.values.n_letters}}", right: "5"}
            break:
              tasks:
                - {task_key: fail, notebook_task: {notebook_path: fail.py, base_parameters: {fruit: apple}}}
                - {task_key: after, depends_on: [{task_key: fail}], notebook_task: {notebook_path: fail.py}}
            wait:
              max_concurrent_runs: 1
              queue: {enabled: false}
              tasks: [{task_key: sleep, spark_python_task: {python_file: sleep.py}}]
            both:
              tasks:
                - {task_key: first, run_job_task: {job_id: "${resources.jobs.greet.id}"}}
        """,
    "say.py": """
        # Databricks notebook source
        dbutils.widgets.text("word", "")
        word = dbutils.widgets.get("word")
        dbutils.jobs.taskValues.set("n_letters", len(word))
        dbutils.notebook.exit(f"{word} {dbutils.widgets.get('whom')}")
        """,
    "fail.py": """
        # Databricks notebook source
        dbutils.widgets.text("fruit", "pear")
        prices = {"pear": 1}

        # COMMAND ----------

        prices[dbutils.widgets.get("fruit")]
        """,
    "sleep.py": "import time\n\ntime.sleep(300)\n",
}


@dataclass
class Plane:
    """A running control plane and its bundle."""

    layout: Layout
    address: ControlAddress
    client: WorkspaceClient

    @property
    def store(self) -> RunStore:
        return RunStore(self.layout.runs)

    def job(self, name: str) -> int:
        """The id of the job with this name, as a client finds it."""
        (found,) = self.client.jobs.list(name=name)
        return number_of(found)


def number_of(job: BaseJob) -> int:
    assert job.job_id is not None
    return job.job_id


@pytest.fixture(scope="package")
def plane(tmp_path_factory: pytest.TempPathFactory, spark_server: ServerAddress) -> Iterator[Plane]:
    root = write(tmp_path_factory.mktemp("control") / "bundle", FILES)
    layout = Layout(root)
    address = ensure_control(layout, root, remote=spark_server)
    try:
        yield Plane(layout, address, WorkspaceClient(host=address.host, token=address.token))
    finally:
        stop_control(layout)


QUIET_FILES = {
    "databricks.yml": """
        bundle: {name: quiet}
        resources:
          jobs:
            compare:
              parameters: [{name: fruit, default: apple}]
              tasks:
                - task_key: is_pear
                  condition_task: {op: EQUAL_TO, left: "{{job.parameters.fruit}}", right: pear}
                - task_key: order
                  depends_on: [{task_key: is_pear, outcome: "true"}]
                  condition_task: {op: GREATER_THAN, left: "{{job.parameters.fruit}}", right: "5"}
                - task_key: apart
                  condition_task: {op: EQUAL_TO, left: a, right: a}
        """,
}


@pytest.fixture(scope="package")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plane]:
    """A control plane whose jobs compare and do nothing else, so that no Spark is started."""
    with quiet_plane(tmp_path_factory.mktemp("quiet") / "bundle") as plane:
        yield plane


@contextmanager
def quiet_plane(folder: Path) -> Iterator[Plane]:
    root = write(folder, QUIET_FILES)
    layout = Layout(root)
    address = ensure_control(layout, root)
    try:
        yield Plane(layout, address, WorkspaceClient(host=address.host, token=address.token))
    finally:
        stop_control(layout)


@pytest.fixture
def sql(plane: Plane) -> Callable[..., StatementResponse]:
    """Execute a statement on the one warehouse that there is, until it has ended; with a `wait_timeout`, no longer than that."""

    def execute(statement: str, **options: object) -> StatementResponse:
        answer = plane.client.statement_execution.execute_statement(statement, "any", **options)
        return answer if "wait_timeout" in options else ended(plane, answer)

    return execute


def ended(plane: Plane, answer: StatementResponse) -> StatementResponse:
    """The answer once its statement has ended: on a busy machine that takes longer than an answer may be waited for."""
    limit = time.monotonic() + 240
    while answer.status and answer.status.state in (StatementState.PENDING, StatementState.RUNNING):
        assert time.monotonic() < limit, f"statement {answer.statement_id} did not end"
        time.sleep(0.05)
        answer = plane.client.statement_execution.get_statement(answer.statement_id or "")
    return answer
