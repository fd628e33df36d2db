"""The tasks of a run as a graph: boxes in waves from left to right, coloured by state, each a link to its section."""

from __future__ import annotations

from collections.abc import Mapping

from markupsafe import Markup, escape

from tideline.workspace.jobs.records import TaskRun
from tideline.workspace.jobs.select import in_order
from tideline.workspace.report.words import duration, in_words, tone

BOX_WIDTH, BOX_HEIGHT, GAP_X, GAP_Y, MARGIN = 168, 46, 56, 18, 8
LABEL_LENGTH = 21

Spot = tuple[int, int]


def graph(tasks: Mapping[str, TaskRun]) -> Markup:
    """An SVG as wide as its waves; it scrolls inside its frame on a small screen."""
    waves = in_order({key: [edge[0] for edge in task.depends_on] for key, task in tasks.items()})
    spots = {key: _spot(x, y) for x, wave in enumerate(waves) for y, key in enumerate(wave)}
    width = max((x for x, _ in spots.values()), default=0) + BOX_WIDTH + MARGIN
    height = max((y for _, y in spots.values()), default=0) + BOX_HEIGHT + MARGIN
    edges = [
        _edge(spots[edge[0]], spots[key], edge) for key, task in tasks.items() for edge in task.depends_on
    ]
    boxes = [_box(tasks[key], spot) for key, spot in spots.items()]
    return Markup(
        '<svg class="graph" role="img" aria-label="Tasks and what they wait for" width="{w}" height="{h}"'
        ' viewBox="0 0 {w} {h}">{edges}{boxes}</svg>'
    ).format(w=width, h=height, edges=Markup("").join(edges), boxes=Markup("").join(boxes))


def _spot(x: int, y: int) -> Spot:
    return MARGIN + x * (BOX_WIDTH + GAP_X), MARGIN + y * (BOX_HEIGHT + GAP_Y)


def _edge(start: Spot, end: Spot, edge: list[str]) -> Markup:
    x1, y1 = start[0] + BOX_WIDTH, start[1] + BOX_HEIGHT // 2
    x2, y2 = end[0], end[1] + BOX_HEIGHT // 2
    middle = (x1 + x2) // 2
    line = Markup('<path class="edge" d="M{} {} C{} {} {} {} {} {}"/>').format(
        x1, y1, middle, y1, middle, y2, x2, y2
    )
    wanted = edge[1] if len(edge) > 1 else ""
    label = Markup('<text class="outcome" x="{}" y="{}">{}</text>').format(x1 + 6, y1 - 5, f"if {wanted}")
    return line + (label if wanted else Markup(""))


def _box(task: TaskRun, spot: Spot) -> Markup:
    x, y = spot
    name = task.key if len(task.key) <= LABEL_LENGTH else task.key[: LABEL_LENGTH - 1] + "…"
    below = task.state.lower().replace("_", " ") + (f" · {duration(task.seconds)}" if task.attempts else "")
    return Markup(
        '<a href="#task-{key}"><g class="box {tone}{ran}"><title>{title}</title>'
        '<rect x="{x}" y="{y}" width="{w}" height="{h}" rx="8"/>'
        '<text class="name" x="{tx}" y="{ty}">{name}</text><text class="state" x="{tx}" y="{sy}">{below}</text></g></a>'
    ).format(
        key=task.key, tone=tone(task.state), ran="" if task.attempts else " unrun",
        title=f"{task.key}: {in_words(task.state)}", x=x, y=y, w=BOX_WIDTH,
        h=BOX_HEIGHT, tx=x + 12, ty=y + 19, sy=y + 36, name=escape(name), below=below,
    )  # fmt: skip
