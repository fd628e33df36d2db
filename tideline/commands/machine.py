"""The machine: what it has, stopping the server, forgetting local state."""

from __future__ import annotations

import shutil
from dataclasses import asdict

import click
from rich.text import Text

from tideline.commands.app import App, root_with_bundle
from tideline.commands.control import stop_control_of
from tideline.commands.sources import stop_all
from tideline.workspace.errors import WorkspaceError


@click.command(epilog="\b\nExamples\n  tideline doctor\n  tideline doctor --json")
@click.option("--json", "is_json", is_flag=True, help="The checks as JSON.")
@click.pass_obj
def doctor(app: App, is_json: bool) -> int:
    """What this machine has and lacks, for runs, tests and apps. Exit code 2 where something that a run needs is missing."""
    from tideline.commands.apps import APPS
    from tideline.commands.tools import examine_tools
    from tideline.workspace.doctor import examine

    app.root, app.is_json = root_with_bundle(app.root), is_json
    address = app.remote_address()
    if address is not None:
        app.check_storage(app.bundle())
        app.say(f"ok      {address.remote}: answers, takes the token, has Delta, and shares this machine's volumes")
    checks = [*examine(app.layout), *examine_tools({name: served.port for name, served in APPS.items()})]
    is_ready = all(check.state != "missing" for check in checks)
    if is_json:
        app.give({"is_ready": is_ready, "checks": [asdict(check) for check in checks]})
        return 0 if is_ready else 2
    for check in checks:
        mark = {"ok": "green", "missing": "bold red", "note": "yellow"}[check.state]
        line = Text(f"{check.state:8}", style=mark).append(f"{check.name}: {check.found}", style="default")
        app.console.print(line.append(f" ({check.hint})" if check.hint else ""), soft_wrap=True)
    return 0 if is_ready else 2


@click.command(epilog="\b\nExample\n  tideline stop")
@click.pass_obj
def stop(app: App) -> None:
    """Stop the control plane and the Spark server of this bundle, and the sample sources; tables and data stay."""
    from tideline.workspace.server import stop_server

    app.root = root_with_bundle(app.root)
    if stop_control_of(app):  # first: its runs and statements use the server
        click.echo("the control plane is stopped")
    click.echo("the server is stopped" if stop_server(app.layout) else "no server is running")
    if stop_all(app):
        click.echo("the sample sources are stopped")


@click.command(epilog="\b\nExample\n  tideline reset --yes")
@click.option("--yes", is_flag=True, help="Do it: tables, volumes and runs of this machine are lost.")
@click.pass_obj
def reset(app: App, yes: bool) -> None:
    """Remove all local state: tables, volumes, runs, reports, secrets. Packages and jars stay."""
    from tideline.workspace.scheduler import one_per_bundle
    from tideline.workspace.server import stop_server

    app.root = root_with_bundle(app.root)
    home = app.layout.home
    if not yes:
        raise WorkspaceError(
            f"this removes every table, volume and run in {home}", hint="tideline reset --yes"
        )
    with one_per_bundle(app.layout):  # a scheduler would start runs, and a server, in the midst of it
        stop_control_of(app)
        stop_server(app.layout)
        stop_all(app)
        for each in home.iterdir():
            if each.resolve() == app.layout.jars:
                continue
            shutil.rmtree(each) if each.is_dir() else each.unlink()
    click.echo(f"{home} is empty")
