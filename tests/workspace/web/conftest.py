"""A small bundle's site: `tideline ui` as a real process on loopback."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from tests.workspace.bundle.bundles import write
from tests.workspace.control.conftest import FILES


@dataclass
class Site:
    """A running site: `entry` is the address that carries the token."""

    root: Path
    host: str
    token: str

    @property
    def entry(self) -> str:
        return f"{self.host}/?token={self.token}"

    def visitor(self) -> requests.Session:
        """Somebody who opened the entry once."""
        session = requests.Session()
        assert session.get(self.entry, timeout=20).status_code == 200
        return session


@contextmanager
def site_of(root: Path, *options: str) -> Iterator[Site]:
    """Serve the bundle in `root` for the block."""
    with process_of(root, *options) as process:
        try:
            yield served_by(process, root)
        finally:
            process.terminate()
            process.wait(60)


def process_of(root: Path, *options: str, stderr: int | None = None) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tideline.cli", "--root", str(root), *options, "ui", "--port", "0", "--json"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stderr, text=True)


def served_by(process: subprocess.Popen[str], root: Path) -> Site:
    """The site, once it says where it answers."""
    told = json.loads("".join(_document(process)))
    return Site(root, told["host"], told["token"])


def _document(process: subprocess.Popen[str]) -> Iterator[str]:
    """The lines of the JSON document that is printed first."""
    assert process.stdout is not None
    for line in process.stdout:
        yield line
        if line.rstrip() == "}":
            return


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    root = write(tmp_path_factory.mktemp("site"), FILES)
    with site_of(root) as found:
        yield found
