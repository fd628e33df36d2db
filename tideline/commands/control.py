"""The local control plane: start it, stop it, where it answers."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING

import click

from tideline.commands.app import App, root_with_bundle
from tideline.commands.secrets import make_own_key
from tideline.workspace.errors import WorkspaceError

if TYPE_CHECKING:
    from tideline.workspace.control import ControlAddress

EXAMPLES = """
\b
Examples
  tideline control start
  eval "$(tideline control env)"     then any program that uses databricks-sdk, or `databricks bundle deploy`
  tideline control stop
"""


@click.group(epilog=EXAMPLES)
def control() -> None:
    """The workspace's REST API on loopback, for databricks-sdk and the official command: jobs, runs, SQL, files, secrets."""


@control.command(epilog="\b\nExample\n  tideline control start -t prod")
@click.option("-t", "--target", default=None, help="Target of the bundle (default: the one it names).")
@click.pass_obj
def start(app: App, target: str | None) -> None:
    """Start it, unless it runs. A Spark server starts with the first run or statement."""
    click.echo(f"the control plane answers at {control_of(app, target).host} (its token: tideline control env)")


@control.command(epilog="\b\nExample\n  tideline control stop")
@click.pass_obj
def stop(app: App) -> None:
    """Stop it, and cancel the runs and statements that it started."""
    click.echo("the control plane is stopped" if stop_control_of(app) else "no control plane is running")


@control.command(epilog="\b\nExample\n  tideline control status --json")
@click.option("--json", "is_json", is_flag=True, help="As JSON.")
@click.pass_obj
def status(app: App, is_json: bool) -> int:
    """Whether it runs, and where. Exit code 1 where it does not."""
    from tideline.workspace.control import running_control

    app.root = root_with_bundle(app.root)
    found = running_control(app.layout)
    if is_json:
        app.give({"is_running": found is not None, "host": found.host if found else None})
    else:
        click.echo(f"the control plane answers at {found.host}" if found else "no control plane is running")
    return 0 if found else 1


@control.command(epilog='\b\nExample\n  eval "$(tideline control env)"')
@click.pass_obj
def env(app: App) -> None:
    """The shell lines that point databricks-sdk and the official command at it, the token among them.

    Variables that have other values on this machine go with them, so that what is deployed here runs here.
    """
    from tideline.workspace.bundle.variables import local_variables
    from tideline.workspace.control import running_control

    app.root = root_with_bundle(app.root)
    found = running_control(app.layout)
    if found is None:
        raise WorkspaceError("no control plane is running", hint="start it: tideline control start")
    for name, value in found.env().items():
        click.echo(f"export {name}={shlex.quote(value)}")
    for name, value in local_variables(app.root).items():
        if isinstance(value, str | int):
            text = value if isinstance(value, str) else json.dumps(value)
            click.echo(f"export BUNDLE_VAR_{name}={shlex.quote(text)}")


def control_of(app: App, target: str | None = None) -> ControlAddress:
    """The bundle's control plane, started where none answers, and the secret that a run of this machine needs.

    For whoever starts an app, too: `control_of(app).env()` is what its client looks for. WorkspaceError for an unknown
    target, ServerError where it does not start.
    """
    from tideline.workspace.control import ensure_control

    app.root = root_with_bundle(app.root)
    app.check_storage(app.bundle(target))
    make_own_key(app.layout.secrets)
    return ensure_control(app.layout, app.root, target=target, remote=app.remote_address())


def stop_control_of(app: App) -> bool:
    """End the bundle's control plane; whether one ran."""
    from tideline.workspace.control import stop_control

    app.root = root_with_bundle(app.root)
    return stop_control(app.layout)
