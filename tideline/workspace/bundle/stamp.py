"""Have the files of a bundle changed? Answered from their sizes and times, without reading them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

# What a bundle is made of; the rest is what its tasks run.
DECLARING = (".yml", ".yaml", ".json", ".toml")
OVERRIDES = Path(".databricks") / "bundle"


def stamp_of(root: Path, endings: tuple[str, ...] = ("",)) -> int:
    """A number that differs when a file below `root` with one of these endings came, went or was written.

    Hidden folders are passed over, except for the one where values of bundle variables stand.
    """
    return hash(tuple(sorted([*_files(str(root), endings), *_files(str(root / OVERRIDES), endings)])))


def declaration_stamp(root: Path) -> int:
    """The stamp of what `load_bundle` reads, the values of variables in the environment included."""
    given = sorted((name, value) for name, value in os.environ.items() if name.startswith(("BUNDLE_VAR_", "TIDELINE_USER")))
    return hash((stamp_of(root, DECLARING), tuple(given)))


def _files(folder: str, endings: tuple[str, ...]) -> Iterator[tuple[str, int, int]]:
    try:
        entries = list(os.scandir(folder))
    except OSError:
        return
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            if not entry.name.startswith(".") and entry.name not in ("__pycache__", "node_modules"):
                yield from _files(entry.path, endings)
        elif entry.name.endswith(endings):
            found = entry.stat(follow_symlinks=False)
            yield entry.path, found.st_mtime_ns, found.st_size
