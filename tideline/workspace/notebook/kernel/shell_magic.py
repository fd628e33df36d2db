"""`%sh`: a bash script in the notebook's folder; its output appears as it comes."""

from __future__ import annotations

import subprocess
import sys

from tideline.workspace.notebook.kernel.errors import MagicError


def run_shell(text: str) -> None:
    """Run the script. With `-e` first, a failing command fails the cell; without it the exit code is only told."""
    first, _, rest = text.partition("\n")
    is_strict = first.split()[:1] == ["-e"]
    script = (first.split("-e", 1)[1].lstrip() + "\n" + rest) if is_strict else text
    command = ["bash", *(["-e"] if is_strict else []), "-c", script]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL
    ) as shell:
        for line in shell.stdout or ():
            sys.stdout.write(line.decode("utf-8", errors="replace"))
    if shell.returncode and is_strict:
        raise MagicError(f"%sh -e: a command ended with exit code {shell.returncode}")
    if shell.returncode:
        sys.stdout.write(f"(exit code {shell.returncode}; `%sh -e` would fail the cell)\n")
