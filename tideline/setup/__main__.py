"""`python3 -m tideline.setup`: set up what is missing. `--is-done` only says, by its exit code, whether anything is."""

from __future__ import annotations

import fcntl
import os
import shutil
import sys
import time
from collections.abc import Callable

from tideline.setup import jars, packages
from tideline.setup.pins import GIB, ROOT, SetupError, is_done, stamp, write_stamp

NEEDED_BYTES = 3 * GIB


def main(arguments: list[str]) -> int:
    """0 when everything is there; 2 after one line on standard error. A run that was killed is simply run again."""
    if is_done():
        return 0
    if "--is-done" in arguments:
        return 1
    try:
        _check_python()
        _check_space()
        with (ROOT / ".setup.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not is_done():
                _set_up()
    except SetupError as error:
        print(f"setup: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("setup: interrupted; run it again to go on", file=sys.stderr)
        return 130
    return 0


def _set_up() -> None:
    wanted = stamp()
    _step("making the environment .venv", packages.make_environment)
    _step("installing pinned packages (minutes the first time)", packages.install)
    _step("fetching jars", jars.fetch)
    write_stamp(wanted)


def _step(said: str, work: Callable[[], None]) -> None:
    started = time.monotonic()
    print(f"setup: {said} ...", flush=True)
    work()
    print(f"setup:   done in {time.monotonic() - started:.0f} s", flush=True)


def _check_python() -> None:
    if not (3, 11) <= sys.version_info[:2] <= (3, 13):
        found = f"Python {sys.version.split()[0]} ({sys.executable})"
        raise SetupError(f"{found}; expected 3.11, 3.12 or 3.13. Install one, or name it: make PYTHON=python3.11 ...")


def _check_space() -> None:
    needed = int(os.environ.get("TIDELINE_NEEDED_BYTES") or NEEDED_BYTES)
    free = shutil.disk_usage(ROOT).free
    if free < needed:
        found = f"{free / GIB:.1f} GiB free in {ROOT}"
        raise SetupError(f"{found}; expected at least {needed / GIB:.1f} GiB. Free some disk space and run it again")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
