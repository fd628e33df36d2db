"""When each attempt ran: one bar per attempt, one line per task, over a common time axis."""

from __future__ import annotations

from collections.abc import Mapping

from markupsafe import Markup

from tideline.workspace.jobs.records import Attempt, TaskRun
from tideline.workspace.report.words import duration, tone

WIDTH, NAMES, LINE, AXIS = 960, 190, 26, 22
STEPS = (0.1, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600, 86400)


def timeline(tasks: Mapping[str, TaskRun]) -> Markup:
    """Empty where nothing ran. Repairs leave gaps: the axis is the clock."""
    ran = {key: task for key, task in tasks.items() if task.attempts}
    if not ran:
        return Markup("")
    start = min(task.started_at for task in ran.values())
    span = max(max(each.ended_at for each in ran.values()) - start, 0.1)
    scale = (WIDTH - NAMES - 70) / span
    height = AXIS + LINE * len(ran) + 6
    ticks = [_tick(second, scale, height) for second in _seconds(span)]
    lines = [_line(task, number, start, scale) for number, task in enumerate(ran.values())]
    return Markup(
        '<svg class="timeline" role="img" aria-label="When each attempt ran" width="{w}" height="{h}"'
        ' viewBox="0 0 {w} {h}">{ticks}{lines}</svg>'
    ).format(w=WIDTH, h=height, ticks=Markup("").join(ticks), lines=Markup("").join(lines))


def _seconds(span: float) -> list[float]:
    step = next((each for each in STEPS if span / each <= 8), STEPS[-1])
    return [step * number for number in range(int(span / step) + 1)]


def _tick(second: float, scale: float, height: int) -> Markup:
    x = round(NAMES + second * scale, 1)
    text = f"{second:g} s" if second < 60 else f"{second / 60:g} min"
    return Markup(
        '<line class="tick" x1="{x}" x2="{x}" y1="{top}" y2="{h}"/><text class="axis" x="{x}" y="14">{text}</text>'
    ).format(x=x, top=AXIS, h=height, text=text)


def _line(task: TaskRun, number: int, start: float, scale: float) -> Markup:
    y = AXIS + number * LINE
    bars = [_bar(attempt, y, start, scale) for attempt in task.attempts]
    end = round(NAMES + (task.ended_at - start) * scale + 6, 1)
    name = task.key if len(task.key) <= 24 else task.key[:23] + "…"
    return Markup(
        '<text class="name" x="0" y="{ty}">{name}</text>{bars}<text class="axis took" x="{end}" y="{ty}">{took}</text>'
    ).format(ty=y + 17, name=name, bars=Markup("").join(bars), end=end, took=duration(task.seconds))


def _bar(attempt: Attempt, y: int, start: float, scale: float) -> Markup:
    title = f"attempt {attempt.number}: {attempt.state.lower()}, {duration(attempt.seconds)}"
    return Markup(
        '<rect class="bar {tone}" x="{x}" y="{y}" width="{w}" height="16" rx="3"><title>{title}</title></rect>'
    ).format(
        tone=tone(attempt.state), x=round(NAMES + (attempt.started_at - start) * scale, 1), y=y + 5,
        w=round(max(attempt.seconds * scale, 2), 1), title=title,
    )  # fmt: skip
