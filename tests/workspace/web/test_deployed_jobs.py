"""Jobs that a program made on the site's own port have pages, as those of the bundle have."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.workspace.bundle.bundles import write
from tests.workspace.control.conftest import FILES
from tests.workspace.web.conftest import Site, site_of
from tests.workspace.web.waiting import ended, press

SAME = {"task_key": "same", "condition_task": {"op": "EQUAL_TO", "left": "{{job.parameters.left}}", "right": "a"}}
SETTINGS = {
    "name": "pick <apples>", "parameters": [{"name": "left", "default": "a"}], "tasks": [SAME],
    "schedule": {"quartz_cron_expression": "0 30 4 * * ?", "timezone_id": "UTC"},
}  # fmt: skip


@pytest.fixture(scope="module")
def orchard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site_of(write(tmp_path_factory.mktemp("orchard"), FILES)) as found:
        yield found


def asked(orchard: Site, path: str, body: dict[str, Any]) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {orchard.token}"}
    answer = requests.post(f"{orchard.host}/api/2.2/jobs/{path}", json=body, headers=headers, timeout=60)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def text_of(orchard: Site, path: str, status: int = 200) -> str:
    answer = orchard.visitor().get(f"{orchard.host}{path}", timeout=60)
    assert answer.status_code == status, answer.text
    return answer.text


def key_of(orchard: Site) -> str:
    match = re.search(r'href="/jobs/(pick_apples-\w+)"', text_of(orchard, "/jobs"))
    assert match
    return match.group(1)


def test_a_deployed_job_has_a_page_its_runs_lead_to_and_it_runs_from_there(orchard: Site) -> None:
    number = asked(orchard, "create", SETTINGS)["job_id"]
    run = ended(orchard, str(asked(orchard, "run-now", {"job_id": number, "job_parameters": {"left": "b"}})["run_id"]))
    key = key_of(orchard)
    assert f'href="/jobs/{key}"' in text_of(orchard, "/runs") and run.job_key == key
    page = text_of(orchard, f"/jobs/{key}?like={run.run_id}")
    assert "deployed by" in page and 'name="p.left" value="b"' in page and f'href="/runs/{run.run_id}"' in page
    assert "pick &lt;apples&gt;" in page and "No scheduler of this machine starts deployed jobs" in page
    again = ended(orchard, press(orchard, orchard.visitor(), f"/jobs/{key}", {"p.left": "a"}))
    assert (again.job_key, again.target, again.tasks["same"].outcome) == (key, run.target, "true")

    asked(orchard, "delete", {"job_id": number})
    gone = text_of(orchard, f"/jobs/{key}", 404)
    assert f"There is no job `{key}`, or none any more" in gone and "greet, break" in gone
    assert key in text_of(orchard, "/runs") and key not in text_of(orchard, "/jobs")


def test_a_deployed_job_without_tasks_is_listed_and_its_page_says_what_it_lacks(orchard: Site) -> None:
    number = asked(orchard, "create", {"name": "pick apples", "schedule": "at night"})["job_id"]
    assert "has no tasks" in text_of(orchard, f"/jobs/{key_of(orchard)}", 400)
    asked(orchard, "delete", {"job_id": number})
