"""Runs: start one, repair one, list them, look at one."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.table import Table
from rich.text import Text

from tideline.commands.app import App, pairs, root_with_bundle, stop_on_interrupt
from tideline.commands.completion import complete_jobs, complete_runs, complete_targets
from tideline.commands.secrets import make_own_key
from tideline.commands.sources import start_needed
from tideline.workspace.errors import WorkspaceError

if TYPE_CHECKING:
    from tideline.workspace.bundle import Bundle
    from tideline.workspace.jobs import JobRun

OK = frozenset({"SUCCESS", "SUCCESS_WITH_FAILURES"})


EXAMPLES = """
\b
Examples
  tideline run community
  tideline run community --only silver+ --param rebuild=true
  tideline run --all --json
"""


@click.command(epilog=EXAMPLES)
@click.argument("job", required=False, shell_complete=complete_jobs)
@click.option(
    "--param", "parameters", multiple=True, metavar="NAME=VALUE", help="A job parameter; may be repeated."
)
@click.option(
    "--only", default="", metavar="TASKS", help="Tasks to run: a, +a (with all before), a+ (with all after)."
)
@click.option(
    "-t", "--target", default=None, shell_complete=complete_targets, help="Target of the bundle (default: the one it names)."
)
@click.option(
    "--var", "variables", multiple=True, metavar="NAME=VALUE", help="A bundle variable; may be repeated."
)
@click.option("--all", "is_all", is_flag=True, help="Every job that no other job runs.")
@click.option("--remote", default="", metavar="sc://HOST:PORT", help="Use this Spark Connect server with Delta.")
@click.option("--json", "is_json", is_flag=True, help="The result as JSON.")
@click.pass_obj
def run(
    app: App, job: str | None, parameters: tuple[str, ...], only: str, target: str | None,
    variables: tuple[str, ...], is_all: bool, remote: str, is_json: bool,
) -> int:  # fmt: skip
    """Run a JOB of the bundle, with the tasks, parameters, conditions and retries that it declares."""
    _prepare(app, remote=remote, is_json=is_json)
    chosen = pairs(variables, "--var")
    bundle = app.bundle(target, chosen)
    given = pairs(parameters, "--param")
    found = [run_one(app, bundle, key, given, only, chosen) for key in _asked(bundle, job, is_all)]
    if is_json:
        app.give([each.to_dict() for each in found] if is_all else found[0].to_dict())
    return code_of(found)


def _prepare(app: App, *, remote: str, is_json: bool) -> None:
    app.root, app.remote, app.is_json = root_with_bundle(app.root), remote or app.remote, is_json


def _asked(bundle: Bundle, job: str | None, is_all: bool) -> list[str]:
    from tideline.workspace.bundle.calls import calls_of

    if is_all == (job is not None):
        known = ", ".join(sorted(bundle.jobs))
        raise WorkspaceError("name one job, or --all", hint=f"jobs: {known}")
    if job is not None:
        bundle.job(job)
        return [job]
    called = {key for keys in calls_of(bundle).values() for key in keys}
    return [key for key in bundle.jobs if key not in called]


def run_one(
    app: App, bundle: Bundle, key: str, parameters: dict[str, str], only: str, variables: dict[str, str]
) -> JobRun:
    """Check, start what is needed, run, show the end and write the report."""
    from tideline.workspace.jobs import run_job
    from tideline.workspace.jobs.plan import make_plan, refuse_what_cannot_run
    from tideline.workspace.sample_day import with_sample_day
    from tideline.workspace.terminal.live import Progress

    make_plan(bundle, key, parameters=parameters, only=only)
    refuse_what_cannot_run(bundle, key)
    told = with_sample_day(bundle, key, parameters, app.layout.home)
    if told != parameters:
        app.say(f"as_of={told['as_of']}, the last day of the samples; another: --param as_of=...")
    start_needed(app, bundle, key, told)
    make_ready(app, bundle)
    with stop_on_interrupt(app) as stop, Progress(app.console) as progress:
        found = run_job(
            bundle,
            key,
            parameters=told,
            only=only,
            pool=app.pool,
            store=app.store,
            on_event=progress,
            stop=stop,
            is_checked=True,
            variables=variables,
            server=app.server,
        )
    close_run(app, found)
    return found


def make_ready(app: App, bundle: Bundle) -> None:
    """Server, schemas, volumes and the local secret: all that a deployment would have made."""
    make_own_key(app.layout.secrets)
    app.pool()
    app.deploy(bundle)


def close_run(app: App, found: JobRun) -> None:
    from tideline.workspace.redaction import redactor_for_the_record
    from tideline.workspace.report import write_report
    from tideline.workspace.terminal.closing import show_end

    report = write_report(found, app.store, redactor_for_the_record(app.layout))
    show_end(app.console, found, report, repair_command=f"tideline repair {found.run_id}")


def code_of(found: list[JobRun]) -> int:
    if any(each.state == "CANCELED" for each in found):
        return 130
    return 0 if all(each.state in OK for each in found) else 1


@click.command(
    epilog="\b\nExamples\n  tideline repair                   the last run\n  tideline repair 2023060107010101"
)
@click.argument("run_id", required=False, shell_complete=complete_runs)
@click.option("--remote", default="", metavar="sc://HOST:PORT", help="Use this Spark Connect server with Delta.")
@click.option("--json", "is_json", is_flag=True, help="The result as JSON.")
@click.pass_obj
def repair(app: App, run_id: str | None, remote: str, is_json: bool) -> int:
    """Run again what failed in a run and what follows it; finished tasks keep their values."""
    from tideline.workspace.jobs import repair_run
    from tideline.workspace.terminal.live import Progress

    _prepare(app, remote=remote, is_json=is_json)
    found = app.store.load(run_id) if run_id else app.store.latest()
    _refuse_another_server(app, found)
    bundle = _bundle_of(app, found)
    start_needed(app, bundle, found.job_key, found.overrides)
    make_ready(app, bundle)
    with stop_on_interrupt(app) as stop, Progress(app.console) as progress:
        repair_run(bundle, found, pool=app.pool, store=app.store, on_event=progress, stop=stop)
    close_run(app, found)
    if is_json:
        app.give(found.to_dict())
    return code_of([found])


def _bundle_of(app: App, found: JobRun) -> Bundle:
    """The bundle with the run's target and variables; of a job that was deployed into this workspace, what was deployed."""
    from tideline.workspace.control.deployed import TARGET
    from tideline.workspace.control.errors import ApiError
    from tideline.workspace.control.state import Workspace

    if found.target != TARGET:
        return app.bundle(found.target or None, found.variables)
    try:
        return Workspace(app.root).bundle_of(found)
    except ApiError as error:
        raise WorkspaceError(error.message, hint="`tideline runs` lists the others") from None


