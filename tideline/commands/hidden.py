"""A token on the command line, which everybody on the machine can read: moved into the environment before anything else."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from urllib.parse import unquote

VARIABLE = "SPARK_CONNECT_AUTHENTICATE_TOKEN"
TOKEN = re.compile(r"(?P<before>sc://[^\s]*?/?);token=(?P<value>[^;]*)")


def hide_tokens() -> None:
    """Where an address on this process's command line holds a token, become the same command without it."""
    command, token = without_tokens(sys.orig_argv)
    if token:
        os.execve(sys.executable, [sys.executable, *command[1:]], os.environ | {VARIABLE: token})  # noqa: S606  # the same program again


def without_tokens(command: Sequence[str]) -> tuple[list[str], str]:
    """The command line with the tokens taken out of its addresses, and the last of them."""
    found = [unquote(match["value"]) for part in command for match in TOKEN.finditer(part)]
    return [TOKEN.sub(_before, part) for part in command], found[-1] if found else ""


def _before(match: re.Match[str]) -> str:
    return match["before"]
