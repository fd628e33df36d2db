"""What an app's memory is said to be: its own, and the most that it had at once with what it started."""

from __future__ import annotations

import subprocess
import sys
import time

from benchmarks.memory import watched

READER = "import time; rows = bytearray(120 * 1024**2); time.sleep(1)"
STARTER = f"import subprocess, sys, time; subprocess.run([sys.executable, '-c', {READER!r}], check=True); time.sleep(60)"


def test_a_child_that_has_ended_counts_in_the_peak_alone() -> None:
    process = subprocess.Popen([sys.executable, "-c", STARTER])
    try:
        with watched(process.pid) as memory:
            until = time.monotonic() + 30
            while memory.peak < 120 * 1024**2 or memory.process.children():
                assert time.monotonic() < until
                time.sleep(0.05)
            assert memory.now < 60 * 1024**2
    finally:
        process.kill()
        process.wait()
