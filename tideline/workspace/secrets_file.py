"""The secrets file while it is changed: by one writer at a time, of all threads and processes."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tideline.workspace.notebook.secrets import SecretStore
from tideline.workspace.private import write_private

Scopes = dict[str, dict[str, str]]


def scopes_of(file: Path) -> Scopes:
    """The scopes of the file with their secrets; none without it. NotebookError where it is not {scope: {key: text}}."""
    return {name: dict(secrets) for name, secrets in SecretStore.read(file, {}).scopes.items()}


@contextmanager
def changing(file: Path) -> Iterator[Scopes]:
    """The scopes, to be changed in place; what differs at the end of the block is written, nothing after an error."""
    file.parent.mkdir(parents=True, exist_ok=True)
    beside = os.open(file.with_name(f".{file.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(beside, fcntl.LOCK_EX)
        scopes = scopes_of(file)
        yield scopes
        if scopes != scopes_of(file):
            write_private(file, scopes)
    finally:
        os.close(beside)
