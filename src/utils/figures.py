"""How every figure looks: one theme, title, axes with units, and what is shown where there is nothing to show.

Colours stand in `colours.py`. Figures are made without pyplot, so that nothing is shared between notebooks.
"""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from utils.colours import BLUE, FAINT, INK

WIDTH, HEIGHT, BAR_HEIGHT = 9.0, 4.2, 0.34


def new_figure(
    title: str, *, x: str, y: str, height: float = HEIGHT, subtitle: str = ""
) -> tuple[Figure, Axes]:
    """An empty figure with its title and axis labels (with units), and its axes."""
    figure = Figure(figsize=(WIDTH, height), layout="constrained", facecolor="white")
    axes = figure.add_subplot()
    put_title(axes, title, subtitle)
    put_labels(axes, x=x, y=y)
    return figure, axes


def put_title(axes: Axes, title: str, subtitle: str = "") -> None:
    """The title of a figure, over its first axes, with a line in small letters below it."""
    axes.set_title(f"{title}\n" if subtitle else title, loc="left", fontsize=13, fontweight="bold", color=INK)
    if subtitle:
        said = axes.annotate(
            subtitle, (0, 1), xycoords="axes fraction", xytext=(0, 6), textcoords="offset points",
            fontsize=10, color=INK,
        )  # fmt: skip
        said.set_in_layout(False)  # like a title, it may be wider than its axes


def put_labels(axes: Axes, *, x: str, y: str) -> None:
    """Axis labels with units, and the theme's lines."""
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="both", color=FAINT, linewidth=0.7)
    axes.set_axisbelow(True)


def empty_figure(title: str, why: str, *, x: str, y: str) -> Figure:
    """The same figure where there is nothing to show: title and axes stand, the reason is said in words."""
    figure, axes = new_figure(title, x=x, y=y, height=2.6)
    axes.text(0.5, 0.5, why, transform=axes.transAxes, ha="center", va="center", color=INK, fontsize=12)
    axes.set_xticks([])
    axes.set_yticks([])
    return figure


def height_of(n_bars: int) -> float:
    """Inches for a figure of horizontal bars."""
    return max(2.8, 1.3 + BAR_HEIGHT * n_bars)


def bars(
    axes: Axes, names: list[str], values: list[float], *, colour: str = BLUE, said: str = "{:,.0f}"
) -> None:
    """Horizontal bars, the first on top, each with its value written behind it."""
    places = range(len(names))
    drawn = axes.barh(list(places), values, color=colour)
    axes.set_yticks(list(places), names)
    axes.invert_yaxis()
    axes.bar_label(drawn, labels=[said.format(value) for value in values], padding=3, fontsize=9, color=INK)
    axes.margins(x=0.12)
    if not any(values):
        axes.set_xlim(0, 1)  # nothing but zeros would stand in the middle
    axes.grid(axis="y", visible=False)
    in_thousands(axes, "x")


def in_thousands(axes: Axes, which: str) -> None:
    """Tick labels such as 12,000 on the `x` or `y` axis; no fractions of what is counted."""
    axis = axes.xaxis if which == "x" else axes.yaxis
    axis.set_major_locator(MaxNLocator(nbins=7, integer=True))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))


def in_percent(axes: Axes, which: str) -> None:
    """Tick labels such as 4.5 % for shares from 0 to 1."""
    axis = axes.xaxis if which == "x" else axes.yaxis
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:.3g} %"))


def legend_below(figure: Figure, axes: Axes) -> None:
    """The legend under the axes, where it hides nothing."""
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower left", ncols=len(labels), frameon=False, fontsize=9)
