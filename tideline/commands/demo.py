"""The demonstration: sample deliveries day by day, every job on each, tables and a report at the end."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click
from rich.text import Text

from tideline.commands.app import App, root_with_bundle, stop_on_interrupt
from tideline.commands.runs import code_of, make_ready
from tideline.commands.samples import SOURCE_FOLDERS, landing_of

if TYPE_CHECKING:
    from tideline.samples import Delivery
    from tideline.workspace.bundle import Bundle
    from tideline.workspace.jobs import JobRun

SEED = 7


@click.command(epilog="\b\nExamples\n  tideline demo\n  tideline demo --days 3 --scale 0.2")
@click.option(
    "--days", default=2, show_default=True, type=click.IntRange(1, 60), help="Deliveries, one per day."
)
@click.option("--scale", default=0.1, show_default=True, type=float, help="Size of the deliveries.")
@click.option(
    "--fresh", is_flag=True, help="Drop the bundle's tables and delivered files first; the server stays up."
)
@click.pass_obj
def demo(app: App, days: int, scale: float, fresh: bool) -> int:
    """Every job on sample deliveries, day by day; then what became of every table, and a report to look at."""
    from tideline.workspace.bundle.deploy import destroy_locally
    from tideline.workspace.jobs.plan import refuse_what_cannot_run
    from tideline.workspace.report import write_index
    from tideline.workspace.terminal.closing import show_tables, show_verdict

    began = time.monotonic()
    app.root = root_with_bundle(app.root)
    bundle = app.bundle()
    for job in SOURCE_FOLDERS:
        refuse_what_cannot_run(bundle, job)
    if fresh:
        destroy_locally(bundle, app.layout, app.spark())
    make_ready(app, bundle)
    runs: list[JobRun] = []
    for day in range(1, days + 1):
        runs += _run_day(app, bundle, _deliver(app, bundle, day, scale))
        if not all(found.is_fine for found in runs):
            break
    done = day if all(found.is_fine for found in runs) else day - 1
    show_tables(app.console, runs[-len(SOURCE_FOLDERS) :])
    for found in runs:
        show_verdict(app.console, found)
    index = write_index(runs, app.store)
    app.console.print(
        Text(f"{done} of {days} days in {time.monotonic() - began:.0f} s; report: {index}"), soft_wrap=True
    )
    return code_of(runs)


def _deliver(app: App, bundle: Bundle, day: int, scale: float) -> Delivery:
    from tideline.samples import write_day

    written = [
        write_day(system, landing_of(app, bundle, system), day, scale=scale, seed=SEED)
        for system in SOURCE_FOLDERS
    ]
    files = sum(len(each.files) for each in written)
    app.say(f"{written[0].date}: {files} files delivered to {', '.join(SOURCE_FOLDERS)}")
    return written[0]


def _run_day(app: App, bundle: Bundle, delivery: Delivery) -> list[JobRun]:
    """The job of each system, one after the other: side by side they would share two cores."""
    from tideline.workspace.jobs import run_job
    from tideline.workspace.report import write_report
    from tideline.workspace.terminal.closing import show_failures
    from tideline.workspace.terminal.live import Progress

    runs: list[JobRun] = []
    for job in SOURCE_FOLDERS:
        with stop_on_interrupt(app) as stop, Progress(app.console) as progress:
            found = run_job(
                bundle, job, parameters={"as_of": str(delivery.date)}, pool=app.pool, store=app.store,
                on_event=progress, stop=stop, is_checked=True,
            )  # fmt: skip
        write_report(found, app.store)
        show_failures(app.console, found, repair_command=f"tideline repair {found.run_id}")
        runs.append(found)
        if not found.is_fine:
            break
    return runs
