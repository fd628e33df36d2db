"""`create_index` starts the real job through the real client, and says how it goes; and the whole API under a prober."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from databricks.sdk import WorkspaceClient
from hypothesis import HealthCheck, given, settings

from tests.apps.served import Api, api, release, trained_on
from tests.workspace.bundle.bundles import write
from tideline.samples.payments.world import World
from tideline.workspace.control import ensure_control, stop_control
from tideline.workspace.jobs.numbers import job_number
from tideline.workspace.layout import Layout
from tideline.workspace.server import ServerAddress

FILES = {
    "databricks.yml": """
        bundle: {name: small}
        targets: {dev: {default: true}}
        resources:
          jobs:
            build:
              max_concurrent_runs: 1
              parameters: [{name: as_of, default: today}]
              tasks: [{task_key: learn, spark_python_task: {python_file: build.py, parameters: ["{{job.parameters.as_of}}"]}}]
            other:
              tasks: [{task_key: compare, condition_task: {op: EQUAL_TO, left: a, right: a}}]
        """,
    # Goes on until the test has written how it is to end.
    "build.py": """
        import pathlib, sys, time

        ends = pathlib.Path(__file__).parent / "ends"
        while not ends.is_file():
            time.sleep(0.05)
        if ends.read_text() == "badly":
            raise ValueError(f"too few clients on {sys.argv[1]}")
        """,
}


@dataclass(frozen=True)
class Deployed:
    """The API beside a control plane whose job ends when it is told to."""

    api: Api
    root: Path
    other_run: int

    def start(self) -> int:
        (self.root / "ends").unlink(missing_ok=True)
        answer = self.api.post("/create_index", None)
        assert answer.status_code == 202, answer.text
        return int(answer.json()["run_id"])

    def end(self, run_id: int, how: str) -> dict[str, Any]:
        (self.root / "ends").write_text(how)
        until = time.monotonic() + 60
        while time.monotonic() < until:
            found: dict[str, Any] = self.api.get(f"/create_index/{run_id}").json()
            if found["state"] != "running":
                return found
            time.sleep(0.1)
        raise AssertionError("the build does not end")


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory, spark_server: ServerAddress) -> Iterator[Deployed]:
    root = write(tmp_path_factory.mktemp("workspace") / "bundle", FILES)
    folder = tmp_path_factory.mktemp("volume") / "serving"
    release(folder, trained_on(World.of(7, companies=300, clients=1_000), 20_000), "v1")
    layout = Layout(root)
    address = ensure_control(layout, root, remote=spark_server)
    try:
        client = WorkspaceClient(host=address.host, token=address.token)
        other = client.jobs.run_now(job_number("dev", "other")).result()
        assert other.run_id is not None
        job = {
            "TIDELINE_RECOMMENDATIONS_JOB_ID": str(job_number("dev", "build")),
            "TIDELINE_BUILD_PARAMETERS": '{"as_of": "2023-06-02"}',
        }
        with api(folder, **address.env(), **job) as found:
            yield Deployed(found, root, other.run_id)
    finally:
        stop_control(layout)


def test_a_build_is_started_once_and_watched_to_its_end(deployed: Deployed) -> None:
    run_id = deployed.start()
    again = deployed.api.post("/create_index", None)
    assert (again.status_code, again.json()) == (409, {"detail": f"run {run_id} is building the index", "run_id": run_id})
    running = deployed.api.get(f"/create_index/{run_id}").json()
    assert (running["run_id"], running["state"], running["finished_at"]) == (run_id, "running", None)
    done = deployed.end(run_id, "well")
    assert (done["state"], done["task"]) == ("succeeded", None)
    assert done["started_at"] < done["finished_at"]
    assert deployed.end(deployed.start(), "well")["run_id"] != run_id


def test_a_failed_build_says_which_task_failed_and_why(deployed: Deployed) -> None:
    done = deployed.end(deployed.start(), "badly")
    assert (done["state"], done["task"]) == ("failed", "learn")
    assert "too few clients on 2023-06-02" in done["message"]


def test_runs_that_are_no_builds_are_not_found(deployed: Deployed) -> None:
    for run_id in (1, 2**62, deployed.other_run):
        assert deployed.api.get(f"/create_index/{run_id}").status_code == 404
    for run_id in ("0", "-1", "x", str(2**63)):
        assert deployed.api.get(f"/create_index/{run_id}").status_code == 422


def test_without_a_workspace_recommendations_go_on_and_builds_say_why_not(deployed: Deployed, tmp_path: Path) -> None:
    release(tmp_path / "serving", trained_on(World.of(7, companies=300, clients=1_000), 20_000), "v1")
    with api(tmp_path / "serving", HOME=str(tmp_path)) as found:
        answer = found.post("/create_index", None)
        assert (answer.status_code, "credentials" in answer.json()["detail"]) == (502, True)
        assert found.get("/create_index/1").status_code == 502
        assert found.post("/recommend_companies", {"client_id": "0" * 64}).status_code == 200


def test_a_build_is_started_as_documented(deployed: Deployed) -> None:
    (deployed.root / "ends").write_text("well")
    operation = schemathesis.openapi.from_url(f"{deployed.api.url}/openapi.json")["/create_index"]["POST"]
    asked: set[int] = set()

    @settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck), database=None, derandomize=True)
    @given(operation.as_strategy())
    def ask(case: schemathesis.Case) -> None:
        response = case.call(base_url=deployed.api.url)
        asked.add(response.status_code)
        case.validate_response(response)

    ask()
    assert 202 in asked and asked <= {202, 409}


@pytest.mark.parametrize("mode", [schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE])
@pytest.mark.parametrize("path", ["/recommend_companies", "/create_index/{run_id}"])
def test_no_request_that_the_schema_allows_or_forbids_ends_in_a_server_error(
    deployed: Deployed, path: str, mode: schemathesis.GenerationMode
) -> None:
    schema = schemathesis.openapi.from_url(f"{deployed.api.url}/openapi.json")
    method = "POST" if path == "/recommend_companies" else "GET"
    operation = schema[path][method]
    asked: set[int] = set()

    @settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck), database=None, derandomize=True)
    @given(operation.as_strategy(generation_mode=mode))
    def ask(case: schemathesis.Case) -> None:
        response = case.call(base_url=deployed.api.url)
        asked.add(response.status_code)
        case.validate_response(response)

    ask()
    assert max(asked) < 500
    assert mode is schemathesis.GenerationMode.NEGATIVE or path != "/recommend_companies" or 200 in asked
