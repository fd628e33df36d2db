"""The graph and the timeline of a run, as SVG made of plain numbers and escaped text."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

from tideline.workspace.jobs import states as s
from tideline.workspace.jobs.records import JobRun, TaskRun, all_tasks
from tideline.workspace.jobs.select import in_order

BOX_WIDTH, BOX_HEIGHT, GAP_X, GAP_Y = 200, 46, 48, 18
LINE_HEIGHT, LABEL_WIDTH, BAR_WIDTH = 24, 250, 640
LONGEST_LABEL = 24


def state_class(state: str) -> str:
    """The class that colours a state: ok, bad, stop, wait, run, idle or out."""
    if state == s.RUNNING:
        return "run"
    if state in (s.BLOCKED, s.PENDING):
        return "idle"
    if state in s.LEFT_OUT:
        return "out"
    if state == s.SUCCESS_WITH_FAILURES:
        return "wait"
    if state in s.FINE:
        return "ok"
    if state in s.CANCELLATIONS:
        return "stop"
    return "bad" if state in s.FAILURES else "wait"


def graph_svg(run: JobRun, caption: Callable[[TaskRun], str] | None = None) -> str:
    """Boxes from left to right, in the order in which tasks can run; arrows with the outcome that they ask for.

    `caption` says something else of a task than its state: for the graph of a job.
    """
    edges = {key: [edge[0] for edge in task.depends_on] for key, task in run.tasks.items()}
    waves = in_order(edges)
    at = {
        key: (10 + column * (BOX_WIDTH + GAP_X), 10 + row * (BOX_HEIGHT + GAP_Y))
        for column, wave in enumerate(waves)
        for row, key in enumerate(wave)
    }
    width = 20 + len(waves) * BOX_WIDTH + (len(waves) - 1) * GAP_X
    height = 20 + max(len(wave) for wave in waves) * (BOX_HEIGHT + GAP_Y) - GAP_Y
    arrows = "".join(
        _arrow(at[before], at[key], outcome)
        for key, task in run.tasks.items()
        for before, outcome in task.depends_on
    )
    boxes = "".join(_box(run, task, *at[key], caption(task) if caption else None) for key, task in run.tasks.items())
    return (
        f'<svg class="graph" role="img" aria-label="Graph of the tasks" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}"><defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" '
        'markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" class="tip"/></marker></defs>'
        f"{arrows}{boxes}</svg>"
    )


def _box(run: JobRun, task: TaskRun, x: int, y: int, caption: str | None) -> str:
    again = f", {len(task.attempts)} attempts" if len(task.attempts) > 1 else ""
    seconds = f" {task.seconds:.1f} s" if task.attempts else ""
    title, said, shade = f"{task.key}: {task.state}{again}", f"{task.state}{seconds}", state_class(task.state)
    if caption is not None:
        title, said, shade = f"{task.key}: {caption}. {task.description}", _short(caption), "idle"
    return (
        f'<a href="#{anchor(run, task.key)}"><g class="box {shade}"><title>{escape(title)}</title>'
        f'<rect x="{x}" y="{y}" width="{BOX_WIDTH}" height="{BOX_HEIGHT}" rx="6"/>'
        f'<text x="{x + 12}" y="{y + 19}" class="name">{escape(_short(task.key))}</text>'
        f'<text x="{x + 12}" y="{y + 36}" class="state">{escape(said)}</text></g></a>'
    )


def _arrow(start: tuple[int, int], end: tuple[int, int], outcome: str) -> str:
    x1, y1 = start[0] + BOX_WIDTH, start[1] + BOX_HEIGHT // 2
    x2, y2 = end[0] - 2, end[1] + BOX_HEIGHT // 2
    bend = max((x2 - x1) // 2, 20)
    text = f'<text x="{x2 - 34}" y="{y2 - 6}" class="state">{escape(outcome)}</text>' if outcome else ""
    return f'<path class="edge" d="M{x1} {y1}C{x1 + bend} {y1} {x2 - bend} {y2} {x2} {y2}" marker-end="url(#tip)"/>{text}'


def timeline_svg(run: JobRun) -> str:
    """A bar per attempt from the start of the run; empty where nothing started."""
    bars = [
        (path, task, attempt)
        for path, task in all_tasks(run)
        for attempt in task.attempts
        if attempt.started_at >= run.started_at
    ]
    if not bars:
        return ""
    end = max(attempt.started_at + attempt.seconds for _, _, attempt in bars)
    scale = BAR_WIDTH / max(end - run.started_at, 0.001)
    height = LINE_HEIGHT * len(bars) + 24
    parts = []
    for number, (path, _, attempt) in enumerate(bars):
        x = LABEL_WIDTH + (attempt.started_at - run.started_at) * scale
        y, width = number * LINE_HEIGHT, max(attempt.seconds * scale, 2)
        again = f" (attempt {attempt.number})" if attempt.number > 1 else ""
        parts.append(
            f'<text x="0" y="{y + 16}" class="name">{escape(_short(path, 34))}{again}</text>'
            f'<g class="box {state_class(attempt.state)}"><title>{escape(path)}{again}: {attempt.state}, '
            f'{attempt.seconds:.1f} s</title><rect x="{x:.1f}" y="{y + 4}" width="{width:.1f}" height="16" rx="3"/></g>'
            f'<text x="{x + width + 4:.1f}" y="{y + 16}" class="state">{attempt.seconds:.1f} s</text>'
        )
    axis = "".join(_tick(share, end - run.started_at, height) for share in (0, 0.25, 0.5, 0.75, 1))
    full = LABEL_WIDTH + BAR_WIDTH + 60
    return (
        f'<svg class="timeline" role="img" aria-label="Timeline of the attempts" viewBox="0 0 {full} {height}" '
        f'width="{full}" height="{height}">{axis}{"".join(parts)}</svg>'
    )


def _tick(share: float, seconds: float, height: int) -> str:
    x = LABEL_WIDTH + share * BAR_WIDTH
    return (
        f'<line class="edge" x1="{x}" x2="{x}" y1="0" y2="{height - 20}" stroke-dasharray="2 4"/>'
        f'<text class="state" x="{x}" y="{height - 4}" text-anchor="middle">{seconds * share:.1f} s</text>'
    )


def anchor(run: JobRun, key: str) -> str:
    """The id of a task's section on the page."""
    return escape(f"task-{run.run_id}-{key}", quote=True)


def _short(text: str, longest: int = LONGEST_LABEL) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"
