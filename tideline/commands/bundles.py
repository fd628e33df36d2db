"""The bundle: is it right, what runs in which order, and what of it is emulated."""

from __future__ import annotations

import click
from rich.table import Table
from rich.text import Text

from tideline.commands.app import App, pairs, root_with_bundle
from tideline.commands.completion import complete_jobs, complete_targets


@click.command(epilog="\b\nExamples\n  tideline validate\n  tideline validate -t prod --json")
@click.option("-t", "--target", default=None, shell_complete=complete_targets, help="Target of the bundle.")
@click.option(
    "--var", "variables", multiple=True, metavar="NAME=VALUE", help="A bundle variable; may be repeated."
)
@click.option("--json", "is_json", is_flag=True, help="Findings as JSON.")
@click.pass_obj
def validate(app: App, target: str | None, variables: tuple[str, ...], is_json: bool) -> int:
    """Check the bundle: everything that a run or a deployment would meet, all at once. Exit code 2 on errors."""
    from tideline.workspace.bundle import lint

    app.root = root_with_bundle(app.root)
    bundle = app.bundle(target, pairs(variables, "--var"))
    findings = lint(bundle)
    errors = [finding for finding in findings if finding.severity == "error"]
    if is_json:
        rows = [
            {
                "file": str(each.place.file), "line": each.place.line, "column": each.place.column, "rule": each.rule,
                "severity": each.severity, "message": each.message, "hint": each.hint,
            }
            for each in findings
        ]  # fmt: skip
        app.give({"target": bundle.target, "jobs": sorted(bundle.jobs), "findings": rows})
        return 2 if errors else 0
    for finding in findings:
        click.echo(str(finding))
    warnings = len(findings) - len(errors)
    click.echo(
        f"{bundle.name}, target {bundle.target}: {len(errors)} errors, {warnings} warnings, {len(bundle.jobs)} jobs"
    )
    return 2 if errors else 0


@click.command(epilog="\b\nExample\n  tideline graph community")
@click.argument("job", required=False, shell_complete=complete_jobs)
@click.option("-t", "--target", default=None, shell_complete=complete_targets, help="Target of the bundle.")
@click.pass_obj
def graph(app: App, job: str | None, target: str | None) -> None:
    """The tasks of a JOB (or of all) in the order in which they run."""
    from tideline.workspace.jobs.plan import kind_of, make_plan
    from tideline.workspace.terminal.live import order_as_text

    app.root = root_with_bundle(app.root)
    bundle = app.bundle(target)
    for key in [job] if job else sorted(bundle.jobs):
        plan = make_plan(bundle, key)
        click.echo(f"{key}: {order_as_text(plan.waves)}")
        for name, task in plan.tasks.items():
            after = ", ".join(_edge(edge) for edge in task.get("depends_on") or [])
            condition = f" if {task['run_if']}" if task.get("run_if") else ""
            click.echo(f"  {name} ({kind_of(task)})" + (f" after {after}" if after else "") + condition)


def _edge(edge: dict[str, object]) -> str:
    return f"{edge['task_key']}" + (f" is {edge['outcome']}" if edge.get("outcome") else "")


@click.command(epilog="\b\nExample\n  tideline capabilities --json")
@click.option("--long", "is_long", is_flag=True, help="With the test that shows each, and how to check it in a workspace.")
@click.option("--json", "is_json", is_flag=True, help="The table as JSON, with everything.")
@click.pass_obj
def capabilities(app: App, is_long: bool, is_json: bool) -> None:
    """What is emulated, what is only recorded, and what is refused."""
    from tideline.workspace.bundle.capabilities import CAPABILITIES

    if is_json:
        app.give([row.__dict__ for row in CAPABILITIES])
        return
    table = Table(box=None, pad_edge=False)
    for name in ("of", "field", "level", "note", *(("shown by", "check in a workspace") if is_long else ())):
        table.add_column(name, overflow="fold")
    for row in CAPABILITIES:
        proof = (row.shown_by or "not shown by a test", row.check) if is_long else ()
        table.add_row(*(Text(cell) for cell in (row.area, row.name, row.level, row.note, *proof)))
    app.console.print(table)
