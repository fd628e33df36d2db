"""Every field of a job and a task has a place in the table, and what is refused is refused with its line."""

from __future__ import annotations

import ast
import dataclasses
import json
from pathlib import Path

import pytest
from databricks.bundles.jobs import Job, Task

from tests.workspace.bundle.bundles import load
from tideline.workspace.bundle.capabilities import (
    CAPABILITIES,
    EMULATED,
    RECORDED,
    REFUSED,
    Capability,
    refusals,
)
from tideline.workspace.bundle.parity import AREAS, parity_page
from tideline.workspace.bundle.shown_around import SHOWN_AROUND
from tideline.workspace.bundle.shown_jobs import JOBS, TASKS

ROOT = Path(__file__).resolve().parents[3]
# What no test shows, said on the page.
GAPS = ["artifacts", "scripts"]


@pytest.mark.parametrize(("area", "model"), [("job", Job), ("task", Task)])
def test_every_field_of_the_official_model_is_in_the_table(area: str, model: type) -> None:
    known = {field.name for field in dataclasses.fields(model)}
    assert {row.name for row in CAPABILITIES if row.area == area} == known


def test_each_row_has_a_level_and_refusals_say_what_to_do() -> None:
    names = [(row.area, row.name) for row in CAPABILITIES]
    assert len(names) == len(set(names))
    assert {row.level for row in CAPABILITIES} == {EMULATED, RECORDED, REFUSED}
    assert [row.name for row in CAPABILITIES if row.level == REFUSED and not row.note] == []


def test_each_row_has_a_test_that_exists_and_a_check_or_is_a_known_gap() -> None:
    assert {row.area for row in CAPABILITIES} == set(AREAS)
    assert [row.name for row in CAPABILITIES if not row.shown_by] == GAPS
    assert [row.name for row in CAPABILITIES if not row.check] == []


@pytest.mark.parametrize("test", sorted({row.shown_by for row in CAPABILITIES if row.shown_by}))
def test_a_test_that_is_named_exists(test: str) -> None:
    file, _, name = test.partition("::")
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_nothing_is_said_of_rows_that_are_gone() -> None:
    named = {(area, name) for area, rows in {**SHOWN_AROUND, "job": JOBS, "task": TASKS}.items() for name in rows}
    assert named <= {(row.area, row.name) for row in CAPABILITIES}


FIELDS = [row for row in CAPABILITIES if row.area in ("job", "task")]


@pytest.mark.parametrize("row", FIELDS, ids=lambda row: f"{row.area}-{row.name}")
def test_a_field_is_refused_if_and_only_if_the_table_says_so(tmp_path: Path, row: Capability) -> None:
    fields = [{"task_key": "t", "condition_task": {"op": "EQUAL_TO", "left": "a", "right": "b"}}]
    job: dict[str, object] = {"tasks": fields}
    (job if row.area == "job" else fields[0]).setdefault(row.name, "x")
    bundle = load(tmp_path, json.dumps({"resources": {"jobs": {"a": job}}})[1:-1])
    found = [finding.message for finding in refusals(bundle, "a")]
    said = f"{row.area} `{'a' if row.area == 'job' else 't'}`: `{row.name}` is not emulated"
    assert found == ([said] if row.level == REFUSED else [])


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
    page = ROOT / "docs" / "parity.md"
    advice = "make it anew: python -m tideline.workspace.bundle.parity > docs/parity.md"
    assert page.read_text(encoding="utf-8") == parity_page(), advice
