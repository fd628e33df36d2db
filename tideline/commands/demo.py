"""The demonstration: sample deliveries day by day, every job on each, tables and a report at the end."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click
from rich.text import Text

from tideline.commands.app import App, root_with_bundle, stop_on_interrupt
from tideline.commands.runs import code_of, make_ready
from tideline.commands.samples import SOURCE_FOLDERS, landing_of
from tideline.commands.secrets import keep_secrets
from tideline.commands.sources import all_sources

if TYPE_CHECKING:
    from datetime import date

    from tideline.samples.sources import Source
    from tideline.workspace.bundle import Bundle
    from tideline.workspace.jobs import JobRun

SEED = 7
# Payments need companies; the funnel's extract is run by the job that waits for it.
JOBS = ("community", "ab_testing", "vouchers", "payments_companies", "payments_recommendations", "funnel_model")


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
    from tideline.workspace.redaction import redactor_for_the_record
    from tideline.workspace.report import write_index
    from tideline.workspace.sample_day import keep_sample_day
    from tideline.workspace.terminal.closing import show_tables, show_verdict

    began = time.monotonic()
    app.root = root_with_bundle(app.root)
    bundle = app.bundle()
    for job in JOBS:
        refuse_what_cannot_run(bundle, job)
    if fresh:
        destroy_locally(bundle, app.layout, app.spark())
        for source in all_sources(app):
            source.forget()
    make_ready(app, bundle)
    runs: list[JobRun] = []
    with _running(app) as sources:
        for day in range(1, days + 1):
            today = _deliver(app, bundle, sources, day, scale)
            keep_sample_day(app.layout.home, today)
            runs += _run_day(app, bundle, today, _parameters(sources))
            if not all(found.is_fine for found in runs):
                break
    done = day if all(found.is_fine for found in runs) else day - 1
    show_tables(app.console, runs[-len(JOBS) :])
    for found in runs:
        show_verdict(app.console, found)
    index = write_index(runs, app.store, redactor_for_the_record(app.layout))
    app.console.print(
        Text(f"{done} of {days} days in {time.monotonic() - began:.0f} s; report: {index}"), soft_wrap=True
    )
    return code_of(runs)


@contextmanager
def _running(app: App) -> Iterator[list[Source]]:
    """The sources that run, started where they did not; those are stopped at the end."""
    sources = all_sources(app)
    started = [source for source in sources if not source.where()]
    try:
        for source in sources:
            keep_secrets(app.layout.secrets, source.start())
        yield sources
    finally:
        for source in started:
            source.stop()


def _deliver(app: App, bundle: Bundle, sources: list[Source], day: int, scale: float) -> date:
    """Bring files and databases to the end of a day; gives its date."""
    from tideline.samples import START, write_day
    from tideline.samples.delivery import day_of

    written = [
        write_day(system, landing_of(app, bundle, system), day, scale=scale, seed=SEED)
        for system in SOURCE_FOLDERS
    ]
    n_files, today = sum(len(each.files) for each in written), day_of(START, day)
    app.say(f"{today}: {n_files} files delivered to {', '.join(SOURCE_FOLDERS)}")
    for source in sources:
        app.say(f"{today}: {source.system}: {source.write_day(day, scale=scale, seed=SEED, start=START)}")
    return today


def _parameters(sources: list[Source]) -> dict[str, dict[str, str]]:
    """Per job what it is told besides the date: the recommender is held against what the generator planted."""
    planted = next(source.known_answer for source in sources if source.system == "payments")
    return {"payments_recommendations": {"known_answer": str(planted)}}


def _run_day(app: App, bundle: Bundle, today: date, given: dict[str, dict[str, str]]) -> list[JobRun]:
    """The jobs one after the other: side by side they would share two cores. `given` are parameters of some of them."""
    from tideline.workspace.jobs import run_job
    from tideline.workspace.redaction import redactor_for_the_record
    from tideline.workspace.report import write_report
    from tideline.workspace.terminal.closing import show_failures
    from tideline.workspace.terminal.live import Progress

    runs: list[JobRun] = []
    for job in JOBS:
        with stop_on_interrupt(app) as stop, Progress(app.console) as progress:
            found = run_job(
                bundle, job, parameters={"as_of": str(today), **given.get(job, {})}, pool=app.pool, store=app.store,
                on_event=progress, stop=stop, is_checked=True, server=app.server,
            )  # fmt: skip
        write_report(found, app.store, redactor_for_the_record(app.layout))
        show_failures(app.console, found, repair_command=f"tideline repair {found.run_id}")
        runs.append(found)
        if not found.is_fine:
            break
    return runs
