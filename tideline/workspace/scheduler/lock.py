"""One scheduler per bundle, and the folder of what it keeps."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import psutil

from tideline.workspace.errors import WorkspaceError
from tideline.workspace.layout import Layout
from tideline.workspace.private import write_private


@dataclass(frozen=True)
class Holder:
    """The process that schedules since then (UTC), and the rules of the target that it serves, by their ids.

    Its birth tells it from a later process of the same id.
    """

    pid: int
    born: float
    since: str
    target: str
    rules: Sequence[str]

    @property
    def lives(self) -> bool:
        with contextlib.suppress(psutil.Error):
            return bool(abs(psutil.Process(self.pid).create_time() - self.born) < 1)
        return False


def home_of(layout: Layout) -> Path:
    return layout.home / "scheduler"


@contextmanager
def one_per_bundle(layout: Layout, *, target: str = "", rules: Sequence[str] = ()) -> Iterator[None]:
    """While this is open no other scheduler of the bundle starts; the end of the process opens the lock, too."""
    folder = home_of(layout)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise WorkspaceError(f"a scheduler of this bundle runs already{_told(layout)}", hint="end it with Ctrl-C") from None
        born, since = psutil.Process().create_time(), f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
        write_private(_note(layout), asdict(Holder(os.getpid(), born, since, target, list(rules))))
        try:
            yield
        finally:
            _note(layout).unlink(missing_ok=True)


def holder_of(layout: Layout) -> Holder | None:
    """The scheduler that runs now. The lock itself is not tried: meanwhile no scheduler could start."""
    try:
        found = Holder(**json.loads(_note(layout).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    return found if found.lives else None


def _note(layout: Layout) -> Path:
    return home_of(layout) / "holder.json"


def _told(layout: Layout) -> str:
    found = holder_of(layout)
    return f": process {found.pid}, since {found.since}" if found else ""
