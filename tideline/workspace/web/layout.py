"""Where the boxes of a graph stand: in columns by what they wait for, with arrows led between boxes and not across them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from tideline.workspace.jobs.select import downstream_of, in_order

PASSES = 6
Edges = Mapping[str, Collection[str]]


@dataclass(frozen=True)
class Sizes:
    """In units of the picture; `lane` is the height that a passing arrow takes."""

    box_width: int = 216
    box_height: int = 46
    gap_x: int = 48
    gap_y: int = 16
    lane: int = 6
    edge: int = 10


@dataclass(frozen=True)
class Point:
    """A box or, with `is_lane`, a spot where arrows pass a column. `y` is its middle."""

    column: int
    y: float
    is_lane: bool


@dataclass(frozen=True)
class Layout:
    """`ways` leads from each input to each table that is made of it, over the lanes between them."""

    points: Mapping[str, Point]
    ways: Mapping[tuple[str, str], Sequence[str]]
    n_columns: int
    height: float


def lay_out(edges: Edges, sizes: Sizes) -> Layout:
    """`edges` names the inputs of each. JobError where they go in a circle."""
    columns = [list(wave) for wave in in_order(edges)]
    column_of = {name: number for number, wave in enumerate(columns) for name in wave}
    ways = {(before, name): _way(before, name, column_of) for name in edges for before in edges[name]}
    steps: dict[str, set[str]] = {name: set() for name in edges}
    for way in ways.values():
        for number, name in enumerate(way[1:-1], start=1):
            column = columns[column_of[way[0]] + number]
            if name not in column:
                column.append(name)
        for one, next_one in pairwise(way):
            steps.setdefault(next_one, set()).add(one)
    _untangle(columns, steps)
    heights = [sum(_height(name, edges, sizes) + sizes.gap_y for name in column) - sizes.gap_y for column in columns]
    points = {
        name: Point(number, y, name not in edges)
        for number, column in enumerate(columns)
        for name, y in _stack(column, edges, sizes, (max(heights) - heights[number]) / 2)
    }
    return Layout(points, ways, len(columns), max(heights) + 2 * sizes.edge)


def _way(before: str, name: str, column_of: Mapping[str, int]) -> list[str]:
    """Arrows from one box share their lanes."""
    return [before, *(f"{before} past {column}" for column in range(column_of[before] + 1, column_of[name])), name]


def _height(name: str, edges: Edges, sizes: Sizes) -> int:
    return sizes.box_height if name in edges else sizes.lane


def _stack(column: Sequence[str], edges: Edges, sizes: Sizes, top: float) -> list[tuple[str, float]]:
    found, y = [], top + sizes.edge
    for name in column:
        height = _height(name, edges, sizes)
        found.append((name, y + height / 2))
        y += height + sizes.gap_y
    return found


def _untangle(columns: list[list[str]], steps: Mapping[str, Collection[str]]) -> None:
    """Order each column by the middle of its neighbours, forth and back, so that fewer arrows cross."""
    after = downstream_of(steps)
    for turn in range(PASSES):
        neighbours, order = (steps, columns) if turn % 2 == 0 else (after, columns[::-1])
        share = {name: (number + 0.5) / len(column) for column in columns for number, name in enumerate(column)}
        for column in order:
            middle = {name: _middle([share[other] for other in neighbours.get(name, ())], share[name]) for name in column}
            column.sort(key=lambda name: (middle[name], name))
            share |= {name: (number + 0.5) / len(column) for number, name in enumerate(column)}


def _middle(shares: Sequence[float], otherwise: float) -> float:
    return sum(shares) / len(shares) if shares else otherwise
