"""What lint sees of a notebook without running it: widgets, task values, calls that Spark Connect lacks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from tideline.workspace.bundle.code_facts import Call, Facts
from tideline.workspace.bundle.code_scan import scan_code
from tideline.workspace.bundle.views import Task, file_of
from tideline.workspace.errors import Place

HEADERS = {".py": "# Databricks notebook source", ".sql": "-- Databricks notebook source"}
HEADERS |= {".r": "# Databricks notebook source", ".scala": "// Databricks notebook source"}
SEPARATOR = re.compile(r"# COMMAND -{10}\s*\Z")
MARKER = re.compile(r"'(?:[^'\\]|\\.|'')*'|\"[^\"]*\"|--[^\n]*|(?<![:\w]):([A-Za-z_]\w*)")
RUN = re.compile(r"%run\s+(\"[^\"]+\"|'[^']+'|\S+)")
RUN_ARGUMENT = re.compile(r"\$(\w+)\s*=")


def notebook_file(path: Path) -> Path | None:
    """The file of a notebook that is named with or without its extension; None where there is none."""
    if path.is_file():
        return path
    candidates = (path.with_name(path.name + suffix) for suffix in (".py", ".ipynb", ".sql", ".r", ".scala"))
    return next((candidate for candidate in candidates if candidate.is_file()), None)


def is_notebook(path: Path) -> bool:
    """Has the file the first line that makes it a notebook? An .ipynb is one by its name."""
    if path.suffix == ".ipynb":
        return True
    with path.open(encoding="utf-8", errors="replace") as file:
        return file.readline().rstrip("\r\n").rstrip() == HEADERS.get(path.suffix.lower())


def facts_of(task: Task, root: Path | None = None) -> Facts | None:
    """Facts of the task's notebook, `%run` notebooks included; None where they cannot be read.

    Modules below `root` to which the notebook hands `dbutils` count as part of it.
    """
    path = file_of(task.notebook) if task.is_local else None
    found = notebook_file(path) if path is not None else None
    if found is None or found.suffix != ".py" or not is_notebook(found):
        return None
    return notebook_facts(found, root)


def notebook_facts(path: Path, root: Path | None = None) -> Facts:
    """Facts of one notebook file with everything that it runs by `%run` or hands its `dbutils` to."""
    facts = _with_runs(path, ())
    for name in facts.handed_to:
        module = module_file(root, name) if root is not None and name else None
        if module is None:
            facts.reads_all_known = facts.sets_all_known = False
        else:
            theirs = scan_code(module.read_text(encoding="utf-8", errors="replace"), module)
            theirs.forbidden.clear()
            facts.add(theirs, fed=set())
    return facts


def _with_runs(path: Path, above: tuple[Path, ...]) -> Facts:
    code, magics = _split(path.read_text(encoding="utf-8", errors="replace"))
    facts = scan_code(code, path)
    for first_line, lines in magics:
        text = "\n".join(lines)
        if text.lstrip().startswith("%sql"):
            facts.read_markers(_markers(text, Place(path, first_line)))
        run = RUN.match(text.lstrip())
        if run:
            name = run.group(1).strip("\"'")
            target = notebook_file((path.parent / name).resolve())
            if target is None:
                message = f"%run {name} names no notebook"
                facts.forbidden.append(
                    Call("run-missing", Place(path, first_line), message, "paths start at the notebook")
                )
            elif target not in (*above, path):
                facts.add(_with_runs(target, (*above, path)), fed=set(RUN_ARGUMENT.findall(text)))
    return facts


def _split(text: str) -> tuple[str, list[tuple[int, list[str]]]]:
    """Python with everything else blanked (line numbers stay), and the magic cells with their first lines."""
    code: list[str] = []
    magics: list[tuple[int, list[str]]] = []
    cell: list[str] = []
    first = 1
    for number, line in enumerate([*text.splitlines(), "# COMMAND ----------"], start=1):
        if SEPARATOR.match(line):
            code += _cell(cell, first, magics)
            code.append("")
            cell, first = [], number + 1
        else:
            cell.append(line)
    return "\n".join(code), magics


def _cell(lines: list[str], first: int, magics: list[tuple[int, list[str]]]) -> list[str]:
    magic = [line[8:] if line.startswith("# MAGIC ") else "" for line in lines if line.startswith("# MAGIC")]
    if not magic:
        return [_without_line_magic(line) for line in lines]
    if magic[0].strip() == "%python":
        return [line[8:] if line.startswith("# MAGIC ") and "%python" not in line else "" for line in lines]
    start = next(number for number, line in enumerate(lines) if line.startswith("# MAGIC"))
    magics.append((first + start, magic))
    return [""] * len(lines)


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
