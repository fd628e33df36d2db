"""A folder of releases: each is a folder of files, and `current.json` names the one that counts.

A release is complete and checked before it is named, and naming it is one replacement of one small file: whoever reads
gets the old release or the new one, never a mixture, and a failure in between leaves the old one.
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
# Readers of the last ones may still be at it.
KEPT = 3


def release(folder: Path, version: str, files: Path) -> None:
    """Copy `files` into the release `version` of `folder`, compare what arrived, then let it count. Old releases go."""
    target = folder / version
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(files, target)
    sums = checksums(files)
    (target / LIST).write_text(json.dumps(sums, indent=2))
    refuse_other_files(target)
    before = current(folder)
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


def _forget_old(folder: Path) -> None:
    lists = sorted(folder.glob(f"*/{LIST}"), key=lambda path: path.stat().st_mtime_ns, reverse=True)
    for path in lists[KEPT:]:
        shutil.rmtree(path.parent, ignore_errors=True)
