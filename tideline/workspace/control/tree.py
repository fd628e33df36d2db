"""A folder of this machine as absolute paths name it. No path leads out of it, by `..` or by a link."""

from __future__ import annotations

import os
from pathlib import Path

from tideline.workspace.control.errors import invalid

LONGEST_NAME, LONGEST_PATH = 255, 4096
SUFFIX = 8  # what the name of a notebook's file may have besides


class Tree:
    """`prefix` is what paths may begin with (`/Workspace`) and `base` the folder that it stands for."""

    def __init__(self, base: Path, prefix: str) -> None:
        self.base, self._prefix = base, prefix

    def parts(self, path: str) -> tuple[str, ...]:
        """The names below the prefix. INVALID_PARAMETER_VALUE for whatever is no plain absolute path."""
        shown = path[:200]
        if not path.startswith("/"):
            raise invalid(f"Path ({shown}) doesn't start with '/'")
        if len(path.encode("utf-8", "surrogateescape")) > LONGEST_PATH:
            raise invalid(f"Path ({shown}...) has more than {LONGEST_PATH} bytes")
        names = [name for name in path.split("/") if name]
        for name in names:
            is_odd = name in (".", "..") or any(ord(letter) < 32 or ord(letter) == 127 for letter in name)
            if is_odd or len(name.encode("utf-8", "surrogateescape")) > LONGEST_NAME:
                raise invalid(f"Path ({shown}) holds a name that is not allowed: {name[:60]!r}")
        if names[:1] == [self._prefix.strip("/")]:
            names = names[1:]
        return tuple(names)

    def local(self, path: str) -> Path:
        """The file or folder, whether or not it is there. INVALID_PARAMETER_VALUE for a path too long for this machine."""
        found, parts = self.base, self.parts(path)
        if len(os.fsencode(found.joinpath(*parts))) >= LONGEST_PATH - SUFFIX:
            raise invalid(f"Path ({path[:200]}...) is longer than this machine can keep")
        for name in parts:
            found = found / name
            if found.is_symlink():
                raise invalid(f"Path ({path[:200]}) leads through a link, which is not followed")
        return found
