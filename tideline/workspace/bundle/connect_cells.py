"""Cells other than Python that serverless compute refuses, found at their line and column."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from tideline.workspace.bundle.code_facts import Call
from tideline.workspace.bundle.code_tree import place_in
from tideline.workspace.bundle.connect_calls import SERVERLESS_RULE
from tideline.workspace.bundle.connect_names import DBFS, PLAIN_ROOTS
from tideline.workspace.bundle.connect_sql import sql_objections
from tideline.workspace.errors import Place
from tideline.workspace.notebook.format import Cell

UNPINNED_RULE = "unpinned-install"
_WORD = re.compile(r"\S+")
_TAKES_A_VALUE = {"-r", "--requirement", "-c", "--constraint", "-i", "--index-url", "--extra-index-url", "-f", "--find-links"}
_FILES = (".", "/", "git+", "http:", "https:", "$", "{", "-")


def cell_objections(cell: Cell, lines: Sequence[str], path: Path) -> Iterator[Call]:
    """What of one cell fails in a workspace; `lines` are the file's."""
    whole = Place(path, cell.line, 1)
    if cell.kind in ("scala", "r"):
        message = f"a cell in {cell.magic.capitalize()} does not run on serverless compute"
        yield Call(SERVERLESS_RULE, whole, message, "write it in Python or SQL")
    found = {"sql": sql_objections, "fs": _paths, "sh": _mounted}.get(cell.kind)
    for at, message, hint in found(cell.body) if found else ():
        place = place_in(lines, cell.body, at, first=cell.body_line, path=path)
        yield Call(SERVERLESS_RULE, place or whole, message, hint)
    for at, requirement in _unpinned(cell.body) if cell.kind == "pip" else ():
        place = place_in(lines, cell.body, at, first=cell.body_line, path=path)
        message = f"`{requirement}` names no version: another day installs another"
        yield Call(UNPINNED_RULE, place or whole, message, "pin it with ==", "warning")


def _paths(text: str) -> Iterator[tuple[int, str, str]]:
    for word in _WORD.finditer(text):
        path = word.group(0)
        if path.startswith(DBFS) or (path.startswith("/") and not f"{path}/".startswith(PLAIN_ROOTS)):
            yield word.start(), f"`{path[:40]}` lies in DBFS, which serverless compute lacks", "use a volume"


def _mounted(text: str) -> Iterator[tuple[int, str, str]]:
    for found in re.finditer(r"(?<![\w.])/dbfs/\S*", text):
        yield found.start(), f"`{found.group(0)[:40]}` lies in DBFS, which serverless compute lacks", "use a volume"


def _unpinned(text: str) -> Iterator[tuple[int, str]]:
    """The requirements of an install that say no exact version; files and folders pin themselves."""
    words = list(_WORD.finditer(text.split("#")[0]))
    start = next((number for number, word in enumerate(words) if word.group(0) == "install"), len(words))
    before = "install"
    for word in words[start + 1 :]:
        said = word.group(0).strip("\"'")
        if before not in _TAKES_A_VALUE and not said.startswith(_FILES) and not re.search(r"==|@|\.whl$", said):
            yield word.start(), said
        before = word.group(0)
