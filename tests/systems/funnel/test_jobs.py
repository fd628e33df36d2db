"""The funnel's jobs: the model waits for an extract that exists, of the same date, and for nothing that never comes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tideline.workspace.bundle import Bundle, load_bundle


@pytest.fixture
def bundle(repository: Path) -> Bundle:
    return load_bundle(repository, target="prod", environment={}, has_local_settings=False)


def tasks_of(bundle: Bundle, job: str) -> dict[str, dict[str, Any]]:
    return {task["task_key"]: task for task in bundle.job(job)["tasks"]}


def after(task: dict[str, Any]) -> set[str]:
    return {each["task_key"] for each in task.get("depends_on", [])}


def test_the_model_waits_for_a_job_that_exists_and_that_lands_the_same_date(bundle: Bundle) -> None:
    extract = tasks_of(bundle, "funnel_model")["extract"]["run_job_task"]
    assert bundle.job_key_of(extract["job_id"]) == "funnel_extract"
    assert extract["job_parameters"]["as_of"] == "{{job.parameters.as_of}}"
    names = {parameter["name"] for parameter in bundle.job("funnel_extract")["parameters"]}
    assert set(extract["job_parameters"]) <= names
    landed = tasks_of(bundle, "funnel_extract")
    assert after(landed["gate"]) == {"raw"}


def test_breaks_come_after_silver_and_the_dashboard_after_all_that_it_reads(bundle: Bundle, repository: Path) -> None:
    tasks = tasks_of(bundle, "funnel_model")
    order = {key: after(task) for key, task in tasks.items()}
    assert order == {
        "extract": set(), "bronze": {"extract"}, "silver": {"bronze"}, "gold": {"silver"}, "breaks": {"silver"},
        "dashboard": {"gold", "breaks"},
    }  # fmt: skip
    for key, notebook in (("breaks", "ml/funnel_breaks.py"), ("dashboard", "dashboards/funnel.py")):
        assert Path(tasks[key]["notebook_task"]["notebook_path"]) == repository / "notebooks" / notebook
