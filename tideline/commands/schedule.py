"""When jobs start by themselves: the next times, and the scheduler that starts them where it is asked for."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from types import FrameType
from typing import TYPE_CHECKING, Any

import click
from rich.text import Text

from tideline.commands.app import App, pairs, root_with_bundle
from tideline.commands.secrets import make_own_key
from tideline.commands.sources import start_needed
from tideline.workspace.errors import WorkspaceError

if TYPE_CHECKING:
    from tideline.workspace.bundle import Bundle
    from tideline.workspace.control.background import Background
    from tideline.workspace.scheduler import Rule, Scheduler, WallClock
    from tideline.workspace.scheduler.loop import Told

TICK_SECONDS = 1.0
EXAMPLES = """
\b
Examples
  tideline schedule --count 3                       the next times; nothing fires by itself
  tideline schedule start -t prod                   start jobs when they are due, until Ctrl-C
  tideline schedule start community --unpaused      one job, though the target pauses it
"""


@click.group(invoke_without_command=True, epilog=EXAMPLES)
@click.option("--count", default=3, show_default=True, type=click.IntRange(1, 100), help="Times per job.")
@click.option("-t", "--target", default=None, help="Target of the bundle.")
@click.pass_context
def schedule(context: click.Context, count: int, target: str | None) -> None:
    """When jobs start by themselves. Without a command: the next times of every job."""
    context.meta["tideline.target"] = target
    if context.invoked_subcommand is None:
        _show(context.obj, count, target)


@schedule.command(epilog="\b\nExample\n  tideline schedule show --count 5")
@click.option("--count", default=3, show_default=True, type=click.IntRange(1, 100), help="Times per job.")
@click.option("-t", "--target", default=None, help="Target of the bundle.")
@click.pass_context
def show(context: click.Context, count: int, target: str | None) -> None:
    """The next times of every schedule, and what triggers wait for."""
    _show(context.obj, count, target or context.meta["tideline.target"])


def _show(app: App, count: int, target: str | None) -> None:
    from tideline.workspace.scheduler import rules_of

    app.root = root_with_bundle(app.root)
    bundle = app.bundle(target)
    rules, now = rules_of(bundle), datetime.now(UTC)
    for key in sorted(bundle.jobs):
        found = [rule for rule in rules if rule.job == key]
        for rule in found:
            click.echo(f"{key}{' (paused)' if rule.is_paused else ''}: {_when(rule, now, count)}")
        if not found:
            click.echo(f"{key}: no schedule")


def _when(rule: Rule, now: datetime, count: int) -> str:
    from tideline.workspace.scheduler.ways import Schedule

    if not isinstance(rule.way, Schedule):
        return str(rule.way or rule.problem)
    times = rule.way.cron.next_runs(now, rule.way.zone, count=count)
    return f"{', '.join(f'{moment:%Y-%m-%d %H:%M}' for moment in times)} {rule.way.zone}"


@schedule.command(epilog=EXAMPLES)
@click.argument("jobs", nargs=-1)
@click.option("-t", "--target", default=None, help="Target of the bundle (default: the one it names).")
@click.option(
    "--var", "variables", multiple=True, metavar="NAME=VALUE", help="A bundle variable; may be repeated."
)
@click.option("--unpaused", "is_unpaused", is_flag=True, help="Start paused jobs too: mode development pauses all.")
@click.option("--once", "is_once", is_flag=True, help="Run what is due now, and end. Exit code 1 where a run failed.")
@click.option("--json", "is_json", is_flag=True, help="What happens as JSON, one object a line.")
@click.pass_context
def start(
    context: click.Context, jobs: tuple[str, ...], target: str | None, variables: tuple[str, ...], is_unpaused: bool,
    is_once: bool, is_json: bool,
) -> int:  # fmt: skip
    """Start JOBS (all, unless named) when they are due, in the foreground, until Ctrl-C.

    What was due while no scheduler ran is made up for by one run per job; a run that was cut off goes on. The bundle is
    read once: after an edit, start it again.
    """
    from tideline.workspace.scheduler import Runs, Scheduler, WallClock, one_per_bundle

    app: App = context.obj
    app.root, app.is_json = root_with_bundle(app.root), is_json
    bundle = app.bundle(target or context.meta["tideline.target"], pairs(variables, "--var"))
    rules = _chosen(app, bundle, jobs, is_unpaused=is_unpaused)
    app.check_storage(bundle)
    make_own_key(app.layout.secrets)
    bad: list[str] = []
    only_one = one_per_bundle(app.layout, target=bundle.target, rules=[rule.id for rule in rules])
    with only_one, _until_interrupted(app) as end:
        background, clock = _background(app), WallClock(end)
        runs = Runs(bundle, app.store, background, lambda key: start_needed(app, bundle, key, {}))
        scheduler = Scheduler(bundle.target, rules, runs, app.layout, clock, lambda told: _tell(app, told, bad))
        _say_what_waits(app, bundle, [(rule, scheduler.next_of(rule)) for rule in rules], is_once=is_once)
        try:
            _serve(scheduler, clock, is_once=is_once)
        finally:
            scheduler.close()
    return 1 if is_once and bad else 0


def _serve(scheduler: Scheduler, clock: WallClock, *, is_once: bool) -> None:
    scheduler.recover()
    scheduler.tick()
    while not (is_once and scheduler.is_idle) and not clock.wait(TICK_SECONDS):
        if is_once:
            scheduler.settle()
        else:
            scheduler.tick()


def _background(app: App) -> Background:
    from tideline.workspace.control.background import Background
    from tideline.workspace.control.kernels import Kernels

    return Background(app.store, Kernels(app.layout, app.root, app.fresh_address), server=app.server)


def _chosen(app: App, bundle: Bundle, jobs: Sequence[str], *, is_unpaused: bool) -> list[Rule]:
    """The rules to serve; WorkspaceError where there is none, or one of them cannot be."""
    from tideline.workspace.jobs.plan import refuse_what_cannot_run
    from tideline.workspace.scheduler import rules_of

    for key in jobs:
        bundle.job(key)
    known = [rule for rule in rules_of(bundle) if not jobs or rule.job in jobs]
    rules = [rule for rule in known if is_unpaused or not rule.is_paused]
    if not rules:
        raise _nothing(bundle, known, jobs)
    for rule in rules:
        _refuse_unserved(app, rule)
        refuse_what_cannot_run(bundle, rule.job)
    return rules


def _nothing(bundle: Bundle, known: Sequence[Rule], jobs: Sequence[str]) -> WorkspaceError:
    if not known:
        whose = f"{', '.join(jobs)} has no" if jobs else "no job has a"
        hint = "`tideline schedule` shows what jobs have"
        return WorkspaceError(f"nothing would start by itself: {whose} schedule or trigger", hint=hint)
    why = ", as its mode is development" if bundle.mode == "development" else ""
    hint = "start them all the same: --unpaused; or choose another target: -t TARGET"
    return WorkspaceError(
        f"nothing would start by itself: target {bundle.target} pauses {', '.join(sorted({rule.job for rule in known}))}{why}",
        hint=hint,
    )


def _refuse_unserved(app: App, rule: Rule) -> None:
    from tideline.workspace.scheduler.sights import folder_of
    from tideline.workspace.scheduler.ways import FileArrival, TableUpdate

    if rule.problem:
        raise WorkspaceError(f"job `{rule.job}`: {rule.problem}", hint="name the jobs to start, without this one")
    if isinstance(rule.way, FileArrival):
        folder_of(rule.way.url, app.layout)
    if isinstance(rule.way, TableUpdate) and app.remote:
        hint = "name the jobs to start, without this one"
        raise WorkspaceError(f"job `{rule.job}`: updates of tables are seen in this machine's own warehouse only", hint=hint)


def _say_what_waits(
    app: App, bundle: Bundle, rules: Sequence[tuple[Rule, datetime | None]], *, is_once: bool
) -> None:
    rows = [
        {"job": rule.job, "waits_for": str(rule.way), "next": moment and moment.isoformat()} for rule, moment in rules
    ]
    if app.is_json:
        _line({"kind": "waiting", "target": bundle.target, "rules": rows})
        return
    app.say(f"{bundle.name}, target {bundle.target}: {'what is due runs' if is_once else 'waiting, until Ctrl-C'}")
    width = max(len(rule.job) for rule, _ in rules)
    for row in rows:
        soon = f", next {str(row['next'])[:16].replace('T', ' ')} UTC" if row["next"] else ""
        app.say(f"  {row['job']:{width}}  {row['waits_for']}{soon}")


def _tell(app: App, told: Told, bad: list[str]) -> None:
    from tideline.workspace.jobs.states import is_bad

    state = str(told.data.get("state") or "")
    if told.kind == "dropped" or is_bad(state):
        bad.append(told.job)
    if app.is_json:
        _line({"kind": told.kind, "at": told.at.isoformat(), "job": told.job, "text": told.text, **told.data})
        return
    kind = told.kind.replace("_", " ")
    style = "red" if told.job in bad and told.kind in ("ended", "dropped") else "yellow" if told.kind == "trouble" else ""
    text = Text(f"{told.at:%Y-%m-%d %H:%M:%S}  {told.job}  {kind}" + (f": {told.text}" if told.text else ""), style=style)
    app.console.print(text, soft_wrap=True)


def _line(data: dict[str, Any]) -> None:
    click.echo(json.dumps(data, ensure_ascii=False, default=str))


@contextmanager
def _until_interrupted(app: App) -> Iterator[threading.Event]:
    """Ctrl-C ends the scheduler and cancels its runs; pressed again, it ends the command at once."""
    end = threading.Event()

    def interrupt(number: int, frame: FrameType | None) -> None:
        if end.is_set():
            raise KeyboardInterrupt
        end.set()
        app.say("ending: runs that go on are cancelled (Ctrl-C again ends at once)")

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield end
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
