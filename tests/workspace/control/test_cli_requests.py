"""The requests of the official command, replayed: validate, deploy, plan, run, summary, destroy; nothing is left behind."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from databricks.sdk.errors import NotFound

from tests.workspace.control.cli import Cli, with_defaults
from tests.workspace.control.conftest import Plane
from tideline.workspace.bundle.user import local_user

USER = local_user().name
ROOT = f"/Workspace/Users/{USER}/.bundle/orchard/dev"
FILES = {
    "databricks.yml": b"bundle: {name: orchard}\n",
    "notebooks/look.py": b"# Databricks notebook source\nprint(1)\n",
    "src/trees.py": b"KINDS = ['pear']\n",
    "docs/a note.txt": "né".encode(),
}
JOB: dict[str, Any] = {
    "name": f"[dev {USER}] pick",
    "deployment": {"kind": "BUNDLE", "metadata_file_path": f"{ROOT}/state/metadata.json"},
    "edit_mode": "UI_LOCKED",
    "format": "MULTI_TASK",
    "max_concurrent_runs": 4,
    "queue": {"enabled": True},
    "parameters": [{"name": "fruit", "default": "pear"}],
    "schedule": {"quartz_cron_expression": "0 0 6 * * ?", "timezone_id": "UTC", "pause_status": "PAUSED"},
    "tasks": [
        {"task_key": "is_pear", "condition_task": {"op": "EQUAL_TO", "left": "{{job.parameters.fruit}}", "right": "pear"}},
        {"task_key": "b", "condition_task": {"op": "EQUAL_TO", "left": "1", "right": "1"}},
        {
            "task_key": "last",
            "depends_on": [{"task_key": "is_pear", "outcome": "true"}, {"task_key": "b"}],
            "condition_task": {"op": "LESS_THAN", "left": "{{job.parameters.fruit}}", "right": "5"},
        },
    ],
}
SCHEMA = {"catalog_name": "dev", "name": "orchard", "comment": "what grows"}
VOLUME = {"catalog_name": "dev", "schema_name": "orchard", "name": "landing", "volume_type": "MANAGED"}
MODEL = {"catalog_name": "dev", "schema_name": "orchard", "name": "ripeness"}
EXPERIMENT = {"name": f"/Users/{USER}/ripeness", "tags": [{"key": "team", "value": "trees"}]}
APP = {"name": "orchard-shop", "description": "What is ripe?"}
# Every request of the recording, as method and route.
RECORDED = {
    "GET /.well-known/databricks-config", "POST /api/2.0/apps", "GET /api/2.0/apps/{name}", "DELETE /api/2.0/apps/{name}",
    "POST /api/2.0/mlflow/experiments/create", "POST /api/2.0/mlflow/experiments/delete", "GET /api/2.0/mlflow/experiments/get",
    "GET /api/2.0/preview/scim/v2/Me", "GET /api/2.0/secrets/acls/list", "POST /api/2.0/secrets/scopes/create",
    "POST /api/2.0/secrets/scopes/delete", "GET /api/2.0/secrets/scopes/list",
    "POST /api/2.0/workspace-files/import-file/{path}", "POST /api/2.0/workspace/delete", "GET /api/2.0/workspace/export",
    "GET /api/2.0/workspace/get-status", "POST /api/2.0/workspace/mkdirs", "POST /api/2.1/unity-catalog/models",
    "GET /api/2.1/unity-catalog/models/{full_name}", "DELETE /api/2.1/unity-catalog/models/{full_name}",
    "POST /api/2.1/unity-catalog/schemas", "GET /api/2.1/unity-catalog/schemas/{full_name}",
    "DELETE /api/2.1/unity-catalog/schemas/{full_name}", "POST /api/2.1/unity-catalog/volumes",
    "GET /api/2.1/unity-catalog/volumes/{full_name}", "DELETE /api/2.1/unity-catalog/volumes/{full_name}",
    "POST /api/2.2/jobs/create", "POST /api/2.2/jobs/delete", "GET /api/2.2/jobs/get", "GET /api/2.2/jobs/list",
    "POST /api/2.2/jobs/run-now", "GET /api/2.2/jobs/runs/get", "GET /api/2.2/jobs/runs/get-output",
}  # fmt: skip
STATED = {
    "app": {"app_status", "compute_size", "compute_status", "description", "id", "name", "service_principal_client_id"},
    "experiment": {"artifact_location", "experiment_id", "lifecycle_stage", "name", "tags"},
    "schema": {"catalog_name", "catalog_type", "comment", "created_at", "created_by", "full_name", "name", "owner"},
    "volume": {"catalog_name", "created_at", "created_by", "full_name", "name", "owner", "schema_name", "storage_location"},
    "model": {"catalog_name", "created_at", "created_by", "full_name", "metastore_id", "name", "owner", "updated_at"},
}


@pytest.fixture(scope="module")
def cli(quiet: Plane) -> Iterator[Cli]:
    """After a validation and a first deployment."""
    cli = Cli(quiet.address, ROOT, FILES)
    cli.validate()
    assert cli.state() == {}
    cli.lock()
    cli.lock(expected=409)  # another deployment at the same time
    cli.upload()
    cli.keep(create_all(cli))
    cli.ask("POST", "/telemetry-ext", body={"uploadTime": 1, "items": [], "protoLogs": ["{}"]})
    cli.unlock()
    yield cli


def create_all(cli: Cli) -> dict[str, Any]:
    """The resources of the bundle; what the command keeps of them."""
    cli.ask("POST", "/api/2.1/unity-catalog/schemas", body=SCHEMA)
    grants = {"changes": [{"principal": "readers", "add": ["USE_SCHEMA", "SELECT"]}]}
    cli.ask("PATCH", "/api/2.1/unity-catalog/permissions/schema/dev.orchard", body=grants)
    cli.ask("POST", "/api/2.1/unity-catalog/volumes", body=VOLUME)
    cli.ask("POST", "/api/2.1/unity-catalog/models", body=MODEL)
    experiment = cli.ask("POST", "/api/2.0/mlflow/experiments/create", body=EXPERIMENT)["experiment_id"]
    cli.ask("POST", "/api/2.0/secrets/scopes/create", body={"scope": "orchard-keys"})
    cli.ask("POST", "/api/2.0/apps", body=APP, no_compute="true")
    job = cli.ask("POST", "/api/2.2/jobs/create", body=JOB)["job_id"]
    levels = {"access_control_list": [{"user_name": USER, "permission_level": "IS_OWNER"}]}
    cli.ask("PUT", f"/api/2.0/permissions/jobs/{job}", body=levels)
    return {"job": job, "experiment": experiment}


def read_all(cli: Cli) -> dict[str, Any]:
    """What `plan` and `summary` read: each resource as the workspace has it."""
    state = cli.state()
    return {
        "job": cli.ask("GET", "/api/2.2/jobs/get", job_id=str(state["job"])),
        "experiment": cli.ask("GET", "/api/2.0/mlflow/experiments/get", experiment_id=state["experiment"])["experiment"],
        "schema": cli.ask("GET", "/api/2.1/unity-catalog/schemas/dev.orchard"),
        "volume": cli.ask("GET", "/api/2.1/unity-catalog/volumes/dev.orchard.landing"),
        "model": cli.ask("GET", "/api/2.1/unity-catalog/models/dev.orchard.ripeness"),
        "app": cli.ask("GET", "/api/2.0/apps/orchard-shop"),
        "scopes": {each["name"] for each in cli.ask("GET", "/api/2.0/secrets/scopes/list")["scopes"]},
        "acls": cli.ask("GET", "/api/2.0/secrets/acls/list", scope="orchard-keys")["items"],
        "grants": cli.ask("GET", "/api/2.1/unity-catalog/permissions/schema/dev.orchard"),
        "permissions": cli.ask("GET", f"/api/2.0/permissions/jobs/{state['job']}"),
    }


def test_a_plan_after_a_deployment_has_nothing_to_change(cli: Cli) -> None:
    cli.begin()
    found = read_all(cli)
    assert found["job"]["settings"] == with_defaults(JOB)
    assert {"job_id", "created_time", "creator_user_name", "run_as_user_name"} <= set(found["job"])
    sent = {"schema": SCHEMA, "volume": VOLUME, "model": MODEL, "app": APP}
    for name, fields in sent.items():
        assert {field: found[name].get(field) for field in fields} == fields
        assert STATED[name] <= set(found[name])
    assert STATED["experiment"] <= set(found["experiment"])
    assert found["experiment"]["tags"][0] == EXPERIMENT["tags"][0]  # type: ignore[index]  # a map of several types
    assert found["acls"] == [{"principal": USER, "permission": "MANAGE"}]
    assert "orchard-keys" in found["scopes"]
    assert found["grants"] == {"privilege_assignments": [{"principal": "readers", "privileges": ["SELECT", "USE_SCHEMA"]}]}
    (owner,) = found["permissions"]["access_control_list"]
    assert (owner["user_name"], owner["all_permissions"][0]["permission_level"]) == (USER, "IS_OWNER")


def test_the_files_lie_there_as_a_bundle_that_runs(quiet: Plane, cli: Cli) -> None:
    folder = quiet.layout.workspace / ROOT.removeprefix("/Workspace/") / "files"
    assert {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()} == FILES
    paths = {each.path for each in quiet.client.workspace.list(f"{ROOT}/files", recursive=True)}
    assert f"{ROOT}/files/notebooks/look" in paths


def test_a_deployed_job_is_listed_beside_the_bundles_own(quiet: Plane, cli: Cli) -> None:
    number = cli.state()["job"]
    cli.ask("GET", "/api/2.2/jobs/list")
    names = {each.job_id: each.settings.name for each in quiet.client.jobs.list() if each.settings}
    assert names[number] == JOB["name"]
    assert len(names) == 2


def test_a_run_runs_the_deployed_settings_and_is_repaired(quiet: Plane, cli: Cli) -> None:
    cli.begin()
    number = cli.state()["job"]
    run_id = cli.ask("POST", "/api/2.2/jobs/run-now", body={"job_id": number, "job_parameters": {"fruit": "pear"}})["run_id"]
    run = ended(cli, run_id)
    assert (run["job_id"], run["run_name"], run["run_type"]) == (number, JOB["name"], "JOB_RUN")
    assert (run["state"]["life_cycle_state"], run["state"]["result_state"]) == ("INTERNAL_ERROR", "FAILED")
    assert "Task last failed" in run["state"]["state_message"]
    tasks = {task["task_key"]: task for task in run["tasks"]}
    assert {key: task["state"]["result_state"] for key, task in tasks.items()} == {
        "is_pear": "SUCCESS", "b": "SUCCESS", "last": "FAILED"
    }  # fmt: skip
    output = cli.ask("GET", "/api/2.2/jobs/runs/get-output", run_id=str(tasks["last"]["run_id"]))
    assert "pear" in output["error"]
    assert [each.run_id for each in quiet.client.jobs.list_runs(job_id=number)] == [run_id]
    again = quiet.client.jobs.repair_run(run_id, rerun_all_failed_tasks=True).response
    assert again.repair_id
    assert ended(cli, run_id)["state"]["result_state"] == "FAILED"


def ended(cli: Cli, run_id: int) -> dict[str, Any]:
    """The run at its end, polled as the command does."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        run: dict[str, Any] = cli.ask("GET", "/api/2.2/jobs/runs/get", run_id=str(run_id))
        if run["state"]["life_cycle_state"] in ("TERMINATED", "INTERNAL_ERROR", "SKIPPED"):
            return run
        time.sleep(0.1)
    raise AssertionError(f"run {run_id} did not end")


