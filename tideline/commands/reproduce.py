"""A run of MLflow made again from its id: the same notebook, widgets and data, and whether it finds the same."""

from __future__ import annotations

import json
import os
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import click

from tideline.commands.app import App, root_with_bundle, stop_on_interrupt
from tideline.commands.metrics import compared, table_of
from tideline.commands.runs import make_ready
from tideline.workspace.errors import WorkspaceError

if TYPE_CHECKING:
    from mlflow import MlflowClient

    from tideline.workspace.notebook.results import NotebookResult

# Tags that a run carries which can be made again.
NOTEBOOK, PARAMETERS, VERSIONS, CODE = "tideline.notebook", "tideline.parameters", "tideline.versions", "code"
REPRODUCES = "tideline.reproduces"


@dataclass(frozen=True)
class Logged:
    """A run as MLflow has it."""

    run_id: str
    tags: dict[str, str]
    metrics: dict[str, float]


@click.command(epilog="\b\nExample\n  tideline reproduce 0a1b2c3d4e5f60718293a4b5c6d7e8f9 --json")
@click.argument("run_id")
@click.option("--json", "is_json", is_flag=True, help="The comparison as JSON.")
@click.pass_obj
def reproduce(app: App, run_id: str, is_json: bool) -> int:
    """Make a run of MLflow again: the same notebook, widgets and versions of its inputs; compare the metrics.

    Nothing is published. Ends with 1 where a metric differs by more than 1e-9. Metrics that end in `seconds` are not compared.
    """
    app.root, app.is_json = root_with_bundle(app.root), is_json
    client = _client(app)
    then = _logged(client, run_id)
    began = time.time()
    result = _again(app, then)
    if result.state != "SUCCESS":
        raise WorkspaceError(f"{then.tags[NOTEBOOK]} ended as {result.state}: {result.error or 'no reason was given'}")
    now = _newest(client, run_id, began)
    if now is None:
        raise WorkspaceError(f"{then.tags[NOTEBOOK]} logged no run: {result.exit_value or 'it ended without a word'}")
    return _tell(app, then, now)


def _client(app: App) -> MlflowClient:
    """MLflow's local store; no store is made for the sake of asking it."""
    from tideline.workspace.tracking import tracking_environment

    if not (app.layout.models / "mlflow.db").is_file():
        raise WorkspaceError("there is no run of MLflow here yet", hint="a job that trains a model logs some")
    os.environ.update(tracking_environment(app.layout))
    from mlflow import MlflowClient

    return MlflowClient()


def _logged(client: MlflowClient, run_id: str) -> Logged:
    from mlflow.exceptions import MlflowException

    try:
        run = client.get_run(run_id)
    except MlflowException:
        newest = client.search_runs([each.experiment_id for each in client.search_experiments()], max_results=1)
        hint = f"the newest is {newest[0].info.run_id}" if newest else "there are none"
        raise WorkspaceError(f"there is no run `{run_id}` of MLflow", hint=hint) from None
    missing = [name for name in (NOTEBOOK, PARAMETERS, VERSIONS) if name not in run.data.tags]
    if missing:
        raise WorkspaceError(
            f"run `{run_id}` does not say how it was made: no tag {', '.join(missing)}",
            hint="notebooks that log by src/utils/tracking.py can be made again",
        )
    return Logged(run.info.run_id, dict(run.data.tags), dict(run.data.metrics))


def _again(app: App, then: Logged) -> NotebookResult:
    from tideline.workspace.notebook.format import find_notebook
    from tideline.workspace.notebook.results import NotebookTask

    path = find_notebook(app.root, then.tags[NOTEBOOK])
    if path is None:
        raise WorkspaceError(f"there is no notebook `{then.tags[NOTEBOOK]}` any more", hint="go back to the code of that run")
    fixed = {"versions": then.tags[VERSIONS], "publish": "false", "reproduces": then.run_id}
    make_ready(app, app.bundle())
    app.say(f"{then.tags[NOTEBOOK]} again, with the data of run {then.run_id}")
    task = NotebookTask(path=path, root=app.root, parameters=json.loads(then.tags[PARAMETERS]) | fixed)
    with stop_on_interrupt(app) as stop:
        return app.pool().run(task, on_event=lambda event: None, cancel=stop.event)


def _newest(client: MlflowClient, run_id: str, began: float) -> Logged | None:
    """The run that repeats `run_id` and was begun since."""
    found = client.search_runs(
        [each.experiment_id for each in client.search_experiments()], f"tags.`{REPRODUCES}` = '{run_id}'",
        order_by=["attributes.start_time DESC"], max_results=1,
    )  # fmt: skip
    if not found or found[0].info.start_time < 1000 * (began - 1):
        return None
    return Logged(found[0].info.run_id, dict(found[0].data.tags), dict(found[0].data.metrics))


def _tell(app: App, then: Logged, now: Logged) -> int:
    rows = compared(then.metrics, now.metrics)
    differing = [row.metric for row in rows if not row.is_same]
    if then.tags.get(CODE) != now.tags.get(CODE):
        click.echo(f"tideline: the code is another: {then.tags.get(CODE)} then, {now.tags.get(CODE)} now", err=True)
    if app.is_json:
        metrics = [asdict(row) | {"difference": row.difference, "is_same": row.is_same} for row in rows]
        is_same_code = then.tags.get(CODE) == now.tags.get(CODE)
        app.give({"run_id": then.run_id, "again": now.run_id, "is_same_code": is_same_code, "metrics": metrics})
    else:
        app.console.print(table_of(rows))
    if differing:
        click.echo(f"tideline: {', '.join(differing)} differ; run {now.run_id}", err=True)
        return 1
    app.say(f"all {len(rows)} metrics are the same; run {now.run_id}")
    return 0
