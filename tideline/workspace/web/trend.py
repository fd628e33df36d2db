"""How long the latest runs of a job took, as a small picture."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from statistics import median

from markupsafe import Markup

from tideline.workspace.report.picture import state_class
from tideline.workspace.web.history import Line
from tideline.workspace.web.render import took

MOST, STEP, HEIGHT, LEAST = 20, 7, 28, 3


def trend_svg(lines: Sequence[Line]) -> Markup:
    """A bar per run that has ended, the newest at the right; as high as it took long, in the colour of its state."""
    shown = [line for line in lines if not line.is_active][:MOST][::-1]
    if not shown:
        return Markup()
    longest = max(line.seconds for line in shown) or 1.0
    bars = []
    for number, line in enumerate(shown):
        height = max(round(line.seconds / longest * HEIGHT), LEAST)
        bars.append(
            f'<g class="box {state_class(line.state)}"><title>{escape(line.state)}, {took(line.seconds)}</title>'
            f'<rect x="{number * STEP}" y="{HEIGHT - height}" width="{STEP - 2}" height="{height}" rx="1"/></g>'
        )
    said = f"The last run took {took(shown[-1].seconds)}"
    if len(shown) > 1:
        said += f"; half of the last {len(shown)} took no longer than {took(median(line.seconds for line in shown))}"
    width = MOST * STEP
    return Markup(  # noqa: S704 (numbers, and states that are escaped)
        f'<svg class="trend" role="img" aria-label="{escape(said)}" viewBox="0 0 {width} {HEIGHT}" width="{width}" '
        f'height="{HEIGHT}">{"".join(bars)}</svg>'
    )
