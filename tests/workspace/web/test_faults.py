"""Runs from pages on real Spark: what stays true when the Spark server dies."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.workspace.bundle.bundles import write
from tests.workspace.web.conftest import Site, site_of
from tests.workspace.web.waiting import ended, press
from tideline.workspace.jobs import RunStore
from tideline.workspace.layout import Layout
from tideline.workspace.server import state as server_state
from tideline.workspace.server import stop_server

pytestmark = pytest.mark.long

FILES = {
    "databricks.yml": """
        bundle: {name: faults}
        targets: {dev: {default: true}}
        resources:
          jobs:
            long:
              tasks:
                - {task_key: query, max_retries: 2, notebook_task: {notebook_path: long.py}}
                - {task_key: after, depends_on: [{task_key: query}], notebook_task: {notebook_path: trivial.py}}
        """,
    "trivial.py": """
        # Databricks notebook source
        print(spark.range(3).count())
        """,
    "long.py": """
        # Databricks notebook source
        import time

        # COMMAND ----------

        for number in range(600):
            spark.range(number + 1).count()
            time.sleep(0.5)
        """,
}


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Site]:
    """A site with a Spark server of its own, which may die."""
    root = write(tmp_path / "alone", FILES)
    with site_of(root) as found:
        yield found
    stop_server(Layout(root))


def test_a_spark_server_that_dies_fails_the_run_soon_and_a_repair_starts_another(alone: Site) -> None:
    visitor, layout = alone.visitor(), Layout(alone.root)
    run_id = press(alone, visitor, "/jobs/long", {})
    _until_running(alone, run_id)
    server = server_state.read(layout)
    assert server is not None
    psutil.Process(server.pid).kill()
    began = time.monotonic()
    run = ended(alone, run_id, seconds=240)
    print(f"the run ended {time.monotonic() - began:.1f} s after its server")
    assert (run.state, run.tasks["query"].state, run.tasks["after"].state) == ("FAILED", "FAILED", "UPSTREAM_FAILED")
    text = visitor.get(f"{alone.host}/runs/{run_id}", timeout=30).text
    assert "FAILED" in text and "What failed" in text and "data-stream" not in text

    (alone.root / "long.py").write_text("# Databricks notebook source\nprint(spark.range(5).count())\n", encoding="utf-8")
    assert press(alone, visitor, f"/runs/{run_id}", {}, button="repair") == run_id
    repaired = ended(alone, run_id, seconds=300)
    assert (repaired.state, repaired.repair_count) == ("SUCCESS", 1)
    assert server_state.read(layout) != server


def _until_running(site: Site, run_id: str) -> None:
    """Until the query's second cell is at work."""
    events = RunStore(Layout(site.root).runs).path(run_id) / "events.jsonl"
    limit = time.monotonic() + 240
    while time.monotonic() < limit:
        if events.is_file() and '"number": 2' in events.read_text(encoding="utf-8"):
            time.sleep(2)
            return
        time.sleep(0.2)
    raise AssertionError("the query did not begin")
