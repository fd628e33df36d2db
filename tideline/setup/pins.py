"""What is pinned, and whether this installation has it: a stamp keyed on the pins makes a second set-up do nothing."""

from __future__ import annotations

import hashlib
import os
import sys
from dataclasses import dataclass
from pathlib import Path

GIB = 1024**3
ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
CONNECT_VENV = ROOT / ".venv-connect"
JARS = Path(os.environ.get("TIDELINE_JARS") or ROOT / ".tideline" / "jars").resolve()
PACKAGE_PINS = ROOT / "requirements" / "dev.txt"
CONNECT_PINS = ROOT / "requirements" / "connect.txt"
JAR_PINS = ROOT / "requirements" / "jars.txt"
_STAMP = VENV / "setup.stamp"


class SetupError(Exception):
    """A mistake or a lack that a person can mend; printed as one line."""


@dataclass(frozen=True)
class Jar:
    """One pinned jar."""

    group: str
    name: str
    version: str
    sha256: str

    @property
    def path(self) -> Path:
        return JARS / f"{self.name}-{self.version}.jar"


def pinned_jars() -> list[Jar]:
    """The lines `group:name:version sha256` of requirements/jars.txt."""
    lines = [line.split() for line in JAR_PINS.read_text().splitlines() if line and not line.startswith("#")]
    parts = [(*coordinates.split(":"), sha256) for coordinates, sha256 in lines]
    return [Jar(group, name, version, sha256) for group, name, version, sha256 in parts]


def stamp() -> str:
    """A hash of everything that decides what is installed."""
    digest = hashlib.sha256(f"{sys.version_info[:2]} {VENV}".encode())
    for file in (PACKAGE_PINS, JAR_PINS, ROOT / "pyproject.toml"):
        digest.update(file.read_bytes())
    return digest.hexdigest()


def is_done() -> bool:
    """Whether the last set-up went to its end with the pins of now, and its jars are still there."""
    return _STAMP.is_file() and _STAMP.read_text() == stamp() and all(jar.path.is_file() for jar in pinned_jars())


def write_stamp(value: str) -> None:
    """Record that set-up went to its end."""
    _STAMP.write_text(value)
