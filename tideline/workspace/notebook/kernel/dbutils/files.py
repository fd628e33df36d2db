"""dbutils.fs over the folders that stand in for volumes, DBFS and the driver's disk."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from tideline.workspace.notebook.kernel.dbutils.paths import Paths
from tideline.workspace.notebook.kernel.dbutils.utility import Utility
from tideline.workspace.notebook.kernel.errors import FileError


class FileInfo(NamedTuple):
    """An entry of `ls`: folders end in `/` and have size 0; the time is in milliseconds."""

    path: str
    name: str
    size: int
    modificationTime: int

    def isDir(self) -> bool:
        return self.name.endswith("/")

    def isFile(self) -> bool:
        return not self.isDir()


class FileUtility(Utility):
    """Every call raises FileError with the path as it was written."""

    prefix = "dbutils.fs"

    def __init__(self, folders: dict[str, str]) -> None:
        self._paths = Paths({name: Path(folder) for name, folder in folders.items()})

    def ls(self, path: str) -> Sequence[FileInfo]:
        """Entries by name; a file lists itself."""
        folder = self._existing(path)
        entries = sorted(folder.iterdir()) if folder.is_dir() else [folder]
        base = path.rstrip("/") if folder.is_dir() else path.rstrip("/").rpartition("/")[0]
        return [_info(f"{base}/{entry.name}", entry) for entry in entries]

    def head(self, file: str, maxBytes: int = 65536) -> str:
        """The first `maxBytes` bytes as UTF-8 text."""
        path = self._existing(file)
        if path.is_dir():
            raise FileError(f"Cannot head a directory: {file}")
        with path.open("rb") as stream:
            return stream.read(maxBytes).decode("utf-8", errors="replace")

    def put(self, file: str, contents: str, overwrite: bool = False) -> bool:
        """Write text; FileError where the file stands already and `overwrite` is not set."""
        path = self._paths.resolve(file)
        if path.exists() and not overwrite:
            raise FileError(f"File already exists: {file}; pass overwrite=True")
        with _told(file):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(contents, encoding="utf-8")
        return True

    def mkdirs(self, dir: str) -> bool:
        with _told(dir):
            self._paths.resolve(dir).mkdir(parents=True, exist_ok=True)
        return True

    def cp(self, from_: str, to: str, recurse: bool = False) -> bool:
        """Copy a file, or with `recurse` a folder's contents; an existing folder as target takes the file."""
        source, target = self._existing(from_), self._paths.resolve(to)
        with _told(to):
            if source.is_dir():
                _need(recurse, from_)
                shutil.copytree(source, target, dirs_exist_ok=True)
            else:
                target = target / source.name if target.is_dir() or to.endswith("/") else target
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, target)
        return True

    def mv(self, from_: str, to: str, recurse: bool = False) -> bool:
        """Copy, then remove."""
        self.cp(from_, to, recurse)
        return self.rm(from_, recurse)

    def rm(self, dir: str, recurse: bool = False) -> bool:
        """False where there is nothing; a folder that is not empty needs `recurse`."""
        path = self._paths.resolve(dir)
        if self._paths.is_base(path):
            raise FileError(f"{dir} is a root and stays")
        if not path.exists():
            return False
        with _told(dir):
            if not path.is_dir():
                path.unlink()
            elif recurse:
                shutil.rmtree(path)
            else:
                path.rmdir()
        return True

    def _existing(self, path: str) -> Path:
        found = self._paths.resolve(path)
        if self._paths.is_base(found):
            found.mkdir(parents=True, exist_ok=True)
        if not found.exists():
            raise FileError(f"No such file or directory: {path} (on this laptop: {found})")
        return found


def _info(path: str, entry: Path) -> FileInfo:
    state, is_folder = entry.stat(), entry.is_dir()
    end = "/" if is_folder else ""
    shown = path if ":" in path.split("/", 1)[0] or path.startswith("/") else f"/{path}"
    return FileInfo(
        shown + end, entry.name + end, 0 if is_folder else state.st_size, int(state.st_mtime * 1000)
    )


def _need(recurse: bool, path: str) -> None:
    if not recurse:
        raise FileError(f"{path} is a directory; pass recurse=True")


@contextmanager
def _told(path: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise FileError(f"{error.strerror or error}: {path}") from error
