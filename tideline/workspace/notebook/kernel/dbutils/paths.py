"""Which folder of the laptop a workspace path means."""

from __future__ import annotations

from pathlib import Path

from tideline.workspace.notebook.kernel.errors import FileError, NotEmulated


class Paths:
    """`folders` names the stand-ins: home, volumes, dbfs, root. No path leads out of its stand-in."""

    def __init__(self, folders: dict[str, Path]) -> None:
        self._folders = {name: folder.resolve() for name, folder in folders.items()}

    def resolve(self, path: str) -> Path:
        """The local path. FileError for a relative path or one that leads out; NotEmulated for foreign schemes."""
        if not isinstance(path, str):
            raise TypeError(f"dbutils.fs takes paths as text, got {type(path).__name__}")
        scheme, colon, rest = path.partition(":")
        if colon and "/" not in scheme:
            if scheme == "file":
                return Path("/" + rest.lstrip("/")).resolve()
            if scheme != "dbfs":
                raise NotEmulated(f"dbutils.fs on {scheme}:", "volumes, dbfs:/ and file:/ are")
            path = "/" + rest.lstrip("/")
        if not path.startswith("/"):
            raise FileError(f"Path must be absolute: {path}")
        return self._below(path)

    def is_base(self, path: Path) -> bool:
        return path in self._folders.values() or path in (Path("/"), Path.home())

    def _below(self, path: str) -> Path:
        home = self._folders["home"]
        if Path(path).is_relative_to(home):
            return self._inside(home, Path(path).resolve(), path)
        for prefix, name in (("/Volumes", "volumes"), ("/Workspace", "root")):
            if path == prefix or path.startswith(prefix + "/"):
                return self._inside_of(name, path[len(prefix) :], path)
        return self._inside_of("dbfs", path, path)

    def _inside_of(self, name: str, rest: str, path: str) -> Path:
        base = self._folders[name]
        return self._inside(base, (base / rest.lstrip("/")).resolve(), path)

    def _inside(self, base: Path, found: Path, path: str) -> Path:
        if not found.is_relative_to(base):
            raise FileError(f"{path} leads out of its root")
        return found
