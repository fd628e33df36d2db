"""Files for the landing folders: sample deliveries, or own files."""

from __future__ import annotations

import os
import shutil
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tideline.commands.app import App, root_with_bundle
from tideline.commands.completion import complete_sampled, complete_systems
from tideline.commands.sources import source_of
from tideline.workspace.bundle.suggest import did_you_mean
from tideline.workspace.errors import WorkspaceError
from tideline.workspace.sample_day import forget_sample_day, keep_sample_day

if TYPE_CHECKING:
    from tideline.workspace.bundle import Bundle

# The folder of a system's landing volume in which its source looks for files.
SOURCE_FOLDERS = {"community": "exports", "ab_testing": "events", "vouchers": "drops"}


def landing_of(app: App, bundle: Bundle, system: str) -> Path:
    """The landing folder of a system's files; WorkspaceError for a system that reads no files."""
    if system not in SOURCE_FOLDERS:
        hint = did_you_mean(system, SOURCE_FOLDERS, what="systems")
        raise WorkspaceError(f"there is no system `{system}` that reads files", hint=hint)
    values = bundle.variables
    if "catalog" not in values:
        raise WorkspaceError("the bundle has no variable `catalog`", hint="landing folders stand below it")
    schema = f"{values.get('schema_prefix') or ''}{system}_raw"
    return app.layout.volumes / str(values["catalog"]) / schema / "landing" / SOURCE_FOLDERS[system]


@click.command(
    epilog="\b\nExamples\n  tideline sample community --days 3 --scale 0.1\n  tideline sample ab_testing"
)
@click.argument("system", shell_complete=complete_sampled)
@click.option(
    "--days", default=2, show_default=True, type=click.IntRange(min=1), help="Deliveries, one per day."
)
@click.option("--scale", default=1.0, show_default=True, type=float, help="Size; 1 is a small product.")
@click.option("--seed", default=7, show_default=True, type=int, help="The same seed gives the same bytes.")
@click.option(
    "--months",
    default=0,
    show_default=True,
    type=click.IntRange(min=0),
    help="Monthly exports before (community).",
)
@click.pass_obj
def sample(app: App, system: str, days: int, scale: float, seed: int, months: int) -> None:
    """Write sample deliveries of a SYSTEM into its landing folder, or into the database that its source runs."""
    from tideline.samples import sample as write
    from tideline.samples.sources import SYSTEMS

    app.root = root_with_bundle(app.root)
    if system in SYSTEMS:
        _write_days(app, system, days=days, scale=scale, seed=seed)
        return
    keep_sample_day(app.layout.home, _last(days))
    landing = landing_of(app, app.bundle(), system)
    for delivery in write(system, landing, days=days, scale=scale, seed=seed, months=months):
        click.echo(f"{delivery.date}  {len(delivery.files)} files")
    click.echo(f"in {landing}; now: tideline run {system}")


def _write_days(app: App, system: str, *, days: int, scale: float, seed: int) -> None:
    from tideline.samples import START
    from tideline.samples.delivery import day_of

    source = source_of(app, system)
    keep_sample_day(app.layout.home, _last(days))
    for day in range(1, days + 1):
        click.echo(f"{day_of(START, day)}  {source.write_day(day, scale=scale, seed=seed, start=START)}")
    if source.known_answer.is_file():
        click.echo(f"what was planted: tideline run payments_recommendations --param known_answer={source.known_answer}")


def _last(days: int) -> date:
    from tideline.samples import START
    from tideline.samples.delivery import day_of

    return day_of(START, days)


@click.command(epilog="\b\nExample\n  tideline deliver ab_testing events.csv.gz more/*.csv.gz")
@click.argument("system", shell_complete=complete_systems)
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.pass_obj
def deliver(app: App, system: str, files: tuple[Path, ...]) -> None:
    """Copy own FILES into the landing folder of a SYSTEM; a run sees each whole or not at all."""
    app.root = root_with_bundle(app.root)
    landing = landing_of(app, app.bundle(), system)
    for file in files:
        if not file.is_file():
            raise WorkspaceError(f"{file}: no such file", hint="name files, not folders")
    forget_sample_day(app.layout.home)
    landing.mkdir(parents=True, exist_ok=True)
    for file in files:
        hidden = landing / f".incoming-{os.getpid()}-{file.name}"
        shutil.copy2(file, hidden)
        hidden.replace(landing / file.name)
        click.echo(f"{file.name} -> {landing}")