def test_a_changed_job_is_reset_and_run_by_its_new_settings(cli: Cli) -> None:
    number = cli.state()["job"]
    settings = {**JOB, "tasks": JOB["tasks"][:1], "run_as": {"user_name": USER}}
    cli.ask("POST", "/api/2.2/jobs/reset", body={"job_id": number, "new_settings": settings})
    cli.ask("POST", "/api/2.2/jobs/reset", body={"job_id": number, "new_settings": {**JOB, "tasks": JOB["tasks"][:1]}})
    found = cli.ask("GET", "/api/2.2/jobs/get", job_id=str(number))["settings"]
    assert found == with_defaults(settings)  # run_as stays although the second reset does not say it
    run = ended(cli, cli.ask("POST", "/api/2.2/jobs/run-now", body={"job_id": number})["run_id"])
    assert (run["state"]["result_state"], [task["task_key"] for task in run["tasks"]]) == ("SUCCESS", ["is_pear"])
    cli.ask("POST", "/api/2.2/jobs/reset", body={"job_id": number, "new_settings": JOB})


def test_a_destroyed_deployment_leaves_nothing_and_every_recorded_request_was_asked(quiet: Plane, cli: Cli) -> None:
    cli.begin()
    state = read_all(cli) and cli.state()
    cli.ask("DELETE", "/api/2.0/apps/orchard-shop")
    cli.ask("POST", "/api/2.0/mlflow/experiments/delete", body={"experiment_id": state["experiment"]})
    cli.ask("POST", "/api/2.2/jobs/delete", body={"job_id": state["job"]})
    cli.ask("DELETE", "/api/2.1/unity-catalog/models/dev.orchard.ripeness")
    cli.ask("DELETE", "/api/2.1/unity-catalog/volumes/dev.orchard.landing")
    cli.ask("DELETE", "/api/2.1/unity-catalog/schemas/dev.orchard", force="false")
    cli.ask("POST", "/api/2.0/secrets/scopes/delete", body={"scope": "orchard-keys"})
    cli.ask("POST", "/api/2.0/workspace/delete", body={"path": ROOT, "recursive": True})

    assert list((quiet.layout.home / "control" / "kept").rglob("*.json")) == []
    assert not (quiet.layout.workspace / ROOT.removeprefix("/Workspace/")).exists()
    for path, query in (
        ("/api/2.2/jobs/get", {"job_id": str(state["job"])}), ("/api/2.0/apps/orchard-shop", {}),
        ("/api/2.1/unity-catalog/schemas/dev.orchard", {}), ("/api/2.0/workspace/get-status", {"path": ROOT}),
    ):  # fmt: skip
        assert cli.ask("GET", path, expected=404, **query)["error_code"] == "RESOURCE_DOES_NOT_EXIST"
    assert cli.ask("POST", "/api/2.2/jobs/delete", body={"job_id": state["job"]}, expected=404)
    with pytest.raises(NotFound):
        quiet.client.jobs.run_now(state["job"])
    assert RECORDED - cli.asked == set()
