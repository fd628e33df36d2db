"""The project's own bundle: it resolves for every target, and names what is written."""

from __future__ import annotations

import importlib
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from engine.sources.spec import Files
from tideline.workspace.bundle import Bundle, lint, load_bundle
from tideline.workspace.bundle.capabilities import refusals
from tideline.workspace.bundle.namespaces import computed_fields
from tideline.workspace.bundle.shipped import shipped_code
from tideline.workspace.bundle.user import LocalUser
from tideline.workspace.layout import Layout

ROOT = Path(__file__).resolve().parents[2]
TARGETS = ("dev", "staging", "prod")
LAYERS = ("raw", "bronze", "silver", "gold")
SYSTEMS = tuple(sorted(path.parent.name for path in (ROOT / "src" / "systems").glob("*/system.py")))


def bundle_of(target: str, **options: Any) -> Bundle:
    """The bundle as a workspace sees it, deployed by ada."""
    settings = {
        "environment": {},
        "has_local_settings": False,
        "user": LocalUser("ada@example.com"),
        **options,
    }
    return load_bundle(ROOT, target=target, **settings)


def jobs_of(bundle: Bundle, system: str) -> list[dict[str, Any]]:
    """The jobs that are a system's own: those with its name as their parameter."""
    found = [job for job in bundle.jobs.values() if job.get("tags", {}).get("system") == system]
    assert found, f"no job of {system}"
    return found


def reads_files(system: str) -> bool:
    declared = importlib.import_module(f"systems.{system}.system").SYSTEM
    return any(isinstance(source, Files) for source in declared.sources)


def parameters_of(job: dict[str, Any]) -> dict[str, str]:
    return {parameter["name"]: parameter["default"] for parameter in job["parameters"]}


def test_there_are_systems_and_targets() -> None:
    assert {"ab_testing", "community"} <= set(SYSTEMS)
    assert tuple(bundle_of("dev").tree.entries("targets")) == TARGETS


@pytest.mark.parametrize("target", TARGETS)
def test_every_target_resolves_without_a_finding(target: str) -> None:
    absent = {"pattern-matches-nothing"}
    assert [str(finding) for finding in lint(bundle_of(target)) if finding.rule not in absent] == []


@pytest.mark.parametrize("target", TARGETS)
def test_the_schemas_and_volumes_that_are_written_are_those_that_are_declared(target: str) -> None:
    bundle = bundle_of(target)
    schemas, volumes = set(), set()
    for system, job in [(name, job) for name in SYSTEMS for job in jobs_of(bundle, name)]:
        given = parameters_of(job)
        assert given["system"] == system
        home = f"{given['schema_prefix']}{system}"
        schemas |= {f"{given['catalog']}.{home}_{layer}" for layer in LAYERS}
        schemas.add(f"{given['catalog']}.{given['schema_prefix']}ops")
        if reads_files(system):
            volumes.add(f"{given['volume_root']}/{given['catalog']}/{home}_raw/landing")
        if system == "payments":
            volumes.add(f"{given['volume_root']}/{given['catalog']}/{home}_gold/serving")
    assert schemas == {f"{s['catalog_name']}.{s['name']}" for s in bundle.resources["schemas"].values()}
    declared = [computed_fields("volumes", volume) for volume in bundle.resources["volumes"].values()]
    assert volumes == {fields["volume_path"] for fields in declared}


def test_a_developer_writes_to_schemas_of_his_own() -> None:
    job = bundle_of("dev").job("community")
    assert parameters_of(job)["schema_prefix"] == "ada_"
    assert job["name"] == "[dev ada] tideline community"
    assert job["schedule"]["pause_status"] == "PAUSED"
    assert job["run_as"] == {"user_name": "ada@example.com"}


@pytest.mark.parametrize("target", ["staging", "prod"])
def test_readers_see_gold_only_and_engineers_and_the_principal_see_all(target: str) -> None:
    bundle = bundle_of(target, variables={"service_principal": "sp"})
    for schema in bundle.resources["schemas"].values():
        privileges = {grant["principal"]: grant["privileges"] for grant in schema["grants"]}
        assert privileges["tideline-engineers"] == ["ALL_PRIVILEGES"]
        assert {"SELECT", "MODIFY"} <= set(privileges["sp"])
        is_gold = schema["name"].endswith("_gold")
        assert privileges.get("tideline-readers") == (["USE_SCHEMA", "SELECT"] if is_gold else None)
    for volume in bundle.resources["volumes"].values():
        privileges = {grant["principal"]: grant["privileges"] for grant in volume["grants"]}
        assert privileges == {"tideline-engineers": ["ALL_PRIVILEGES"], "sp": ["READ_VOLUME", "WRITE_VOLUME"]}