def _refuse_another_server(app: App, found: JobRun) -> None:
    """Half of a run on one server and half on another would be neither's."""
    if found.server != app.server:
        there = f"tideline --remote {shlex.quote(found.server)} repair" if found.server else "tideline repair"
        where = found.server or "this machine's own server"
        raise WorkspaceError(f"run {found.run_id} ran on {where}", hint=f"repair it there: {there} {found.run_id}")


@click.command(
    "runs", epilog="\b\nExamples\n  tideline runs --limit 5\n  tideline runs --job community --json"
)
@click.option("--job", default="", shell_complete=complete_jobs, help="Runs of this job alone.")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(min=1))
@click.option("--json", "is_json", is_flag=True, help="The list as JSON.")
@click.pass_obj
def list_runs(app: App, job: str, limit: int, is_json: bool) -> None:
    """The latest runs, newest first."""
    _prepare(app, remote="", is_json=False)
    found = app.store.runs(limit=limit, job_key=job)
    if is_json:
        app.give([_summary(each) for each in found])
        return
    if not found:
        app.say("no run yet; start one: tideline run JOB")
        return
    table = Table(box=None, pad_edge=False)
    for name in ("run", "job", "state", "seconds", "repairs", "parameters"):
        table.add_column(name)
    for each in found:
        given = ", ".join(f"{name}={value}" for name, value in each.overrides.items())
        row = (each.run_id, each.job_key, each.state, f"{each.seconds:.1f}", str(each.repair_count), given)
        table.add_row(*(Text(cell) for cell in row))
    app.console.print(table)


def _summary(found: JobRun) -> dict[str, Any]:
    tasks = {key: task.state for key, task in found.tasks.items()}
    data = found.to_dict()
    return {name: data[name] for name in ("run_id", "job_key", "state", "started_at", "seconds")} | {
        "tasks": tasks
    }


@click.command(
    epilog="\b\nExamples\n  tideline report\n  tideline report --open\n  tideline report --all     an index of all runs"
)
@click.argument("run_id", required=False, shell_complete=complete_runs)
@click.option("--all", "is_all", is_flag=True, help="An index page of all runs.")
@click.option("--open", "is_open", is_flag=True, help="Open it in the browser.")
@click.pass_obj
def report(app: App, run_id: str | None, is_all: bool, is_open: bool) -> None:
    """Write a run's HTML report again, and print its path."""
    from tideline.workspace.redaction import redactor_for_the_record
    from tideline.workspace.report import write_index, write_report

    _prepare(app, remote="", is_json=False)
    redact = redactor_for_the_record(app.layout)
    if is_all:
        path: Path = write_index(app.store.runs(limit=200), app.store, redact)
    else:
        path = write_report(app.store.load(run_id) if run_id else app.store.latest(), app.store, redact)
    click.echo(path)
    if is_open:
        click.launch(str(path))
