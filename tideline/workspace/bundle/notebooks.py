"""What lint sees of a notebook without running it: widgets, task values, calls that Spark Connect lacks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

from tideline.workspace.bundle.code_facts import Call, Facts
from tideline.workspace.bundle.code_scan import scan_code, scan_function
from tideline.workspace.bundle.connect_cells import cell_objections
from tideline.workspace.bundle.views import Task, file_of
from tideline.workspace.errors import Place
from tideline.workspace.notebook.format import LANGUAGE_OF, Cell, find_notebook, is_header, parse

MARKER = re.compile(r"'(?:[^'\\]|\\.|'')*'|\"[^\"]*\"|--[^\n]*|(?<![:\w]):([A-Za-z_]\w*)")
RUN = re.compile(r"%run\s+(\"[^\"]+\"|'[^']+'|\S+)")
DEEPEST = 5
RUN_ARGUMENT = re.compile(r"\$(\w+)\s*=")


def notebook_file(path: Path) -> Path | None:
    """The file of a notebook that is named with or without its extension; None where there is none."""
    return find_notebook(path.parent, path.name)


def is_notebook(path: Path) -> bool:
    """Has the file the first line that makes it a notebook? An .ipynb is one by its name."""
    if path.suffix == ".ipynb":
        return True
    if path.suffix not in LANGUAGE_OF:
        return False
    with path.open(encoding="utf-8", errors="replace", newline="") as file:
        return is_header(file.readline(), LANGUAGE_OF[path.suffix])


def facts_of(task: Task, root: Path | None = None) -> Facts | None:
    """Facts of the task's notebook, `%run` notebooks included; None where they cannot be read.

    Modules below `root` to which the notebook hands `dbutils` count as part of it.
    """
    path = file_of(task.notebook) if task.is_local else None
    found = notebook_file(path) if path is not None else None
    if found is None or found.suffix not in LANGUAGE_OF or not is_notebook(found):
        return None
    return notebook_facts(found, root)


@cache
def notebook_facts(path: Path, root: Path | None = None) -> Facts:
    """Facts of one notebook file with everything that it runs by `%run` or hands its `dbutils` to.

    Kept until `forget_notebooks`, which every lint calls first: its rules ask for the same notebooks.
    """
    facts = _with_runs(path, ())
    _follow(facts, root)
    return facts


def forget_notebooks() -> None:
    """Read notebooks anew from now on."""
    notebook_facts.cache_clear()


def _follow(facts: Facts, root: Path | None, depth: int = 0) -> None:
    """Add what the bundle's own functions do with the `dbutils` that they are given."""
    for handed in facts.handed:
        module = module_file(root, handed.source) if root is not None and handed.source else None
        module = module if handed.source else facts.path
        if module is None or depth > DEEPEST:
            facts.reads_all_known = facts.sets_all_known = False
            continue
        theirs = scan_function(_code_of(module), module, handed)
        _follow(theirs, root, depth + 1)
        theirs.imports.clear()
        facts.add(theirs, fed=set())


def _code_of(path: Path) -> str:
    """A file's Python: that of its cells where it is a notebook."""
    text = path.read_text(encoding="utf-8", errors="replace")
    return _python_of(parse(text, path=path).cells) if is_notebook(path) else text


def _with_runs(path: Path, above: tuple[Path, ...]) -> Facts:
    text = path.read_text(encoding="utf-8", errors="replace")
    cells = parse(text, language=LANGUAGE_OF[path.suffix], path=path).cells
    code, lines = _python_of(cells), [line.removesuffix("\r") for line in text.split("\n")]
    facts = scan_code(code, path)
    facts.forbidden = [_as_in_file(call, code.split("\n"), lines) for call in facts.forbidden]
    for cell in cells:
        facts.forbidden += cell_objections(cell, lines, path)
        if cell.kind == "sql":
            facts.read_markers(_markers(cell.body, Place(path, cell.body_line)))
        run = RUN.match(cell.text) if cell.kind == "run" else None
        if run:
            _add_run(facts, run.group(1).strip("\"'"), cell, (*above, path))
    return facts


def _as_in_file(call: Call, code: list[str], lines: list[str]) -> Call:
    """The objection at its column in the file, where a magic cell's Python stands behind its prefix."""
    at = call.place
    if not 0 < at.line <= min(len(code), len(lines)) or not at.column:
        return call
    shift = max(0, lines[at.line - 1].find(code[at.line - 1]))
    return replace(call, place=Place(at.file, at.line, at.column + shift))


def _add_run(facts: Facts, name: str, cell: Cell, above: tuple[Path, ...]) -> None:
    target = notebook_file((above[-1].parent / name).resolve())
    if target is None:
        place = Place(above[-1], cell.line)
        message = f"%run {name} names no notebook"
        facts.forbidden.append(Call("run-missing", place, message, "its path starts at this notebook"))
    elif target.suffix not in LANGUAGE_OF or not is_notebook(target):
        facts.reads_all_known = facts.sets_all_known = False
    elif target not in above:
        facts.add(_with_runs(target, above), fed=set(RUN_ARGUMENT.findall(cell.text)))


def _python_of(cells: Iterable[Cell]) -> str:
    """The Python cells at the lines where they stand in the file, everything else left empty."""
    lines: list[str] = []
    for cell in cells:
        if cell.kind == "python":
            lines += [""] * (cell.body_line - 1 - len(lines))
            lines += [_without_line_magic(line) for line in cell.body.split("\n")]
    return "\n".join(lines)


def _without_line_magic(line: str) -> str:
    """IPython's own lines become `pass`, so that the block around them stays Python."""
    bare = line.lstrip()
    return line[: len(line) - len(bare)] + "pass" if bare.startswith(("%", "!")) else line


def _markers(text: str, place: Place) -> Iterator[tuple[str, Place]]:
    for match in MARKER.finditer(text):
        if match.group(1):
            line = place.line + text.count("\n", 0, match.start())
            yield match.group(1), Place(place.file, line)


def modules_used(root: Path, facts: Iterable[Facts]) -> list[Facts]:
    """Facts of every module under src/ or the root that the given code imports, directly or not."""
    found: dict[Path, Facts] = {}
    waiting = [name for each in facts for name in each.imports]
    while waiting:
        path = module_file(root, waiting.pop())
        if path is not None and path not in found:
            found[path] = scan_code(path.read_text(encoding="utf-8", errors="replace"), path)
            waiting += found[path].imports
    return [found[path] for path in sorted(found)]


def module_file(root: Path, name: str) -> Path | None:
    """The bundle's own file of a dotted name, or of the module that holds the name; None for others."""
    parts = name.split(".")
    for length in (len(parts), len(parts) - 1):
        for base in (root / "src", root):
            stem = base.joinpath(*parts[:length]) if length else None
            for candidate in (stem.with_suffix(".py"), stem / "__init__.py") if stem else ():
                if candidate.is_file():
                    return candidate
    return None
