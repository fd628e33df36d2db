"""The bundle: is it right, what runs in which order, when, and what of it is emulated."""

from __future__ import annotations

from datetime import UTC, datetime

import click
from rich.table import Table
from rich.text import Text

from tideline.commands.app import App, pairs, root_with_bundle


@click.command(epilog="\b\nExamples\n  tideline validate\n  tideline validate -t prod --json")
@click.option("-t", "--target", default=None, help="Target of the bundle.")
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
@click.argument("job", required=False)
@click.option("-t", "--target", default=None, help="Target of the bundle.")
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


@click.command(epilog="\b\nExample\n  tideline schedule --count 3")
@click.option("--count", default=3, show_default=True, type=click.IntRange(1, 100), help="Times per job.")
@click.option("-t", "--target", default=None, help="Target of the bundle.")
@click.pass_obj
def schedule(app: App, count: int, target: str | None) -> None:
    """The next times of every schedule. Nothing fires by itself on this machine."""
    from tideline.workspace.bundle.cron import parse_cron

    app.root = root_with_bundle(app.root)
    bundle = app.bundle(target)
    now = datetime.now(UTC)
    for key, job in sorted(bundle.jobs.items()):
        plan = job.get("schedule")
        if not plan:
            click.echo(f"{key}: no schedule")
            continue
        zone = str(plan.get("timezone_id") or "UTC")
        times = parse_cron(str(plan["quartz_cron_expression"])).next_runs(now, zone, count=count)
        paused = " (paused)" if plan.get("pause_status") == "PAUSED" else ""
        shown = ", ".join(f"{moment:%Y-%m-%d %H:%M}" for moment in times)
        click.echo(f"{key}{paused}: {shown} {zone}")


@click.command(epilog="\b\nExample\n  tideline capabilities --json")
@click.option("--json", "is_json", is_flag=True, help="The table as JSON.")
@click.pass_obj
def capabilities(app: App, is_json: bool) -> None:
    """What is emulated, what is only recorded, and what is refused."""
    from tideline.workspace.bundle.capabilities import CAPABILITIES

    if is_json:
        app.give([row.__dict__ for row in CAPABILITIES])
        return
    table = Table(box=None, pad_edge=False)
    for name in ("of", "field", "level", "note"):
        table.add_column(name)
    for row in CAPABILITIES:
        table.add_row(*(Text(cell) for cell in (row.area, row.name, row.level, row.note)))
    app.console.print(table)
