"""The code that a deployment copies: what lies below the folders of `sync` and is not left out."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from tideline.workspace.bundle.files import matching_files
from tideline.workspace.bundle.model import Bundle
from tideline.workspace.notebook.format import LANGUAGE_OF

_NEVER = {"__pycache__", "node_modules"}


def shipped_code(bundle: Bundle) -> list[Path]:
    """Every .py and .sql file that is deployed, sorted; hidden folders and Python environments hold no code of a bundle."""
    excluded = {path for pattern in _texts(bundle, "exclude") for path in matching_files(bundle.root, _whole(pattern))}
    roots = [Path(os.path.normpath(bundle.root / folder)) for folder in _texts(bundle, "paths") or ["."]]
    return sorted({path for root in roots for path in _below(root) if path not in excluded})


def _texts(bundle: Bundle, field: str) -> list[str]:
    values = [entry.value for entry in bundle.tree.items("sync", field)]
    return [value for value in values if isinstance(value, str) and value]


def _whole(pattern: str) -> str:
    """A pattern that also reaches what lies in the folders that it names."""
    if pattern.endswith("**"):
        return f"{pattern}/*"
    return pattern if "*" in pattern.rpartition("/")[2] or Path(pattern).suffix else f"{pattern.rstrip('/')}/**/*"


def _below(root: Path) -> Iterator[Path]:
    for folder, names, files in os.walk(root):
        names[:] = [name for name in names if _may_hold_code(Path(folder, name))]
        yield from (Path(folder, file) for file in files if Path(file).suffix in LANGUAGE_OF)


def _may_hold_code(folder: Path) -> bool:
    return not folder.name.startswith(".") and folder.name not in _NEVER and not (folder / "pyvenv.cfg").is_file()
