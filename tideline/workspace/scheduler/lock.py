"""One scheduler per bundle, and the folder of what it keeps."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from tideline.workspace.errors import WorkspaceError
from tideline.workspace.layout import Layout


def home_of(layout: Layout) -> Path:
    return layout.home / "scheduler"


@contextmanager
def one_per_bundle(layout: Layout) -> Iterator[None]:
    """While this is open no other scheduler of the bundle starts; the end of the process opens the lock, too."""
    folder = home_of(layout)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise WorkspaceError(f"a scheduler of this bundle runs already{_holder(folder)}", hint="end it with Ctrl-C") from None
        (folder / "pid").write_text(f"{os.getpid()} {datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}\n")
        yield


def _holder(folder: Path) -> str:
    try:
        pid, since = (folder / "pid").read_text().split()
    except (OSError, ValueError):
        return ""
    return f": process {pid}, since {since}"
