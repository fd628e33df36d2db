"""Where an app finds releases: a folder on this machine, or a volume of a workspace, fetched into a folder."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from utils import releases
from utils.errors import SourceError

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient


class Releases(Protocol):
    """A place with releases."""

    def version(self) -> str | None:
        """The one that counts; None where there is none yet."""
        ...

    def folder(self, version: str) -> Path:
        """Its files, compared with what was published. Raises SourceError where one is missing or another."""
        ...


class LocalReleases:
    """Releases in a folder."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def version(self) -> str | None:
        return releases.current(self.root)

    def folder(self, version: str) -> Path:
        releases.refuse_other_files(self.root / version)
        return self.root / version


class VolumeReleases:
    """Releases in a volume (`/Volumes/...`), read through the workspace's Files API; the last one fetched is kept."""

    def __init__(self, client: WorkspaceClient, root: str) -> None:
        self.client, self.root = client, root.rstrip("/")
        self._kept = Path(tempfile.mkdtemp(prefix="tideline-releases-"))

    def version(self) -> str | None:
        from databricks.sdk.errors import NotFound

        try:
            content = self._read(releases.CURRENT)
        except NotFound:
            return None
        return releases.version_in(content, self.root)

    def folder(self, version: str) -> Path:
        for old in self._kept.iterdir():
            shutil.rmtree(old)
        target = self._kept / version
        target.mkdir()
        listed = self._read(f"{version}/{releases.LIST}")
        for name in json.loads(listed):
            if Path(name).name != name:
                raise SourceError(f"{self.root}/{version}/{releases.LIST}", f"`{name}`", expected="names of files")
            (target / name).write_bytes(self._read(f"{version}/{name}"))
        (target / releases.LIST).write_bytes(listed)
        releases.refuse_other_files(target)
        return target

    def _read(self, path: str) -> bytes:
        answer = self.client.files.download(f"{self.root}/{path}").contents
        if answer is None:
            raise SourceError(f"{self.root}/{path}", "an empty answer")
        with answer:
            return answer.read()
