"""The picture of a lineage: every arrow is led past the boxes, whatever the graph; names are text."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tideline.commands.declared import declared
from tideline.workspace.declared import DeclaredTable
from tideline.workspace.errors import JobError
from tideline.workspace.web.layout import Layout, Sizes, lay_out
from tideline.workspace.web.lineage import family, lineage_svg

SIZES = Sizes()
Graph = dict[str, list[str]]


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Tables that are made of earlier ones."""
    n_tables = draw(st.integers(1, 12))
    return {
        f"s.t{number}": [f"s.t{each}" for each in sorted(draw(st.sets(st.integers(0, number - 1), max_size=4)))] if number else []
        for number in range(n_tables)
    }


def refuse_overlaps(found: Layout) -> None:
    columns: dict[int, list[tuple[float, float]]] = {}
    for point in found.points.values():
        half = (SIZES.lane if point.is_lane else SIZES.box_height) / 2
        columns.setdefault(point.column, []).append((point.y - half, point.y + half))
    for spans in columns.values():
        assert all(above[1] <= below[0] for above, below in pairwise(sorted(spans)))
        assert min(spans)[0] >= 0 and max(spans)[1] <= found.height


@settings(max_examples=60, deadline=None)
@given(graphs())
def test_boxes_and_lanes_do_not_overlap_and_arrows_go_from_column_to_column(graph: Graph) -> None:
    found = lay_out(graph, SIZES)
    refuse_overlaps(found)
    assert set(found.ways) == {(before, name) for name in graph for before in graph[name]}
    for way in found.ways.values():
        places = [found.points[each] for each in way]
        assert [after.column - before.column for before, after in pairwise(places)] == [1] * (len(way) - 1)
        assert [place.is_lane for place in places] == [False, *[True] * (len(way) - 2), False]


def test_the_pictures_of_all_our_tables_can_be_drawn(repository: Path) -> None:
    tables = declared(repository)
    assert len(tables) > 50
    for name in tables:
        refuse_overlaps(lay_out(family(name, tables), SIZES))


def test_a_family_is_what_a_table_is_made_of_and_what_is_made_of_it() -> None:
    tables = {name: table(name, *inputs) for name, inputs in {
        "s.a": [], "s.b": ["s.a"], "s.c": ["s.b", "s.other"], "s.other": [], "s.beside": ["s.a"],
    }.items()}  # fmt: skip
    assert family("s.b", tables) == {"s.a": [], "s.b": ["s.a"], "s.c": ["s.b"]}


def test_names_and_grains_are_escaped() -> None:
    odd = table('s.<b>"x"</b>')
    picture = lineage_svg(odd.name, "", {odd.name: odd})
    assert "<b>" not in picture and "&lt;b&gt;" in picture


def test_a_circle_is_said() -> None:
    with pytest.raises(JobError, match="wait for each other"):
        lay_out({"s.a": ["s.b"], "s.b": ["s.a"]}, SIZES)


def table(name: str, *inputs: str) -> DeclaredTable:
    return DeclaredTable(name, "s", "gold", "derived", "one row per <i>thing</i>", "by hand", (), inputs=inputs)
