"""`python3.12 -m tideline.setup.connect`: the environment .venv-connect, for tests through Databricks Connect.

It is an environment of its own, because Databricks Connect brings another pyspark, and of Python 3.12, because Spark's
Python workers must have the client's version, and a workspace has this one.
"""

from __future__ import annotations

import hashlib
import sys

from tideline.setup import packages
from tideline.setup.pins import CONNECT_PINS, CONNECT_VENV, SetupError
from tideline.setup.steps import run_once, step

EXPECTED = (3, 12)
_STAMP = CONNECT_VENV / "setup.stamp"


def main(arguments: list[str]) -> int:
    """As `tideline.setup`: 0 when it is there; with `--is-done` 1 when it is not; 2 after one line."""
    if _is_done():
        return 0
    if "--is-done" in arguments:
        return 1
    return run_once(_set_up, is_done=_is_done)


def _set_up() -> None:
    if sys.version_info[:2] != EXPECTED:
        found = f"Python {sys.version.split()[0]} ({sys.executable})"
        raise SetupError(f"{found}; Databricks Connect needs 3.12: make PYTHON_CONNECT=/path/to/python3.12 test-connect")
    wanted = _wanted()
    step("making the environment .venv-connect", lambda: packages.make_environment(CONNECT_VENV))
    step("installing Databricks Connect (minutes the first time)", lambda: packages.install_pins(CONNECT_VENV, CONNECT_PINS))
    _STAMP.write_text(wanted)


def _is_done() -> bool:
    """Whether the last set-up went to its end with the pins of now, whichever Python asks."""
    return _STAMP.is_file() and _STAMP.read_text() == _wanted()


def _wanted() -> str:
    return hashlib.sha256(f"{CONNECT_VENV}".encode() + CONNECT_PINS.read_bytes()).hexdigest()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
