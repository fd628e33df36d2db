"""The app's figures, from answers of `questions.py`. Names are escaped: Plotly reads some HTML in every text.

Every variant keeps its colour, sign and line from page to page: they follow the order of variants, and colour says nothing
that a sign or a label does not say, too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import numpy as np
import plotly.graph_objects as go

from apps.ab_results.words import interval, percent, points, points_interval, short_day
from systems.ab_testing.config import SIGNIFICANT
from systems.ab_testing.posteriors import Posteriors
from systems.ab_testing.trends import Trend
from systems.ab_testing.verdicts import WINNER
from utils.colours import BLUE, FAINT, GREEN, GREY, INK, ORANGE, PINK, RED, SKY

Row = Mapping[str, Any]
SHADES = (BLUE, ORANGE, GREEN, PINK, SKY, RED)
SYMBOLS = ("circle", "square", "diamond", "cross", "triangle-up", "x")
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
PATTERNS = ("", "/", ".", "x", "-", "+")
ROW_HEIGHT, LEAST_HEIGHT = 58, 160
RATE = "bought, with 95 % interval"
LEAST_P = 1e-6
CONFIG = {"displayModeBar": False, "responsive": True, "scrollZoom": False}


def conversion(variants: Sequence[Row]) -> go.Figure:
    """Rate of each variant with its 95 % interval."""
    figure = _figure(x=RATE, height=_height(len(variants)))
    for place, each in enumerate(variants):
        ends = (each["conversion_rate"], each["conversion_low"], each["conversion_high"])
        _interval(figure, place, place, ends, f"{_name(each['variant'])}: {percent(ends[0])}", interval(*ends[1:]))
    figure.update_xaxes(tickformat=".1%")
    return figure


def differences(variants: Sequence[Row]) -> go.Figure:
    """Each variant's rate minus the control's with its 95 % interval; what crosses zero may be chance."""
    compared = [(place, each) for place, each in enumerate(variants) if each["difference"] is not None]
    figure = _figure(x="points to the control, 95 % interval", height=_height(len(compared)))
    for row, (place, each) in enumerate(compared):
        ends = (each["difference"], each["difference_low"], each["difference_high"])
        name = f"{_name(each['variant'])}: {points(ends[0])}"
        _interval(figure, row, place, (100 * ends[0], 100 * ends[1], 100 * ends[2]), name, points_interval(*ends[1:]))
    reached = [0.0, *(100 * each[name] for _, each in compared for name in ("difference_low", "difference_high"))]
    margin = 0.08 * (max(reached) - min(reached))
    figure.update_xaxes(range=[min(reached) - margin, max(reached) + margin])
    figure.add_vline(x=0, line_color=INK, line_width=1.5)
    return figure


def by_day(
    days: Mapping[str, Mapping[str, Row]], variants: Sequence[str], trends: Mapping[str, Trend | None]
) -> go.Figure:
    """Rate of each variant per local day with its interval, and the line of its trend."""
    figure, places = _figure(x="local day (-04:00)", y=RATE, height=400), {day: place for place, day in enumerate(days)}
    for number, variant in enumerate(variants):
        colour, symbol, dash = _marks(number)
        rows = {day: each[variant] for day, each in days.items() if variant in each}
        shift = (number - (len(variants) - 1) / 2) * min(0.16, 0.6 / len(variants))
        names = ("conversion_rate", "conversion_low", "conversion_high")
        rates, lows, highs = ([row[name] for row in rows.values()] for name in names)
        figure.add_scatter(
            x=[places[day] + shift for day in rows], y=rates, customdata=[[day] for day in rows], name=_name(variant),
            mode="markers", marker={"color": colour, "symbol": symbol, "size": 10}, error_y=_reach(rates, lows, highs, colour),
            hovertemplate="%{customdata[0]}: %{y:.1%}",
        )  # fmt: skip
        line = trends.get(variant)
        if line:
            figure.add_scatter(
                x=[places[day] + shift for day in rows], y=list(line.line), mode="lines", showlegend=False, hoverinfo="skip",
                line={"color": colour, "dash": dash, "width": 2},
            )  # fmt: skip
    step = max(1, -(-len(days) // 6))
    shown = [short_day(day) for day in days][::step]
    figure.update_xaxes(tickvals=list(range(0, len(days), step)), ticktext=shown, range=[-0.5, len(days) - 0.5])
    figure.update_yaxes(tickformat=".1%")
    return figure


def funnel(steps: Sequence[str], shares: Mapping[str, Sequence[tuple[float, float, float]]]) -> go.Figure:
    """Share of each variant's participants who came to each step, in the order of the steps, each with its interval."""
    figure = _figure(x="of all its users, 95 % interval", height=120 + len(steps) * (26 + 16 * len(shares)))
    for number, (variant, values) in enumerate(shares.items()):
        shape = PATTERNS[number % len(PATTERNS)]
        pattern = {"shape": shape, "fillmode": "overlay", "fgcolor": "white", "size": 7, "solidity": 0.25}
        rates, lows, highs = zip(*values, strict=True)
        figure.add_bar(
            y=list(steps), x=list(rates), orientation="h", name=_name(variant), offsetgroup=str(number),
            marker={"color": _marks(number)[0], "pattern": pattern},
            error_x=_reach(rates, lows, highs, INK), hovertemplate="%{y}: %{x:.1%}",
        )  # fmt: skip
    figure.update_layout(barmode="group", bargap=0.25)
    figure.update_yaxes(categoryorder="array", categoryarray=list(steps), autorange="reversed")
    figure.update_xaxes(tickformat=".0%", rangemode="tozero")
    return figure


