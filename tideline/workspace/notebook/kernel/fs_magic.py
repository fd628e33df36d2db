"""`%fs`: dbutils.fs in shell words."""

from __future__ import annotations

import shlex
from typing import Any

from tideline.workspace.notebook.kernel.display import display
from tideline.workspace.notebook.kernel.errors import MagicError

COMMANDS = ("ls", "head", "put", "cp", "mv", "rm", "mkdirs")
RECURSIVE = ("cp", "mv", "rm")


def run_fs(fs: Any, text: str) -> None:
    """One command; `-r` or `--recurse=true` goes into folders, `--overwrite=true` replaces a file."""
    words = shlex.split(text)
    if not words or words[0] not in COMMANDS:
        raise MagicError(f"`%fs {words[0] if words else ''}` is not emulated; known: {', '.join(COMMANDS)}")
    command, arguments = words[0], [word for word in words[1:] if not word.startswith("-")]
    flags = [word for word in words[1:] if word.startswith("-")]
    options: dict[str, bool] = {}
    if command in RECURSIVE and any(flag in ("-r", "--recurse", "--recurse=true") for flag in flags):
        options["recurse"] = True
    if command == "put" and any(flag.startswith("--overwrite") for flag in flags):
        options["overwrite"] = True
    try:
        result = getattr(fs, command)(*arguments, **options)
    except TypeError as error:
        raise MagicError(f"%fs {text.strip()}: {error}") from None
    if command == "ls":
        display([entry._asdict() for entry in result])
    else:
        display(result if isinstance(result, str) else str(result).lower())
