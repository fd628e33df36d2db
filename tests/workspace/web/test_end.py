"""How the site ends while browsers still look at it."""

from __future__ import annotations

import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.workspace.bundle.bundles import write
from tests.workspace.control.conftest import FILES
from tests.workspace.web.conftest import process_of, served_by


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_with_pages_open_that_go_on_and_on_it_ends_soon_and_prints_no_traceback(tmp_path: Path, end: signal.Signals) -> None:
    root = write(tmp_path / "small", FILES)
    with process_of(root, stderr=subprocess.PIPE) as process:
        site = served_by(process, root)
        open_pages = [site.visitor().get(f"{site.host}/runs/live", stream=True, timeout=60) for _ in range(3)]
        readers = [page.iter_lines() for page in open_pages]
        assert [next(reader)[:5] for reader in readers] == [b"data:"] * 3
        began = time.monotonic()
        process.send_signal(end)
        _, said = process.communicate(timeout=60)
    assert time.monotonic() - began < 10
    assert "Traceback" not in said and "ERROR" not in said
