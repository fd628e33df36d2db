"""The parameters of a job as a form shows them: name, default, and what the bundle says about each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from tideline.workspace.bundle import Bundle
from tideline.workspace.errors import WorkspaceError
from tideline.workspace.notebook.format import find_notebook, read_notebook
from tideline.workspace.notebook.redact import Redactor
from tideline.workspace.sample_day import with_sample_day

COMMENT = re.compile(r"(?:^|\s)#\s*(.+?)\s*$")
# "`tables` (comma-separated, empty: all)", or "`start` and `end` (the days)": how a notebook's text says what a widget is for.
TOLD = re.compile(r"((?:`\w+`(?:, | and )?)+) \(([^()]+)\)")
NAMES = re.compile(r"`(\w+)`")


@dataclass(frozen=True)
class Parameter:
    """`note` is where the value comes from when nobody changes it, if not from the default."""

    name: str
    default: str
    description: str = ""
    note: str = ""
    choices: tuple[str, ...] = ()


def parameters_of(bundle: Bundle, key: str, home: Path, redact: Redactor) -> list[Parameter]:
    """The declared parameters, in their order. `home` is where it stands on which day samples end."""
    told = _told(bundle, key)
    filled = with_sample_day(bundle, key, {}, home)
    found = []
    for number, each in enumerate(bundle.job(key).get("parameters") or []):
        name, default = str(each["name"]), str(each.get("default", ""))
        comment = _comment(bundle, key, number)
        note = f"unless changed: {filled[name]}, the last day of the samples" if name in filled else ""
        choices = ("false", "true") if default in ("false", "true") else ()
        found.append(Parameter(name, redact.text(default), comment or told.get(name, ""), note, choices))
    return found


def _comment(bundle: Bundle, key: str, number: int) -> str:
    """What stands behind the parameter's default or name in the YAML file."""
    for field in ("default", "name"):
        place = bundle.place_of("resources", "jobs", key, "parameters", number, field)
        line = _line(place.file, place.line)
        match = COMMENT.search(line) if field in line else None
        if match and '"' not in match.group(1):
            return match.group(1)
    return ""


def _line(file: Path, number: int) -> str:
    try:
        lines = _lines(file, file.stat().st_mtime_ns)
    except OSError:
        return ""
    return lines[number - 1] if 0 < number <= len(lines) else ""


@lru_cache(maxsize=64)
def _lines(file: Path, written: int) -> list[str]:
    return file.read_text(encoding="utf-8").splitlines()


def _told(bundle: Bundle, key: str) -> dict[str, str]:
    """What the notebooks of the job say about their widgets; the first that says something is heard."""
    found: dict[str, str] = {}
    for path in notebooks_of(bundle.job(key)):
        try:
            file = find_notebook(path.parent, path.name)
            words = _words(file, file.stat().st_mtime_ns) if file is not None else {}
        except (OSError, WorkspaceError):
            words = {}
        found = words | found
    return found


def notebooks_of(job: dict[str, Any]) -> Iterator[Path]:
    """The notebooks that the job's own tasks run."""
    for task in job.get("tasks") or []:
        nested = (task.get("for_each_task") or {}).get("task") or task
        path = (nested.get("notebook_task") or {}).get("notebook_path")
        if path:
            yield Path(str(path))


@lru_cache(maxsize=256)
def _words(file: Path, written: int) -> dict[str, str]:
    text = "\n".join(cell.body for cell in read_notebook(file).cells if cell.kind == "md")
    return {name: words for names, words in TOLD.findall(text) for name in NAMES.findall(names)}
