"""What a notebook will do, known before anything runs: its cells, those of every `%run`, and what is refused."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from tideline.workspace.errors import NotebookError, Place
from tideline.workspace.notebook.format import Cell, find_notebook, read_notebook

RUN = re.compile(
    r"""\s*(?:"([^"]+)"|'([^']+)'|([^\s$]\S*))((?:\s+\$\w+\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'$]+))*)\s*\Z"""
)
ARGUMENT = re.compile(r"""\$(\w+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'$]+))""")
SIZE = re.compile(r"\d+\Z")


class RefusedCell(NotebookError):
    """A cell that cannot run here; `cell` is its number in the notebook that was asked for."""

    cell = 0


@dataclass(frozen=True)
class Step:
    """A cell with the file it stands in. A `%run` cell holds the steps of its notebook and the values it passes."""

    cell: Cell
    number: int
    file: Path
    steps: tuple[Step, ...] = ()
    arguments: dict[str, str] = field(default_factory=dict)


def plan(path: Path, root: Path) -> tuple[Step, ...]:
    """Every step in order. RefusedCell names file and line of the first cell that is not emulated."""
    return _steps(path, root, (), None)


def _steps(path: Path, root: Path, above: tuple[Path, ...], number: int | None) -> tuple[Step, ...]:
    cells = read_notebook(path).cells
    return tuple(
        _step(cell, number or position, path, root, above) for position, cell in enumerate(cells, start=1)
    )


def _step(cell: Cell, number: int, path: Path, root: Path, above: tuple[Path, ...]) -> Step:
    try:
        _refuse(cell, path)
        if cell.kind != "run":
            return Step(cell, number, path)
        target, arguments = _target(cell, path, root)
        if target in (*above, path):
            circle = " -> ".join(each.name for each in (*above, path, target))
            raise RefusedCell(f"notebooks run each other: {circle}", place=Place(path, cell.line))
        return Step(cell, number, path, _steps(target, root, (*above, path), number), arguments)
    except NotebookError as error:
        refused = RefusedCell(error.message, place=error.place, hint=error.hint)
        refused.cell = number
        raise refused from None


def _refuse(cell: Cell, path: Path) -> None:
    place = Place(path, cell.line)
    if cell.kind in ("scala", "r"):
        raise RefusedCell(
            f"`%{cell.magic}` is not emulated", place=place, hint="Python and SQL cells run here"
        )
    if cell.kind == "output_size" and not SIZE.match(cell.body.strip()):
        raise RefusedCell(f"`%{cell.magic}` takes a number of megabytes", place=place)


def _target(cell: Cell, path: Path, root: Path) -> tuple[Path, dict[str, str]]:
    place = Place(path, cell.line)
    lines = [line for line in cell.body.split("\n") if line.strip() and not line.lstrip().startswith("#")]
    if len(lines) != 1:
        raise RefusedCell(
            "`%run` must be alone in its cell", place=place, hint='`%run ./notebook $name="value"`'
        )
    match = RUN.match(lines[0])
    if match is None:
        raise RefusedCell(
            f"cannot read `%run {lines[0].strip()}`", place=place, hint='`%run ./notebook $name="value"`'
        )
    name = match.group(1) or match.group(2) or match.group(3)
    target = resolve(name, path, root)
    if target is None:
        raise RefusedCell(
            f"`%run {name}`: no such notebook", place=place, hint=f"paths start at {path.parent}"
        )
    arguments = {each[0]: each[1] or each[2] or each[3] for each in ARGUMENT.findall(match.group(4))}
    return target, arguments


def resolve(name: str, path: Path, root: Path) -> Path | None:
    """A notebook as another names it: relative to its folder, or absolute from the bundle's root."""
    if not name.startswith("/"):
        return find_notebook(path.parent, name)
    below = name.removeprefix("/Workspace")
    return find_notebook(root, below.lstrip("/")) or find_notebook(root, name)
