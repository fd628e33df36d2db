"""Where a table's rows come from and what is made of them, as SVG: boxes are links, arrows point the way of the rows."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from itertools import pairwise

from tideline.workspace.declared import DeclaredTable
from tideline.workspace.jobs.select import downstream_of, reach
from tideline.workspace.web.layout import Layout, Point, Sizes, lay_out
from tideline.workspace.web.subject import address_of

SIZES = Sizes()
LONGEST = 28
TIP = 2


def family(name: str, tables: Mapping[str, DeclaredTable]) -> dict[str, list[str]]:
    """The table, all that it is made of and all that is made of it, each with its inputs among them."""
    inputs = {each.name: list(each.inputs) for each in tables.values()}
    kept = {name} | reach(name, inputs) | reach(name, downstream_of(inputs))
    return {each: [before for before in inputs.get(each, ()) if before in kept] for each in sorted(kept)}


def users_of(name: str, tables: Mapping[str, DeclaredTable]) -> list[str]:
    """The tables that are made of this one, without a step between."""
    return [each.name for each in tables.values() if name in each.inputs]


def lineage_svg(name: str, prefix: str, tables: Mapping[str, DeclaredTable]) -> str:
    """The picture of the table's family; it stands out. `prefix` stands before the schemas that boxes lead to."""
    edges = family(name, tables)
    found = lay_out(edges, SIZES)
    width = 2 * SIZES.edge + found.n_columns * (SIZES.box_width + SIZES.gap_x) - SIZES.gap_x
    near_last = sorted(found.ways, key=lambda way: name in way)
    arrows = "".join(_arrow(way, found, is_near=name in way) for way in near_last)
    boxes = "".join(_box(each, tables.get(each), prefix, found.points[each], is_here=each == name) for each in edges)
    return (
        f'<svg class="graph lineage" role="group" aria-label="Lineage of {escape(name)}" viewBox="0 0 {width} {found.height:g}" '
        f'width="{width}" height="{found.height:g}"><defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
        'markerHeight="7" markerUnits="userSpaceOnUse" orient="auto"><path d="M0 0L8 4L0 8z" class="tip"/></marker></defs>'
        f"{arrows}{boxes}</svg>"
    )


def _left(point: Point) -> int:
    return SIZES.edge + point.column * (SIZES.box_width + SIZES.gap_x)


def _box(name: str, table: DeclaredTable | None, prefix: str, at: Point, *, is_here: bool) -> str:
    x, y, (schema, _, short) = _left(at), at.y - SIZES.box_height / 2, name.partition(".")
    said = f"{name}: {table.grain}" if table else name
    layer = table.layer if table else ""
    here = ' aria-current="page"' if is_here else ""
    return (
        f'<a href="{escape(address_of(prefix + name))}"{here}><g class="box of-{escape(layer)}"><title>{escape(said)}</title>'
        f'<rect x="{x}" y="{y:g}" width="{SIZES.box_width}" height="{SIZES.box_height}" rx="6"/>'
        f'<text x="{x + 12}" y="{y + 19:g}" class="name">{escape(_short(short))}</text>'
        f'<text x="{x + 12}" y="{y + 36:g}" class="state">{escape(schema)}</text></g></a>'
    )


def _arrow(way: tuple[str, str], found: Layout, *, is_near: bool) -> str:
    """A curve across each gap between columns, and a straight line along each lane."""
    steps = [found.points[each] for each in found.ways[way]]
    x, bend = _left(steps[0]) + SIZES.box_width, SIZES.gap_x / 2
    path = [f"M{x} {steps[0].y:g}"]
    for before, after in pairwise(steps):
        x = _left(after) - (0 if after.is_lane else TIP)
        path.append(f"C{x - bend:g} {before.y:g} {x - bend:g} {after.y:g} {x} {after.y:g}")
        if after.is_lane:
            path.append(f"H{x + SIZES.box_width}")
    near = " near" if is_near else ""
    return f'<path class="edge{near}" d="{"".join(path)}" marker-end="url(#tip)"/>'


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
