"""`python3 -m tideline.setup`: set up what is missing. `--is-done` only says, by its exit code, whether anything is."""

from __future__ import annotations

import sys

from tideline.setup import jars, packages
from tideline.setup.pins import SetupError, is_done, stamp, write_stamp
from tideline.setup.steps import run_once, step


def main(arguments: list[str]) -> int:
    """0 when everything is there; 2 after one line on standard error. A run that was killed is simply run again."""
    if is_done():
        return 0
    if "--is-done" in arguments:
        return 1
    return run_once(_set_up, is_done=is_done)


def _set_up() -> None:
    _check_python()
    wanted = stamp()
    step("making the environment .venv", packages.make_environment)
    step("installing pinned packages (minutes the first time)", packages.install)
    step("fetching jars", jars.fetch)
    write_stamp(wanted)


def _check_python() -> None:
    if not (3, 11) <= sys.version_info[:2] <= (3, 13):
        found = f"Python {sys.version.split()[0]} ({sys.executable})"
        raise SetupError(f"{found}; expected 3.11, 3.12 or 3.13. Install one, or name it: make PYTHON=python3.11 ...")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
