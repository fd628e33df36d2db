"""The run report: one HTML file that needs nothing else, and a page that lists several runs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from os.path import relpath
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from tideline.workspace.jobs import states as s
from tideline.workspace.jobs.events import read_events
from tideline.workspace.jobs.records import Attempt, JobRun, TaskRun, all_tasks
from tideline.workspace.jobs.tables import COUNTS, is_nothing_to_do
from tideline.workspace.notebook.html import css
from tideline.workspace.report import words
from tideline.workspace.report.graph_svg import graph
from tideline.workspace.report.timeline_svg import timeline

FILE = "report.html"
EVENTS_SHOWN = 400


@dataclass(frozen=True)
class Section:
    """A task of the page; `path` names it from the top (`daily/raw`, `loop[2]`), `pages` are the executed notebooks."""

    path: str
    task: TaskRun
    pages: tuple[tuple[Attempt, Markup], ...]
    is_open: bool


def write_report(run: JobRun, folder: Path) -> Path:
    """Write `report.html` into the run's folder, for whatever state the run is in."""
    folder.mkdir(parents=True, exist_ok=True)
    is_idle = _is_idle(run)
    sections = [_section(path, task, folder) for path, task in all_tasks(run)]
    page = _template("run.html.j2").render(
        run=run,
        title=f"{run.job_name}: {words.in_words(run.state)}",
        headline=words.headline(run),
        tone="quiet" if is_idle else words.tone(run.state),
        graph=graph(run.tasks),
        timeline=timeline(run.tasks),
        sections=sections,
        failures=[each for each in sections if each.task.error],
        rows=words.tables_of(run.tasks.values()),
        counts=COUNTS,
        is_idle=is_idle,
        events=[each for each in read_events(folder / "events.jsonl") if each["kind"] != "cell"][
            -EVENTS_SHOWN:
        ],
        repair=f"tideline repair {run.run_id}"
        if s.is_bad(run.state) or run.state == s.SUCCESS_WITH_FAILURES
        else "",
        cell_css=Markup(css()),  # noqa: S704  our own constant
    )
    return _put(folder / FILE, page)


def write_index(runs: Sequence[tuple[JobRun, Path]], file: Path, *, title: str) -> Path:
    """A page over several runs, each with its folder; links are relative, so that the folder can be moved whole."""
    entries = [
        {"run": run, "headline": words.headline(run), "tone": "quiet" if _is_idle(run) else words.tone(run.state),
         "link": relpath(folder / FILE, file.parent), "rows": words.tables_of(run.tasks.values())}
        for run, folder in runs
    ]  # fmt: skip
    return _put(file, _template("runs.html.j2").render(title=title, entries=entries, counts=COUNTS))


def _section(path: str, task: TaskRun, folder: Path) -> Section:
    pages = tuple((each, _fragment(folder, each.page)) for each in task.attempts if each.page)
    return Section(path, task, pages, is_open=s.is_bad(task.state) and bool(task.attempts))


def _fragment(folder: Path, name: str) -> Markup:
    """The executed notebook, rendered and escaped when it was kept; a note where its file is gone."""
    file = folder / name
    if not file.is_file():
        return Markup("<p>The executed notebook is no longer kept.</p>")
    return Markup(file.read_text(encoding="utf-8"))  # noqa: S704  escaped when it was kept


def _is_idle(run: JobRun) -> bool:
    return run.state == s.SUCCESS and is_nothing_to_do(words.tables_of(run.tasks.values()))


def _put(file: Path, text: str) -> Path:
    """A reader sees the old page or the new one."""
    file.parent.mkdir(parents=True, exist_ok=True)
    hidden = file.with_name(f".{file.name}")
    hidden.write_text(text, encoding="utf-8")
    return hidden.replace(file)


@cache
def _environment() -> Environment:
    found = Environment(
        loader=PackageLoader("tideline.workspace.report"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters |= {
        "words": words.in_words, "tone": words.tone, "duration": words.duration, "moment": words.moment,
        "shown": _shown, "row_tone": row_tone,
    }  # fmt: skip
    return found


def _template(name: str) -> Any:
    return _environment().get_template(name)


def _shown(value: Any) -> str:
    """Numbers with thin thousands, text as it is, the rest as JSON; null is empty."""
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return json.dumps(value, ensure_ascii=False, default=str)
    return f"{value:,}".replace(",", "\u202f") if isinstance(value, int) else str(value)


def row_tone(row: Mapping[str, Any]) -> str:
    """`bad` for a table that failed, `quiet` for one that had nothing to do, else `good`."""
    if str(row.get("status")) == "failed":
        return "bad"
    return "quiet" if is_nothing_to_do([dict(row)]) else "good"
