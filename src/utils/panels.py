"""Measures of different units beside or above each other, and parts of a whole: what one axis cannot hold.

What shares an axis differs by hatch, marker or line as well as by colour.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from utils.colours import BLUE, GREEN, INK, ORANGE, PINK, RED, SKY
from utils.figures import (
    WIDTH,
    bars,
    height_of,
    in_thousands,
    legend_below,
    new_figure,
    put_labels,
    put_title,
)

HATCHES = ("", "///", "...", "xxx", "\\\\\\", "ooo")
PANEL_COLOURS = (BLUE, ORANGE, GREEN, PINK, SKY, RED)
PANEL_HEIGHT = 2.1


def bar_panels(
    title: str,
    names: Sequence[str],
    measures: Mapping[str, Sequence[float]],
    *,
    y: str,
    subtitle: str = "",
    said: Mapping[str, Sequence[str]] | None = None,
) -> Figure:
    """Horizontal bars of the same `names`, the first on top, in one panel per measure: its name with unit -> values.

    `said` are the words behind the bars of a measure, where they are more than the value.
    """
    figure = Figure(figsize=(WIDTH, height_of(len(names))), layout="constrained", facecolor="white")
    panels = figure.subplots(1, len(measures), sharey=True, squeeze=False)[0]
    for axes, colour, (unit, values) in zip(panels, PANEL_COLOURS, measures.items(), strict=False):
        put_labels(axes, x=unit, y="")
        bars(axes, list(names), list(values), colour=colour)
        if said and unit in said:
            for text, words in zip(axes.texts, said[unit], strict=True):
                text.set_text(words)
        axes.set_xlim(0, max(1.0, *values) * (1.75 if said else 1.25))
        axes.xaxis.set_major_locator(MaxNLocator(nbins=3 if said else 4, integer=True))
    panels[0].set_ylim(len(names) - 0.5, -0.5)
    panels[0].set_ylabel(y)
    put_title(panels[0], title, subtitle)
    return figure


def above_each_other(
    title: str, units: Sequence[str], *, x: str, subtitle: str = "", height: float = PANEL_HEIGHT
) -> tuple[Figure, list[Axes]]:
    """A figure of one panel per unit over a common horizontal axis, which the last one names."""
    size = (WIDTH, 1.0 + height * len(units))
    figure = Figure(figsize=size, layout="constrained", facecolor="white")
    panels = list(figure.subplots(len(units), 1, sharex=True, squeeze=False)[:, 0])
    for axes, unit in zip(panels, units, strict=True):
        put_labels(axes, x=x if axes is panels[-1] else "", y=unit)
    put_title(panels[0], title, subtitle)
    return figure, panels


def stacked_bars(axes: Axes, names: Sequence[str], parts: Mapping[str, Sequence[float]], *, said: str = "{:,.0f}") -> None:
    """Horizontal bars made of parts (their name -> values), the first name on top, each with its total behind it."""
    places, before = np.arange(len(names)), np.zeros(len(names))
    for colour, hatch, (part, values) in zip(PANEL_COLOURS, HATCHES, parts.items(), strict=False):
        axes.barh(places, values, left=before, color=colour, hatch=hatch, edgecolor="white", linewidth=0, label=part)
        before = before + np.asarray(values, dtype=float)
    axes.set_yticks(places, list(names))
    axes.invert_yaxis()
    for place, total in zip(places, before, strict=True):
        axes.annotate(said.format(total), (total, place), xytext=(3, 0), textcoords="offset points",
                      va="center", fontsize=9, color=INK)  # fmt: skip
    axes.set_xlim(0, max(1e-9, *before) * 1.15 if len(before) else 1)
    axes.grid(axis="y", visible=False)
    in_thousands(axes, "x")


def stacked_figure(
    title: str, names: Sequence[str], parts: Mapping[Any, list[float]], *, x: str, y: str, subtitle: str, said: str = "{:,.0f}"
) -> Figure:
    """A figure of bars that are made of parts, with its legend."""
    figure, axes = new_figure(title, x=x, y=y, height=height_of(len(names)) + 0.3, subtitle=subtitle)
    stacked_bars(axes, names, parts, said=said)
    legend_below(figure, axes)
    return figure
