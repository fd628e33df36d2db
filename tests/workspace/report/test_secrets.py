"""What is kept of a run for other readers: reports, their index and junit.xml hold no secret, whoever gave it away."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as Xml

import pytest

from tests.workspace.bundle.bundles import write
from tideline.workspace.bundle import load_bundle
from tideline.workspace.jobs import JobRun, RunStore, run_job
from tideline.workspace.layout import Layout
from tideline.workspace.notebook.pool import KernelPool
from tideline.workspace.redaction import redactor_for_the_record
from tideline.workspace.report import write_index, write_report
from tideline.workspace.server import state
from tideline.workspace.server.state import ServerState

VALUE = "open-sesame"
FILES = {
    "databricks.yml": """
        bundle: {name: small}
        resources:
          jobs:
            compare:
              parameters: [{name: fruit, default: apple}]
              tasks:
                - task_key: order
                  condition_task: {op: LESS_THAN, left: "{{job.parameters.fruit}}", right: "5"}
        """,
}


def _no_pool() -> KernelPool:
    raise AssertionError("comparing needs no kernel")


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    layout = Layout(write(tmp_path / "bundle", FILES))
    layout.home.mkdir()
    return layout


def _failed(layout: Layout, fruit: str = VALUE) -> tuple[JobRun, RunStore]:
    """A run whose parameter stands in what was compared, in an error and in an event."""
    store = RunStore(layout.runs)
    run = run_job(load_bundle(layout.root), "compare", parameters={"fruit": fruit}, pool=_no_pool, store=store)
    return run, store


def _keep_secret(layout: Layout, value: str) -> None:
    layout.secrets.write_text(f'{{"vault": {{"word": "{value}"}}}}', encoding="utf-8")


def test_a_secret_given_as_a_parameter_is_in_no_report_and_no_result_file(layout: Layout) -> None:
    _keep_secret(layout, "plum-tree")
    run, store = _failed(layout)
    assert VALUE in (store.path(run.run_id) / "junit.xml").read_text(encoding="utf-8")  # no secret: it is said
    _keep_secret(layout, VALUE)
    run, store = _failed(layout)
    run.state, run.message = "CANCELED", f"stopped at {VALUE}"
    redact = redactor_for_the_record(layout)
    files = [write_report(run, store, redact), write_index([run], store, redact), store.path(run.run_id) / "junit.xml"]
    assert [file.name for file in files if VALUE in file.read_text(encoding="utf-8")] == []
    assert "[REDACTED]" in files[0].read_text(encoding="utf-8")
    assert (run.parameters, store.load(run.run_id).parameters) == ({"fruit": VALUE}, {"fruit": VALUE})  # a repair needs them


def test_the_token_of_the_spark_server_is_a_secret_too(layout: Layout) -> None:
    state.write(layout, ServerState(1, 0.0, 1, "tree-token-7f3a"))
    run, store = _failed(layout, "tree-token-7f3a")
    page = write_report(run, store, redactor_for_the_record(layout))
    assert "tree-token-7f3a" not in page.read_text(encoding="utf-8")


def test_a_run_is_kept_without_its_texts_where_the_secrets_file_is_broken(layout: Layout) -> None:
    layout.secrets.write_text(f'{{"vault": {{"word": "{VALUE}",}}}}', encoding="utf-8")
    run, store = _failed(layout)
    assert run.state == "FAILED"
    text = (store.path(run.run_id) / "junit.xml").read_text(encoding="utf-8")
    assert VALUE not in text and Xml.fromstring(text).attrib["failures"] == "1"
    assert VALUE not in write_report(run, store, redactor_for_the_record(layout)).read_text(encoding="utf-8")
