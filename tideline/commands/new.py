"""A new system, table or dashboard: what passes lint, types and the shared tests before anybody edits it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import click

from tideline.commands.app import App, root_with_bundle
from tideline.commands.completion import complete_systems
from tideline.commands.scaffold.dashboard import plan_dashboard
from tideline.commands.scaffold.names import LAYERS
from tideline.commands.scaffold.plan import Plan
from tideline.commands.scaffold.system import plan_system
from tideline.commands.scaffold.table import plan_table
from tideline.workspace.errors import WorkspaceError

EXAMPLES = """
\b
Examples
  tideline new system shop --question "What do people buy?"
  tideline new table shop gold records_by_kind --by kind
  tideline new dashboard shop shop_kinds
"""

dry_run = click.option("--dry-run", is_flag=True, help="Show the files; write nothing.")


@click.group(epilog=EXAMPLES)
def new() -> None:
    """Scaffold a system, a table or a dashboard of this project."""


@new.command(epilog='\b\nExample\n  tideline new system shop --question "What do people buy?" --dry-run')
@click.argument("name")
@click.option("--question", default="", help="What it answers, as one sentence with a question mark.")
@dry_run
@click.pass_obj
def system(app: App, name: str, question: str, dry_run: bool) -> None:
    """A system NAME of JSON files: raw to gold, a dashboard, samples, tests, a job, schemas and a volume."""
    root = _project(app)
    asked = question or f"What do the records of {name.replace('_', ' ')} tell?"
    plan = plan_system(root, name, asked)
    _carry_out(plan, dry_run, f"tideline sample {name}", f"tideline run {name}", tests=f"tests/systems/{name}")


@new.command(epilog="\b\nExample\n  tideline new table vouchers gold uses_by_country --from silver.voucher_uses --by country")
@click.argument("system", shell_complete=complete_systems)
@click.argument("layer", type=click.Choice(LAYERS))
@click.argument("name")
@click.option("--from", "reads", default="", metavar="LAYER.TABLE", help="What it reads (default: the first table below).")
@click.option("--by", default="", metavar="COLUMN", help="The column by which it counts (default: the first that fits).")
@dry_run
@click.pass_obj
def table(app: App, system: str, layer: str, name: str, reads: str, by: str, dry_run: bool) -> None:
    """A table NAME in a LAYER of a SYSTEM: its builder with the declaration below it, and a golden case.

    It begins as a count of the rows of another table by a column, in bronze as the records of a source; write what you mean
    in its place. A table that grows large should declare `slice_by`.
    """
    plan = plan_table(_project(app), system, layer, name, reads=reads, by=by)
    _carry_out(plan, dry_run, f"tideline run {_job(plan.root, system)}", tests=f"tests/systems/{system}/test_{name}.py")


@new.command(epilog="\b\nExample\n  tideline new dashboard vouchers voucher_segments --table gold.segment_vouchers")
@click.argument("system", shell_complete=complete_systems)
@click.argument("name")
@click.option("--table", "reads", default="", metavar="gold.TABLE", help="What it shows (default: the first with a number).")
@dry_run
@click.pass_obj
def dashboard(app: App, system: str, name: str, reads: str, dry_run: bool) -> None:
    """A dashboard NAME over gold of a SYSTEM: a notebook, its figure with tests, and a task behind `gold` in the job."""
    plan = plan_dashboard(_project(app), system, name, reads=reads)
    run = f"tideline notebook notebooks/dashboards/{name}.py --open"
    _carry_out(plan, dry_run, run, tests=f"tests/systems/{system}/test_{name}_figures.py")


def _project(app: App) -> Path:
    """The folder of a project of this shape; WorkspaceError for a foreign bundle."""
    app.root = root_with_bundle(app.root)
    if not (app.root / "src" / "systems").is_dir() or not (app.root / "tideline" / "samples").is_dir():
        raise WorkspaceError(f"{app.root}: no src/systems and tideline/samples", hint="this scaffolds in a copy of this project")
    return app.root


def _job(root: Path, system: str) -> str:
    """The job to run for a system: its own by name where there is one."""
    from tideline.workspace.bundle import load_bundle

    jobs = load_bundle(root).jobs
    own = [key for key, job in jobs.items() if job.get("tags", {}).get("system") == system]
    return system if system in own else (own or [system])[-1]


def _carry_out(plan: Plan, is_dry: bool, *commands: str, tests: str) -> None:
    for line in plan.lines():
        click.echo(line)
    if is_dry:
        click.echo("nothing was written (--dry-run)")
        return
    plan.write()
    _renew_data_dictionary(plan.root)
    click.echo("change  docs/tables.md (make docs)")
    click.echo("\nnext:")
    for command in ("make lint types", f".venv/bin/python -m pytest {tests}", "tideline validate", *commands):
        click.echo(f"  {command}")


def _renew_data_dictionary(root: Path) -> None:
    """`make docs`, in a process of its own: this one may hold the declarations as they were."""
    environment = os.environ | {"PYTHONPATH": f"{root / 'src'}{os.pathsep}{root}"}
    command = [sys.executable, "-m", "tideline.commands.docs"]
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["no reason was given"])[-1]
        raise WorkspaceError(f"the files are written, but docs/tables.md could not be renewed: {said}", hint="make docs")
