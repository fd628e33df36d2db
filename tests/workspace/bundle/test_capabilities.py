"""Every field of a job and a task has a place in the table, and what is refused is refused with its line."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from databricks.bundles.jobs import Job, Task

from tests.workspace.bundle.bundles import load
from tideline.workspace.bundle.capabilities import CAPABILITIES, EMULATED, RECORDED, REFUSED, refusals
from tideline.workspace.bundle.parity import parity_page


@pytest.mark.parametrize(("area", "model"), [("job", Job), ("task", Task)])
def test_every_field_of_the_official_model_is_in_the_table(area: str, model: type) -> None:
    known = {field.name for field in dataclasses.fields(model)}
    assert {row.name for row in CAPABILITIES if row.area == area} == known


def test_each_row_has_a_level_and_refusals_say_what_to_do() -> None:
    names = [(row.area, row.name) for row in CAPABILITIES]
    assert len(names) == len(set(names))
    assert {row.level for row in CAPABILITIES} == {EMULATED, RECORDED, REFUSED}
    assert [row.name for row in CAPABILITIES if row.level == REFUSED and not row.note] == []


def test_what_is_not_emulated_is_refused_with_its_line_in_called_jobs_too(tmp_path: Path) -> None:
    bundle = load(
        tmp_path,
        """
        resources:
          jobs:
            a:
              tasks:
                - {task_key: t, run_job_task: {job_id: "${resources.jobs.b.id}"}}
            b:
              git_source: {git_url: u, git_provider: gitHub}
              tasks:
                - {task_key: p, pipeline_task: {pipeline_id: x}}
                - {task_key: q, sql_task: {warehouse_id: w, query: {query_id: x}}}
                - {task_key: n, notebook_task: {notebook_path: n.py, source: GIT}}
                - {task_key: w, notebook_task: {notebook_path: /Workspace/Shared/n}}
                - {task_key: f, for_each_task: {inputs: "[1]", task: {task_key: i, dbt_task: {commands: []}}}}
            c:
              tasks: [{task_key: t, condition_task: {op: EQUAL_TO, left: a, right: b}}]
        """,
    )
    found = [(finding.place.line, finding.message.split(": ")[1]) for finding in refusals(bundle, "a")]
    assert found == [
        (8, "`git_source` is not emulated"),
        (10, "`pipeline_task` is not emulated"),
        (11, "sql_task.query is not emulated"),
        (12, "files from Git are not emulated"),
        (13, "the notebook /Workspace/Shared/n stands in a workspace"),
        (14, "`dbt_task` is not emulated"),
    ]
    assert refusals(bundle, "c") == []


def test_the_page_says_what_the_table_says() -> None:
    page = Path(__file__).resolve().parents[3] / "docs" / "parity.md"
    advice = "make it anew: python -m tideline.workspace.bundle.parity > docs/parity.md"
    assert page.read_text(encoding="utf-8") == parity_page(), advice