@pytest.mark.parametrize("target", ["staging", "prod"])
def test_jobs_run_as_the_principal_and_carry_permissions(target: str) -> None:
    for job in bundle_of(target, variables={"service_principal": "sp"}).jobs.values():
        assert job["run_as"] == {"service_principal_name": "sp"}
        levels = {entry["group_name"]: entry["level"] for entry in job["permissions"]}
        assert levels == {"tideline-readers": "CAN_VIEW", "tideline-engineers": "CAN_MANAGE"}


def test_landing_volumes_are_managed_until_a_location_is_set(tmp_path: Path) -> None:
    assert {v["volume_type"] for v in bundle_of("prod").resources["volumes"].values()} == {"MANAGED"}
    for name in ("databricks.yml", "resources"):
        (tmp_path / name).symlink_to(ROOT / name)
    overrides = tmp_path / ".databricks" / "bundle" / "prod" / "variable-overrides.json"
    overrides.parent.mkdir(parents=True)
    places = [f'"{s}": {{"volume_type": "EXTERNAL", "storage_location": "s3://b/{s}"}}' for s in SYSTEMS if reads_files(s)]
    overrides.write_text(f'{{"landing_location": {{{", ".join(places)}}}}}')
    declared = load_bundle(tmp_path, target="prod", environment={}).resources["volumes"]
    volumes = {key: volume for key, volume in declared.items() if volume["name"] == "landing"}
    assert {v["volume_type"] for v in volumes.values()} == {"EXTERNAL"}
    assert {v["storage_location"] for v in volumes.values()} == {f"s3://b/{system}" for system in SYSTEMS if reads_files(system)}


def test_every_job_is_patient_limited_watched_and_runs_here() -> None:
    bundle = bundle_of("prod")
    assert "daily" in bundle.jobs
    for key, job in bundle.jobs.items():
        assert refusals(bundle, key) == []
        assert job["max_concurrent_runs"] == 1 and job["queue"] == {"enabled": True}
        assert job["timeout_seconds"] and job["health"]["rules"] and job["email_notifications"]["on_failure"]
        assert job["tags"]["owner"] and job["description"]
        for task in job["tasks"]:
            assert task["description"]
            if "condition_task" in task:  # it takes neither retries nor a time limit
                continue
            assert task["timeout_seconds"] and "max_retries" in task
            if "notebook_task" in task:
                assert (
                    task["max_retries"] in (1, 2)
                    and task["min_retry_interval_millis"]
                    and task["retry_on_timeout"]
                )


def test_the_daily_job_runs_every_system_with_its_own_parameters() -> None:
    bundle = bundle_of("prod")
    calls = {task["task_key"]: task["run_job_task"] for task in bundle.job("daily")["tasks"]}
    called = [bundle.job(bundle.job_key_of(call["job_id"])) for call in calls.values()]
    assert {job["tags"]["system"] for job in called} == set(SYSTEMS)
    for call in calls.values():
        assert call["job_parameters"] == {
            name: f"{{{{job.parameters.{name}}}}}" for name in parameters_of(bundle.job("daily"))
        }


def test_all_that_ships_is_read_for_what_serverless_compute_refuses() -> None:
    read = {path.relative_to(ROOT).as_posix() for path in shipped_code(bundle_of("dev"))}
    for folder in ("notebooks", "src", "apps"):
        there = {path.relative_to(ROOT).as_posix() for path in (ROOT / folder).rglob("*.py") if "__pycache__" not in path.parts}
        assert there and there <= read
    assert not [path for path in read if path.startswith(("tests/", "tideline/", "benchmarks/"))]


def test_upkeep_visits_the_tables_of_every_system_one_after_the_other() -> None:
    tasks = bundle_of("prod").job("maintenance")["tasks"]
    assert {task["notebook_task"]["base_parameters"]["system"] for task in tasks} == set(SYSTEMS)
    before = [[edge["task_key"] for edge in task.get("depends_on", [])] for task in tasks]
    assert before == [[], *([task["task_key"]] for task in tasks[:-1])]


def test_on_a_laptop_the_same_jobs_write_to_the_local_catalogue(monkeypatch: pytest.MonkeyPatch) -> None:
    given = parameters_of(load_bundle(ROOT, environment={}).job("community"))
    assert (given["catalog"], given["schema_prefix"]) == ("spark_catalog", "")
    assert given["volume_root"] == str(Layout(ROOT).volumes)


@pytest.mark.parametrize("target", TARGETS)
def test_the_official_command_finds_nothing_either(target: str, tmp_path: Path) -> None:
    """Needs DATABRICKS_CLI_PATH and a workspace to ask (DATABRICKS_HOST, DATABRICKS_TOKEN)."""
    cli = os.environ.get("DATABRICKS_CLI_PATH")
    if not cli or not os.environ.get("DATABRICKS_HOST"):
        pytest.skip("THE OFFICIAL COMMAND WAS NOT ASKED: set DATABRICKS_CLI_PATH and DATABRICKS_HOST")
    done = subprocess.run(
        [cli, "bundle", "validate", "--strict", "--target", target],
        cwd=ROOT,
        env={**os.environ, "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
