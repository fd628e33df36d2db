"""What stands in the terminal when a run has ended: failures first, then tables, then where to look further."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tideline.workspace.jobs import states as s
from tideline.workspace.jobs.records import JobRun, TaskRun, all_tasks
from tideline.workspace.jobs.tables import COUNTS, is_nothing_to_do
from tideline.workspace.terminal.live import COLOURS

TRACE_LINES = 12


def show_end(console: Console, run: JobRun, report: Path | None, *, repair_command: str) -> None:
    """The end of one run."""
    show_failures(console, run, repair_command=repair_command)
    show_tables(console, [run])
    show_verdict(console, run)
    if report:
        console.print(Text(f"report: {report}"), soft_wrap=True)


def show_verdict(console: Console, run: JobRun) -> None:
    rows = [row for _, task in all_tasks(run) for row in task.tables]
    line = Text(f"{run.job_key} ")
    line.append(run.state, style=COLOURS.get(run.state, ""))
    line.append(f" in {run.seconds:.1f} s, run {run.run_id}")
    if run.is_fine and is_nothing_to_do(rows):
        line.append(": nothing to do, every table is up to date")
    console.print(line.append(f" ({run.message})" if run.message else ""))


def show_failures(console: Console, run: JobRun, *, repair_command: str) -> None:
    """Each task that failed by itself: where, what was said, the last lines; then how to repair."""
    failed = [(path, task) for path, task in all_tasks(run) if task.error and not _is_relayed(task)]
    for path, task in failed:
        console.print()
        console.print(_headline(path, task), soft_wrap=True)
        error = task.error
        if error is None:
            continue
        console.print(
            Text(f"  {error.name}: {error.message}".replace("\n", "\n  "), style="red"), soft_wrap=True
        )
        lines = error.traceback.strip().splitlines()[-TRACE_LINES:]
        for line in lines:
            console.print(Text(f"    {line}", style="dim"), soft_wrap=True)
    if any(s.is_bad(task.state) for _, task in all_tasks(run)):
        console.print()
        console.print(Text(f"repair it: {repair_command}", style="bold"), soft_wrap=True)


def _is_relayed(task: TaskRun) -> bool:
    """Does the error only repeat that of a child run or an iteration, which is shown itself?"""
    return bool(task.child or task.iterations)


def _headline(path: str, task: TaskRun) -> Text:
    where = task.error.where if task.error else ""
    attempts = f" after {len(task.attempts)} attempts" if len(task.attempts) > 1 else ""
    text = Text("✗ ", style="bold red").append(path, style="bold").append(f" {task.state}{attempts}")
    return text.append(f" at {where}" if where else "")


def show_tables(console: Console, runs: Iterable[JobRun]) -> None:
    """The table rows that notebooks handed over: one table per system, in the order in which they came."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for run in runs:
        for _, task in all_tasks(run):
            for row in task.tables:
                groups.setdefault(str(row.get("system", "")), []).append(row)
    for system, rows in groups.items():
        console.print()
        console.print(_group(system, rows))


def _group(system: str, rows: list[dict[str, Any]]) -> Table:
    counts = [name for name in COUNTS if any(row.get(name) for row in rows)]
    table = Table(title=system or None, title_justify="left", title_style="bold", box=None, pad_edge=False)
    table.add_column("table", overflow="fold", no_wrap=False)
    table.add_column("did")
    for name in counts:
        table.add_column(name, justify="right")
    table.add_column("s", justify="right")
    table.add_column("why", overflow="ellipsis", no_wrap=True, max_width=60, style="dim")
    for row in rows:
        status = str(row.get("status", ""))
        did = str(row.get("path", "")) if status != "failed" else "failed"
        table.add_row(
            str(row.get("table", "")), Text(did, style="red" if status == "failed" else ""),
            *(_number(row.get(name)) for name in counts), _seconds(row.get("seconds")), str(row.get("why") or ""),
        )  # fmt: skip
    return table


def _number(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) and value else ""


def _seconds(value: object) -> str:
    return f"{value:.1f}" if isinstance(value, (int, float)) else ""
