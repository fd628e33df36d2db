"""The notebooks of a bundle as files: which there are, what each is called, which widgets its code declares."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import lru_cache
from pathlib import Path, PurePosixPath

from tideline.workspace.bundle.code_facts import Facts
from tideline.workspace.bundle.notebooks import forget_notebooks, is_notebook, notebook_facts
from tideline.workspace.errors import NotebookError, WorkspaceError
from tideline.workspace.notebook.format import LANGUAGE_OF, Cell, read_notebook

SUFFIXES = (*LANGUAGE_OF, ".ipynb")
NEVER = frozenset({"node_modules", "__pycache__", "venv"})
HEADING = re.compile(r"#{1,6}\s+(.+?)\s*#*\s*$", re.MULTILINE)
SENTENCE = re.compile(r"(.+?[.?!])(?=\s|$)", re.DOTALL)
MANY = 512


@dataclass(frozen=True)
class NotebookFile:
    """One notebook; `path` is below the bundle's root, with slashes."""

    path: str
    title: str
    about: str

    @property
    def folder(self) -> str:
        return str(PurePosixPath(self.path).parent)

    @property
    def is_dashboard(self) -> bool:
        """Of a folder of that name: made to be looked at, code folded away."""
        return "dashboards" in PurePosixPath(self.path).parts[:-1]


def notebooks(root: Path, left_out: list[str], redact: Callable[[str], str]) -> list[NotebookFile]:
    """All notebooks of the bundle: dashboards, then folder by folder. `left_out` are patterns of what is not deployed."""
    found = [described(root, file, redact) for file in _files(root, left_out)]
    return sorted(found, key=lambda each: (not each.is_dashboard, each.folder, each.path))


def described(root: Path, file: Path, redact: Callable[[str], str]) -> NotebookFile:
    """The notebook with its first heading and the first sentence below it."""
    title, about = _words(file, file.stat().st_mtime_ns)
    return NotebookFile(file.relative_to(root).as_posix(), redact(title), redact(about))


def found_notebook(root: Path, path: str) -> Path:
    """The file of a notebook of the bundle. WorkspaceError for any other path, those that lead out of it among them."""
    parts = PurePosixPath(path).parts
    is_plain = bool(parts) and "\0" not in path and not any(part.startswith((".", "/")) for part in parts)
    file = (root / path).resolve() if is_plain else root
    if not file.is_relative_to(root) or not file.is_file() or file.suffix not in SUFFIXES or not is_notebook(file):
        raise WorkspaceError(f"the bundle has no notebook `{path}`", hint="all of them: /notebooks")
    return file


def cells_of(file: Path) -> tuple[Cell, ...]:
    """The notebook's cells as they are written."""
    return read_notebook(file).cells


def facts_of(root: Path, file: Path) -> Facts | None:
    """What the code says about its widgets, without running it; None where it cannot be read that way."""
    return _facts(root, file, file.stat().st_mtime_ns) if file.suffix in LANGUAGE_OF else None


@lru_cache(MANY)
def _facts(root: Path, file: Path, _changed_at: int) -> Facts:
    forget_notebooks()
    return notebook_facts(file, root)


@lru_cache(MANY)
def _words(file: Path, _changed_at: int) -> tuple[str, str]:
    try:
        first = next((cell.body for cell in cells_of(file) if cell.kind == "md"), "")
    except NotebookError as error:
        return file.stem, error.message
    heading = HEADING.search(first)
    below = first[heading.end() if heading else 0 :].strip().split("\n\n")[0]
    sentence = SENTENCE.match(below)
    return heading[1] if heading else file.stem, _plain((sentence[1] if sentence else below)[:300])


def _plain(markdown: str) -> str:
    return " ".join(markdown.replace("`", "").replace("**", "").split())


def _files(root: Path, left_out: list[str]) -> Iterator[Path]:
    for folder, below, names in os.walk(root):
        here = Path(folder)
        below[:] = [name for name in below if _is_entered(here / name, root, left_out)]
        for name in names:
            file = here / name
            if name.endswith(SUFFIXES) and not _is_out(file, root, left_out) and is_notebook(file):
                yield file


def _is_entered(folder: Path, root: Path, left_out: list[str]) -> bool:
    if folder.name.startswith(".") or folder.name in NEVER or (folder / "pyvenv.cfg").exists():
        return False
    return not _is_out(folder, root, left_out) and not folder.is_symlink()


def _is_out(path: Path, root: Path, left_out: list[str]) -> bool:
    name = path.relative_to(root).as_posix()
    return any(fnmatch(name, pattern) or name == pattern.removesuffix("/**").rstrip("/") for pattern in left_out)
