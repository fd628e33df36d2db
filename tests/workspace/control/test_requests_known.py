"""What is remembered of presses and idempotency tokens: each once, and not for ever."""

from __future__ import annotations

import os
import time
from pathlib import Path

from tideline.workspace.control.background import KNOWN_SECONDS, Background
from tideline.workspace.control.kernels import Kernels
from tideline.workspace.jobs import RunStore
from tideline.workspace.layout import Layout
from tideline.workspace.server import ServerAddress


def _no_server() -> ServerAddress:
    raise AssertionError("nothing runs here")


def test_a_known_press_starts_nothing_and_one_of_long_ago_is_forgotten(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    background = Background(RunStore(layout.runs), Kernels(layout, tmp_path, _no_server))
    folder = layout.home / "control" / "requests"
    assert background.start_once("press", lambda: "1") == "1"
    assert background.start_once("press", lambda: "2") == "1"
    (old,) = folder.iterdir()
    long_ago = time.time() - KNOWN_SECONDS - 60
    os.utime(old, (long_ago, long_ago))
    assert background.start_once("another", lambda: "3") == "3"
    assert len(list(folder.iterdir())) == 1
    assert background.start_once("press", lambda: "4") == "4"
