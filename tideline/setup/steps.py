"""How a set-up runs: one at a time, each step said, a lack told in one line."""

from __future__ import annotations

import fcntl
import os
import shutil
import sys
import time
from collections.abc import Callable

from tideline.setup.pins import GIB, ROOT, SetupError

NEEDED_BYTES = 3 * GIB


def run_once(work: Callable[[], None], *, is_done: Callable[[], bool]) -> int:
    """Exit code: 0 when everything is there, 2 after one line on standard error, 130 after an interrupt.

    A run that was killed is simply run again.
    """
    try:
        check_space()
        with (ROOT / ".setup.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not is_done():
                work()
    except SetupError as error:
        print(f"setup: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("setup: interrupted; run it again to go on", file=sys.stderr)
        return 130
    return 0


def step(said: str, work: Callable[[], None]) -> None:
    """Do one part, with a line before and after it."""
    started = time.monotonic()
    print(f"setup: {said} ...", flush=True)
    work()
    print(f"setup:   done in {time.monotonic() - started:.0f} s", flush=True)


def check_space() -> None:
    """Raises SetupError where the disk is nearly full: pip would fail half way."""
    needed = int(os.environ.get("TIDELINE_NEEDED_BYTES") or NEEDED_BYTES)
    free = shutil.disk_usage(ROOT).free
    if free < needed:
        found = f"{free / GIB:.1f} GiB free in {ROOT}"
        raise SetupError(f"{found}; expected at least {needed / GIB:.1f} GiB. Free some disk space and run it again")
