"""Jobs that clients make, and what stands around them, through the platform's client: kept, changed, run as deployed, gone."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from databricks.sdk.errors import BadRequest, InvalidParameterValue, NotFound, NotImplemented, OperationFailed
from databricks.sdk.errors import ResourceAlreadyExists as AlreadyThere
from databricks.sdk.service import apps, catalog, iam
from databricks.sdk.service.jobs import (
    ConditionTask,
    ConditionTaskOp,
    JobSettings,
    NotebookTask,
    RunJobTask,
    RunResultState,
    SparkPythonTask,
    Task,
    TaskDependency,
)
from databricks.sdk.service.workspace import ImportFormat

from tests.workspace.control.conftest import Plane
from tideline.workspace.bundle.user import local_user
from tideline.workspace.control.state import Workspace
from tideline.workspace.layout import Layout
from tideline.workspace.server import ServerAddress

SOON = timedelta(minutes=3)
FOLDER = "/Workspace/Shared/orchard/files"
PICK = """# Databricks notebook source
import sys
from pathlib import Path

sys.path.append(str(Path.cwd().parent / "src"))
from trees import KINDS

# COMMAND ----------

dbutils.widgets.text("fruit", "pear")
fruit = dbutils.widgets.get("fruit")
spark.sql("CREATE TABLE orchard_deployed.picked AS SELECT :fruit AS fruit", args={"fruit": fruit})
key = dbutils.secrets.get("orchard", "key")
dbutils.notebook.exit(f"{fruit} of {KINDS} {spark.table('orchard_deployed.picked').count()} {key}")
"""
FILES = {
    "databricks.yml": "bundle: {name: orchard}\n",
    "notebooks/pick.py": PICK,
    "src/trees.py": "KINDS = 2\n",
    "scripts/fail.py": "raise ValueError('rotten')\n",
}


def compare(key: str, left: str = "1", right: str = "1", after: str = "") -> Task:
    depends_on = [TaskDependency(after)] if after else None
    return Task(key, condition_task=ConditionTask(ConditionTaskOp.EQUAL_TO, left, right), depends_on=depends_on)


@pytest.fixture
def make(quiet: Plane) -> Iterator[Callable[..., int]]:
    """Makes jobs of the given tasks; they are gone after the test."""
    made: list[int] = []

    def create(name: str, *tasks: Task) -> int:
        number = quiet.client.jobs.create(name=name, tasks=list(tasks)).job_id
        assert number is not None
        made.append(number)
        return number

    yield create
    for number in made:
        quiet.client.jobs.delete(number)


def put_files(plane: Plane) -> None:
    for name, text in FILES.items():
        path = f"{FOLDER}/{name}"
        plane.client.workspace.mkdirs(path.rpartition("/")[0])
        plane.client.workspace.upload(path, text.encode(), format=ImportFormat.AUTO, overwrite=True)


def test_a_deployed_notebook_runs_over_deployed_files_with_the_workspaces_secrets(plane: Plane) -> None:
    """Real Spark: the schema that was deployed is there, a module beside the notebook is found, the value is redacted."""
    client = plane.client
    put_files(plane)
    client.secrets.create_scope("orchard")
    client.secrets.put_secret("orchard", "key", string_value="sweet-quince")
    client.schemas.create("orchard_deployed", "spark_catalog")
    pick = Task("pick", notebook_task=NotebookTask(f"{FOLDER}/notebooks/pick", {"fruit": "pear"}))
    fail = Task(
        "fail", spark_python_task=SparkPythonTask(f"{FOLDER}/scripts/fail.py"), depends_on=[TaskDependency("pick")]
    )
    number = client.jobs.create(name="pick in the orchard", tasks=[fail, pick]).job_id or 0
    try:
        waiter = client.jobs.run_now(number, notebook_params={"fruit": "plum"})
        with pytest.raises(OperationFailed, match="Task fail failed"):
            waiter.result(SOON)
        tasks = {task.task_key: task.run_id or 0 for task in client.jobs.get_run(waiter.run_id).tasks or []}
        picked = client.jobs.get_run_output(tasks["pick"]).notebook_output
        assert picked is not None
        assert picked.result == "plum of 2 1 [REDACTED]"
        assert client.jobs.get_run_output(tasks["fail"]).error == "ValueError: rotten (scripts/fail.py:1)"
        kept = plane.store.load(str(waiter.run_id))
        assert kept.root == str(plane.layout.workspace / "Shared" / "orchard" / "files")
        client.workspace.upload(f"{FOLDER}/scripts/fail.py", b"print('ripe')\n", format=ImportFormat.AUTO, overwrite=True)
        mended = client.jobs.repair_run(waiter.run_id, rerun_all_failed_tasks=True).result(SOON)
        assert mended.state is not None and mended.state.result_state is not None
        assert mended.state.result_state.value == "SUCCESS"
    finally:
        client.jobs.delete(number)
        client.secrets.delete_scope("orchard")
        client.schemas.delete("spark_catalog.orchard_deployed")
        client.workspace.delete("/Workspace/Shared/orchard", recursive=True)
        client.statement_execution.execute_statement("DROP SCHEMA orchard_deployed CASCADE", "any", wait_timeout="50s")
    assert not Layout(plane.layout.workspace).home.joinpath("runs").exists()


def test_a_run_of_a_deployed_job_is_repaired_from_a_terminal_too(plane: Plane, spark_server: ServerAddress) -> None:
    client = plane.client
    put_files(plane)
    fail = Task("fail", spark_python_task=SparkPythonTask(f"{FOLDER}/scripts/fail.py"))
    number = client.jobs.create(name="fail in the orchard", tasks=[fail]).job_id or 0
    waiter = client.jobs.run_now(number)
    with pytest.raises(OperationFailed, match="Task fail failed"):
        waiter.result(SOON)
    client.workspace.upload(f"{FOLDER}/scripts/fail.py", b"print('ripe')\n", format=ImportFormat.AUTO, overwrite=True)
    command = ["--root", str(plane.layout.root), "--remote", spark_server.remote, "repair", str(waiter.run_id)]
    environment = os.environ | {"SPARK_CONNECT_AUTHENTICATE_TOKEN": spark_server.token}

    def repair() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "tideline.cli", *command], env=environment, capture_output=True, text=True, check=False
        )

    repaired = repair()
    assert repaired.returncode == 0, repaired.stderr
    state = client.jobs.get_run(waiter.run_id).state
    assert state is not None and state.result_state is RunResultState.SUCCESS
    client.jobs.delete(number)
    client.workspace.delete("/Workspace/Shared/orchard", recursive=True)
    refused = repair()
    assert refused.returncode != 0 and "was deleted" in refused.stderr and "Traceback" not in refused.stderr


def test_a_job_runs_another_deployed_job(quiet: Plane, make: Callable[..., int]) -> None:
    inner = make("inner", compare("same"))
    outer = make("outer", Task("call", run_job_task=RunJobTask(inner)))
    run = quiet.client.jobs.run_now(outer).result(SOON)
    (task,) = run.tasks or []
    assert task.run_job_task is not None
    assert task.run_job_task.job_id == inner
    output = quiet.client.jobs.get_run_output(task.run_id or 0).run_job_output
    assert output is not None
    assert quiet.client.jobs.get_run(output.run_id or 0).job_id == inner


def test_a_job_that_only_runs_others_stands_in_their_folder(quiet: Plane, make: Callable[..., int]) -> None:
    put_files(quiet)
    inner = make("inner", Task("look", notebook_task=NotebookTask(f"{FOLDER}/notebooks/pick")))
    outer = make("outer", Task("call", run_job_task=RunJobTask(inner)))
    deployed = Workspace(quiet.layout.root).deployed
    assert deployed.bundle(deployed.get(outer)[0]).root == quiet.layout.workspace / "Shared" / "orchard" / "files"
    quiet.client.workspace.delete("/Workspace/Shared/orchard", recursive=True)


def test_what_a_deployed_job_cannot_do_here_is_said_before_it_runs(quiet: Plane, make: Callable[..., int]) -> None:
    missing = make("missing", Task("look", notebook_task=NotebookTask("/Workspace/Shared/nowhere")))
    with pytest.raises(BadRequest, match="nowhere"):
        quiet.client.jobs.run_now(missing)
    circle = make("circle", compare("a", after="b"), compare("b", after="a"))
    with pytest.raises(BadRequest, match="wait for each other"):
        quiet.client.jobs.run_now(circle)
    with pytest.raises(InvalidParameterValue, match="two of `tasks`"):
        quiet.client.jobs.create(name="twice", tasks=[compare("a"), compare("a")])


@pytest.mark.parametrize(
    "tasks", ["x", ["x"], [{"key": "a"}], [{"task_key": 1}], [{"task_key": "a", "depends_on": "b"}],
              [{"task_key": "a", "depends_on": [{}]}]],
)  # fmt: skip
def test_settings_of_another_shape_are_refused_and_nothing_is_kept(quiet: Plane, tasks: object) -> None:
    before = len(list(quiet.client.jobs.list()))
    with pytest.raises(InvalidParameterValue, match="is a list of objects with a `task_key`"):
        quiet.client.api_client.do("POST", "/api/2.2/jobs/create", body={"name": "odd", "tasks": tasks})
    assert len(list(quiet.client.jobs.list())) == before


@pytest.mark.parametrize(("name", "said"), [("\ud800", "half of a surrogate pair"), (["x"], "`name` is a text")])
def test_a_name_that_no_answer_could_show_is_refused_and_the_list_stays_readable(quiet: Plane, name: object, said: str) -> None:
    before = len(list(quiet.client.jobs.list()))
    with pytest.raises(InvalidParameterValue, match=said):
        quiet.client.api_client.do("POST", "/api/2.2/jobs/create", body={"name": name})
    assert len(list(quiet.client.jobs.list())) == before


def test_an_update_merges_tasks_by_key_and_removes_what_is_named(quiet: Plane, make: Callable[..., int]) -> None:
    jobs, number = quiet.client.jobs, make("pick", compare("a"), compare("b"))
    jobs.update(number, new_settings=JobSettings(tags={"team": "trees"}, tasks=[compare("b", right="2"), compare("c")]))
    settings = jobs.get(number).settings
    assert settings is not None
    right = {task.task_key: task.condition_task.right for task in settings.tasks or [] if task.condition_task}
    assert (right, settings.tags, settings.name) == ({"a": "1", "b": "2", "c": "1"}, {"team": "trees"}, "pick")
    jobs.update(number, fields_to_remove=["tasks/a", "tags"])
    settings = jobs.get(number).settings
    assert settings is not None
    assert ([task.task_key for task in settings.tasks or []], settings.tags) == (["b", "c"], None)


def test_the_bundles_own_jobs_are_changed_in_its_files_alone(quiet: Plane) -> None:
    number = quiet.job("compare")
    for change in (
        lambda: quiet.client.jobs.delete(number), lambda: quiet.client.jobs.reset(number, JobSettings(name="other")),
        lambda: quiet.client.jobs.update(number, new_settings=JobSettings(name="other")),
    ):  # fmt: skip
        with pytest.raises(BadRequest, match="described by the bundle's files"):
            change()
    assert quiet.job("compare") == number


def test_a_run_of_a_deleted_job_stays_and_cannot_be_repaired(quiet: Plane) -> None:
    number = quiet.client.jobs.create(name="short", tasks=[compare("a")]).job_id or 0
    run = quiet.client.jobs.run_now(number).result(SOON)
    quiet.client.jobs.delete(number)
    assert quiet.client.jobs.get_run(run.run_id or 0).job_id == number
    with pytest.raises(BadRequest, match="was deleted"):
        quiet.client.jobs.repair_run(run.run_id or 0, rerun_tasks=["a"])


def test_schemas_and_volumes_are_kept_changed_and_forgotten_and_files_stay(quiet: Plane) -> None:
    client = quiet.client
    client.schemas.create("Garden", "dev", comment="what grows")
    with pytest.raises(AlreadyThere):
        client.schemas.create("garden", "dev")
    with pytest.raises(NotFound, match=r"Schema 'dev\.desert' does not exist"):
        client.volumes.create("dev", "desert", "landing", catalog.VolumeType.MANAGED)
    client.volumes.create("dev", "garden", "landing", catalog.VolumeType.MANAGED)
    assert client.schemas.update("dev.garden", comment="roses").comment == "roses"
    with pytest.raises(InvalidParameterValue, match="is not empty"):
        client.schemas.delete("dev.garden")
    assert client.volumes.update("dev.garden.landing", new_name="drops").full_name == "dev.garden.drops"
    folder = quiet.layout.volumes / "dev" / "garden" / "drops"
    folder.mkdir(parents=True)
    client.files.upload("/Volumes/dev/garden/drops/a.txt", io.BytesIO(b"1"))
    client.volumes.delete("dev.garden.drops")
    client.schemas.delete("dev.garden")
    for ask in (lambda: client.schemas.get("dev.garden"), lambda: client.volumes.read("dev.garden.drops")):
        with pytest.raises(NotFound):
            ask()
    assert (folder / "a.txt").read_bytes() == b"1"


@pytest.mark.parametrize("name", ["../../up", "a.b", "a b", "", "x" * 256])
def test_a_name_that_is_no_name_makes_neither_entry_nor_folder(quiet: Plane, name: str) -> None:
    before = sorted(quiet.layout.home.rglob("*"))
    with pytest.raises(InvalidParameterValue, match="without dots"):
        quiet.client.schemas.create(name, "dev")
    with pytest.raises(InvalidParameterValue, match="without dots"):
        quiet.client.volumes.create("dev", name, "landing", catalog.VolumeType.MANAGED)
    assert sorted(quiet.layout.home.rglob("*")) == before


def test_privileges_are_added_and_removed(quiet: Plane) -> None:
    client = quiet.client
    client.schemas.create("grove", "dev")
    add = catalog.PermissionsChange(add=[catalog.Privilege.SELECT, catalog.Privilege.USE_SCHEMA], principal="readers")
    client.grants.update("schema", "dev.grove", changes=[add])
    remove = catalog.PermissionsChange(remove=[catalog.Privilege.SELECT], principal="readers")
    client.grants.update("schema", "dev.grove", changes=[remove])
    held = client.grants.get("schema", "dev.grove").privilege_assignments or []
    assert [(each.principal, each.privileges) for each in held] == [("readers", [catalog.Privilege.USE_SCHEMA])]
    client.schemas.delete("dev.grove")
    with pytest.raises(NotFound):
        client.grants.get("schema", "dev.grove")


def test_permissions_of_a_job_are_set_added_to_and_go_with_it(quiet: Plane, make: Callable[..., int]) -> None:
    def levels() -> dict[str, str]:
        entries = client.permissions.get("jobs", number).access_control_list or []
        return {
            str(each.user_name or each.group_name): (each.all_permissions or [])[0].permission_level.value  # type: ignore[union-attr]  # always given
            for each in entries
        }

    client, number, owner = quiet.client, str(make("guarded", compare("a"))), local_user().name
    assert levels() == {owner: "IS_OWNER"}
    view = iam.AccessControlRequest(group_name="readers", permission_level=iam.PermissionLevel.CAN_VIEW)
    client.permissions.update("jobs", number, access_control_list=[view])
    assert levels() == {owner: "IS_OWNER", "readers": "CAN_VIEW"}
    client.permissions.set("jobs", number, access_control_list=[view])
    assert levels() == {"readers": "CAN_VIEW"}
    with pytest.raises(InvalidParameterValue, match="names one of"):
        client.permissions.set(
            "jobs", number, access_control_list=[iam.AccessControlRequest(permission_level=iam.PermissionLevel.CAN_VIEW)]
        )


def test_an_experiment_is_found_by_id_and_name_and_renamed(quiet: Plane) -> None:
    experiments = quiet.client.experiments
    number = experiments.create_experiment("/Shared/ripe").experiment_id or ""
    with pytest.raises(AlreadyThere):
        experiments.create_experiment("/Workspace/Shared/ripe")
    experiments.update_experiment(number, new_name="/Shared/riper")
    found = experiments.get_by_name("/Shared/riper").experiment
    assert found is not None
    assert (found.experiment_id, found.lifecycle_stage) == (number, "active")
    experiments.delete_experiment(number)
    with pytest.raises(NotFound):
        experiments.get_experiment(number)


def test_an_app_is_recorded_and_does_not_claim_to_run(quiet: Plane) -> None:
    client = quiet.client.apps
    made = client.create(apps.App(name="orchard-app", description="a"), no_compute=True).response
    assert made.compute_status is not None and made.compute_status.state is apps.ComputeState.STOPPED
    assert client.update("orchard-app", apps.App(name="orchard-app", description="b")).description == "b"
    deployment = apps.AppDeployment(source_code_path="/Shared/app", env_vars=[apps.EnvVar(name="KEY", value="sweet-quince")])
    done = client.deploy("orchard-app", deployment).response
    assert done.status is not None and done.status.state is apps.AppDeploymentState.FAILED
    assert "tideline app" in (done.status.message or "")
    assert "sweet-quince" not in str(client.get_deployment("orchard-app", done.deployment_id or "").as_dict())
    with pytest.raises(NotImplemented, match="/api/2.0/apps/orchard-app/start"):
        client.start("orchard-app")
    client.delete("orchard-app")
    with pytest.raises(NotFound):
        client.get("orchard-app")
