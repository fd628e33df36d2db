"""The sample sources that run: databases and the API over one of them."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tideline.commands.app import App, root_with_bundle
from tideline.commands.completion import complete_sources
from tideline.commands.secrets import keep_secrets, names_elsewhere

if TYPE_CHECKING:
    from tideline.samples.sources import Source
    from tideline.workspace.bundle import Bundle

STARTING = threading.Lock()

EXAMPLES = """
\b
Examples
  tideline source start payments
  tideline source load funnel FOLDER
  tideline source stop funnel
"""


@click.group(epilog=EXAMPLES)
def source() -> None:
    """The sample sources of payments and funnel: start, stop, look, load files."""


@source.command(epilog="\b\nExample\n  tideline source start funnel")
@click.argument("system", shell_complete=complete_sources)
@click.pass_obj
def start(app: App, system: str) -> None:
    """Start the source of a SYSTEM on loopback, and keep how to reach it among the secrets."""
    found = source_of(app, system)
    keep_secrets(app.layout.secrets, found.start())
    click.echo(f"{system}: {found.where()}")


@source.command(epilog="\b\nExample\n  tideline source stop payments")
@click.argument("system", shell_complete=complete_sources)
@click.pass_obj
def stop(app: App, system: str) -> None:
    """Stop the source of a SYSTEM; its data stays."""
    click.echo(f"{system}: " + ("stopped" if source_of(app, system).stop() else "nothing was running"))


@source.command("list", epilog="\b\nExample\n  tideline source list")
@click.pass_obj
def list_sources(app: App) -> None:
    """Which sources run, and where."""
    from tideline.samples.sources import SYSTEMS

    for system in SYSTEMS:
        click.echo(f"{system}: {source_of(app, system).where() or 'stopped'}")


@source.command(epilog="\b\nExample\n  tideline source load funnel ~/pages")
@click.argument("system", shell_complete=complete_sources)
@click.argument("folder", type=click.Path(path_type=Path))
@click.pass_obj
def load(app: App, system: str, folder: Path) -> None:
    """Load the files of FOLDER into the running source of a SYSTEM: user_table.csv.gz and the tables of four pages."""
    click.echo(f"{system}: {source_of(app, system).load(folder)}")


def source_of(app: App, system: str) -> Source:
    """The source of a system in the bundle's state; WorkspaceError for a system that has none."""
    from tideline.samples.sources import Source

    app.root = root_with_bundle(app.root)
    return Source(app.layout.home / "sources", system)


def all_sources(app: App) -> list[Source]:
    """The sources of the bundle's state, running or not."""
    from tideline.samples.sources import SYSTEMS

    return [source_of(app, system) for system in SYSTEMS]


def start_needed(app: App, bundle: Bundle, key: str, parameters: Mapping[str, str]) -> None:
    """Start the stopped sample sources that a run of the job reads, and say so."""
    for text in started_for(app, bundle, key, parameters):
        app.say(text)


def started_for(app: App, bundle: Bundle, key: str, parameters: Mapping[str, str]) -> Iterator[str]:
    """Start the stopped sample sources that a run of the job reads: those with data, unless secrets name another machine.

    A sentence for each. Two runs at once start it once.
    """
    from tideline.workspace.bundle.calls import jobs_called

    read = {str((bundle.job(each).get("tags") or {}).get("system")) for each in jobs_called(bundle, key)}
    for source in all_sources(app):
        is_read = source.system in read or source.system == parameters.get("system")
        if not is_read or not source.has_data or names_elsewhere(app.layout.secrets, f"{source.system}_url"):
            continue
        with STARTING:
            if source.where():
                continue
            keep_secrets(app.layout.secrets, source.start())
        yield f"{source.system}: started {source.where()}; end it with `tideline source stop {source.system}`"


def stop_all(app: App) -> bool:
    """End every source; whether one ran."""
    stopped = [source.stop() for source in all_sources(app)]
    return any(stopped)
