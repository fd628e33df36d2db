"""Files, notebooks and folders of the workspace, as clients and deployments put them there.

On disk a notebook keeps its extension, so that what was deployed is a bundle that runs; its path in the workspace has none.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from tideline.workspace.bundle.notebooks import is_notebook
from tideline.workspace.bundle.user import local_user
from tideline.workspace.control.errors import ApiError, exists, invalid, missing
from tideline.workspace.control.tree import Tree
from tideline.workspace.notebook.format import LANGUAGE_OF

DIRECTORY, FILE, NOTEBOOK = "DIRECTORY", "FILE", "NOTEBOOK"
SUFFIXES = (*LANGUAGE_OF, ".ipynb")


@dataclass(frozen=True)
class Object:
    """What stands at a path of the workspace, and the file or folder that holds it."""

    path: str
    file: Path
    kind: str


class Objects:
    """The workspace's tree below `base`."""

    def __init__(self, base: Path) -> None:
        self.tree = Tree(base, "/Workspace")

    def get(self, path: str) -> Object:
        found = self.find(path)
        if found is None:
            raise missing(f"Path ({path[:200]}) doesn't exist.")
        return found

    def find(self, path: str) -> Object | None:
        """The object; a notebook is found by its name without extension alone."""
        self._make_homes()
        local = self.tree.local(path)
        if local.is_dir():
            return Object(path, local, DIRECTORY)
        if local.is_file() and not is_notebook(local):
            return Object(path, local, FILE)
        for suffix in SUFFIXES:
            file = local.with_name(local.name + suffix)
            if file.is_file() and not file.is_symlink() and is_notebook(file):
                return Object(path, file, NOTEBOOK)
        return None

    def below(self, folder: Object) -> Iterator[Object]:
        """What a folder holds, by name; links are left out."""
        for file in sorted(folder.file.iterdir()):
            if not file.is_symlink():
                is_book = file.is_file() and is_notebook(file)
                name = file.stem if is_book else file.name
                kind = DIRECTORY if file.is_dir() else NOTEBOOK if is_book else FILE
                yield Object(f"{folder.path.rstrip('/')}/{name}", file, kind)

    def make_folder(self, path: str) -> None:
        """The folder and those above it. RESOURCE_ALREADY_EXISTS where a file or notebook is in the way."""
        local = self.tree.local(path)
        for above in [*PurePosixPath(path).parents, PurePosixPath(path)]:
            found = self.find(str(above))
            if found is not None and found.kind != DIRECTORY:
                raise exists(f"Path ({above}) is a {found.kind.lower()}, no folder.")
        local.mkdir(parents=True, exist_ok=True)

    def put(self, path: str, content: Path, *, overwrite: bool) -> Object:
        """Move `content` (a file of the same file system) to its place. A notebook's path loses its extension.

        Of two that put the same new path without `overwrite`, one gets RESOURCE_ALREADY_EXISTS: deployments lock by that.
        """
        target = self.tree.local(path)
        is_book = target.suffix in SUFFIXES and is_notebook(content)
        own = path.removesuffix(target.suffix) if is_book else path
        if not self.tree.parts(path):
            raise invalid("a file needs a name")
        if not target.parent.is_dir():
            raise missing(f"The parent folder ({PurePosixPath(path).parent}) does not exist.")
        before = self.find(own)
        if target.is_dir() or (before is not None and before.kind == DIRECTORY):
            raise invalid(f"Path ({own}) is a folder.")
        if before is not None and not overwrite:
            raise exists(f"Path ({own}) already exists.")
        _move(content, target, own, overwrite=overwrite)
        if before is not None and before.file != target:
            before.file.unlink(missing_ok=True)
        return Object(own, target, NOTEBOOK if is_book else FILE)

    def delete(self, path: str, *, recursive: bool) -> None:
        found = self.get(path)
        if found.file in (self.tree.base, *self._homes()):
            raise invalid(f"Path ({path}) cannot be deleted.")
        if found.kind != DIRECTORY:
            found.file.unlink(missing_ok=True)
        elif recursive:
            shutil.rmtree(found.file)
        else:
            try:
                found.file.rmdir()
            except OSError:
                message = f"Folder ({path}) is not empty: give `recursive`"
                raise ApiError(400, "DIRECTORY_NOT_EMPTY", message) from None

    def _homes(self) -> list[Path]:
        """Folders that every workspace has."""
        users = self.tree.base / "Users"
        return [users, users / local_user().name, self.tree.base / "Shared"]

    def _make_homes(self) -> None:
        for folder in self._homes():
            if not folder.is_dir():
                folder.mkdir(parents=True, exist_ok=True)


def _move(content: Path, target: Path, own: str, *, overwrite: bool) -> None:
    if overwrite:
        content.replace(target)
        return
    try:
        os.link(content, target)
    except FileExistsError:
        raise exists(f"Path ({own}) already exists.") from None
    content.unlink()