def posteriors(variants: Sequence[str], rates: Posteriors) -> go.Figure:
    """What is known of each variant's true rate: the higher the curve, the likelier the rate."""
    # Points for each curve: one may be a hundred times narrower than another.
    x = np.unique(np.concatenate([np.linspace(low, high, 120) for low, high in zip(*rates.interval(0.9999), strict=True)]))
    figure = _figure(x="true share of users who buy", height=360)
    for number, (variant, density) in enumerate(zip(variants, rates.density(x), strict=True)):
        colour, _, dash = _marks(number)
        figure.add_scatter(
            x=x, y=density, mode="lines", name=_name(variant), line={"color": colour, "width": 3, "dash": dash},
            fill="tozeroy", fillcolor=_faint(colour), hovertemplate="%{x:.1%}",
        )  # fmt: skip
    figure.update_xaxes(tickformat=".1%")
    figure.update_yaxes(showticklabels=False, title_text="likelier →", rangemode="tozero")
    return figure


def difference(rates: Posteriors, of: int, to: int) -> go.Figure:
    """What is known of a variant's rate minus the control's: the filled part is where the variant is better."""
    low, high = rates.difference(of, to, 0.9999)
    x = np.linspace(min(low, 0.0), max(high, 0.0), 160)
    density, colour = rates.difference_density(of, to, x), _marks(of)[0]
    figure = _figure(x="points to the control", height=300)
    for part, fill, name in ((x >= 0, _faint(colour, 0.45), "better than the control"), (x <= 0, _faint(GREY, 0.25), "worse")):
        figure.add_scatter(
            x=100 * x[part], y=density[part], mode="lines", name=name, fill="tozeroy", fillcolor=fill,
            line={"color": colour if name != "worse" else GREY, "width": 2}, hovertemplate="%{x:+.1f} points",
        )  # fmt: skip
    figure.add_vline(x=0, line_color=INK, line_width=1.5)
    figure.update_yaxes(showticklabels=False, title_text="likelier →", rangemode="tozero")
    return figure


