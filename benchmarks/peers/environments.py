"""An environment per peer, from its own lock file: made on first need, and again when the lock file changes."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from tideline.setup.packages import explain
from tideline.setup.pins import SetupError
from tideline.workspace.server.java import find_java

ROOT = Path(__file__).resolve().parents[2]
PEERS = ("koheesio", "laktory", "mack", "single_node")


def lock_of(peer: str) -> Path:
    return ROOT / "requirements" / "peers" / f"{peer}.txt"


def python_of(peer: str) -> Path:
    """The peer's interpreter, with its packages. Raises SetupError with the reason where they cannot be installed."""
    home = ROOT / ".venv-peers" / peer
    python, stamp, lock = home / "bin" / "python", home / "lock.txt", lock_of(peer)
    if stamp.is_file() and stamp.read_text() == lock.read_text():
        return python
    shutil.rmtree(home, ignore_errors=True)
    _run([sys.executable, "-m", "venv", str(home)], peer)
    _run([str(python), "-m", "pip", "install", "--quiet", "--require-hashes", "-r", str(lock)], peer)
    stamp.write_text(lock.read_text())
    return python


def java_home() -> Path:
    """A home of the packaged Java for classic Spark, which asks for a module that is optional and not packaged."""
    home = ROOT / ".venv-peers" / "java"
    launcher = home / "bin" / "java"
    launcher.parent.mkdir(parents=True, exist_ok=True)
    launcher.write_text(
        "#!/bin/bash\n"
        'given=(); for each in "$@"; do [ "$each" = --add-modules=jdk.incubator.vector ] || given+=("$each"); done\n'
        f'exec {shlex.quote(str(find_java()))} "${{given[@]}}"\n'
    )
    launcher.chmod(0o755)
    return home


def _run(command: list[str], peer: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SetupError(str(explain(done.stdout + done.stderr, f"the environment of {peer} could not be made")))
