"""A run as a page of its own, several runs as an index."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from tideline.workspace.jobs import states as s
from tideline.workspace.jobs.events import read_events
from tideline.workspace.jobs.records import Attempt, JobRun, TaskRun, all_tasks
from tideline.workspace.jobs.redacted import without_secrets
from tideline.workspace.jobs.store import RunStore
from tideline.workspace.jobs.tables import COUNTS, is_nothing_to_do, rows_written
from tideline.workspace.notebook.html import css
from tideline.workspace.notebook.redact import Redactor
from tideline.workspace.report.picture import anchor, graph_svg, state_class, timeline_svg

PAGE, INDEX = "report.html", "index.html"
MOST_EVENTS = 500


def write_report(run: JobRun, store: RunStore, redact: Redactor) -> Path:
    """Write `report.html` into the run's folder and give its path; also for a failed, stopped or half-kept run."""
    return _write(store.path(run.run_id) / PAGE, report_html(run, store, redact))


def report_html(run: JobRun, store: RunStore, redact: Redactor) -> str:
    """The report as text, for whoever shows it without keeping it. Nothing that `redact` knows is in it."""
    run = without_secrets(run, redact)
    events = read_events(store.path(run.run_id) / "events.jsonl")
    shown = [{**event, "text": redact.text(event["text"])} for event in events if event["kind"] != "cell"][-MOST_EVENTS:]
    return _environment(store).get_template("run.html.j2").render(
        run=run, events=shown, headline=headline(run), failures=_failures(run), tables=_tables(run)
    )  # fmt: skip


def write_index(runs: Sequence[JobRun], store: RunStore, redact: Redactor) -> Path:
    """Write `index.html` beside the runs: one line per run, with a link to its report."""
    for run in runs:
        if not (store.path(run.run_id) / PAGE).is_file():
            write_report(run, store, redact)
    shown = [without_secrets(run, redact) for run in runs]
    text = _environment(store).get_template("index.html.j2").render(runs=shown, headline=headline)
    return _write(store.folder / INDEX, text)


def headline(run: JobRun) -> str:
    """What happened, in one sentence."""
    tasks = all_tasks(run)
    rows = [row for _, task in tasks for row in task.tables]
    done = sum(task.state in (s.SUCCESS, s.SUCCESS_WITH_FAILURES) for _, task in tasks)
    bad = [path for path, task in tasks if s.is_bad(task.state)]
    if run.state == s.SUCCESS and is_nothing_to_do(rows):
        return f"Nothing to do: {_tables_said(len(rows))}, all up to date."
    if run.state == s.SUCCESS:
        written = f" {rows_written(rows):,} rows were written to {_tables_said(len(rows))}." if rows else ""
        repaired = " It was repaired." if run.repair_count else ""
        return f"All went well: {done} tasks ran.{written}{repaired}"
    if run.state in (s.CANCELED, s.TIMEDOUT, s.SKIPPED):
        why = run.message or {s.CANCELED: "it was cancelled", s.TIMEDOUT: "its time was over"}.get(
            run.state, ""
        )
        return f"The run did not end by itself: {why}. {done} of {len(tasks)} tasks had ended well."
    first = next((path for path, task in tasks if task.error and not task.child and not task.iterations), "")
    kept = " Every last task succeeded." if run.state == s.SUCCESS_WITH_FAILURES else ""
    return (
        f"{len(bad)} of {len(tasks)} tasks did not succeed; it began with {first or 'none that ran'}.{kept}"
    )


def _tables_said(count: int) -> str:
    return "1 table" if count == 1 else f"{count} tables"


def _failures(run: JobRun) -> list[tuple[str, TaskRun]]:
    return [
        (path, task) for path, task in all_tasks(run) if task.error and not task.child and not task.iterations
    ]


def _tables(run: JobRun) -> dict[str, list[dict[str, Any]]]:
    groups: dict[str, list[dict[str, Any]]] = {}
    for _, task in all_tasks(run):
        for row in task.tables:
            groups.setdefault(str(row.get("system", "")), []).append(row)
    return groups


def _environment(store: RunStore) -> Environment:
    environment = Environment(
        loader=PackageLoader("tideline.workspace.report"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip

    def executed(run: JobRun, attempt: Attempt) -> Markup:
        """The notebook's own HTML, made and escaped when it ran."""
        file = store.path(run.run_id) / attempt.page
        return Markup(file.read_text(encoding="utf-8")) if attempt.page and file.is_file() else Markup()  # noqa: S704 (our own markup, escaped where it was made)

    environment.globals.update(
        graph=lambda run: Markup(graph_svg(run)), timeline=lambda run: Markup(timeline_svg(run)),  # noqa: S704 (our own markup, escaped where it was made)
        style=Markup(css()), executed=executed, anchor=lambda run, key: Markup(anchor(run, key)), counts=COUNTS,  # noqa: S704 (our own markup, escaped where it was made)
    )  # fmt: skip
    environment.filters.update(moment=_moment, shade=state_class, number=_number)
    return environment


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC") if seconds else "never"


def _number(value: object) -> str:
    if isinstance(value, bool) or value is None:
        return "" if value is None else str(value)
    return (
        f"{value:,}" if isinstance(value, int) else f"{value:.1f}" if isinstance(value, float) else str(value)
    )


def _write(file: Path, text: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    hidden = file.with_name(f".{file.name}-{os.getpid()}")
    hidden.write_text(text, encoding="utf-8")
    hidden.replace(file)
    return file
