"""A folder of releases: each is a folder of files, and `current.json` names the one that counts.

A release is complete and checked before it takes its place, and naming it is one replacement of one small file: whoever
reads gets the old release or the new one, never a mixture, and a failure in between leaves the old one. So a task that is
tried again may release what counts already.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from utils.errors import SourceError

CURRENT, LIST = "current.json", "files.json"
# Beside the releases while one is made; what a killed process left there goes with the next release.
ARRIVING, LEAVING = ".arriving", ".leaving"
# Readers of the last ones may still be at it.
KEPT = 3


def release(folder: Path, version: str, files: Path) -> None:
    """Copy `files` into the release `version` of `folder`, compare what arrived, then let it count. Old releases go.

    Nothing is written where it counts already and holds these files.
    """
    sums, before = checksums(files), current(folder)
    if before == version and _holds(folder / version, sums):
        return
    for rest in (ARRIVING, LEAVING):
        shutil.rmtree(folder / rest, ignore_errors=True)
    arriving = folder / ARRIVING
    shutil.copytree(files, arriving)
    (arriving / LIST).write_text(json.dumps(sums, indent=2))
    refuse_other_files(arriving)
    _put(arriving, folder / version)
    temporary = folder / f".{CURRENT}.{os.getpid()}"
    temporary.write_text(json.dumps({"version": version, "before": before}))
    temporary.replace(folder / CURRENT)
    _forget_old(folder)


def current(folder: Path) -> str | None:
    """The release that counts; None where there is none yet."""
    try:
        return version_in((folder / CURRENT).read_bytes(), folder)
    except FileNotFoundError:
        return None


def version_in(content: bytes, folder: Path | str) -> str:
    """The version that `current.json` names. Raises SourceError where it names none."""
    try:
        version = json.loads(content)["version"]
    except (ValueError, KeyError, TypeError):
        raise SourceError(f"{folder}/{CURRENT}", "not the name of a release", hint="Publish again.") from None
    if not isinstance(version, str) or Path(version).name != version:
        raise SourceError(f"{folder}/{CURRENT}", f"`{version}`", expected="the name of a folder")
    return version


def refuse_other_files(release: Path) -> None:
    """Raises SourceError, which names the first file of a release that is missing or not what was published."""
    expected: Mapping[str, Any] = json.loads((release / LIST).read_text())
    found = checksums(release)
    for name, sum_ in expected.items():
        if found.get(name) != sum_:
            what = "is missing" if name not in found else "has another content than was published"
            raise SourceError(f"{release}/{name}", what, hint="Publish again; the release before it stands.")


def checksums(folder: Path) -> dict[str, str]:
    """File name -> SHA-256 of the files of a flat folder, the list itself left out."""
    files = sorted(path for path in folder.iterdir() if path.is_file() and path.name != LIST)
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def _holds(release: Path, sums: Mapping[str, str]) -> bool:
    try:
        listed: Mapping[str, str] = json.loads((release / LIST).read_text())
        return sums == listed == checksums(release)
    except (OSError, ValueError):
        return False


def _put(arriving: Path, target: Path) -> None:
    """Move a whole release to its place; one of that name gives way, and stays until this one stands."""
    leaving = target.with_name(LEAVING)
    if target.exists():
        target.rename(leaving)
    arriving.rename(target)
    shutil.rmtree(leaving, ignore_errors=True)


def _forget_old(folder: Path) -> None:
    lists = sorted(folder.glob(f"*/{LIST}"), key=lambda path: path.stat().st_mtime_ns, reverse=True)
    for path in lists[KEPT:]:
        shutil.rmtree(path.parent, ignore_errors=True)