def p_values(rows: Sequence[Row]) -> go.Figure:
    """Every tested experiment's p-value by rank, with the line below which Benjamini and Hochberg call one significant."""
    tested = sorted((row for row in rows if row["p_value"] is not None), key=lambda row: float(row["p_value"]))
    ranks = list(range(1, len(tested) + 1))
    figure = _figure(x="experiments, smallest p-value first", y="p-value", height=340)
    for is_winner, colour, symbol, name in ((True, BLUE, "circle", "winner"), (False, GREY, "circle-open", "no winner")):
        chosen = [(rank, row) for rank, row in zip(ranks, tested, strict=True) if (row["verdict"] == WINNER) == is_winner]
        figure.add_scatter(
            x=[rank for rank, _ in chosen], y=[max(row["p_value"], LEAST_P) for _, row in chosen], mode="markers", name=name,
            text=[escape(row["experiment"]) for _, row in chosen], hovertemplate="%{text}: p = %{y:.2g}",
            marker={"color": colour, "symbol": symbol, "size": 9},
        )  # fmt: skip
    figure.add_scatter(
        x=ranks, y=[SIGNIFICANT * rank / max(len(tested), 1) for rank in ranks], mode="lines", name="limit after the correction",
        line={"color": RED, "dash": "dash"}, hoverinfo="skip",
    )  # fmt: skip
    figure.update_xaxes(range=[0.4, len(tested) + 0.6], tickformat="d")
    figure.update_yaxes(type="log", tickvals=[1e-6, 1e-4, 0.01, 0.1, 1], ticktext=["≤ 0.000001", "0.0001", "0.01", "0.1", "1"])
    return figure


def _figure(*, x: str = "", y: str = "", height: int) -> go.Figure:
    axis = {"gridcolor": FAINT, "linecolor": FAINT, "automargin": True, "fixedrange": True, "zeroline": False, "tickangle": 0}
    axis |= {"nticks": 7, "ticklabelstandoff": 6}
    axes = [axis | {"title": {"text": text, "font": {"size": 14}, "standoff": 10}} for text in (x, y)]
    return go.Figure(layout={
        "height": height, "template": "none", "paper_bgcolor": "white", "plot_bgcolor": "white",
        "font": {"family": "Source Sans, sans-serif", "size": 15, "color": INK}, "hoverlabel": {"namelength": -1},
        "margin": {"l": 8, "r": 16, "t": 28, "b": 8}, "xaxis": axes[0], "yaxis": axes[1],
        "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "xanchor": "left"}, "dragmode": False,
    })  # fmt: skip


def _interval(figure: go.Figure, row: int, place: int, ends: tuple[float, float, float], name: str, known: str) -> None:
    """A row of a figure: its name stands above it, so that a long one takes no width from a phone."""
    (colour, symbol, _), (middle, low, high) = _marks(place), ends
    figure.add_scatter(
        x=[middle], y=[row], mode="markers", name="", showlegend=False, text=[f"{name} ({known})"], hovertemplate="%{text}",
        marker={"color": colour, "symbol": symbol, "size": 13}, error_x=_reach([middle], [low], [high], colour, 3),
    )  # fmt: skip
    figure.add_annotation(
        text=name, xref="paper", x=0, xanchor="left", y=row - 0.42, yanchor="middle", showarrow=False, bgcolor="white"
    )
    figure.update_yaxes(showticklabels=False, tickvals=list(range(row + 1)), range=[row + 0.45, -0.7])


def _reach(
    middles: Sequence[float], lows: Sequence[float], highs: Sequence[float], colour: str, width: float = 2
) -> dict[str, Any]:
    return {
        "type": "data", "symmetric": False, "color": colour, "thickness": width, "width": 6,
        "array": [max(high - middle, 0.0) for middle, high in zip(middles, highs, strict=True)],
        "arrayminus": [max(middle - low, 0.0) for middle, low in zip(middles, lows, strict=True)],
    }  # fmt: skip


def _marks(place: int) -> tuple[str, str, str]:
    """Colour, sign and line of the variant at a place in their order; pairs of colour and sign repeat after 36."""
    turn = place // len(SHADES)
    return SHADES[place % len(SHADES)], SYMBOLS[(place + turn) % len(SYMBOLS)], DASHES[(place + turn) % len(DASHES)]


def _height(n_rows: int) -> int:
    return max(LEAST_HEIGHT, 80 + ROW_HEIGHT * n_rows)


def _name(variant: str) -> str:
    """A label that Plotly shows as it is, shortened in the middle where it is long."""
    short = variant if len(variant) <= 22 else f"{variant[:12]}…{variant[-8:]}"
    return f"Variant {escape(short)}"


def _faint(colour: str, opacity: float = 0.12) -> str:
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity})"
