"""Work in a process of its own: its files are here while they are needed, its faults are raised here."""

from __future__ import annotations

import os
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import pytest

from utils.apart import saved_apart
from utils.errors import SourceError


def save_own_number(text: str, folder: Path) -> None:
    folder.mkdir()
    (folder / text).write_text(str(os.getpid()))


def fail(folder: Path) -> None:
    raise ValueError("no such table")


def die(folder: Path) -> None:
    os._exit(9)


def test_another_process_makes_the_files_and_the_end_removes_them() -> None:
    with saved_apart(save_own_number, "number") as folder:
        assert int((folder / "number").read_text()) != os.getpid()
    assert not folder.parent.exists()


def test_what_fails_there_is_raised_here_also_where_the_process_dies() -> None:
    with pytest.raises(SourceError, match="ValueError: no such table"), saved_apart(fail):
        pass
    with pytest.raises(BrokenProcessPool), saved_apart(die):
        pass
