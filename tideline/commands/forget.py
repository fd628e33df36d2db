"""Forget a person: the job `forget`, with the id handed over as a secret, so that no run or report keeps it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tideline.commands.app import App, root_with_bundle
from tideline.commands.declared import person_of, system_names
from tideline.commands.runs import code_of, run_one
from tideline.commands.secrets import drop_secret, keep_secrets
from tideline.workspace.bundle.suggest import did_you_mean
from tideline.workspace.errors import WorkspaceError

if TYPE_CHECKING:
    from tideline.workspace.jobs import JobRun

JOB = "forget"
EXAMPLES = """
\b
Examples
  tideline forget community 5f43a1c2d3e4f5a6b7c8d9e0
  tideline forget payments - --yes < id.txt          the id from standard input: it stays out of the shell's history
  tideline forget community 5f43a1c2d3e4f5a6b7c8d9e0 --retention-hours 0
"""


@click.command(epilog=EXAMPLES)
@click.argument("system")
@click.argument("person_id", metavar="ID")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option(
    "--retention-hours", type=click.IntRange(min=0), default=None, metavar="N",
    help="Remove replaced files older than this now (default: when the tables' own time has passed, by maintenance).",
)  # fmt: skip
@click.option("-t", "--target", default=None, help="Target of the bundle (default: the one it names).")
@click.option("--json", "is_json", is_flag=True, help="The result as JSON.")
@click.pass_obj
def forget(
    app: App, system: str, person_id: str, yes: bool, retention_hours: int | None, target: str | None, is_json: bool
) -> int:
    """Remove everything of one person from a SYSTEM, and keep out what is delivered of the same person later."""
    app.root, app.is_json = root_with_bundle(app.root), is_json
    noun = _noun_of(app.root, system)
    id_ = (sys.stdin.read() if person_id == "-" else person_id).strip()
    if not id_:
        raise WorkspaceError("there is no id", hint=f"tideline forget {system} ID")
    bundle = app.bundle(target)
    bundle.job(JOB)
    if not yes:
        click.confirm(f"Remove everything of this {noun} from {system}, for good?", abort=True, err=True)
    hours = {} if retention_hours is None else {"retention_hours": str(retention_hours)}
    keep_secrets(app.layout.secrets, {JOB: id_})
    try:
        found = run_one(app, bundle, JOB, {"system": system, "person_secret": JOB, **hours}, "", {})
    finally:
        drop_secret(app.layout.secrets, JOB)
    _say_what_is_left(app, found, noun, retention_hours)
    if is_json:
        app.give(found.to_dict())
    return code_of([found])


def _noun_of(root: Path, system: str) -> str:
    """What a person of the system is called; WorkspaceError for no system, or one whose records name nobody."""
    known = system_names(root)
    if system not in known:
        raise WorkspaceError(f"there is no system `{system}`", hint=did_you_mean(system, known, what="systems"))
    noun = person_of(root, system)
    if noun is None:
        raise WorkspaceError(f"{system}: its records name no person", hint="there is nobody to forget")
    return noun


def _say_what_is_left(app: App, found: JobRun, noun: str, retention_hours: int | None) -> None:
    if code_of([found]):
        app.say(f"the {noun} is kept out from now on, but not all is removed: forget again, which ends the work")
    elif retention_hours != 0:
        app.say("replaced files hold what was removed until their time has passed; `tideline run maintenance` removes them then")
